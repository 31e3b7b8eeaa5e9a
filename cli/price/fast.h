/* SPDX-License-Identifier: MIT
 *
 * fast.h: rows of the common shape, several times faster. It never decides anything by itself: it
 * takes the rows that it is sure of, and leaves every other one to the general reader. */
#ifndef CLI_PRICE_FAST_H
#define CLI_PRICE_FAST_H

#include "dialect.h"
#include "series.h"

struct fast {
  char delimiter;
  bool volume, volume_first; /* there is a volume; it stands before the price */
  size_t skip_first;         /* fields between the date and the first of the two */
  size_t skip_second;        /* and between the two */
  uint64_t month;            /* the bytes "2020-01-" of the last row, */
  int64_t month_base;        /* the moment its day 0 would begin, */
  unsigned month_length;     /* and its days */
};

/* Whether the dialect has the shape: one series, dates in the first column, decimal points. */
bool fast_init(struct fast *f, const struct dialect *d);

/* Takes rows from `at` on: at most `most`, which the series has room for. Returns the first row not
 * taken. Each row taken is one line and has been added. */
const char *fast_rows(struct fast *f, struct series *s, const char *at, const char *end,
                      size_t most);

#endif
