/* SPDX-License-Identifier: MIT
 * The arrays behind a deque. */
#include "threads/deque.h"
#include <stdlib.h>

static mti_job_array *new_array(int64_t size) {
  mti_job_array *a = malloc(sizeof *a + (size_t)size * sizeof a->job[0]);
  if (a == NULL) return NULL;
  a->older = NULL;
  a->size = size;
  for (int64_t i = 0; i < size; i++) atomic_init(&a->job[i], NULL);
  return a;
}

bool mti_deque_init(mti_deque *d) {
  mti_job_array *a = new_array(256);
  atomic_init(&d->top, 0);
  atomic_init(&d->bottom, 0);
  atomic_init(&d->array, a);
  return a != NULL;
}

void mti_deque_fini(mti_deque *d) {
  mti_job_array *a = atomic_load_explicit(&d->array, memory_order_relaxed);
  while (a != NULL) {
    mti_job_array *older = a->older;
    free(a);
    a = older;
  }
}

bool mti_deque_grow(mti_deque *d) {
  mti_job_array *old = atomic_load_explicit(&d->array, memory_order_relaxed);
  mti_job_array *a = new_array(old->size * 2);
  if (a == NULL) return false;
  int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
  for (int64_t i = atomic_load_explicit(&d->top, memory_order_acquire); i < bottom; i++) {
    mt_job *job = atomic_load_explicit(&old->job[i & (old->size - 1)], memory_order_relaxed);
    atomic_store_explicit(&a->job[i & (a->size - 1)], job, memory_order_relaxed);
  }
  a->older = old;
  /* Release: a thief that sees the new array sees what is in it. */
  atomic_store_explicit(&d->array, a, memory_order_release);
  return true;
}
