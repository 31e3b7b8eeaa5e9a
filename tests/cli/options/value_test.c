/* SPDX-License-Identifier: MIT
 *
 * value_test.c: words after options: what they mean, and what is refused. */
#include "test.h"

#include "../../../cli/options_value.h"

static const int64_t s = 1000000000;

static void times_have_units_and_are_seconds_without(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ns;
  } cases[] = {{"30", 30000000000},
               {"1.5", 1500000000},
               {"1.", 1000000000},
               {".5", 500000000},
               {"500ms", 500000000},
               {"0.25us", 250},
               {"2m", 120000000000},
               {"2min", 120000000000},
               {"1h", 3600000000000},
               {"1.5d", 129600000000000},
               {"7s", 7000000000},
               {"0.000000001", 1},
               {"9223372036", 9223372036000000000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t ns = -1;
    if (!value_seconds(cases[i].text, 0, &ns)) fail_msg("%s is refused", cases[i].text);
    assert_int_equal(ns, cases[i].ns);
  }
}

static void what_is_no_time_is_refused(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",     "x",   "-1",  "+1",    " 1",           "1 ",         "1x",           "1e3", "0x10",
      "inf",  "nan", ".",   "1.2.3", "1ms2",         "s",          "1 s",          "1,5", "--1",
      "1mss", "0",   "0ms", "1e-10", "0.0000000001", "9223372037", "200000000000m"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int64_t ns = 77;
    if (value_seconds(wrong[i], 0, &ns)) fail_msg("\"%s\" is taken", wrong[i]);
    assert_int_equal(ns, 77);
  }
}

static void a_bound_below_nothing_allows_nothing(void **state) {
  (void)state;
  int64_t ns = 77;
  assert_true(value_seconds("0", -1, &ns));
  assert_int_equal(ns, 0);
  assert_false(value_seconds("1", 1, &ns));
  assert_true(value_seconds("1.001", 1, &ns));
}

static void sizes_are_powers_of_1024(void **state) {
  (void)state;
  static const struct {
    const char *text;
    uint64_t bytes;
  } cases[] = {{"0", 0},
               {"512", 512},
               {"512B", 512},
               {"10k", 10240},
               {"10K", 10240},
               {"64KiB", 65536},
               {"64kib", 65536},
               {"1.5M", 1572864},
               {"1MiB", 1048576},
               {"1G", 1073741824},
               {"2GiB", 2147483648},
               {"1T", 1099511627776},
               {"0.3", 0},
               {"16777215T", 16777215 * UINT64_C(1099511627776)}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    uint64_t bytes = 77;
    if (!value_bytes(cases[i].text, 0, &bytes)) fail_msg("%s is refused", cases[i].text);
    assert_int_equal(bytes, cases[i].bytes);
  }
  /* KB may mean 1000 to one and 1024 to another. */
  static const char *const wrong[] = {"", "k", "10KB", "10 k", "-1", "1e3", "10kk", "16777216T"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    uint64_t bytes = 77;
    if (value_bytes(wrong[i], 0, &bytes)) fail_msg("\"%s\" is taken", wrong[i]);
    assert_int_equal(bytes, 77);
  }
  uint64_t bytes;
  assert_false(value_bytes("0.9", 1, &bytes));
  assert_true(value_bytes("1", 1, &bytes));
}

static void rates_are_a_number_a_time(void **state) {
  (void)state;
  static const struct {
    const char *text;
    double n;
    int64_t seconds;
  } cases[] = {{"10/s", 10, 1},       {"0.5/s", 0.5, 1},       {"8/min", 8, 60},
               {"8/m", 8, 60},        {"500/hour", 500, 3600}, {"500/h", 500, 3600},
               {"25/day", 25, 86400}, {"25/d", 25, 86400},     {"1/second", 1, 1},
               {"3/minute", 3, 60}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct option_rate rate = {0};
    if (!value_rate(cases[i].text, &rate)) fail_msg("%s is refused", cases[i].text);
    assert_true(rate.n == cases[i].n);
    assert_int_equal(rate.per_ns, cases[i].seconds * s);
  }
  static const char *const wrong[] = {"",     "x",       "10",     "10/",   "/s",   "0/s",
                                      "-1/s", "10/week", "10/s/s", "10 /s", "1e3/s"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct option_rate rate = {77, 77};
    if (value_rate(wrong[i], &rate)) fail_msg("\"%s\" is taken", wrong[i]);
    assert_true(rate.n == 77 && rate.per_ns == 77);
  }
}

static void shares_are_counts_or_percentages(void **state) {
  (void)state;
  struct option_share share = {0};
  assert_true(value_share("10", &share));
  assert_true(share.count == 10 && share.percent == 0);
  assert_true(value_share("5%", &share));
  assert_true(share.count == 0 && share.percent == 5);
  assert_true(value_share("0.5%", &share));
  assert_true(share.count == 0 && share.percent == 0.5);
  assert_true(value_share("100%", &share));
  static const char *const wrong[] = {"",    "%",   "0",   "0%",  "101%", "-1",
                                      "-1%", "5%%", "5 %", "1.5", "x"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct option_share kept = {77, 77};
    if (value_share(wrong[i], &kept)) fail_msg("\"%s\" is taken", wrong[i]);
    assert_true(kept.count == 77 && kept.percent == 77);
  }
}

static void ranges_share_a_unit(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t least_ms, most_ms;
  } cases[] = {{"100-500ms", 100, 500}, {"200ms", 200, 200},
               {"0.1-0.5", 100, 500},   {"100ms-2s", 100, 2000},
               {"500ms-1", 500, 1000},  {"1-2m", 60000, 120000},
               {"0-0", 0, 0},           {"0", 0, 0},
               {"3", 3000, 3000}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct option_range range = {-1, -1};
    if (!value_range(cases[i].text, &range)) fail_msg("%s is refused", cases[i].text);
    assert_int_equal(range.least_ns, cases[i].least_ms * 1000000);
    assert_int_equal(range.most_ns, cases[i].most_ms * 1000000);
  }
  static const char *const wrong[] = {
      "",
      "-",
      "1-",
      "-1",
      "2-1",
      "1-2-3",
      "ms",
      "x-1",
      "1-x",
      "1s-1ms",
      "1111111111111111111111111111111111111111111111111111111111111111111111-2"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    struct option_range range = {77, 77};
    if (value_range(wrong[i], &range)) fail_msg("\"%s\" is taken", wrong[i]);
    assert_true(range.least_ns == 77 && range.most_ns == 77);
  }
}

static void choices_are_whole_words(void **state) {
  (void)state;
  assert_int_equal(value_choice("auto|always|never", "auto"), 0);
  assert_int_equal(value_choice("auto|always|never", "never"), 2);
  assert_int_equal(value_choice("auto|always|never", "alw"), -1);
  assert_int_equal(value_choice("auto|always|never", ""), -1);
  assert_int_equal(value_choice("auto|always|never", "auto|always"), -1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(times_have_units_and_are_seconds_without),
      cmocka_unit_test(what_is_no_time_is_refused),
      cmocka_unit_test(a_bound_below_nothing_allows_nothing),
      cmocka_unit_test(sizes_are_powers_of_1024),
      cmocka_unit_test(rates_are_a_number_a_time),
      cmocka_unit_test(shares_are_counts_or_percentages),
      cmocka_unit_test(ranges_share_a_unit),
      cmocka_unit_test(choices_are_whole_words),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
