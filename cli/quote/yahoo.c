/* SPDX-License-Identifier: MIT
 *
 * Yahoo's chart (v8), without a key: a year of daily bars, from which everything follows.
 *
 * With daily bars, `previousClose` is not there, and `chartPreviousClose` lies before the whole
 * range. The close before the price's trading day is therefore taken from the bars:
 *
 *      close   238.88   null   246.43   249.12        last bar of the price's own day: skipped
 *      day       Tue     Wed     Thu      Fri  price's day
 *                                  ^ previous_close
 *
 * Bars without a close are passed over. The price's day is that of the last bar with a close, or a
 * later one if the market's time says so and the price is not that bar's close: today's bar may be
 * null while the price moves. At times Yahoo gives two bars for today, a daily one and a live one;
 * both are of the price's day.
 *
 * Closes were floats once: 246.43 comes as 246.42999267578125 (field_unfloat). The 52-week figures
 * have at times been those of the day, so the bars are asked, too: where they cover the year and
 * disagree, they are right; where they do not, figures that repeat the day's are left out.
 */
#include "field.h"
#include "provider.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool request(const struct provider *p, const char *symbol, unsigned step,
                    struct provider_request *ret) {
  (void)step;
  char *encoded = symbol_encode(symbol);
  if (!encoded) return false;
  int n = asprintf(&ret->url, "%s/v8/finance/chart/%s?range=1y&interval=1d", p->base_url, encoded);
  if (n < 0) ret->url = NULL;
  free(encoded);
  return ret->url;
}

static bool complains(const struct provider *p, const char *symbol, const struct answer *a,
                      json_t *body, struct quote_fault *f) {
  json_t *e = json_object_get(json_object_get(body, "chart"), "error");
  if (!json_is_object(e)) e = json_object_get(json_object_get(body, "finance"), "error");
  if (!json_is_object(e)) return false;
  const char *code = field_string(json_object_get(e, "code"));
  char says[ANSWER_SAYS];
  answer_says(p, field_string(json_object_get(e, "description")), says);
  if (!*says) answer_says(p, code, says);
  if (strcasecmp(code, "Not Found") == 0)
    quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": %s", p->name, symbol, says);
  else if (strcasecmp(code, "Unauthorized") == 0)
    quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request: %s", p->name, says);
  else if (strcasecmp(code, "Too Many Requests") == 0)
    quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests: %s", p->name, says);
  else {
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s reports an error: %s", p->name, says);
    f->again = a->status >= 500 || strcasecmp(code, "Internal Server Error") == 0;
  }
  return true;
}

/* -- bars ------------------------------------------------------------------------------------- */

struct bars {
  json_t *time, *close, *high, *low;
  size_t count;
  double offset; /* seconds from UTC to the exchange's clock */
};

/* An array must have an element for each timestamp; one that is not there has none at all. */
static bool counts(json_t *quote, const char *name, size_t n, json_t **ret) {
  json_t *array = json_object_get(quote, name);
  if (array && !json_is_null(array) && json_array_size(array) != n) return false;
  *ret = array;
  return true;
}

static bool find_bars(const struct provider *p, json_t *result, json_t *meta, struct bars *ret,
                      struct quote_fault *f) {
  json_t *quotes = json_object_get(json_object_get(result, "indicators"), "quote");
  json_t *quote = json_array_get(quotes, 0);
  struct bars b = {.time = json_object_get(result, "timestamp")};
  b.count = json_array_size(b.time);
  if (!counts(quote, "close", b.count, &b.close) || !counts(quote, "high", b.count, &b.high) ||
      !counts(quote, "low", b.count, &b.low))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave bars and times in different numbers",
                      p->name);
  if (field_number(json_object_get(meta, "gmtoffset"), &b.offset) != FIELD_GOOD) b.offset = 0;
  *ret = b;
  return true;
}

static bool is_daily(json_t *meta) {
  return strcmp(field_string(json_object_get(meta, "dataGranularity")), "1d") == 0;
}

static double bar(json_t *array, size_t i) {
  double v = field_positive(json_array_get(array, i));
  return isnan(v) ? v : field_unfloat(v);
}

static double day_of(const struct bars *b, double unix_seconds) {
  return floor((unix_seconds + b->offset) / 86400);
}

static double bar_day(const struct bars *b, size_t i) {
  double t;
  return field_number(json_array_get(b->time, i), &t) == FIELD_GOOD ? day_of(b, t) : (double)NAN;
}

/* The bar before index `before` that has a close and a time; SIZE_MAX: none. */
static size_t bar_before(const struct bars *b, size_t before) {
  while (before-- > 0)
    if (bar(b->close, before) > 0 && !isnan(bar_day(b, before))) return before;
  return SIZE_MAX;
}

static bool about(double a, double b) {
  return fabs(a - b) <= 1e-5 * fabs(b);
}

static double previous_close(const struct bars *b, double price, double market_time) {
  size_t i = bar_before(b, b->count);
  if (i == SIZE_MAX) return NAN;
  double day = bar_day(b, i), now = day_of(b, market_time);
  if (now > day && !about(bar(b->close, i), price)) day = now;
  while (i != SIZE_MAX && bar_day(b, i) >= day) i = bar_before(b, i);
  return i == SIZE_MAX ? (double)NAN : bar(b->close, i);
}

/* -- 52 weeks --------------------------------------------------------------------------------- */

/* Bars that begin a few weeks late still tell of the year: ranges begin with a trading day, and at
 * times later. */
enum { YEAR_DAYS = 366, YEAR_DAYS_LEAST = 340 };

/* The extremes of the year that ends with the last bar; false if the bars do not cover it, or the
 * instrument's whole life. */
static bool year_of_bars(const struct bars *b, json_t *meta, double *ret_high, double *ret_low) {
  size_t last = bar_before(b, b->count);
  if (last == SIZE_MAX || !is_daily(meta)) return false;
  double end = bar_day(b, last), first = NAN, born, high = NAN, low = NAN;
  for (size_t i = 0; i < b->count; i++) {
    double day = bar_day(b, i);
    if (isnan(day) || day < end - YEAR_DAYS) continue;
    if (isnan(first) || day < first) first = day;
    high = fmax(high, bar(b->high, i)); /* fmax and fmin pass over NAN */
    low = fmin(low, bar(b->low, i));
  }
  bool whole = first <= end - YEAR_DAYS_LEAST;
  if (field_number(json_object_get(meta, "firstTradeDate"), &born) == FIELD_GOOD)
    whole = whole || first <= day_of(b, born);
  if (!whole || isnan(high) || isnan(low)) return false;
  *ret_high = high;
  *ret_low = low;
  return true;
}

static void year(const struct bars *b, json_t *meta, struct quote *q) {
  double high = field_positive(json_object_get(meta, "fiftyTwoWeekHigh"));
  double low = field_positive(json_object_get(meta, "fiftyTwoWeekLow"));
  double bars_high, bars_low;
  if (year_of_bars(b, meta, &bars_high, &bars_low)) {
    if (!about(high, bars_high)) high = bars_high;
    if (!about(low, bars_low)) low = bars_low;
  } else if (about(high, field_positive(json_object_get(meta, "regularMarketDayHigh"))) &&
             about(low, field_positive(json_object_get(meta, "regularMarketDayLow")))) {
    high = low = NAN;
  }
  q->high_52w = high;
  q->low_52w = low;
}

/* --------------------------------------------------------------------------------------------- */

static bool read(const struct provider *p, const char *symbol, unsigned step, json_t *body,
                 struct quote *q, struct quote_fault *f) {
  (void)step;
  json_t *result = json_array_get(json_object_get(json_object_get(body, "chart"), "result"), 0);
  json_t *meta = json_object_get(result, "meta");
  if (!json_is_object(meta))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a body that is no chart", p->name);
  const char *echo = field_string(json_object_get(meta, "symbol"));
  char says[ANSWER_SAYS];
  if (!field_same_symbol(echo, symbol))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s was asked for \"%s\" and answered for \"%s\"",
                      p->name, symbol, answer_says(p, echo, says));
  struct bars b;
  if (!find_bars(p, result, meta, &b, f)) return false;
  double market_time;
  if (field_number(json_object_get(meta, "regularMarketTime"), &market_time) != FIELD_GOOD)
    market_time = NAN;
  q->price = field_positive(json_object_get(meta, "regularMarketPrice"));
  if (is_daily(meta)) q->previous_close = previous_close(&b, q->price, market_time);
  if (isnan(q->previous_close))
    q->previous_close = field_positive(json_object_get(meta, "previousClose"));
  q->volume = field_not_negative(json_object_get(meta, "regularMarketVolume"));
  year(&b, meta, q);
  field_text(json_object_get(meta, "currency"), q->currency, sizeof q->currency);
  field_time_of(market_time, q->time);
  return true;
}

const struct provider_ops provider_yahoo = {
    .name = "yahoo",
    .title = "Yahoo Finance, chart v8",
    .base_url = "https://query1.finance.yahoo.com",
    .rates = "2/s",
    .pause_ns = INT64_C(30) * 1000000000,
    .requests = 1,
    .request = request,
    .complains = complains,
    .read = read,
};
