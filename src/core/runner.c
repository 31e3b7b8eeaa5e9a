/* SPDX-License-Identifier: MIT
 * The wait that all others are made of, and what surrounds an attempt. */
#include "core/runner.h"
#include "base/clock.h"
#include "core/executor.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

_Thread_local mti_thread mti_here __attribute__((tls_model("initial-exec")));

mt_status mti_runner_cut(mti_runner *r) {
  mti_runner *root = r->root;
  mt_future *task = root->task;
  if (task == NULL || r->shield) return MT_OK;
  uint64_t word = mti_word(task);
  if (word & MTI_CANCEL || mti_state(mti_executor_of(task)) & MTI_DROP_RUNNING) return MT_ECANCELED;
  if (root->limit_ns != MTI_NEVER && mt_now_ns() >= root->limit_ns) return MT_EDEADLINE;
  return MT_OK;
}

int64_t mti_runner_limit(mti_runner *r) {
  return r->shield ? MTI_NEVER : r->root->limit_ns;
}

static mt_executor *observed_by(mti_runner *r) {
  mt_future *task = r->root->task;
  if (task == NULL) return NULL;
  mt_executor *ex = mti_executor_of(task);
  return ex->options.hooks != NULL ? ex : NULL;
}

void mti_runner_waiting(mti_runner *r, mt_wait_kind kind, intptr_t what) {
  /* Relaxed: mt_dump reads them one by one and may mix two waits. */
  atomic_store_explicit(&r->wait_what, what, memory_order_relaxed);
  atomic_store_explicit(&r->wait_kind, (int)kind, memory_order_relaxed);
  mt_executor *ex = observed_by(r);
  if (ex == NULL) return;
  r->nowait++;
  MTI_HOOK(r->root->task, ex, waiting, kind, MT_OK);
  r->nowait--;
}

void mti_runner_resumed(mti_runner *r, mt_wait_kind kind, mt_status status) {
  atomic_store_explicit(&r->wait_kind, MT_WAITS_NOT, memory_order_relaxed);
  mt_executor *ex = observed_by(r);
  if (ex == NULL) return;
  r->nowait++;
  MTI_HOOK(r->root->task, ex, resumed, kind, status);
  r->nowait--;
}

mt_status mti_runner_wait(mti_runner *r, mt_wait_kind kind, intptr_t what, int64_t until_ns,
                          unsigned flags) {
  if (r->nowait > 0) return MT_EDEADLK;
  bool guard = flags & MTI_GUARD;
  mt_status cut = guard ? MT_OK : mti_runner_cut(r);
  if (cut != MT_OK) return cut;
  if (until_ns <= 0) return MT_ETIMEDOUT;
  int64_t limit = guard ? MTI_NEVER : mti_runner_limit(r);
  int saved = errno;
  if (r->task != NULL) atomic_store_explicit(&r->wait_since_ns, mt_now_ns(), memory_order_relaxed);
  mti_runner_waiting(r, kind, what);
  mt_status st = r->ops->park(r, until_ns < limit ? until_ns : limit, flags & MTI_GIVE_SLOT);
  /* A worker that was busy may find the wake-up before it looks at its timers. */
  if (st == MT_OK && until_ns != MTI_NEVER && mt_now_ns() >= until_ns) st = MT_ETIMEDOUT;
  cut = guard ? MT_OK : mti_runner_cut(r);
  if (cut != MT_OK) st = cut;
  mti_runner_resumed(r, kind, st == MT_ETIMEDOUT && flags & MTI_TURN ? MT_OK : st);
  errno = saved;
  return st;
}

void mti_runner_begin(mti_runner *r, mt_future *task, int64_t now_ns) {
  mti_extra *x = mti_extra_of(task);
  r->task = task;
  r->root = r;
  r->shield = false;
  r->limit_ns = MTI_NEVER;
  r->attempt = 1;
  atomic_store_explicit(&r->dump_task, (uintptr_t)task, memory_order_relaxed);
  if (x == NULL) {
    atomic_store_explicit(&r->dump_name[0], 0, memory_order_relaxed);
    return;
  }
  r->attempt = atomic_load_explicit(&x->attempt, memory_order_relaxed) + 1;
  atomic_store_explicit(&x->attempt, r->attempt, memory_order_relaxed);
  x->started_ns = now_ns;
  x->ended_ns = 0;
  r->limit_ns = x->deadline_at_ns;
  r->limit_is_deadline = true;
  int64_t timeout_at = x->timeout_ns > 0 ? mti_after(now_ns, x->timeout_ns) : MTI_NEVER;
  if (timeout_at < r->limit_ns) {
    r->limit_ns = timeout_at;
    r->limit_is_deadline = false;
  }
  /* The name is copied, so that mt_dump never follows a pointer of the user's. */
  uint64_t name[3] = {0, 0, 0};
  if (x->name != NULL) strncpy((char *)name, x->name, sizeof name - 1);
  for (int i = 0; i < 3; i++)
    atomic_store_explicit(&r->dump_name[i], name[i], memory_order_relaxed);
}

void mti_runner_end(mti_runner *r) {
  atomic_store_explicit(&r->dump_task, 0, memory_order_relaxed);
  r->task = NULL;
  r->limit_ns = MTI_NEVER;
  if (r->failure != NULL) mti_runner_put_failure(r, NULL);
}

mt_error *mti_runner_take_failure(mti_runner *r) {
  mt_error *failure = r->failure;
  r->failure = NULL;
  return failure;
}

void mti_runner_put_failure(mti_runner *r, mt_error *failure) {
  mti_error_free(r->failure);
  r->failure = failure;
}

mt_future *mt_self(void) {
  mti_runner *r = mti_here.runner;
  return r != NULL ? r->root->task : NULL;
}

unsigned mt_attempt(void) {
  mti_runner *r = mti_here.runner;
  return r != NULL && r->root->task != NULL ? r->root->attempt : 0;
}

int mt_worker(void) {
  mti_runner *r = mti_here.runner;
  return r != NULL ? r->worker : -1;
}

bool mt_cancelled(void) {
  mti_runner *r = mti_here.runner;
  return r != NULL && mti_runner_cut(r) != MT_OK;
}

bool mt_shield(bool on) {
  mti_runner *r = mti_runner_self();
  bool was = r->shield;
  r->shield = on;
  return was;
}
