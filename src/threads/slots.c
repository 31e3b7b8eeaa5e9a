/* SPDX-License-Identifier: MIT
 *
 * Slots: in_flight, kept exactly.
 *
 * A worker keeps the slot of the task it has just finished for the next one it starts (`spare`), so
 * tasks that never wait cost no operation on the shared count. It gives it back when it has nothing
 * to start.
 *
 * Who was woken and needs a slot comes before who starts: one free slot is left alone for its
 * worker
 * (`wanted`) until that has looked at its woken fibers. Not for a worker that runs a task, which
 * may go on for long: the others would stand still meanwhile.
 *
 * A task has one slot, however many fibers run its forked jobs. Its share counts the active ones: a
 * fiber leaves when it waits for a future (or the like) or a job ends, and the last to leave gives
 * the slot up; a fiber must enter to run on. If the slot is gone, the first to ask takes one or
 * stands in the pool's line, ahead of all new starts; the others of the same task wait for it in
 * the share.
 *
 * No slot is forgotten: a giver first adds to `free`, then looks at `waiting`; who found none first
 * adds itself to `waiting`, then looks at `free` again. All four are sequentially consistent. */
#include "base/spin.h"
#include "threads/pool.h"

static size_t load(_Atomic size_t *n) {
  return atomic_load_explicit(n, memory_order_seq_cst);
}

/* Takes a free slot if more than `beyond` are free. */
static bool take(mti_pool *pool, size_t beyond) {
  size_t free = load(&pool->slots.free);
  while (free > beyond)
    if (atomic_compare_exchange_weak_explicit(&pool->slots.free, &free, free - 1,
                                              memory_order_seq_cst, memory_order_seq_cst))
      return true;
  return false;
}

bool mti_slot_take(mti_pool *pool) {
  return take(pool, load(&pool->slots.wanted));
}

bool mti_slot_may_start(mti_pool *pool) {
  return load(&pool->slots.free) > load(&pool->slots.wanted);
}

static void wake_for_starts(mti_pool *pool) {
  if (atomic_load_explicit(&pool->idle.count, memory_order_seq_cst) > 0 &&
      mti_slot_may_start(pool) && mti_queue_has(pool))
    mti_wake_one(pool);
}

void mti_slot_want(mti_worker *w) {
  if (atomic_load_explicit(&w->busy, memory_order_relaxed)) return; /* it may be so for long */
  if (!atomic_exchange_explicit(&w->wants, true, memory_order_relaxed))
    atomic_fetch_add_explicit(&w->pool->slots.wanted, 1, memory_order_seq_cst);
  /* It may have begun meanwhile, and looked before. */
  if (atomic_load_explicit(&w->busy, memory_order_seq_cst)) mti_slot_unwant(w);
}

void mti_slot_unwant(mti_worker *w) {
  if (!atomic_load_explicit(&w->wants, memory_order_relaxed)) return;
  if (!atomic_exchange_explicit(&w->wants, false, memory_order_relaxed)) return;
  atomic_fetch_sub_explicit(&w->pool->slots.wanted, 1, memory_order_seq_cst);
  wake_for_starts(w->pool);
}

static void lock(mti_share *s) {
  unsigned round = 0;
  while (atomic_exchange_explicit(&s->lock, 1, memory_order_acquire) != 0) mti_spin(&round);
}

static void unlock(mti_share *s) {
  atomic_store_explicit(&s->lock, 0, memory_order_release);
}

static mti_share *share_of(mti_fiber *f) {
  return &((mti_fiber *)f->runner.root)->share;
}

/* Sends fibers back to their workers, where they ask again. */
static void hand_back(mti_fiber *f) {
  while (f != NULL) {
    mti_fiber *next = f->next;
    mti_fiber_send(f);
    f = next;
  }
}

/* The share of a fiber that was in line has a slot now. */
static void grant(mti_fiber *f) {
  mti_share *s = share_of(f);
  lock(s);
  s->has_slot = true;
  s->in_line = false;
  mti_fiber *others = s->waits.first;
  s->waits = (mti_fibers){0};
  unlock(s);
  f->next = others;
  hand_back(f);
}

/* Gives free slots to the line. */
static void serve(mti_pool *pool) {
  for (;;) {
    pthread_mutex_lock(&pool->slots.mutex);
    mti_fiber *f = NULL;
    if (pool->slots.line.first != NULL && take(pool, 0)) {
      f = mti_fibers_pop(&pool->slots.line);
      atomic_fetch_sub_explicit(&pool->slots.waiting, 1, memory_order_seq_cst);
    }
    pthread_mutex_unlock(&pool->slots.mutex);
    if (f == NULL) return;
    grant(f);
  }
}

void mti_slot_give(mti_pool *pool) {
  atomic_fetch_add_explicit(&pool->slots.free, 1, memory_order_seq_cst);
  if (load(&pool->slots.waiting) > 0) serve(pool);
  wake_for_starts(pool);
}

void mti_slot_give_spare(mti_worker *w) {
  if (!w->spare) return;
  w->spare = false;
  mti_slot_give(w->pool);
}

static void stand_in_line(mti_fiber *f) {
  mti_pool *pool = f->worker->pool;
  pthread_mutex_lock(&pool->slots.mutex);
  mti_fibers_push(&pool->slots.line, f);
  atomic_fetch_add_explicit(&pool->slots.waiting, 1, memory_order_seq_cst);
  pthread_mutex_unlock(&pool->slots.mutex);
  serve(pool);
}

void mti_share_begin(mti_fiber *root) {
  root->share.active = 1;
  root->share.has_slot = true;
}

/* A worker takes a slot that has become free. */
static void take_over(mti_worker *w) {
  if (w->spare)
    mti_slot_give(w->pool);
  else
    w->spare = true;
}

void mti_share_leave(mti_worker *w, mti_fiber *f) {
  mti_share *s = share_of(f);
  lock(s);
  bool last = --s->active == 0;
  bool gives = last && s->has_slot;
  if (gives) s->has_slot = false;
  unlock(s);
  if (gives) take_over(w);
}

void mti_share_end(mti_worker *w, mti_fiber *root) {
  mti_share_leave(w, root);
}

void mti_share_force(mti_fiber *f) {
  mti_share *s = share_of(f);
  lock(s);
  s->active++;
  unlock(s);
}

/* Under the lock. */
static bool try_to_enter(mti_worker *w, mti_share *s) {
  if (!s->has_slot) {
    if (s->in_line || (!w->spare && !take(w->pool, 0))) return false;
    w->spare = false;
    s->has_slot = true;
  }
  s->active++;
  return true;
}

bool mti_share_try(mti_worker *w, mti_fiber *f) {
  mti_share *s = share_of(f);
  lock(s);
  bool enters = try_to_enter(w, s);
  unlock(s);
  return enters;
}

bool mti_share_enter(mti_worker *w, mti_fiber *f) {
  mti_share *s = share_of(f);
  lock(s);
  bool enters = try_to_enter(w, s), first = !enters && !s->in_line;
  if (first)
    s->in_line = true;
  else if (!enters)
    mti_fibers_push(&s->waits, f);
  unlock(s);
  if (first) stand_in_line(f);
  return enters;
}
