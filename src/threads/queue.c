/* SPDX-License-Identifier: MIT
 *
 * Tasks that wait to start.
 *
 *   from outside ---> injection list ---a batch---> a worker's ring ---> start
 *   from inside ----> the worker's own ring (if the list is empty and the ring has room)
 *                                                   ^--- thieves take half
 *
 * A ring is only filled while the list is empty, or from the list's head: so what is in a ring was
 * submitted before what is in the list, and one worker starts tasks in the order of their
 * submission. The list is intrusive: it needs no memory, so an accepted task cannot fail to be
 * queued. */
#include "threads/pool.h"

enum { BATCH = 128, LOOT = 32 };

/* There is something to start: worth a wake-up only if there is a slot. (Who gives one back later
 * looks at the queues in turn.) */
static void wake_starter(mti_pool *pool) {
  if (atomic_load_explicit(&pool->idle.count, memory_order_seq_cst) > 0 && mti_slot_may_start(pool))
    mti_wake_one(pool);
}

void mti_queue_put_list(mti_pool *pool, mt_future *first, mt_future **end, size_t n) {
  pthread_mutex_lock(&pool->inject.mutex);
  *pool->inject.end = first;
  pool->inject.end = end;
  size_t count = atomic_load_explicit(&pool->inject.count, memory_order_relaxed);
  /* Sequentially consistent: then we look for idle workers. */
  atomic_store_explicit(&pool->inject.count, count + n, memory_order_seq_cst);
  pthread_mutex_unlock(&pool->inject.mutex);
  wake_starter(pool);
}

void mti_queue_put(mti_pool *pool, mt_future *f, bool inside) {
  mti_worker *w = inside ? mti_here.worker : NULL;
  if (w != NULL && atomic_load_explicit(&pool->inject.count, memory_order_relaxed) == 0 &&
      mti_ring_push(&w->ring, f)) {
    wake_starter(pool);
    return;
  }
  f->link = NULL;
  mti_queue_put_list(pool, f, &f->link, 1);
}

/* Takes a batch from the list: the first is returned, the others go to the worker's ring, which is
 * empty. */
static mt_future *take_batch(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (atomic_load_explicit(&pool->inject.count, memory_order_relaxed) == 0) return NULL;
  pthread_mutex_lock(&pool->inject.mutex);
  size_t count = atomic_load_explicit(&pool->inject.count, memory_order_relaxed);
  size_t n = count / pool->count + 1;
  if (n > BATCH) n = BATCH;
  if (n > count) n = count;
  mt_future *first = n > 0 ? pool->inject.first : NULL, *last = first;
  for (size_t i = 1; i < n; i++) last = last->link;
  if (first != NULL) {
    if ((pool->inject.first = last->link) == NULL) pool->inject.end = &pool->inject.first;
    last->link = NULL;
  }
  atomic_store_explicit(&pool->inject.count, count - n, memory_order_seq_cst);
  pthread_mutex_unlock(&pool->inject.mutex);
  for (mt_future *f = first != NULL ? first->link : NULL; f != NULL;) {
    mt_future *next = f->link; /* a thief may start it at once */
    mti_ring_push(&w->ring, f);
    f = next;
  }
  return first;
}

static __attribute__((noinline)) mt_future *steal(mti_worker *w) {
  mti_pool *pool = w->pool;
  mt_future *loot[LOOT];
  for (unsigned i = 0; i < pool->count; i++) {
    mti_worker *victim = &pool->workers[(w->victim + i) % pool->count];
    if (victim == w) continue;
    uint32_t n = mti_ring_steal(&victim->ring, loot, LOOT);
    if (n == 0) continue;
    w->victim = victim->index;
    for (uint32_t k = 1; k < n; k++) mti_ring_push(&w->ring, loot[k]);
    return loot[0];
  }
  return NULL;
}

mt_future *mti_queue_take(mti_worker *w) {
  mt_future *f = mti_ring_pop(&w->ring);
  if (f == NULL) f = take_batch(w);
  if (f == NULL) f = steal(w);
  return f;
}

bool mti_queue_has(mti_pool *pool) {
  if (atomic_load_explicit(&pool->inject.count, memory_order_seq_cst) > 0) return true;
  for (unsigned i = 0; i < pool->count; i++)
    if (mti_ring_count(&pool->workers[i].ring) > 0) return true;
  return false;
}

static void cancel_one(mt_future *f) {
  mti_settle_unstarted(f, MT_ECANCELED);
  mt_unref(f);
}

/* What a worker has in hand right now it finds cancelled when it starts it. */
void mti_queue_cancel(mti_pool *pool) {
  pthread_mutex_lock(&pool->inject.mutex);
  mt_future *f = pool->inject.first;
  pool->inject.first = NULL;
  pool->inject.end = &pool->inject.first;
  atomic_store_explicit(&pool->inject.count, 0, memory_order_seq_cst);
  pthread_mutex_unlock(&pool->inject.mutex);
  while (f != NULL) {
    mt_future *next = f->link;
    cancel_one(f);
    f = next;
  }
  for (unsigned i = 0; i < pool->count; i++) {
    mt_future *loot[LOOT];
    uint32_t n;
    while ((n = mti_ring_steal(&pool->workers[i].ring, loot, LOOT)) > 0)
      for (uint32_t k = 0; k < n; k++) cancel_one(loot[k]);
  }
}
