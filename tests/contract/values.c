/* SPDX-License-Identifier: MIT
 *
 * Values: bare and sized, what a task is given, what comes back, who frees it.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void bare_values_are_handed_along_untouched(void) {
  int here = 0;
  assert_ptr_equal(mt_ptr(&here).data, &here);
  assert_true(mt_ptr(&here).size == 0);
  assert_true(mt_as_int(mt_int(-7)) == -7);
  assert_true(mt_as_int(mt_int(INTPTR_MIN)) == INTPTR_MIN);
  assert_true(mt_as_int(mt_none()) == 0);
  assert_true(mt_none().size == 0);

  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_echo, mt_int(INTPTR_MIN));
  GIVES(f, INTPTR_MIN);
  mt_unref(f);
  f = mt_submit(ex, task_echo, mt_ptr(&here));
  mt_value value;
  STATUS(mt_get(f, MT_FOREVER, &value), 0);
  assert_ptr_equal(value.data, &here);
  mt_unref(f);
  close_here(ex);
}

static void a_view_borrows(void) {
  char bytes[] = "abc";
  mt_value view = mt_view(bytes, sizeof bytes);
  assert_ptr_equal(view.data, bytes);
  assert_true(view.size == 4);
}

static void bytes_are_a_copy(void) {
  char bytes[] = "abc";
  mt_value copy = mt_bytes(bytes, sizeof bytes);
  assert_ptr_not_equal(copy.data, bytes);
  assert_true(copy.size == 4);
  assert_memory_equal(copy.data, "abc", 4);
  free(copy.data);
}

static void no_bytes_are_none(void) {
  mt_value nothing = mt_bytes("", 0);
  assert_null(nothing.data);
  assert_true(nothing.size == 0);
  assert_false(mt_is_failure(nothing));
}

static void text_is_formatted_and_counts_its_nul(void) {
  mt_value text = mt_text("%s costs %d", "AAPL", 195);
  assert_string_equal(text.data, "AAPL costs 195");
  assert_true(text.size == strlen("AAPL costs 195") + 1);
  free(text.data);

  char many[5001];
  memset(many, 'x', 5000);
  many[5000] = '\0';
  text = mt_text("<%s>", many);
  assert_true(text.size == 5003);
  assert_true(((char *)text.data)[5001] == '>');
  free(text.data);
}

static mt_value shout(mt_value arg) {
  return mt_text("%s!", (char *)arg.data);
}

static void a_sized_result_belongs_to_the_future(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, shout, mt_view("hello", 6));
  mt_value value;
  STATUS(mt_get(f, MT_FOREVER, &value), 0);
  assert_true(value.size == 7);
  assert_string_equal(value.data, "hello!");
  mt_unref(f); /* and with it the text: a leak check would tell */
  close_here(ex);
}

static void a_sized_argument_returned_is_copied(void) {
  mt_executor *ex = open_here(NULL);
  char mine[64] = "on the caller's stack";
  mt_future *f = mt_submit(ex, task_echo, mt_view(mine, sizeof mine));
  mt_value value;
  STATUS(mt_take(f, MT_FOREVER, &value), 0);
  assert_ptr_not_equal(value.data, mine);
  assert_true(value.size == sizeof mine);
  assert_memory_equal(value.data, mine, sizeof mine);
  free(value.data);
  mt_unref(f);
  close_here(ex);
}

static void a_failure_value_is_told_from_others(void) {
  mt_value failure = mt_fail(EINVAL, "no %s", "ticker");
  assert_true(mt_is_failure(failure));
  assert_int_equal(mt_failure_code(failure), EINVAL);
  failure = mt_give_up(MT_ECANCELED);
  assert_true(mt_is_failure(failure));
  STATUS(mt_failure_code(failure), MT_ECANCELED);

  assert_false(mt_is_failure(mt_none()));
  assert_false(mt_is_failure(mt_int(-1)));
  assert_false(mt_is_failure(mt_view("x", 1)));
  assert_int_equal(mt_failure_code(mt_int(EINVAL)), 0);
}

static void a_failure_code_of_0_counts_as_invalid(void) {
  STATUS(mt_failure_code(mt_fail(0, "nothing")), MT_EINVAL);
}

static mt_value reject(mt_value arg) {
  return mt_fail(EINVAL, "invalid ticker symbol: %s", (char *)arg.data);
}

static void a_failing_task_says_why(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = reject, .arg = mt_ptr("A-B"), .name = "quote A-B");
  FAILS_WITH(f, EINVAL);
  const mt_error *error = mt_failure(f);
  assert_string_equal(error->message, "invalid ticker symbol: A-B");
  assert_string_equal(error->task, "quote A-B");
  assert_int_equal(error->attempt, 1);
  mt_unref(f);

  f = mt_submit(ex, reject, mt_ptr("A-B"));
  FAILS_WITH(f, EINVAL);
  assert_string_equal(mt_failure(f)->task, "");
  mt_unref(f);
  close_here(ex);
}

static mt_value changes_its_mind(mt_value arg) {
  (void)mt_fail(EIO, "first");
  return arg;
}

static mt_value fails_twice(mt_value arg) {
  (void)arg;
  (void)mt_fail(EIO, "first");
  return mt_fail(ENOENT, "second");
}

static void only_a_returned_failure_fails(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, changes_its_mind, mt_int(3));
  GIVES(f, 3);
  mt_unref(f);
  f = mt_submit(ex, fails_twice, mt_none());
  FAILS_WITH(f, ENOENT);
  assert_string_equal(mt_failure(f)->message, "second");
  mt_unref(f);
  close_here(ex);
}

struct pair {
  struct gate go[2];
};

/* Writes its message, lets the other write its own, and only then returns. */
static mt_value fails_slowly(mt_value arg) {
  struct gate *go = arg.data;
  mt_value failure = mt_fail(EIO, "mine is %p", (void *)go);
  (void)gate_pass(go);
  return failure;
}

static void each_task_keeps_its_own_message(void) {
  mt_executor *ex = open_with(2);
  struct pair pair;
  mt_future *f[2];
  for (int i = 0; i < 2; i++) {
    gate_init(&pair.go[i]);
    f[i] = mt_submit(ex, fails_slowly, mt_ptr(&pair.go[i]));
  }
  UNTIL(suspended_in(ex) == 2);
  for (int i = 0; i < 2; i++) gate_open(&pair.go[i]);
  for (int i = 0; i < 2; i++) {
    char want[64];
    (void)snprintf(want, sizeof want, "mine is %p", (void *)&pair.go[i]);
    FAILS_WITH(f[i], EIO);
    assert_string_equal(mt_failure(f[i])->message, want);
    mt_unref(f[i]);
    gate_fini(&pair.go[i]);
  }
  close_here(ex);
}

static mt_value long_message(mt_value arg) {
  char text[4001];
  memset(text, 'y', 4000);
  text[4000] = '\0';
  (void)arg;
  return mt_fail(EIO, "%s", text);
}

static void a_long_message_is_kept_or_cut_but_there(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, long_message, mt_none());
  FAILS_WITH(f, EIO);
  size_t length = strlen(mt_failure(f)->message);
  assert_true(length >= 100 && length <= 4000);
  assert_true(strspn(mt_failure(f)->message, "y") >= 100);
  mt_unref(f);
  close_here(ex);
}

static mt_value given(mt_value arg) {
  (void)arg;
  return mt_ptr(malloc(16));
}

static void drop_free_frees_what_came_from_malloc(void) {
  mt_drop_free(mt_ptr(malloc(16)));
  mt_drop_free(mt_none());
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = given, .drop_result = mt_drop_free);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(bare_values_are_handed_along_untouched, SHARE),
    CHECK(a_view_borrows, 0),
    CHECK(bytes_are_a_copy, 0),
    CHECK(no_bytes_are_none, 0),
    CHECK(text_is_formatted_and_counts_its_nul, 0),
    CHECK(a_sized_result_belongs_to_the_future, 0),
    CHECK(a_sized_argument_returned_is_copied, 0),
    CHECK(a_failure_value_is_told_from_others, 0),
    CHECK(a_failure_code_of_0_counts_as_invalid, 0),
    CHECK(a_failing_task_says_why, 0),
    CHECK(only_a_returned_failure_fails, 0),
    CHECK(each_task_keeps_its_own_message, OVERLAP),
    CHECK(a_long_message_is_kept_or_cut_but_there, 0),
    CHECK(drop_free_frees_what_came_from_malloc, SHARE),
};
CONTRACT(checks)
