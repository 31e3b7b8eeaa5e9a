/* SPDX-License-Identifier: MIT
 *
 * The chart's traps, each in a body of its own that a real one is bent into. */
#include "provider.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Five trading days, Monday to Friday, 2026-10-05 to 09, in New York. */
enum { MONDAY = 1791207000, DAY = 86400, MARKET = 1791576001 };

struct chart {
  const char *times, *closes, *highs, *lows; /* JSON */
  const char *granularity;
  double price, high_52w, low_52w;
  const char *more; /* of meta */
  long market;
};

static struct chart ordinary(void) {
  return (struct chart){
      .times = "[1791207000,1791293400,1791379800,1791466200,1791552600]",
      .closes = "[238.60000610351562,238.8800048828125,241.17999267578125,246.42999267578125,"
                "249.1199951171875]",
      .highs = "[239,240,242,247,250]",
      .lows = "[230,231,232,233,234]",
      .granularity = "1d",
      .price = 249.12,
      .high_52w = 312.36,
      .low_52w = 219.62,
      .more = "",
      .market = MARKET,
  };
}

static char *body_of(const struct chart *c) {
  char *body;
  int n = asprintf(
      &body,
      "{\"chart\":{\"result\":[{\"meta\":{\"currency\":\"USD\",\"symbol\":\"AAPL\","
      "\"regularMarketTime\":%ld,\"gmtoffset\":-14400,\"regularMarketPrice\":%.17g,"
      "\"fiftyTwoWeekHigh\":%.17g,\"fiftyTwoWeekLow\":%.17g,\"regularMarketDayHigh\":249.92,"
      "\"regularMarketDayLow\":247.6,\"regularMarketVolume\":28763900,\"chartPreviousClose\":"
      "237.5,%s\"dataGranularity\":\"%s\",\"range\":\"5d\"},\"timestamp\":%s,\"indicators\":"
      "{\"quote\":[{\"close\":%s,\"high\":%s,\"low\":%s}]}}],\"error\":null}}",
      c->market, c->price, c->high_52w, c->low_52w, c->more, c->granularity, c->times, c->closes,
      c->highs, c->lows);
  assert_true(n > 0);
  return body;
}

static bool read_text(const char *text, const char *symbol, struct quote *q,
                      struct quote_fault *f) {
  struct provider *p = provider_new(&provider_yahoo, "yahoo");
  struct answer a = {.status = 200, .retry_after_ns = -1, .body = text, .size = strlen(text)};
  quote_init(q);
  bool good = provider_read(p, symbol, 0, &a, q, f);
  provider_free(p);
  return good;
}

static struct quote reads(const struct chart *c) {
  struct quote q;
  struct quote_fault f;
  char *body = body_of(c);
  if (!read_text(body, "AAPL", &q, &f)) fail_msg("%s", f.message);
  free(body);
  return q;
}

static void refuses(const char *body, const char *symbol, enum quote_kind kind, const char *why) {
  struct quote q;
  struct quote_fault f;
  if (read_text(body, symbol, &q, &f)) fail_msg("%s was taken", body);
  if (f.kind != kind || !strstr(f.message, why))
    fail_msg("%s: %s: %s", body, quote_kind_word(f.kind), f.message);
}

static void the_change_is_from_the_last_two_closes(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  struct quote q = reads(&c);
  assert_true(q.previous_close == 246.43 && q.change == 2.69 && q.change_percent == 1.0916);
}

static void bars_without_a_close_are_passed_over(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.closes = "[238.60000610351562,238.8800048828125,246.42999267578125,null,249.1199951171875]";
  assert_true(reads(&c).previous_close == 246.43);
}

static void a_null_bar_of_today_leaves_yesterday_the_previous_close(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.closes = "[238.60000610351562,238.8800048828125,241.17999267578125,246.42999267578125,null]";
  struct quote q = reads(&c);
  assert_true(q.previous_close == 246.43 && q.change == 2.69);
}

static void after_a_day_without_trade_the_price_is_the_last_close(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.closes = "[238.60000610351562,238.8800048828125,241.17999267578125,246.42999267578125,null]";
  c.price = 246.43;
  struct quote q = reads(&c);
  assert_true(q.previous_close == 241.18 && q.change == 5.25);
}

static void two_bars_of_today_are_one_day(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.times = "[1791293400,1791379800,1791466200,1791552600,1791570000]";
  c.closes = "[238.8800048828125,241.17999267578125,246.42999267578125,248.5,249.1199951171875]";
  assert_true(reads(&c).previous_close == 246.43);
}

static void a_day_is_the_exchange_s_own(void **unused) {
  (void)unused;
  /* In Tokyo (UTC+9) the bars begin at midnight UTC; the market's time is of the same day there. */
  struct chart c = ordinary();
  c.times = "[1791158400,1791244800,1791331200,1791417600,1791504000]";
  c.market = 1791504000 + 6 * 3600;
  assert_true(reads(&c).previous_close == 246.43);
}

static void one_bar_alone_has_no_change(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.times = "[1791552600]";
  c.closes = c.highs = c.lows = "[249.1199951171875]";
  struct quote q = reads(&c);
  assert_true(q.price == 249.12);
  assert_true(isnan(q.previous_close) && isnan(q.change) && isnan(q.change_percent));
}

static void an_empty_day_has_a_price_still(void **unused) {
  (void)unused;
  struct quote q;
  struct quote_fault f;
  const char *body = "{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"dataGranularity\":"
                     "\"1d\",\"regularMarketPrice\":7.5,\"chartPreviousClose\":7},"
                     "\"indicators\":{\"quote\":[{}],\"adjclose\":[{}]}}],\"error\":null}}";
  if (!read_text(body, "AAPL", &q, &f)) fail_msg("%s", f.message);
  assert_true(q.price == 7.5 && isnan(q.previous_close) && isnan(q.high_52w));
  assert_string_equal(q.time, "");
}

static void intraday_bars_leave_the_previous_close_to_meta(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  c.granularity = "5m";
  assert_true(isnan(reads(&c).previous_close));
  c.more = "\"previousClose\":246.43,";
  assert_true(reads(&c).previous_close == 246.43);
}

/* So many daily bars that end on Friday; the highest and the lowest of a year, and beyond it others
 * that go further. */
static struct quote year_of(int days, double high_52w, double low_52w, const char *more) {
  size_t room = (size_t)days * 24 + 64;
  char *times = malloc(room), *closes = malloc(room), *highs = malloc(room), *lows = malloc(room);
  size_t t = 0, c = 0, h = 0, l = 0;
  assert_true(times && closes && highs && lows);
  for (int i = days - 1; i >= 0; i--) {
    char sep = i == days - 1 ? '[' : ',';
    t += (size_t)snprintf(times + t, room - t, "%c%ld", sep, MONDAY + 4L * DAY - (long)i * DAY);
    c += (size_t)snprintf(closes + c, room - c, "%c%d", sep, i == 0 ? 249 : 248);
    h += (size_t)snprintf(highs + h, room - h, "%c%d", sep, i > 366 ? 400 : i == 100 ? 312 : 250);
    l += (size_t)snprintf(lows + l, room - l, "%c%d", sep, i > 366 ? 100 : i == 200 ? 219 : 240);
  }
  strcpy(times + t, "]");
  strcpy(closes + c, "]");
  strcpy(highs + h, "]");
  strcpy(lows + l, "]");
  struct chart chart = {.times = times,
                        .closes = closes,
                        .highs = highs,
                        .lows = lows,
                        .granularity = "1d",
                        .price = 249,
                        .high_52w = high_52w,
                        .low_52w = low_52w,
                        .more = more,
                        .market = MARKET};
  struct quote q = reads(&chart);
  free(times);
  free(closes);
  free(highs);
  free(lows);
  return q;
}

static void a_year_s_bars_correct_the_52_weeks(void **unused) {
  (void)unused;
  struct quote q = year_of(365, 249.92, 247.6, ""); /* the day's own figures */
  assert_true(q.high_52w == 312 && q.low_52w == 219);
  q = year_of(365, 312, 219, "");
  assert_true(q.high_52w == 312 && q.low_52w == 219);
}

static void extremes_of_longer_ago_do_not_count(void **unused) {
  (void)unused;
  struct quote q = year_of(600, 249.92, 247.6, "");
  assert_true(q.high_52w == 312 && q.low_52w == 219);
}

static void bars_of_less_than_a_year_correct_nothing(void **unused) {
  (void)unused;
  struct quote q = year_of(30, 312.5, 219.5, "");
  assert_true(q.high_52w == 312.5 && q.low_52w == 219.5);
  q = year_of(30, 249.92, 247.6, ""); /* but the day's own figures are not believed */
  assert_true(isnan(q.high_52w) && isnan(q.low_52w));
}

static void bars_of_a_whole_life_do(void **unused) {
  (void)unused;
  struct quote q = year_of(30, 249.92, 247.6, "\"firstTradeDate\":1789047000,");
  assert_true(q.high_52w == 250 && q.low_52w == 240);
}

static void what_proves_nothing_is_refused(void **unused) {
  (void)unused;
  struct chart c = ordinary();
  char *body = body_of(&c);
  refuses(body, "MSFT", QUOTE_BAD_RESPONSE, "answered for \"AAPL\"");
  refuses(body, "AAP", QUOTE_BAD_RESPONSE, "answered for \"AAPL\"");
  free(body);
  c.closes = "[238.6,238.88,246.43,249.12]";
  body = body_of(&c);
  refuses(body, "AAPL", QUOTE_BAD_RESPONSE, "different numbers");
  free(body);
  c = ordinary();
  c.highs = "[1,2,3,4,5,6]";
  body = body_of(&c);
  refuses(body, "AAPL", QUOTE_BAD_RESPONSE, "different numbers");
  free(body);
  c = ordinary();
  c.highs = "{}";
  body = body_of(&c);
  refuses(body, "AAPL", QUOTE_BAD_RESPONSE, "different numbers");
  free(body);
  static const double prices[] = {0, -1, -0.0};
  for (size_t i = 0; i < 3; i++) {
    c = ordinary();
    c.price = prices[i];
    body = body_of(&c);
    refuses(body, "AAPL", QUOTE_BAD_RESPONSE, "no price above zero");
    free(body);
  }
  static const char *const bodies[][2] = {
      {"", "empty answer"},
      {"  ", "no JSON"},
      {"<!DOCTYPE html><title>consent</title>", "web page"},
      {"\xef\xbb\xbf\n<html>", "web page"},
      {"[]", "no chart"},
      {"{}", "no chart"},
      {"null", "no JSON"},
      {"{\"chart\":null}", "no chart"},
      {"{\"chart\":{\"result\":null,\"error\":null}}", "no chart"},
      {"{\"chart\":{\"result\":[],\"error\":null}}", "no chart"},
      {"{\"chart\":{\"result\":[{\"meta\":[]}]}}", "no chart"},
      {"{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"regularMarketPrice\":1e999}}]}}",
       "no JSON"},
      {"{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"regularMarketPrice\":NaN}}]}}",
       "no JSON"},
      {"{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\",\"regularMarketPrice\":\"x\"}}]}}",
       "no price above zero"},
      {"{\"chart\":{\"result\":[{\"meta\":{\"symbol\":\"AAPL\"}}]}}", "no price above zero"},
      {"{\"chart\":{\"result\":[{\"meta\":{\"symbol\":7}}]}}", "answered for \"\""},
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
    refuses(bodies[i][0], "AAPL", QUOTE_BAD_RESPONSE, bodies[i][1]);
}

static void its_errors_have_their_kinds(void **unused) {
  (void)unused;
#define ERROR(where, code, text)                                                                   \
  "{\"" where "\":{\"result\":null,\"error\":{\"code\":\"" code "\",\"description\":\"" text "\"}" \
  "}}"
  refuses(ERROR("chart", "Not Found", "No data found"), "X", QUOTE_INVALID_SYMBOL, "No data found");
  refuses(ERROR("finance", "Unauthorized", "Invalid Crumb"), "X", QUOTE_UNAUTHORIZED, "Crumb");
  refuses(ERROR("chart", "Too Many Requests", ""), "X", QUOTE_THROTTLED, "Too Many Requests");
  refuses(ERROR("chart", "Internal Server Error", "oops\\n\\u001b[31m"), "X", QUOTE_PROVIDER_ERROR,
          "oops [31m");
  refuses(ERROR("chart", "Bad Request", "no such range"), "X", QUOTE_PROVIDER_ERROR, "no such");
#undef ERROR
}

static void a_symbol_is_percent_encoded(void **unused) {
  (void)unused;
  static const char *const cases[][2] = {
      {"AAPL", "AAPL"},       {"^GSPC", "%5EGSPC"}, {"EURUSD=X", "EURUSD%3DX"},
      {"BRK-B", "BRK-B"},     {"VOD.L", "VOD.L"},   {"a/../b?c#d", "a%2F..%2Fb%3Fc%23d"},
      {"\xc3\xa9", "%C3%A9"}, {"%41", "%2541"},
  };
  struct provider *p = provider_new(&provider_yahoo, "yahoo");
  assert_true(provider_set_base_url(p, "http://[::1]:8000/prefix//"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct provider_request r;
    char want[200];
    snprintf(want, sizeof want, "http://[::1]:8000/prefix/v8/finance/chart/%s?range=1y&interval=1d",
             cases[i][1]);
    assert_true(provider_request(p, cases[i][0], 0, &r));
    assert_string_equal(r.url, want);
    assert_int_equal(r.header_count, 0);
    provider_request_fini(&r);
  }
  provider_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_change_is_from_the_last_two_closes),
      cmocka_unit_test(bars_without_a_close_are_passed_over),
      cmocka_unit_test(a_null_bar_of_today_leaves_yesterday_the_previous_close),
      cmocka_unit_test(after_a_day_without_trade_the_price_is_the_last_close),
      cmocka_unit_test(two_bars_of_today_are_one_day),
      cmocka_unit_test(a_day_is_the_exchange_s_own),
      cmocka_unit_test(one_bar_alone_has_no_change),
      cmocka_unit_test(an_empty_day_has_a_price_still),
      cmocka_unit_test(intraday_bars_leave_the_previous_close_to_meta),
      cmocka_unit_test(a_year_s_bars_correct_the_52_weeks),
      cmocka_unit_test(extremes_of_longer_ago_do_not_count),
      cmocka_unit_test(bars_of_less_than_a_year_correct_nothing),
      cmocka_unit_test(bars_of_a_whole_life_do),
      cmocka_unit_test(what_proves_nothing_is_refused),
      cmocka_unit_test(its_errors_have_their_kinds),
      cmocka_unit_test(a_symbol_is_percent_encoded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
