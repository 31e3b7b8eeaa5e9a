/* SPDX-License-Identifier: MIT
 *
 * Forked jobs.
 *
 * Joins come last-in first-out, so a joiner whose job is at its deque's bottom takes it from there
 * and runs it as a plain call. If it is not there (a thief has it, or another task of this worker
 * has forked since), the joiner waits until somebody has run it from the scheduler's loop: it never
 * runs a stranger's job on its own stack, which might wait for something only the joiner can give.
 *
 * A job that another runs belongs to the joiner's task: it runs on its own fiber with `root` set to
 * the task's runner, so that its waits see the task's cancel and deadline. The joiner, when it is
 * cut, wakes the job's runner, which looks for itself.
 *
 * The last touch of the job's memory is the exchange of its state. The joiner's fiber may be woken
 * afterwards all the same: it belongs to the same pool, and lives as long as we do. */
#include "core/jobs.h"
#include "base/clock.h"
#include "threads/pool.h"

static _Atomic uintptr_t *state_of(mt_job *job) {
  return (_Atomic uintptr_t *)&job->state;
}
static mti_runner *_Atomic *runner_of(mt_job *job) {
  return (mti_runner * _Atomic *)&job->runner;
}

bool mti_job_fork(mti_runner *r, mt_job *job) {
  mti_worker *w = ((mti_fiber *)r)->worker;
  if (r->root->task == NULL || r->nowait > 0 || !mti_deque_push(&w->deque, job)) return false;
  /* Relaxed: a sleeper may be missed. Then the job is run by its joiner, or woken for at the next.
   */
  if (atomic_load_explicit(&w->pool->idle.count, memory_order_relaxed) > 0) mti_wake_one(w->pool);
  return true;
}

static __attribute__((noinline)) mt_value wait_for(mti_runner *r, mt_job *job) {
  uintptr_t forked = MTI_JOB_FORKED;
  bool passed_on = false;
  /* Acquire on failure: it is done, and its value is to be read. */
  if (atomic_compare_exchange_strong_explicit(state_of(job), &forked, MTI_JOB_AWAITED,
                                              memory_order_acq_rel, memory_order_acquire))
    while (atomic_load_explicit(state_of(job), memory_order_acquire) != MTI_JOB_DONE) {
      if (!passed_on && mti_runner_cut(r) != MT_OK) {
        mti_runner *runs = atomic_load_explicit(runner_of(job), memory_order_acquire);
        if (runs != NULL) runs->ops->unpark(runs, NULL);
        passed_on = true;
      }
      int64_t until_ns = passed_on ? MTI_NEVER : mti_runner_limit(r);
      mt_status st =
          mti_runner_wait(r, MT_WAITS_JOIN, (intptr_t)job, until_ns, MTI_GUARD | MTI_GIVE_SLOT);
      /* Even in a callback: the job uses the caller's memory. */
      if (st == MT_EDEADLK) r->ops->park(r, until_ns, true);
    }
  if (mt_is_failure(job->value))
    mti_runner_put_failure(r, job->owner);
  else
    mti_error_free(job->owner);
  return job->value;
}

mt_value mti_job_join(mti_runner *r, mt_job *job) {
  mti_worker *w = ((mti_fiber *)r)->worker;
  if (mti_deque_pop(&w->deque, job) != NULL) return job->fn(job->value);
  return wait_for(r, job);
}

void mti_job_run(mti_worker *w, mt_job *job) {
  mti_fiber *f = w->current;
  mti_runner *r = &f->runner, *owner = job->owner;
  mti_runner *root = owner->root;
  r->root = root;
  r->shield = false;
  r->attempt = root->attempt;
  if (!mti_share_try(w, f)) mti_fiber_wait_turn(w);
  mti_slot_give_spare(w); /* the task has its slot: others may use ours meanwhile */
  atomic_store_explicit(runner_of(job), r, memory_order_release);
  mt_value value = job->fn(job->value);
  mti_share_leave(w, f);
  r->root = r;
  job->value = value;
  job->owner = mti_runner_take_failure(r);
  atomic_store_explicit(runner_of(job), NULL, memory_order_relaxed);
  /* Release: pairs with the joiner's acquire. */
  if (atomic_exchange_explicit(state_of(job), MTI_JOB_DONE, memory_order_acq_rel) ==
      MTI_JOB_AWAITED)
    owner->ops->unpark(owner, NULL);
}

mt_job *mti_job_steal(mti_worker *w) {
  mti_pool *pool = w->pool;
  mt_job *job = NULL;
  for (unsigned i = 0; job == NULL && i < pool->count; i++) {
    mti_worker *victim = &pool->workers[(w->victim + i) % pool->count];
    if (victim != w && (job = mti_deque_steal(&victim->deque)) != NULL) w->victim = victim->index;
  }
  return job;
}

bool mti_job_waits(mti_pool *pool) {
  for (unsigned i = 0; i < pool->count; i++)
    if (mti_deque_has(&pool->workers[i].deque)) return true;
  return false;
}
