/* SPDX-License-Identifier: MIT
 *
 * meantime/task.h: handing tasks to an executor.
 *
 *   mt_future *f = mt_submit(ex, fetch, mt_ptr("AAPL"));
 *
 * A submit never returns NULL. What cannot be accepted (queue full, shut down, no memory) is a
 * future that has failed with the reason: errors have one way to arrive. Every future must be
 * unreffed.
 */
#ifndef MEANTIME_TASK_H
#define MEANTIME_TASK_H

#include <meantime/executor.h>
#include <meantime/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_group mt_group;

/* When to repeat a task that failed. The wait between attempts holds neither a thread nor a slot.
 *
 * The wait before repeat k (1, 2, ...) is drawn evenly from 0 to min(max_ns, first_ns *
 * factor^(k-1))
 * ("full jitter": Brooker, Exponential Backoff And Jitter, 2015), or is exactly that with
 * no_jitter.
 *
 * Never repeated: cancelled tasks, tasks past their deadline, and all once a shutdown cancels. If
 * `worth` is NULL, any other failure is. A wait that would pass the deadline is not begun: the task
 * fails then and there with its last error. */
typedef struct mt_retry {
  unsigned repeats; /* how often to repeat after the first attempt */
  int64_t first_ns; /* default 100 ms */
  int64_t max_ns;   /* default 30 s */
  double factor;    /* default 2 */
  bool no_jitter;
  /* Whether this failure is worth another attempt, and, by *delay_ns, how long to wait before it if
   * the policy's own wait is wrong (as after "Retry-After: 7"). Called on the worker, where
   * mt_self() still is the task; must not wait. */
  bool (*worth)(void *worth_arg, const mt_error *error, int64_t *delay_ns);
  void *worth_arg;
} mt_retry;

/* A task with all its attributes. Zero means none; pointers are borrowed until the future settles,
 * `name` until it is freed. */
typedef struct mt_task {
  mt_fn *fn;
  mt_value arg;
  mt_drop *drop_arg;    /* called once with the argument, when the future is freed; must not wait */
  mt_drop *drop_result; /* called once with a bare result that mt_take has not moved out */
  const char *name;     /* for errors, hooks and mt_dump */
  mt_group *group;      /* see meantime/group.h */
  const mt_retry *retry;
  void *tag;        /* the caller's: mt_tag */
  int64_t delay_ns; /* not to start before this has passed since the submit; needs no stack */
  /* Both cut the attempt's waits with MT_EDEADLINE. Given up for that, the future's code is
   * MT_ETIMEDOUT (worth a retry) if it was the timeout, MT_EDEADLINE if it was the deadline. */
  int64_t timeout_ns;  /* per attempt, from its start */
  int64_t deadline_ns; /* from the submit: queue, delay, backoff and attempts together */
} mt_task;

/* Submits fn(arg). On success and on failure the caller owns one reference to the future.
 *
 * Thread-safe, and callable from inside tasks. MT_FULL_WAIT may make it wait for room. Refusals:
 * MT_EFULL (in a callback or hook also with MT_FULL_WAIT and MT_FULL_RUN), MT_ESHUTDOWN,
 * MT_EFORKED, MT_ENOMEM, MT_EINVAL (fn is NULL, ex is NULL), MT_ECANCELED or MT_EDEADLINE (the
 * submitting task was cut while it waited for room). */
MT_API mt_future *mt_submit(mt_executor *ex, mt_fn *fn, mt_value arg);
MT_API mt_future *mt_submit_task(mt_executor *ex, const mt_task *task);

/* Submits fn(arg) into a group, without a handle: the group knows how it ended. Returns 0, or why
 * it was refused (then the group does not count it). */
MT_API mt_status mt_go(mt_group *group, mt_executor *ex, mt_fn *fn, mt_value arg);

#ifdef __cplusplus
}
#endif
#endif
