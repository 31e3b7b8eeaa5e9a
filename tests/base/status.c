/* SPDX-License-Identifier: MIT
 *
 * The texts of the statuses: one for each, and no two alike.
 */
#include "contract.h"

#include <string.h>

static void each_status_has_a_text_of_its_own(void) {
  for (mt_status a = MT_OK; a >= MT_LATER; a--) {
    const char *text = mt_status_text(a);
    assert_non_null(text);
    assert_true(strlen(text) > 0);
    for (mt_status b = MT_LATER; b < a; b++) assert_string_not_equal(text, mt_status_text(b));
    assert_string_not_equal(text, mt_status_text(MT_LATER - 1));
    assert_string_not_equal(text, mt_status_text(1));
  }
}

static void a_text_is_the_same_each_time(void) {
  for (mt_status st = MT_OK; st >= MT_LATER; st--)
    assert_ptr_equal(mt_status_text(st), mt_status_text(st));
}

static void a_positive_number_is_a_tasks_error(void) {
  assert_string_equal(mt_status_text(1), "task error");
  assert_string_equal(mt_status_text(INT_MAX), "task error");
}

static void an_unknown_status_has_a_text_too(void) {
  const char *unknown = mt_status_text(MT_LATER - 1);
  assert_non_null(unknown);
  assert_string_equal(mt_status_text(INT_MIN), unknown);
  assert_string_equal(mt_status_text(-1000), unknown);
}

static void cancelled_reads_as_the_header_says(void) {
  assert_string_equal(mt_status_text(MT_ECANCELED), "cancelled");
}

static void the_code_is_of_the_headers_version(void) {
  assert_string_equal(mt_version(), MT_VERSION);
}

static const struct check checks[] = {
    CHECK(each_status_has_a_text_of_its_own, 0),  CHECK(a_text_is_the_same_each_time, 0),
    CHECK(a_positive_number_is_a_tasks_error, 0), CHECK(an_unknown_status_has_a_text_too, 0),
    CHECK(cancelled_reads_as_the_header_says, 0), CHECK(the_code_is_of_the_headers_version, 0),
};
RULE(checks)
