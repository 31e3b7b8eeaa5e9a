/* SPDX-License-Identifier: MIT
 *
 * Groups.
 *
 * A member is linked from its submit until its settling is over; `pending` counts the links. The
 * first failure, or a cancel, marks the group cancelled: later joins are refused, and the members
 * are cancelled one by one, each moved to a second list first, so that every member is cancelled
 * once although the mutex is not held meanwhile. The last thing a member does to the group is to
 * count itself out under the mutex, so that a closer who has seen 0 under the mutex may free it. */
#include "base/clock.h"
#include "base/mutex.h"
#include "core/executor.h"
#include "core/waitlist.h"
#include <pthread.h>
#include <stdlib.h>

struct mt_group {
  pthread_mutex_t mutex; /* guards everything below */
  size_t pending;
  mt_future *members, *cancelled_members;
  mt_error *failure;
  mti_waitnode *waiters;
  bool lacks_one;         /* a member was cancelled, by whomever */
  _Atomic bool cancelled; /* also read without the mutex */
};

mt_status mt_group_open(mt_group **ret) {
  mt_group *g = calloc(1, sizeof *g);
  if (g == NULL) return MT_ENOMEM;
  mti_mutex_init(&g->mutex);
  *ret = g;
  return MT_OK;
}

static void link_member(mt_future **list, mt_future *f, mti_extra *x) {
  x->group_next = *list;
  x->group_link = list;
  if (*list != NULL) mti_extra_of(*list)->group_link = &x->group_next;
  *list = f;
}

static void unlink_member(mti_extra *x) {
  *x->group_link = x->group_next;
  if (x->group_next != NULL) mti_extra_of(x->group_next)->group_link = x->group_link;
}

bool mti_group_cancelled(mt_group *g) {
  return atomic_load_explicit(&g->cancelled, memory_order_acquire);
}

mt_status mti_group_join(mt_group *g, mt_future *f) {
  pthread_mutex_lock(&g->mutex);
  mt_status st = mti_group_cancelled(g) ? MT_ECANCELED : MT_OK;
  if (st == MT_OK) {
    g->pending++;
    link_member(&g->members, f, mti_extra_of(f));
    atomic_fetch_or_explicit(&f->word, MTI_GROUPED, memory_order_relaxed);
  }
  pthread_mutex_unlock(&g->mutex);
  return st;
}

/* A linked member has not given up the runtime's reference: it can be referenced under the mutex.
 */
void mt_group_cancel(mt_group *g) {
  enum { BATCH = 64 };
  mt_future *batch[BATCH];
  for (;;) {
    size_t n = 0;
    pthread_mutex_lock(&g->mutex);
    atomic_store_explicit(&g->cancelled, true, memory_order_release);
    while (n < BATCH && g->members != NULL) {
      mt_future *f = batch[n++] = mt_ref(g->members);
      unlink_member(mti_extra_of(f));
      link_member(&g->cancelled_members, f, mti_extra_of(f));
    }
    pthread_mutex_unlock(&g->mutex);
    if (n == 0) return;
    for (size_t i = 0; i < n; i++) {
      mt_cancel(batch[i]);
      mt_unref(batch[i]);
    }
  }
}

void mti_group_leave(mt_future *f, mti_extra *x) {
  mt_group *g = x->group;
  const mt_error *error = mt_failure(f);
  bool first = false;
  pthread_mutex_lock(&g->mutex);
  unlink_member(x);
  if (error != NULL && error->code == MT_ECANCELED) {
    g->lacks_one = true;
  } else if (error != NULL && g->failure == NULL) {
    g->failure = mti_error_new(error->code, error->task, error->attempt, error->message);
    first = true;
  }
  if (first) {
    pthread_mutex_unlock(&g->mutex);
    mt_group_cancel(g);
    pthread_mutex_lock(&g->mutex);
  }
  if (--g->pending == 0) mti_waitlist_wake(g->waiters);
  pthread_mutex_unlock(&g->mutex);
}

static mt_status outcome(mt_group *g) {
  if (g->failure != NULL) return MT_FAILED;
  return g->lacks_one || mti_group_cancelled(g) ? MT_ECANCELED : MT_OK;
}

static bool is_member(mti_runner *r, mt_group *g) {
  mt_future *task = r->root->task;
  mti_extra *x = task != NULL ? mti_extra_of(task) : NULL;
  return x != NULL && x->group == g;
}

/* One wait of a waiter, under the mutex before and after. */
static mt_status wait_once(mt_group *g, mti_runner *r, int64_t until_ns, unsigned flags) {
  mti_waitnode node;
  mti_waitlist_add(&g->waiters, &node, r);
  pthread_mutex_unlock(&g->mutex);
  mt_status st = mti_runner_wait(r, MT_WAITS_GROUP, (intptr_t)g, until_ns, flags | MTI_GIVE_SLOT);
  pthread_mutex_lock(&g->mutex);
  mti_waitlist_remove(&node);
  return st;
}

mt_status mt_group_wait(mt_group *g, int64_t timeout_ns) {
  mti_runner *r = mti_runner_self();
  int64_t until_ns = mti_until(timeout_ns);
  mt_status st = MT_OK;
  pthread_mutex_lock(&g->mutex);
  if (g->pending > 0 && is_member(r, g)) st = MT_EDEADLK;
  while (st == MT_OK && g->pending > 0) st = wait_once(g, r, until_ns, 0);
  if (st == MT_OK) st = outcome(g);
  pthread_mutex_unlock(&g->mutex);
  return st;
}

const mt_error *mt_group_failure(mt_group *g) {
  pthread_mutex_lock(&g->mutex);
  const mt_error *failure = g->failure;
  pthread_mutex_unlock(&g->mutex);
  return failure;
}

mt_status mt_group_close(mt_group *g) {
  if (g == NULL) return MT_OK;
  mti_runner *r = mti_runner_self();
  bool passed_on = false;
  pthread_mutex_lock(&g->mutex);
  if (r->nowait > 0 || is_member(r, g)) {
    pthread_mutex_unlock(&g->mutex);
    return MT_EDEADLK;
  }
  while (g->pending > 0) {
    if (!passed_on && mti_runner_cut(r) != MT_OK) {
      passed_on = true;
      pthread_mutex_unlock(&g->mutex);
      mt_group_cancel(g);
      pthread_mutex_lock(&g->mutex);
      continue;
    }
    mt_status st = wait_once(g, r, passed_on ? MTI_NEVER : mti_runner_limit(r), MTI_GUARD);
    if (st == MT_ENOMEM && g->pending > 0) {
      pthread_mutex_unlock(&g->mutex);
      return st;
    }
  }
  mt_status st = outcome(g);
  pthread_mutex_unlock(&g->mutex);
  pthread_mutex_destroy(&g->mutex);
  mti_error_free(g->failure);
  free(g);
  return st;
}
