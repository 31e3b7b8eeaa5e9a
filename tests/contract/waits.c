/* SPDX-License-Identifier: MIT
 *
 * Sleeping, yielding, and what is kept over a wait.
 */
#include "tasks.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

static mt_value sleeps(mt_value arg) {
  int64_t begin = mt_now_ns();
  mt_status st = mt_sleep(mt_as_int(arg));
  if (st < 0) return mt_give_up(st);
  return mt_int(mt_now_ns() - begin >= mt_as_int(arg));
}

static void a_sleep_is_not_shorter_than_asked(void) {
  mt_executor *ex = open_with(20);
  mt_future *f[20];
  for (int i = 0; i < 20; i++) f[i] = mt_submit(ex, sleeps, mt_int(MT_US(137) * i));
  for (int i = 0; i < 20; i++) {
    GIVES(f[i], 1);
    mt_unref(f[i]);
  }
  close_here(ex);
  for (int i = 0; i < 3; i++) { /* outside a task as well */
    int64_t begin = mt_now_ns();
    STATUS(mt_sleep(MT_US(700) * i), 0);
    assert_true(mt_now_ns() - begin >= MT_US(700) * i);
  }
}

static mt_value sleeps_not_at_all(mt_value arg) {
  (void)arg;
  return mt_int(mt_sleep(0) | mt_sleep(-1) | mt_sleep(INT64_MIN));
}

static void no_time_is_no_sleep(void) {
  STATUS(mt_sleep(0), 0);
  STATUS(mt_sleep(-1), 0);
  STATUS(mt_sleep(INT64_MIN), 0);
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, sleeps_not_at_all, mt_none());
  GIVES(f, 0);
  mt_unref(f);
  close_here(ex);
}

/* All are asleep at once: each counts itself in, and is let go when all are. */
static void sleepers_by_the_hundred_thousand(void) {
  unsigned n = (unsigned)shrunk(100000);
  mt_executor *ex = open_with(n);
  mt_group *g;
  STATUS(mt_group_open(&g), 0);
  for (unsigned i = 0; i < n; i++)
    if (mt_go(g, ex, task_sleeper, mt_none()) != 0) fail();
  UNTIL(suspended_in(ex) == n);
  assert_int_equal(running_in(ex), n);
  mt_group_cancel(g);
  STATUS(mt_group_close(g), MT_ECANCELED);
  UNTIL(running_in(ex) == 0);
  close_here(ex);
}

static void sleepers_wake_by_themselves(void) {
  unsigned n = (unsigned)shrunk(20000);
  mt_executor *ex = open_with(n);
  if ((mt_capabilities(ex) & MT_CAN_OVERLAP) == 0) n = 100; /* one sleeps after the other */
  mt_future **f = calloc(n, sizeof *f);
  assert_non_null(f);
  for (unsigned i = 0; i < n; i++) f[i] = mt_submit(ex, sleeps, mt_int(MT_US(i % 5000)));
  for (unsigned i = 0; i < n; i++) {
    GIVES(f[i], 1);
    mt_unref(f[i]);
  }
  free(f);
  close_here(ex);
}

/* Two tasks on one worker take turns. */
struct turns {
  atomic_uint ready;
  unsigned n;
  char order[64];
};

struct player {
  struct turns *turns;
  char letter;
};

static mt_value plays(mt_value arg) {
  struct player *player = arg.data;
  struct turns *turns = player->turns;
  atomic_fetch_add(&turns->ready, 1);
  while (atomic_load(&turns->ready) < 2) mt_yield();
  for (int i = 0; i < 10; i++) {
    turns->order[turns->n++] = player->letter;
    mt_yield();
  }
  return mt_none();
}

static void yield_lets_the_others_of_the_worker_run(void) {
  mt_executor *ex = open_with(2);
  if (workers_of(ex) != 1) {
    close_here(ex);
    skip(); /* with more, the two may be on different ones */
  }
  struct turns turns = {0};
  struct player a = {&turns, 'a'}, b = {&turns, 'b'};
  mt_future *f[2] = {mt_submit(ex, plays, mt_ptr(&a)), mt_submit(ex, plays, mt_ptr(&b))};
  for (int i = 0; i < 2; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  close_here(ex);
  assert_int_equal(turns.n, 20);
  /* Neither plays twice in a row while the other is ready. */
  for (unsigned i = 1; i + 1 < turns.n; i++) assert_true(turns.order[i] != turns.order[i - 1]);
}

static mt_value yields(mt_value arg) {
  for (intptr_t i = 0; i < mt_as_int(arg); i++) mt_yield();
  return arg;
}

static void yielding_harms_nobody(void) {
  mt_yield(); /* outside a task: the processor */
  mt_executor *ex = open_with(100);
  mt_future *f[100];
  for (int i = 0; i < 100; i++) f[i] = mt_submit(ex, yields, mt_int(i));
  for (int i = 0; i < 100; i++) {
    GIVES(f[i], i);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static void a_yield_alone_returns(void) {
  mt_executor *ex = open_with(1);
  mt_future *f = mt_submit(ex, yields, mt_int(10000));
  GIVES(f, 10000);
  mt_unref(f);
  close_here(ex);
}

static mt_value cancels_itself_and_yields(mt_value arg) {
  mt_cancel(mt_self());
  for (int i = 0; i < 10; i++) mt_yield();
  return arg;
}

static void a_yield_is_never_cut(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, cancels_itself_and_yields, mt_int(3));
  GIVES(f, 3);
  mt_unref(f);
  close_here(ex);
}

/* Tasks that put a number of their own into errno and find it again after each wait. */
static mt_value keeps_errno(mt_value arg) {
  int mine = (int)mt_as_int(arg);
  for (int i = 0; i < 50; i++) {
    errno = mine;
    (void)mt_sleep(MT_US(20));
    if (errno != mine) return mt_int(1);
    mt_yield();
    if (errno != mine) return mt_int(2);
  }
  return mt_int(0);
}

static void errno_is_kept_over_a_wait(void) {
  mt_executor *ex = open_with(16);
  mt_future *f[16];
  for (int i = 0; i < 16; i++) f[i] = mt_submit(ex, keeps_errno, mt_int(100 + i));
  for (int i = 0; i < 16; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  close_here(ex);
}

/* Local variables, floating point ones too, live through waits. */
static mt_value keeps_its_locals(mt_value arg) {
  intptr_t n = mt_as_int(arg);
  volatile intptr_t squares[16];
  double root = sqrt((double)n);
  for (intptr_t i = 0; i < 16; i++) squares[i] = (n + i) * (n + i);
  for (int round = 0; round < 20; round++) {
    (void)mt_sleep(MT_US(10));
    for (intptr_t i = 0; i < 16; i++)
      if (squares[i] != (n + i) * (n + i)) return mt_int(-1);
    double again = sqrt((double)n);
    if (root < again || root > again) return mt_int(-2);
  }
  return arg;
}

static void locals_live_through_waits(void) {
  mt_executor *ex = open_with(64);
  mt_future *f[64];
  for (int i = 0; i < 64; i++) f[i] = mt_submit(ex, keeps_its_locals, mt_int(i));
  for (int i = 0; i < 64; i++) {
    GIVES(f[i], i);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static void waits_work_outside_tasks(void) {
  struct gate gate;
  gate_init(&gate);
  STATUS(mt_wait(gate.future, MT_MS(1)), MT_ETIMEDOUT);
  assert_false(mt_shield(false));
  gate_open(&gate);
  STATUS(gate_pass(&gate), 0);
  gate_fini(&gate);
}

static const struct check checks[] = {
    CHECK(a_sleep_is_not_shorter_than_asked, 0),
    CHECK(no_time_is_no_sleep, 0),
    CHECK(sleepers_by_the_hundred_thousand, OVERLAP),
    CHECK(sleepers_wake_by_themselves, 0),
    CHECK(yield_lets_the_others_of_the_worker_run, OVERLAP),
    CHECK(yielding_harms_nobody, 0),
    CHECK(a_yield_alone_returns, 0),
    CHECK(a_yield_is_never_cut, SHARE),
    CHECK(errno_is_kept_over_a_wait, 0),
    CHECK(locals_live_through_waits, 0),
    CHECK(waits_work_outside_tasks, 0),
};
CONTRACT(checks)
