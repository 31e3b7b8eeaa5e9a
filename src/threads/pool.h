/* SPDX-License-Identifier: MIT
 *
 * The threads backend, from the inside: a pool of workers.
 *
 *   pool.c       open, close, what mt_counters and mt_dump say
 *   worker.c     the loop of a worker: what it does next
 *   queue.c      tasks that wait to start: injection list, rings, stealing
 *   delayed.c    tasks that wait for their time: delays, backoffs, deadlines in the queue
 *   slots.c      in_flight: who may start or run on
 *   idle.c       who sleeps, who searches, who is woken
 *   fiber.c      suspending and resuming: a task's wait
 *   stack.c      the memory of stacks
 *   switch*      from one stack to another
 *   timers.c     when fibers wake up
 *   reactor*     descriptors
 *   lane.c       mt_block
 *   jobs.c       forked jobs
 */
#ifndef MTI_POOL_H
#define MTI_POOL_H

#include "base/parker.h"
#include "core/blocking.h"
#include "core/executor.h"
#include "threads/deque.h"
#include "threads/heap.h"
#include "threads/reactor.h"
#include "threads/ring.h"
#include "threads/switch.h"

typedef struct mti_worker mti_worker;
typedef struct mti_pool mti_pool;
typedef struct mti_fiber mti_fiber;

typedef struct mti_fibers { /* a queue */
  mti_fiber *first, *last;
} mti_fibers;

/* A task's slot: shared by the fibers that run the task and its forked jobs. See slots.c. */
typedef struct mti_share {
  _Atomic uint32_t lock; /* guards the rest */
  unsigned active;       /* fibers that run, or wait in a way that keeps the slot */
  bool has_slot;
  bool in_line;     /* one of its fibers is in the line for a slot */
  mti_fibers waits; /* the others that want to run on */
} mti_share;

/* A stack, and what runs on it. It lives at the high end of the stack's memory, in the page that is
 * touched first anyway. The scheduler's loop itself runs on fibers: a fiber is idle (suspended in
 * the loop), or runs the loop and perhaps a task in it, or its task is suspended and the loop below
 * it. */
struct mti_fiber {
  mti_runner runner; /* first */
  mti_context context;
  mti_worker *worker;
  char *low;             /* end of the stack */
  mti_fiber *next;       /* in one list: ready, idle, inbox, slot line */
  mti_share share;       /* of the task that began on this fiber */
  _Atomic uint32_t park; /* MTI_EMPTY, MTI_PARKED, MTI_NOTIFIED: see fiber.c */
  /* Only touched by the worker. */
  bool needs_slot; /* it left its task's share of a slot, and must enter again to run on */
  bool timed_out;
  int64_t timer_ns;  /* when it is to be woken; MTI_NEVER if not */
  unsigned stack_id; /* Valgrind's */
};

typedef struct mti_stacks { /* see stack.c; only touched by the worker, chunks read by others */
  struct mti_chunk *_Atomic chunks;
  char **bare; /* stacks whose memory was given back */
  size_t bare_count, bare_capacity;
  mti_fiber *idle; /* suspended in the loop: most recently used first */
  size_t idle_count;
} mti_stacks;

struct mti_worker {
  mti_pool *pool;
  unsigned index;
  pthread_t thread;
  bool started; /* the thread exists */
  bool entered; /* it has left its own stack once */

  /* Only touched by the worker itself. */
  mti_fiber *current;
  mti_context origin; /* the thread's own stack */
  mti_fibers ready;
  mti_stacks stacks;
  mti_heap timers;
  mti_reactor reactor;
  unsigned tick, poll_at, poll_every;
  int64_t polled_ns, trim_at_ns;
  unsigned victim;    /* where stealing begins */
  bool spare;         /* it holds a slot for the next start */
  bool searching;     /* it was woken to look for work: see idle.c */
  bool start_first;   /* somebody yielded: a new start goes first */
  unsigned awaited;   /* > 0: of the last tasks it started, somebody waited for one */
  struct {            /* see idle.c */
    bool on, in_vain; /* it is to linger; it has just done so, and found nothing */
    int64_t pause_ns; /* the last pause, if it has not paid since; else 0 */
    int64_t paused_until_ns;
  } linger;
  _Atomic size_t suspended; /* tasks that wait here; read by others */

  /* Written by any thread. */
  _Alignas(64) _Atomic(mti_fiber *) inbox; /* resumed by others, newest first */
  mti_parker parker; /* where it sleeps without descriptors; its word also when with them */

  _Atomic bool wants; /* counted in slots.wanted */
  _Atomic bool busy;  /* in a task or a job; written by the worker */

  /* Guarded by the pool's idle mutex. */
  bool is_idle;
  mti_worker *idle_next, **idle_link;

  mti_ring ring;
  mti_deque deque;
  mti_tally tally;
};

struct mti_pool {
  mt_executor *ex;
  mti_worker *workers;
  unsigned count;
  size_t stack_size;
  bool may_linger; /* there is a second CPU: see idle.c */

  struct { /* tasks submitted from outside, and what the rings could not hold: see queue.c */
    _Alignas(64) pthread_mutex_t mutex;
    mt_future *first, **end;
    _Atomic size_t count; /* written under the mutex */
  } inject;

  struct { /* see delayed.c */
    _Alignas(64) pthread_mutex_t mutex;
    mti_heap heap;
    _Atomic int64_t next_ns;      /* the first entry's time; written under the mutex */
    _Atomic(mti_worker *) keeper; /* the sleeper that wakes for it */
    _Atomic size_t count;         /* delayed tasks */
  } delayed;

  struct { /* see slots.c */
    _Alignas(64) _Atomic size_t free;
    _Atomic size_t wanted;  /* workers that are waking up to run on with a slot */
    _Atomic size_t waiting; /* fibers in line; written under the mutex */
    pthread_mutex_t mutex;
    mti_fibers line;
  } slots;

  struct { /* see idle.c */
    _Alignas(64) _Atomic unsigned count;
    _Atomic unsigned searching;
    pthread_mutex_t mutex;
    mti_worker *first; /* most recently idle first */
  } idle;

  struct { /* see lane.c */
    pthread_mutex_t mutex;
    pthread_cond_t work, gone;
    struct mti_request *first, **end;
    unsigned threads, sleeping, limit;
    bool closing;
  } lane;

  _Atomic bool closing;
  _Atomic unsigned starting; /* workers whose init is not over */
  _Atomic mt_status opening; /* why a worker could not be opened */
  mti_parker opened;
};

static inline mti_pool *mti_pool_of(mt_executor *ex) {
  return ex->impl;
}

static inline void mti_fibers_push(mti_fibers *q, mti_fiber *f) {
  f->next = NULL;
  if (q->first == NULL)
    q->first = f;
  else
    q->last->next = f;
  q->last = f;
}

static inline mti_fiber *mti_fibers_pop(mti_fibers *q) {
  mti_fiber *f = q->first;
  if (f != NULL) q->first = f->next;
  return f;
}

/* pool.c: a thread of the pool, with asynchronous signals blocked, named. Returns 0 or an errno. */
int mti_thread_start(mti_pool *pool, pthread_t *ret, void *(*run)(void *), void *arg,
                     const char *kind, unsigned index);

/* worker.c */
void mti_worker_loop(mti_worker *w); /* returns when the pool closes */
void mti_worker_poll(mti_worker *w); /* what has become due or ready, without waiting */
/* The next fiber that may run, or NULL. It then has its slot. */
mti_fiber *mti_worker_ready(mti_worker *w);

/* pool.c: a failed attempt's next one. */
void mti_repeat_at(mt_executor *ex, mt_future *f, int64_t due_ns);

/* queue.c */
void mti_queue_put(mti_pool *pool, mt_future *f, bool inside);
void mti_queue_put_list(mti_pool *pool, mt_future *first, mt_future **end, size_t n);
mt_future *mti_queue_take(mti_worker *w);
bool mti_queue_has(mti_pool *pool);
void mti_queue_cancel(mti_pool *pool);

/* delayed.c */
bool mti_delayed_put(mti_pool *pool, mt_future *f, int64_t due_ns, bool is_deadline);
void mti_delayed_run(mti_pool *pool, int64_t now_ns); /* starts and expires what is due */
void mti_delayed_forget(mti_pool *pool);              /* one entry has died */
void mti_delayed_tidy(mti_pool *pool);                /* when there is nothing else to do */
void mti_delayed_cancel(mti_pool *pool);
int64_t mti_delayed_keep(mti_worker *w); /* before sleeping: when to wake for the delayed tasks */
void mti_delayed_unkeep(mti_worker *w);  /* after sleeping */

/* slots.c */
bool mti_slot_take(mti_pool *pool); /* for a new start */
bool mti_slot_may_start(mti_pool *pool);
void mti_slot_want(mti_worker *w); /* a fiber of it was woken that needs a slot */
void mti_slot_unwant(mti_worker *w);
void mti_slot_give(mti_pool *pool);
void mti_slot_give_spare(mti_worker *w);            /* if it has one */
void mti_share_begin(mti_fiber *root);              /* with a slot */
void mti_share_end(mti_worker *w, mti_fiber *root); /* gives it to the worker */
void mti_share_leave(mti_worker *w, mti_fiber *f);  /* f does not run for now */
/* f is to run on: true if it may. Otherwise it is resumed once it may ask again. */
bool mti_share_enter(mti_worker *w, mti_fiber *f);
bool mti_share_try(mti_worker *w, mti_fiber *f); /* as enter, but it is not resumed */
void mti_share_force(mti_fiber *f);              /* enters without a slot */

/* idle.c */
void mti_wake_one(mti_pool *pool); /* if a worker sleeps and none is searching */
void mti_wake_any(mti_pool *pool); /* a sleeper that is to look at its timers */
void mti_wake(mti_worker *w);      /* this one */
void mti_found_work(mti_worker *w);
bool mti_idle(
    mti_worker *w); /* sleeps until there may be something to do; false: the pool closes */

/* fiber.c */
void mti_fiber_wait_turn(mti_worker *w); /* a forked job is to begin: until its task has a slot */
extern const mti_runner_ops mti_fiber_ops;
void mti_fiber_resume(mti_worker *w, mti_fiber *f); /* from the loop */
void mti_fiber_enter(void *fiber);                  /* the first function on a stack */
void mti_fiber_unpark(mti_fiber *f);
void mti_fiber_send(mti_fiber *f); /* to its worker's ready list; NOTIFIED, and in no list */
void mti_inbox_take(mti_worker *w);

/* stack.c */
mti_fiber *mti_stack_get(mti_worker *w); /* an idle fiber or a new one; NULL: no memory */
void mti_stack_put(mti_worker *w, mti_fiber *f);
bool mti_stack_has_excess(mti_worker *w);
bool mti_stack_trim(mti_worker *w); /* gives some of the excess back; false: it cannot */
void mti_stack_fini(mti_worker *w, bool forked);
void mti_stack_each(mti_worker *w, void (*fn)(mti_fiber *f, void *arg), void *arg); /* any thread */

/* timers.c */
bool mti_timer_set(mti_fiber *f, int64_t due_ns);
void mti_timer_clear(mti_fiber *f);
void mti_timers_run(mti_worker *w, int64_t now_ns);

/* lane.c */
void mti_lane_init(mti_pool *pool);
void mti_lane_fini(mti_pool *pool);
mt_value mti_lane_block(mti_runner *r, mt_fn *fn, mt_value arg);

/* jobs.c */
bool mti_job_fork(mti_runner *r, mt_job *job);
mt_value mti_job_join(mti_runner *r, mt_job *job);
void mti_job_run(mti_worker *w, mt_job *job);
mt_job *mti_job_steal(mti_worker *w);
bool mti_job_waits(mti_pool *pool);

#endif
