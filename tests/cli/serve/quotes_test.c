/* SPDX-License-Identifier: MIT
 *
 * What a seed makes up: prices, and what becomes of requests. And the texts these are written as.
 */
#include "../test.h"

#include "../../../cli/serve/bytes.h"
#include "../../../cli/serve/chart.h"
#include "../../../cli/serve/fate.h"
#include "../../../cli/serve/quotes.h"
#include "../../../cli/serve/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SYMBOLS = 300 };

static void name(int i, char out[SYMBOL_ROOM]) {
  snprintf(out, SYMBOL_ROOM, "S%03d", i);
}

static void quotes_are_consistent(void **state) {
  (void)state;
  static struct bar bars[QUOTES_MOST];
  for (int i = 0; i < SYMBOLS; i++) {
    char symbol[SYMBOL_ROOM];
    struct quote q;
    name(i, symbol);
    quotes_bars(1, symbol, bars, QUOTES_MOST);
    quotes_of(bars, &q);
    assert_true(q.low_52w_cents > 0 && q.low_52w_cents <= q.price_cents);
    assert_true(q.price_cents <= q.high_52w_cents);
    assert_true(q.price_cents >= 1000 && q.price_cents <= 50000);
    assert_true(q.volume >= 100000 && q.volume < 10000000);
    assert_int_equal(q.price_cents, bars[0].close_cents);
    assert_int_equal(q.previous_close_cents, bars[bars[1].missing ? 2 : 1].close_cents);
    int missing = 0;
    for (int day = 0; day < QUOTES_MOST; day++) {
      const struct bar *b = &bars[day];
      assert_true(b->low_cents <= b->open_cents && b->low_cents <= b->close_cents);
      assert_true(b->high_cents >= b->open_cents && b->high_cents >= b->close_cents);
      assert_true(b->low_cents > 0 && b->high_cents < 1000000);
      missing += b->missing;
    }
    assert_int_equal(missing, 1);
    assert_true(bars[1].missing || bars[2].missing || bars[3].missing);
  }
}

static void days_are_weekdays_going_back(void **state) {
  (void)state;
  struct bar bars[QUOTES_YEAR];
  quotes_bars(1, "AAPL", bars, QUOTES_YEAR);
  for (int i = 0; i < QUOTES_YEAR; i++) {
    struct tm t;
    gmtime_r(&(time_t){bars[i].open_s}, &t);
    assert_int_equal(t.tm_wday, 5 - i % 5);
    if (i > 0) assert_true(bars[i].open_s < bars[i - 1].open_s);
  }
  /* A client that looks 52 weeks back from the last day sees all of them. */
  assert_true(bars[0].open_s - bars[QUOTES_YEAR - 1].open_s < 52 * 7 * 24 * 3600);
}

static bool same_bar(const struct bar *a, const struct bar *b) {
  return a->open_s == b->open_s && a->open_cents == b->open_cents &&
         a->high_cents == b->high_cents && a->low_cents == b->low_cents &&
         a->close_cents == b->close_cents && a->volume == b->volume && a->missing == b->missing;
}

static void prices_depend_on_seed_and_symbol_alone(void **state) {
  (void)state;
  static struct bar many[QUOTES_MOST], few[5], other[5];
  quotes_bars(7, "AAPL", many, QUOTES_MOST);
  quotes_bars(7, "AAPL", few, 5);
  for (int i = 0; i < 5; i++) assert_true(same_bar(&many[i], &few[i]));
  quotes_bars(8, "AAPL", other, 5);
  assert_false(same_bar(&few[0], &other[0]));
  quotes_bars(7, "MSFT", other, 5);
  assert_false(same_bar(&few[0], &other[0]));
}

static void luck_depends_on_seed_and_number_alone(void **state) {
  (void)state;
  enum { REQUESTS = 20000 };
  struct option_range range = {1000, 5000};
  int fine = 0, unavailable = 0, reset = 0, lower_half = 0;
  for (uint64_t i = 0; i < REQUESTS; i++) {
    struct fate f = fate_of(3, i, range, 0.1), again = fate_of(3, i, range, 0.1);
    assert_int_equal(f.end, again.end);
    assert_int_equal(f.latency_ns, again.latency_ns);
    assert_true(f.latency_ns >= 1000 && f.latency_ns <= 5000);
    lower_half += f.latency_ns < 3000;
    fine += f.end == FATE_FINE;
    unavailable += f.end == FATE_UNAVAILABLE;
    reset += f.end == FATE_RESET;
    struct fate more = fate_of(3, i, range, 0.5), none = fate_of(3, i, range, 0);
    if (f.end != FATE_FINE) assert_int_equal(more.end, f.end);
    assert_int_equal(none.end, FATE_FINE);
    assert_int_equal(more.latency_ns, f.latency_ns);
    assert_int_not_equal(fate_of(3, i, range, 1).end, FATE_FINE);
  }
  /* Ten standard deviations are 424 of 2000 failures, and 316 of 1000 of a kind. */
  assert_in_range(REQUESTS - fine, 2000 - 424, 2000 + 424);
  assert_in_range(unavailable, 1000 - 316, 1000 + 316);
  assert_in_range(reset, 1000 - 316, 1000 + 316);
  assert_in_range(lower_half, REQUESTS / 2 - 707, REQUESTS / 2 + 707);
}

static void decimals(int64_t n, int places, const char *expected) {
  struct bytes b = {0};
  bytes_decimal(&b, n, places);
  bytes_add(&b, "", 1);
  assert_false(b.broken);
  assert_string_equal(b.at, expected);
  bytes_fini(&b);
}

static void numbers_have_all_their_places(void **state) {
  (void)state;
  decimals(0, 0, "0");
  decimals(0, 2, "0.00");
  decimals(5, 2, "0.05");
  decimals(-105, 2, "-1.05");
  decimals(-5, 4, "-0.0005");
  decimals(1234567, 0, "1234567");
  decimals(INT64_MIN, 0, "-9223372036854775808");
  decimals(INT64_MAX, 9, "9223372036.854775807");
}

static void text_grows_as_it_must(void **state) {
  (void)state;
  struct bytes b = {0};
  char longer[1000];
  memset(longer, 'x', sizeof longer - 1);
  longer[sizeof longer - 1] = 0;
  for (int i = 0; i < 50; i++) bytes_print(&b, "%d%s", i % 10, longer);
  assert_false(b.broken);
  assert_int_equal(b.size, 50 * sizeof longer);
  for (size_t i = 0; i < 50; i++) assert_int_equal(b.at[i * sizeof longer], '0' + (int)(i % 10));
  bytes_fini(&b);
  bytes_fini(NULL);
}

static void chart_prices_are_32_bit_floats_of_the_cents(void **state) {
  (void)state;
  static struct bar bars[QUOTES_YEAR];
  for (int i = 0; i < 20; i++) {
    char symbol[SYMBOL_ROOM];
    struct bytes b = {0};
    name(i, symbol);
    quotes_bars(1, symbol, bars, QUOTES_YEAR);
    chart_write(&b, 1, symbol, "1y");
    bytes_add(&b, "", 1);
    assert_false(b.broken);
    const char *at = strstr(b.at, "\"close\":[");
    assert_non_null(at);
    at += strlen("\"close\":[");
    for (int day = QUOTES_YEAR - 1; day >= 0; day--) {
      char *end = (char *)(uintptr_t)at + 4;
      if (bars[day].missing)
        assert_memory_equal(at, "null", 4);
      else
        assert_true(strtod(at, &end) == (double)(float)(bars[day].close_cents / 100.0));
      at = end + 1;
    }
    assert_int_equal(at[-1], ']');
    bytes_fini(&b);
  }
}

static void ranges_have_days(void **state) {
  (void)state;
  assert_int_equal(chart_days("1d"), 1);
  assert_int_equal(chart_days("1y"), QUOTES_YEAR);
  assert_int_equal(chart_days("max"), QUOTES_MOST);
  assert_int_equal(chart_days(""), 0);
  assert_int_equal(chart_days("1Y"), 0);
}

static void lists_of_symbols(void **state) {
  (void)state;
  struct symbols list;
  char word[SYMBOL_ROOM];
  assert_true(symbols_init(&list, "tsla,META,^gspc,BRK-B", word));
  assert_true(symbols_have(&list, "TSLA") && symbols_have(&list, "META"));
  assert_true(symbols_have(&list, "^GSPC") && symbols_have(&list, "BRK-B"));
  assert_false(symbols_have(&list, "META2") || symbols_have(&list, ""));
  symbols_fini(&list);
  assert_true(symbols_init(&list, "", word));
  assert_false(symbols_have(&list, "A"));
  symbols_fini(&list);
  symbols_fini(NULL);
  static const char *const wrong[] = {"A,,B", ",A",  "A,",
                                      "A B",  "A/B", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(symbols_init(&list, wrong[i], word));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(quotes_are_consistent),
      cmocka_unit_test(days_are_weekdays_going_back),
      cmocka_unit_test(prices_depend_on_seed_and_symbol_alone),
      cmocka_unit_test(luck_depends_on_seed_and_number_alone),
      cmocka_unit_test(numbers_have_all_their_places),
      cmocka_unit_test(text_grows_as_it_must),
      cmocka_unit_test(chart_prices_are_32_bit_floats_of_the_cents),
      cmocka_unit_test(ranges_have_days),
      cmocka_unit_test(lists_of_symbols),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
