/* SPDX-License-Identifier: MIT */
#include "threads/heap.h"
#include <stdlib.h>

enum { CHILDREN = 4 };

static void sift_down(mti_heap *h, size_t at) {
  mti_entry moving = h->entry[at];
  for (;;) {
    size_t first = at * CHILDREN + 1, least = first;
    if (first >= h->count) break;
    size_t end = first + CHILDREN < h->count ? first + CHILDREN : h->count;
    for (size_t i = first + 1; i < end; i++)
      if (h->entry[i].due_ns < h->entry[least].due_ns) least = i;
    if (h->entry[least].due_ns >= moving.due_ns) break;
    h->entry[at] = h->entry[least];
    at = least;
  }
  h->entry[at] = moving;
}

bool mti_heap_push(mti_heap *h, int64_t due_ns, void *what) {
  if (h->count == h->capacity) {
    size_t capacity = h->capacity > 0 ? h->capacity + h->capacity / 2 : 16;
    mti_entry *entry = realloc(h->entry, capacity * sizeof *entry);
    if (entry == NULL) return false;
    h->entry = entry;
    h->capacity = capacity;
  }
  size_t at = h->count++;
  while (at > 0) {
    size_t parent = (at - 1) / CHILDREN;
    if (h->entry[parent].due_ns <= due_ns) break;
    h->entry[at] = h->entry[parent];
    at = parent;
  }
  h->entry[at] = (mti_entry){due_ns, what};
  return true;
}

void mti_heap_pop(mti_heap *h) {
  h->entry[0] = h->entry[--h->count];
  if (h->count > 0) sift_down(h, 0);
}

void mti_heap_fini(mti_heap *h) {
  free(h->entry);
  *h = (mti_heap){0};
}

void mti_heap_filter(mti_heap *h, mti_heap_keep *keep) {
  size_t kept = 0;
  for (size_t i = 0; i < h->count; i++)
    if (keep(&h->entry[i])) h->entry[kept++] = h->entry[i];
  h->count = kept;
  h->dead = 0;
  for (size_t i = kept / CHILDREN + 1; i-- > 0;)
    if (i < kept) sift_down(h, i);
}

void mti_heap_sweep(mti_heap *h, mti_heap_keep *keep) {
  if (h->dead >= 64 && h->dead >= h->count / 2) mti_heap_filter(h, keep);
}
