/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "retry.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define S (INT64_C(1000000000))

/* Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110. */
enum { EXAMPLE_S = 784111777 };

static int64_t before_example(const char *value, int64_t seconds) {
  return retry_after_ns(value, (EXAMPLE_S - seconds) * S);
}

static void seconds_are_read(void **unused) {
  (void)unused;
  assert_int_equal(retry_after_ns("0", 5), 0);
  assert_int_equal(retry_after_ns("120", 5), 120 * S);
  assert_int_equal(retry_after_ns("  7\t ", 5), 7 * S);
  assert_int_equal(retry_after_ns("007", 5), 7 * S);
  assert_int_equal(retry_after_ns("86400", 5), 86400 * S);
}

static void nobody_waits_for_more_than_a_day(void **unused) {
  (void)unused;
  assert_int_equal(retry_after_ns("86401", 5), RETRY_AFTER_MOST_NS);
  assert_int_equal(retry_after_ns("18446744073709551617", 5), RETRY_AFTER_MOST_NS);
  char many[501];
  memset(many, '9', 500);
  many[500] = 0;
  assert_int_equal(retry_after_ns(many, 5), RETRY_AFTER_MOST_NS);
  memset(many, '0', 500);
  assert_int_equal(retry_after_ns(many, 5), 0);
  assert_int_equal(retry_after_ns("Fri, 31 Dec 9999 23:59:59 GMT", 0), RETRY_AFTER_MOST_NS);
}

static void all_three_forms_of_a_date_are_read(void **unused) {
  (void)unused;
  static const char *const forms[] = {"Sun, 06 Nov 1994 08:49:37 GMT",
                                      "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    assert_int_equal(before_example(forms[i], 30), 30 * S);
    assert_int_equal(before_example(forms[i], 1), S);
    assert_int_equal(before_example(forms[i], 0), 0);
    assert_int_equal(before_example(forms[i], -100), 0);
    /* Between two seconds: what is left of them. */
    assert_int_equal(retry_after_ns(forms[i], (EXAMPLE_S - 3) * S + 250000000), 2750000000);
    char padded[64];
    snprintf(padded, sizeof padded, " %s\t", forms[i]);
    assert_int_equal(before_example(padded, 30), 30 * S);
  }
}

static void a_year_of_two_digits_is_at_most_fifty_years_ahead(void **unused) {
  (void)unused;
  const int64_t in_2026 = INT64_C(1790000000); /* September */
  /* 2076 is within 50 years (at most a day is waited for), 2077 would be beyond: it is 1977. */
  assert_int_equal(retry_after_ns("Wednesday, 01-Jan-76 00:00:00 GMT", in_2026 * S),
                   RETRY_AFTER_MOST_NS);
  assert_int_equal(retry_after_ns("Saturday, 01-Jan-77 00:00:00 GMT", in_2026 * S), 0);
  assert_int_equal(retry_after_ns("Friday, 01-Jan-99 00:00:00 GMT", in_2026 * S), 0);
  assert_int_equal(retry_after_ns("Saturday, 01-Jan-00 00:00:00 GMT", (INT64_C(946684800) - 5) * S),
                   5 * S);
  assert_int_equal(retry_after_ns("Thursday, 01-Jan-70 00:00:09 GMT", 0), 9 * S);
}

static void nonsense_is_no_answer(void **unused) {
  (void)unused;
  static const char *const bad[] = {
      "",
      " ",
      "-1",
      "+1",
      "1.5",
      "1 2",
      "1s",
      "0x10",
      "soon",
      "Sun, 06 Nov 1994 08:49:37",
      "Sun, 06 Nov 1994 08:49:37 UTC",
      "Sun, 06 Nov 1994 08:49:37 GMT.",
      "Sun, 06 Nov 1994 08:49 GMT",
      "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 006 Nov 1994 08:49:37 GMT",
      "Sun,06 Nov 1994 08:49:37 GMT",
      "sun, 06 nov 1994 08:49:37 gmt",
      "Son, 06 Nov 1994 08:49:37 GMT",
      "Sun, 06 Okt 1994 08:49:37 GMT",
      "Sun, 00 Nov 1994 08:49:37 GMT",
      "Sun, 31 Nov 1994 08:49:37 GMT",
      "Sun, 29 Feb 1993 08:49:37 GMT",
      "Sun, 29 Feb 1900 08:49:37 GMT",
      "Sun, 06 Nov 0000 08:49:37 GMT",
      "Sun, 06 Nov 1994 24:00:00 GMT",
      "Sun, 06 Nov 1994 08:60:37 GMT",
      "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sunday, 06-Nov-1994 08:49:37 GMT",
      "Sunday, 06-Nov-94 08:49:37",
      "Sun, 06-Nov-94 08:49:37 GMT",
      "Sunday, 06 Nov 1994 08:49:37 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov  6 08:49:37 1994 GMT",
      "Sun Nov  0 08:49:37 1994",
      "Sun Nov  6 08:49:37 94",
      "1994-11-06T08:49:37Z",
      "Sun, 06 Nov 1994 08:49:37 GMT, and then some more that is longer than a date",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (before_example(bad[i], 30) != -1) fail_msg("\"%s\" was read", bad[i]);
  assert_true(before_example("Thu, 29 Feb 1996 08:49:37 GMT", 30) > 0);
  assert_true(before_example("Sun Nov 16 08:49:37 1994", 30) > 0);
  assert_true(before_example("Sun, 06 Nov 1994 23:59:60 GMT", 30) > 0); /* a leap second */
}

/* Against the C library, and whatever the locale calls the months. */
static void every_day_is_where_the_calendar_has_it(void **unused) {
  (void)unused;
  static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  setlocale(LC_ALL, "");
  for (int64_t day = 1; day < 80000; day++) {
    time_t t = (time_t)(day * 86400 + day % 86400);
    struct tm tm;
    char text[64];
    gmtime_r(&t, &tm);
    snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
             months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
    if (retry_after_ns(text, (t - 77) * S) != 77 * S) fail_msg("%s is another day", text);
  }
  setlocale(LC_ALL, "C");
}

/* -- --retry-on ------------------------------------------------------------------------------- */

static struct retry_on parsed(const char *text) {
  struct retry_on r;
  char error[RETRY_ERROR];
  if (!retry_on_parse(text, &r, error)) fail_msg("\"%s\": %s", text, error);
  return r;
}

static void the_default_is_what_passes_by_itself(void **unused) {
  (void)unused;
  static const int statuses[] = {408, 429, 500, 502, 503, 504};
  struct retry_on r = parsed(RETRY_ON_DEFAULT);
  size_t at = 0;
  for (int s = 0; s <= 1100; s++) {
    bool wanted = at < sizeof statuses / sizeof *statuses && s == statuses[at];
    if (wanted) at++;
    if (retry_on_status(&r, s) != wanted) fail_msg("%d", s);
  }
  for (int e = 0; e < HTTP_ERRORS; e++) {
    bool wanted = e == HTTP_TIMEOUT || e == HTTP_CONNECT || e == HTTP_DNS || e == HTTP_RESET ||
                  e == HTTP_PARTIAL;
    assert_int_equal(retry_on_error(&r, (enum http_error)e), wanted);
  }
  struct retry_on same = parsed("default");
  assert_memory_equal(&r, &same, sizeof r);
}

static void classes_words_and_statuses_add_up(void **unused) {
  (void)unused;
  struct retry_on r = parsed(" 404 ,5xx,\ttls");
  for (int s = 400; s <= 999; s++)
    assert_int_equal(retry_on_status(&r, s), s == 404 || (s >= 500 && s <= 599));
  assert_true(retry_on_error(&r, HTTP_TLS));
  assert_false(retry_on_error(&r, HTTP_TIMEOUT));
  assert_false(retry_on_error(&r, HTTP_STATUS)); /* statuses are asked for one by one */

  r = parsed("http");
  for (int s = 400; s <= 999; s++) assert_true(retry_on_status(&r, s));
  assert_false(retry_on_status(&r, 399));
  assert_false(retry_on_status(&r, 1000));
  assert_false(retry_on_status(&r, -1));

  r = parsed("default,404");
  assert_true(retry_on_status(&r, 404) && retry_on_status(&r, 503));
}

static void none_and_all_mean_it(void **unused) {
  (void)unused;
  struct retry_on r = parsed("none");
  for (int s = 0; s <= 999; s++) assert_false(retry_on_status(&r, s));
  for (int e = 0; e < HTTP_ERRORS; e++) assert_false(retry_on_error(&r, (enum http_error)e));
  r = parsed("all");
  for (int s = 400; s <= 999; s++) assert_true(retry_on_status(&r, s));
  for (int e = HTTP_TIMEOUT; e < HTTP_ERRORS; e++) {
    bool final = e == HTTP_DEADLINE || e == HTTP_URL || e == HTTP_CANCELLED;
    assert_int_equal(retry_on_error(&r, (enum http_error)e), !final);
  }
}

static void a_part_that_is_none_is_named(void **unused) {
  (void)unused;
  static const struct {
    const char *list, *part;
  } bad[] = {{"", "\"\""},          {"429,", "\"\""},          {",429", "\"\""},
             {"429,,503", "\"\""},  {"42", "\"42\""},          {"4294", "\"4294\""},
             {"4", "\"4\""},        {"4x9", "\"4x9\""},        {"5XX", "\"5XX\""},
             {"200", "\"200\""},    {"3xx", "\"3xx\""},        {"0xx", "\"0xx\""},
             {"429;503", "\"429;"}, {"429 503", "\"429 503"},  {"Timeout", "\"Timeout\""},
             {"url", "\"url\""},    {"deadline", "deadline"},  {"none,429", "\"none\""},
             {"-1", "\"-1\""},      {"cancelled", "cancelled"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct retry_on r, untouched;
    char error[RETRY_ERROR] = "";
    memset(&r, 0x5a, sizeof r);
    memset(&untouched, 0x5a, sizeof r);
    if (retry_on_parse(bad[i].list, &r, error)) fail_msg("\"%s\" was taken", bad[i].list);
    if (!strstr(error, bad[i].part)) fail_msg("\"%s\": %s", bad[i].list, error);
    assert_memory_equal(&r, &untouched, sizeof r);
  }
  char endless[1000], error[RETRY_ERROR];
  memset(endless, 'x', sizeof endless);
  endless[sizeof endless - 1] = 0;
  assert_false(retry_on_parse(endless, &(struct retry_on){0}, error));
}

static void methods_that_may_be_repeated(void **unused) {
  (void)unused;
  static const char *const yes[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  static const char *const no[] = {"POST", "PATCH", "CONNECT", "get", "", "GETS", "PURGE"};
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_true(method_is_idempotent(yes[i]));
  for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_false(method_is_idempotent(no[i]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(seconds_are_read),
      cmocka_unit_test(nobody_waits_for_more_than_a_day),
      cmocka_unit_test(all_three_forms_of_a_date_are_read),
      cmocka_unit_test(a_year_of_two_digits_is_at_most_fifty_years_ahead),
      cmocka_unit_test(nonsense_is_no_answer),
      cmocka_unit_test(every_day_is_where_the_calendar_has_it),
      cmocka_unit_test(the_default_is_what_passes_by_itself),
      cmocka_unit_test(classes_words_and_statuses_add_up),
      cmocka_unit_test(none_and_all_mean_it),
      cmocka_unit_test(a_part_that_is_none_is_named),
      cmocka_unit_test(methods_that_may_be_repeated),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
