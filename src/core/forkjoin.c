/* SPDX-License-Identifier: MIT
 *
 * Fork and join, from the outside, and the parallel loop that is made of them. What a worker does
 * with a forked job is in src/threads/jobs.c.
 *
 * mt_job.state: NONE is a job that ran at the fork; the others belong to the backend that took it.
 */
#include "base/clock.h"
#include "core/executor.h"
#include "core/jobs.h"
#include <stdlib.h>

void mt_fork(mt_job *job, mt_fn *fn, mt_value arg) {
  mti_runner *r = mti_runner_self();
  job->fn = fn;
  job->value = arg;
  job->owner = r;
  job->runner = NULL;
  job->state = MTI_JOB_FORKED;
  if (r->ops->fork(r, job)) return;
  job->value = fn(arg);
  job->owner = mt_is_failure(job->value) ? mti_runner_take_failure(r) : NULL;
  job->state = MTI_JOB_RAN;
}

mt_value mt_join(mt_job *job) {
  mti_runner *r = mti_runner_self();
  /* Relaxed: only this thread can have written RAN; the backend reads the rest as it must. */
  if (atomic_load_explicit((_Atomic uintptr_t *)&job->state, memory_order_relaxed) == MTI_JOB_RAN) {
    if (mt_is_failure(job->value)) mti_runner_put_failure(r, job->owner);
    return job->value;
  }
  return r->ops->join(r, job);
}

typedef struct loop {
  mt_range_fn *fn;
  void *arg;
  size_t grain;
  _Atomic int stop; /* the first code that was not 0 */
} loop;

typedef struct piece {
  loop *loop;
  size_t begin, end;
} piece;

/* Halves the range: the second half may be taken by another worker, the first is gone on with. */
static mt_value run_piece(mt_value arg) {
  piece *p = arg.data;
  loop *l = p->loop;
  mt_value none = mt_none();
  if (atomic_load_explicit(&l->stop, memory_order_relaxed) != 0) return none;
  if (p->end - p->begin <= l->grain) {
    int code = l->fn(p->begin, p->end, l->arg), zero = 0;
    if (code != 0)
      atomic_compare_exchange_strong_explicit(&l->stop, &zero, code, memory_order_relaxed,
                                              memory_order_relaxed);
    return none;
  }
  size_t middle = p->begin + (p->end - p->begin) / 2;
  piece first = {l, p->begin, middle}, second = {l, middle, p->end};
  mt_job job;
  mt_fork(&job, run_piece, mt_ptr(&second));
  run_piece(mt_ptr(&first));
  mt_join(&job);
  return none;
}

/* Submits the loop as one task and waits for it to the end: it uses our stack. */
static int submit_and_wait(mt_executor *ex, piece *whole) {
  mt_future *f = mt_submit(ex, run_piece, mt_ptr(whole));
  mti_runner *r = mti_runner_self();
  bool passed_on = false;
  while (!mt_done(f)) {
    mt_status st = mti_wait_settled(f, passed_on ? MTI_NEVER : mti_runner_limit(r), MTI_GUARD);
    if (st == MT_EDEADLK || st == MT_EFORKED) {
      mt_cancel(f);
      mt_unref(f);
      return st;
    }
    if (!passed_on && mti_runner_cut(r) != MT_OK) {
      passed_on = true;
      mt_cancel(f);
    }
  }
  const mt_error *error = mt_failure(f);
  int code = error != NULL ? error->code : 0;
  mt_unref(f);
  return code;
}

int mt_for(mt_executor *ex, size_t n, size_t grain, mt_range_fn *fn, void *arg) {
  if (ex == NULL || fn == NULL) return MT_EINVAL;
  if (mti_forked(ex)) return MT_EFORKED;
  if (n == 0) return 0;
  mti_runner *r = mti_runner_self();
  if (r->nowait > 0) return MT_EDEADLK;
  if (grain == 0) grain = n / ((size_t)ex->workers * 8);
  loop l = {.fn = fn, .arg = arg, .grain = grain > 0 ? grain : 1};
  piece whole = {&l, 0, n};
  bool here = r->root->task != NULL && mti_inside(ex);
  int code = 0;
  if (here)
    run_piece(mt_ptr(&whole));
  else
    code = submit_and_wait(ex, &whole);
  int stop = atomic_load_explicit(&l.stop, memory_order_relaxed);
  return stop != 0 ? stop : code;
}
