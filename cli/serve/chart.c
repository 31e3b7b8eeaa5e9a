/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include "quotes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
  const char *name;
  size_t days;
} ranges[] = {
    {"1d", 1},
    {"5d", 5},
    {"1mo", 22},
    {"3mo", QUOTES_YEAR / 4},
    {"6mo", QUOTES_YEAR / 2},
    {"1y", QUOTES_YEAR},
    {"2y", 2 * QUOTES_YEAR},
    {"5y", 5 * QUOTES_YEAR},
    {"10y", 10 * QUOTES_YEAR},
    {"ytd", 202}, /* weekdays of 2026 up to 9 October */
    {"max", QUOTES_MOST},
};

const char chart_ranges[] =
    "\"1d\",\"5d\",\"1mo\",\"3mo\",\"6mo\",\"1y\",\"2y\",\"5y\",\"10y\",\"ytd\",\"max\"";

/* Days beyond the range: the close before it, which may be missing, and the one before that. */
enum { BEFORE = 2 };

size_t chart_days(const char *range) {
  for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
    if (strcmp(ranges[i].name, range) == 0) return ranges[i].days;
  return 0;
}

/* All decimals of the 32-bit float nearest to the price. They end, since its fraction is a whole
 * number of 2^-24 or more; each step here is exact. */
static void write_float(struct bytes *out, int32_t cents) {
  double rest = (double)(float)(cents / 100.0), whole = floor(rest);
  char text[48];
  size_t n = 0;
  bytes_decimal(out, (int64_t)whole, 0);
  text[n++] = '.';
  rest -= whole;
  do {
    rest *= 10;
    whole = floor(rest);
    text[n++] = (char)('0' + (int)whole);
    rest -= whole;
  } while (rest > 0 && n < sizeof text);
  bytes_add(out, text, n);
}

static int32_t open_of(const struct bar *b) {
  return b->open_cents;
}
static int32_t high_of(const struct bar *b) {
  return b->high_cents;
}
static int32_t low_of(const struct bar *b) {
  return b->low_cents;
}
static int32_t close_of(const struct bar *b) {
  return b->close_cents;
}

/* "name":[...], the oldest first; of what `price` tells, or of volumes if it is NULL. */
static void write_array(struct bytes *out, const char *name, const struct bar *bars, size_t n,
                        int32_t (*price)(const struct bar *)) {
  bytes_print(out, "\"%s\":[", name);
  for (size_t i = n; i-- > 0;) {
    if (bars[i].missing)
      bytes_text(out, "null");
    else if (price)
      write_float(out, price(&bars[i]));
    else
      bytes_decimal(out, bars[i].volume, 0);
    if (i > 0) bytes_text(out, ",");
  }
  bytes_text(out, "]");
}

static void write_price(struct bytes *out, const char *name, int32_t cents) {
  bytes_print(out, "\"%s\":", name);
  bytes_decimal(out, cents, 2);
  bytes_text(out, ",");
}

static void write_period(struct bytes *out, const char *name, int64_t begin_s, int64_t end_s,
                         const char *after) {
  bytes_print(out,
              "\"%s\":{\"timezone\":\"EDT\",\"start\":%lld,\"end\":%lld,\"gmtoffset\":-14400}%s",
              name, (long long)begin_s, (long long)end_s, after);
}

static void write_periods(struct bytes *out, int64_t open_s) {
  enum { MINUTE = 60 };
  bytes_text(out, "\"currentTradingPeriod\":{");
  write_period(out, "pre", open_s - 330 * MINUTE, open_s, ",");
  write_period(out, "regular", open_s, open_s + 390 * MINUTE, ",");
  write_period(out, "post", open_s + 390 * MINUTE, open_s + 630 * MINUTE, "},");
}

/* At daily bars there is no "previousClose": chartPreviousClose is all there is, and lies before
 * the whole range. */
static void write_meta(struct bytes *out, const char *symbol, const char *range,
                       const struct bar *bars, size_t days) {
  struct quote q;
  quotes_of(bars, &q);
  size_t before = days;
  while (bars[before].missing) before++;
  bytes_print(out,
              "\"meta\":{\"currency\":\"USD\",\"symbol\":\"%s\",\"exchangeName\":\"NMS\","
              "\"fullExchangeName\":\"NasdaqGS\",\"instrumentType\":\"EQUITY\","
              "\"firstTradeDate\":345479400,\"regularMarketTime\":%lld,"
              "\"hasPrePostMarketData\":true,\"gmtoffset\":-14400,\"timezone\":\"EDT\","
              "\"exchangeTimezoneName\":\"America/New_York\",",
              symbol, (long long)q.time_s);
  int32_t change = q.price_cents - q.previous_close_cents;
  write_price(out, "regularMarketPrice", q.price_cents);
  bytes_text(out, "\"regularMarketChangePercent\":");
  bytes_decimal(out, llround(1e5 * change / q.previous_close_cents), 3);
  bytes_text(out, ",");
  write_price(out, "fiftyTwoWeekHigh", q.high_52w_cents);
  write_price(out, "fiftyTwoWeekLow", q.low_52w_cents);
  write_price(out, "regularMarketDayHigh", bars[0].high_cents);
  write_price(out, "regularMarketDayLow", bars[0].low_cents);
  bytes_print(out, "\"regularMarketVolume\":%lld,\"longName\":\"%s\",\"shortName\":\"%s\",",
              (long long)q.volume, symbol, symbol);
  write_price(out, "chartPreviousClose", bars[before].close_cents);
  bytes_text(out, "\"priceHint\":2,");
  write_periods(out, bars[0].open_s);
  bytes_print(out, "\"dataGranularity\":\"1d\",\"range\":\"%s\",\"validRanges\":[%s]},", range,
              chart_ranges);
}

void chart_write(struct bytes *out, uint64_t seed, const char *symbol, const char *range) {
  size_t days = chart_days(range), n = days + BEFORE;
  if (n < QUOTES_YEAR) n = QUOTES_YEAR;
  struct bar *bars = malloc(n * sizeof *bars);
  if (!bars) {
    out->broken = true;
    return;
  }
  quotes_bars(seed, symbol, bars, n);
  bytes_text(out, "{\"chart\":{\"result\":[{");
  write_meta(out, symbol, range, bars, days);
  bytes_text(out, "\"timestamp\":[");
  for (size_t i = days; i-- > 0;) {
    bytes_decimal(out, bars[i].open_s, 0);
    if (i > 0) bytes_text(out, ",");
  }
  bytes_text(out, "],\"indicators\":{\"quote\":[{");
  write_array(out, "volume", bars, days, NULL);
  bytes_text(out, ",");
  write_array(out, "open", bars, days, open_of);
  bytes_text(out, ",");
  write_array(out, "low", bars, days, low_of);
  bytes_text(out, ",");
  write_array(out, "close", bars, days, close_of);
  bytes_text(out, ",");
  write_array(out, "high", bars, days, high_of);
  bytes_text(out, "}],\"adjclose\":[{");
  write_array(out, "adjclose", bars, days, close_of);
  bytes_text(out, "}]}}],\"error\":null}}");
  free(bars);
}
