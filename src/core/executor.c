/* SPDX-License-Identifier: MIT
 * Opening, shutting down, closing and counting: what all kinds of executors share. */
#include "core/executor.h"
#include "base/clock.h"
#include "core/blocking.h"
#include "core/limit.h"
#include "core/waitlist.h"
#include <stdlib.h>
#include <string.h>

static const mti_backend *const backends[] = {&mti_threads_backend, &mti_inline_backend};

static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static mt_executor *all; /* guarded by all_mutex */

void mti_executors_lock(bool lock) {
  if (lock)
    pthread_mutex_lock(&all_mutex);
  else
    pthread_mutex_unlock(&all_mutex);
}

/* "threads:8": which backend, and how many workers (0: its default). */
static const mti_backend *parse(const char *where, unsigned *ret_workers) {
  *ret_workers = 0;
  if (where == NULL) return NULL;
  size_t length = strcspn(where, ":");
  for (size_t i = 0; i < sizeof backends / sizeof *backends; i++) {
    if (strlen(backends[i]->name) != length || strncmp(where, backends[i]->name, length) != 0)
      continue;
    if (where[length] == 0) return backends[i];
    const char *digits = where + length + 1;
    if (strspn(digits, "0123456789") != strlen(digits) || *digits == 0 || strlen(digits) > 4)
      return NULL;
    *ret_workers = (unsigned)atoi(digits);
    bool threaded = backends[i]->capabilities & MT_CAN_OVERLAP;
    return threaded && *ret_workers >= 1 && *ret_workers <= 4096 ? backends[i] : NULL;
  }
  return NULL;
}

static bool sensible(const mt_options *o) {
  return o->when_full <= MT_FULL_RUN && (o->stack_size == 0 || o->stack_size >= 16 * 1024) &&
         o->stack_size <= SIZE_MAX / 4;
}

static void enlist(mt_executor *ex) {
  pthread_mutex_lock(&all_mutex);
  ex->next = all;
  ex->link = &all;
  if (all != NULL) all->link = &ex->next;
  all = ex;
  pthread_mutex_unlock(&all_mutex);
}

static void delist(mt_executor *ex) {
  *ex->link = ex->next;
  if (ex->next != NULL) ex->next->link = ex->link;
}

static void free_executor(mt_executor *ex) {
  mt_limit_close(ex->room);
  pthread_mutex_destroy(&ex->mutex);
  free(ex);
}

mt_status mt_open(const char *where, const mt_options *options, mt_executor **ret) {
  static const mt_options none;
  unsigned workers;
  const mti_backend *backend = parse(where, &workers);
  if (options == NULL) options = &none;
  if (backend == NULL || ret == NULL || !sensible(options)) return MT_EINVAL;
  mti_fork_guard();
  mt_executor *ex = calloc(1, sizeof *ex);
  if (ex == NULL) return MT_ENOMEM;
  ex->backend = backend;
  ex->options = *options;
  ex->workers = workers;
  ex->generation = mti_generation();
  ex->timed = options->timed || options->hooks != NULL;
  pthread_mutex_init(&ex->mutex, NULL);
  mt_status st = MT_OK;
  if (options->queue_limit > 0)
    st = mt_limit_open(&(mt_limit_options){.permits = options->queue_limit}, &ex->room);
  if (st == MT_OK) st = backend->open(ex);
  if (st != MT_OK) {
    free_executor(ex);
    return st;
  }
  enlist(ex);
  *ret = ex;
  return MT_OK;
}

mti_tally *mti_tally_of(mt_executor *ex, bool *shared) {
  *shared = mti_here.executor != ex;
  return *shared ? &ex->shared : mti_here.tally;
}

static mti_tally *tally_at(mt_executor *ex, unsigned i) {
  return (mti_tally *)(void *)((char *)ex->tallies + i * ex->tally_stride);
}

static mti_tally sum(mt_executor *ex) {
  mti_tally total = {0};
  /* Settled first: see the top of core/executor.h. Sequentially consistent, as in admit(). */
#define SUM(which)                                                                                 \
  do {                                                                                             \
    uint64_t n = atomic_load_explicit(&ex->shared.which, memory_order_seq_cst);                    \
    for (unsigned i = 0; ex->tallies != NULL && i < ex->workers; i++)                              \
      n += atomic_load_explicit(&tally_at(ex, i)->which, memory_order_seq_cst);                    \
    atomic_init(&total.which, n);                                                                  \
  } while (0)
  SUM(settled);
  SUM(failed);
  SUM(cancelled);
  SUM(ended);
  SUM(dropped);
  SUM(started);
  SUM(retried);
  SUM(submitted);
#undef SUM
  return total;
}

bool mti_is_drained(mt_executor *ex) {
  mti_tally t = sum(ex);
  return t.settled == t.submitted;
}

void mti_check_drained(mt_executor *ex) {
  if (atomic_load_explicit(&ex->state, memory_order_seq_cst) == 0) return;
  pthread_mutex_lock(&ex->mutex);
  if (ex->waiters != NULL && mti_is_drained(ex)) mti_waitlist_wake(ex->waiters);
  pthread_mutex_unlock(&ex->mutex);
}

void mti_task_over(mt_executor *ex) {
  bool shared;
  mti_tally *tally = mti_tally_of(ex, &shared);
  if (!shared) { /* a worker looks whether all is done when it has nothing left to do */
    mti_count(&tally->settled, false);
    return;
  }
  /* A closer sees the count under the mutex, so it does not free the executor before we let go. */
  pthread_mutex_lock(&ex->mutex);
  mti_count(&tally->settled, true);
  if (ex->waiters != NULL && mti_is_drained(ex)) mti_waitlist_wake(ex->waiters);
  pthread_mutex_unlock(&ex->mutex);
}

bool mti_inside(mt_executor *ex) {
  if (mti_here.executor == ex || mti_here.serves == ex) return true;
  for (mti_runner *r = mti_here.runner; r != NULL && r->ops == &mti_blocking_ops;) {
    mti_blocking *b = (mti_blocking *)r;
    if (b->executor == ex) return true;
    r = b->outer;
  }
  return false;
}

static mt_status drain(mt_executor *ex, int64_t until_ns, unsigned flags) {
  mti_runner *r = mti_runner_self();
  mt_status st = MT_OK;
  mti_waitnode node;
  pthread_mutex_lock(&ex->mutex);
  while (!mti_is_drained(ex) && st == MT_OK) {
    mti_waitlist_add(&ex->waiters, &node, r);
    /* Once more, now that whoever settles the last task would wake us. */
    bool drained = mti_is_drained(ex);
    pthread_mutex_unlock(&ex->mutex);
    if (!drained)
      st = mti_runner_wait(r, MT_WAITS_SHUTDOWN, (intptr_t)ex, until_ns, flags | MTI_GIVE_SLOT);
    pthread_mutex_lock(&ex->mutex);
    mti_waitlist_remove(&node);
  }
  pthread_mutex_unlock(&ex->mutex);
  return st;
}

static mt_status shut_down(mt_executor *ex, unsigned how, int64_t until_ns, unsigned flags) {
  if (mti_runner_self()->nowait > 0 || mti_inside(ex)) return MT_EDEADLK;
  unsigned state = MTI_DRAINING;
  if (how != 0) state |= MTI_REFUSING | MTI_DROP_QUEUED;
  if (how & MT_CANCEL_RUNNING) state |= MTI_DROP_RUNNING;
  atomic_fetch_or_explicit(&ex->state, state, memory_order_seq_cst);
  if (state & MTI_DROP_QUEUED) ex->backend->cancel_queued(ex);
  if (state & MTI_DROP_RUNNING) ex->backend->wake_running(ex);
  return drain(ex, until_ns, flags);
}

mt_status mt_shutdown(mt_executor *ex, unsigned how, int64_t timeout_ns) {
  if (how & ~(unsigned)(MT_CANCEL_QUEUED | MT_CANCEL_RUNNING)) return MT_EINVAL;
  if (mti_forked(ex)) return MT_EFORKED;
  return shut_down(ex, how, mti_until(timeout_ns), 0);
}

mt_status mt_close(mt_executor *ex) {
  if (ex == NULL) return MT_OK;
  if (mti_forked(ex)) { /* threads and locks stayed with the parent: only memory is given back */
    delist(ex);
    ex->backend->close(ex, true);
    free(ex);
    return MT_OK;
  }
  mt_status st = shut_down(ex, 0, MTI_NEVER, MTI_GUARD);
  if (st != MT_OK) return st;
  /* A callback of a task that was counted already may still have submitted one: it is waited for.
   * From here on nothing comes after it. */
  atomic_fetch_or_explicit(&ex->state, MTI_CLOSED, memory_order_seq_cst);
  while (!mti_is_drained(ex)) drain(ex, MTI_NEVER, MTI_GUARD);
  pthread_mutex_lock(&all_mutex);
  delist(ex);
  pthread_mutex_unlock(&all_mutex);
  ex->backend->close(ex, false);
  free_executor(ex);
  return MT_OK;
}

/* The two were read at different times. */
static uint64_t difference(uint64_t more, uint64_t less) {
  return more > less ? more - less : 0;
}

void mt_counters(mt_executor *ex, mt_counts *ret) {
  mti_tally t = sum(ex);
  *ret = (mt_counts){.submitted = t.submitted,
                     .started = t.started,
                     .settled = t.settled,
                     .failed = t.failed,
                     .cancelled = t.cancelled,
                     .retried = t.retried,
                     .queued = difference(t.submitted + t.retried, t.started + t.dropped),
                     .running = difference(t.started, t.ended),
                     .workers = ex->workers,
                     .in_flight = ex->in_flight};
  if (mti_forked(ex)) return;
  ex->backend->counters(ex, ret);
  if (ex->room != NULL) ret->queued = mti_limit_used(ex->room);
}

unsigned mt_capabilities(const mt_executor *ex) {
  return ex->backend->capabilities;
}

void mt_dump(FILE *to) {
  pthread_mutex_lock(&all_mutex);
  for (mt_executor *ex = all; ex != NULL; ex = ex->next) {
    if (mti_forked(ex)) continue;
    mt_counts c;
    mt_counters(ex, &c);
    fprintf(to, "executor %s \"%s\": %u workers, %llu queued, %llu running, %llu suspended\n",
            ex->backend->name, ex->options.name != NULL ? ex->options.name : "meantime", c.workers,
            (unsigned long long)c.queued, (unsigned long long)c.running,
            (unsigned long long)c.suspended);
    ex->backend->dump(ex, to);
    mti_blocking_dump(ex, to);
  }
  pthread_mutex_unlock(&all_mutex);
}
