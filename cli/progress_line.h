/* SPDX-License-Identifier: MIT
 *
 * progress_line.h: how far it is, in words: " 45%  4,500 of 10,000 files, 3 failed, ...". */
#ifndef CLI_PROGRESS_LINE_H
#define CLI_PROGRESS_LINE_H

#include "progress.h"

#include <stddef.h>

struct progress_facts {
  const char *what; /* is counted: "files" */
  struct progress_state state;
  double elapsed_s;
  double items_per_s, bytes_per_s; /* over the last seconds */
};

/* Writes as many of the facts as fit into `columns`, those that matter most first, and none by
 * half; NUL-terminated. Only printable ASCII comes out but for what `what` has; control characters
 * in that are escaped. */
#define PROGRESS_LINE 320
void progress_line(const struct progress_facts *f, size_t columns, char out[PROGRESS_LINE]);

#define PROGRESS_WORD 48

/* 1,234,567 */
char *progress_count(uint64_t n, char out[PROGRESS_WORD]);
/* 12.4 MB, powers of 1000 */
char *progress_bytes(double n, char out[PROGRESS_WORD]);
/* 1,234/s, 3.4/s, 8/min, 5/hour */
char *progress_rate(double per_s, char out[PROGRESS_WORD]);
/* 45 s, 3 min 20 s, 2 h 5 min, 3 d 4 h */
char *progress_time(double seconds, char out[PROGRESS_WORD]);

#endif
