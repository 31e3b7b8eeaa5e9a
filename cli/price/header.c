/* SPDX-License-Identifier: MIT */
#include "header.h"

#include "names.h"

#include <stdint.h>
#include <stdlib.h>

char header_delimiter(const char *at, const char *end) {
  static const char signs[] = {',', ';', '\t', '|'};
  size_t count[sizeof signs] = {0}, best = 0;
  bool quoted = false;
  for (; at < end && *at != '\n' && *at != '\r'; at++) {
    if (*at == '"') quoted = !quoted;
    for (size_t i = 0; i < sizeof signs && !quoted; i++) count[i] += *at == signs[i];
  }
  for (size_t i = 1; i < sizeof signs; i++)
    if (count[i] > count[best]) best = i;
  return signs[best];
}

/* No price file is wider; what is, would cost memory for nothing. */
enum { FIELDS_MOST = 1 << 16 };

bool header_row(struct dialect *d, const struct header_place *place, struct row *ret) {
  for (;;) {
    ret->field = d->field;
    ret->room = d->field_room;
    fields_split(ret, place->at, place->end, place->delimiter);
    if (ret->count > FIELDS_MOST && ret->room >= FIELDS_MOST) ret->count = FIELDS_MOST;
    if (ret->count <= ret->room) return true;
    size_t room = ret->count < FIELDS_MOST ? ret->count : FIELDS_MOST;
    struct field *more = realloc(d->field, room * sizeof *more);
    if (!more) return false;
    d->field = more;
    d->field_room = room;
  }
}

bool header_series(struct dialect *d, size_t count) {
  if (count > d->series_room) {
    struct dialect_series *more = realloc(d->series, count * sizeof *more);
    if (!more) return false;
    d->series = more;
    d->series_room = count;
  }
  d->series_count = count;
  for (size_t i = 0; i < count; i++)
    d->series[i] = (struct dialect_series){.price = DIALECT_NONE, .volume = DIALECT_NONE};
  return true;
}

size_t header_wished(const struct row *row, const char *wish) {
  for (size_t i = 0; i < row->count; i++) {
    char name[256];
    size_t n = 0;
    fields_copy(&row->field[i], name, sizeof name);
    while (name[n] && text_lower(name[n]) == text_lower(wish[n])) n++;
    if (name[n] == wish[n]) return i;
  }
  size_t number = 0;
  for (const char *c = wish; *c; c++) {
    if (!text_is_digit(*c) || number > row->count) return DIALECT_NONE;
    number = number * 10 + (size_t)(*c - '0');
  }
  return number >= 1 && number <= row->count ? number - 1 : DIALECT_NONE;
}

struct choice {
  size_t column[ROLES];
  unsigned rank[ROLES];
  size_t other_volume;
};

/* For each role the column with the lowest rank, the leftmost of equals. */
static void choose(const struct row *row, struct choice *c) {
  for (int r = 0; r < ROLES; r++) c->column[r] = DIALECT_NONE, c->rank[r] = 0;
  c->other_volume = DIALECT_NONE;
  for (size_t i = 0; i < row->count; i++) {
    unsigned rank = 0;
    enum role role = names_role(row->field[i].text, &rank);
    if (role == ROLE_NONE) continue;
    bool better = c->column[role] == DIALECT_NONE || rank < c->rank[role];
    if (role == ROLE_VOLUME && (!better || c->column[role] != DIALECT_NONE))
      c->other_volume = better ? c->column[role] : i;
    if (better) c->column[role] = i, c->rank[role] = rank;
  }
}

/* The user's columns outrank the names. False if one of them is not here. */
static bool apply_wish(const struct row *row, const struct dialect_wish *wish, struct choice *c) {
  const char *const wishes[] = {wish->price, wish->date, wish->volume};
  static const enum role roles[] = {ROLE_PRICE, ROLE_DATE, ROLE_VOLUME};
  for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
    if (!wishes[i]) continue;
    size_t column = header_wished(row, wishes[i]);
    if (column == DIALECT_NONE) return false;
    c->column[roles[i]] = column;
    for (int r = 0; r < ROLES; r++)
      if (r != (int)roles[i] && c->column[r] == column) c->column[r] = DIALECT_NONE;
  }
  if (wish->volume) c->other_volume = DIALECT_NONE;
  return true;
}

/* pandas writes an index without a name: the column that is unnamed here and holds dates below. */
static size_t unnamed_date(struct dialect *d, const struct header_place *below,
                           const struct row *header) {
  size_t unnamed = DIALECT_NONE;
  for (size_t i = 0; i < header->count && unnamed == DIALECT_NONE; i++) {
    struct text t = text_trim(header->field[i].text);
    if (t.size == 0 || text_begins(t, "unnamed") || text_is(t, "index")) unnamed = i;
  }
  if (unnamed == DIALECT_NONE || below->at >= below->end) return DIALECT_NONE;
  struct row row;
  int64_t when;
  if (!header_row(d, below, &row) || unnamed >= row.count) return DIALECT_NONE;
  bool date = date_parse(row.field[unnamed].text, DATE_MONTH_FIRST, &when) != DATE_BAD;
  return date ? unnamed : DIALECT_NONE;
}

static void remember_price(struct dialect *d, const struct row *row, size_t price) {
  char name[DIALECT_NAMES + 8];
  fields_copy(&row->field[price], name, sizeof name);
  size_t n = strlen(name) < DIALECT_NAMES ? strlen(name) : DIALECT_NAMES - 1;
  memcpy(d->price_column, name, n);
  d->price_column[n] = 0;
}

/* Fills in the dialect from the chosen columns; `below` is where the rows begin. */
static bool settle(struct dialect *d, const struct choice *c, const struct header_place *below) {
  if (!header_series(d, 1)) return false;
  d->delimiter = below->delimiter;
  d->date = c->column[ROLE_DATE];
  d->time = c->column[ROLE_TIME];
  d->name = c->column[ROLE_SERIES];
  d->series[0].price = c->column[ROLE_PRICE];
  d->series[0].volume = c->column[ROLE_VOLUME];
  d->body = below->at;
  d->body_line = below->line;
  return header_conventions(d, below->end, c->other_volume);
}

bool header_plain(struct dialect *d, const struct header_place *place,
                  const struct dialect_wish *wish) {
  struct row row;
  struct choice c;
  if (!header_row(d, place, &row)) return false;
  choose(&row, &c);
  /* Numbered columns exist in every row: only a row of names is a header. */
  bool named = false;
  for (int r = ROLE_NONE + 1; r < ROLES; r++) named = named || c.column[r] != DIALECT_NONE;
  int64_t when;
  for (size_t i = 0; i < row.count; i++)
    if (date_parse(row.field[i].text, DATE_MONTH_FIRST, &when) != DATE_BAD) return false;
  if (!apply_wish(&row, wish, &c) || (!named && !wish->price)) return false;
  if (c.column[ROLE_PRICE] == DIALECT_NONE) return false;
  remember_price(d, &row, c.column[ROLE_PRICE]);
  struct header_place below = *place;
  below.at = row.next;
  below.line += 1 + row.line_ends;
  if (c.column[ROLE_DATE] == DIALECT_NONE) {
    c.column[ROLE_DATE] = c.column[ROLE_TIME];
    c.column[ROLE_TIME] = DIALECT_NONE;
  }
  if (c.column[ROLE_DATE] == DIALECT_NONE) c.column[ROLE_DATE] = unnamed_date(d, &below, &row);
  if (c.column[ROLE_DATE] == DIALECT_NONE) return false;
  return settle(d, &c, &below);
}

/* Columns of a file without a header, by the number of numbers that follow the date. */
static bool absent_layout(size_t numbers, size_t first, struct choice *c) {
  static const struct {
    unsigned char price, volume;
  } layout[] = {[1] = {1, 0}, [2] = {1, 2}, [4] = {4, 0}, [5] = {4, 5}};
  if (numbers >= sizeof layout / sizeof *layout || layout[numbers].price == 0) return false;
  c->column[ROLE_PRICE] = first + layout[numbers].price - 1U;
  if (layout[numbers].volume) c->column[ROLE_VOLUME] = first + layout[numbers].volume - 1U;
  return true;
}

bool header_absent(struct dialect *d, const struct header_place *place,
                   const struct dialect_wish *wish) {
  struct row row;
  struct choice c;
  int64_t when;
  if (!header_row(d, place, &row)) return false;
  for (int r = 0; r < ROLES; r++) c.column[r] = DIALECT_NONE;
  c.other_volume = DIALECT_NONE;
  size_t date = wish->date ? header_wished(&row, wish->date) : 0;
  if (date == DIALECT_NONE) return false;
  if (date_parse(row.field[date].text, DATE_MONTH_FIRST, &when) == DATE_BAD) return false;
  c.column[ROLE_DATE] = date;
  size_t first = date + 1;
  if (first < row.count && memchr(row.field[first].text.at, ':', row.field[first].text.size) &&
      date_time(row.field[first].text, &when))
    c.column[ROLE_TIME] = first++;
  if (!wish->price && !absent_layout(row.count - first, first, &c)) return false;
  if (!apply_wish(&row, wish, &c)) return false;
  size_t number = c.column[ROLE_PRICE] + 1;
  char name[24] = "column ", digits[24];
  size_t n = 0, m = 7;
  for (; number > 0; number /= 10) digits[n++] = (char)('0' + number % 10);
  while (n > 0 && m + 1 < sizeof name) name[m++] = digits[--n];
  memcpy(d->price_column, name, sizeof name);
  return settle(d, &c, place);
}
