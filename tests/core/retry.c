/* SPDX-License-Identifier: MIT
 *
 * Whether a failed attempt is repeated, and after which wait: the decision alone, asked of a future
 * that is as after a failed attempt. Nothing runs and nothing waits here.
 */
#include "base/clock.h"
#include "contract.h"
#include "core/executor.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

/* A task that has just failed. */
struct failed {
  mt_executor executor;
  mti_extra extra;
  mt_future future;
};

static void init(struct failed *t, const mt_retry *policy, unsigned attempt) {
  *t = (struct failed){.extra = {.retry = policy, .deadline_at_ns = MTI_NEVER}};
  t->extra.executor = &t->executor;
  t->future.owner = (uintptr_t)&t->extra | 1;
  atomic_init(&t->future.word, MTI_REF | MTI_RUNNING);
  atomic_init(&t->extra.attempt, attempt);
}

static int64_t ask(struct failed *t, int code) {
  mt_error error = {.code = code, .attempt = 1, .task = "", .message = "it failed"};
  return mti_retry_delay(&t->future, &t->extra, &error);
}

static int64_t delay(const mt_retry *policy, unsigned attempt) {
  struct failed t;
  init(&t, policy, attempt);
  return ask(&t, EAGAIN);
}

static void without_a_policy_nothing_is_repeated(void) {
  assert_true(delay(NULL, 1) < 0);
  assert_true(delay(&(mt_retry){.repeats = 0}, 1) < 0);
}

static void it_is_repeated_as_often_as_it_says(void) {
  mt_retry policy = {.repeats = 3};
  for (unsigned attempt = 1; attempt <= 3; attempt++) assert_true(delay(&policy, attempt) >= 0);
  assert_true(delay(&policy, 4) < 0);
  assert_true(delay(&policy, UINT_MAX) < 0);
}

static void without_jitter_the_wait_is_exact(void) {
  mt_retry policy = {.repeats = 99, .first_ns = 1000, .max_ns = 100000, .no_jitter = true};
  policy.factor = 3;
  static const int64_t waits[] = {1000, 3000, 9000, 27000, 81000, 100000, 100000};
  for (unsigned k = 0; k < 7; k++) assert_int_equal(delay(&policy, k + 1), waits[k]);
  policy.factor = 1;
  assert_int_equal(delay(&policy, 50), 1000);
  policy.factor = 0.5;
  assert_int_equal(delay(&policy, 1), 1000);
  assert_int_equal(delay(&policy, 4), 125);
  policy.first_ns = 200000; /* more than the most */
  policy.factor = 2;
  assert_int_equal(delay(&policy, 1), 100000);
}

static void zeros_mean_the_headers_defaults(void) {
  mt_retry policy = {.repeats = 99, .no_jitter = true};
  assert_int_equal(delay(&policy, 1), MT_MS(100));
  assert_int_equal(delay(&policy, 2), MT_MS(200));
  assert_int_equal(delay(&policy, 3), MT_MS(400));
  assert_int_equal(delay(&policy, 9), MT_MS(25600));
  assert_int_equal(delay(&policy, 10), MT_SECONDS(30));
}

static void a_wait_never_overflows(void) {
  static const double factors[] = {2, 10, 1e300, INFINITY};
  for (size_t i = 0; i < sizeof factors / sizeof *factors; i++) {
    mt_retry policy = {.repeats = UINT_MAX, .first_ns = 1000, .no_jitter = true};
    policy.factor = factors[i];
    assert_int_equal(delay(&policy, UINT_MAX), MT_SECONDS(30));
    policy.max_ns = MT_SECONDS(1000000);
    assert_int_equal(delay(&policy, 1000), MT_SECONDS(1000000));
  }
}

static void without_an_end_to_growing_the_wait_is_long_not_short(void) {
  mt_retry policy = {.repeats = 999, .first_ns = MT_SECONDS(1), .max_ns = MT_FOREVER};
  policy.no_jitter = true;
  int64_t last = 0;
  for (unsigned k = 1; k < 200; k++) {
    int64_t wait = delay(&policy, k);
    assert_true(wait >= last && wait > 0);
    last = wait;
  }
  assert_true(last > MT_FOREVER / 2);
}

/* Full jitter: evenly from 0 to the bound. With 10,000 draws a tenth of the range that none of them
 * hits is as good as impossible (0.9 to the power of 10,000), and so is a mean far off. */
static void jitter_draws_evenly_from_nothing_to_the_bound(void) {
  enum { DRAWS = 10000 };
  for (unsigned k = 1; k <= 5; k++) {
    mt_retry policy = {.repeats = 99, .first_ns = MT_MS(1), .max_ns = MT_MS(10), .factor = 2};
    static const int64_t bounds[] = {MT_MS(1), MT_MS(2), MT_MS(4), MT_MS(8), MT_MS(10)};
    int64_t bound = bounds[k - 1];
    unsigned tenth[10] = {0};
    double sum = 0;
    for (int i = 0; i < DRAWS; i++) {
      int64_t wait = delay(&policy, k);
      assert_true(wait >= 0 && wait <= bound);
      tenth[wait < bound ? wait * 10 / bound : 9]++;
      sum += (double)wait;
    }
    for (int i = 0; i < 10; i++) assert_in_range(tenth[i], DRAWS / 20, DRAWS / 5);
    double mean = sum / DRAWS / (double)bound;
    assert_true(mean > 0.45 && mean < 0.55);
  }
}

enum { SEQUENCE = 32 };

static void *draws(void *arg) {
  static const mt_retry policy = {.repeats = 9, .first_ns = MT_SECONDS(1)};
  int64_t *wait = arg;
  for (int i = 0; i < SEQUENCE; i++) wait[i] = delay(&policy, 1);
  return NULL;
}

static void no_two_threads_draw_alike(void) {
  enum { THREADS = 8 };
  static int64_t wait[THREADS][SEQUENCE];
  pthread_t thread[THREADS];
  for (int i = 0; i < THREADS; i++)
    assert_int_equal(pthread_create(&thread[i], NULL, draws, wait[i]), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  for (int a = 0; a < THREADS; a++)
    for (int b = 0; b < a; b++) {
      int alike = 0;
      for (int i = 0; i < SEQUENCE; i++) alike += wait[a][i] == wait[b][i];
      assert_true(alike < SEQUENCE / 2);
    }
}

static void what_was_cancelled_or_is_past_its_deadline_is_over(void) {
  struct failed t;
  mt_retry policy = {.repeats = 9};
  init(&t, &policy, 1);
  assert_true(ask(&t, MT_ECANCELED) < 0);
  assert_true(ask(&t, MT_EDEADLINE) < 0);
  assert_true(ask(&t, MT_ETIMEDOUT) >= 0); /* an attempt's timeout is a failure like others */
  assert_true(ask(&t, MT_ELOST) >= 0);
  atomic_fetch_or(&t.future.word, MTI_CANCEL);
  assert_true(ask(&t, EAGAIN) < 0);
}

static void once_a_shutdown_cancels_nothing_is_repeated(void) {
  struct failed t;
  mt_retry policy = {.repeats = 9};
  init(&t, &policy, 1);
  atomic_store(&t.executor.state, MTI_DRAINING);
  assert_true(ask(&t, EAGAIN) >= 0);
  atomic_store(&t.executor.state, MTI_DRAINING | MTI_REFUSING | MTI_DROP_QUEUED);
  assert_true(ask(&t, EAGAIN) < 0);
  atomic_store(&t.executor.state, MTI_DRAINING | MTI_REFUSING | MTI_DROP_RUNNING);
  assert_true(ask(&t, EAGAIN) < 0);
}

static void a_cancelled_group_repeats_nothing(void) {
  struct failed t;
  mt_retry policy = {.repeats = 9};
  init(&t, &policy, 1);
  STATUS(mt_group_open(&t.extra.group), 0);
  assert_true(ask(&t, EAGAIN) >= 0);
  mt_group_cancel(t.extra.group);
  assert_true(ask(&t, EAGAIN) < 0);
  mt_group_close(t.extra.group);
}

static void a_wait_that_would_pass_the_deadline_is_not_begun(void) {
  struct failed t;
  mt_retry policy = {.repeats = 9, .first_ns = MT_SECONDS(20), .no_jitter = true};
  init(&t, &policy, 1);
  t.extra.deadline_at_ns = mt_now_ns() + MT_SECONDS(10);
  assert_true(ask(&t, EAGAIN) < 0);
  t.extra.deadline_at_ns = mt_now_ns() + MT_SECONDS(3600);
  assert_int_equal(ask(&t, EAGAIN), MT_SECONDS(20));
  t.extra.deadline_at_ns = mt_now_ns(); /* it is here */
  policy.first_ns = 1;
  assert_true(ask(&t, EAGAIN) < 0);
}

struct judge {
  bool worth;
  int64_t sets, seen;
  int code, calls;
  mt_status wait;
};

static bool judges(void *arg, const mt_error *error, int64_t *delay_ns) {
  struct judge *j = arg;
  j->calls++;
  j->seen = *delay_ns;
  j->code = error->code;
  j->wait = mt_sleep(MT_SECONDS(3600));
  if (j->sets != 0) *delay_ns = j->sets;
  return j->worth;
}

static void the_predicate_has_the_last_word(void) {
  struct judge j = {.worth = true};
  mt_retry policy = {.repeats = 2, .first_ns = 5000, .no_jitter = true, .worth = judges};
  policy.worth_arg = &j;
  assert_int_equal(delay(&policy, 2), 10000);
  assert_int_equal(j.seen, 10000); /* it is told the policy's own wait */
  assert_int_equal(j.code, EAGAIN);
  j.sets = MT_SECONDS(7); /* as after "Retry-After: 7" */
  assert_int_equal(delay(&policy, 1), MT_SECONDS(7));
  j.sets = -1;
  assert_int_equal(delay(&policy, 1), 0);
  j.worth = false;
  assert_true(delay(&policy, 1) < 0);
  assert_int_equal(j.calls, 4);
  assert_true(delay(&policy, 3) < 0); /* it is over anyway: nobody is asked */
  assert_int_equal(j.calls, 4);
}

static void the_predicate_cannot_wait(void) {
  struct judge j = {.worth = true};
  mt_retry policy = {.repeats = 2, .worth = judges, .worth_arg = &j};
  assert_true(delay(&policy, 1) >= 0);
  STATUS(j.wait, MT_EDEADLK);
  STATUS(mt_sleep(1), 0); /* and afterwards this thread can wait again */
}

static void the_predicates_wait_may_not_pass_the_deadline_either(void) {
  struct failed t;
  struct judge j = {.worth = true, .sets = MT_FOREVER};
  mt_retry policy = {.repeats = 2, .worth = judges, .worth_arg = &j};
  init(&t, &policy, 1);
  assert_true(ask(&t, EAGAIN) == MT_FOREVER);
  t.extra.deadline_at_ns = mt_now_ns() + MT_SECONDS(3600);
  assert_true(ask(&t, EAGAIN) < 0);
}

static const struct check checks[] = {
    CHECK(without_a_policy_nothing_is_repeated, 0),
    CHECK(it_is_repeated_as_often_as_it_says, 0),
    CHECK(without_jitter_the_wait_is_exact, 0),
    CHECK(zeros_mean_the_headers_defaults, 0),
    CHECK(a_wait_never_overflows, 0),
    CHECK(without_an_end_to_growing_the_wait_is_long_not_short, 0),
    CHECK(jitter_draws_evenly_from_nothing_to_the_bound, 0),
    CHECK(no_two_threads_draw_alike, 0),
    CHECK(what_was_cancelled_or_is_past_its_deadline_is_over, 0),
    CHECK(once_a_shutdown_cancels_nothing_is_repeated, 0),
    CHECK(a_cancelled_group_repeats_nothing, 0),
    CHECK(a_wait_that_would_pass_the_deadline_is_not_begun, 0),
    CHECK(the_predicate_has_the_last_word, 0),
    CHECK(the_predicate_cannot_wait, 0),
    CHECK(the_predicates_wait_may_not_pass_the_deadline_either, 0),
};
RULE(checks)
