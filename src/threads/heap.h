/* SPDX-License-Identifier: MIT
 *
 * A heap of points in time, with four children a node: half as deep as a binary one.
 *
 * Entries are never taken out of the middle. Whoever no longer needs one counts it as dead; when
 * most are, they are swept. So a wait that ends before its timeout costs no search, and sifting
 * touches no memory but the heap's. */
#ifndef MTI_HEAP_H
#define MTI_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct mti_entry {
  int64_t due_ns;
  void *what;
} mti_entry;

typedef struct mti_heap {
  mti_entry *entry;
  size_t count, capacity, dead;
} mti_heap;

bool mti_heap_push(mti_heap *h, int64_t due_ns, void *what); /* false: no memory */
void mti_heap_pop(mti_heap *h);                              /* the first; there must be one */
void mti_heap_fini(mti_heap *h);

static inline int64_t mti_heap_due(const mti_heap *h) {
  return h->count > 0 ? h->entry[0].due_ns : INT64_MAX;
}

/* Drops all entries for which keep() is false; the other only if many were counted as dead. */
typedef bool mti_heap_keep(const mti_entry *e);
void mti_heap_filter(mti_heap *h, mti_heap_keep *keep);
void mti_heap_sweep(mti_heap *h, mti_heap_keep *keep);

#endif
