/* SPDX-License-Identifier: MIT
 *
 * Rule 9: an error is data: a code (negative: meantime's own; positive: the task's, errno values
 * fit), a message, the task's name, the attempt.
 */
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static mt_value quote(mt_value arg) {
  const char *ticker = arg.data;
  if (strspn(ticker, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(ticker))
    return mt_fail(EINVAL, "invalid ticker symbol: %s", ticker);
  return mt_int((intptr_t)strlen(ticker));
}

static void one_line_is_all_a_task_writes(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  mt_future *f = submit_as(ex, .fn = quote, .arg = mt_ptr("aa pl"), .name = "quote of aa pl");
  STATUS(mt_get(f, MT_FOREVER, NULL), MT_FAILED);
  const mt_error *error = mt_failure(f);
  assert_int_equal(error->code, EINVAL);
  assert_string_equal(error->message, "invalid ticker symbol: aa pl");
  assert_string_equal(error->task, "quote of aa pl");
  assert_int_equal(error->attempt, 1);
  mt_unref(f);
  close_here(ex);
}

static mt_value fails_on_third(mt_value arg) {
  (void)arg;
  return mt_fail((int)mt_attempt(), "attempt number %u", mt_attempt());
}

static void it_tells_the_attempt(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  const mt_retry retry = {.repeats = 2, .first_ns = 1};
  mt_future *f = submit_as(ex, .fn = fails_on_third, .retry = &retry);
  FAILS_WITH(f, 3);
  assert_int_equal(mt_failure(f)->attempt, 3);
  assert_string_equal(mt_failure(f)->message, "attempt number 3");
  mt_unref(f);
  close_here(ex);
}

static void every_code_a_task_gives_is_kept(void) {
  static const int codes[] = {1, EIO, ENOENT, ETIMEDOUT, 12345, INT_MAX};
  mt_executor *ex = open_on("threads:2", NULL);
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    mt_future *f = mt_submit(ex, task_fail, mt_int(codes[i]));
    FAILS_WITH(f, codes[i]);
    mt_unref(f);
  }
  mt_future *f = mt_submit(ex, task_fail, mt_int(0)); /* no code is no excuse */
  FAILS_WITH(f, MT_EINVAL);
  mt_unref(f);
  close_here(ex);
}

/* Each of meantime's own errors: a negative code, a message, the name. */
static void expect_own(mt_future *f, int code) {
  FAILS_WITH(f, code);
  const mt_error *error = mt_failure(f);
  assert_true(error->code < 0);
  assert_non_null(error->message);
  assert_true(strlen(error->message) > 0);
  assert_string_equal(error->task, "named");
  mt_unref(f);
}

static void the_librarys_errors_are_data_too(void) {
  mt_executor *ex = open_on(
      "threads:1", &(mt_options){.in_flight = 1, .queue_limit = 1, .when_full = MT_FULL_REFUSE});
  struct plug plug;
  plug_init(&plug);
  mt_future *holder = submit_as(ex, .fn = task_plug, .arg = mt_ptr(&plug), .name = "named");
  UNTIL(suspended_in(ex) == 1);
  mt_future *late = submit_as(ex, .fn = task_next, .name = "named", .deadline_ns = MT_MS(1));
  expect_own(late, MT_EDEADLINE);
  mt_future *cancelled = submit_as(ex, .fn = task_next, .name = "named");
  expect_own(submit_as(ex, .fn = task_next, .name = "named"), MT_EFULL);
  assert_true(mt_cancel(cancelled));
  expect_own(cancelled, MT_ECANCELED);
  assert_true(mt_cancel(holder));
  STATUS(mt_wait(holder, MT_FOREVER), 0);
  assert_int_equal(mt_failure(holder)->attempt, 1);
  expect_own(holder, MT_ECANCELED);
  expect_own(submit_as(ex, .fn = NULL, .name = "named"), MT_EINVAL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  expect_own(submit_as(ex, .fn = task_next, .name = "named"), MT_ESHUTDOWN);
  close_here(ex);
  plug_fini(&plug);
}

/* Good and bad items together: every one is accounted for, in order. */
static void a_mix_of_good_and_bad_is_told_item_by_item(void) {
  static const char *const tickers[] = {"AAPL", "bad one", "MSFT", "?", "GOOG"};
  static const int want[] = {4, EINVAL, 4, EINVAL, 4};
  mt_executor *ex = open_on("threads:2", NULL);
  mt_stream *s = mt_map_array(ex, quote, tickers, 5, 0, NULL);
  mt_future *f;
  size_t index;
  unsigned good = 0, bad = 0;
  while (mt_next(s, MT_FOREVER, &f, &index) == 0) {
    if (want[index] == EINVAL) {
      FAILS_WITH(f, EINVAL);
      assert_non_null(strstr(mt_failure(f)->message, tickers[index]));
      bad++;
    } else {
      GIVES(f, want[index]);
      good++;
    }
    mt_unref(f);
  }
  mt_stream_close(s);
  close_here(ex);
  assert_int_equal(good, 3);
  assert_int_equal(bad, 2);
}

static mt_value tells_why_cut(mt_value arg) {
  mt_status st = mt_sleep(MT_FOREVER);
  (void)arg;
  return mt_fail(ETIMEDOUT, "gave up: %s", mt_status_text(st));
}

static void a_cut_task_may_tell_it_in_its_own_words(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  mt_future *f = submit_as(ex, .fn = tells_why_cut, .timeout_ns = MT_MS(1));
  FAILS_WITH(f, ETIMEDOUT);
  assert_int_equal(strncmp(mt_failure(f)->message, "gave up: ", 9), 0);
  mt_unref(f);
  close_here(ex);
}

/* The library never prints: whatever goes wrong, standard output and error stay empty. */
static void nothing_is_printed(void) {
  FILE *spy = tmpfile();
  assert_non_null(spy);
  fflush(NULL);
  int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
  dup2(fileno(spy), STDOUT_FILENO);
  dup2(fileno(spy), STDERR_FILENO);
  mt_executor *ex = NULL;
  mt_status bad = mt_open("nowhere", NULL, &ex);
  mt_status good = mt_open("threads:2", NULL, &ex);
  for (int i = 0; good == 0 && i < 50; i++) mt_unref(mt_submit(ex, task_fail, mt_int(EIO)));
  if (good == 0) mt_unref(mt_submit(ex, NULL, mt_none()));
  if (good == 0) mt_shutdown(ex, 0, MT_FOREVER);
  if (good == 0) mt_unref(mt_submit(ex, task_next, mt_none()));
  if (good == 0) mt_close(ex);
  fflush(NULL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  close(out);
  close(err);
  long printed = lseek(fileno(spy), 0, SEEK_END);
  fclose(spy);
  STATUS(bad, MT_EINVAL);
  STATUS(good, 0);
  assert_int_equal(printed, 0);
}

static const struct check checks[] = {
    CHECK(one_line_is_all_a_task_writes, ALL),
    CHECK(it_tells_the_attempt, ALL),
    CHECK(every_code_a_task_gives_is_kept, ALL),
    CHECK(the_librarys_errors_are_data_too, ALL),
    CHECK(a_mix_of_good_and_bad_is_told_item_by_item, ALL),
    CHECK(a_cut_task_may_tell_it_in_its_own_words, ALL),
    CHECK(nothing_is_printed, ALL),
};
RULE(checks)
