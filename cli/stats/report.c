/* SPDX-License-Identifier: MIT */
#include "../message.h"
#include "../price/names.h"
#include "stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void report_free(struct report *r) {
  free(r);
}

static struct report *none(const struct reader *r, struct problem *p) {
  size_t dropped = 0;
  for (size_t i = 0; i < r->table.count; i++) dropped += r->table.series[i].dropped;
  problem_set(p, PROBLEM_NO_PRICES, r->dialect.body_line, 1,
              "no row has a usable price in \"%s\" (%zu dropped); --price-column names another",
              r->dialect.price_column, dropped);
  return NULL;
}

struct report *report_new(const struct reader *r, const struct statistics_options *o, double *work,
                          struct problem *p) {
  const struct table *t = &r->table;
  size_t n = 0, names = 0;
  for (size_t i = 0; i < t->count; i++) {
    if (t->series[i].count == 0) continue;
    n++;
    names += t->series[i].name_size + 1;
  }
  if (n == 0) return none(r, p);
  struct report *report = malloc(sizeof *report + n * sizeof *report->series + names);
  if (!report) {
    problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
    return NULL;
  }
  char *name = (char *)&report->series[n];
  memcpy(report->price_column, r->dialect.price_column, sizeof report->price_column);
  report->count = 0;
  for (size_t i = 0; i < t->count; i++) {
    const struct series *s = &t->series[i];
    if (s->count == 0) continue;
    struct report_series *to = &report->series[report->count++];
    statistics_compute(s, o, work, &to->statistics);
    to->name = memcpy(name, s->name, s->name_size + 1);
    name += s->name_size + 1;
  }
  return report;
}

void stats_ticker(const char *path, char *out, size_t room) {
  static const char *const endings[] = {".csv", ".tsv", ".txt"};
  const char *slash = strrchr(path, '/');
  const char *name = slash && slash[1] ? slash + 1 : path;
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
    if (n <= 4 || strcasecmp(name + n - 4, endings[i]) != 0) continue;
    n -= 4;
    break;
  }
  if (n >= room) n = room - 1;
  memcpy(out, name, n);
  out[n] = 0;
}

void stats_note(struct stats_notes *n, const struct record *r, bool first) {
  const struct statistics *s = r->statistics;
  unsigned rank = 1;
  struct text column = {r->price_column, strlen(r->price_column)};
  if (first && names_role(column, &rank) == ROLE_PRICE && rank == 0) n->adjusted++;
  if (s->dropped) {
    if (n->dropped_files++ == 0) snprintf(n->dropped_first, sizeof n->dropped_first, "%s", r->path);
    n->dropped += s->dropped;
  }
  if (s->doubles) {
    if (n->double_files++ == 0) snprintf(n->doubles_first, sizeof n->doubles_first, "%s", r->path);
    n->doubles += s->doubles;
  }
}

static const char *plural(size_t n) {
  return n == 1 ? "" : "s";
}

void stats_print_notes(const struct stats_notes *n, bool all) {
  if (n->adjusted)
    message("note: prices of %zu file%s are adjusted closes; --price-column Close takes the others",
            n->adjusted, plural(n->adjusted));
  if (n->dropped)
    message("note: %zu row%s without a usable price dropped, in %zu series, first in %s%s",
            n->dropped, plural(n->dropped), n->dropped_files, n->dropped_first,
            all ? "" : "; --all counts them");
  if (n->doubles)
    message(
        "note: %zu row%s left out whose date occurs again, in %zu series, first in %s; the last "
        "one of a date counts",
        n->doubles, plural(n->doubles), n->double_files, n->doubles_first);
}
