/* SPDX-License-Identifier: MIT
 *
 * quotes.c: a random walk that begins with today and goes back, so that a longer range of days only
 * adds older ones. The walk is drawn for missing days, too: which day is missing changes no other.
 * Nothing depends on the clock, so that an answer can be compared with one of last year. */
#include "quotes.h"

#include "../random.h"

#include <math.h>

enum { DAY_S = 24 * 60 * 60, LAST_OPEN_S = 1791552600 }; /* 2026-10-09 13:30:00 UTC, a Friday */
enum { SESSION_S = 6 * 60 * 60 + 30 * 60 };

/* The walk turns back where it would leave these. */
static const double least_price = 1, most_price = 9000;

static int64_t open_of(size_t day) {
  size_t days_before = day / 5 * 7 + day % 5;
  return LAST_OPEN_S - (int64_t)days_before * DAY_S;
}

static int32_t cents(double price) {
  return (int32_t)lround(price * 100);
}

static double step_back(double close, double daily_return) {
  double before = close / (1 + daily_return);
  return before < least_price || before > most_price ? close * (1 + daily_return) : before;
}

void quotes_bars(uint64_t seed, const char *symbol, struct bar *bars, size_t n) {
  struct random r;
  random_seed(&r, seed, symbol);
  double close = 10 + 490 * random_unit(&r);
  size_t missing = 1 + (size_t)random_below(&r, 3);
  for (size_t i = 0; i < n; i++) {
    double open = close * (1 + 0.02 * (random_unit(&r) - 0.5));
    double high = fmax(open, close) * (1 + 0.01 * random_unit(&r));
    double low = fmin(open, close) * (1 - 0.01 * random_unit(&r));
    bars[i] = (struct bar){.open_s = open_of(i),
                           .open_cents = cents(open),
                           .high_cents = cents(high),
                           .low_cents = cents(low),
                           .close_cents = cents(close),
                           .volume = 100000 + (int64_t)random_below(&r, 9900000),
                           .missing = i == missing};
    close = step_back(close, 0.0005 + 0.018 * random_normal(&r));
  }
}

void quotes_of(const struct bar *bars, struct quote *ret) {
  struct quote q = {.time_s = bars[0].open_s + SESSION_S,
                    .price_cents = bars[0].close_cents,
                    .high_52w_cents = bars[0].high_cents,
                    .low_52w_cents = bars[0].low_cents,
                    .volume = bars[0].volume};
  size_t before = 1;
  while (bars[before].missing) before++;
  q.previous_close_cents = bars[before].close_cents;
  for (size_t i = 1; i < QUOTES_YEAR; i++) {
    if (bars[i].missing) continue;
    if (bars[i].high_cents > q.high_52w_cents) q.high_52w_cents = bars[i].high_cents;
    if (bars[i].low_cents < q.low_52w_cents) q.low_52w_cents = bars[i].low_cents;
  }
  *ret = q;
}
