/* SPDX-License-Identifier: MIT
 *
 * Shutting down: draining, cancelling, the time limit, pressing harder, and who may.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>

#define BOTH (MT_CANCEL_QUEUED | MT_CANCEL_RUNNING)

static void outsiders_are_refused(void) {
  mt_executor *ex = open_here(NULL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .name = "late");
  FAILS_WITH(f, MT_ESHUTDOWN);
  assert_string_equal(mt_failure(f)->task, "late");
  assert_int_equal(mt_attempts(f), 0);
  assert_false(mt_cancel(f));
  mt_unref(f);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0); /* again */
  STATUS(mt_shutdown(ex, BOTH, 0), 0);
  close_here(ex);
}

struct drain {
  mt_executor *ex;
  struct gate gate;
  atomic_uint count;
  int refused;
};

static mt_value submits_while_draining(mt_value arg) {
  struct drain *drain = arg.data;
  mt_shield(true); /* the cancel of a running task is another matter */
  (void)gate_pass(&drain->gate);
  mt_shield(false);
  for (int i = 0; i < 10; i++) {
    mt_future *f =
        submit_as(drain->ex, .fn = task_count, .arg = mt_ptr(&drain->count), .delay_ns = i);
    const mt_error *error = mt_failure(f);
    if (error != NULL && error->code == MT_ESHUTDOWN) drain->refused++;
    mt_unref(f);
  }
  return mt_int(1);
}

static void draining_tasks_may_submit(void) {
  mt_executor *ex = open_with(4);
  struct drain drain = {.ex = ex};
  gate_init(&drain.gate);
  mt_future *f = mt_submit(ex, submits_while_draining, mt_ptr(&drain));
  STATUS(mt_shutdown(ex, 0, 0), MT_ETIMEDOUT);
  mt_future *outsider = mt_submit(ex, task_next, mt_int(1));
  FAILS_WITH(outsider, MT_ESHUTDOWN);
  gate_open(&drain.gate);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  GIVES(f, 1);
  assert_int_equal(drain.refused, 0);
  assert_int_equal(atomic_load(&drain.count), 10);
  mt_unref(f);
  mt_unref(outsider);
  close_here(ex);
  gate_fini(&drain.gate);
}

static void a_cancelling_shutdown_refuses_all(void) {
  mt_executor *ex = open_with(4);
  struct drain drain = {.ex = ex};
  gate_init(&drain.gate);
  mt_future *f = mt_submit(ex, submits_while_draining, mt_ptr(&drain));
  UNTIL(suspended_in(ex) == 1);
  STATUS(mt_shutdown(ex, MT_CANCEL_QUEUED, 0), MT_ETIMEDOUT);
  gate_open(&drain.gate);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  GIVES(f, 1);
  assert_int_equal(drain.refused, 10);
  assert_int_equal(atomic_load(&drain.count), 0);
  mt_unref(f);
  close_here(ex);
  gate_fini(&drain.gate);
}

static void a_limit_that_ran_out_leaves_them_pending(void) {
  mt_executor *ex = open_with(4);
  struct gate gate;
  gate_init(&gate);
  mt_future *f = mt_submit(ex, task_gate, mt_ptr(&gate));
  STATUS(mt_shutdown(ex, 0, 0), MT_ETIMEDOUT);
  STATUS(mt_shutdown(ex, 0, MT_MS(1)), MT_ETIMEDOUT);
  assert_false(mt_done(f));
  gate_open(&gate);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  assert_true(mt_done(f));
  GIVES(f, 1);
  mt_unref(f);
  close_here(ex);
  gate_fini(&gate);
}

/* One slot taken; tasks that are queued, delayed, in a backoff; and the rest of an hour to wait. */
struct mixed {
  mt_executor *ex;
  struct gate gate;
  struct plug plug;
  mt_future *running, *queued[5], *delayed[5], *backoff;
  atomic_uint count;
};

static const mt_retry hourly = {
    .repeats = 5, .first_ns = MT_SECONDS(3600), .max_ns = MT_SECONDS(3600), .no_jitter = true};

static void mixed_init(struct mixed *m) {
  m->ex = open_with(1);
  atomic_init(&m->count, 0);
  plug_init(&m->plug);
  m->backoff = submit_as(m->ex, .fn = task_fail, .arg = mt_int(EIO), .retry = &hourly);
  UNTIL(mt_attempts(m->backoff) == 1 && !mt_running(m->backoff));
  m->running = mt_submit(m->ex, task_plug, mt_ptr(&m->plug));
  UNTIL(suspended_in(m->ex) == 1);
  for (int i = 0; i < 5; i++) {
    m->queued[i] = mt_submit(m->ex, task_count, mt_ptr(&m->count));
    m->delayed[i] =
        submit_as(m->ex, .fn = task_count, .arg = mt_ptr(&m->count), .delay_ns = MT_SECONDS(3600));
  }
}

static void mixed_fini(struct mixed *m) {
  for (int i = 0; i < 5; i++) {
    FAILS_WITH(m->queued[i], MT_ECANCELED);
    FAILS_WITH(m->delayed[i], MT_ECANCELED);
    mt_unref(m->queued[i]);
    mt_unref(m->delayed[i]);
  }
  FAILS_WITH(m->backoff, MT_ECANCELED);
  mt_unref(m->backoff);
  assert_int_equal(atomic_load(&m->count), 0);
  mt_unref(m->running);
  close_here(m->ex);
  plug_fini(&m->plug);
}

static void what_has_not_started_can_be_cancelled(void) {
  struct mixed m;
  mixed_init(&m);
  STATUS(mt_shutdown(m.ex, MT_CANCEL_QUEUED, 0), MT_ETIMEDOUT);
  for (int i = 0; i < 5; i++) {
    assert_true(mt_was_cancelled(m.queued[i])); /* while the other runs on */
    assert_true(mt_was_cancelled(m.delayed[i]));
  }
  assert_false(mt_done(m.running));
  plug_pull(&m.plug);
  STATUS(mt_shutdown(m.ex, 0, MT_FOREVER), 0);
  GIVES(m.running, 1);
  mixed_fini(&m);
}

static void what_runs_can_be_cancelled_too(void) {
  struct mixed m;
  mixed_init(&m);
  STATUS(mt_shutdown(m.ex, BOTH, MT_FOREVER), 0);
  FAILS_WITH(m.running, MT_ECANCELED);
  mixed_fini(&m);
}

static void cancelling_what_runs_cancels_the_queue_as_well(void) {
  struct mixed m;
  mixed_init(&m);
  STATUS(mt_shutdown(m.ex, MT_CANCEL_RUNNING, MT_FOREVER), 0);
  FAILS_WITH(m.running, MT_ECANCELED);
  mixed_fini(&m);
}

static void one_may_press_harder(void) {
  struct mixed m;
  mixed_init(&m);
  STATUS(mt_shutdown(m.ex, 0, 0), MT_ETIMEDOUT);
  assert_false(mt_done(m.queued[0]));
  STATUS(mt_shutdown(m.ex, MT_CANCEL_QUEUED, 0), MT_ETIMEDOUT);
  assert_true(mt_done(m.queued[0]));
  assert_false(mt_done(m.running));
  STATUS(mt_shutdown(m.ex, MT_CANCEL_RUNNING, MT_FOREVER), 0);
  FAILS_WITH(m.running, MT_ECANCELED);
  mixed_fini(&m);
}

static mt_value fails_when_told(mt_value arg) {
  mt_status st = plug_pass(arg.data);
  return st < 0 ? mt_give_up(st) : mt_fail(EIO, "told");
}

static void nothing_is_repeated_once_it_cancels(void) {
  mt_executor *ex = open_with(2);
  struct plug plug;
  plug_init(&plug);
  const mt_retry retry = {.repeats = 100, .first_ns = 1};
  mt_future *f = submit_as(ex, .fn = fails_when_told, .arg = mt_ptr(&plug), .retry = &retry);
  UNTIL(suspended_in(ex) == 1);
  STATUS(mt_shutdown(ex, MT_CANCEL_QUEUED, 0), MT_ETIMEDOUT);
  plug_pull(&plug);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  STATUS(mt_wait(f, 0), 0);
  assert_non_null(mt_failure(f));
  assert_int_equal(mt_attempts(f), 1);
  mt_unref(f);
  close_here(ex);
  plug_fini(&plug);
}

static void callbacks_have_run_when_it_returns(void) {
  for (int round = 0; round < 20; round++) {
    mt_executor *ex = open_here(NULL);
    atomic_uint called = 0;
    for (int i = 0; i < 200; i++) {
      mt_future *f = mt_submit(ex, task_next, mt_int(i));
      STATUS(mt_on_done(f, done_count, &called), 0);
      mt_unref(f);
    }
    STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
    assert_int_equal(atomic_load(&called), 200);
    close_here(ex);
  }
}

struct stopper {
  mt_executor *ex;
  struct latch latch;
  mt_status st;
  unsigned settled;
};

static void *stops(void *arg) {
  struct stopper *s = arg;
  latch_pass(&s->latch);
  s->st = mt_shutdown(s->ex, 0, MT_FOREVER);
  mt_counts counts;
  mt_counters(s->ex, &counts);
  s->settled = (unsigned)counts.settled;
  return NULL;
}

static void several_may_wait_for_the_same_end(void) {
  mt_executor *ex = open_with(4);
  struct gate gate;
  gate_init(&gate);
  for (int i = 0; i < 20; i++) mt_unref(mt_submit(ex, task_gate, mt_ptr(&gate)));
  struct stopper stoppers[4];
  pthread_t threads[4];
  for (int i = 0; i < 4; i++) {
    stoppers[i] = (struct stopper){.ex = ex, .st = 1};
    latch_init(&stoppers[i].latch);
    latch_open(&stoppers[i].latch);
    pthread_create(&threads[i], NULL, stops, &stoppers[i]);
  }
  gate_open(&gate);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    STATUS(stoppers[i].st, 0);
    assert_int_equal(stoppers[i].settled, 20);
    latch_fini(&stoppers[i].latch);
  }
  close_here(ex);
  gate_fini(&gate);
}

struct other {
  mt_executor *ex;
  mt_status st;
};

static mt_value stops_another(mt_value arg) {
  struct other *other = arg.data;
  other->st = mt_shutdown(other->ex, 0, MT_FOREVER);
  return other->st < 0 ? mt_give_up(other->st) : mt_none();
}

static void a_task_may_stop_another_executor_and_be_cut(void) {
  mt_executor *ex = open_with(2), *stopped = open_with(2);
  struct gate gate;
  gate_init(&gate);
  mt_future *busy = mt_submit(stopped, task_gate, mt_ptr(&gate));
  struct other other = {.ex = stopped, .st = 1};
  mt_future *f = mt_submit(ex, stops_another, mt_ptr(&other));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  STATUS(other.st, MT_ECANCELED);
  mt_unref(f);

  f = submit_as(ex, .fn = stops_another, .arg = mt_ptr(&other), .timeout_ns = MT_MS(2));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  STATUS(other.st, MT_EDEADLINE);
  mt_unref(f);

  f = mt_submit(ex, stops_another, mt_ptr(&other));
  gate_open(&gate);
  GIVES(f, 0);
  STATUS(other.st, 0);
  GIVES(busy, 1);
  mt_unref(f);
  mt_unref(busy);
  close_here(ex);
  close_here(stopped);
  gate_fini(&gate);
}

/* Threads go on submitting while it shuts down: each future holds a value or the refusal. */
#define THREADS 4
#define EACH    500

struct racer {
  mt_executor *ex;
  atomic_uint *ran;
  mt_future *futures[EACH];
};

static void *submits_on_and_on(void *arg) {
  struct racer *racer = arg;
  for (int i = 0; i < EACH; i++)
    racer->futures[i] = mt_submit(racer->ex, task_count, mt_ptr(racer->ran));
  return NULL;
}

static void nothing_is_lost_between_the_two(void) {
  static struct racer racers[THREADS];
  for (int how = 0; how <= BOTH; how++) {
    mt_executor *ex = open_here(NULL);
    atomic_uint ran = 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
      racers[i].ex = ex;
      racers[i].ran = &ran;
      pthread_create(&threads[i], NULL, submits_on_and_on, &racers[i]);
    }
    UNTIL(atomic_load(&ran) > 0);
    STATUS(mt_shutdown(ex, (unsigned)how, MT_FOREVER), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    unsigned values = 0, strange = 0;
    for (int i = 0; i < THREADS * EACH; i++) {
      mt_future *f = racers[i / EACH].futures[i % EACH];
      const mt_error *error = mt_failure(f);
      if (!mt_done(f)) strange++;
      if (error == NULL) values++;
      if (error != NULL && error->code != MT_ESHUTDOWN && error->code != MT_ECANCELED) strange++;
      if (error != NULL && error->code == MT_ECANCELED && how == 0) strange++;
      mt_unref(f);
    }
    assert_int_equal(strange, 0);
    assert_int_equal(values, atomic_load(&ran));
    close_here(ex);
  }
}

static const struct check checks[] = {
    CHECK(outsiders_are_refused, 0),
    CHECK(draining_tasks_may_submit, ALL),
    CHECK(a_cancelling_shutdown_refuses_all, ALL),
    CHECK(a_limit_that_ran_out_leaves_them_pending, OVERLAP),
    CHECK(what_has_not_started_can_be_cancelled, OVERLAP),
    CHECK(what_runs_can_be_cancelled_too, OVERLAP),
    CHECK(cancelling_what_runs_cancels_the_queue_as_well, OVERLAP),
    CHECK(one_may_press_harder, OVERLAP),
    CHECK(nothing_is_repeated_once_it_cancels, OVERLAP),
    CHECK(callbacks_have_run_when_it_returns, SHARE),
    CHECK(several_may_wait_for_the_same_end, OVERLAP),
    CHECK(a_task_may_stop_another_executor_and_be_cut, OVERLAP),
    CHECK(nothing_is_lost_between_the_two, SHARE),
};
CONTRACT(checks)
