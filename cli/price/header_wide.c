/* SPDX-License-Identifier: MIT
 *
 * header_wide.c: the three-line header that pandas gives to a table with two levels of columns:
 *
 *   Price,Close,Close,High,High,...      or the first two lines the other way round,
 *   Ticker,AAPL,MSFT,AAPL,MSFT,...       and the first cells empty or named otherwise
 *   Date,,,,,...
 */
#include "header.h"

#include "names.h"

#include <stdlib.h>

struct column {
  enum role role;
  unsigned rank;
};

static bool next_place(struct dialect *d, struct header_place *place, struct row *row) {
  place->at = row->next;
  place->line += 1 + row->line_ends;
  return place->at < place->end && header_row(d, place, row);
}

/* Date,,,, */
static bool is_index_line(const struct row *row) {
  unsigned rank;
  enum role role = names_role(row->field[0].text, &rank);
  if (role != ROLE_DATE && role != ROLE_TIME) return false;
  for (size_t i = 1; i < row->count; i++)
    if (text_trim(row->field[i].text).size > 0) return false;
  return true;
}

/* The roles of a line's columns, all but the first; false if no price is among them. */
static bool roles_of(const struct row *row, const struct dialect_wish *wish, struct column *out) {
  bool price = false;
  for (size_t i = 1; i < row->count; i++) {
    struct text t = text_trim(row->field[i].text);
    out[i] = (struct column){ROLE_NONE, 0};
    out[i].role = names_role(t, &out[i].rank);
    if (wish->price && out[i].role == ROLE_PRICE) out[i].role = ROLE_NONE;
    struct row cell = {.field = &row->field[i], .count = 1};
    /* By name only: a number would count columns of a single cell. */
    bool by_name = wish->price && !text_is_digit(wish->price[0]);
    if (by_name && header_wished(&cell, wish->price) == 0) out[i] = (struct column){ROLE_PRICE, 0};
    price = price || out[i].role == ROLE_PRICE;
  }
  return price;
}

static struct dialect_series *series_named(struct dialect *d, struct text name, size_t *last) {
  /* Neighbours share their ticker, or follow one another in the same order every time. */
  for (size_t n = 0; n < d->series_count; n++) {
    size_t i = (*last + n) % d->series_count;
    if (text_same(d->series[i].name, name)) {
      *last = i;
      return &d->series[i];
    }
  }
  if (d->series_count == d->series_room) return NULL;
  *last = d->series_count;
  d->series[d->series_count] =
      (struct dialect_series){.name = name, .price = DIALECT_NONE, .volume = DIALECT_NONE};
  return &d->series[d->series_count++];
}

/* Each ticker's best price and volume column; tickers without a price column are dropped. */
static bool assign(struct dialect *d, const struct row *tickers, const struct column *columns,
                   size_t count) {
  size_t last = 0, kept = 0;
  if (!header_series(d, count)) return false;
  d->series_count = 0;
  for (size_t i = 1; i < count && i < tickers->count; i++) {
    const struct column *c = &columns[i];
    if (c->role != ROLE_PRICE && c->role != ROLE_VOLUME) continue;
    struct text name = text_trim(tickers->field[i].text);
    struct dialect_series *s = series_named(d, name, &last);
    if (!s) return false;
    size_t *column = c->role == ROLE_PRICE ? &s->price : &s->volume;
    unsigned *rank = c->role == ROLE_PRICE ? &s->price_rank : &s->volume_rank;
    if (*column == DIALECT_NONE || c->rank < *rank) *column = i, *rank = c->rank;
  }
  for (size_t i = 0; i < d->series_count; i++)
    if (d->series[i].price != DIALECT_NONE) d->series[kept++] = d->series[i];
  d->series_count = kept;
  return kept > 0;
}

static void keep_price_name(struct dialect *d, const struct row *fields) {
  char name[DIALECT_NAMES];
  fields_copy(&fields->field[d->series[0].price], name, sizeof name);
  memcpy(d->price_column, name, sizeof name);
}

bool header_wide(struct dialect *d, const struct header_place *place,
                 const struct dialect_wish *wish) {
  struct header_place second = *place, third, body;
  struct row row;
  if (!header_row(d, place, &row)) return false;
  size_t count = row.count;
  if (count < 2 || !next_place(d, &second, &row) || row.count != count) return false;
  third = second;
  if (!next_place(d, &third, &row) || !is_index_line(&row)) return false;
  body = third;
  body.at = row.next;
  body.line += 1 + row.line_ends;

  struct column *columns = calloc(count, sizeof *columns);
  if (!columns) return false;
  const struct header_place *fields = place, *tickers = &second;
  bool fine = header_row(d, fields, &row) && roles_of(&row, wish, columns);
  if (!fine) {
    fields = &second, tickers = place;
    fine = header_row(d, fields, &row) && roles_of(&row, wish, columns);
  }
  fine = fine && header_row(d, tickers, &row) && assign(d, &row, columns, count);
  free(columns);
  if (!fine || !header_row(d, fields, &row)) return false;
  keep_price_name(d, &row);
  d->delimiter = place->delimiter;
  d->date = 0;
  d->time = d->name = DIALECT_NONE;
  d->body = body.at;
  d->body_line = body.line;
  return header_conventions(d, body.end, DIALECT_NONE);
}
