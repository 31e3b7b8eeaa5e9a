/* SPDX-License-Identifier: MIT
 *
 * Waiting for futures: one, or many.
 *
 * The waiter puts watchers on the futures, parks until it has seen enough, and takes back those
 * that were not told. A watcher lives on the waiter's stack or heap, so the waiter leaves only when
 * no teller can still touch it: `gone` is set after a teller's last touch. */
#include "base/clock.h"
#include "base/spin.h"
#include "core/blocking.h"
#include "core/executor.h"
#include <stdlib.h>

typedef struct wait_state {
  mti_runner *runner;
  mt_until until;
  /* Written by tellers, release, read by the waiter, acquire. */
  _Atomic size_t left; /* not settled yet; counted down before `enough` is looked at */
  _Atomic bool enough;
} wait_state;

typedef struct watch {
  mti_watcher watcher; /* first */
  wait_state *waiter;
  _Atomic uint32_t gone;
} watch;

static void told(mti_watcher *w, mt_future *f) {
  watch *here = (watch *)w;
  wait_state *waiter = here->waiter;
  /* The waiter stays while `gone` is not set, and its runner with it. */
  mti_runner *r = waiter->runner;
  size_t left = atomic_fetch_sub_explicit(&waiter->left, 1, memory_order_acq_rel) - 1;
  bool enough = left == 0 || waiter->until == MT_FIRST_DONE ||
                (waiter->until == MT_FIRST_ERROR && mt_failure(f) != NULL);
  if (!enough) {
    atomic_store_explicit(&here->gone, 1, memory_order_release);
    return;
  }
  atomic_store_explicit(&waiter->enough, true, memory_order_release);
  r->ops->unpark(r, &here->gone);
}

static void take_back(mt_future *f, watch *w) {
  if (mti_unwatch(f, &w->watcher)) return;
  unsigned round = 0;
  /* Acquire: the teller's touches happen before the watcher's memory is used again. */
  while (!atomic_load_explicit(&w->gone, memory_order_acquire)) mti_spin(&round);
}

/* Whether waiting for f would never end, or may not be done at all. */
static mt_status refuse(mti_runner *r, mt_future *f) {
  if (r->nowait > 0 || mti_waits_for_itself(r, f)) return MT_EDEADLK;
  return mti_born_elsewhere(mti_word(f)) ? MT_EFORKED : MT_OK;
}

mt_status mti_wait_settled(mt_future *f, int64_t until_ns, unsigned flags) {
  if (mti_is_settled(mti_word(f))) return MT_OK;
  mti_runner *r = mti_runner_self();
  mt_status st = refuse(r, f);
  if (st != MT_OK) return st;
  wait_state waiter = {.runner = r, .until = MT_ALL_DONE, .left = 1};
  watch w = {.waiter = &waiter};
  w.watcher.told = told;
  if (until_ns > 0 && !mti_watch(f, &w.watcher)) return MT_OK;
  do {
    st = mti_runner_wait(r, MT_WAITS_FUTURE, (intptr_t)f, until_ns, flags | MTI_GIVE_SLOT);
  } while (st == MT_OK && !atomic_load_explicit(&waiter.enough, memory_order_acquire));
  if (until_ns > 0) take_back(f, &w);
  return st;
}

mt_status mt_wait(mt_future *f, int64_t timeout_ns) {
  if (mti_is_settled(mti_word(f))) return MT_OK;
  return mti_wait_settled(f, mti_until(timeout_ns), 0);
}

/* What is so already, without waiting. */
static bool enough_settled(mt_future *const *f, size_t n, mt_until until) {
  size_t settled = 0;
  for (size_t i = 0; i < n; i++) {
    if (!mt_done(f[i])) continue;
    settled++;
    if (until == MT_FIRST_DONE || (until == MT_FIRST_ERROR && mt_failure(f[i]) != NULL))
      return true;
  }
  return settled == n;
}

static mt_status wait_watched(mti_runner *r, wait_state *waiter, watch *w, mt_future *const *f,
                              size_t n, int64_t until_ns) {
  size_t watched = 0;
  for (; watched < n && !atomic_load_explicit(&waiter->enough, memory_order_acquire); watched++) {
    w[watched].waiter = waiter;
    w[watched].watcher.told = told;
    if (!mti_watch(f[watched], &w[watched].watcher)) told(&w[watched].watcher, f[watched]);
  }
  mt_status st = MT_OK;
  while (st == MT_OK && !atomic_load_explicit(&waiter->enough, memory_order_acquire))
    st = mti_runner_wait(r, MT_WAITS_FUTURE, (intptr_t)f[0], until_ns, MTI_GIVE_SLOT);
  for (size_t i = 0; i < watched; i++) take_back(f[i], &w[i]);
  return st;
}

mt_status mt_wait_many(mt_future *const *f, size_t n, mt_until until, int64_t timeout_ns) {
  if (until > MT_ALL_DONE) return MT_EINVAL;
  if (enough_settled(f, n, until)) return MT_OK;
  mti_runner *r = mti_runner_self();
  for (size_t i = 0; i < n; i++) {
    if (mt_done(f[i])) continue;
    mt_status st = refuse(r, f[i]);
    if (st != MT_OK) return st;
  }
  int64_t until_ns = mti_until(timeout_ns);
  if (until_ns == 0) return mti_runner_wait(r, MT_WAITS_FUTURE, 0, 0, 0);
  watch few[16] = {0};
  watch *w = n <= sizeof few / sizeof *few ? few : calloc(n, sizeof *w);
  if (w == NULL) return MT_ENOMEM;
  wait_state waiter = {.runner = r, .until = until, .left = n};
  mt_status st = wait_watched(r, &waiter, w, f, n, until_ns);
  if (w != few) free(w);
  return st;
}

mt_status mt_get(mt_future *f, int64_t timeout_ns, mt_value *ret_borrowed) {
  mt_status st = mt_wait(f, timeout_ns);
  if (st != MT_OK) return st;
  switch (mti_phase(mti_word(f))) {
  case MTI_VALUE:
    if (ret_borrowed != NULL) *ret_borrowed = f->value;
    return MT_OK;
  case MTI_TAKEN:
    return MT_ETAKEN;
  default:
    return MT_FAILED;
  }
}

mt_status mt_take(mt_future *f, int64_t timeout_ns, mt_value *ret_owned) {
  mt_status st = mt_wait(f, timeout_ns);
  if (st != MT_OK) return st;
  if (mti_phase(mti_word(f)) == MTI_ERROR) return MT_FAILED;
  mt_value value = f->value;
  if (!mti_future_move(f, MTI_VALUE, MTI_TAKEN)) return MT_ETAKEN;
  if (ret_owned != NULL)
    *ret_owned = value;
  else if (value.size > 0)
    free(value.data);
  return MT_OK;
}
