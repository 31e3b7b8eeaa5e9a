/* SPDX-License-Identifier: MIT
 *
 * done.c: an open-addressing table with linear probing, at most four fifths full. Nothing is ever
 * removed: an item whose count has come to 0 keeps its place. */
#include "done.h"

#include <stdlib.h>
#include <string.h>

void done_fini(struct done_set *d) {
  free(d->hashes);
  free(d->counts);
  *d = (struct done_set){0};
}

/* Items are no secret, so the key need not be one. */
static struct siphash hash_of(const char *item, size_t size) {
  static const uint64_t key[2] = {0, 0};
  struct siphash h = siphash(item, size, key);
  if (h.low == 0 && h.high == 0) h.high = 1;
  return h;
}

/* The item's place, or the empty one where it would be. */
static size_t find(const struct done_set *d, struct siphash h) {
  size_t i = h.low & (d->room - 1);
  while ((d->hashes[i].low || d->hashes[i].high) &&
         (d->hashes[i].low != h.low || d->hashes[i].high != h.high))
    i = (i + 1) & (d->room - 1);
  return i;
}

static bool grow(struct done_set *d) {
  struct done_set more = {.filled = d->filled, .room = d->room ? d->room * 2 : 1024};
  more.hashes = calloc(more.room, sizeof *more.hashes);
  more.counts = calloc(more.room, sizeof *more.counts);
  if (!more.hashes || !more.counts) {
    done_fini(&more);
    return false;
  }
  for (size_t i = 0; i < d->room; i++) {
    if (!d->hashes[i].low && !d->hashes[i].high) continue;
    size_t to = find(&more, d->hashes[i]);
    more.hashes[to] = d->hashes[i];
    more.counts[to] = d->counts[i];
  }
  done_fini(d);
  *d = more;
  return true;
}

bool done_add(struct done_set *d, const char *item, size_t size) {
  if (d->filled >= d->room / 5 * 4 && !grow(d)) return false;
  struct siphash h = hash_of(item, size);
  size_t i = find(d, h);
  if (!d->hashes[i].low && !d->hashes[i].high) {
    d->hashes[i] = h;
    d->filled++;
  }
  if (d->counts[i] < UINT32_MAX) d->counts[i]++;
  return true;
}

bool done_take(struct done_set *d, const char *item, size_t size) {
  if (d->filled == 0) return false;
  size_t i = find(d, hash_of(item, size));
  if (d->counts[i] == 0) return false;
  d->counts[i]--;
  return true;
}
