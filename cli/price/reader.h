/* SPDX-License-Identifier: MIT
 *
 * reader.h: a price file in memory becomes series of prices, or a problem with its place. */
#ifndef CLI_PRICE_READER_H
#define CLI_PRICE_READER_H

#include "dialect.h"
#include "series.h"

struct reader_options {
  struct dialect_wish wish;
  bool (*stop)(void *arg); /* asked every few thousand rows; may be NULL */
  void *stop_arg;
  bool plain; /* do without the fast path: for tests, which compare the two */
};

/* Zeroed before its first use; then good for one file after another, until reader_fini. */
struct reader {
  struct dialect dialect;
  struct table table;
};

/* Reads a whole file. True: reader->table holds its series, each sorted by date and without
 * doubles, in the order in which they first occur; a series may have no rows (all dropped). False:
 * *p says why. `file` is only read, and need not outlive the call (but for dialect.body). */
bool reader_read(struct reader *r, struct text file, const struct reader_options *o,
                 struct problem *p);
void reader_fini(struct reader *r);

#endif
