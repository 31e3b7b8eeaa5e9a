/* SPDX-License-Identifier: MIT
 *
 * Counters, read in situations that stand still.
 */
#include "tasks.h"

#include <errno.h>

static mt_counts counts_of(mt_executor *ex) {
  mt_counts counts;
  mt_counters(ex, &counts);
  return counts;
}

static void a_fresh_executor_has_counted_nothing(void) {
  mt_executor *ex = open_here(NULL);
  mt_counts c = counts_of(ex);
  assert_true(c.submitted == 0 && c.started == 0 && c.settled == 0 && c.failed == 0);
  assert_true(c.cancelled == 0 && c.retried == 0);
  assert_true(c.queued == 0 && c.running == 0 && c.suspended == 0);
  assert_int_equal(c.block_threads, 0);
  close_here(ex);
}

static void each_end_is_counted(void) {
  mt_executor *ex = open_here(NULL);
  const mt_retry retry = {.repeats = 2, .first_ns = 1};
  for (int i = 0; i < 10; i++) mt_unref(mt_submit(ex, task_next, mt_int(1)));
  for (int i = 0; i < 5; i++) mt_unref(mt_submit(ex, task_fail, mt_int(EIO)));
  for (int i = 0; i < 3; i++)
    mt_unref(submit_as(ex, .fn = task_fail, .arg = mt_int(EIO), .retry = &retry));
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  mt_unref(mt_submit(ex, task_next, mt_int(1))); /* refused: never counted */
  mt_counts c = counts_of(ex);
  assert_true(c.submitted == 18);
  assert_true(c.started == 15 + 3 * 3);
  assert_true(c.settled == 18);
  assert_true(c.failed == 8);
  assert_true(c.cancelled == 0);
  assert_true(c.retried == 6);
  assert_true(c.queued == 0 && c.running == 0 && c.suspended == 0);
  close_here(ex);
}

static void what_goes_on_is_counted(void) {
  mt_executor *ex = open_with(3);
  struct plug plug;
  struct latch latch;
  plug_init(&plug);
  latch_init(&latch);
  mt_future *f[9];
  for (int i = 0; i < 2; i++) f[i] = mt_submit(ex, task_plug, mt_ptr(&plug));
  UNTIL(suspended_in(ex) == 2);
  f[2] = mt_submit(ex, task_latch, mt_ptr(&latch));
  UNTIL(atomic_load(&latch.arrived) == 1);
  for (int i = 3; i < 7; i++) f[i] = mt_submit(ex, task_next, mt_int(1));
  for (int i = 7; i < 9; i++) f[i] = submit_as(ex, .fn = task_next, .delay_ns = MT_SECONDS(3600));
  mt_counts c = counts_of(ex);
  assert_true(c.submitted == 9);
  assert_true(c.started == 3);
  assert_true(c.settled == 0);
  assert_true(c.queued == 6);
  assert_true(c.running == 3);
  assert_true(c.suspended == 2);
  assert_int_equal(c.in_flight, 3);
  for (int i = 5; i < 9; i++) assert_true(mt_cancel(f[i]));
  c = counts_of(ex);
  assert_true(c.settled == 4 && c.cancelled == 4 && c.failed == 0);
  assert_true(c.queued == 2);
  latch_open(&latch);
  plug_pull(&plug);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  c = counts_of(ex);
  assert_true(c.started == 5 && c.settled == 9);
  assert_true(c.queued == 0 && c.running == 0 && c.suspended == 0);
  for (int i = 0; i < 9; i++) mt_unref(f[i]);
  close_here(ex);
  plug_fini(&plug);
  latch_fini(&latch);
}

static void what_runs_and_is_cancelled_is_counted_as_it_ends(void) {
  mt_executor *ex = open_with(2);
  mt_future *f = mt_submit(ex, task_sleeper, mt_none());
  UNTIL(suspended_in(ex) == 1);
  mt_cancel(f);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  mt_counts c = counts_of(ex);
  assert_true(c.started == 1 && c.settled == 1 && c.cancelled == 1 && c.failed == 0);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_fresh_executor_has_counted_nothing, 0),
    CHECK(each_end_is_counted, 0),
    CHECK(what_goes_on_is_counted, OVERLAP),
    CHECK(what_runs_and_is_cancelled_is_counted_as_it_ends, OVERLAP),
};
CONTRACT(checks)
