/* SPDX-License-Identifier: MIT
 *
 * Futures: waiting for one, reading it, and what it tells about its task in each state.
 */
#include "tasks.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <signal.h>

static void a_wait_succeeds_however_it_settled(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *good = mt_submit(ex, task_next, mt_int(1));
  mt_future *bad = mt_submit(ex, task_fail, mt_int(EIO));
  mt_future *refused = mt_submit(ex, NULL, mt_none());
  STATUS(mt_wait(good, MT_FOREVER), 0);
  STATUS(mt_wait(bad, MT_FOREVER), 0);
  STATUS(mt_wait(refused, MT_FOREVER), 0);
  STATUS(mt_wait(good, 0), 0);
  STATUS(mt_wait(bad, -1), 0);
  mt_unref(good);
  mt_unref(bad);
  mt_unref(refused);
  close_here(ex);
}

static void a_timeout_of_0_or_less_polls(void) {
  struct gate gate;
  gate_init(&gate);
  mt_value value = mt_int(77);
  STATUS(mt_wait(gate.future, 0), MT_ETIMEDOUT);
  STATUS(mt_wait(gate.future, -1), MT_ETIMEDOUT);
  STATUS(mt_wait(gate.future, INT64_MIN), MT_ETIMEDOUT);
  STATUS(mt_get(gate.future, 0, &value), MT_ETIMEDOUT);
  STATUS(mt_take(gate.future, 0, &value), MT_ETIMEDOUT);
  assert_true(mt_as_int(value) == 77);
  gate_fini(&gate);
}

static void a_wait_times_out_not_before_its_time(void) {
  struct gate gate;
  gate_init(&gate);
  int64_t begin = mt_now_ns();
  STATUS(mt_wait(gate.future, MT_MS(5)), MT_ETIMEDOUT);
  assert_true(mt_now_ns() - begin >= MT_MS(5));
  gate_fini(&gate);
}

static void get_reads_values_and_tells_errors(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *good = mt_submit(ex, task_next, mt_int(1));
  mt_future *bad = mt_submit(ex, task_fail, mt_int(EIO));
  mt_value value = mt_int(77);
  STATUS(mt_get(bad, MT_FOREVER, &value), MT_FAILED);
  STATUS(mt_take(bad, MT_FOREVER, &value), MT_FAILED);
  assert_true(mt_as_int(value) == 77);
  STATUS(mt_get(good, MT_FOREVER, &value), 0);
  assert_true(mt_as_int(value) == 2);
  STATUS(mt_get(good, MT_FOREVER, NULL), 0);
  STATUS(mt_get(bad, MT_FOREVER, NULL), MT_FAILED);
  assert_null(mt_failure(good));
  assert_int_equal(mt_failure(bad)->code, EIO);
  assert_string_equal(mt_failure(bad)->message, "code 5");
  mt_unref(good);
  mt_unref(bad);
  close_here(ex);
}

static void a_settled_future_tells_its_end(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(mt_done(f));
  assert_false(mt_running(f));
  assert_false(mt_was_cancelled(f));
  assert_int_equal(mt_attempts(f), 1);
  mt_unref(f);
  f = mt_submit(ex, task_fail, mt_int(EIO));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(mt_done(f));
  assert_false(mt_running(f));
  assert_false(mt_was_cancelled(f));
  mt_unref(f);
  close_here(ex);
}

static void a_task_that_waits_is_running(void) {
  mt_executor *ex = open_with(1);
  struct plug plug;
  plug_init(&plug);
  mt_future *running = mt_submit(ex, task_plug, mt_ptr(&plug));
  mt_future *waiting = mt_submit(ex, task_next, mt_int(1));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_running(running));
  assert_false(mt_done(running));
  assert_int_equal(mt_attempts(running), 1);
  assert_null(mt_failure(running));
  assert_false(mt_running(waiting));
  assert_false(mt_done(waiting));
  assert_false(mt_was_cancelled(waiting));
  assert_int_equal(mt_attempts(waiting), 0);
  plug_pull(&plug);
  GIVES(running, 1);
  GIVES(waiting, 2);
  mt_unref(running);
  mt_unref(waiting);
  close_here(ex);
  plug_fini(&plug);
}

static void a_cancelled_future_says_so(void) {
  mt_executor *ex = open_with(1);
  struct plug plug;
  plug_init(&plug);
  mt_future *running = mt_submit(ex, task_plug, mt_ptr(&plug));
  mt_future *queued = mt_submit(ex, task_next, mt_int(1));
  assert_true(mt_cancel(queued));
  assert_true(mt_done(queued));
  assert_true(mt_was_cancelled(queued));
  assert_int_equal(mt_attempts(queued), 0);
  assert_int_equal(mt_failure(queued)->attempt, 0);
  FAILS_WITH(queued, MT_ECANCELED);
  plug_pull(&plug);
  GIVES(running, 1);
  mt_unref(running);
  mt_unref(queued);
  close_here(ex);
  plug_fini(&plug);
}

static void it_knows_its_argument_tag_and_name(void) {
  mt_executor *ex = open_here(NULL);
  int tag = 0;
  const char *name = "price of AAPL";
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(8), .tag = &tag, .name = name);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(mt_as_int(mt_argument(f)) == 8);
  assert_ptr_equal(mt_tag(f), &tag);
  assert_string_equal(mt_name(f), name);
  mt_unref(f);

  f = mt_submit(ex, task_echo, mt_view("view", 5));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(mt_argument(f).size == 5);
  assert_string_equal(mt_argument(f).data, "view");
  assert_null(mt_tag(f));
  assert_string_equal(mt_name(f), "");
  mt_unref(f);
  close_here(ex);
}

static void a_refused_task_keeps_its_argument_tag_and_name(void) {
  int tag = 0;
  mt_future *f = submit_as(NULL, .fn = task_next, .arg = mt_int(8), .tag = &tag, .name = "refused");
  assert_true(mt_as_int(mt_argument(f)) == 8);
  assert_ptr_equal(mt_tag(f), &tag);
  assert_string_equal(mt_name(f), "refused");
  mt_unref(f);
}

static mt_value naps(mt_value arg) {
  mt_status st = mt_sleep(mt_as_int(arg));
  return st < 0 ? mt_give_up(st) : mt_none();
}

static void seconds_count_the_attempt_with_its_waits(void) {
  mt_executor *ex = open_here(&(mt_options){.timed = true});
  mt_future *f = mt_submit(ex, naps, mt_int(MT_MS(3)));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(mt_seconds(f) >= 0.003);
  mt_unref(f);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  f = mt_submit(ex, naps, mt_none()); /* refused: it never started */
  assert_true(mt_seconds(f) <= 0.0);
  mt_unref(f);
  close_here(ex);
}

static void seconds_are_unknown_without_a_clock(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true(isnan(mt_seconds(f)));
  mt_unref(f);
  close_here(ex);
}

static void seconds_are_0_before_the_return(void) {
  mt_executor *ex = open_here(&(mt_options){.timed = true, .in_flight = 2});
  struct gate gate;
  gate_init(&gate);
  mt_future *f = mt_submit(ex, task_gate, mt_ptr(&gate));
  UNTIL(suspended_in(ex) == 1);
  double before = mt_seconds(f);
  gate_open(&gate);
  GIVES(f, 1);
  assert_true(before >= 0.0 && before <= 0.0);
  assert_true(mt_seconds(f) > 0.0);
  mt_unref(f);
  gate_fini(&gate);
  close_here(ex);
}

static void references_are_counted(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  assert_ptr_equal(mt_ref(f), f);
  assert_null(mt_unref(f));
  GIVES(f, 2);
  assert_null(mt_unref(f));
  assert_null(mt_unref(NULL));
  close_here(ex);
}

static void an_unreffed_task_runs_all_the_same(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  for (int i = 0; i < 1000; i++) mt_unref(mt_submit(ex, task_count, mt_ptr(&count)));
  close_here(ex);
  assert_int_equal(atomic_load(&count), 1000);
}

static mt_value waits_for_itself(mt_value arg) {
  mt_status *st = arg.data;
  mt_future *self = mt_self();
  st[0] = mt_wait(self, MT_FOREVER);
  st[1] = mt_get(self, MT_FOREVER, NULL);
  st[2] = mt_wait_many(&self, 1, MT_ALL_DONE, MT_FOREVER);
  return mt_int(self == NULL);
}

static void a_task_cannot_wait_for_itself(void) {
  mt_executor *ex = open_here(NULL);
  mt_status st[3] = {1, 1, 1};
  mt_future *f = mt_submit(ex, waits_for_itself, mt_ptr(st));
  GIVES(f, 0);
  for (int i = 0; i < 3; i++) STATUS(st[i], MT_EDEADLK);
  mt_unref(f);
  close_here(ex);
}

static mt_value is_itself(mt_value arg) {
  return mt_int(mt_self() != NULL && mt_tag(mt_self()) == arg.data && mt_attempt() == 1);
}

static void a_task_knows_its_future(void) {
  mt_executor *ex = open_here(NULL);
  int tag = 0;
  mt_future *f = submit_as(ex, .fn = is_itself, .arg = mt_ptr(&tag), .tag = &tag);
  GIVES(f, 1);
  mt_unref(f);
  close_here(ex);
}

static atomic_uint signals_seen;
static void on_signal(int number) {
  (void)number;
  atomic_fetch_add(&signals_seen, 1);
}

struct outsider {
  mt_future *future;
  atomic_bool here;
  mt_status st;
};

static void *waits_outside(void *arg) {
  struct outsider *o = arg;
  atomic_store(&o->here, true);
  o->st = mt_wait(o->future, MT_FOREVER);
  return NULL;
}

static void a_signal_does_not_end_a_wait(void) {
  struct sigaction action = {.sa_handler = on_signal}, before; /* no SA_RESTART */
  sigaction(SIGUSR1, &action, &before);
  struct gate gate;
  gate_init(&gate);
  struct outsider o = {.future = gate.future, .st = 1};
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, waits_outside, &o), 0);
  UNTIL(atomic_load(&o.here));
  for (int i = 0; i < 50; i++) { /* a sanitizer may hold handlers back, so none is waited for */
    pthread_kill(thread, SIGUSR1);
    contract_pause();
  }
  gate_open(&gate);
  pthread_join(thread, NULL);
  STATUS(o.st, 0);
  assert_true(atomic_load(&signals_seen) > 0);
  sigaction(SIGUSR1, &before, NULL);
  gate_fini(&gate);
}

#define WAITERS 8

static void every_waiter_wakes(void) {
  mt_executor *ex = open_with(100);
  struct gate gate;
  gate_init(&gate);
  struct outsider outside[WAITERS];
  pthread_t threads[WAITERS];
  mt_future *inside[100];
  for (int i = 0; i < WAITERS; i++) {
    outside[i] = (struct outsider){.future = gate.future, .st = 1};
    pthread_create(&threads[i], NULL, waits_outside, &outside[i]);
  }
  for (int i = 0; i < 100; i++) inside[i] = mt_submit(ex, task_gate, mt_ptr(&gate));
  UNTIL(suspended_in(ex) == 100);
  gate_open(&gate);
  for (int i = 0; i < WAITERS; i++) {
    pthread_join(threads[i], NULL);
    STATUS(outside[i].st, 0);
  }
  for (int i = 0; i < 100; i++) {
    GIVES(inside[i], 1);
    mt_unref(inside[i]);
  }
  gate_fini(&gate);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_wait_succeeds_however_it_settled, 0),
    CHECK(a_timeout_of_0_or_less_polls, 0),
    CHECK(a_wait_times_out_not_before_its_time, 0),
    CHECK(get_reads_values_and_tells_errors, 0),
    CHECK(a_settled_future_tells_its_end, 0),
    CHECK(a_task_that_waits_is_running, OVERLAP),
    CHECK(a_cancelled_future_says_so, OVERLAP),
    CHECK(it_knows_its_argument_tag_and_name, 0),
    CHECK(a_refused_task_keeps_its_argument_tag_and_name, 0),
    CHECK(seconds_count_the_attempt_with_its_waits, 0),
    CHECK(seconds_are_unknown_without_a_clock, 0),
    CHECK(seconds_are_0_before_the_return, OVERLAP),
    CHECK(references_are_counted, 0),
    CHECK(an_unreffed_task_runs_all_the_same, SHARE),
    CHECK(a_task_cannot_wait_for_itself, SHARE),
    CHECK(a_task_knows_its_future, SHARE),
    CHECK(a_signal_does_not_end_a_wait, 0),
    CHECK(every_waiter_wakes, OVERLAP),
};
CONTRACT(checks)
