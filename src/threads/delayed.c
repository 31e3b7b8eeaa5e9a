/* SPDX-License-Identifier: MIT
 *
 * Tasks that wait for their time: delays and backoffs, which then become QUEUED, and deadlines that
 * may strike before a task has started. They need no stack and no worker: one heap under a mutex
 * serves all.
 *
 * An entry holds a reference: a delay's is the runtime's own, a deadline's (bit 0 of `what`) is one
 * more. Entries of tasks that were settled or started meanwhile are dead, and are swept when
 * they are many, or when a worker has nothing else to do.
 *
 * Busy workers look at next_ns now and then. Among sleeping ones, one is the keeper: it sleeps no
 * longer than until next_ns. A worker that is about to sleep becomes the keeper, if there is none
 * and there are entries; when the keeper wakes, for whatever reason, it hands on by waking another
 * sleeper. Whoever makes next_ns earlier wakes the keeper, or any sleeper if there is none. A new
 * keeper sets itself, then reads next_ns; a putter sets next_ns, then reads the keeper:
 * sequentially consistent, so one of them sees the other. */
#include "base/clock.h"
#include "threads/pool.h"
#include <stdlib.h>

static mt_future *future_of(const mti_entry *e) {
  return (mt_future *)((uintptr_t)e->what & ~(uintptr_t)1);
}
static bool is_deadline(const mti_entry *e) {
  return (uintptr_t)e->what & 1;
}

static bool alive(const mti_entry *e) {
  unsigned phase = mti_phase(mti_word(future_of(e)));
  return phase == MTI_DELAYED || (is_deadline(e) && phase == MTI_QUEUED);
}

/* Under the mutex. */
static void publish(mti_pool *pool) {
  int64_t due_ns = mti_heap_due(&pool->delayed.heap);
  if (due_ns != atomic_load_explicit(&pool->delayed.next_ns, memory_order_relaxed))
    atomic_store_explicit(&pool->delayed.next_ns, due_ns, memory_order_seq_cst);
}

bool mti_delayed_put(mti_pool *pool, mt_future *f, int64_t due_ns, bool deadline) {
  pthread_mutex_lock(&pool->delayed.mutex);
  bool first = due_ns < mti_heap_due(&pool->delayed.heap);
  bool put = mti_heap_push(&pool->delayed.heap, due_ns, (void *)((uintptr_t)f | deadline));
  if (put) {
    if (deadline) mt_ref(f);
    publish(pool);
  }
  pthread_mutex_unlock(&pool->delayed.mutex);
  if (!put || !first) return put;
  mti_worker *keeper = atomic_load_explicit(&pool->delayed.keeper, memory_order_seq_cst);
  if (keeper != NULL)
    mti_wake(keeper);
  else
    mti_wake_any(pool);
  return true;
}

static bool still_there(const mti_entry *e) {
  return e->what != NULL;
}

/* Takes the dead entries out, and their references. */
static void sweep(mti_pool *pool) {
  mti_heap *h = &pool->delayed.heap;
  mt_future **dead = NULL;
  size_t n = 0;
  pthread_mutex_lock(&pool->delayed.mutex);
  if (h->count > 0 && (dead = malloc(h->count * sizeof *dead)) != NULL) {
    /* Looked at once: an entry may die while we look. */
    for (size_t i = 0; i < h->count; i++) {
      if (alive(&h->entry[i])) continue;
      dead[n++] = future_of(&h->entry[i]);
      h->entry[i].what = NULL;
    }
    mti_heap_filter(h, still_there);
    publish(pool);
  }
  pthread_mutex_unlock(&pool->delayed.mutex);
  while (n > 0) mt_unref(dead[--n]);
  free(dead);
}

void mti_delayed_tidy(mti_pool *pool) {
  pthread_mutex_lock(&pool->delayed.mutex);
  mti_heap *h = &pool->delayed.heap;
  bool many = h->count > 0 && h->dead > 0 && h->dead >= h->count / 64;
  pthread_mutex_unlock(&pool->delayed.mutex);
  if (many) sweep(pool);
}

void mti_delayed_forget(mti_pool *pool) {
  pthread_mutex_lock(&pool->delayed.mutex);
  mti_heap *h = &pool->delayed.heap;
  bool many = h->count > 0 && ++h->dead >= 64 && h->dead >= h->count / 2;
  pthread_mutex_unlock(&pool->delayed.mutex);
  if (many) sweep(pool);
}

/* Takes what is due from the heap: delays, up to a batch, as a list; or else one deadline. */
static mt_future *take_due(mti_pool *pool, int64_t now_ns, mt_future ***ret_end, size_t *ret_n,
                           mt_future **ret_expired) {
  enum { BATCH = 256 };
  mti_heap *h = &pool->delayed.heap;
  mt_future *first = NULL, **end = &first;
  size_t n = 0;
  *ret_expired = NULL;
  pthread_mutex_lock(&pool->delayed.mutex);
  while (n < BATCH && mti_heap_due(h) <= now_ns && *ret_expired == NULL) {
    mti_entry e = h->entry[0];
    mt_future *f = future_of(&e);
    mti_heap_pop(h);
    if (!is_deadline(&e) && mti_future_move(f, MTI_DELAYED, MTI_QUEUED)) {
      f->link = NULL;
      *end = f;
      end = &f->link;
      n++;
    } else {
      *ret_expired = f; /* its reference goes without the mutex: it may call the user's drop */
    }
  }
  publish(pool);
  pthread_mutex_unlock(&pool->delayed.mutex);
  *ret_end = end;
  *ret_n = n;
  return first;
}

void mti_delayed_run(mti_pool *pool, int64_t now_ns) {
  while (atomic_load_explicit(&pool->delayed.next_ns, memory_order_relaxed) <= now_ns) {
    mt_future **end, *expired;
    size_t n;
    mt_future *first = take_due(pool, now_ns, &end, &n, &expired);
    if (n > 0) mti_queue_put_list(pool, first, end, n);
    if (expired != NULL) {
      mti_settle_unstarted(expired, MT_EDEADLINE); /* unless it was settled or started */
      mt_unref(expired);
    }
  }
}

void mti_delayed_cancel(mti_pool *pool) {
  for (;;) {
    pthread_mutex_lock(&pool->delayed.mutex);
    mti_heap h = pool->delayed.heap;
    pool->delayed.heap = (mti_heap){0};
    publish(pool);
    pthread_mutex_unlock(&pool->delayed.mutex);
    if (h.count == 0) {
      mti_heap_fini(&h);
      return;
    }
    for (size_t i = 0; i < h.count; i++) {
      mti_settle_unstarted(future_of(&h.entry[i]), MT_ECANCELED);
      mt_unref(future_of(&h.entry[i]));
    }
    mti_heap_fini(&h);
  }
}

int64_t mti_delayed_keep(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (atomic_load_explicit(&pool->delayed.next_ns, memory_order_seq_cst) == MTI_NEVER)
    return MTI_NEVER;
  mti_worker *nobody = NULL;
  if (!atomic_compare_exchange_strong_explicit(&pool->delayed.keeper, &nobody, w,
                                               memory_order_seq_cst, memory_order_seq_cst))
    return MTI_NEVER;
  return atomic_load_explicit(&pool->delayed.next_ns, memory_order_seq_cst);
}

void mti_delayed_unkeep(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (atomic_load_explicit(&pool->delayed.keeper, memory_order_relaxed) != w) return;
  atomic_store_explicit(&pool->delayed.keeper, NULL, memory_order_seq_cst);
  if (atomic_load_explicit(&pool->delayed.next_ns, memory_order_seq_cst) != MTI_NEVER)
    mti_wake_any(pool);
}
