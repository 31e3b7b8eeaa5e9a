/* SPDX-License-Identifier: MIT
 *
 * Who frees what: drop_arg once when the future is freed, drop_result once unless mt_take moved the
 * result out, whatever way the task went.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>

struct drops {
  atomic_uint args, results;
};

/* Bare values that drop_arg and drop_result of these tests get: counters they add to. */
static mt_value results_of(mt_value arg) {
  struct drops *drops = (struct drops *)((char *)arg.data - offsetof(struct drops, args));
  return mt_ptr(&drops->results);
}

static mt_future *submit_counted(mt_executor *ex, struct drops *drops, mt_fn *fn) {
  return submit_as(ex, .fn = fn, .arg = mt_ptr(&drops->args), .drop_arg = drop_count,
                   .drop_result = drop_count);
}

static void expect_drops(struct drops *drops, unsigned args, unsigned results) {
  assert_int_equal(atomic_load(&drops->args), args);
  assert_int_equal(atomic_load(&drops->results), results);
}

static void both_are_dropped_once_with_the_future(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, results_of);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  mt_unref(f);
  close_here(ex);
  expect_drops(&drops, 1, 1);
}

static void nothing_is_dropped_while_somebody_holds_the_future(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, results_of);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  mt_value value;
  STATUS(mt_get(f, 0, &value), 0);
  close_here(ex);
  expect_drops(&drops, 0, 0);
  assert_ptr_equal(value.data, &drops.results);
  mt_unref(f);
  expect_drops(&drops, 1, 1);
}

static void a_taken_result_is_the_takers(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, results_of);
  mt_value value;
  STATUS(mt_take(f, MT_FOREVER, &value), 0);
  assert_ptr_equal(value.data, &drops.results);
  mt_unref(f);
  close_here(ex);
  expect_drops(&drops, 1, 0);
}

static mt_value fails(mt_value arg) {
  (void)arg;
  return mt_fail(EIO, "no result");
}

static void a_failed_task_has_no_result_to_drop(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, fails);
  FAILS_WITH(f, EIO);
  mt_unref(f);
  close_here(ex);
  expect_drops(&drops, 1, 0);
}

static void a_refused_task_drops_its_argument_too(void) {
  mt_executor *ex = open_here(NULL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, results_of);
  FAILS_WITH(f, MT_ESHUTDOWN);
  mt_unref(f);
  expect_drops(&drops, 1, 0);
  close_here(ex);

  f = submit_counted(NULL, &drops, results_of);
  FAILS_WITH(f, MT_EINVAL);
  mt_unref(f);
  expect_drops(&drops, 2, 0);
}

static void a_task_that_never_ran_drops_its_argument_too(void) {
  mt_executor *ex = open_with(1);
  struct plug plug;
  plug_init(&plug);
  mt_future *holder = mt_submit(ex, task_plug, mt_ptr(&plug));
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, results_of);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  mt_unref(f);
  plug_pull(&plug);
  GIVES(holder, 1);
  mt_unref(holder);
  close_here(ex);
  plug_fini(&plug);
  expect_drops(&drops, 1, 0);
}

static void every_attempt_has_the_argument_and_it_is_dropped_once(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  const mt_retry retry = {.repeats = 4, .first_ns = 1};
  mt_future *f = submit_as(ex, .fn = fails, .arg = mt_ptr(&drops.args), .drop_arg = drop_count,
                           .drop_result = drop_count, .retry = &retry);
  FAILS_WITH(f, EIO);
  assert_int_equal(mt_attempts(f), 5);
  mt_unref(f);
  close_here(ex);
  expect_drops(&drops, 1, 0);
}

static void an_unwanted_future_is_dropped_when_it_settles(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  for (int i = 0; i < 100; i++) mt_unref(submit_counted(ex, &drops, results_of));
  close_here(ex);
  expect_drops(&drops, 100, 100);
}

static mt_value sized(mt_value arg) {
  (void)arg;
  return mt_bytes("sized", 6);
}

static void a_sized_result_is_freed_and_not_dropped(void) {
  mt_executor *ex = open_here(NULL);
  struct drops drops = {0};
  mt_future *f = submit_counted(ex, &drops, sized);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  mt_unref(f);
  close_here(ex);
  expect_drops(&drops, 1, 0);
}

static void only_one_reader_can_take(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, sized, mt_none());
  mt_value mine, again = mt_int(77);
  STATUS(mt_take(f, MT_FOREVER, &mine), 0);
  STATUS(mt_take(f, MT_FOREVER, &again), MT_ETAKEN);
  STATUS(mt_get(f, MT_FOREVER, &again), MT_ETAKEN);
  assert_true(mt_as_int(again) == 77);
  STATUS(mt_wait(f, 0), 0);
  assert_null(mt_failure(f));
  assert_string_equal(mine.data, "sized");
  free(mine.data);
  mt_unref(f);
  close_here(ex);
}

#define TAKERS 8

struct race {
  mt_future *future;
  struct latch start;
  atomic_uint taken, late, other;
};

static void *take_it(void *arg) {
  struct race *race = arg;
  latch_pass(&race->start);
  mt_value value;
  mt_status st = mt_take(race->future, MT_FOREVER, &value);
  if (st == 0) free(value.data);
  atomic_fetch_add(st == 0 ? &race->taken : st == MT_ETAKEN ? &race->late : &race->other, 1);
  return NULL;
}

static void of_many_takers_one_succeeds(void) {
  mt_executor *ex = open_here(NULL);
  for (int round = 0; round < 50; round++) {
    struct race race = {.future = mt_submit(ex, sized, mt_none())};
    latch_init(&race.start);
    pthread_t threads[TAKERS];
    for (int i = 0; i < TAKERS; i++) pthread_create(&threads[i], NULL, take_it, &race);
    latch_open(&race.start);
    for (int i = 0; i < TAKERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&race.taken), 1);
    assert_int_equal(atomic_load(&race.late), TAKERS - 1);
    assert_int_equal(atomic_load(&race.other), 0);
    mt_unref(race.future);
    latch_fini(&race.start);
  }
  close_here(ex);
}

static void two_readers_borrow_the_same(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, sized, mt_none());
  mt_value first, second;
  STATUS(mt_get(f, MT_FOREVER, &first), 0);
  STATUS(mt_get(f, MT_FOREVER, &second), 0);
  assert_ptr_equal(first.data, second.data);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(both_are_dropped_once_with_the_future, SHARE),
    CHECK(nothing_is_dropped_while_somebody_holds_the_future, SHARE),
    CHECK(a_taken_result_is_the_takers, SHARE),
    CHECK(a_failed_task_has_no_result_to_drop, SHARE),
    CHECK(a_refused_task_drops_its_argument_too, SHARE),
    CHECK(a_task_that_never_ran_drops_its_argument_too, OVERLAP),
    CHECK(every_attempt_has_the_argument_and_it_is_dropped_once, SHARE),
    CHECK(an_unwanted_future_is_dropped_when_it_settles, SHARE),
    CHECK(a_sized_result_is_freed_and_not_dropped, SHARE),
    CHECK(only_one_reader_can_take, 0),
    CHECK(of_many_takers_one_succeeds, 0),
    CHECK(two_readers_borrow_the_same, 0),
};
CONTRACT(checks)
