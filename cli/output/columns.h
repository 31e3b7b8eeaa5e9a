/* SPDX-License-Identifier: MIT
 *
 * columns.h: the columns of `meantime stats`, in one table for all formats. */
#ifndef CLI_OUTPUT_COLUMNS_H
#define CLI_OUTPUT_COLUMNS_H

#include "output.h"

enum column_kind {
  COLUMN_TEXT,  /* a const char * of the record */
  COLUMN_REAL,  /* a double of the statistics */
  COLUMN_COUNT, /* a size_t of the statistics */
  COLUMN_DATE   /* a moment of the statistics */
};

struct column {
  const char *name;
  enum column_kind kind;
  size_t offset;
};

#define COLUMNS_MOST 32

/* The columns that are shown: the notebook's seven, or all. Returns how many. */
size_t columns_shown(bool all, const struct column **ret);

#define COLUMNS_TEXT 64

/* A number or date as text with full precision: the shortest decimal that reads back as the same
 * double. NULL if there is none. Not for COLUMN_TEXT. */
const char *columns_number(const struct column *c, const struct statistics *s,
                           char out[COLUMNS_TEXT]);

const char *columns_string(const struct column *c, const struct record *r);

#endif
