/* SPDX-License-Identifier: MIT
 *
 * What providers send beside the bodies of the manifest: statuses without sense, words that have
 * changed, figures that are none. */
#include "generic.h"
#include "provider.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct provider *make(const char *name) {
  const struct provider_ops *ops = provider_find(name);
  struct provider *p = provider_new(ops ? ops : &provider_generic, name);
  assert_non_null(p);
  if (!ops) assert_non_null(p->generic = generic_new());
  assert_true(provider_set_key(p, "SeCrEt/Key+1"));
  return p;
}

struct reply {
  const char *provider;
  unsigned step;
  long status;
  const char *body;
};

static bool read_reply(const struct provider *p, const struct reply *r, struct quote *q,
                       struct quote_fault *f) {
  struct answer a = {
      .status = r->status, .retry_after_ns = -1, .body = r->body, .size = strlen(r->body)};
  return provider_read(p, "AAPL", r->step, &a, q, f);
}

/* That reply is a fault of that kind, whose message has `word` in it. */
static void fails(const char *provider, unsigned step, long status, const char *body,
                  enum quote_kind kind, bool again, const char *word) {
  struct provider *p = make(provider);
  struct quote q;
  struct quote_fault f;
  quote_init(&q);
  if (read_reply(p, &(struct reply){provider, step, status, body}, &q, &f))
    fail_msg("%s took %s", provider, body);
  if (f.kind != kind || f.again != again || !strstr(f.message, word))
    fail_msg("%s, %ld, %s: %s (again: %d): %s", provider, status, body, quote_kind_word(f.kind),
             f.again, f.message);
  provider_free(p);
}

static struct quote reads(const char *provider, const char *body) {
  struct provider *p = make(provider);
  struct quote q;
  struct quote_fault f;
  quote_init(&q);
  if (!read_reply(p, &(struct reply){provider, 0, 200, body}, &q, &f))
    fail_msg("%s: %s: %s", provider, body, f.message);
  provider_free(p);
  return q;
}

static void a_status_without_sense_is_told_by_its_number(void **unused) {
  (void)unused;
  static const char *const names[] = {"yahoo", "alphavantage", "twelvedata", "finnhub"};
  for (size_t i = 0; i < 4; i++) {
    fails(names[i], 0, 500, "", QUOTE_PROVIDER_ERROR, true, "status 500");
    fails(names[i], 0, 502, "<html>nginx</html>", QUOTE_PROVIDER_ERROR, true, "status 502");
    fails(names[i], 0, 503, "busy", QUOTE_PROVIDER_ERROR, true, "status 503): busy");
    fails(names[i], 0, 408, "", QUOTE_PROVIDER_ERROR, true, "status 408");
    fails(names[i], 0, 404, "<html>", QUOTE_PROVIDER_ERROR, false, "status 404");
    fails(names[i], 0, 404, "{}", QUOTE_PROVIDER_ERROR, false, "status 404");
    fails(names[i], 0, 418, "teapot", QUOTE_PROVIDER_ERROR, false, "status 418");
    fails(names[i], 0, 302, "", QUOTE_PROVIDER_ERROR, false, "redirect");
    fails(names[i], 0, 401, "", QUOTE_UNAUTHORIZED, false, "status 401");
    fails(names[i], 0, 403, "no", QUOTE_UNAUTHORIZED, false, "status 403): no");
    fails(names[i], 0, 429, "", QUOTE_THROTTLED, true, "status 429");
    fails(names[i], 0, 429, "{}", QUOTE_THROTTLED, true, "status 429");
    fails(names[i], 0, 204, "", QUOTE_BAD_RESPONSE, false, "empty");
    fails(names[i], 0, 200, "[1,2", QUOTE_BAD_RESPONSE, false, "no JSON");
    fails(names[i], 0, 200, "{}", QUOTE_BAD_RESPONSE, false, "gave a body");
  }
}

/* The body of a success under a status of failure is no success. */
static void a_good_body_does_not_mend_a_bad_status(void **unused) {
  (void)unused;
  fails("finnhub", 0, 500, "{\"c\":1,\"pc\":1,\"t\":5}", QUOTE_PROVIDER_ERROR, true, "500");
  fails("twelvedata", 0, 429, "{\"symbol\":\"AAPL\",\"close\":\"1\"}", QUOTE_THROTTLED, true,
        "429");
}

static void keys_are_never_shown(void **unused) {
  (void)unused;
  static const char *const bodies[] = {
      "{\"Information\":\"We have detected your API key as SeCrEt/Key+1 and our rate limit\"}",
      "{\"Information\":\"your key sECrET/kEY+1, in other letters, has a rate limit\"}",
      "{\"Information\":\"We have detected your API key as ANOTHERKEY and our rate limit\"}",
      "{\"Note\":\"GET /query?apikey=SeCrEt%2FKey%2B1&symbol=X: rate limit\"}",
      "{\"Note\":\"GET /query?symbol=X&apikey=ANOTHERKEY: rate limit\"}",
      "{\"Error Message\":\"token=SeCrEt%2fKey%2b1\"}",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    struct provider *p = make("alphavantage");
    struct quote q;
    struct quote_fault f;
    quote_init(&q);
    assert_false(read_reply(p, &(struct reply){"alphavantage", 0, 200, bodies[i]}, &q, &f));
    if (strcasestr(f.message, "secret") || strstr(f.message, "ANOTHERKEY") ||
        !strstr(f.message, "***"))
      fail_msg("%s", f.message);
    provider_free(p);
  }
  /* Nor is half of one, where a message is cut. */
  for (size_t n = 100; n < 300; n++) {
    char body[600];
    memset(body, 'x', n);
    snprintf(body + n, sizeof body - n, " SeCrEt/Key+1 tail");
    struct provider *p = make("finnhub");
    struct quote q;
    struct quote_fault f;
    quote_init(&q);
    assert_false(read_reply(p, &(struct reply){"finnhub", 0, 500, body}, &q, &f));
    if (strcasestr(f.message, "se")) fail_msg("%s", f.message);
    provider_free(p);
  }
}

static void alpha_vantage_s_words_are_told_apart(void **unused) {
  (void)unused;
#define INFORMATION(text) "{\"Information\":\"" text "\"}"
  fails(
      "alphavantage", 0, 200,
      INFORMATION("Please consider spreading out your free API requests more sparingly (1 request "
                  "per second). You may subscribe to a premium plan to lift the free key rate "
                  "limit (25 requests per day)"),
      QUOTE_THROTTLED, true, "sparingly");
  fails("alphavantage", 1, 200, INFORMATION("our standard API rate limit is 25 requests per day"),
        QUOTE_THROTTLED, false, "per day");
  fails("alphavantage", 0, 200, INFORMATION("The **demo** API key is for demo purposes only"),
        QUOTE_UNAUTHORIZED, false, "demo");
  fails("alphavantage", 0, 200, INFORMATION("We are moving house"), QUOTE_PROVIDER_ERROR, false,
        "moving");
  fails("alphavantage", 0, 200, INFORMATION(""), QUOTE_PROVIDER_ERROR, false, "reports");
  fails("alphavantage", 0, 200, "{\"Information\":7}", QUOTE_PROVIDER_ERROR, false, "reports");
  fails("alphavantage", 0, 200,
        "{\"Error Message\":\"the parameter apikey is invalid or missing.\"}", QUOTE_UNAUTHORIZED,
        false, "apikey");
#undef INFORMATION
}

static void a_figure_that_is_none_is_absent(void **unused) {
  (void)unused;
  struct quote q =
      reads("alphavantage", "{\"Global Quote\":{\"01. symbol\":\"aapl\",\"05. "
                            "price\":\" 12.50 \",\"06. volume\":\"None\",\"08. previous "
                            "close\":\"-\",\"09. change\":\"0.5\",\"10. change "
                            "percent\":\"4.1667%\",\"07. latest trading day\":\"soon\"}}");
  assert_true(q.price == 12.5 && isnan(q.volume) && isnan(q.previous_close));
  assert_true(q.change == 0.5 && q.change_percent == 4.1667);
  assert_string_equal(q.time, "");
  q = reads("twelvedata",
            "{\"symbol\":\"AAPL\",\"close\":\"0.00012\",\"previous_close\":\"0.00010\","
            "\"volume\":\"0\",\"fifty_two_week\":{\"high\":\"0\",\"low\":null}}");
  assert_true(q.price == 0.00012 && q.change == 0.00002 && q.change_percent == 20);
  assert_true(q.volume == 0 && isnan(q.high_52w) && isnan(q.low_52w));
  q = reads("finnhub", "{\"c\":5,\"d\":null,\"dp\":null,\"pc\":0,\"t\":1791576000}");
  assert_true(q.price == 5 && isnan(q.previous_close) && isnan(q.change));
  assert_string_equal(q.time, "2026-10-09T20:00:00Z");
  static const char *const prices[] = {"\"0.0000\"", "\"-3\"",    "\"None\"", "\"nan\"",
                                       "\"inf\"",    "\"1e400\"", "null",     "true",
                                       "\"1,5\"",    "\"0x10\"",  "{}"};
  for (size_t i = 0; i < sizeof prices / sizeof *prices; i++) {
    char body[200];
    snprintf(body, sizeof body, "{\"Global Quote\":{\"01. symbol\":\"AAPL\",\"05. price\":%s}}",
             prices[i]);
    fails("alphavantage", 0, 200, body, QUOTE_BAD_RESPONSE, false, "no price above zero");
    snprintf(body, sizeof body, "{\"symbol\":\"AAPL\",\"close\":%s}", prices[i]);
    fails("twelvedata", 0, 200, body, QUOTE_BAD_RESPONSE, false, "no price above zero");
  }
}

static void twelve_data_s_codes_count_under_any_status(void **unused) {
  (void)unused;
#define CODE(n, text) "{\"code\":" #n ",\"message\":\"" text "\",\"status\":\"error\"}"
  for (long status = 200; status <= 404; status += 204) {
    fails("twelvedata", 0, status, CODE(404, "**symbol** is missing or invalid"),
          QUOTE_INVALID_SYMBOL, false, "AAPL");
    fails("twelvedata", 0, status, CODE(400, "**symbol** is missing or invalid"),
          QUOTE_INVALID_SYMBOL, false, "AAPL");
    fails("twelvedata", 0, status, CODE(400, "**interval** is invalid"), QUOTE_PROVIDER_ERROR,
          false, "interval");
    fails("twelvedata", 0, status, CODE(401, "**apikey** is incorrect"), QUOTE_UNAUTHORIZED, false,
          "apikey");
    fails("twelvedata", 0, status, CODE(404, "This symbol is available starting with Grow"),
          QUOTE_UNAUTHORIZED, false, "Grow");
    fails("twelvedata", 0, status,
          CODE(429, "You have run out of API credits for the current minute"), QUOTE_THROTTLED,
          true, "minute");
    fails("twelvedata", 0, status, CODE(429, "You have run out of API credits for the day"),
          QUOTE_THROTTLED, false, "day");
    fails("twelvedata", 0, status, CODE(500, "oops"), QUOTE_PROVIDER_ERROR, true, "oops");
  }
#undef CODE
  struct quote_fault f;
  struct quote q;
  struct provider *p = make("twelvedata");
  quote_init(&q);
  const char *body = "{\"symbol\":\"AAPL\",\"close\":\"3\"}";
  struct answer a = {.status = 200, .retry_after_ns = -1, .body = body, .size = strlen(body)};
  assert_true(provider_read(p, "AAPL:NASDAQ", 0, &a, &q, &f));
  assert_false(provider_read(p, "AAP:NASDAQ", 0, &a, &q, &f));
  assert_false(provider_read(p, ":NASDAQ", 0, &a, &q, &f));
  provider_free(p);
}

static void finnhub_s_errors_have_their_kinds(void **unused) {
  (void)unused;
  fails("finnhub", 0, 429, "{\"error\":\"API limit reached. Please try again later.\"}",
        QUOTE_THROTTLED, true, "limit");
  fails("finnhub", 0, 403, "{\"error\":\"You don't have access to this resource.\"}",
        QUOTE_UNAUTHORIZED, false, "access");
  fails("finnhub", 0, 200, "{\"error\":\"Invalid API key\"}", QUOTE_UNAUTHORIZED, false, "key");
  fails("finnhub", 0, 200, "{\"error\":\"something else\"}", QUOTE_PROVIDER_ERROR, false, "else");
  fails("finnhub", 0, 200, "{\"c\":0,\"pc\":12,\"t\":1}", QUOTE_BAD_RESPONSE, false, "above zero");
  fails("finnhub", 1, 200, "{\"metric\":{\"52WeekHigh\":3},\"symbol\":\"MSFT\"}",
        QUOTE_BAD_RESPONSE, false, "answered for \"MSFT\"");
}

/* A further request that fails leaves what was read before. */
static void details_do_not_spoil_the_price(void **unused) {
  (void)unused;
  struct provider *p = make("alphavantage");
  struct quote q;
  struct quote_fault f;
  quote_init(&q);
  assert_true(read_reply(p,
                         &(struct reply){"", 0, 200,
                                         "{\"Global Quote\":{\"01. symbol\":\"AAPL\",\"05. "
                                         "price\":\"5\",\"08. previous close\":\"4\"}}"},
                         &q, &f));
  assert_false(read_reply(
      p, &(struct reply){"", 1, 200, "{\"Symbol\":\"MSFT\",\"52WeekHigh\":\"9\"}"}, &q, &f));
  assert_true(q.price == 5 && q.change_percent == 25 && isnan(q.high_52w));
  assert_true(read_reply(p, &(struct reply){"", 1, 200, "{}"}, &q, &f));
  assert_true(read_reply(p,
                         &(struct reply){"", 1, 200,
                                         "{\"Symbol\":\"AAPL\",\"52WeekHigh\":\"9\",\"52WeekLow\":"
                                         "\"None\",\"Currency\":\"USD\"}"},
                         &q, &f));
  assert_true(q.price == 5 && q.high_52w == 9 && isnan(q.low_52w));
  assert_string_equal(q.currency, "USD");
  provider_free(p);
}

static void requests_carry_the_key_where_it_belongs(void **unused) {
  (void)unused;
  static const struct {
    const char *provider, *url, *header;
    unsigned step;
  } cases[] = {
      {"alphavantage",
       "https://www.alphavantage.co/"
       "query?function=GLOBAL_QUOTE&symbol=BRK.B%26x&apikey=SeCrEt%2FKey%2B1",
       NULL, 0},
      {"alphavantage",
       "https://www.alphavantage.co/"
       "query?function=OVERVIEW&symbol=BRK.B%26x&apikey=SeCrEt%2FKey%2B1",
       NULL, 1},
      {"twelvedata", "https://api.twelvedata.com/quote?symbol=BRK.B%26x",
       "Authorization: apikey SeCrEt/Key+1", 0},
      {"finnhub", "https://finnhub.io/api/v1/quote?symbol=BRK.B%26x",
       "X-Finnhub-Token: SeCrEt/Key+1", 0},
      {"finnhub", "https://finnhub.io/api/v1/stock/metric?symbol=BRK.B%26x&metric=all",
       "X-Finnhub-Token: SeCrEt/Key+1", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct provider *p = make(cases[i].provider);
    struct provider_request r;
    assert_true(cases[i].step < provider_requests(p));
    assert_true(provider_request(p, "BRK.B&x", cases[i].step, &r));
    assert_string_equal(r.url, cases[i].url);
    assert_int_equal(r.header_count, cases[i].header != NULL);
    if (cases[i].header) assert_string_equal(r.headers[0], cases[i].header);
    provider_request_fini(&r);
    provider_free(p);
  }
}

/* -- the generic one -------------------------------------------------------------------------- */

static void set(struct provider *p, const char *name, const char *value) {
  char error[GENERIC_ERROR];
  if (!generic_set(p, name, value, error)) fail_msg("%s: %s", name, error);
}

static struct provider *described(void) {
  struct provider *p = make("mine");
  set(p, "url", "https://example.org/{symbol}/last?k={key}&s={symbol}");
  set(p, "header", "X-Key: {key}");
  set(p, "header", "Accept-Language: en");
  set(p, "price", ".q[0].last");
  set(p, "previous_close", ".q[0].prev");
  set(p, "volume", ".q[0].vol");
  set(p, "high_52w", ".q[0].year.high");
  set(p, "low_52w", ".q[0].year.low");
  set(p, "currency", ".q[0].ccy");
  set(p, "time", ".q[0].at");
  set(p, "symbol", ".q[0].sym");
  set(p, "unknown", ".unknown");
  set(p, "throttled", ".slow");
  set(p, "error", ".error");
  return p;
}

static void a_description_makes_a_provider(void **unused) {
  (void)unused;
  struct provider *p = described();
  struct provider_request r;
  char error[GENERIC_ERROR];
  struct quote q;
  struct quote_fault f;
  assert_true(generic_check(p, error));
  assert_true(generic_wants_key(p));
  assert_true(provider_request(p, "A/B", 0, &r));
  assert_string_equal(r.url, "https://example.org/A%2FB/last?k=SeCrEt%2FKey%2B1&s=A%2FB");
  assert_int_equal(r.header_count, 2);
  assert_string_equal(r.headers[0], "X-Key: SeCrEt/Key+1");
  provider_request_fini(&r);
  quote_init(&q);
  const struct reply good = {
      "", 0, 200,
      "{\"error\":null,\"unknown\":false,\"slow\":\"\",\"q\":[{\"last\":\"10.5\","
      "\"prev\":10,\"vol\":7.5,\"year\":{\"high\":12,\"low\":8},\"ccy\":\"GBX\","
      "\"at\":1791576000500,\"sym\":\"AAPL\"}]}"};
  if (!read_reply(p, &good, &q, &f)) fail_msg("%s", f.message);
  assert_true(q.price == 10.5 && q.change == 0.5 && q.change_percent == 5 && q.volume == 7.5);
  assert_true(q.high_52w == 12 && q.low_52w == 8);
  assert_string_equal(q.currency, "GBX");
  assert_string_equal(q.time, "2026-10-09T20:00:00Z");
  static const struct {
    long status;
    const char *body, *word;
    enum quote_kind kind;
  } bad[] = {
      {200, "{\"unknown\":true}", "does not know", QUOTE_INVALID_SYMBOL},
      {404, "{}", "status 404", QUOTE_INVALID_SYMBOL},
      {404, "nothing here", "status 404", QUOTE_INVALID_SYMBOL},
      {200, "{\"slow\":{\"limit\":5}}", "limit", QUOTE_THROTTLED},
      {429, "{\"error\":\"slow down\"}", "slow down", QUOTE_THROTTLED},
      {401, "{\"error\":\"who are you, SeCrEt/Key+1?\"}", "***", QUOTE_UNAUTHORIZED},
      {200, "{\"error\":\"broken\"}", "broken", QUOTE_PROVIDER_ERROR},
      {200, "{\"error\":[\"broken\"]}", "[\"broken\"]", QUOTE_PROVIDER_ERROR},
      {200, "{\"q\":[{\"sym\":\"MSFT\",\"last\":3}]}", "answered for", QUOTE_BAD_RESPONSE},
      {200, "{\"q\":[{\"last\":3}]}", "answered for", QUOTE_BAD_RESPONSE},
      {200, "{\"q\":[{\"sym\":\"AAPL\"}]}", ".q[0].last", QUOTE_BAD_RESPONSE},
      {200, "{\"q\":[{\"sym\":\"AAPL\",\"last\":0}]}", "above zero", QUOTE_BAD_RESPONSE},
      {200, "[]", "answered for", QUOTE_BAD_RESPONSE},
      {200, "7", "no JSON", QUOTE_BAD_RESPONSE},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    quote_init(&q);
    assert_false(read_reply(p, &(struct reply){"", 0, bad[i].status, bad[i].body}, &q, &f));
    if (f.kind != bad[i].kind || !strstr(f.message, bad[i].word))
      fail_msg("%s: %s: %s", bad[i].body, quote_kind_word(f.kind), f.message);
  }
  provider_free(p);
}

static void a_description_may_be_short(void **unused) {
  (void)unused;
  struct provider *p = make("mine");
  char error[GENERIC_ERROR];
  assert_false(generic_check(p, error));
  assert_non_null(strstr(error, "url"));
  set(p, "url", "http://localhost/{symbol}");
  assert_false(generic_check(p, error));
  assert_non_null(strstr(error, "price"));
  set(p, "price", ".[0]");
  set(p, "currency", "USD");
  assert_true(generic_check(p, error));
  assert_false(generic_wants_key(p));
  struct quote q;
  struct quote_fault f;
  quote_init(&q);
  assert_true(read_reply(p, &(struct reply){"", 0, 200, "[1.5]"}, &q, &f));
  assert_true(q.price == 1.5);
  assert_string_equal(q.currency, "USD");
  provider_free(p);
}

static void a_description_that_makes_no_sense_is_refused(void **unused) {
  (void)unused;
  static const char *const cases[][3] = {
      {"url", "https://example.org/", "{symbol}"},
      {"url", "https://example.org/{symbol}/{date}", "symbol or key"},
      {"url", "https://example.org/{symbol", "symbol or key"},
      {"header", "Nonsense", "Name: value"},
      {"header", ": x", "Name: value"},
      {"header", "X Y: z", "Name: value"},
      {"header", "X: {symbol}", "key"},
      {"price", "last", "no path"},
      {"volume", ".a[", "no path"},
      {"currency", "a currency with a long name", "neither"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct provider *p = make("mine");
    char error[GENERIC_ERROR] = "";
    if (generic_set(p, cases[i][0], cases[i][1], error)) fail_msg("%s was taken", cases[i][1]);
    if (!strstr(error, cases[i][2])) fail_msg("%s: %s", cases[i][1], error);
    provider_free(p);
  }
  struct provider *p = make("mine");
  char error[GENERIC_ERROR] = "";
  for (int i = 0; i < PROVIDER_HEADERS; i++) set(p, "header", "A: b");
  assert_false(generic_set(p, "header", "A: b", error));
  provider_free(p);
}

static void secret_headers_are_never_shown(void **unused) {
  (void)unused;
  struct provider *p = provider_new(&provider_generic, "mine");
  struct quote q;
  struct quote_fault f;
  p->generic = generic_new();
  set(p, "url", "http://localhost/{symbol}");
  set(p, "price", ".p");
  set(p, "header", "Authorization: Bearer hush-hush");
  quote_init(&q);
  assert_false(read_reply(p, &(struct reply){"", 0, 401, "bad token hush-hush"}, &q, &f));
  assert_null(strstr(f.message, "hush"));
  assert_non_null(strstr(f.message, "***"));
  provider_free(p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_status_without_sense_is_told_by_its_number),
      cmocka_unit_test(a_good_body_does_not_mend_a_bad_status),
      cmocka_unit_test(keys_are_never_shown),
      cmocka_unit_test(alpha_vantage_s_words_are_told_apart),
      cmocka_unit_test(a_figure_that_is_none_is_absent),
      cmocka_unit_test(twelve_data_s_codes_count_under_any_status),
      cmocka_unit_test(finnhub_s_errors_have_their_kinds),
      cmocka_unit_test(details_do_not_spoil_the_price),
      cmocka_unit_test(requests_carry_the_key_where_it_belongs),
      cmocka_unit_test(a_description_makes_a_provider),
      cmocka_unit_test(a_description_may_be_short),
      cmocka_unit_test(a_description_that_makes_no_sense_is_refused),
      cmocka_unit_test(secret_headers_are_never_shown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
