/* SPDX-License-Identifier: MIT */
#include "series.h"

#include <stdlib.h>

void table_clear(struct table *t) {
  for (size_t i = 0; i < t->count; i++) t->series[i].count = 0;
  for (size_t i = 0; i < t->slot_count; i++) t->slots[i] = 0;
  t->count = 0;
}

void table_fini(struct table *t) {
  for (size_t i = 0; i < t->room; i++) {
    struct series *s = &t->series[i];
    free(s->name);
    free(s->when);
    free(s->price);
    free(s->volume);
  }
  free(t->series);
  free(t->slots);
  *t = (struct table){0};
}

/* FNV-1a: names are short. */
static size_t hash(struct text name) {
  uint64_t h = 14695981039346656037U;
  for (size_t i = 0; i < name.size; i++) h = (h ^ (unsigned char)name.at[i]) * 1099511628211U;
  return (size_t)(h ^ (h >> 32));
}

static size_t *slot_of(const struct table *t, struct text name) {
  size_t mask = t->slot_count - 1;
  for (size_t i = hash(name) & mask;; i = (i + 1) & mask) {
    size_t n = t->slots[i];
    if (n == 0) return &t->slots[i];
    const struct series *s = &t->series[n - 1];
    if (text_same((struct text){s->name, s->name_size}, name)) return &t->slots[i];
  }
}

static bool grow_slots(struct table *t) {
  size_t n = t->slot_count ? t->slot_count * 2 : 16;
  size_t *slots = calloc(n, sizeof *slots);
  if (!slots) return false;
  free(t->slots);
  t->slots = slots;
  t->slot_count = n;
  for (size_t i = 0; i < t->count; i++) {
    struct series *s = &t->series[i];
    *slot_of(t, (struct text){s->name, s->name_size}) = i + 1;
  }
  return true;
}

static bool grow_series(struct table *t) {
  size_t n = t->room ? t->room * 2 : 1;
  struct series *more = realloc(t->series, n * sizeof *more);
  if (!more) return false;
  for (size_t i = t->room; i < n; i++) more[i] = (struct series){0};
  t->series = more;
  t->room = n;
  return true;
}

size_t table_series(struct table *t, struct text name) {
  if (t->count * 2 >= t->slot_count && !grow_slots(t)) return SIZE_MAX;
  size_t *slot = slot_of(t, name);
  if (*slot) return *slot - 1;
  if (t->count == t->room && !grow_series(t)) return SIZE_MAX;
  struct series *s = &t->series[t->count];
  char *copy = realloc(s->name, name.size + 1);
  if (!copy) return SIZE_MAX;
  if (name.size > 0) memcpy(copy, name.at, name.size);
  copy[name.size] = 0;
  s->name = copy;
  s->name_size = name.size;
  s->count = s->dropped = s->doubles = 0;
  *slot = ++t->count;
  return t->count - 1;
}

bool series_reserve(struct series *s, size_t more) {
  size_t need = s->count + more, room = s->room * 2;
  if (need <= s->room) return true;
  if (room < need) room = need;
  if (room < 8) room = 8; /* few, since a file may have very many tickers */
  int64_t *when = realloc(s->when, room * sizeof *when);
  if (when) s->when = when;
  double *price = realloc(s->price, room * sizeof *price);
  if (price) s->price = price;
  double *volume = realloc(s->volume, room * sizeof *volume);
  if (volume) s->volume = volume;
  if (!when || !price || !volume) return false;
  s->room = room;
  return true;
}

struct order {
  int64_t when;
  size_t row;
};

static int by_moment(const void *x, const void *y) {
  const struct order *a = x, *b = y;
  if (a->when != b->when) return a->when < b->when ? -1 : 1;
  return a->row < b->row ? -1 : a->row > b->row;
}

/* Applies the order: a double array at a time, by way of `spare`. */
static void arrange(double *values, const struct order *order, size_t n, double *spare) {
  for (size_t i = 0; i < n; i++) spare[i] = values[order[i].row];
  memcpy(values, spare, n * sizeof *values);
}

static bool sort_rows(struct series *s) {
  size_t n = s->count;
  struct order *order = malloc(n * sizeof *order);
  double *spare = malloc(n * sizeof *spare);
  bool fine = order && spare;
  if (fine) {
    for (size_t i = 0; i < n; i++) order[i] = (struct order){s->when[i], i};
    qsort(order, n, sizeof *order, by_moment);
    arrange(s->price, order, n, spare);
    arrange(s->volume, order, n, spare);
    for (size_t i = 0; i < n; i++) s->when[i] = order[i].when;
  }
  free(order);
  free(spare);
  return fine;
}

static void reverse(struct series *s) {
  for (size_t i = 0, j = s->count - 1; i < j; i++, j--) {
    int64_t when = s->when[i];
    double price = s->price[i], volume = s->volume[i];
    s->when[i] = s->when[j], s->price[i] = s->price[j], s->volume[i] = s->volume[j];
    s->when[j] = when, s->price[j] = price, s->volume[j] = volume;
  }
}

/* Of neighbours with the same moment, the later one stays. */
static void drop_doubles(struct series *s) {
  size_t kept = 0;
  for (size_t i = 0; i < s->count; i++) {
    if (i + 1 < s->count && s->when[i] == s->when[i + 1]) continue;
    s->when[kept] = s->when[i];
    s->price[kept] = s->price[i];
    s->volume[kept] = s->volume[i];
    kept++;
  }
  s->doubles += s->count - kept;
  s->count = kept;
}

bool series_sort(struct series *s) {
  size_t down = 0, same = 0;
  for (size_t i = 1; i < s->count; i++) {
    down += s->when[i] < s->when[i - 1];
    same += s->when[i] == s->when[i - 1];
  }
  if (s->count < 2 || (down == 0 && same == 0)) return true;
  if (down == s->count - 1) {
    reverse(s); /* newest first, as many exports are */
    return true;
  }
  if (down > 0 && !sort_rows(s)) return false;
  drop_doubles(s);
  return true;
}
