/* SPDX-License-Identifier: MIT
 *
 * answer.h: what is sent for a request: a status, a few headers and a body. */
#ifndef CLI_SERVE_ANSWER_H
#define CLI_SERVE_ANSWER_H

#include "bytes.h"

#include <stdbool.h>
#include <stdint.h>

struct answer {
  int status;
  const char *type;      /* Content-Type */
  struct bytes body;     /* the body, or */
  uint64_t pattern_size; /* so many bytes of answer_pattern, over and over */
  int64_t retry_after_s; /* 0: no such header */
  int64_t wait_ns;       /* to be waited for before it is sent */
  bool reset;            /* nothing is sent: the connection is broken off */
};

void answer_fini(struct answer *a);

/* A plain text, of one line, as the body: "404 Not Found: ..." */
void answer_error(struct answer *a, int status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The bytes of the head, with the empty line at its end. */
void answer_head(const struct answer *a, bool close, struct bytes *out);

/* "Not Found"; "" for what answers here never have. */
const char *answer_reason(int status);

uint64_t answer_size(const struct answer *a); /* of the body */

enum { ANSWER_PATTERN = 64 * 1024 };
extern const char *answer_pattern(void); /* ANSWER_PATTERN bytes */

#endif
