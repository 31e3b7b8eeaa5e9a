/* SPDX-License-Identifier: MIT
 *
 * Rule 10: retry is a policy, not a loop: how often to repeat, backoff with jitter, a predicate;
 * the delay holds neither a thread nor a slot. timeout_ns is per attempt; deadline_ns covers queue,
 * backoff and attempts; a backoff that would pass the deadline fails now with the last error. An
 * attempt's timeout may be retried; cancel, deadline and shutdown never.
 */
#include "../contract/flaky.h"

#include <errno.h>

static void it_says_how_often_to_repeat(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  for (unsigned repeats = 0; repeats <= 5; repeats++) {
    const mt_retry retry = {.repeats = repeats, .first_ns = 1};
    struct flaky never = {.good = 100}, third = {.good = 3};
    mt_future *a = submit_flaky(ex, &never, &retry);
    mt_future *b = submit_flaky(ex, &third, &retry);
    FAILS_WITH(a, EAGAIN);
    assert_int_equal(never.attempts, repeats + 1);
    if (repeats >= 2)
      GIVES(b, 3);
    else
      FAILS_WITH(b, EAGAIN);
    mt_unref(a);
    mt_unref(b);
  }
  close_here(ex);
}

static void the_backoff_grows_to_its_limit(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  const mt_retry retry = {
      .repeats = 5, .first_ns = MT_MS(1), .factor = 3, .max_ns = MT_MS(8), .no_jitter = true};
  static const int64_t least[] = {MT_MS(1), MT_MS(3), MT_MS(8), MT_MS(8), MT_MS(8)};
  struct flaky flaky = {.good = 100};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  FAILS_WITH(f, EAGAIN);
  flaky_waited(&flaky, least, 5);
  mt_unref(f);
  close_here(ex);
}

/* Full jitter: the waits are spread, so of many first waits out of an hour some deadline of half an
 * hour lets some pass and some not. What waits is cancelled; what cannot wait fails at once. */
static void the_backoff_is_spread(void) {
  enum { N = 200 };
  mt_executor *ex = open_on("threads:2", NULL);
  const mt_retry retry = {.repeats = 1, .first_ns = MT_SECONDS(3600), .max_ns = MT_SECONDS(3600)};
  static struct flaky flaky[N];
  mt_future *f[N];
  unsigned waiting = 0, failed = 0;
  for (int i = 0; i < N; i++) {
    flaky[i].good = 100;
    f[i] = submit_flaky(ex, &flaky[i], &retry, .deadline_ns = MT_SECONDS(1800));
  }
  for (int i = 0; i < N; i++) UNTIL(mt_done(f[i]) || (mt_attempts(f[i]) == 1 && !mt_running(f[i])));
  for (int i = 0; i < N; i++) {
    if (mt_cancel(f[i])) {
      waiting++;
      FAILS_WITH(f[i], MT_ECANCELED);
    } else {
      failed++;
      FAILS_WITH(f[i], EAGAIN);
    }
    mt_unref(f[i]);
  }
  close_here(ex);
  /* Evenly drawn from an hour: 100 each; less than 40 comes about once in 10^17 runs. */
  assert_true(waiting >= 40 && failed >= 40);
}

struct judge {
  unsigned asked;
  int64_t delay_ns;
  bool waited;
};

static bool only_eagain(void *arg, const mt_error *error, int64_t *delay_ns) {
  struct judge *judge = arg;
  judge->asked++;
  judge->waited = mt_sleep(1) != MT_EDEADLK; /* it must not wait */
  if (judge->delay_ns > 0) *delay_ns = judge->delay_ns;
  return error->code == EAGAIN;
}

static void a_predicate_says_what_is_worth_it(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  struct judge judge = {0};
  const mt_retry retry = {.repeats = 5, .first_ns = 1, .worth = only_eagain, .worth_arg = &judge};
  mt_future *f = submit_as(ex, .fn = task_fail, .arg = mt_int(ENOENT), .retry = &retry);
  FAILS_WITH(f, ENOENT);
  assert_int_equal(mt_attempts(f), 1);
  assert_int_equal(judge.asked, 1);
  assert_false(judge.waited);
  mt_unref(f);
  f = submit_as(ex, .fn = task_fail, .arg = mt_int(EAGAIN), .retry = &retry);
  FAILS_WITH(f, EAGAIN);
  assert_int_equal(mt_attempts(f), 6);
  assert_int_equal(judge.asked, 1 + 5);
  mt_unref(f);
  close_here(ex);
}

static void it_may_name_the_wait_as_retry_after_does(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  struct judge judge = {.delay_ns = MT_MS(3)};
  mt_retry retry = hourly;
  retry.worth = only_eagain;
  retry.worth_arg = &judge;
  struct flaky flaky = {.good = 2};
  mt_future *f = submit_flaky(ex, &flaky, &retry);
  GIVES(f, 2);
  assert_true(flaky.begun_ns[1] - flaky.begun_ns[0] >= MT_MS(3));
  mt_unref(f);
  close_here(ex);
}

static void the_delay_holds_neither_a_thread_nor_a_slot(void) {
  enum { N = 100 };
  mt_executor *ex = open_on("threads:1", NULL); /* one of each */
  static struct flaky flaky[N];
  mt_future *f[N];
  for (int i = 0; i < N; i++) {
    flaky[i].good = 2;
    f[i] = submit_flaky(ex, &flaky[i], &hourly);
  }
  for (int i = 0; i < N; i++) wait_for_backoff(f[i]);
  UNTIL(running_in(ex) == 0 && suspended_in(ex) == 0 && queued_in(ex) == N);
  mt_future *other = mt_submit(ex, task_next, mt_int(1));
  GIVES(other, 2);
  mt_unref(other);
  for (int i = 0; i < N; i++) {
    assert_true(mt_cancel(f[i]));
    assert_true(mt_was_cancelled(f[i]));
    mt_unref(f[i]);
  }
  close_here(ex);
}

static void an_attempts_timeout_may_be_retried(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  expect_a_timeout_is_repeated(ex);
  close_here(ex);
}

static void a_deadline_covers_everything_and_is_not_retried(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  struct plug plug;
  plug_init(&plug);
  mt_future *f = submit_as(ex, .fn = task_sleeper, .retry = &quick, .deadline_ns = MT_MS(30));
  FAILS_WITH(f, MT_EDEADLINE); /* while it runs */
  assert_true(mt_attempts(f) <= 1);
  mt_unref(f);
  mt_future *holder = mt_submit(ex, task_plug, mt_ptr(&plug));
  UNTIL(suspended_in(ex) == 1);
  struct flaky flaky = {.good = 1};
  f = submit_flaky(ex, &flaky, &quick, .deadline_ns = MT_MS(2));
  FAILS_WITH(f, MT_EDEADLINE); /* in the queue */
  assert_int_equal(flaky.attempts, 0);
  mt_unref(f);
  plug_pull(&plug);
  GIVES(holder, 1);
  mt_unref(holder);
  f = submit_flaky(ex, &flaky, &quick, .delay_ns = MT_SECONDS(3600), .deadline_ns = MT_MS(2));
  FAILS_WITH(f, MT_EDEADLINE); /* delayed */
  mt_unref(f);
  close_here(ex);
  plug_fini(&plug);
}

static void a_backoff_past_the_deadline_fails_now_with_the_last_error(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  expect_no_backoff_past_the_deadline(ex);
  close_here(ex);
}

static void a_cancel_is_never_retried(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 4});
  expect_a_cancel_is_not_repeated(ex);
  close_here(ex);
}

static void a_shutdown_is_never_retried(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 4});
  mt_future *f = submit_as(ex, .fn = task_fails_when_cut, .retry = &quick);
  struct flaky flaky = {.good = 2};
  mt_future *backoff = submit_flaky(ex, &flaky, &hourly);
  UNTIL(suspended_in(ex) == 1);
  wait_for_backoff(backoff);
  STATUS(mt_shutdown(ex, MT_CANCEL_QUEUED | MT_CANCEL_RUNNING, MT_FOREVER), 0);
  assert_non_null(mt_failure(f));
  assert_int_equal(mt_attempts(f), 1);
  FAILS_WITH(backoff, MT_ECANCELED);
  assert_int_equal(flaky.attempts, 1);
  mt_unref(f);
  mt_unref(backoff);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(it_says_how_often_to_repeat, ALL),
    CHECK(the_backoff_grows_to_its_limit, ALL),
    CHECK(the_backoff_is_spread, ALL),
    CHECK(a_predicate_says_what_is_worth_it, ALL),
    CHECK(it_may_name_the_wait_as_retry_after_does, ALL),
    CHECK(the_delay_holds_neither_a_thread_nor_a_slot, ALL),
    CHECK(an_attempts_timeout_may_be_retried, ALL),
    CHECK(a_deadline_covers_everything_and_is_not_retried, ALL),
    CHECK(a_backoff_past_the_deadline_fails_now_with_the_last_error, ALL),
    CHECK(a_cancel_is_never_retried, ALL),
    CHECK(a_shutdown_is_never_retried, ALL),
};
RULE(checks)
