/* SPDX-License-Identifier: MIT
 *
 * Slots: in_flight, kept exactly.
 *
 * A worker keeps the slot of the task it has just finished for the next one it starts (`spare`), so
 * tasks that never wait cost no operation on the shared count. It gives it back when it has nothing
 * to start. A task that waits for a future gives its slot up and must have one to run on: those
 * stand in line, ahead of all new starts.
 *
 * No slot is forgotten: a giver first adds to `free`, then looks at `waiting`; a taker that found
 * none first adds itself to `waiting`, then looks at `free` again. All four are sequentially
 * consistent. */
#include "threads/pool.h"

bool mti_slot_take(mti_pool *pool) {
  size_t free = atomic_load_explicit(&pool->slots.free, memory_order_seq_cst);
  while (free > 0)
    if (atomic_compare_exchange_weak_explicit(&pool->slots.free, &free, free - 1,
                                              memory_order_seq_cst, memory_order_seq_cst))
      return true;
  return false;
}

/* Gives free slots to the line. Under the mutex. Returns the fibers served. */
static mti_fiber *serve(mti_pool *pool) {
  mti_fibers served = {0};
  while (pool->slots.line.first != NULL && mti_slot_take(pool)) {
    mti_fiber *f = mti_fibers_pop(&pool->slots.line);
    f->needs_slot = false;
    f->has_slot = true;
    mti_fibers_push(&served, f);
    atomic_fetch_sub_explicit(&pool->slots.waiting, 1, memory_order_seq_cst);
  }
  return served.first;
}

/* A fiber in the line is NOTIFIED already: it goes straight back to its worker. */
static void hand_back(mti_fiber *f) {
  while (f != NULL) {
    mti_fiber *next = f->next;
    atomic_store_explicit(&f->park, MTI_PARKED, memory_order_release);
    mti_fiber_unpark(f);
    f = next;
  }
}

void mti_slot_give(mti_pool *pool) {
  atomic_fetch_add_explicit(&pool->slots.free, 1, memory_order_seq_cst);
  if (atomic_load_explicit(&pool->slots.waiting, memory_order_seq_cst) > 0) {
    pthread_mutex_lock(&pool->slots.mutex);
    mti_fiber *served = serve(pool);
    pthread_mutex_unlock(&pool->slots.mutex);
    hand_back(served);
  }
  if (atomic_load_explicit(&pool->idle.count, memory_order_seq_cst) > 0 && mti_queue_has(pool))
    mti_wake_one(pool);
}

void mti_slot_wait(mti_fiber *f) {
  mti_pool *pool = f->worker->pool;
  pthread_mutex_lock(&pool->slots.mutex);
  mti_fibers_push(&pool->slots.line, f);
  atomic_fetch_add_explicit(&pool->slots.waiting, 1, memory_order_seq_cst);
  mti_fiber *served = serve(pool);
  pthread_mutex_unlock(&pool->slots.mutex);
  hand_back(served);
}
