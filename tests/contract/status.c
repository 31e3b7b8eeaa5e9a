/* SPDX-License-Identifier: MIT
 *
 * Statuses have texts, time is the monotonic clock's, and the version is the header's.
 */
#include "contract.h"

#include <sched.h>
#include <string.h>
#include <time.h>

static void every_status_has_a_text_of_its_own(void) {
  for (mt_status a = MT_OK; a >= MT_LATER; a--) {
    const char *text = mt_status_text(a);
    assert_non_null(text);
    assert_true(strlen(text) > 0);
    for (mt_status b = MT_OK; b > a; b--) assert_string_not_equal(text, mt_status_text(b));
  }
}

static void a_positive_status_is_a_task_error(void) {
  assert_string_equal(mt_status_text(1), "task error");
  assert_string_equal(mt_status_text(INT_MAX), "task error");
}

static void an_unknown_status_has_a_text_too(void) {
  assert_non_null(mt_status_text(MT_LATER - 1));
  assert_non_null(mt_status_text(INT_MIN));
}

static void a_text_is_constant(void) {
  for (mt_status st = 1; st >= MT_LATER; st--)
    assert_ptr_equal(mt_status_text(st), mt_status_text(st));
}

static void durations_are_nanoseconds(void) {
  assert_true(MT_US(3) == INT64_C(3000));
  assert_true(MT_MS(300) == INT64_C(300000000));
  assert_true(MT_SECONDS(2) == INT64_C(2000000000));
  assert_true(MT_FOREVER == INT64_MAX);
}

static int64_t monotonic_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return MT_SECONDS(now.tv_sec) + now.tv_nsec;
}

static void the_clock_is_the_monotonic_one(void) {
  for (int i = 0; i < 1000; i++) {
    int64_t before = monotonic_ns();
    int64_t now = mt_now_ns();
    int64_t after = monotonic_ns();
    assert_true(before <= now);
    assert_true(now <= after);
  }
}

static void the_version_of_code_and_header_agree(void) {
  assert_string_equal(mt_version(), MT_VERSION);
}

static void there_is_a_cpu_and_not_more_than_the_affinity_mask_has(void) {
  cpu_set_t set;
  assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
  assert_true(mt_cpus() >= 1);
  assert_true(mt_cpus() <= (unsigned)CPU_COUNT(&set));
}

static const struct check checks[] = {
    CHECK(every_status_has_a_text_of_its_own, 0),
    CHECK(a_positive_status_is_a_task_error, 0),
    CHECK(an_unknown_status_has_a_text_too, 0),
    CHECK(a_text_is_constant, 0),
    CHECK(durations_are_nanoseconds, 0),
    CHECK(the_clock_is_the_monotonic_one, 0),
    CHECK(the_version_of_code_and_header_agree, 0),
    CHECK(there_is_a_cpu_and_not_more_than_the_affinity_mask_has, 0),
};
CONTRACT(checks)
