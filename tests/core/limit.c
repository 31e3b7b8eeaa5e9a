/* SPDX-License-Identifier: MIT
 *
 * The arithmetic of limits. A rate is checked from one side only: never more than it allows, in any
 * stretch of time, however slow the machine is. What "never" looks like is checked with turns that
 * are an hour apart.
 */
#include "core/limit.h"
#include "contract.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

#define HOUR MT_SECONDS(3600)

static mt_limit *open_limit(mt_limit_options options) {
  mt_limit *l = NULL;
  STATUS(mt_limit_open(&options, &l), 0);
  assert_non_null(l);
  return l;
}

static void a_pause_earns_a_burst_and_no_more(void) {
  for (unsigned burst = 0; burst < 5; burst++) {
    mt_limit *l = open_limit((mt_limit_options){.rate = 1, .per_ns = HOUR, .burst = burst});
    for (unsigned i = 0; i < (burst > 1 ? burst : 1); i++) STATUS(mt_acquire(l, 0), 0);
    for (int i = 0; i < 3; i++) STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
    mt_release(l); /* gives no turn back */
    STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
    mt_limit_close(l);
  }
}

static void a_refused_acquisition_moves_nothing(void) {
  enum { TURN = MT_MS(20) };
  mt_limit *l = open_limit((mt_limit_options){.rate = 1, .per_ns = TURN});
  int64_t begun_ns = mt_now_ns();
  STATUS(mt_acquire(l, 0), 0);
  /* If each refusal put the next turn off, the last wait would end a hundred turns later. */
  int refused = 0;
  while (refused < 100 && mt_acquire(l, 0) == MT_ETIMEDOUT) refused++;
  if (mt_now_ns() - begun_ns >= TURN) refused = 0; /* too slow to tell */
  if (refused == 100) STATUS(mt_acquire(l, 50 * TURN), 0);
  mt_limit_close(l);
}

static void the_default_period_is_a_second(void) {
  mt_limit *l = open_limit((mt_limit_options){.rate = 100});
  int64_t before = mt_now_ns();
  for (int i = 0; i < 4; i++) STATUS(mt_acquire(l, MT_FOREVER), 0);
  assert_true(mt_now_ns() - before >= 3 * MT_MS(10) - 10);
  mt_limit_close(l);
}

/* When each acquisition was asked for, and when it had been granted. */
struct spacing {
  mt_limit *limit;
  size_t n;
  _Atomic size_t next;
  int64_t asked_ns[400], granted_ns[400];
};

static mt_value acquires(mt_value arg) {
  struct spacing *s = arg.data;
  for (size_t i; (i = atomic_fetch_add(&s->next, 1)) < s->n;) {
    s->asked_ns[i] = mt_now_ns();
    mt_status st = mt_acquire(s->limit, MT_FOREVER);
    s->granted_ns[i] = mt_now_ns();
    if (st < 0) return mt_give_up(st);
  }
  return mt_none();
}

static int by_time(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* No stretch of time has more acquisitions than the rate and the burst allow. Of each is known only
 * that it lies between being asked for and being granted; so those that surely lie in a stretch are
 * those asked for after its beginning and granted before its end. */
static void none_is_ahead_of_its_turn(struct spacing *s, int64_t turn_ns, int64_t burst) {
  for (size_t begin = 0; begin < s->n; begin++) {
    int64_t inside[400], from = s->asked_ns[begin];
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
      if (s->asked_ns[i] >= from) inside[n++] = s->granted_ns[i];
    qsort(inside, n, sizeof *inside, by_time);
    for (size_t k = 0; k < n; k++)
      assert_true(inside[k] - from >= ((int64_t)k + 1 - burst) * turn_ns - 10);
  }
}

static void no_stretch_of_time_has_more_than_the_rate(void) {
  enum { TURN = MT_US(500) };
  for (unsigned burst = 1; burst <= 10; burst += 9) {
    struct spacing *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->n = 200;
    s->limit = open_limit((mt_limit_options){.rate = 2000, .burst = burst});
    (void)acquires(mt_ptr(s)); /* a thread of its own */
    none_is_ahead_of_its_turn(s, TURN, burst);

    atomic_store(&s->next, 0); /* and many tasks, whose waits are interleaved */
    mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 20});
    mt_future *f[20];
    for (int i = 0; i < 20; i++) f[i] = mt_submit(ex, acquires, mt_ptr(s));
    for (int i = 0; i < 20; i++) {
      GIVES(f[i], 0);
      mt_unref(f[i]);
    }
    close_here(ex);
    none_is_ahead_of_its_turn(s, TURN, burst);
    mt_limit_close(s->limit);
    free(s);
  }
}

static void a_rate_beyond_the_clock_holds_nobody_up(void) {
  mt_limit *l = open_limit((mt_limit_options){.rate = 1e300});
  for (int i = 0; i < 1000; i++) STATUS(mt_acquire(l, 0), 0);
  mt_limit_close(l);
}

static void a_turn_beyond_the_end_of_time_never_comes(void) {
  static const double rates[] = {1e-3, 1e-9, 1e-30, 1e-300, 5e-324};
  for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
    for (unsigned burst = 1; burst <= 3; burst++) {
      mt_limit_options options = {.rate = rates[i], .per_ns = INT64_MAX, .burst = burst};
      mt_limit *l = open_limit(options);
      /* One or `burst` may pass (so far out, a double does not tell them apart), but no more. */
      unsigned passed = 0;
      for (int k = 0; k < 50; k++) passed += mt_acquire(l, MT_US(20)) == 0;
      assert_in_range(passed, 1, burst);
      mt_limit_close(l);
    }
}

static void permits_come_back(void) {
  mt_limit *l = open_limit((mt_limit_options){.permits = 3});
  for (unsigned i = 0; i < 3; i++) {
    assert_int_equal(mti_limit_used(l), i);
    STATUS(mt_acquire(l, 0), 0);
  }
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  STATUS(mt_acquire(l, MT_US(100)), MT_ETIMEDOUT);
  assert_int_equal(mti_limit_used(l), 3); /* a wait that was cut has taken nothing */
  mt_release(l);
  assert_int_equal(mti_limit_used(l), 2);
  STATUS(mt_acquire(l, 0), 0);
  for (int i = 0; i < 5; i++) mt_release(l); /* two too many: there are no more than three */
  assert_int_equal(mti_limit_used(l), 0);
  for (int i = 0; i < 3; i++) STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  mt_limit_close(l);
}

static void permits_and_rate_hold_together(void) {
  mt_limit *l = open_limit((mt_limit_options){.permits = 2, .rate = 3, .per_ns = HOUR, .burst = 3});
  STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT); /* no permit; the turn is not used up */
  mt_release(l);
  STATUS(mt_acquire(l, 0), 0);
  mt_release(l);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT); /* no turn; the permit is not used up */
  assert_int_equal(mti_limit_used(l), 1);
  mt_limit_close(l);
}

static void the_latest_end_of_a_pause_counts(void) {
  mt_limit *l = open_limit((mt_limit_options){.permits = 9});
  mt_limit_pause(l, 0);
  STATUS(mt_acquire(l, 0), 0);
  mt_limit_pause(l, HOUR);
  mt_limit_pause(l, 1); /* a shorter one does not lift it */
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  STATUS(mt_acquire(l, MT_US(100)), MT_ETIMEDOUT);
  assert_int_equal(mti_limit_used(l), 1);
  mt_limit_close(l);

  l = open_limit((mt_limit_options){.rate = 1e6, .burst = 1000});
  int64_t until_ns = mt_now_ns() + MT_MS(5);
  mt_limit_pause(l, MT_MS(5));
  STATUS(mt_acquire(l, MT_FOREVER), 0);
  assert_true(mt_now_ns() >= until_ns);
  mt_limit_pause(l, MT_FOREVER);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  mt_limit_close(l);
}

static void what_makes_no_sense_is_refused(void) {
  mt_limit *l = NULL;
  const mt_limit_options bad[] = {{.permits = 0},
                                  {.rate = -1},
                                  {.rate = -1, .permits = 1},
                                  {.rate = INFINITY},
                                  {.rate = NAN, .permits = 1},
                                  {.rate = 1, .per_ns = -1},
                                  {.burst = 3}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    STATUS(mt_limit_open(&bad[i], &l), MT_EINVAL);
  STATUS(mt_limit_open(NULL, &l), MT_EINVAL);
  STATUS(mt_limit_open(&(mt_limit_options){.permits = 1}, NULL), MT_EINVAL);
  assert_null(l);
  mt_limit_close(NULL);
}

static const struct check checks[] = {
    CHECK(a_pause_earns_a_burst_and_no_more, 0),
    CHECK(a_refused_acquisition_moves_nothing, 0),
    CHECK(the_default_period_is_a_second, 0),
    CHECK(no_stretch_of_time_has_more_than_the_rate, 0),
    CHECK(a_rate_beyond_the_clock_holds_nobody_up, 0),
    CHECK(a_turn_beyond_the_end_of_time_never_comes, 0),
    CHECK(permits_come_back, 0),
    CHECK(permits_and_rate_hold_together, 0),
    CHECK(the_latest_end_of_a_pause_counts, 0),
    CHECK(what_makes_no_sense_is_refused, 0),
};
RULE(checks)
