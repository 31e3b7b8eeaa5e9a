/* SPDX-License-Identifier: MIT
 *
 * fields.h: a row of delimited text, as RFC 4180 has it and spreadsheets write it: fields may be
 * quoted, a quote inside is doubled, a quoted field may hold delimiters and line ends. Rows end
 * with LF, CRLF, CR, or the text. */
#ifndef CLI_PRICE_FIELDS_H
#define CLI_PRICE_FIELDS_H

#include "text.h"

struct field {
  struct text text;   /* without its quotes; doubled quotes inside are still doubled */
  const char *origin; /* where it begins in the file, quote included */
  bool quoted;
};

struct row {
  const char *begin, *next; /* this row and the one after it */
  struct field *field;      /* the caller's, `room` of them */
  size_t room;
  size_t count;           /* fields in the row: beyond `room` they are counted, not kept */
  size_t line_ends;       /* inside quotes */
  const char *open_quote; /* a quote that never ends, or NULL */
};

/* Splits the row that begins at `at`, which is before `end`. row->field and row->room are given. */
void fields_split(struct row *row, const char *at, const char *end, char delimiter);

/* Whether the row has nothing in it but blanks, delimiters and quotes. */
bool fields_blank(const struct row *row, char delimiter);

/* Copies a field's text with doubled quotes undone and blanks trimmed, cut to fit, NUL-terminated.
 */
void fields_copy(const struct field *f, char *out, size_t room);

#endif
