/* SPDX-License-Identifier: MIT
 *
 * bytes.h: text that grows. Once memory ran out it is broken: it takes nothing more, and whoever
 * wrote to it asks once, at the end. All zero is empty and ready. */
#ifndef CLI_SERVE_BYTES_H
#define CLI_SERVE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
  char *at; /* not NUL-terminated */
  size_t size, room;
  bool broken;
};

void bytes_fini(struct bytes *b);

void bytes_add(struct bytes *b, const char *data, size_t size);
void bytes_text(struct bytes *b, const char *text);
void bytes_print(struct bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* n / 10^places, with all its places: (-105, 2) is "-1.05". places: 0 to 9. */
void bytes_decimal(struct bytes *b, int64_t n, int places);

#endif
