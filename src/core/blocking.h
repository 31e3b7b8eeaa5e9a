/* SPDX-License-Identifier: MIT
 *
 * Runners that wait by blocking their thread: threads outside executors, inline tasks, and tasks
 * that a full queue makes the submitter run. They nest: `outer` is who ran on this thread before.
 */
#ifndef MTI_BLOCKING_H
#define MTI_BLOCKING_H

#include "base/parker.h"
#include "core/future.h"

typedef struct mti_blocking {
  mti_runner runner; /* first: a mti_runner * of these ops is a mti_blocking * */
  mti_parker parker;
  mti_runner *outer;
  mti_runner *host;                  /* the nearest runner below that can be suspended, or NULL */
  mt_executor *executor;             /* of its task; NULL outside tasks */
  struct mti_blocking *next, **link; /* running tasks, for mt_dump: guarded by a mutex of its own */
} mti_blocking;

extern const mti_runner_ops mti_blocking_ops;

/* Runs a future's task on this thread, delays, attempts and backoffs included, to its end. It is
 * QUEUED (due_ns < 0) or DELAYED until due_ns. Takes the runtime's reference. */
void mti_run_here(mt_executor *ex, mt_future *f, int64_t due_ns);

/* Whether waiting for f on this thread could never end, since f is below on its very stack. */
bool mti_waits_for_itself(mti_runner *r, mt_future *f);

/* In a forked child: of this thread's runners, those that still can wait. NULL if there are none.
 */
mti_runner *mti_blocking_alone(mti_runner *r);

/* The list of tasks that block their threads, around fork(2). */
void mti_blocking_lock(bool lock);

/* Lines for mt_dump. */
void mti_blocking_dump(mt_executor *ex, FILE *to);
void mti_runner_dump(mti_runner *r, FILE *to);
void mti_blocking_wake(mt_executor *ex);

#endif
