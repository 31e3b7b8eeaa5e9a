/* SPDX-License-Identifier: MIT
 *
 * Rule 3: a started task never changes threads. Only tasks that have not started are stolen, so
 * thread-locals, malloc caches and foreign libraries behave. errno is saved over a wait.
 */
#include "tasks.h"

#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <unistd.h>

static _Thread_local int mine;

struct journey {
  mt_executor *ex;
  struct gate *gate;
  mt_limit *limit;
  int fd; /* always readable */
  int number;
  unsigned moved, lost_errno;
};

struct place {
  pthread_t thread;
  int *local;
  int worker;
  locale_t locale;
};

/* Not inlined, so that the address of the thread-local is asked for anew. */
__attribute__((noinline)) static struct place place_now(void) {
  return (struct place){pthread_self(), &mine, mt_worker(), uselocale((locale_t)0)};
}

static void compare(struct journey *j, const struct place *home) {
  struct place now = place_now();
  if (!pthread_equal(now.thread, home->thread) || now.local != home->local ||
      now.worker != home->worker || now.locale != home->locale)
    j->moved++;
  if (errno != 1000 + j->number) j->lost_errno++;
}

static mt_value travels(mt_value arg) {
  struct journey *j = arg.data;
  struct place home = place_now();
  for (int round = 0; round < 5; round++) {
    errno = 1000 + j->number;
    (void)mt_sleep(MT_US(30));
    compare(j, &home);
    mt_yield();
    compare(j, &home);
    (void)gate_pass(j->gate);
    compare(j, &home);
    (void)mt_wait_fd(j->fd, POLLIN, MT_FOREVER);
    errno = 1000 + j->number; /* that call may set it, as any system call */
    if (mt_acquire(j->limit, MT_FOREVER) == 0) mt_release(j->limit);
    compare(j, &home);
    mt_future *f = mt_submit(j->ex, task_next, mt_int(1));
    (void)mt_wait(f, MT_FOREVER);
    compare(j, &home);
    mt_unref(f);
    (void)mt_block(task_next, mt_int(1));
    compare(j, &home);
    mt_job job;
    mt_fork(&job, task_next, mt_int(1));
    mt_yield();
    (void)mt_join(&job);
    compare(j, &home);
  }
  return mt_none();
}

static void travel_on(const char *where) {
  enum { N = 200 };
  mt_executor *ex = open_on(where, &(mt_options){.in_flight = 64});
  struct gate gate;
  gate_init(&gate);
  mt_limit *limit = NULL;
  STATUS(mt_limit_open(&(mt_limit_options){.permits = 3}, &limit), 0);
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  assert_int_equal(write(fd[1], "x", 1), 1);
  static struct journey journeys[N];
  mt_future *f[N];
  for (int i = 0; i < N; i++) {
    journeys[i] =
        (struct journey){.ex = ex, .gate = &gate, .limit = limit, .fd = fd[0], .number = i};
    f[i] = mt_submit(ex, travels, mt_ptr(&journeys[i]));
    if (i == N / 2) gate_open(&gate);
  }
  for (int i = 0; i < N; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
    assert_int_equal(journeys[i].moved, 0);
    assert_int_equal(journeys[i].lost_errno, 0);
  }
  close_here(ex);
  mt_limit_close(limit);
  close(fd[0]);
  close(fd[1]);
  gate_fini(&gate);
}

static void every_wait_ends_where_it_began(void) {
  travel_on("threads:2");
  travel_on("threads:8");
}

/* A worker that is held cannot run its own resumed task, and no other worker may: the task runs on
 * only when its worker is free again. */
struct pinned {
  struct gate gate;
  atomic_bool went_on;
};

static mt_value waits_pinned(mt_value arg) {
  struct pinned *p = arg.data;
  (void)gate_pass(&p->gate);
  atomic_store(&p->went_on, true);
  return mt_int(mt_worker());
}

struct holder {
  struct latch latch;
  int worker;
};

static mt_value holds_its_worker(mt_value arg) {
  struct holder *h = arg.data;
  h->worker = mt_worker();
  latch_pass(&h->latch);
  return mt_none();
}

static void a_suspended_task_is_not_stolen(void) {
  enum { WORKERS = 3 };
  mt_executor *ex = open_on("threads:3", &(mt_options){.in_flight = 64});
  struct pinned p = {.went_on = false};
  gate_init(&p.gate);
  mt_future *f = mt_submit(ex, waits_pinned, mt_ptr(&p));
  UNTIL(suspended_in(ex) == 1);
  struct holder holders[WORKERS];
  mt_future *held[WORKERS];
  for (int i = 0; i < WORKERS; i++) {
    latch_init(&holders[i].latch);
    held[i] = mt_submit(ex, holds_its_worker, mt_ptr(&holders[i]));
  }
  for (int i = 0; i < WORKERS; i++) UNTIL(atomic_load(&holders[i].latch.arrived) == 1);
  gate_open(&p.gate);
  /* Free the workers one by one; the task goes on with its own and not before. */
  int home = -1;
  for (int i = 0; i < WORKERS; i++) {
    latch_open(&holders[i].latch);
    GIVES(held[i], 0);
    mt_unref(held[i]);
    for (int k = 0; k < 50 && !atomic_load(&p.went_on); k++) contract_pause();
    if (atomic_load(&p.went_on) && home < 0) home = holders[i].worker;
  }
  mt_value worker;
  STATUS(mt_get(f, MT_FOREVER, &worker), 0);
  if (home >= 0 && home != holders[WORKERS - 1].worker) assert_true(mt_as_int(worker) == home);
  mt_unref(f);
  for (int i = 0; i < WORKERS; i++) latch_fini(&holders[i].latch);
  close_here(ex);
  gate_fini(&p.gate);
}

static const struct check checks[] = {
    CHECK(every_wait_ends_where_it_began, ALL),
    CHECK(a_suspended_task_is_not_stolen, ALL),
};
RULE(checks)
