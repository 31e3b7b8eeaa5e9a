/* SPDX-License-Identifier: MIT
 *
 * Points in time: what is forever stays forever, and nothing overflows.
 */
#include "base/clock.h"
#include "contract.h"

static void time_does_not_go_back(void) {
  int64_t last = mt_now_ns();
  assert_true(last > 0);
  for (int i = 0; i < 1000; i++) {
    int64_t now = mt_now_ns();
    assert_true(now >= last);
    last = now;
  }
}

static void the_clock_is_the_monotonic_one(void) {
  struct timespec before, after;
  clock_gettime(CLOCK_MONOTONIC, &before);
  int64_t now = mt_now_ns();
  clock_gettime(CLOCK_MONOTONIC, &after);
  assert_true(now >= before.tv_sec * MT_SECONDS(1) + before.tv_nsec);
  assert_true(now <= after.tv_sec * MT_SECONDS(1) + after.tv_nsec);
}

static void a_duration_is_added(void) {
  assert_int_equal(mti_after(1000, 1), 1001);
  assert_int_equal(mti_after(0, MT_SECONDS(2)), MT_SECONDS(2));
}

static void no_duration_or_a_negative_one_is_now(void) {
  assert_int_equal(mti_after(1000, 0), 1000);
  assert_int_equal(mti_after(1000, -1), 1000);
  assert_int_equal(mti_after(1000, INT64_MIN), 1000);
}

static void what_would_overflow_is_never(void) {
  assert_true(mti_after(1, MT_FOREVER) == MTI_NEVER);
  assert_true(mti_after(1000, MT_FOREVER - 999) == MTI_NEVER);
  assert_true(mti_after(MTI_NEVER, MTI_NEVER) == MTI_NEVER);
  /* The last that fits is exact. */
  assert_true(mti_after(1000, MT_FOREVER - 1001) == MTI_NEVER - 1);
}

static void a_timeout_becomes_a_point_in_time(void) {
  assert_int_equal(mti_until(0), 0);
  assert_int_equal(mti_until(-5), 0);
  assert_true(mti_until(MT_FOREVER) == MTI_NEVER);
  assert_true(mti_until(MT_FOREVER - 1) == MTI_NEVER);
  int64_t before = mt_now_ns(), until = mti_until(MT_SECONDS(3)), after = mt_now_ns();
  assert_true(until >= before + MT_SECONDS(3) && until <= after + MT_SECONDS(3));
}

static void a_timespec_has_less_than_a_second_of_nanoseconds(void) {
  static const int64_t points[] = {0, 1, 999999999, 1000000000, 1999999999, MTI_NEVER};
  for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
    struct timespec t = mti_timespec(points[i]);
    assert_true(t.tv_nsec >= 0 && t.tv_nsec < 1000000000);
    assert_true((int64_t)t.tv_sec * 1000000000 + t.tv_nsec == points[i]);
  }
}

static const struct check checks[] = {
    CHECK(time_does_not_go_back, 0),
    CHECK(the_clock_is_the_monotonic_one, 0),
    CHECK(a_duration_is_added, 0),
    CHECK(no_duration_or_a_negative_one_is_now, 0),
    CHECK(what_would_overflow_is_never, 0),
    CHECK(a_timeout_becomes_a_point_in_time, 0),
    CHECK(a_timespec_has_less_than_a_second_of_nanoseconds, 0),
};
RULE(checks)
