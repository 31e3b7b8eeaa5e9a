/* SPDX-License-Identifier: MIT
 *
 * quotes.h: prices that a seed and a symbol make up, always the same. Days go back from Friday
 * 2026-10-09, weekdays only; money is in cents, since a price has two decimals. */
#ifndef CLI_SERVE_QUOTES_H
#define CLI_SERVE_QUOTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  QUOTES_YEAR = 52 * 5, /* trading days in 52 weeks */
  QUOTES_MOST = 10 * QUOTES_YEAR
};

/* One day. A day that is missing has no trades on record: a bar of nulls. */
struct bar {
  int64_t open_s; /* when trading began: Unix time */
  int32_t open_cents, high_cents, low_cents, close_cents;
  int64_t volume;
  bool missing;
};

struct quote {
  int64_t time_s;
  int32_t price_cents, previous_close_cents, high_52w_cents, low_52w_cents;
  int64_t volume;
};

/* The last n days, the youngest first: bars[0] is never missing; of the three before it one is.
 * More days do not change the younger ones. */
void quotes_bars(uint64_t seed, const char *symbol, struct bar *bars, size_t n);

/* The quote that at least QUOTES_YEAR bars tell: the last two closes there are, and the highest
 * and lowest trade of 52 weeks. */
void quotes_of(const struct bar *bars, struct quote *ret);

#endif
