/* SPDX-License-Identifier: MIT
 *
 * Retry: how often, how long between, what is worth it, and what never is.
 */
#include "flaky.h"

#include <errno.h>

static void it_is_repeated_until_it_succeeds(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 3};
  const mt_retry retry = {.repeats = 10, .first_ns = 1};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  GIVES(f, 3);
  assert_int_equal(mt_attempts(f), 3);
  assert_int_equal(flaky.strange, 0);
  mt_unref(f);
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_true(counts.started == 3);
  assert_true(counts.retried == 2);
  assert_true(counts.failed == 0);
  close_here(ex);
}

static void at_last_it_fails_with_the_last_error(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 100};
  const mt_retry retry = {.repeats = 4, .first_ns = 1};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  FAILS_WITH(f, EAGAIN);
  assert_string_equal(mt_failure(f)->message, "attempt 5");
  assert_int_equal(mt_failure(f)->attempt, 5);
  assert_int_equal(mt_attempts(f), 5);
  assert_int_equal(flaky.attempts, 5);
  mt_unref(f);
  close_here(ex);
}

static void no_repeats_is_no_retry(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 100};
  const mt_retry retry = {.first_ns = 1};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  FAILS_WITH(f, EAGAIN);
  assert_int_equal(flaky.attempts, 1);
  mt_unref(f);
  close_here(ex);
}

/* A predicate that notes what it is asked. */
struct judge {
  unsigned asked;
  unsigned says_no_at; /* the question it denies */
  int last_code;
  unsigned last_attempt;
  mt_status waited; /* what a wait in it returned */
  void *of;         /* the argument of the task it is asked about */
  int64_t delay_ns;
};

static bool judges(void *arg, const mt_error *error, int64_t *delay_ns) {
  struct judge *judge = arg;
  judge->asked++;
  judge->last_code = error->code;
  judge->last_attempt = error->attempt;
  judge->of = mt_argument(mt_self()).data;
  *delay_ns = judge->delay_ns;
  return judge->asked != judge->says_no_at;
}

static void what_is_not_worth_it_is_not_repeated(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 100};
  struct judge judge = {.says_no_at = 3};
  const mt_retry retry = {.repeats = 10, .first_ns = 1, .worth = judges, .worth_arg = &judge};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  FAILS_WITH(f, EAGAIN);
  assert_int_equal(flaky.attempts, 3);
  assert_int_equal(judge.asked, 3);
  assert_int_equal(judge.last_code, EAGAIN);
  assert_int_equal(judge.last_attempt, 3);
  assert_ptr_equal(judge.of, &flaky);
  mt_unref(f);
  close_here(ex);
}

static void the_predicate_can_name_the_delay(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 3};
  struct judge judge = {.delay_ns = 1}; /* and not the policy's hour */
  const mt_retry retry = {.repeats = 10,
                          .first_ns = MT_SECONDS(3600),
                          .max_ns = MT_SECONDS(3600),
                          .no_jitter = true,
                          .worth = judges,
                          .worth_arg = &judge};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  GIVES(f, 3);
  mt_unref(f);
  close_here(ex);
}

static void a_value_is_never_judged(void) {
  mt_executor *ex = open_here(NULL);
  struct judge judge = {0};
  const mt_retry retry = {.repeats = 10, .worth = judges, .worth_arg = &judge};
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .retry = &retry);
  GIVES(f, 2);
  assert_int_equal(judge.asked, 0);
  mt_unref(f);
  close_here(ex);
}

static void without_jitter_the_waits_are_exact(void) {
  mt_executor *ex = open_here(NULL);
  struct flaky flaky = {.good = 100};
  const mt_retry retry = {
      .repeats = 4, .first_ns = MT_MS(1), .factor = 2, .max_ns = MT_MS(3), .no_jitter = true};
  static const int64_t least[] = {MT_MS(1), MT_MS(2), MT_MS(3), MT_MS(3)};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  FAILS_WITH(f, EAGAIN);
  assert_int_equal(flaky.attempts, 5);
  flaky_waited(&flaky, least, 4);
  mt_unref(f);
  close_here(ex);
}

static void a_backoff_holds_no_slot(void) {
  mt_executor *ex = open_with(1);
  struct flaky flaky = {.good = 2};
  mt_future *f = submit_flaky(ex, &flaky, &hourly);
  wait_for_backoff(f);
  mt_future *other = mt_submit(ex, task_next, mt_int(1));
  GIVES(other, 2);
  assert_false(mt_running(f));
  assert_false(mt_done(f));
  assert_null(mt_failure(f));
  UNTIL(queued_in(ex) == 1 && running_in(ex) == 0);
  assert_true(mt_cancel(f));
  assert_true(mt_was_cancelled(f)); /* at once: nothing of it is running */
  assert_int_equal(flaky.attempts, 1);
  mt_unref(f);
  mt_unref(other);
  close_here(ex);
}

static void a_backoff_past_the_deadline_fails_now_with_the_last_error(void) {
  mt_executor *ex = open_here(NULL);
  expect_no_backoff_past_the_deadline(ex);
  close_here(ex);
}

static void a_cancelled_task_is_not_repeated(void) {
  mt_executor *ex = open_with(2);
  expect_a_cancel_is_not_repeated(ex);
  close_here(ex);
}

static void an_attempts_timeout_is_worth_another(void) {
  mt_executor *ex = open_here(NULL);
  expect_a_timeout_is_repeated(ex);
  close_here(ex);
}

static void a_deadline_is_not_worth_another(void) {
  mt_executor *ex = open_here(NULL);
  const mt_retry retry = {.repeats = 100, .first_ns = 1};
  mt_future *f = submit_as(ex, .fn = task_sleeper, .retry = &retry, .deadline_ns = MT_MS(3));
  FAILS_WITH(f, MT_EDEADLINE);
  assert_true(mt_attempts(f) <= 1);
  mt_unref(f);
  close_here(ex);
}

struct shields {
  bool found[2];
};

static mt_value leaves_its_shield_on(mt_value arg) {
  struct shields *shields = arg.data;
  shields->found[mt_attempt() - 1] = mt_shield(true);
  return mt_fail(EAGAIN, "again");
}

static void a_shield_is_off_at_every_start(void) {
  mt_executor *ex = open_here(NULL);
  struct shields shields = {{true, true}};
  const mt_retry retry = {.repeats = 1, .first_ns = 1};
  mt_future *f =
      submit_as(ex, .fn = leaves_its_shield_on, .arg = mt_ptr(&shields), .retry = &retry);
  FAILS_WITH(f, EAGAIN);
  assert_false(shields.found[0]);
  assert_false(shields.found[1]);
  mt_unref(f);
  close_here(ex);
}

static void many_retry_at_once(void) {
  enum { N = 500 };
  mt_executor *ex = open_with(16);
  static struct flaky flaky[N];
  mt_future *f[N];
  const mt_retry retry = {.repeats = 9, .first_ns = MT_US(50), .max_ns = MT_US(500)};
  for (unsigned i = 0; i < N; i++) {
    flaky[i] = (struct flaky){.good = 1 + i % 12};
    f[i] = submit_flaky(ex, &flaky[i], &retry);
  }
  for (unsigned i = 0; i < N; i++) {
    if (flaky[i].good <= 10)
      GIVES(f[i], (intptr_t)flaky[i].good);
    else
      FAILS_WITH(f[i], EAGAIN);
    assert_int_equal(flaky[i].strange, 0);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(it_is_repeated_until_it_succeeds, SHARE),
    CHECK(at_last_it_fails_with_the_last_error, SHARE),
    CHECK(no_repeats_is_no_retry, SHARE),
    CHECK(what_is_not_worth_it_is_not_repeated, SHARE),
    CHECK(the_predicate_can_name_the_delay, SHARE),
    CHECK(a_value_is_never_judged, 0),
    CHECK(without_jitter_the_waits_are_exact, SHARE),
    CHECK(a_backoff_holds_no_slot, OVERLAP),
    CHECK(a_backoff_past_the_deadline_fails_now_with_the_last_error, SHARE),
    CHECK(a_cancelled_task_is_not_repeated, OVERLAP),
    CHECK(an_attempts_timeout_is_worth_another, 0),
    CHECK(a_deadline_is_not_worth_another, 0),
    CHECK(a_shield_is_off_at_every_start, SHARE),
    CHECK(many_retry_at_once, SHARE),
};
CONTRACT(checks)
