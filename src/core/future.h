/* SPDX-License-Identifier: MIT
 *
 * A future, from the inside: 64 bytes, one cache line.
 *
 *   word     refs << 32 | birth << 16 | flags | phase   (atomic)
 *   owner    the executor, or (bit 0 set) the extra, which knows the executor; 0 for a promise
 *   watchers who is to be told                   (guarded by LOCKED)
 *   runner   who runs it, while RUNNING          (guarded by LOCKED against the settling)
 *   arg      two words
 *   fn, link   until it is settled, then value / error, link
 *
 * Phases:
 *
 *   PENDING (promise, or a task in the hands of its submitter, who looks for a cancel afterwards)
 *     |             +--------- repeat at once -------+
 *     v             v                                |
 *   DELAYED ----> QUEUED ----> RUNNING --------------+----> DELAYED (repeat later)
 *     |             |             |
 *     +-- cancel, deadline,       +--> VALUE ---> TAKEN (mt_take)
 *     |   shutdown                +--> ERROR
 *     +-----------> ERROR
 *
 * The worker that runs a task is the only one to move it out of RUNNING; a PENDING, DELAYED or
 * QUEUED one may be settled by whoever wants its end. Everyone does it under LOCKED or by a
 * compare-exchange of a word that is not LOCKED, so exactly one settles it. LOCKED is held for a
 * few instructions, and by mt_cancel while it wakes the runner: that keeps the runner from settling
 * and going away.
 *
 * An error overlays fn only, so that a future settled in a queue stays linked until it is popped.
 */
#ifndef MTI_FUTURE_H
#define MTI_FUTURE_H

#include "base/slab.h"
#include "core/runner.h"
#include <assert.h>
#include <meantime.h>
#include <stdarg.h>
#include <stdatomic.h>

enum {
  MTI_PENDING = 0,
  MTI_DELAYED = 1,
  MTI_QUEUED = 2,
  MTI_RUNNING = 3,
  MTI_VALUE = 4,
  MTI_ERROR = 5,
  MTI_TAKEN = 6,
  MTI_PHASE = 7,
  MTI_SETTLED = 4, /* this bit of the phase */
  MTI_LOCKED = 8,
  MTI_WATCHED = 16,     /* watchers is not empty */
  MTI_CANCEL = 32,      /* a cancel has been asked for */
  MTI_PROMISE = 64,     /* belongs to a promise */
  MTI_CANCELABLE = 128, /* a promise's that mt_cancel settles */
  MTI_GROUPED = 256,    /* counted by a group: settling it must tell the group */
  MTI_ROOM = 512        /* holds room in the queue until it starts or is settled */
};
#define MTI_REF ((uint64_t)1 << 32)

/* Bits 16 to 31: the process the future was made in (see core/fork_guard.c), kept here because the
 * executor may be gone when somebody asks. */
#define MTI_BIRTH ((uint64_t)(mti_generation() & 0xffff) << 16)

/* One who is to be told when a future is settled. Told once, after which it may be gone. */
typedef struct mti_watcher {
  struct mti_watcher *next, **link;                  /* link is NULL when it is not in the list */
  void (*told)(struct mti_watcher *w, mt_future *f); /* NULL: a callback, see core/callback.c */
} mti_watcher;

/* What only some tasks need. Set before the submit, except the attempt's fields. */
typedef struct mti_extra {
  mt_executor *executor;
  const char *name;
  void *tag;
  mt_drop *drop_arg, *drop_result;
  const mt_retry *retry;
  mt_group *group;
  mt_future *group_next, **group_link; /* guarded by the group's mutex */
  int64_t timeout_ns;
  int64_t deadline_at_ns;       /* MTI_NEVER if none */
  int64_t started_ns, ended_ns; /* of the last attempt; only if the executor reads the clock */
  _Atomic unsigned attempt;
} mti_extra;

struct mt_future {
  _Atomic uint64_t word;
  uintptr_t owner;
  mti_watcher *watchers;
  mti_runner *runner;
  mt_value arg;
  union {
    struct {
      union {
        mt_fn *fn;
        mt_error *error;
      };
      mt_future *link; /* in a queue or list of the backend */
    };
    mt_value value;
  };
};
static_assert(sizeof(mt_future) <= MTI_FUTURE_SIZE, "a future is one cache line");
static_assert(sizeof(mti_extra) <= MTI_EXTRA_SIZE, "an extra fits its slab");

static inline uint64_t mti_word(const mt_future *f) {
  /* Acquire: pairs with the release of the settling, so that the outcome can be read. */
  return atomic_load_explicit(&((mt_future *)(uintptr_t)f)->word, memory_order_acquire);
}
unsigned mti_generation(void);
static inline bool mti_born_elsewhere(uint64_t word) {
  return !(word & MTI_PROMISE) && (word & 0xffff0000) != MTI_BIRTH;
}
static inline unsigned mti_phase(uint64_t word) {
  return (unsigned)word & MTI_PHASE;
}
static inline bool mti_is_settled(uint64_t word) {
  return (word & MTI_SETTLED) != 0;
}

static inline mti_extra *mti_extra_of(const mt_future *f) {
  return f->owner & 1 ? (mti_extra *)(f->owner & ~(uintptr_t)1) : NULL;
}
static inline mt_executor *mti_executor_of(const mt_future *f) {
  return f->owner & 1 ? mti_extra_of(f)->executor : (mt_executor *)f->owner;
}

/* A new future with two references: the caller's and the runtime's. NULL if there is no memory. */
mt_future *mti_future_new(mt_executor *ex, mt_fn *fn, mt_value arg);
/* Gives a future that nobody else has seen an extra. */
bool mti_future_extend(mt_future *f);

/* A future that has failed already. Never NULL: with no memory at all it is a constant one. */
mt_future *mti_future_refused(mt_executor *ex, const mt_task *task, mt_status why);

/* LOCKED. mti_lock returns the word as it is then, LOCKED included. */
uint64_t mti_lock(mt_future *f);
void mti_unlock(mt_future *f);

/* Moves a future that is not settled between phases. False if it is not in phase `from`, or is
 * RUNNING and a cancel has been asked for. */
bool mti_future_move(mt_future *f, unsigned from, unsigned to);

/* Adds a watcher: false if the future is settled. Takes it back: false if it is told, or being
 * told, already. */
bool mti_watch(mt_future *f, mti_watcher *w);
bool mti_unwatch(mt_future *f, mti_watcher *w);
void mti_unlink(mti_watcher *w); /* a watcher that is there; under LOCKED */

/* Waits until f is settled (MT_OK); else as mti_runner_wait. */
mt_status mti_wait_settled(mt_future *f, int64_t until_ns, unsigned flags);

/* Runs one attempt of a QUEUED task on a runner (core/run.c). < 0: the task is over, and the
 * runtime's reference gone. Otherwise it failed, is DELAYED again, and is to be repeated at that
 * time. */
int64_t mti_run_task(mt_executor *ex, mt_future *f, mti_runner *r);

/* Settling (core/settle.c). */

/* The outcome of a RUNNING task. The runtime's reference goes with it. */
void mti_settle_ran(mt_executor *ex, mt_future *f, unsigned phase, mt_value value, mt_error *error);
/* What has not started ends with a status. False if it has started or is settled. The runtime's
 * reference stays with the queue that f is in. */
bool mti_settle_unstarted(mt_future *f, mt_status why);
/* A promise's. On true the value or error belongs to the future. */
bool mti_settle_promise(mt_future *f, unsigned phase, mt_value value, mt_error *error);
/* The steps after the callbacks. */
void mti_settle_finally(mt_future *f);

/* Errors as records (core/value.c). Never NULL: with no memory it is a constant record. */
mt_error *mti_error_new(int code, const char *task, unsigned attempt, const char *message);
mt_error *mti_error_format(int code, const char *task, unsigned attempt, const char *format,
                           va_list args) MT_PRINTF(4, 0);
void mti_error_free(mt_error *error);

/* Callbacks (core/callback.c). `first` is a list of the callbacks among a settled future's
 * watchers, in order; it may be NULL. They are run, now or by whoever runs callbacks on this thread
 * already, and then mti_settle_finally(f). */
void mti_callbacks_run(mt_future *f, mti_watcher *first);

/* The hooks, if any, of the executor of f. */
typedef void mti_hook(void *hooks_arg, const mt_event *event);
void mti_hook_call(mt_future *f, mti_hook *hook, mt_wait_kind wait, mt_status status);
#define MTI_HOOK(f, ex, which, wait, status)                                                       \
  do {                                                                                             \
    const mt_hooks *hooks_ = (ex)->options.hooks;                                                  \
    if (hooks_ != NULL && hooks_->which != NULL)                                                   \
      mti_hook_call((f), hooks_->which, (wait), (status));                                         \
  } while (0)

#endif
