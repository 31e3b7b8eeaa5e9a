/* SPDX-License-Identifier: MIT
 *
 * progress_test.c: how far it is, in words, at any width; and how fast, by counts at made-up times.
 */
#include "test.h"

#include "../../../cli/progress_line.h"
#include "../../../cli/progress_pace.h"

#include <math.h>
#include <string.h>

static const int64_t second = 1000000000;

static void counts_are_grouped(void **state) {
  (void)state;
  char out[PROGRESS_WORD];
  assert_string_equal(progress_count(0, out), "0");
  assert_string_equal(progress_count(999, out), "999");
  assert_string_equal(progress_count(1234, out), "1,234");
  assert_string_equal(progress_count(100000, out), "100,000");
  assert_string_equal(progress_count(UINT64_MAX, out), "18,446,744,073,709,551,615");
}

static void bytes_have_the_unit_that_fits(void **state) {
  (void)state;
  static const struct {
    double n;
    const char *text;
  } cases[] = {{0, "0 B"},           {999, "999 B"},     {1000, "1.0 kB"},  {12400000, "12.4 MB"},
               {999940, "999.9 kB"}, {999960, "1.0 MB"}, {1.5e9, "1.5 GB"}, {2e12, "2.0 TB"},
               {18e18, "18.0 EB"}};
  char out[PROGRESS_WORD];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(progress_bytes(cases[i].n, out), cases[i].text);
}

static void rates_choose_their_time(void **state) {
  (void)state;
  static const struct {
    double per_s;
    const char *text;
  } cases[] = {{1234.4, "1,234/s"},
               {10, "10/s"},
               {3.44, "3.4/s"},
               {9.96, "10/s"},
               {1, "1/s"},
               {0.5, "30/min"},
               {8 / 60.0, "8/min"},
               {5 / 3600.0, "5/hour"},
               {1.5 / 3600, "1.5/hour"},
               {0, "0/s"},
               {-1, "0/s"},
               {1e300, "1,000,000,000,000,000/s"}};
  char out[PROGRESS_WORD];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(progress_rate(cases[i].per_s, out), cases[i].text);
}

static void times_have_two_units_at_most(void **state) {
  (void)state;
  static const struct {
    double seconds;
    const char *text;
  } cases[] = {{0, "0 s"},          {0.4, "0 s"},        {45, "45 s"},        {59.6, "1 min 0 s"},
               {200, "3 min 20 s"}, {7500, "2 h 5 min"}, {273600, "3 d 4 h"}, {1e300, "years"},
               {INFINITY, "years"}, {NAN, "years"},      {-1, "0 s"}};
  char out[PROGRESS_WORD];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(progress_time(cases[i].seconds, out), cases[i].text);
}

static const struct progress_facts busy = {
    .what = "requests",
    .state = {.done = 4500, .failed = 3, .total = 10000, .in_flight = 50, .bytes = 12400000},
    .elapsed_s = 42,
    .items_per_s = 110,
    .bytes_per_s = 302000,
};

static void a_wide_line_tells_all(void **state) {
  (void)state;
  char out[PROGRESS_LINE];
  progress_line(&busy, 200, out);
  assert_string_equal(out,
                      " 45%  4,500 of 10,000 requests, 3 failed, about 50 s left, 110/s, 50 in "
                      "flight, 12.4 MB (302.0 kB/s), 42 s");
  struct progress_facts f = {
      .what = "files", .state = {.done = 7}, .elapsed_s = 2, .items_per_s = 3.5};
  progress_line(&f, 200, out);
  assert_string_equal(out, "7 files, 3.5/s, 2 s");
}

static void a_narrow_line_leaves_out_whole_facts_from_the_end(void **state) {
  (void)state;
  char all[PROGRESS_LINE], out[PROGRESS_LINE];
  progress_line(&busy, 200, all);
  for (size_t columns = 0; columns <= strlen(all) + 5; columns++) {
    progress_line(&busy, columns, out);
    size_t n = strlen(out);
    assert_true(n <= columns);
    assert_memory_equal(out, all, n);
    /* What follows is the beginning of a fact. */
    if (n > 0 && all[n]) assert_true(all[n] == ',' || all[n] == ' ');
    assert_true(all[n] != '/' && (n == 0 || out[n - 1] != ','));
  }
  progress_line(&busy, strlen(all), out);
  assert_string_equal(out, all);
}

static void a_hundred_percent_is_all_and_never_more(void **state) {
  (void)state;
  struct progress_facts f = {.what = "files", .state = {.done = 9999, .total = 10000}};
  char out[PROGRESS_LINE];
  progress_line(&f, 200, out);
  assert_memory_equal(out, " 99%  ", 6);
  f.state.done = 10000;
  progress_line(&f, 200, out);
  assert_memory_equal(out, "100%  ", 6);
  assert_null(strstr(out, "left"));
  f.state.done = 10001; /* a total that was a guess */
  progress_line(&f, 200, out);
  assert_memory_equal(out, "100%  10,000 of 10,000", 22);
}

static void the_rest_is_guessed_by_the_present_pace(void **state) {
  (void)state;
  struct progress_facts f = {
      .what = "files", .state = {.done = 10, .total = 110}, .elapsed_s = 10, .items_per_s = 50};
  char out[PROGRESS_LINE];
  progress_line(&f, 200, out);
  assert_non_null(strstr(out, "about 2 s left"));
  f.items_per_s = 0; /* a standstill: the average, then */
  progress_line(&f, 200, out);
  assert_non_null(strstr(out, "about 1 min 40 s left"));
  f.state.done = 0; /* nothing to guess by */
  progress_line(&f, 200, out);
  assert_null(strstr(out, "left"));
}

static void control_characters_are_escaped(void **state) {
  (void)state;
  struct progress_facts f = {.what = "a\x1b[2J\nb", .state = {.done = 1}};
  char out[PROGRESS_LINE];
  progress_line(&f, 200, out);
  assert_string_equal(out, "1 a\\x1b[2J\\nb, 0/s, 0 s");
}

static void the_pace_is_that_of_the_last_seconds(void **state) {
  (void)state;
  struct pace p = {0};
  double items, bytes;
  pace_tell(&p, 5 * second, 10, 10, &items, &bytes);
  assert_true(items == 0 && bytes == 0);
  pace_note(&p, 0, 0, 0);
  pace_tell(&p, 0, 10, 10, &items, &bytes);
  assert_true(items == 0 && bytes == 0);
  pace_tell(&p, 2 * second, 10, 3000, &items, &bytes);
  assert_true(items == 5 && bytes == 1500);
  /* 100 a second for a minute, then 10: after the window nothing of the hundred is left. */
  uint64_t done = 0;
  int64_t now = 0, step = second / 10;
  for (int i = 0; i < 600; i++) pace_note(&p, now += step, done += 10, 0);
  pace_tell(&p, now, done, 0, &items, &bytes);
  assert_true(fabs(items - 100) < 1e-9 && bytes == 0);
  for (int i = 0; i < 60; i++) pace_note(&p, now += step, done += 1, 0);
  pace_tell(&p, now, done, 0, &items, &bytes);
  assert_true(fabs(items - 10) < 1e-9);
  /* A standstill is one, and a count that steps back is no pace. */
  for (int i = 0; i < 60; i++) pace_note(&p, now += step, done, 0);
  pace_tell(&p, now, done, 0, &items, &bytes);
  assert_true(items == 0);
  pace_tell(&p, now, done - 5, 0, &items, &bytes);
  assert_true(items == 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_are_grouped),
      cmocka_unit_test(bytes_have_the_unit_that_fits),
      cmocka_unit_test(rates_choose_their_time),
      cmocka_unit_test(times_have_two_units_at_most),
      cmocka_unit_test(a_wide_line_tells_all),
      cmocka_unit_test(a_narrow_line_leaves_out_whole_facts_from_the_end),
      cmocka_unit_test(a_hundred_percent_is_all_and_never_more),
      cmocka_unit_test(the_rest_is_guessed_by_the_present_pace),
      cmocka_unit_test(control_characters_are_escaped),
      cmocka_unit_test(the_pace_is_that_of_the_last_seconds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
