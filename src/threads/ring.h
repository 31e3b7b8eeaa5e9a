/* SPDX-License-Identifier: MIT
 *
 * A worker's run queue: a ring of 256 tasks, first in first out.
 *
 *      head (owner and thieves, by compare-exchange)     tail (owner only)
 *        v                                                v
 *   ... [ ][x][x][x][x][x][x][x][x][x][x][x][x][x][x][x][ ] ...
 *
 * The owner pushes at the tail and pops at the head; thieves take half from the head. (The scheme
 * is the Go runtime's, proc.go.) A slot is written again only after the head has passed it, so a
 * thief that has read a slot that was reused fails its compare-exchange and throws the value away.
 */
#ifndef MTI_RING_H
#define MTI_RING_H

#include <meantime/future.h>
#include <stdatomic.h>
#include <stdint.h>

enum { MTI_RING_SIZE = 256 };

typedef struct mti_ring {
  _Alignas(64) _Atomic uint32_t head;
  _Alignas(64) _Atomic uint32_t tail;
  _Atomic(mt_future *) slot[MTI_RING_SIZE];
} mti_ring;

static inline uint32_t mti_ring_count(mti_ring *r) {
  /* Sequentially consistent: an idle worker must not miss a push (see threads/idle.c). */
  uint32_t head = atomic_load_explicit(&r->head, memory_order_seq_cst);
  uint32_t tail = atomic_load_explicit(&r->tail, memory_order_seq_cst);
  uint32_t count = tail - head; /* the two are read at different times: */
  return count > MTI_RING_SIZE ? MTI_RING_SIZE : count;
}

/* Owner. False: it is full. */
static inline bool mti_ring_push(mti_ring *r, mt_future *f) {
  /* Acquire: pairs with the thieves' release of the slots they have read. */
  uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
  uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
  if (tail - head >= MTI_RING_SIZE) return false;
  atomic_store_explicit(&r->slot[tail % MTI_RING_SIZE], f, memory_order_relaxed);
  /* Release: thieves see the slot. Sequentially consistent: and then we look for idle workers. */
  atomic_store_explicit(&r->tail, tail + 1, memory_order_seq_cst);
  return true;
}

/* Owner. NULL: it is empty. */
static inline mt_future *mti_ring_pop(mti_ring *r) {
  uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
  for (;;) {
    if (head == atomic_load_explicit(&r->tail, memory_order_relaxed)) return NULL;
    mt_future *f = atomic_load_explicit(&r->slot[head % MTI_RING_SIZE], memory_order_relaxed);
    if (atomic_compare_exchange_weak_explicit(&r->head, &head, head + 1, memory_order_acq_rel,
                                              memory_order_acquire))
      return f;
  }
}

/* Any thread. Takes up to `most`, and at most half, into `to`; returns how many. */
static inline uint32_t mti_ring_steal(mti_ring *r, mt_future **to, uint32_t most) {
  uint32_t head = atomic_load_explicit(&r->head, memory_order_acquire);
  for (;;) {
    /* Acquire: pairs with the release in push, so that the slots can be read. */
    uint32_t count = atomic_load_explicit(&r->tail, memory_order_acquire) - head;
    if (count > MTI_RING_SIZE) { /* the head has moved on since */
      head = atomic_load_explicit(&r->head, memory_order_acquire);
      continue;
    }
    count -= count / 2;
    if (count > most) count = most;
    if (count == 0) return 0;
    for (uint32_t i = 0; i < count; i++)
      to[i] = atomic_load_explicit(&r->slot[(head + i) % MTI_RING_SIZE], memory_order_relaxed);
    if (atomic_compare_exchange_weak_explicit(&r->head, &head, head + count, memory_order_acq_rel,
                                              memory_order_acquire))
      return count;
  }
}

#endif
