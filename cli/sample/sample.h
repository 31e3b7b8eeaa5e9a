/* SPDX-License-Identifier: MIT
 *
 * sample.h: what the tasks of meantime sample share. */
#ifndef CLI_SAMPLE_SAMPLE_H
#define CLI_SAMPLE_SAMPLE_H

#include <meantime.h>
#include <stddef.h>
#include <stdint.h>

struct sample {
  const char *folder;
  char **tickers;
  size_t count;
  unsigned long rows;
  unsigned long long seed;
  int64_t first_day; /* since 1970-01-01 */
};

/* The task: writes the file of the ticker with this index. Its tag is the sample. */
mt_value sample_write(mt_value index);

#endif
