/* SPDX-License-Identifier: MIT
 *
 * manifest_test.c FOLDER: every body of the manifest, read by the provider that it is from. What
 * the manifest expects must be found; for routes without an expectation there is a line here that
 * says what comes of them, and a route without either fails the test. */
#include "provider.h"
#include "symbol.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder;
static json_t *manifest;

static int load(void **unused) {
  (void)unused;
  char path[4096];
  json_error_t error;
  snprintf(path, sizeof path, "%s/manifest.json", folder);
  manifest = json_load_file(path, 0, &error);
  if (!manifest) print_error("%s: %s\n", path, error.text);
  return manifest ? 0 : -1;
}

static int unload(void **unused) {
  (void)unused;
  json_decref(manifest);
  return 0;
}

static char *slurp(const char *name, size_t *ret_size) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  if (!f) fail_msg("%s cannot be opened", path);
  char *bytes = malloc(1 << 20);
  *ret_size = fread(bytes, 1, 1 << 20, f);
  fclose(f);
  return bytes;
}

/* What comes of a route that has no `expect`: for `symbol`, by request `step`. `price` 0: a fault.
 */
static const struct told {
  const char *file, *provider, *symbol;
  unsigned step;
  enum quote_kind kind;
  double price, previous;
  const char *currency;
  bool again, spent;
  double pause_s; /* -1: it does not say */
} told[] = {
    {"yahoo/v8_chart_AAPL_5d_1d_oldmeta_nullrow.json", "yahoo", "AAPL", 0, QUOTE_FINE, 249.12,
     246.43, "USD", false, false, 0},
    {"yahoo/v8_chart_AAPL_1d_5m.json", "yahoo", "AAPL", 0, QUOTE_FINE, 249.12, 246.43, "USD", false,
     false, 0},
    {"yahoo/v8_chart_VOD.L_5d_1d_pence.json", "yahoo", "VOD.L", 0, QUOTE_FINE, 40.1, 40.3, "GBp",
     false, false, 0},
    {"yahoo/v8_404_unknown_symbol.json", "yahoo", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL, 0, 0, "",
     false, false, 0},
    {"yahoo/429_edge.txt", "yahoo", "AAPL", 0, QUOTE_THROTTLED, 0, 0, "", true, false, -1},
    {"yahoo/429_old.txt", "yahoo", "AAPL", 0, QUOTE_THROTTLED, 0, 0, "", true, false, -1},
    /* Other paths than the chart's prove nothing about a chart. */
    {"yahoo/v1_getcrumb.txt", "yahoo", "AAPL", 0, QUOTE_BAD_RESPONSE, 0, 0, "", false, false, 0},
    {"yahoo/v7_quote_empty.json", "yahoo", "ZZZZNOPE", 0, QUOTE_BAD_RESPONSE, 0, 0, "", false,
     false, 0},
    {"yahoo/v7_quote_2.json", "yahoo", "AAPL", 0, QUOTE_BAD_RESPONSE, 0, 0, "", false, false, 0},
    {"alphavantage/GLOBAL_QUOTE_AAPL.csv", "alphavantage", "AAPL", 0, QUOTE_BAD_RESPONSE, 0, 0, "",
     false, false, 0},
    {"alphavantage/GLOBAL_QUOTE_unknown.json", "alphavantage", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL,
     0, 0, "", false, false, 0},
    {"alphavantage/TIME_SERIES_DAILY_AAPL_compact.json", "alphavantage", "AAPL", 0,
     QUOTE_BAD_RESPONSE, 0, 0, "", false, false, 0},
    {"alphavantage/TIME_SERIES_DAILY_AAPL_compact.csv", "alphavantage", "AAPL", 0,
     QUOTE_BAD_RESPONSE, 0, 0, "", false, false, 0},
    {"alphavantage/err_note_5_per_min.json", "alphavantage", "AAPL", 0, QUOTE_THROTTLED, 0, 0, "",
     true, false, -1},
    {"alphavantage/err_information_25_per_day.json", "alphavantage", "AAPL", 0, QUOTE_THROTTLED, 0,
     0, "", false, true, -1},
    {"alphavantage/err_information_premium.json", "alphavantage", "AAPL", 0, QUOTE_UNAUTHORIZED, 0,
     0, "", false, false, 0},
    {"alphavantage/err_invalid_call.json", "alphavantage", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL, 0,
     0, "", false, false, 0},
    {"finnhub/quote_unknown.json", "finnhub", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL, 0, 0, "", false,
     false, 0},
    {"finnhub/metric_AAPL.json", "finnhub", "AAPL", 1, QUOTE_FINE, 0, 0, "", false, false, 0},
    {"finnhub/401.json", "finnhub", "AAPL", 0, QUOTE_UNAUTHORIZED, 0, 0, "", false, false, 0},
    {"twelvedata/quote_batch.json", "twelvedata", "AAPL", 0, QUOTE_FINE, 249.12, 246.43, "USD",
     false, false, 0},
    {"twelvedata/quote_batch.json", "twelvedata", "MSFT", 0, QUOTE_FINE, 747.41, 745.84, "USD",
     false, false, 0},
    {"twelvedata/quote_batch.json", "twelvedata", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL, 0, 0, "",
     false, false, 0},
    {"twelvedata/404.json", "twelvedata", "ZZZZNOPE", 0, QUOTE_INVALID_SYMBOL, 0, 0, "", false,
     false, 0},
    {"twelvedata/time_series_AAPL_1day.json", "twelvedata", "AAPL", 0, QUOTE_BAD_RESPONSE, 0, 0, "",
     false, false, 0},
    {"generic/429_retry_after_seconds.txt", "yahoo", "AAPL", 0, QUOTE_THROTTLED, 0, 0, "", true,
     false, 2},
    {"generic/503_retry_after_date.txt", "yahoo", "AAPL", 0, QUOTE_PROVIDER_ERROR, 0, 0, "", true,
     false, 5},
    {"generic/429_retry_after_seconds.txt", "twelvedata", "AAPL", 0, QUOTE_THROTTLED, 0, 0, "",
     true, false, 2},
    {"generic/503_retry_after_date.txt", "finnhub", "AAPL", 0, QUOTE_PROVIDER_ERROR, 0, 0, "", true,
     false, 5},
};
enum { TOLD = sizeof told / sizeof *told };

/* The form of Retry-After is the HTTP client's affair; here it has been read. */
static int64_t retry_after(json_t *route) {
  const char *value =
      json_string_value(json_object_get(json_object_get(route, "headers"), "Retry-After"));
  if (!value) return -1;
  return (strchr(value, 'G') ? 5 : atoi(value)) * INT64_C(1000000000);
}

static struct provider *make(const char *name) {
  const struct provider_ops *ops = provider_find(name);
  if (!ops) fail_msg("there is no provider %s", name);
  struct provider *p = provider_new(ops, name);
  assert_non_null(p);
  assert_true(!ops->key_variable || provider_set_key(p, "TESTKEY0TESTKEY0"));
  return p;
}

static bool read_route(json_t *route, const char *name, const char *symbol, unsigned step,
                       struct quote *q, struct quote_fault *f) {
  struct provider *p = make(name);
  size_t size;
  char *bytes = slurp(json_string_value(json_object_get(route, "file")), &size);
  struct answer a = {.status = (long)json_integer_value(json_object_get(route, "status")),
                     .retry_after_ns = retry_after(route),
                     .body = bytes,
                     .size = size};
  quote_init(q);
  bool good = provider_read(p, symbol, step, &a, q, f);
  if (!good && strcasestr(f->message, "TESTKEY")) fail_msg("the key is shown: %s", f->message);
  free(bytes);
  provider_free(p);
  return good;
}

static void same(const char *file, const char *what, double got, double want) {
  if (got != want) fail_msg("%s: %s is %.17g instead of %.17g", file, what, got, want);
}

static void meets(json_t *route, json_t *expect) {
  const char *file = json_string_value(json_object_get(route, "file")), *key;
  bool supplement = strstr(file, "OVERVIEW") || strstr(file, "metric");
  struct quote q;
  struct quote_fault f;
  /* The symbol is in the file's name where the expectation does not say it. */
  const char *symbol = json_string_value(json_object_get(expect, "symbol"));
  if (!symbol) symbol = "AAPL";
  if (!read_route(route, json_string_value(json_object_get(route, "provider")), symbol, supplement,
                  &q, &f))
    fail_msg("%s: %s", file, f.message);
  json_t *want;
  json_object_foreach(expect, key, want) {
    double number = json_number_value(want);
    if (strcmp(key, "symbol") == 0) continue;
    if (strcmp(key, "currency") == 0)
      assert_string_equal(q.currency, json_string_value(want));
    else if (strcmp(key, "price") == 0)
      same(file, key, q.price, number);
    else if (strcmp(key, "previous_close") == 0)
      same(file, key, q.previous_close, number);
    else if (strcmp(key, "change") == 0)
      same(file, key, q.change, number);
    else if (strcmp(key, "change_percent") == 0)
      same(file, key, q.change_percent, number);
    else if (strcmp(key, "volume") == 0)
      same(file, key, q.volume, number);
    else if (strcmp(key, "high52") == 0)
      same(file, key, q.high_52w, number);
    else if (strcmp(key, "low52") == 0)
      same(file, key, q.low_52w, number);
    else
      fail_msg("%s: nothing is known of \"%s\"", file, key);
  }
}

static void comes_out_as(json_t *route, const struct told *t) {
  struct quote q;
  struct quote_fault f = {.kind = QUOTE_FINE};
  bool good = read_route(route, t->provider, t->symbol, t->step, &q, &f);
  if (f.kind != t->kind)
    fail_msg("%s: \"%s\" (%s) instead of \"%s\"", t->file, quote_kind_word(f.kind), f.message,
             quote_kind_word(t->kind));
  assert_int_equal(good, t->kind == QUOTE_FINE);
  if (!good) {
    assert_int_equal(f.again, t->again);
    assert_int_equal(f.spent, t->spent);
    same(t->file, "pause", (double)f.pause_ns, t->pause_s < 0 ? -1 : t->pause_s * 1e9);
    assert_true(isnan(q.price));
  } else if (t->step == 0) {
    same(t->file, "price", q.price, t->price);
    same(t->file, "previous_close", q.previous_close, t->previous);
    assert_string_equal(q.currency, t->currency);
  } else {
    same(t->file, "high_52w", q.high_52w, 312.36);
    same(t->file, "low_52w", q.low_52w, 219.62);
  }
}

static void every_route_gives_what_a_right_client_reports(void **unused) {
  (void)unused;
  json_t *route;
  size_t i, count = 0;
  bool used[TOLD] = {false};
  json_array_foreach(json_object_get(manifest, "routes"), i, route) {
    const char *file = json_string_value(json_object_get(route, "file"));
    json_t *expect = json_object_get(route, "expect");
    bool known = expect;
    if (expect) meets(route, expect);
    for (size_t j = 0; j < TOLD; j++) {
      if (strcmp(told[j].file, file) != 0) continue;
      comes_out_as(route, &told[j]);
      known = used[j] = true;
    }
    if (!known) fail_msg("%s: the test says nothing of it", file);
    count++;
  }
  assert_true(count > 30);
  for (size_t j = 0; j < TOLD; j++)
    if (!used[j]) fail_msg("%s is not in the manifest", told[j].file);
}

/* The same bars stand behind every provider. */
static void providers_agree_about_a_symbol(void **unused) {
  (void)unused;
  static const char *const files[] = {"yahoo/v8_chart_AAPL_1y_1d.json",
                                      "alphavantage/GLOBAL_QUOTE_AAPL.json",
                                      "finnhub/quote_AAPL.json", "twelvedata/quote_AAPL.json"};
  json_t *route;
  size_t i, seen = 0;
  json_array_foreach(json_object_get(manifest, "routes"), i, route) {
    const char *file = json_string_value(json_object_get(route, "file"));
    for (size_t j = 0; j < 4; j++) {
      if (strcmp(file, files[j]) != 0) continue;
      struct quote q;
      struct quote_fault f;
      const char *name = json_string_value(json_object_get(route, "provider"));
      assert_true(read_route(route, name, "AAPL", 0, &q, &f));
      same(file, "price", q.price, 249.12);
      same(file, "previous_close", q.previous_close, 246.43);
      same(file, "change", q.change, 2.69);
      same(file, "change_percent", q.change_percent, 1.0916);
      if (strcmp(name, "finnhub") != 0) same(file, "volume", q.volume, 28763900);
      assert_true(strncmp(q.time, "2026-10-09", 10) == 0);
      seen++;
    }
  }
  assert_int_equal(seen, 4);
}

/* A body that was cut off, or is not the symbol's, gives no quote, wherever it was cut. */
static void a_torn_body_is_never_a_quote(void **unused) {
  (void)unused;
  json_t *route;
  size_t i, torn = 0;
  json_array_foreach(json_object_get(manifest, "routes"), i, route) {
    if (!json_object_get(route, "expect")) continue;
    const char *file = json_string_value(json_object_get(route, "file"));
    struct provider *p = make(json_string_value(json_object_get(route, "provider")));
    size_t size;
    char *bytes = slurp(file, &size);
    bool supplement = strstr(file, "OVERVIEW");
    while (size && strchr(" \r\n", bytes[size - 1])) size--;
    for (size_t n = 0; n < size; n += 1 + n / 50, torn++) {
      struct quote q;
      struct quote_fault f;
      quote_init(&q);
      char *part = memcpy(malloc(n + 1), bytes, n); /* its own block: no byte beyond it is read */
      part = realloc(part, n ? n : 1);
      struct answer a = {.status = 200, .retry_after_ns = -1, .body = part, .size = n};
      bool good = provider_read(p, "AAPL", supplement, &a, &q, &f);
      if (good) fail_msg("%s, %zu bytes of it, are a quote", file, n);
      assert_int_equal(f.kind, QUOTE_BAD_RESPONSE);
      free(part);
    }
    if (!strstr(file, "finnhub/quote")) { /* which names no symbol */
      struct quote q;
      struct quote_fault f;
      quote_init(&q);
      struct answer a = {.status = 200, .retry_after_ns = -1, .body = bytes, .size = size};
      assert_false(provider_read(p, "OTHER", supplement, &a, &q, &f));
      assert_int_equal(f.kind, QUOTE_BAD_RESPONSE);
    }
    free(bytes);
    provider_free(p);
  }
  assert_true(torn > 500);
}

/* Writes `to` over the first `from`, which has the same length. */
static void overwrite(char *text, size_t size, const char *from, const char *to) {
  char *at = memmem(text, size, from, strlen(from));
  assert_non_null(at);
  assert_int_equal(strlen(from), strlen(to));
  memcpy(at, to, strlen(to));
}

static void the_year_s_bars_outrank_the_day_s_figures(void **unused) {
  (void)unused;
  size_t size;
  char *bytes = slurp("yahoo/v8_chart_AAPL_1y_1d.json", &size);
  overwrite(bytes, size, "\"fiftyTwoWeekHigh\":312.36", "\"fiftyTwoWeekHigh\":249.92");
  overwrite(bytes, size, "\"fiftyTwoWeekLow\":219.62", "\"fiftyTwoWeekLow\":247.60");
  struct provider *p = make("yahoo");
  struct answer a = {.status = 200, .retry_after_ns = -1, .body = bytes, .size = size};
  struct quote q;
  struct quote_fault f;
  quote_init(&q);
  assert_true(provider_read(p, "AAPL", 0, &a, &q, &f));
  assert_true(q.high_52w == 312.36 && q.low_52w == 219.62);
  provider_free(p);
  free(bytes);
}

/* Whatever bytes are wrong, what comes out is a fault with a kind, or a quote with a price. */
static void damaged_bodies_are_quotes_or_faults(void **unused) {
  (void)unused;
  static const char letters[] = "\"{}[],:0129.-eEnulltrue \\\0\xff";
  json_t *route;
  size_t i, good = 0, bad = 0;
  uint64_t seed = 11;
  json_array_foreach(json_object_get(manifest, "routes"), i, route) {
    const char *name = json_string_value(json_object_get(route, "provider"));
    if (strcmp(name, "generic") == 0) name = "yahoo";
    struct provider *p = make(name);
    size_t size;
    char *bytes = slurp(json_string_value(json_object_get(route, "file")), &size);
    for (int round = 0; round < 200 && size; round++) {
      char *damaged = memcpy(malloc(size), bytes, size);
      for (uint64_t n = 1 + test_below(&seed, 4); n > 0; n--)
        damaged[test_below(&seed, size < 2000 ? size : 2000)] =
            letters[test_below(&seed, sizeof letters)];
      struct quote q;
      struct quote_fault f = {.kind = QUOTE_FINE};
      quote_init(&q);
      struct answer a = {.status = test_below(&seed, 4) ? 200 : 429,
                         .retry_after_ns = -1,
                         .body = damaged,
                         .size = size};
      if (provider_read(p, "AAPL", 0, &a, &q, &f)) {
        assert_true(q.price > 0 && isfinite(q.price) && a.status == 200);
        assert_true(isnan(q.previous_close) || q.previous_close > 0);
        good++;
      } else {
        assert_true(f.kind > QUOTE_FINE && f.kind < QUOTE_KINDS && *f.message);
        assert_true(isnan(q.price));
        bad++;
      }
      free(damaged);
    }
    free(bytes);
    provider_free(p);
  }
  assert_true(good > 100 && bad > 1000);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_route_gives_what_a_right_client_reports),
      cmocka_unit_test(providers_agree_about_a_symbol),
      cmocka_unit_test(a_torn_body_is_never_a_quote),
      cmocka_unit_test(the_year_s_bars_outrank_the_day_s_figures),
      cmocka_unit_test(damaged_bodies_are_quotes_or_faults),
  };
  if (argc != 2) return 2;
  folder = argv[1];
  return cmocka_run_group_tests(tests, load, unload);
}
