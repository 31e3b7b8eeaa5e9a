/* SPDX-License-Identifier: MIT
 *
 * Values and errors as records. Where the linker lets the test take malloc's place, also what
 * becomes of them when there is no memory.
 */
#include "contract.h"
#include "core/future.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool no_memory;

#ifdef MALLOC_WRAPPED
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
  return no_memory ? NULL : __real_malloc(size);
}
#define NEEDS_A_FAILING_MALLOC()
#else
#define NEEDS_A_FAILING_MALLOC() skip()
#endif

/* The record that the last mt_fail of this thread left, and nothing after it. */
static mt_error *left_behind(void) {
  return mti_runner_take_failure(mti_runner_self());
}

static void a_record_has_copies_of_its_texts(void) {
  char task[] = "fetch", message[] = "it failed";
  mt_error *error = mti_error_new(EIO, task, 3, message);
  memset(task, 'x', sizeof task - 1);
  memset(message, 'x', sizeof message - 1);
  assert_int_equal(error->code, EIO);
  assert_int_equal(error->attempt, 3);
  assert_string_equal(error->task, "fetch");
  assert_string_equal(error->message, "it failed");
  mti_error_free(error);
  mti_error_free(NULL);
}

static void a_task_without_a_name_is_the_empty_text(void) {
  mt_error *error = mti_error_new(-1, NULL, 0, "");
  assert_string_equal(error->task, "");
  assert_string_equal(error->message, "");
  mti_error_free(error);
}

static void a_failure_value_carries_its_code(void) {
  static const int codes[] = {1, EINVAL, INT_MAX, MT_ECANCELED, MT_ESYSTEM, INT_MIN};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    mt_value v = mt_fail(codes[i], "code %d", codes[i]);
    assert_true(mt_is_failure(v));
    assert_int_equal(mt_failure_code(v), codes[i]);
    mt_error *error = left_behind();
    assert_int_equal(error->code, codes[i]);
    assert_int_equal(error->attempt, 0); /* outside a task */
    mti_error_free(error);
  }
  mt_value v = mt_fail(0, "no code");
  assert_int_equal(mt_failure_code(v), MT_EINVAL);
  mti_error_free(left_behind());
}

static void an_ordinary_value_is_no_failure(void) {
  char text[] = "text";
  const mt_value values[] = {mt_none(), mt_int(-1), mt_int(INTPTR_MIN), mt_ptr(text),
                             mt_view(text, sizeof text)};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    assert_false(mt_is_failure(values[i]));
    assert_int_equal(mt_failure_code(values[i]), 0);
  }
  assert_null(left_behind());
}

static void the_last_failure_counts(void) {
  (void)mt_fail(1, "first");
  (void)mt_fail(2, "second");
  mt_error *error = left_behind();
  assert_int_equal(error->code, 2);
  assert_string_equal(error->message, "second");
  mti_error_free(error);
  assert_null(left_behind());
}

static void a_message_of_any_length_is_kept_whole(void) {
  static char text[5000];
  static const size_t lengths[] = {0, 1, 254, 255, 256, 257, 4999};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    memset(text, 'm', sizeof text);
    text[lengths[i]] = 0;
    (void)mt_fail(1, "%s", text);
    mt_error *error = left_behind();
    assert_string_equal(error->message, text);
    mti_error_free(error);
  }
}

static void giving_up_says_why_in_words(void) {
  mt_value v = mt_give_up(MT_EDEADLINE);
  assert_int_equal(mt_failure_code(v), MT_EDEADLINE);
  mt_error *error = left_behind();
  assert_string_equal(error->message, mt_status_text(MT_EDEADLINE));
  mti_error_free(error);
  assert_int_equal(mt_failure_code(mt_give_up(MT_OK)), MT_ECANCELED);
  mti_error_free(left_behind());
}

static void bytes_are_a_copy(void) {
  char data[] = {1, 0, 2};
  mt_value v = mt_bytes(data, sizeof data);
  data[0] = 9;
  assert_int_equal(v.size, 3);
  assert_memory_equal(v.data, ((const char[]){1, 0, 2}), 3);
  mt_drop_free(v);
  v = mt_bytes(NULL, 0);
  assert_int_equal(v.size, 0);
  assert_null(v.data);
  mt_drop_free(v);
}

static void text_counts_its_final_nul(void) {
  mt_value v = mt_text("%s/%d", "a", 5);
  assert_int_equal(v.size, 4);
  assert_string_equal((const char *)v.data, "a/5");
  mt_drop_free(v);
  v = mt_text("%s", "");
  assert_int_equal(v.size, 1);
  mt_drop_free(v);
  v = mt_text("%5000d", 7); /* longer than any buffer */
  assert_int_equal(v.size, 5001);
  assert_int_equal(strlen(v.data), 5000);
  mt_drop_free(v);
}

static void without_memory_a_result_is_that_failure(void) {
  NEEDS_A_FAILING_MALLOC();
  no_memory = true;
  mt_value bytes = mt_bytes("abc", 3), text = mt_text("%d", 5);
  no_memory = false;
  assert_int_equal(mt_failure_code(bytes), MT_ENOMEM);
  assert_int_equal(mt_failure_code(text), MT_ENOMEM);
  mt_error *error = left_behind();
  assert_int_equal(error->code, MT_ENOMEM);
  assert_non_null(error->message);
  mti_error_free(error);
}

static void without_memory_an_error_keeps_its_status(void) {
  NEEDS_A_FAILING_MALLOC();
  static const int codes[] = {MT_ECANCELED, MT_ETIMEDOUT, MT_EDEADLINE,  MT_ESHUTDOWN,
                              MT_ENOMEM,    MT_EFULL,     MT_EABANDONED, MT_EFORKED};
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    no_memory = true;
    mt_error *error = mti_error_new(codes[i], "task", 1, "message");
    no_memory = false;
    assert_non_null(error);
    assert_int_equal(error->code, codes[i]);
    assert_string_equal(error->message, mt_status_text(codes[i]));
    assert_string_equal(error->task, "");
    mti_error_free(error); /* a constant: nothing happens */
    assert_int_equal(error->code, codes[i]);
  }
}

static void without_memory_a_tasks_own_error_is_an_error_still(void) {
  NEEDS_A_FAILING_MALLOC();
  static char text[1000];
  memset(text, 'm', sizeof text - 1);
  no_memory = true;
  mt_value v = mt_fail(EPERM, "%s", text);
  mt_error *error = left_behind();
  no_memory = false;
  assert_int_equal(mt_failure_code(v), EPERM);
  assert_non_null(error);
  assert_true(error->code != 0);
  assert_non_null(error->message);
  mti_error_free(error);
}

static const struct check checks[] = {
    CHECK(a_record_has_copies_of_its_texts, 0),
    CHECK(a_task_without_a_name_is_the_empty_text, 0),
    CHECK(a_failure_value_carries_its_code, 0),
    CHECK(an_ordinary_value_is_no_failure, 0),
    CHECK(the_last_failure_counts, 0),
    CHECK(a_message_of_any_length_is_kept_whole, 0),
    CHECK(giving_up_says_why_in_words, 0),
    CHECK(bytes_are_a_copy, 0),
    CHECK(text_counts_its_final_nul, 0),
    CHECK(without_memory_a_result_is_that_failure, 0),
    CHECK(without_memory_an_error_keeps_its_status, 0),
    CHECK(without_memory_a_tasks_own_error_is_an_error_still, 0),
};
RULE(checks)
