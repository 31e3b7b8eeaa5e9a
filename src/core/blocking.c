/* SPDX-License-Identifier: MIT */
#include "core/blocking.h"
#include "base/clock.h"
#include "base/spin.h"
#include "core/executor.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

static pthread_mutex_t running_mutex = PTHREAD_MUTEX_INITIALIZER;
static mti_blocking *running; /* tasks that block their thread; guarded by running_mutex */

void mti_blocking_lock(bool lock) {
  if (lock)
    pthread_mutex_lock(&running_mutex);
  else
    pthread_mutex_unlock(&running_mutex);
}

static mti_blocking *blocking(mti_runner *r) {
  return (mti_blocking *)r;
}

/* An inline task on a worker waits by suspending the task below it: its worker must not stand
 * still. The thread's runner is the inline task's again afterwards. */
#define BY_HOST(r, call)                                                                           \
  do {                                                                                             \
    mti_runner *host = blocking(r)->host;                                                          \
    if (host == NULL) break;                                                                       \
    call;                                                                                          \
    mti_here.runner = (r);                                                                         \
  } while (0)

/* A worker that lingers (threads/idle.c) answers within a microsecond: to sleep and be woken would
 * take longer. Where there is one CPU the answer needs that one. */
static bool may_look_on; /* set once, in prepare() */

static void look_on(mti_parker *p) {
  enum { LOOKS = 60 };
  if (!may_look_on) return;
  for (unsigned round = 0; round < LOOKS; mti_spin(&round)) /* too few to give the CPU away */
    if (atomic_load_explicit(&p->word, memory_order_relaxed) != MTI_EMPTY) return;
}

static mt_status park(mti_runner *r, int64_t until_ns, bool give_slot) {
  mt_status st = MT_OK;
  BY_HOST(r, st = host->ops->park(host, until_ns, give_slot));
  if (blocking(r)->host != NULL) return st;
  look_on(&blocking(r)->parker);
  return mti_park(&blocking(r)->parker, until_ns) ? MT_OK : MT_ETIMEDOUT;
}

static void unpark(mti_runner *r, _Atomic uint32_t *gone) {
  mti_runner *host = blocking(r)->host;
  if (host != NULL)
    host->ops->unpark(host, gone);
  else
    mti_unpark(&blocking(r)->parker, gone);
}

static void yield(mti_runner *r) {
  BY_HOST(r, host->ops->yield(host));
  if (blocking(r)->host == NULL) sched_yield();
}

/* poll(2), in slices when the task may be cancelled from another thread meanwhile: a cancel of an
 * inline task cannot interrupt poll. */
static int poll_fd(mti_runner *r, int fd, int events, int64_t until_ns) {
  for (;;) {
    struct pollfd p = {.fd = fd, .events = (short)events, .revents = 0};
    int64_t left_ms = -1;
    if (until_ns != MTI_NEVER) {
      int64_t left = until_ns - mt_now_ns();
      left_ms = left <= 0 ? 0 : (left + 999999) / 1000000;
    }
    int slice = r->task != NULL && (left_ms < 0 || left_ms > 20) ? 20 : (int)left_ms;
    if (left_ms > INT32_MAX) slice = INT32_MAX;
    int n = poll(&p, 1, slice);
    if (n > 0) {
      if (p.revents & POLLNVAL) {
        errno = EBADF;
        return MT_ESYSTEM;
      }
      return p.revents;
    }
    if (n < 0 && errno != EINTR) return MT_ESYSTEM;
    if (n == 0 && slice == left_ms) return MT_ETIMEDOUT;
    if (r->task != NULL && mti_runner_cut(r) != MT_OK) return 0;
  }
}

static int wait_fd(mti_runner *r, int fd, int events, int64_t until_ns) {
  int ready = 0;
  BY_HOST(r, ready = host->ops->wait_fd(host, fd, events, until_ns));
  return blocking(r)->host != NULL ? ready : poll_fd(r, fd, events, until_ns);
}

static mt_value block(mti_runner *r, mt_fn *fn, mt_value arg) {
  mt_value value = mt_none();
  BY_HOST(r, value = host->ops->block(host, fn, arg));
  if (blocking(r)->host == NULL) return fn(arg);
  if (mt_is_failure(value)) /* its message was left with the host */
    mti_runner_put_failure(r, mti_runner_take_failure(blocking(r)->host));
  return value;
}

static bool no_fork(mti_runner *r, mt_job *job) {
  (void)r;
  (void)job;
  return false;
}

const mti_runner_ops mti_blocking_ops = {park, unpark, yield, wait_fd, block, no_fork, NULL};

static void init(mti_blocking *b) {
  *b = (mti_blocking){.runner = {.ops = &mti_blocking_ops, .limit_ns = MTI_NEVER, .worker = -1}};
  b->runner.root = &b->runner;
  mti_parker_init(&b->parker);
}

/* A thread's own runner lives as long as the thread. */
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static _Thread_local mti_blocking outside;

static void leave(void *value) {
  mti_blocking *b = value;
  mti_runner_put_failure(&b->runner, NULL);
  mti_parker_fini(&b->parker);
  mti_here.runner = NULL;
}

static void prepare(void) {
  pthread_key_create(&at_exit, leave);
  may_look_on = mt_cpus() > 1;
}

mti_runner *mti_runner_outside(void) {
  pthread_once(&once, prepare);
  init(&outside);
  pthread_setspecific(at_exit, &outside);
  mti_here.runner = &outside.runner;
  return &outside.runner;
}

mti_runner *mti_blocking_alone(mti_runner *r) {
  if (r == NULL || r->ops != &mti_blocking_ops) return NULL; /* there is no scheduler any more */
  for (mti_runner *at = r; at != NULL; at = blocking(at)->outer) {
    blocking(at)->host = NULL;
    mti_runner *outer = blocking(at)->outer;
    if (outer != NULL && outer->ops != &mti_blocking_ops) blocking(at)->outer = NULL;
  }
  return r;
}

bool mti_waits_for_itself(mti_runner *r, mt_future *f) {
  for (;;) {
    if (r->root->task == f) return true;
    if (r->ops != &mti_blocking_ops || blocking(r)->outer == NULL) return false;
    r = blocking(r)->outer;
  }
}

static void enter(mti_blocking *b, mt_executor *ex) {
  init(b);
  b->executor = ex;
  b->outer = mti_runner_self();
  b->host = b->outer->ops == &mti_blocking_ops ? blocking(b->outer)->host : b->outer;
  b->runner.worker = b->outer->worker;
  b->runner.nowait = b->outer->nowait; /* in a callback its waits are refused, like all others */
  mti_here.runner = &b->runner;
  pthread_mutex_lock(&running_mutex);
  b->next = running;
  b->link = &running;
  if (running != NULL) running->link = &b->next;
  running = b;
  pthread_mutex_unlock(&running_mutex);
}

static void leave_task(mti_blocking *b) {
  pthread_mutex_lock(&running_mutex);
  *b->link = b->next;
  if (b->next != NULL) b->next->link = b->link;
  pthread_mutex_unlock(&running_mutex);
  mti_here.runner = b->outer;
  mti_parker_fini(&b->parker);
}

/* Waits out a delay or a backoff. False: the future was settled meanwhile, and is no more ours. In
 * slices: a shutdown by another thread is only seen by looking. */
static bool wait_until_due(mt_executor *ex, mt_future *f, int64_t due_ns) {
  mti_extra *x = mti_extra_of(f);
  int64_t end_ns = x != NULL && x->deadline_at_ns < due_ns ? x->deadline_at_ns : due_ns;
  mt_status st = MT_ETIMEDOUT;
  while (st == MT_ETIMEDOUT && mt_now_ns() < end_ns && !(mti_state(ex) & MTI_DROP_QUEUED)) {
    int64_t slice_ns = mti_after(mt_now_ns(), MT_MS(20));
    st = mti_wait_settled(f, slice_ns < end_ns ? slice_ns : end_ns, MTI_GUARD);
  }
  if (mti_state(ex) & MTI_DROP_QUEUED)
    mti_settle_unstarted(f, MT_ECANCELED);
  else if (end_ns < due_ns)
    mti_settle_unstarted(f, MT_EDEADLINE);
  else if (st != MT_ETIMEDOUT)
    mti_settle_unstarted(f, st); /* it may not wait here; or it is settled */
  else if (mti_future_move(f, MTI_DELAYED, MTI_QUEUED))
    return true;
  mt_unref(f);
  return false;
}

void mti_run_here(mt_executor *ex, mt_future *f, int64_t due_ns) {
  while (due_ns < 0 || wait_until_due(ex, f, due_ns)) {
    mti_blocking b;
    enter(&b, ex);
    due_ns = mti_run_task(ex, f, &b.runner);
    leave_task(&b);
    if (due_ns < 0) return;
  }
}

static const char *const kind_text[] = {
    [MT_WAITS_NOT] = "runs",
    [MT_WAITS_SLEEP] = "sleeps",
    [MT_WAITS_FD] = "waits for descriptor",
    [MT_WAITS_FUTURE] = "waits for future",
    [MT_WAITS_STREAM] = "waits for stream",
    [MT_WAITS_GROUP] = "waits for group",
    [MT_WAITS_LIMIT] = "waits for limit",
    [MT_WAITS_ROOM] = "waits for queue room",
    [MT_WAITS_BLOCK] = "blocks in a foreign call",
    [MT_WAITS_JOIN] = "joins a forked job",
    [MT_WAITS_SHUTDOWN] = "waits for a shutdown",
    [MT_WAITS_SLOT] = "waits for a slot",
};

void mti_runner_dump(mti_runner *r, FILE *to) {
  uintptr_t task = atomic_load_explicit(&r->dump_task, memory_order_relaxed);
  if (task == 0) return;
  uint64_t name[3];
  for (int i = 0; i < 3; i++)
    name[i] = atomic_load_explicit(&r->dump_name[i], memory_order_relaxed);
  int kind = atomic_load_explicit(&r->wait_kind, memory_order_relaxed);
  intptr_t what = atomic_load_explicit(&r->wait_what, memory_order_relaxed);
  fprintf(to, "  task %#jx \"%.23s\" worker %d: %s", (uintmax_t)task, (const char *)name, r->worker,
          kind_text[kind]);
  if (kind == MT_WAITS_FD)
    fprintf(to, " %jd", (intmax_t)what);
  else if (kind != MT_WAITS_NOT && what != 0)
    fprintf(to, " %#jx", (uintmax_t)what);
  if (kind != MT_WAITS_NOT) {
    int64_t since = atomic_load_explicit(&r->wait_since_ns, memory_order_relaxed);
    fprintf(to, ", for %.3f s", (double)(mt_now_ns() - since) / 1e9);
  }
  fputc('\n', to);
}

void mti_blocking_dump(mt_executor *ex, FILE *to) {
  pthread_mutex_lock(&running_mutex);
  for (mti_blocking *b = running; b != NULL; b = b->next)
    if (b->executor == ex) mti_runner_dump(&b->runner, to);
  pthread_mutex_unlock(&running_mutex);
}

void mti_blocking_wake(mt_executor *ex) {
  pthread_mutex_lock(&running_mutex);
  for (mti_blocking *b = running; b != NULL; b = b->next)
    if (b->executor == ex) unpark(&b->runner, NULL);
  pthread_mutex_unlock(&running_mutex);
}
