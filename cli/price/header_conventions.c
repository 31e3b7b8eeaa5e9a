/* SPDX-License-Identifier: MIT
 *
 * header_conventions.c: what only the rows can tell.
 *
 * Decimal sign: a field such as 1.234,56 or 12,5 proves it; 1,234 proves nothing. Where no row
 * among the first proves anything, fields that all have one separator before three digits are read
 * as decimals if that is the sign the delimiter suggests, and whole numbers with and without
 * separators side by side (998 and 1.002) show that it groups thousands. */
#include "header.h"

#include "number.h"

enum { SAMPLE = 200 };

struct evidence {
  size_t point, comma;                      /* proofs of a decimal sign */
  size_t with_point, with_comma, with_none; /* fields by their separators */
};

static void weigh(struct evidence *e, struct text field) {
  double unused;
  struct text t = text_trim(field);
  if (number_parse(t, '.', false, &unused) == NUMBER_MISSING) return;
  char proof = number_decimal_evidence(t);
  e->point += proof == '.';
  e->comma += proof == ',';
  bool point = memchr(t.at, '.', t.size), comma = memchr(t.at, ',', t.size);
  e->with_point += point;
  e->with_comma += comma;
  e->with_none += !point && !comma;
}

static char decimal_sign(const struct evidence *e, char delimiter) {
  if (e->point != e->comma) return e->point > e->comma ? '.' : ',';
  if (e->with_comma > 0 && e->with_point == 0)
    return delimiter == ';' && e->with_none == 0 ? ',' : '.';
  if (e->with_point > 0 && e->with_comma == 0)
    return delimiter == ';' && e->with_none > 0 ? ',' : '.';
  return delimiter == ';' ? ',' : '.';
}

/* 31.12.2020 and 31-12-2020 put the day first; 12/31/2020 is American unless the numbers are not.
 */
static enum date_order usual_order(struct text date, char decimal) {
  struct text t = text_trim(date);
  size_t i = 0;
  while (i < t.size && text_is_digit(t.at[i])) i++;
  bool slash = i < t.size && t.at[i] == '/';
  return slash && decimal == '.' ? DATE_MONTH_FIRST : DATE_DAY_FIRST;
}

static void look_at_first(struct dialect *d, const struct row *row, size_t other_volume) {
  int64_t time;
  double volume;
  if (d->time != DIALECT_NONE &&
      (d->time >= row->count || !date_time(row->field[d->time].text, &time)))
    d->time = DIALECT_NONE;
  /* MetaTrader: <VOL> is 0 where only ticks are counted. */
  size_t v = d->series[0].volume;
  if (other_volume != DIALECT_NONE && v < row->count && other_volume < row->count &&
      number_parse(row->field[v].text, '.', true, &volume) == NUMBER_FINE && volume == 0)
    d->series[0].volume = other_volume;
}

static size_t larger(size_t a, size_t b) {
  return b != DIALECT_NONE && b + 1 > a ? b + 1 : a;
}

static void count_needed(struct dialect *d) {
  size_t n = larger(larger(larger(0, d->date), d->time), d->name);
  for (size_t i = 0; i < d->series_count; i++)
    n = larger(larger(n, d->series[i].price), d->series[i].volume);
  d->needed = n;
}

bool header_conventions(struct dialect *d, const char *end, size_t other_volume) {
  struct header_place place = {d->body, end, d->body_line, d->delimiter};
  struct evidence e = {0};
  struct text date = {"", 0};
  for (int n = 0; n < SAMPLE && place.at < end;) {
    struct row row;
    if (!header_row(d, &place, &row)) return false;
    place.at = row.next;
    if (fields_blank(&row, d->delimiter)) continue;
    if (n++ == 0) look_at_first(d, &row, other_volume);
    if (d->series[0].price < row.count) weigh(&e, row.field[d->series[0].price].text);
    if (date.size == 0 && d->date < row.count) date = row.field[d->date].text;
  }
  d->decimal = decimal_sign(&e, d->delimiter);
  d->order = usual_order(date, d->decimal);
  count_needed(d);
  return true;
}
