/* SPDX-License-Identifier: MIT
 *
 * reader.c: any bytes as a price file. The reader must not fall over them; its fast path must
 * change nothing; and the oracle must come to the same rows, numbers to the last bit, or to the
 * same problem at the same place. */
#include "reader.h"
#include "oracle.h"
#include "statistics.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
  do {                                                                                             \
    if (!(what)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                     \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

static bool same(double a, double b) {
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static void compare_paths(const struct table *a, const struct table *b) {
  MUST(a->count == b->count);
  for (size_t i = 0; i < a->count; i++) {
    const struct series *s = &a->series[i], *t = &b->series[i];
    MUST(s->count == t->count && s->dropped == t->dropped && s->doubles == t->doubles);
    for (size_t k = 0; k < s->count; k++)
      MUST(s->when[k] == t->when[k] && same(s->price[k], t->price[k]) &&
           same(s->volume[k], t->volume[k]));
  }
}

static void compare_oracle(const struct table *t, const struct oracle *o) {
  MUST(t->count == o->count);
  for (size_t i = 0; i < t->count; i++) {
    const struct series *s = &t->series[i];
    const struct oracle_series *w = &o->series[i];
    MUST(strcmp(s->name, w->name) == 0);
    MUST(s->count == w->count && s->dropped == w->dropped && s->doubles == w->doubles);
    for (size_t k = 0; k < s->count; k++)
      MUST(s->when[k] == w->rows[k].when && same(s->price[k], w->rows[k].price) &&
           same(s->volume[k], w->rows[k].volume));
  }
}

/* Nothing that is printed may be an infinity. */
static void compute(const struct table *t) {
  for (size_t i = 0; i < t->count; i++) {
    const struct series *s = &t->series[i];
    if (s->count == 0) continue;
    struct statistics r;
    double *work = malloc(s->count * sizeof *work);
    MUST(work);
    statistics_compute(s, &(struct statistics_options){.all = true}, work, &r);
    free(work);
    const double numbers[] = {r.total_return, r.volatility, r.avg_volume,      r.sharpe,
                              r.cagr,         r.sortino,    r.max_drawdown,    r.calmar,
                              r.var95,        r.cvar95,     r.excess_kurtosis, r.skew};
    for (size_t k = 0; k < sizeof numbers / sizeof *numbers; k++) MUST(!isinf(numbers[k]));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static struct reader fast; /* used again, as a worker does */
  struct reader plain = {0};
  struct dialect d = {0};
  struct problem p, q, unused;
  char *copy = malloc(size ? size : 1); /* of exactly this size: no look beyond it goes unseen */
  MUST(copy);
  if (size) memcpy(copy, data, size);
  struct text text = {copy, size};
  bool fine = reader_read(&fast, text, NULL, &p);
  MUST(fine == reader_read(&plain, text, &(struct reader_options){.plain = true}, &q));
  if (fine)
    compare_paths(&fast.table, &plain.table);
  else
    MUST(p.code == q.code && p.line == q.line && p.column == q.column);
  if (dialect_find(&d, text, NULL, &unused)) {
    struct oracle o;
    oracle_read(&o, copy + size, &d);
    MUST(fine == (o.code == PROBLEM_NONE));
    if (fine)
      compare_oracle(&fast.table, &o);
    else
      MUST(p.code == o.code && p.line == o.line && p.column == o.column);
    oracle_fini(&o);
  } else {
    MUST(!fine);
  }
  if (fine) compute(&fast.table);
  dialect_fini(&d);
  reader_fini(&plain);
  free(copy);
  return 0;
}
