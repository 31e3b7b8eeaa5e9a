/* SPDX-License-Identifier: MIT
 *
 * Delays, attempt timeouts, deadlines, and the time limits of single waits. Nothing here says how
 * soon something happens, only what, and not before when.
 */
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* How an attempt that ran out of time is told: its own words or the attempt's. */
static void expect_out_of_time(mt_future *f) {
  STATUS(mt_wait(f, MT_FOREVER), 0);
  const mt_error *error = mt_failure(f);
  assert_non_null(error);
  if (error->code != MT_ETIMEDOUT) STATUS(error->code, MT_EDEADLINE);
}

static mt_value tells_time(mt_value arg) {
  *(int64_t *)arg.data = mt_now_ns();
  return mt_none();
}

static void a_delayed_task_starts_not_before_its_time(void) {
  mt_executor *ex = open_here(NULL);
  int64_t started = 0;
  int64_t submitted = mt_now_ns();
  mt_future *f = submit_as(ex, .fn = tells_time, .arg = mt_ptr(&started), .delay_ns = MT_MS(5));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(started - submitted >= MT_MS(5));
  mt_unref(f);
  close_here(ex);
}

static void delayed_tasks_hold_no_slot(void) {
  mt_executor *ex = open_with(1);
  mt_future *late = submit_as(ex, .fn = task_next, .arg = mt_int(1), .delay_ns = MT_SECONDS(3600));
  mt_future *now = mt_submit(ex, task_next, mt_int(2));
  GIVES(now, 3);
  assert_false(mt_done(late));
  UNTIL(queued_in(ex) == 1);
  assert_true(mt_cancel(late));
  mt_unref(late);
  mt_unref(now);
  close_here(ex);
}

static void close_waits_for_delayed_tasks(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  for (int i = 0; i < 50; i++)
    mt_unref(submit_as(ex, .fn = task_count, .arg = mt_ptr(&count), .delay_ns = MT_MS(i % 5)));
  close_here(ex);
  assert_int_equal(atomic_load(&count), 50);
}

static void an_attempts_timeout_reaches_into_its_wait(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = task_sleeper, .timeout_ns = MT_MS(2));
  expect_out_of_time(f);
  assert_int_equal(mt_attempts(f), 1);
  mt_unref(f);
  close_here(ex);
}

struct cut {
  mt_status first, later[3];
  bool asked;
  mt_future *settled;
  mt_status read;
};

static mt_value records_cut(mt_value arg) {
  struct cut *cut = arg.data;
  cut->first = mt_sleep(MT_FOREVER);
  cut->asked = mt_cancelled();
  cut->later[0] = mt_sleep(MT_SECONDS(1));
  cut->later[1] = mt_wait_fd(0, POLLIN, 0);
  cut->later[2] = mt_sleep(MT_FOREVER);
  cut->read = mt_get(cut->settled, MT_FOREVER, NULL);
  return mt_int(4);
}

static void past_its_time_every_wait_says_so(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *settled = mt_submit(ex, task_next, mt_int(1));
  STATUS(mt_wait(settled, MT_FOREVER), 0);
  for (int deadline = 0; deadline <= 1; deadline++) {
    struct cut cut = {.settled = settled};
    mt_future *f =
        submit_as(ex, .fn = records_cut, .arg = mt_ptr(&cut), .timeout_ns = deadline ? 0 : MT_MS(2),
                  .deadline_ns = deadline ? MT_MS(200) : 0);
    STATUS(mt_wait(f, MT_FOREVER), 0);
    if (mt_attempts(f) == 1) { /* else the machine was too busy to start it in 200 ms */
      GIVES(f, 4);
      STATUS(cut.first, MT_EDEADLINE);
      assert_true(cut.asked);
      for (int i = 0; i < 3; i++) STATUS(cut.later[i], MT_EDEADLINE);
      STATUS(cut.read, 0);
    }
    mt_unref(f);
  }
  mt_unref(settled);
  close_here(ex);
}

static mt_value computes(mt_value arg) {
  while (!mt_cancelled()) mt_yield();
  return arg;
}

static void a_computing_task_sees_its_time_is_over(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = computes, .arg = mt_int(6), .timeout_ns = MT_MS(2));
  GIVES(f, 6);
  mt_unref(f);
  close_here(ex);
}

static void a_deadline_ends_the_queueing(void) {
  mt_executor *ex = open_with(1);
  struct plug plug;
  plug_init(&plug);
  mt_future *holder = mt_submit(ex, task_plug, mt_ptr(&plug));
  UNTIL(suspended_in(ex) == 1);
  atomic_uint count = 0;
  mt_future *f = submit_as(ex, .fn = task_count, .arg = mt_ptr(&count), .deadline_ns = MT_MS(2));
  FAILS_WITH(f, MT_EDEADLINE); /* while the slot is still taken */
  assert_int_equal(mt_attempts(f), 0);
  assert_false(mt_done(holder));
  plug_pull(&plug);
  GIVES(holder, 1);
  mt_unref(holder);
  mt_unref(f);
  close_here(ex);
  plug_fini(&plug);
  assert_int_equal(atomic_load(&count), 0);
}

static void a_deadline_ends_a_delay(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  mt_future *f = submit_as(ex, .fn = task_count, .arg = mt_ptr(&count),
                           .delay_ns = MT_SECONDS(3600), .deadline_ns = MT_MS(2));
  FAILS_WITH(f, MT_EDEADLINE);
  assert_int_equal(mt_attempts(f), 0);
  mt_unref(f);
  close_here(ex);
  assert_int_equal(atomic_load(&count), 0);
}

static void generous_limits_change_nothing(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .timeout_ns = MT_SECONDS(3600),
                           .deadline_ns = MT_SECONDS(3600));
  GIVES(f, 2);
  mt_unref(f);
  f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .timeout_ns = MT_FOREVER,
                .deadline_ns = MT_FOREVER);
  GIVES(f, 2);
  mt_unref(f);
  close_here(ex);
}

struct limits {
  mt_future *never;
  mt_limit *limit;
  mt_group *group;
  mt_stream *stream;
  int fd;
  mt_status st[14];
};

static void wait_with_limits(struct limits *l) {
  mt_future *f;
  for (int i = 0; i < 2; i++) {
    int64_t limit_ns = i == 0 ? 0 : MT_MS(1);
    mt_status *st = &l->st[i * 7];
    st[0] = mt_wait(l->never, limit_ns);
    st[1] = mt_get(l->never, limit_ns, NULL);
    st[2] = mt_wait_many(&l->never, 1, MT_ALL_DONE, limit_ns);
    st[3] = mt_acquire(l->limit, limit_ns);
    st[4] = mt_group_wait(l->group, limit_ns);
    st[5] = mt_next(l->stream, limit_ns, &f, NULL);
    st[6] = mt_wait_fd(l->fd, POLLIN, limit_ns);
  }
}

static mt_value waits_with_limits(mt_value arg) {
  wait_with_limits(arg.data);
  return mt_none();
}

static void every_wait_has_a_limit_of_its_own(void) {
  mt_executor *ex = open_with(4);
  struct gate never;
  struct plug plug;
  gate_init(&never);
  plug_init(&plug);
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  struct limits l = {.never = never.future, .limit = plug.limit, .fd = fd[0]};
  STATUS(mt_group_open(&l.group), 0);
  l.stream = mt_as_completed(&l.never, 1);
  mt_future *member = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&never), .group = l.group);
  mt_future *f = mt_submit(ex, waits_with_limits, mt_ptr(&l));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  for (int i = 0; i < 14; i++) STATUS(l.st[i], MT_ETIMEDOUT);
  wait_with_limits(&l); /* and outside tasks just the same */
  for (int i = 0; i < 14; i++) STATUS(l.st[i], MT_ETIMEDOUT);
  gate_open(&never);
  mt_unref(f);
  mt_unref(member);
  mt_stream_close(l.stream);
  STATUS(mt_group_close(l.group), 0);
  close_here(ex);
  close(fd[0]);
  close(fd[1]);
  plug_fini(&plug);
  gate_fini(&never);
}

struct ranks {
  struct gate gate;
  mt_status deadline, shielded, cancel;
};

/* Cut by its timeout; then, under a shield, cancelled too; then it waits again. */
static mt_value is_cut_twice(mt_value arg) {
  struct ranks *r = arg.data;
  r->deadline = mt_sleep(MT_FOREVER);
  mt_shield(true);
  r->shielded = gate_pass(&r->gate);
  mt_shield(false);
  r->cancel = mt_sleep(MT_FOREVER);
  return mt_give_up(r->cancel);
}

static void cancel_outranks_the_deadline(void) {
  mt_executor *ex = open_with(2);
  struct ranks r = {.cancel = 1};
  gate_init(&r.gate);
  mt_future *f = submit_as(ex, .fn = is_cut_twice, .arg = mt_ptr(&r), .timeout_ns = MT_MS(2));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_cancel(f));
  gate_open(&r.gate);
  FAILS_WITH(f, MT_ECANCELED);
  /* The first wait was cut by whichever came first; the last by the cancel. */
  if (r.deadline != MT_ECANCELED) STATUS(r.deadline, MT_EDEADLINE);
  STATUS(r.shielded, 0);
  STATUS(r.cancel, MT_ECANCELED);
  mt_unref(f);
  gate_fini(&r.gate);
  close_here(ex);
}

static mt_value sleeps_shielded(mt_value arg) {
  mt_status *st = arg.data;
  mt_shield(true);
  st[0] = mt_sleep(MT_MS(4));
  bool asked = mt_cancelled();
  mt_shield(false);
  st[1] = mt_sleep(MT_SECONDS(1));
  return mt_int(asked);
}

static void a_shield_holds_off_the_deadline_too(void) {
  mt_executor *ex = open_here(NULL);
  mt_status st[2] = {1, 1};
  mt_future *f = submit_as(ex, .fn = sleeps_shielded, .arg = mt_ptr(st), .timeout_ns = MT_MS(2));
  GIVES(f, 0);
  STATUS(st[0], 0);
  STATUS(st[1], MT_EDEADLINE);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_delayed_task_starts_not_before_its_time, SHARE),
    CHECK(delayed_tasks_hold_no_slot, OVERLAP),
    CHECK(close_waits_for_delayed_tasks, SHARE),
    CHECK(an_attempts_timeout_reaches_into_its_wait, 0),
    CHECK(past_its_time_every_wait_says_so, SHARE),
    CHECK(a_computing_task_sees_its_time_is_over, 0),
    CHECK(a_deadline_ends_the_queueing, OVERLAP),
    CHECK(a_deadline_ends_a_delay, SHARE),
    CHECK(generous_limits_change_nothing, 0),
    CHECK(every_wait_has_a_limit_of_its_own, OVERLAP),
    CHECK(cancel_outranks_the_deadline, OVERLAP),
    CHECK(a_shield_holds_off_the_deadline_too, SHARE),
};
CONTRACT(checks)
