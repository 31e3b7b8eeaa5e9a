/* SPDX-License-Identifier: MIT
 *
 * Forked jobs: the deque of Chase and Lev ("Dynamic circular work-stealing deque", SPAA 2005), with
 * the memory orders of Le, Pop, Cohen and Zappa Nardelli ("Correct and efficient work-stealing for
 * weak memory models", PPoPP 2013), except that the two fences are on the operations instead: an
 * exchange of `bottom` costs 8 ns where a fence costs 24, and ThreadSanitizer understands it.
 *
 *          top (thieves take here)           bottom (the owner pushes and pops here)
 *           v                                 v
 *   [ ][ ][j][j][j][j][j][j][j][j][j][j][j][j][ ][ ]
 *
 * The owner pops only the job it asks for. Old arrays are kept until the end: a thief may still
 * read one, but what it reads there is not taken unless its compare-exchange of `top` succeeds. */
#ifndef MTI_DEQUE_H
#define MTI_DEQUE_H

#include <meantime/fork.h>
#include <stdatomic.h>
#include <stdint.h>

typedef struct mti_job_array {
  struct mti_job_array *older;
  int64_t size; /* a power of two */
  _Atomic(mt_job *) job[];
} mti_job_array;

typedef struct mti_deque {
  _Alignas(64) _Atomic int64_t top;
  _Alignas(64) _Atomic int64_t bottom;
  _Atomic(mti_job_array *) array;
} mti_deque;

bool mti_deque_init(mti_deque *d);
void mti_deque_fini(mti_deque *d);
bool mti_deque_grow(mti_deque *d); /* owner; false: no memory */

/* Owner. False: it is full and cannot grow. */
static inline bool mti_deque_push(mti_deque *d, mt_job *job) {
  int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed);
  int64_t top = atomic_load_explicit(&d->top, memory_order_acquire);
  mti_job_array *a = atomic_load_explicit(&d->array, memory_order_relaxed);
  if (bottom - top >= a->size) {
    if (!mti_deque_grow(d)) return false;
    a = atomic_load_explicit(&d->array, memory_order_relaxed);
  }
  atomic_store_explicit(&a->job[bottom & (a->size - 1)], job, memory_order_relaxed);
  /* Release: pairs with the thieves' load of bottom, so that they see the job. */
  atomic_store_explicit(&d->bottom, bottom + 1, memory_order_release);
  return true;
}

/* Owner. Takes the bottom job if there is one and, unless `job` is NULL, it is that one. */
static inline mt_job *mti_deque_pop(mti_deque *d, mt_job *job) {
  int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_relaxed) - 1;
  int64_t top = atomic_load_explicit(&d->top, memory_order_relaxed);
  if (bottom < top) return NULL; /* top only grows */
  mti_job_array *a = atomic_load_explicit(&d->array, memory_order_relaxed);
  mt_job *found = atomic_load_explicit(&a->job[bottom & (a->size - 1)], memory_order_relaxed);
  if (job != NULL && found != job) return NULL;
  /* Pairs with the loads of top and bottom in steal: all four are sequentially consistent, so
   * either the thief sees the lower bottom or we see the higher top. */
  atomic_exchange_explicit(&d->bottom, bottom, memory_order_seq_cst);
  top = atomic_load_explicit(&d->top, memory_order_seq_cst);
  if (top < bottom) return found;
  /* The last one: whoever moves top has it. */
  bool ours = top == bottom &&
              atomic_compare_exchange_strong_explicit(&d->top, &top, top + 1, memory_order_seq_cst,
                                                      memory_order_relaxed);
  atomic_store_explicit(&d->bottom, bottom + 1, memory_order_relaxed);
  return ours ? found : NULL;
}

/* Any thread. NULL: it is empty, or somebody else was faster. */
static inline mt_job *mti_deque_steal(mti_deque *d) {
  int64_t top = atomic_load_explicit(&d->top, memory_order_seq_cst);
  int64_t bottom = atomic_load_explicit(&d->bottom, memory_order_seq_cst);
  if (top >= bottom) return NULL;
  /* Acquire: pairs with the release in grow. */
  mti_job_array *a = atomic_load_explicit(&d->array, memory_order_acquire);
  mt_job *job = atomic_load_explicit(&a->job[top & (a->size - 1)], memory_order_relaxed);
  if (!atomic_compare_exchange_strong_explicit(&d->top, &top, top + 1, memory_order_seq_cst,
                                               memory_order_relaxed))
    return NULL;
  return job;
}

static inline bool mti_deque_has(mti_deque *d) {
  return atomic_load_explicit(&d->bottom, memory_order_seq_cst) >
         atomic_load_explicit(&d->top, memory_order_seq_cst);
}

#endif
