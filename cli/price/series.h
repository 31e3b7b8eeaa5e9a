/* SPDX-License-Identifier: MIT
 *
 * series.h: the rows of one ticker, column by column, and a table of such series.
 *
 * A table is zeroed before its first use, and may then be filled with one file after another: it
 * keeps its memory until table_fini. Names and arrays are the table's. */
#ifndef CLI_PRICE_SERIES_H
#define CLI_PRICE_SERIES_H

#include "text.h"

#include <stdint.h>

struct series {
  char *name; /* "" if the file names none */
  size_t name_size;
  size_t count, room;
  int64_t *when;  /* see date.h */
  double *price;  /* finite, > 0 */
  double *volume; /* NAN where there is none */
  size_t dropped; /* rows without a usable price */
  size_t doubles; /* rows whose moment occurs again further down, which were left out */
};

struct table {
  struct series *series;
  size_t count, room;
  size_t *slots; /* hash table of indices + 1, by name; its size is a power of two, or 0 */
  size_t slot_count;
};

/* Empties the table, keeping its memory. */
void table_clear(struct table *t);
void table_fini(struct table *t);

/* The index of the series with this name, which is added if it is new; SIZE_MAX: no memory. */
size_t table_series(struct table *t, struct text name);

/* Makes room for `more` further rows. False: no memory. */
bool series_reserve(struct series *s, size_t more);

static inline void series_add(struct series *s, int64_t when, double price, double volume) {
  s->when[s->count] = when;
  s->price[s->count] = price;
  s->volume[s->count] = volume;
  s->count++;
}

/* Sorts the rows by their moments, and of rows with the same one keeps the last of the file. False:
 * no memory. */
bool series_sort(struct series *s);

#endif
