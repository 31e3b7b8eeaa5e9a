/* SPDX-License-Identifier: MIT
 *
 * meantime/fork.h: fork-join, for computing: parallel recursion without an allocation.
 *
 *   mt_job left;
 *   mt_fork(&left, sum, mt_ptr(&half));      may run on another worker
 *   long right = ...;                        meanwhile
 *   long both = right + mt_as_int(mt_join(&left));
 *
 * Joins come last-in first-out: each job is joined by the task that forked it, in reverse order,
 * before the function that forked it returns. A job shares its task's cancel, deadline and slot.
 * The joiner runs its job itself if nobody else has taken it, else it waits; it never runs a
 * stranger's work on its own stack. Outside tasks, and in inline ones, the job runs at the fork.
 */
#ifndef MEANTIME_FORK_H
#define MEANTIME_FORK_H

#include <meantime/executor.h>
#include <meantime/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The caller's storage for one job. Its contents are meantime's. */
typedef struct mt_job {
  mt_fn *fn;
  mt_value value; /* the argument, then the result */
  void *owner;
  void *runner;
  uintptr_t state;
} mt_job;

MT_API void mt_fork(mt_job *job, mt_fn *fn, mt_value arg);

/* The job's value; a failure value if it failed. Waits to the end even in a cancelled task, to
 * whose jobs the cancel is passed on: they use the caller's memory. */
MT_API mt_value mt_join(mt_job *job);

/* Calls fn(begin, end, arg) for pieces of 0..n, in parallel on the executor's workers. `grain` is
 * the longest piece (0: chosen from n and the workers). fn returns 0, or a code that stops what has
 * not started; the first such code is returned. From a task of `ex` it forks right there; otherwise
 * it is submitted and waited for. Waits to the end even if cut. Further errors: as mt_submit. */
typedef int mt_range_fn(size_t begin, size_t end, void *arg);
MT_API int mt_for(mt_executor *ex, size_t n, size_t grain, mt_range_fn *fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
