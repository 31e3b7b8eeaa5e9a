/* SPDX-License-Identifier: MIT
 *
 * Tasks that are worth another attempt.
 */
#include "flaky.h"

#include <errno.h>

const mt_retry quick = {.repeats = 9, .first_ns = 1};
const mt_retry hourly = {
    .repeats = 9, .first_ns = MT_SECONDS(3600), .max_ns = MT_SECONDS(3600), .no_jitter = true};

mt_value task_flaky(mt_value arg) {
  struct flaky *flaky = arg.data;
  unsigned before = flaky->attempts++;
  if (before < sizeof flaky->begun_ns / sizeof *flaky->begun_ns)
    flaky->begun_ns[before] = mt_now_ns();
  if (mt_attempt() != flaky->attempts) flaky->strange++;
  if (flaky->attempts < flaky->good) return mt_fail(EAGAIN, "attempt %u", flaky->attempts);
  return mt_int((intptr_t)flaky->attempts);
}

void flaky_waited(const struct flaky *flaky, const int64_t *least_ns, unsigned n) {
  assert_true(flaky->attempts > n);
  for (unsigned i = 0; i < n; i++)
    assert_true(flaky->begun_ns[i + 1] - flaky->begun_ns[i] >= least_ns[i]);
}

void wait_for_backoff(mt_future *f) {
  UNTIL(mt_attempts(f) == 1 && !mt_running(f));
}

mt_value task_fails_when_cut(mt_value arg) {
  (void)arg;
  (void)mt_sleep(MT_FOREVER);
  return mt_fail(EAGAIN, "as if it were worth another");
}

void expect_no_backoff_past_the_deadline(mt_executor *ex) {
  struct flaky flaky = {.good = 2};
  mt_future *f = submit_flaky(ex, &flaky, &hourly, .deadline_ns = MT_SECONDS(1800));
  FAILS_WITH(f, EAGAIN);
  assert_string_equal(mt_failure(f)->message, "attempt 1");
  assert_int_equal(mt_attempts(f), 1);
  mt_unref(f);
}

static mt_value hangs_once(mt_value arg) {
  if (mt_attempt() == 1) return mt_give_up(mt_sleep(MT_FOREVER));
  return arg;
}

void expect_a_timeout_is_repeated(mt_executor *ex) {
  mt_future *f =
      submit_as(ex, .fn = hangs_once, .arg = mt_int(8), .retry = &quick, .timeout_ns = MT_MS(50));
  GIVES(f, 8);
  assert_true(mt_attempts(f) >= 2);
  mt_unref(f);
}

void expect_a_cancel_is_not_repeated(mt_executor *ex) {
  mt_fn *const ends[] = {task_sleeper, task_fails_when_cut};
  for (int i = 0; i < 2; i++) {
    mt_future *f = submit_as(ex, .fn = ends[i], .retry = &quick);
    UNTIL(suspended_in(ex) == 1);
    assert_true(mt_cancel(f));
    STATUS(mt_wait(f, MT_FOREVER), 0);
    assert_non_null(mt_failure(f));
    assert_int_equal(mt_attempts(f), 1);
    mt_unref(f);
  }
}
