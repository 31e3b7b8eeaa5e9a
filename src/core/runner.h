/* SPDX-License-Identifier: MIT
 *
 * A runner: who runs right now, and how it waits.
 *
 * Every wait in the core is written once, in terms of a runner: a task on a stack of its own (which
 * is suspended), an inline task, or a thread outside (which both block). The thread's current
 * runner is mti_here.runner; a thread that has none yet gets one of its own from mti_runner_self.
 *
 * Waiting is a loop around mti_runner_wait: it returns when the runner is unparked, for whatever
 * reason, so that its caller looks at its condition again. Wake-ups are never lost and may be
 * spurious. The precedence is kept in one place, mti_runner_wait: cancel, then deadline, then the
 * wait's own timeout, then the wake-up.
 */
#ifndef MTI_RUNNER_H
#define MTI_RUNNER_H

#include <meantime.h>
#include <stdatomic.h>

typedef struct mti_runner mti_runner;

typedef struct mti_runner_ops {
  /* Waits until unparked (MT_OK) or until_ns (MT_ETIMEDOUT); MT_ENOMEM if it cannot wait.
   * give_slot: the task does not count as in flight meanwhile. */
  mt_status (*park)(mti_runner *r, int64_t until_ns, bool give_slot);
  /* Any thread. If `gone` is not NULL it becomes 1 after the last touch of what r lives in. */
  void (*unpark)(mti_runner *r, _Atomic uint32_t *gone);
  void (*yield)(mti_runner *r);
  /* Waits for a descriptor, or until unparked (0) or until_ns (MT_ETIMEDOUT). */
  int (*wait_fd)(mti_runner *r, int fd, int events, int64_t until_ns);
  mt_value (*block)(mti_runner *r, mt_fn *fn, mt_value arg);
  /* fork: false if the job must run at once. join: only after fork returned true. */
  bool (*fork)(mti_runner *r, mt_job *job);
  mt_value (*join)(mti_runner *r, mt_job *job);
} mti_runner_ops;

struct mti_runner {
  const mti_runner_ops *ops;
  mt_future *task;   /* what it runs; NULL outside tasks */
  mti_runner *root;  /* itself, or for a forked job the runner of the task it belongs to */
  mt_error *failure; /* the last mt_fail's, until the task returns */
  int64_t limit_ns;  /* root only: when the attempt's time is over */
  bool limit_is_deadline;
  bool shield;
  unsigned nowait; /* > 0 in callbacks and hooks: every wait is MT_EDEADLK */
  unsigned attempt;
  int worker;
  /* For mt_dump, which reads them from another thread, at any time. */
  _Atomic int wait_kind;
  _Atomic int64_t wait_since_ns;
  _Atomic intptr_t wait_what;
  _Atomic uintptr_t dump_task; /* address of the task's future, 0 if none */
  _Atomic uint64_t dump_name[3];
};

/* What belongs to the thread. One thread-local variable, so that one address is computed. */
typedef struct mti_thread {
  mti_runner *runner;
  mt_executor *executor;   /* whose worker this thread is, or NULL */
  mt_executor *serves;     /* whose task's blocking call this thread runs, or NULL */
  void *worker;            /* the backend's own idea of it */
  struct mti_tally *tally; /* that worker's counters */
  struct mti_callback *callbacks, **callbacks_end; /* to be run, see core/callback.c */
  bool in_callbacks;
  mt_future *dead; /* to be freed, see destroy() in core/future.c; linked by their runner field */
  bool in_drops;
} mti_thread;

extern _Thread_local mti_thread mti_here __attribute__((tls_model("initial-exec")));

mti_runner *mti_runner_outside(void); /* this thread's own runner */

static inline mti_runner *mti_runner_self(void) {
  mti_runner *r = mti_here.runner;
  return r != NULL ? r : mti_runner_outside();
}

/* Why the runner's task should stop: MT_ECANCELED, MT_EDEADLINE or 0. */
mt_status mti_runner_cut(mti_runner *r);

enum {
  MTI_GIVE_SLOT = 1, /* not in flight while it waits */
  MTI_TURN = 4,      /* reaching until_ns is what it waits for: observers are told success */
  MTI_GUARD = 2      /* not ended by a cut: the caller passes the cut on and waits on */
};

/* One wait. MT_OK: unparked, look again. Other results end the caller's loop: MT_ECANCELED,
 * MT_EDEADLINE (never with MTI_GUARD), MT_ETIMEDOUT, MT_EDEADLK, MT_ENOMEM. until_ns 0 polls: it is
 * MT_ETIMEDOUT at once. `what` is for mt_dump. */
mt_status mti_runner_wait(mti_runner *r, mt_wait_kind kind, intptr_t what, int64_t until_ns,
                          unsigned flags);

/* For a wait with MTI_GUARD: the point at which it must wake to pass a cut on. */
int64_t mti_runner_limit(mti_runner *r);

/* The bookkeeping around any wait: hooks, and what mt_dump shows. */
void mti_runner_waiting(mti_runner *r, mt_wait_kind kind, intptr_t what);
void mti_runner_resumed(mti_runner *r, mt_wait_kind kind, mt_status status);

/* Begins and ends an attempt on this runner. */
void mti_runner_begin(mti_runner *r, mt_future *task, int64_t now_ns);
void mti_runner_end(mti_runner *r);

/* The error record of mt_fail, and moving it between runners (blocking lane, forked jobs). */
mt_error *mti_runner_take_failure(mti_runner *r);
void mti_runner_put_failure(mti_runner *r, mt_error *failure);

#endif
