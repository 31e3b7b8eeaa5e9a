/* SPDX-License-Identifier: MIT
 *
 * The parts that providers are made of: figures, times, symbols, rates, turns, servers, secrets. */
#include "field.h"
#include "quote.h"
#include "rate.h"
#include "redact.h"
#include "server.h"
#include "symbol.h"
#include "test.h"
#include "turns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void change_has_the_places_of_its_prices(void **unused) {
  (void)unused;
  static const struct {
    double price, previous, change, percent;
  } cases[] = {
      {249.12, 246.43, 2.69, 1.0916},      {747.41, 745.84, 1.57, 0.2105},
      {40.1, 40.3, -0.2, -0.4963},         {1.0853, 1.08531, -0.00001, -0.0009},
      {0.1, 0.3, -0.2, -66.6667},          {100, 100, 0, 0},
      {1e-7, 3e-7, -2e-7, -66.6667},       {67543.23, 67000, 543.23, 0.8108},
      {1234567.891, 1234567.89, 0.001, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct quote q;
    quote_init(&q);
    q.price = cases[i].price;
    q.previous_close = cases[i].previous;
    quote_derive(&q);
    if (q.change != cases[i].change || q.change_percent != cases[i].percent)
      fail_msg("%.17g - %.17g: %.17g, %.17g %%", q.price, q.previous_close, q.change,
               q.change_percent);
    assert_false(signbit(q.change) && q.change == 0);
  }
  struct quote q;
  quote_init(&q);
  q.price = 5;
  quote_derive(&q);
  assert_true(isnan(q.change) && isnan(q.change_percent));
}

static void floats_get_their_decimals_back(void **unused) {
  (void)unused;
  uint64_t seed = 1;
  for (int i = 0; i < 100000; i++) {
    double cents =
        (double)(1 + test_below(&seed, 9999999)) / 100; /* seven digits: a float has them */
    assert_true(field_unfloat((double)(float)cents) == cents);
  }
  assert_true(field_unfloat(246.43) == 246.43); /* is no float */
  assert_true(field_unfloat(0.1) == 0.1);
}

static void times_are_utc(void **unused) {
  (void)unused;
  static const char *const cases[][2] = {
      {"1791576001", "2026-10-09T20:00:01Z"},
      {"1791576001.9", "2026-10-09T20:00:01Z"},
      {"1791576001000", "2026-10-09T20:00:01Z"},
      {"\"1791576001\"", "2026-10-09T20:00:01Z"},
      {"\"2026-10-09\"", "2026-10-09"},
      {"\" 2026-10-09 \"", "2026-10-09"},
      {"\"2026-10-09T20:00:01Z\"", "2026-10-09T20:00:01Z"},
      {"\"2026-10-09T20:00:01.123Z\"", "2026-10-09T20:00:01Z"},
      {"\"2026-10-09 20:00\"", "2026-10-09T20:00:00Z"},
      {"\"2026-10-09T16:00:01-04:00\"", "2026-10-09T20:00:01Z"},
      {"\"2026-10-10T01:30:01+0530\"", "2026-10-09T20:00:01Z"},
      {"\"2024-02-29\"", "2024-02-29"},
      {"\"2026-02-29\"", ""},
      {"\"2026-10-09T25:00\"", ""},
      {"\"2026-10-09T20:00:01+25:00\"", ""},
      {"\"2026-10-09 noon\"", ""},
      {"\"yesterday\"", ""},
      {"0", ""},
      {"-5", ""},
      {"1e30", ""},
      {"null", ""},
      {"true", ""},
      {"{}", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char out[QUOTE_TIME];
    json_t *value = json_loads(cases[i][0], JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    assert_non_null(value);
    field_time(value, out);
    if (strcmp(out, cases[i][1]) != 0) fail_msg("%s: \"%s\"", cases[i][0], out);
    json_decref(value);
  }
  char out[QUOTE_TIME];
  field_time_of(1791576001.25, out);
  assert_string_equal(out, "2026-10-09T20:00:01Z");
}

static void symbols_are_one_word(void **unused) {
  (void)unused;
  static const char *const good[] = {"AAPL",     "BRK-B",   "^GSPC",           "VOD.L",
                                     "EURUSD=X", "EUR/USD", "BINANCE:BTCUSDT", "brk.b",
                                     "0700.HK",  "...",     "M&M.NS",          "\xc3\x89"};
  static const struct {
    const char *text;
    size_t size;
  } bad[] = {
      {"", 0},         {"A B", 3},
      {"A\tB", 3},     {"A\nB", 3},
      {"A\0B", 3},     {"A\x7f", 2},
      {".", 1},        {"..", 2},
      {"\xff", 1},     {" ", 1},
      {"\x1b[31m", 5}, {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 64}};
  struct quote_fault f;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++)
    if (!symbol_check(good[i], strlen(good[i]), &f)) fail_msg("%s: %s", good[i], f.message);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_false(symbol_check(bad[i].text, bad[i].size, &f));
    assert_int_equal(f.kind, QUOTE_INVALID_SYMBOL);
    assert_false(f.again);
    assert_null(strpbrk(f.message, "\x1b\t\n\x7f"));
  }
}

/* -- rates and turns -------------------------------------------------------------------------- */

static void rates_are_lists(void **unused) {
  (void)unused;
  char error[RATE_ROOM];
  struct rates r;
  assert_true(rates_parse("1/s, 25/day", &r, error));
  assert_int_equal(r.count, 2);
  assert_int_equal(r.at[0].n, 1);
  assert_int_equal(r.at[0].per_ns, MT_SECONDS(1));
  assert_int_equal(r.at[1].n, 25);
  assert_int_equal(r.at[1].per_ns, MT_SECONDS(86400));
  assert_true(rates_parse("0.5/s", &r, error));
  assert_int_equal(r.at[0].n, 1);
  assert_int_equal(r.at[0].per_ns, MT_SECONDS(2));
  assert_true(rates_parse("8 / min", &r, error));
  assert_int_equal(r.at[0].per_ns, MT_SECONDS(60));
  static const char *const bad[] = {
      "",       "x",     "1",     "1/",   "/s", "0/s",      "-1/s",
      "1/x",    "nan/s", "inf/s", "1/s,", ",",  "1e-9/day", "1/s,1/s,1/s,1/s,1/s",
      "1/s 2/s"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct rates untouched = {.count = 7};
    if (rates_parse(bad[i], &untouched, error)) fail_msg("\"%s\" was taken", bad[i]);
    assert_int_equal(untouched.count, 7);
    assert_true(strlen(error) > 0);
  }
}

static struct turns *turns_of(const char *rates) {
  char error[RATE_ROOM];
  struct rates r;
  assert_true(rates_parse(rates, &r, error));
  struct turns *t = turns_new(&r);
  assert_non_null(t);
  return t;
}

/* At most n of the times lie in any stretch of that length. */
static void keeps(const int64_t *times, size_t count, size_t n, int64_t stretch_ns) {
  for (size_t i = 0; i + n < count; i++)
    if (times[i + n] - times[i] < stretch_ns) fail_msg("turns %zu and %zu are too close", i, i + n);
}

static void no_stretch_has_more_turns_than_its_rate(void **unused) {
  (void)unused;
  enum { COUNT = 400 };
  int64_t times[COUNT], now = 1000;
  uint64_t seed = 3;
  struct turns *t = turns_of("30/s, 60/min");
  for (size_t i = 0; i < COUNT; i++) {
    now += (int64_t)test_below(&seed, (uint64_t)MT_MS(300));
    times[i] = turns_reserve(t, now);
    assert_true(times[i] >= now);
    if (i) assert_true(times[i] >= times[i - 1]);
  }
  keeps(times, COUNT, 30, MT_SECONDS(1));
  keeps(times, COUNT, 60, MT_SECONDS(60));
  turns_free(t);
}

static void what_a_rate_allows_is_allowed_at_once(void **unused) {
  (void)unused;
  struct turns *t = turns_of("8/min");
  for (int i = 0; i < 8; i++) assert_int_equal(turns_reserve(t, 5), 5);
  int64_t ninth = turns_reserve(t, 5);
  assert_true(ninth >= MT_SECONDS(60) + 5 && ninth < MT_SECONDS(62));
  /* After a long silence all eight are there again. */
  int64_t later = MT_SECONDS(1000);
  for (int i = 0; i < 8; i++) assert_int_equal(turns_reserve(t, later), later);
  assert_true(turns_reserve(t, later) > later);
  turns_free(t);
}

static void a_day_s_requests_are_counted(void **unused) {
  (void)unused;
  struct turns *t = turns_of("25/day, 1000/s");
  for (int i = 0; i < 25; i++) assert_true(turns_reserve(t, 5) >= 5);
  assert_int_equal(turns_reserve(t, 5), -1);
  assert_int_equal(turns_wait(t, true), TURNS_SPENT);
  turns_free(t);
  t = turns_of("1000/s");
  turns_spend(t);
  assert_int_equal(turns_reserve(t, 5), -1);
  assert_int_equal(turns_wait(t, false), TURNS_SPENT);
  turns_free(t);
}

static void a_pause_holds_for_everybody(void **unused) {
  (void)unused;
  struct turns *t = turns_of("1000/s");
  int64_t before = mt_now_ns();
  turns_pause(t, MT_MS(30));
  turns_pause(t, MT_MS(10)); /* the later end counts */
  assert_true(turns_reserve(t, before) >= before + MT_MS(30));
  assert_int_equal(turns_wait(t, true), 0);
  assert_true(mt_now_ns() >= before + MT_MS(30));
  turns_free(t);
}

static void the_impatient_do_not_wait_for_a_pause(void **unused) {
  (void)unused;
  struct turns *t = turns_of("1000/s, 1/day");
  turns_pause(t, MT_SECONDS(1000));
  assert_int_equal(turns_wait(t, false), TURNS_PAUSED);
  assert_true(turns_reserve(t, mt_now_ns()) > 0); /* and take no request of the day */
  turns_free(t);
}

static mt_value wait_for_a_turn(mt_value turns) {
  return mt_int(turns_wait(turns.data, true));
}

static void a_wait_that_is_cancelled_uses_no_request_of_the_day(void **unused) {
  (void)unused;
  mt_executor *ex;
  mt_value v;
  struct turns *t = turns_of("2/day, 1/hour");
  assert_int_equal(mt_open("threads:1", NULL, &ex), 0);
  assert_int_equal(turns_wait(t, true), 0); /* the hour's; one of the day's is left */
  mt_future *f = mt_submit(ex, wait_for_a_turn, mt_ptr(t));
  while (!mt_running(f)) mt_sleep(MT_US(100)); /* one that has not begun would have no value */
  mt_cancel(f);
  assert_int_equal(mt_get(f, MT_FOREVER, &v), 0);
  assert_int_equal(mt_as_int(v), MT_ECANCELED);
  mt_unref(f);
  assert_true(turns_reserve(t, mt_now_ns()) > 0); /* it is there still */
  assert_int_equal(turns_reserve(t, mt_now_ns()), -1);
  mt_close(ex);
  turns_free(t);
}

/* -- servers and secrets ---------------------------------------------------------------------- */

static void keys_go_to_https_or_to_this_machine_only(void **unused) {
  (void)unused;
  static const struct {
    const char *url;
    bool fine, secret_fine, here;
  } cases[] = {
      {"https://example.org", true, true, false},
      {"HTTPS://example.org:8443/a/b", true, true, false},
      {"http://example.org", true, false, false},
      {"http://127.0.0.1", true, true, true},
      {"http://127.0.0.1:8000/x", true, true, true},
      {"http://127.9.8.7:1", true, true, true},
      {"http://[::1]:8000", true, true, true},
      {"http://LocalHost:8000", true, true, true},
      {"https://localhost", true, true, true},
      {"http://localhost.example.org", true, false, false},
      {"http://127.0.0.1.example.org", true, false, false},
      {"http://127.1", true, false, false},
      {"http://0x7f000001", true, false, false},
      {"http://[::ffff:8.8.8.8]", true, false, false},
      {"http://[::2]", true, false, false},
      {"http://0.0.0.0", true, false, false},
      {"http://127.0.0.1@example.org", false, false, false},
      {"http://user:word@127.0.0.1", false, false, false},
      {"http://127.0.0.1:80@example.org/", false, false, false},
      {"http://127.0.0.1\\@example.org", false, false, false},
      {"http://127.0.0.1 .example.org", false, false, false},
      {"http://127.0.0.1%2eexample.org", false, false, false},
      {"http://[::1].example.org", false, false, false},
      {"http://[::1", false, false, false},
      {"http://[::1%25lo]", false, false, false},
      {"http://", false, false, false},
      {"http:///x", false, false, false},
      {"http://:80", false, false, false},
      {"http://a:b", false, false, false},
      {"http://a:123456", false, false, false},
      {"ftp://example.org", false, false, false},
      {"file:///etc/passwd", false, false, false},
      {"example.org", false, false, false},
      {"//example.org", false, false, false},
      {"", false, false, false},
      {"http://exa\nmple.org", false, false, false},
      {"http://example.org/a b", false, false, false},
      {"http://example.org/?a=b", false, false, false},
      {"http://example.org#f", false, false, false},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char error[SERVER_ERROR];
    const char *url = cases[i].url;
    if (server_check(url, false, false, error) != cases[i].fine) fail_msg("%s: %s", url, error);
    if (server_check(url, false, true, error) != cases[i].secret_fine) fail_msg("%s, secret", url);
    if (server_is_here(url) != cases[i].here) fail_msg("%s: here?", url);
  }
  char error[SERVER_ERROR];
  assert_true(server_check("https://example.org/q?s={symbol}&k={key}", true, true, error));
}

static void secrets_are_taken_out(void **unused) {
  (void)unused;
  char *secrets[] = {"abc/def", "abc"};
  static const char *const cases[][2] = {
      {"", ""},
      {"nothing here", "nothing here"},
      {"abc", "***"},
      {"xABCx abc/def.", "x***x ***."},
      {"abc%2Fdef and abc%2fdef", "*** and ***"},
      {"?apikey=1234&x=1", "?apikey=***&x=1"},
      {"?APIKEY=1234", "?APIKEY=***"},
      {"(token=zz)", "(token=***)"},
      {"monkey=tree", "monkey=tree"},
      {"your API key as QQQ and", "your API key as *** and"},
      {"apikey=", "apikey="},
      {"apikey=&b", "apikey=&b"},
      {"ab", "ab"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *out = redact(cases[i][0], secrets, 2);
    assert_non_null(out);
    assert_string_equal(out, cases[i][1]);
    free(out);
  }
}

static void what_looks_like_a_secret_is_suspected(void **unused) {
  (void)unused;
  assert_true(redact_suspects_url("https://u:p@example.org/{symbol}"));
  assert_true(redact_suspects_url("https://example.org/{symbol}?apikey=abc"));
  assert_true(redact_suspects_url("https://example.org/{symbol}?x=1&token=abc"));
  assert_false(redact_suspects_url("https://example.org/{symbol}?apikey={key}"));
  assert_false(redact_suspects_url("https://example.org/{symbol}?monkey=abc"));
  assert_false(redact_suspects_url("https://example.org/a@b?x=1"));
  assert_true(redact_suspects_header("Authorization: Bearer x"));
  assert_true(redact_suspects_header("X-API-Key: x"));
  assert_true(redact_suspects_header("cookie: x"));
  assert_false(redact_suspects_header("Accept: text/x-token"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(change_has_the_places_of_its_prices),
      cmocka_unit_test(floats_get_their_decimals_back),
      cmocka_unit_test(times_are_utc),
      cmocka_unit_test(symbols_are_one_word),
      cmocka_unit_test(rates_are_lists),
      cmocka_unit_test(no_stretch_has_more_turns_than_its_rate),
      cmocka_unit_test(what_a_rate_allows_is_allowed_at_once),
      cmocka_unit_test(a_day_s_requests_are_counted),
      cmocka_unit_test(a_pause_holds_for_everybody),
      cmocka_unit_test(the_impatient_do_not_wait_for_a_pause),
      cmocka_unit_test(a_wait_that_is_cancelled_uses_no_request_of_the_day),
      cmocka_unit_test(keys_go_to_https_or_to_this_machine_only),
      cmocka_unit_test(secrets_are_taken_out),
      cmocka_unit_test(what_looks_like_a_secret_is_suspected),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
