/* SPDX-License-Identifier: MIT
 *
 * dialect.h: how a price file is written: its delimiter, its columns, its numbers and dates. Found
 * from the header and the first rows, without being told. */
#ifndef CLI_PRICE_DIALECT_H
#define CLI_PRICE_DIALECT_H

#include "date.h"
#include "fields.h"
#include "problem.h"

/* Columns that the user names, by header or by number from 1; NULL where the dialect decides. */
struct dialect_wish {
  const char *price, *date, *volume;
};

#define DIALECT_NONE  SIZE_MAX
#define DIALECT_NAMES 64

/* One series' columns. Most files hold one; the three-line header of yfinance may hold many. */
struct dialect_series {
  struct text name; /* within the file; empty if the header names none */
  size_t price, volume;
  unsigned price_rank, volume_rank;
};

struct dialect {
  char delimiter, decimal;
  enum date_order order;   /* a first guess: the reader corrects it by the rows */
  size_t date, time, name; /* columns from 0, or DIALECT_NONE */
  struct dialect_series *series;
  size_t series_count, series_room;
  size_t needed;    /* fields of a row that must be looked at */
  const char *body; /* the first row below the header */
  size_t body_line;
  char price_column[DIALECT_NAMES]; /* the price column's name, as the file writes it */
  struct field *field;              /* room for a row of this file */
  size_t field_room;
};

/* Recognises the dialect of a file. A dialect is zeroed before its first use and may then be used
 * for one file after another: it keeps its memory until dialect_fini. */
bool dialect_find(struct dialect *d, struct text file, const struct dialect_wish *wish,
                  struct problem *p);
void dialect_fini(struct dialect *d);

#endif
