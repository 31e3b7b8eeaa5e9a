/* SPDX-License-Identifier: MIT
 *
 * An executor, from the inside: what every kind has in common, and the ops table of a kind.
 *
 * The life of an executor:
 *
 *   OPEN --shutdown--> DRAINING --all settled--> (close) --> freed
 *                  (+ REFUSING, + CANCELLING with the cancel flags)
 *
 * Tasks are counted in tallies: one for each worker, written by it alone, and one shared by all
 * other threads. An executor is drained when as many tasks are settled as were accepted. The
 * settled ones are summed first: both sums only grow, so equality of an older `settled` with a
 * newer `accepted` means that both were equal in between.
 */
#ifndef MTI_EXECUTOR_H
#define MTI_EXECUTOR_H

#include "core/future.h"
#include <pthread.h>

/* Settled last: it is written after the task's callbacks have run and its group was told. */
typedef struct mti_tally {
  _Atomic uint64_t submitted, started, settled, failed, cancelled, retried;
  _Atomic uint64_t ended;   /* attempts whose function has returned; before anybody is told */
  _Atomic uint64_t dropped; /* tasks settled before they started; before anybody is told */
} mti_tally;

enum {
  MTI_DRAINING = 1,    /* outsiders are refused */
  MTI_REFUSING = 2,    /* everybody is */
  MTI_DROP_QUEUED = 4, /* what is popped is cancelled, not started */
  MTI_CLOSED = 16,     /* everybody is, callbacks of what was counted already included */
  MTI_DROP_RUNNING = 8 /* every running task counts as cancelled */
};

typedef struct mti_backend {
  const char *name;
  unsigned capabilities;
  /* Makes ex->impl, with ex->workers workers (0: the backend's default, which it sets). */
  mt_status (*open)(mt_executor *ex);
  /* Takes a QUEUED future, and the runtime's reference, to be started. `inside`: the caller is a
   * task of this executor. */
  void (*submit)(mt_executor *ex, mt_future *f, bool inside);
  /* Takes a DELAYED future, to become QUEUED at due_ns. False if there is no memory for that. */
  bool (*submit_at)(mt_executor *ex, mt_future *f, int64_t due_ns);
  /* Will settle f with MT_EDEADLINE at due_ns if it has not started by then; takes no reference. */
  bool (*expire_at)(mt_executor *ex, mt_future *f, int64_t due_ns);
  /* A future that was handed over has been settled before it started: it may be forgotten. */
  void (*forget)(mt_executor *ex);
  /* Settles, as cancelled, what has not started. */
  void (*cancel_queued)(mt_executor *ex);
  /* Wakes every running task that waits: it will find itself cancelled. */
  void (*wake_running)(mt_executor *ex);
  void (*counters)(mt_executor *ex, mt_counts *ret); /* what the tallies do not say */
  void (*dump)(mt_executor *ex, FILE *to);
  /* Ends the threads and frees impl. Everything is settled. forked: only free. */
  void (*close)(mt_executor *ex, bool forked);
} mti_backend;

extern const mti_backend mti_threads_backend, mti_inline_backend;

struct mt_executor {
  const mti_backend *backend;
  void *impl;
  mt_options options;
  unsigned workers, in_flight;
  unsigned generation; /* of the process: see core/fork_guard.c */
  bool timed;          /* the clock is read around each attempt */
  mt_limit *room;      /* queue_limit as permits, or NULL */
  _Atomic unsigned state;

  mti_tally shared;    /* of threads that are no workers of this executor: atomic additions */
  mti_tally *tallies;  /* one for each worker: only added to by it; written by backend->open */
  size_t tally_stride; /* bytes between two */

  pthread_mutex_t mutex;        /* guards what follows */
  struct mti_waitnode *waiters; /* those in mt_shutdown */

  mt_executor *next, **link; /* all executors, for mt_dump: guarded by its mutex */
};

/* Adds to a counter of the calling thread's tally. */
mti_tally *mti_tally_of(mt_executor *ex, bool *shared);
#define MTI_COUNT(ex, which)                                                                       \
  do {                                                                                             \
    bool shared_;                                                                                  \
    mti_tally *tally_ = mti_tally_of((ex), &shared_);                                              \
    mti_count(&tally_->which, shared_);                                                            \
  } while (0)

static inline void mti_count(_Atomic uint64_t *counter, bool shared) {
  /* Release: who sums the tallies sees what was done before. A worker's own needs no locked add. */
  if (shared)
    atomic_fetch_add_explicit(counter, 1, memory_order_release);
  else
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_release);
}

/* The list of all executors, around fork(2). */
void mti_executors_lock(bool lock);

bool mti_is_drained(mt_executor *ex);
/* Called when the executor may have become drained: wakes those in mt_shutdown. */
void mti_check_drained(mt_executor *ex);
/* The last step of a task: counts it as settled. `ex` may be freed by another thread once it
 * returns, unless the caller is one of its workers. */
void mti_task_over(mt_executor *ex);

static inline unsigned mti_state(mt_executor *ex) {
  return atomic_load_explicit(&ex->state, memory_order_acquire);
}

/* Whether this thread is running a task of ex, or a callback. */
bool mti_inside(mt_executor *ex);

/* fork(2): the number of forks between the first process and this one. */
void mti_fork_guard(void); /* before the first executor */
unsigned mti_generation(void);
static inline bool mti_forked(mt_executor *ex) {
  return ex->generation != mti_generation();
}

/* A task leaves the queue for good: gives its room back, once. */
void mti_leave_room(mt_executor *ex, mt_future *f);

/* Retry (core/retry.c): after a failure with `error`: < 0 if the task is over, else the wait in ns.
 */
int64_t mti_retry_delay(mt_future *f, mti_extra *x, const mt_error *error);

/* Groups (core/group.c). */
mt_status mti_group_join(mt_group *g, mt_future *f); /* 0, or MT_ECANCELED: cancelled already */
void mti_group_leave(mt_future *f, mti_extra *x);
bool mti_group_cancelled(mt_group *g);

#endif
