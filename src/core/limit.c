/* SPDX-License-Identifier: MIT
 *
 * Limits: permits, and a rate by the generic cell rate algorithm (ITU-T I.371, annex A; a token
 * bucket kept as one point in time).
 *
 * With an interval T between turns and a burst of B, `turn_ns` is the theoretical arrival time: an
 * acquisition at t conforms if t >= turn_ns - (B - 1) T, and moves turn_ns to max(t, turn_ns) + T.
 *
 * Waiters stand in line. Only the first may take; it waits for a permit (a release wakes it), then
 * for its turn (by the clock). Whoever leaves the head of the line, served or cut, wakes the next
 * if there is a permit for it. Nobody takes on another's behalf, so a cut wait has taken nothing.
 */
#include "core/limit.h"
#include "base/clock.h"
#include "base/mutex.h"
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

typedef struct waiter {
  mti_runner *runner;
  struct waiter *next, *prev;
} waiter;

struct mt_limit {
  pthread_mutex_t mutex; /* guards everything below */
  unsigned permits, free;
  double interval_ns; /* 0: no rate */
  double slack_ns;    /* (burst - 1) intervals */
  double turn_ns;
  int64_t paused_until_ns;
  waiter *first, *last;
};

mt_status mt_limit_open(const mt_limit_options *options, mt_limit **ret) {
  if (options == NULL || ret == NULL) return MT_EINVAL;
  double per_ns = options->per_ns > 0 ? (double)options->per_ns : 1e9;
  if (options->per_ns < 0 || options->rate < 0 || isnan(options->rate) || isinf(options->rate) ||
      (options->permits == 0 && options->rate == 0))
    return MT_EINVAL;
  mt_limit *l = calloc(1, sizeof *l);
  if (l == NULL) return MT_ENOMEM;
  mti_mutex_init(&l->mutex);
  l->permits = l->free = options->permits;
  if (options->rate > 0) {
    l->interval_ns = per_ns / options->rate;
    if (l->interval_ns > 1e27) l->interval_ns = 1e27; /* finite, and beyond the end of the clock */
    l->slack_ns = options->burst > 1 ? (options->burst - 1) * l->interval_ns : 0;
  }
  *ret = l;
  return MT_OK;
}

/* Takes, if the head of the line may now. Otherwise *ret_turn is when to try again. */
static bool take(mt_limit *l, int64_t *ret_turn) {
  *ret_turn = MTI_NEVER;
  if (l->permits > 0 && l->free == 0) return false;
  if (l->interval_ns > 0 || l->paused_until_ns > 0) {
    double now = (double)mt_now_ns(), conforms = l->turn_ns - l->slack_ns;
    if (conforms < (double)l->paused_until_ns) conforms = (double)l->paused_until_ns;
    if (now < conforms) {
      *ret_turn = conforms >= 9.2e18 ? MTI_NEVER : (int64_t)conforms + 1;
      return false;
    }
    l->turn_ns = (l->turn_ns > now ? l->turn_ns : now) + l->interval_ns;
    l->paused_until_ns = 0; /* over: without a rate, no need to look at the clock again */
  }
  if (l->permits > 0) l->free--;
  return true;
}

static void enter(mt_limit *l, waiter *w) {
  w->next = NULL;
  w->prev = l->last;
  *(l->last != NULL ? &l->last->next : &l->first) = w;
  l->last = w;
}

/* Without a free permit it would find nothing; the release that brings one wakes it. (Passing a
 * permit round costs two thirds of what waking it in any case does: bench limit:line, one worker.)
 */
static void wake_first(mt_limit *l) {
  if (l->first == NULL || (l->permits > 0 && l->free == 0)) return;
  l->first->runner->ops->unpark(l->first->runner, NULL);
}

static void leave(mt_limit *l, waiter *w) {
  bool was_first = l->first == w;
  *(w->prev != NULL ? &w->prev->next : &l->first) = w->next;
  *(w->next != NULL ? &w->next->prev : &l->last) = w->prev;
  if (was_first) wake_first(l);
}

mt_status mti_limit_take(mt_limit *l, mt_wait_kind kind, int64_t until_ns, unsigned flags) {
  mti_runner *r = mti_runner_self();
  /* A submit is no wait as long as there is room. */
  mt_status st = kind == MT_WAITS_ROOM ? MT_OK : mti_runner_cut(r);
  if (st != MT_OK) return st;
  int64_t turn_ns;
  pthread_mutex_lock(&l->mutex);
  if (l->first == NULL && take(l, &turn_ns)) {
    pthread_mutex_unlock(&l->mutex);
    return MT_OK;
  }
  if (until_ns == 0 || r->nowait > 0) {
    pthread_mutex_unlock(&l->mutex);
    return r->nowait > 0 && until_ns != 0 ? MT_EDEADLK : MT_ETIMEDOUT;
  }
  waiter w = {.runner = r};
  enter(l, &w);
  while (st == MT_OK && !(l->first == &w && take(l, &turn_ns))) {
    bool turn = l->first == &w && turn_ns < until_ns;
    int64_t wake_ns = turn ? turn_ns : until_ns;
    pthread_mutex_unlock(&l->mutex);
    st = mti_runner_wait(r, kind, (intptr_t)l, wake_ns, flags | (turn ? MTI_TURN : 0));
    if (st == MT_ETIMEDOUT && turn) st = MT_OK;
    pthread_mutex_lock(&l->mutex);
  }
  leave(l, &w);
  pthread_mutex_unlock(&l->mutex);
  return st;
}

mt_status mt_acquire(mt_limit *l, int64_t timeout_ns) {
  return mti_limit_take(l, MT_WAITS_LIMIT, mti_until(timeout_ns), 0);
}

void mt_release(mt_limit *l) {
  pthread_mutex_lock(&l->mutex);
  if (l->free < l->permits) {
    l->free++;
    wake_first(l);
  }
  pthread_mutex_unlock(&l->mutex);
}

unsigned mti_limit_used(mt_limit *l) {
  pthread_mutex_lock(&l->mutex);
  unsigned used = l->permits - l->free;
  pthread_mutex_unlock(&l->mutex);
  return used;
}

void mt_limit_pause(mt_limit *l, int64_t duration_ns) {
  int64_t until_ns = mti_after(mt_now_ns(), duration_ns);
  pthread_mutex_lock(&l->mutex);
  if (until_ns > l->paused_until_ns) l->paused_until_ns = until_ns;
  pthread_mutex_unlock(&l->mutex);
}

void mt_limit_close(mt_limit *l) {
  if (l == NULL) return;
  pthread_mutex_destroy(&l->mutex);
  free(l);
}
