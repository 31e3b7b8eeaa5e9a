/* SPDX-License-Identifier: MIT
 *
 * reader.c: row by row, by the dialect.
 *
 * Slashed dates do not say which number is the month. The reader begins with the dialect's guess;
 * the first row that is a date only in the other order (13/02/2020) makes it begin again with that
 * one, unless a row before has settled the first order: then that row is the bad one. So the whole
 * file decides, at the price of reading some of it twice.
 */
#include "reader.h"

#include "fast.h"
#include "number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum {
  CHUNK = 16384,    /* rows between two questions whether to stop */
  SHORTEST_ROW = 12 /* 2020-01-02,1 */
};

struct run {
  struct dialect *dialect;
  struct table *table;
  const struct reader_options *options;
  struct problem *problem;
  const char *end;
  const char *line_begin; /* where the current row's first line begins */
  size_t line;
  size_t last;  /* the series of the row before */
  size_t rows;  /* that were not blank */
  bool settled; /* a row has settled the order of day and month */
  bool begin_again;
};

static bool no_memory(struct run *r) {
  return problem_set(r->problem, PROBLEM_MEMORY, 0, 0,
                     "out of memory: run fewer at once with --jobs, or split the file");
}

/* The problem of a field: its place is counted from the row's first line, or the field's own if a
 * quoted field above it holds line ends. */
static bool bad_field(struct run *r, enum problem_code code, const struct field *f,
                      const char *what, const char *remedy) {
  char quoted[PROBLEM_QUOTE];
  size_t line = r->line, column = 1;
  for (const char *c = r->line_begin; c < f->origin; c++) {
    column++;
    if (*c == '\n') line++, column = 1;
  }
  return problem_set(r->problem, code, line, column, "%s \"%s\" %s", what,
                     problem_quote(f->text, quoted), remedy);
}

static bool row_date(struct run *r, const struct row *row, int64_t *when) {
  struct dialect *d = r->dialect;
  const struct field *f = &row->field[d->date];
  enum date_kind k = date_parse(f->text, d->order, when);
  if (k == DATE_SETTLED) r->settled = true;
  if (k == DATE_SWAPPED && !r->settled) {
    d->order = d->order == DATE_DAY_FIRST ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
    r->begin_again = true;
    return false;
  }
  if (k == DATE_SWAPPED)
    return bad_field(r, PROBLEM_BAD_DATE, f, "the date",
                     d->order == DATE_DAY_FIRST
                         ? "has its month first, others have the day first: write it alike"
                         : "has its day first, others have the month first: write it alike");
  if (k == DATE_BAD)
    return bad_field(r, PROBLEM_BAD_DATE, f, "the date",
                     text_trim(f->text).size ? "is none: correct the row or remove it"
                                             : "is missing: correct the row or remove it");
  int64_t time;
  if (d->time == DIALECT_NONE || d->time >= row->count) return true;
  if (!date_time(row->field[d->time].text, &time))
    return bad_field(r, PROBLEM_BAD_DATE, &row->field[d->time], "the time",
                     "is none: correct the row or remove it");
  *when += time;
  return true;
}

static bool short_row(struct run *r, const struct row *row, size_t needed, const char *what) {
  const struct text end = row->field[row->count - 1].text; /* short, so all fields are kept */
  size_t column = (size_t)(end.at + end.size - r->line_begin) + 1;
  return problem_set(r->problem, PROBLEM_SHORT_ROW, r->line, column,
                     "the row ends early: it has %zu field%s, the %s is field %zu; correct the row "
                     "or remove it",
                     row->count, row->count == 1 ? "" : "s", what, needed + 1);
}

/* The volume, NAN if there is none. */
static bool row_volume(struct run *r, const struct row *row, size_t column, double *ret) {
  *ret = NAN;
  if (column == DIALECT_NONE || column >= row->count) return true;
  const struct field *f = &row->field[column];
  double v;
  switch (number_parse(f->text, r->dialect->decimal, true, &v)) {
  case NUMBER_BAD:
    return bad_field(r, PROBLEM_BAD_VOLUME, f, "the volume",
                     "is no number: correct it or leave it empty");
  case NUMBER_FINE:
    if (v >= 0) *ret = v;
    break;
  case NUMBER_MISSING:
    break;
  }
  return true;
}

/* One series' price and volume of a row. */
static bool take_values(struct run *r, const struct row *row, const struct dialect_series *columns,
                        struct series *s, int64_t when) {
  double price = 0, volume;
  if (columns->price >= row->count) return short_row(r, row, columns->price, "price");
  const struct field *f = &row->field[columns->price];
  enum number_kind kind = number_parse(f->text, r->dialect->decimal, false, &price);
  if (kind == NUMBER_BAD)
    return bad_field(r, PROBLEM_BAD_PRICE, f, "the price",
                     "is no number: correct it or leave it empty");
  if (!row_volume(r, row, columns->volume, &volume)) return false;
  if (kind == NUMBER_MISSING || !(price > 0)) {
    s->dropped++;
    return true;
  }
  if (!series_reserve(s, 1)) return no_memory(r);
  series_add(s, when, price, volume);
  return true;
}

/* The series that a row of a file with many tickers belongs to; most follow one of their own. */
static bool row_series(struct run *r, const struct row *row) {
  char name[256];
  size_t column = r->dialect->name;
  if (column >= row->count) return short_row(r, row, column, "ticker");
  fields_copy(&row->field[column], name, sizeof name);
  struct text t = {name, strlen(name)};
  if (r->last < r->table->count) {
    const struct series *s = &r->table->series[r->last];
    if (text_same((struct text){s->name, s->name_size}, t)) return true;
  }
  r->last = table_series(r->table, t);
  return r->last != SIZE_MAX || no_memory(r);
}

static bool take_row(struct run *r, const struct row *row) {
  struct dialect *d = r->dialect;
  int64_t when;
  if (row->open_quote) {
    struct field quote = {{row->open_quote, 0}, row->open_quote, true};
    const char *stop = row->open_quote;
    while (stop < r->end && *stop != '\n') stop++;
    quote.text.size = (size_t)(stop - row->open_quote);
    return bad_field(r, PROBLEM_BAD_QUOTE, &quote, "the quoted field", "does not end: close it");
  }
  if (fields_blank(row, d->delimiter)) return true;
  r->rows++;
  if (d->date >= row->count) return short_row(r, row, d->date, "date");
  if (!row_date(r, row, &when)) return false;
  if (d->name != DIALECT_NONE) {
    if (!row_series(r, row)) return false;
    return take_values(r, row, &d->series[0], &r->table->series[r->last], when);
  }
  for (size_t i = 0; i < d->series_count; i++)
    if (!take_values(r, row, &d->series[i], &r->table->series[i], when)) return false;
  return true;
}

/* The fast path takes what it can from `at` on. */
static bool take_fast(struct run *r, struct fast *fast, const char **at) {
  struct series *s = &r->table->series[0];
  size_t before = s->count, most = (size_t)(r->end - *at) / SHORTEST_ROW + 1;
  if (most > CHUNK) most = CHUNK;
  if (!series_reserve(s, most)) return no_memory(r);
  *at = fast_rows(fast, s, *at, r->end, most);
  r->line += s->count - before;
  r->rows += s->count - before;
  return true;
}

static bool stopped(struct run *r) {
  const struct reader_options *o = r->options;
  if (!o->stop || !o->stop(o->stop_arg)) return false;
  problem_set(r->problem, PROBLEM_STOPPED, 0, 0, "stopped before it was read to the end");
  return true;
}

static bool read_rows(struct run *r) {
  struct dialect *d = r->dialect;
  struct fast fast;
  bool use_fast = fast_init(&fast, d) && !r->options->plain;
  struct row row = {.field = d->field, .room = d->needed};
  const char *at = d->body;
  for (size_t asked = 0; at < r->end; asked++) {
    if (asked % CHUNK == 0 && stopped(r)) return false;
    for (const char *from = NULL; use_fast && at != from;) {
      from = at;
      if (!take_fast(r, &fast, &at)) return false;
      if (at != from && stopped(r)) return false;
    }
    r->line_begin = at;
    fields_split(&row, at, r->end, d->delimiter);
    if (!take_row(r, &row)) return false;
    r->line += 1 + row.line_ends;
    at = row.next;
  }
  return true;
}

/* One entry a series, for what the header names; files with many tickers find theirs row by row. */
static bool prepare(struct run *r) {
  struct dialect *d = r->dialect;
  table_clear(r->table);
  r->line = d->body_line;
  r->rows = 0;
  r->last = SIZE_MAX;
  r->settled = r->begin_again = false;
  if (d->name != DIALECT_NONE) return true;
  for (size_t i = 0; i < d->series_count; i++)
    if (table_series(r->table, d->series[i].name) != i) return no_memory(r);
  return true;
}

/* The fields array holds at least a row's needed fields. */
static bool room_for_rows(struct dialect *d) {
  if (d->needed <= d->field_room) return true;
  struct field *more = realloc(d->field, d->needed * sizeof *more);
  if (!more) return false;
  d->field = more;
  d->field_room = d->needed;
  return true;
}

bool reader_read(struct reader *reader, struct text file, const struct reader_options *o,
                 struct problem *p) {
  static const struct reader_options no_options;
  struct dialect *d = &reader->dialect;
  if (!o) o = &no_options;
  *p = (struct problem){0};
  if (!dialect_find(d, file, &o->wish, p)) return false;
  struct run r = {.dialect = d,
                  .table = &reader->table,
                  .options = o,
                  .problem = p,
                  .end = file.at + file.size};
  if (!room_for_rows(d)) return no_memory(&r);
  do {
    if (!prepare(&r)) return false;
    if (!read_rows(&r) && !r.begin_again) return false;
  } while (r.begin_again);
  if (r.rows == 0)
    return problem_set(p, PROBLEM_NO_ROWS, d->body_line, 1,
                       "there is a header and no row below it: download or export it again");
  for (size_t i = 0; i < reader->table.count; i++)
    if (!series_sort(&reader->table.series[i])) return no_memory(&r);
  return true;
}

void reader_fini(struct reader *r) {
  dialect_fini(&r->dialect);
  table_fini(&r->table);
}
