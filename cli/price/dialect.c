/* SPDX-License-Identifier: MIT */
#include "dialect.h"

#include "header.h"
#include "names.h"
#include "sniff.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Some exports put a title, a link or notes above the header: so far down it is looked for. */
enum { HEADER_LINES = 32 };

void dialect_fini(struct dialect *d) {
  free(d->series);
  free(d->field);
  *d = (struct dialect){0};
}

/* "a, b, c", as much of the header as fits. */
static void list_names(const struct row *row, char *out, size_t room) {
  size_t n = 0;
  out[0] = 0;
  for (size_t i = 0; i < row->count; i++) {
    char name[128], clean[PROBLEM_QUOTE];
    fields_copy(&row->field[i], name, sizeof name);
    problem_quote((struct text){name, strlen(name)}, clean);
    size_t need = strlen(clean) + 6;
    if (n + need >= room) {
      snprintf(out + n, room - n, ", ...");
      return;
    }
    n += (size_t)snprintf(out + n, room - n, "%s%s", i ? ", " : "", clean);
  }
}

/* The wish that the row cannot fulfil, or NULL. */
static const char *unfulfilled(const struct row *row, const struct dialect_wish *wish) {
  const char *const wishes[] = {wish->price, wish->date, wish->volume};
  for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
    if (wishes[i] && header_wished(row, wishes[i]) == DIALECT_NONE) return wishes[i];
  return NULL;
}

static bool has_role(const struct row *row, enum role role) {
  unsigned rank;
  for (size_t i = 0; i < row->count; i++)
    if (names_role(row->field[i].text, &rank) == role) return true;
  return false;
}

/* Says what the best candidate for a header lacks. */
static bool explain(struct dialect *d, const struct header_place *place,
                    const struct dialect_wish *wish, struct problem *p) {
  struct row row;
  char names[100], quoted[PROBLEM_QUOTE];
  if (!header_row(d, place, &row)) return problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
  list_names(&row, names, sizeof names);
  const char *lost = unfulfilled(&row, wish);
  if (lost) {
    problem_quote((struct text){lost, strlen(lost)}, quoted);
    return problem_set(p, PROBLEM_NO_COLUMN, place->line, 1, "no column \"%s\"; the header has: %s",
                       quoted, names);
  }
  bool date = has_role(&row, ROLE_DATE) || has_role(&row, ROLE_TIME);
  if (!wish->price && !has_role(&row, ROLE_PRICE)) {
    int64_t when;
    if (date_parse(row.field[0].text, DATE_MONTH_FIRST, &when) != DATE_BAD)
      return problem_set(p, PROBLEM_NO_HEADER, place->line, 1,
                         "no header line: put one such as date,close,volume on top, or give "
                         "--price-column a number");
    return problem_set(p, PROBLEM_NO_PRICE, place->line, 1,
                       "no price column among: %s. Price files have a date and a close, adj close "
                       "or price column; --price-column names another",
                       names);
  }
  return problem_set(p, PROBLEM_NO_DATE, place->line, 1,
                     date ? "the date and the price are one column: %s"
                          : "no date column among: %s; --date-column names one",
                     names);
}

bool dialect_find(struct dialect *d, struct text file, const struct dialect_wish *wish,
                  struct problem *p) {
  static const struct dialect_wish no_wish;
  struct header_place place = {0}, first = {0}, best = {0};
  char forced;
  if (!wish) wish = &no_wish;
  if (!sniff(&file, &place.line, &forced, p)) return false;
  place.at = file.at;
  place.end = file.at + file.size;
  for (int n = 0; n < HEADER_LINES && place.at < place.end;) {
    struct row row;
    place.delimiter = forced ? forced : header_delimiter(place.at, place.end);
    if (!header_row(d, &place, &row)) return problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
    const char *next = row.next;
    size_t lines = 1 + row.line_ends;
    if (!fields_blank(&row, place.delimiter)) {
      bool named = has_role(&row, ROLE_PRICE) || has_role(&row, ROLE_DATE);
      if (!first.at) first = place;
      if (!best.at && named) best = place;
      if (n++ == 0 && header_absent(d, &place, wish)) return true;
      if (header_plain(d, &place, wish) || header_wide(d, &place, wish)) return true;
    }
    place.at = next;
    place.line += lines;
  }
  return explain(d, best.at ? &best : &first, wish, p);
}
