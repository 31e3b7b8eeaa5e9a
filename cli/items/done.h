/* SPDX-License-Identifier: MIT
 *
 * done.h: how often items are done, by their 128-bit hashes: a log of ten million lines is kept in
 * some 350 MB, whatever the items' size, and that two of them share a hash is less likely than 1 in
 * 10^24. */
#ifndef CLI_ITEMS_DONE_H
#define CLI_ITEMS_DONE_H

#include "siphash.h"

#include <stdbool.h>

struct done_set {
  struct siphash *hashes; /* both 0: empty */
  uint32_t *counts;
  size_t filled, room; /* room is a power of two */
};

void done_fini(struct done_set *d);

/* Counts an item once more; false: no memory. */
bool done_add(struct done_set *d, const char *item, size_t size);

/* Takes one count away; false: there is none. */
bool done_take(struct done_set *d, const char *item, size_t size);

#endif
