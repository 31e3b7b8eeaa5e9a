/* SPDX-License-Identifier: MIT
 *
 * The threads backend: making and ending a pool of workers.
 *
 * A pool opens once every worker has run its init hook; if one fails, those that succeeded run
 * their fini and nothing is left. If not all threads can be had, it opens with those there are. It
 * closes when every task is settled: then each worker finds nothing to do, sees `closing` and
 * leaves. */
#include "threads/pool.h"
#include "base/clock.h"
#include "base/mutex.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The name is set by the thread itself, so it arrives with the start. */
typedef struct start {
  void *(*run)(void *);
  void *arg;
  char name[16]; /* the most that Linux keeps */
} start;

static void *begin(void *arg) {
  start s = *(start *)arg;
  free(arg);
#ifdef __linux__
  pthread_setname_np(pthread_self(), s.name);
#endif
  return s.run(s.arg);
}

int mti_thread_start(mti_pool *pool, pthread_t *ret, void *(*run)(void *), void *arg,
                     const char *kind, unsigned index) {
  start *s = malloc(sizeof *s);
  if (s == NULL) return -1;
  *s = (start){.run = run, .arg = arg};
  char number[16];
  const char *prefix = pool->ex->options.name != NULL ? pool->ex->options.name : "meantime";
  snprintf(number, sizeof number, "%s%u", kind, index);
  size_t end = strlen(number), length = strnlen(prefix, sizeof s->name - 1 - end);
  memcpy(s->name, prefix, length);
  memcpy(s->name + length, number, end + 1);
  /* Signals are for the program's own threads; those that a fault raises cannot be kept off. */
  sigset_t all, before;
  sigfillset(&all);
  const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(ret, NULL, begin, s);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (rc != 0) free(s);
  return rc;
}

static void worker_opened(mti_pool *pool, mt_status st) {
  if (st != MT_OK) atomic_store_explicit(&pool->opening, st, memory_order_relaxed);
  /* Release: the opener sees the above. */
  if (atomic_fetch_sub_explicit(&pool->starting, 1, memory_order_acq_rel) == 1)
    mti_unpark(&pool->opened, NULL);
}

static void *run_worker(void *arg) {
  mti_worker *w = arg;
  mti_pool *pool = w->pool;
  const mt_options *o = &pool->ex->options;
  mti_context_adopt(&w->origin);
  mti_here.executor = pool->ex;
  mti_here.worker = w;
  mti_here.tally = &w->tally;
  bool ok = o->worker_init == NULL || o->worker_init(o->worker_arg, w->index) == 0;
  mti_fiber *first = ok ? mti_stack_get(w) : NULL;
  worker_opened(pool, !ok ? MT_EBROKEN : first == NULL ? MT_ENOMEM : MT_OK);
  if (first != NULL) {
    w->current = first;
    mti_here.runner = &first->runner;
    mti_context_switch(&w->origin, &first->context, 0);
    mti_stack_put(w, w->current);
  }
  mti_here.runner = NULL;
  if (ok && o->worker_fini != NULL) o->worker_fini(o->worker_arg, w->index);
  return NULL;
}

static void init_worker(mti_pool *pool, unsigned i) {
  mti_worker *w = &pool->workers[i];
  w->pool = pool;
  w->index = i;
  w->victim = i + 1;
  w->poll_every = 1;
  w->trim_at_ns = MTI_NEVER;
  mti_parker_init(&w->parker);
  mti_reactor_init(&w->reactor);
}

static void fini_worker(mti_worker *w, bool forked) {
  mti_stack_fini(w, forked);
  mti_heap_fini(&w->timers);
  mti_deque_fini(&w->deque);
  if (!forked) mti_reactor_fini(&w->reactor); /* descriptors are shared with the parent's process */
  mti_parker_fini(&w->parker);
}

static void free_pool(mti_pool *pool, bool forked) {
  for (unsigned i = 0; i < pool->count; i++) fini_worker(&pool->workers[i], forked);
  mti_heap_fini(&pool->delayed.heap);
  if (!forked) {
    pthread_mutex_destroy(&pool->inject.mutex);
    pthread_mutex_destroy(&pool->delayed.mutex);
    pthread_mutex_destroy(&pool->slots.mutex);
    pthread_mutex_destroy(&pool->idle.mutex);
    mti_parker_fini(&pool->opened);
  }
  free(pool->workers);
  free(pool);
}

/* Workers leave when they find nothing to do. */
static void end_threads(mti_pool *pool) {
  atomic_store_explicit(&pool->closing, true, memory_order_seq_cst);
  for (unsigned i = 0; i < pool->count; i++)
    if (pool->workers[i].started) mti_wake(&pool->workers[i]);
  for (unsigned i = 0; i < pool->count; i++)
    if (pool->workers[i].started) pthread_join(pool->workers[i].thread, NULL);
}

/* Starts as many workers as can be had; returns how many. */
static unsigned start_threads(mti_pool *pool) {
  unsigned n = 0;
  atomic_init(&pool->starting, pool->count + 1);
  while (n < pool->count) {
    mti_worker *w = &pool->workers[n];
    if (mti_thread_start(pool, &w->thread, run_worker, w, "-", n) != 0) break;
    w->started = true;
    n++;
  }
  unsigned missing = pool->count - n + 1;
  if (atomic_fetch_sub_explicit(&pool->starting, missing, memory_order_acq_rel) != missing)
    while (atomic_load_explicit(&pool->starting, memory_order_acquire) > 0)
      mti_park(&pool->opened, MTI_NEVER);
  return n;
}

static mti_pool *new_pool(mt_executor *ex, unsigned count) {
  mti_pool *pool = aligned_alloc(64, (sizeof *pool + 63) & ~(size_t)63);
  mti_worker *workers = aligned_alloc(64, count * sizeof *workers);
  if (pool == NULL || workers == NULL) {
    free(pool);
    free(workers);
    return NULL;
  }
  memset(pool, 0, sizeof *pool);
  memset(workers, 0, count * sizeof *workers);
  pool->ex = ex;
  pool->workers = workers;
  pool->count = count;
  pool->may_linger = mt_cpus() > 1;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t size = ex->options.stack_size > 0 ? ex->options.stack_size : 256 * 1024;
  pool->stack_size = (size + page - 1) / page * page + page; /* and the guard */
  mti_mutex_init(&pool->inject.mutex);
  mti_mutex_init(&pool->delayed.mutex);
  mti_mutex_init(&pool->slots.mutex);
  mti_mutex_init(&pool->idle.mutex);
  mti_parker_init(&pool->opened);
  pool->inject.end = &pool->inject.first;
  atomic_init(&pool->delayed.next_ns, MTI_NEVER);
  bool ok = true;
  for (unsigned i = 0; i < count; i++) {
    init_worker(pool, i);
    ok = mti_deque_init(&workers[i].deque) && ok;
  }
  if (ok) return pool;
  free_pool(pool, false);
  return NULL;
}

static mt_status open_pool(mt_executor *ex) {
  if (ex->workers == 0) ex->workers = mt_cpus();
  mti_pool *pool = new_pool(ex, ex->workers);
  if (pool == NULL) return MT_ENOMEM;
  ex->in_flight = ex->options.in_flight > 0 ? ex->options.in_flight : ex->workers;
  atomic_init(&pool->slots.free, ex->in_flight);
  ex->impl = pool;
  mti_lane_init(pool);
  unsigned n = start_threads(pool);
  mt_status st = n == 0 ? MT_ENOMEM : atomic_load_explicit(&pool->opening, memory_order_relaxed);
  if (st != MT_OK) {
    end_threads(pool);
    mti_lane_fini(pool);
    free_pool(pool, false);
    return st;
  }
  ex->workers = n; /* those that could not be started stay empty, and are never woken */
  ex->tallies = &pool->workers[0].tally;
  ex->tally_stride = sizeof(mti_worker);
  return MT_OK;
}

static void close_pool(mt_executor *ex, bool forked) {
  mti_pool *pool = mti_pool_of(ex);
  if (!forked) {
    end_threads(pool);
    mti_lane_fini(pool);
    /* Tasks that were settled where they lay are still held by the queues. */
    mti_queue_cancel(pool);
    mti_delayed_cancel(pool);
  }
  free_pool(pool, forked);
}

static void cancel_queued(mt_executor *ex) {
  mti_delayed_cancel(mti_pool_of(ex));
  mti_queue_cancel(mti_pool_of(ex));
}

/* A shutdown that came between the admission of a task and its queueing has emptied the queues
 * before: sequentially consistent, so that it finds the task or we find its flag. */
static void dropped_meanwhile(mt_executor *ex) {
  if (atomic_load_explicit(&ex->state, memory_order_seq_cst) & MTI_DROP_QUEUED) cancel_queued(ex);
}

static void submit(mt_executor *ex, mt_future *f, bool inside) {
  mti_queue_put(mti_pool_of(ex), f, inside);
  dropped_meanwhile(ex);
}

static bool submit_at(mt_executor *ex, mt_future *f, int64_t due_ns) {
  if (!mti_delayed_put(mti_pool_of(ex), f, due_ns, false)) return false;
  dropped_meanwhile(ex);
  return true;
}

static bool expire_at(mt_executor *ex, mt_future *f, int64_t due_ns) {
  return mti_delayed_put(mti_pool_of(ex), f, due_ns, true);
}

void mti_repeat_at(mt_executor *ex, mt_future *f, int64_t due_ns) {
  int64_t deadline_ns = mti_extra_of(f)->deadline_at_ns;
  if (deadline_ns != MTI_NEVER) expire_at(ex, f, deadline_ns);
  if (submit_at(ex, f, due_ns)) return;
  mti_settle_unstarted(f, MT_ENOMEM);
  mt_unref(f);
}

static void forget(mt_executor *ex) {
  mti_delayed_forget(mti_pool_of(ex));
}

static void wake_fiber(mti_fiber *f, void *arg) {
  (void)arg;
  /* Also one that is not PARKED: it may have looked at the state already, and be about to be. */
  mti_fiber_unpark(f);
}

static void wake_running(mt_executor *ex) {
  mti_pool *pool = mti_pool_of(ex);
  for (unsigned i = 0; i < pool->count; i++) mti_stack_each(&pool->workers[i], wake_fiber, NULL);
  mti_blocking_wake(ex);
}

static void counters(mt_executor *ex, mt_counts *ret) {
  mti_pool *pool = mti_pool_of(ex);
  for (unsigned i = 0; i < pool->count; i++)
    ret->suspended += atomic_load_explicit(&pool->workers[i].suspended, memory_order_relaxed);
  pthread_mutex_lock(&pool->lane.mutex);
  ret->block_threads = pool->lane.threads;
  pthread_mutex_unlock(&pool->lane.mutex);
}

static void dump_fiber(mti_fiber *f, void *to) {
  mti_runner_dump(&f->runner, to);
}

static void dump(mt_executor *ex, FILE *to) {
  mti_pool *pool = mti_pool_of(ex);
  for (unsigned i = 0; i < pool->count; i++) mti_stack_each(&pool->workers[i], dump_fiber, to);
}

const mti_backend mti_threads_backend = {
    .name = "threads",
    .capabilities = MT_CAN_OVERLAP | MT_CAN_SHARE | MT_CAN_NEST,
    .open = open_pool,
    .submit = submit,
    .submit_at = submit_at,
    .expire_at = expire_at,
    .forget = forget,
    .cancel_queued = cancel_queued,
    .wake_running = wake_running,
    .counters = counters,
    .dump = dump,
    .close = close_pool,
};
