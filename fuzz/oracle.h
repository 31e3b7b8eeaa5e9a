/* SPDX-License-Identifier: MIT
 *
 * oracle.h: a plain, slow reader of price files: what the real one must agree with. It is given the
 * dialect, and shares no code with the real reader below that: it copies every field, parses
 * numbers by strtod (in the C locale) and dates by patterns, and sorts by insertion. */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include "dialect.h"

struct oracle_row {
  int64_t when;
  double price, volume;
};

struct oracle_series {
  char *name;
  struct oracle_row *rows;
  size_t count, dropped, doubles;
};

struct oracle {
  enum problem_code code; /* PROBLEM_NONE: the series count */
  size_t line, column;
  struct oracle_series *series;
  size_t count;
};

/* `d` is as dialect_find has left it for this text. */
void oracle_read(struct oracle *o, const char *end, const struct dialect *d);
void oracle_fini(struct oracle *o);

/* The parts, for tests of their own. Text is NUL-terminated. */
enum oracle_kind { ORACLE_FINE, ORACLE_MISSING, ORACLE_BAD };
enum oracle_kind oracle_number(const char *text, char decimal, bool suffixes, double *ret);

/* In each order of day and month: whether it is a date, and which. */
struct oracle_date {
  bool valid[2];
  int64_t when[2];
};
void oracle_date(const char *text, struct oracle_date *ret);
bool oracle_time(const char *text, int64_t *ret);

#endif
