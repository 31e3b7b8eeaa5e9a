/* SPDX-License-Identifier: MIT
 *
 * statistics.h: what a series of prices has been like. statistics_definitions says how each number
 * is defined, for people. */
#ifndef CLI_PRICE_STATISTICS_H
#define CLI_PRICE_STATISTICS_H

#include "series.h"

struct statistics_options {
  double rf;      /* risk-free rate a year, 0.04 for 4 % */
  double periods; /* a year; 0: by the median gap of the dates */
  bool all;       /* also what is below the first seven */
};

#define STATISTICS_NO_DATE INT64_MIN

/* NAN, or STATISTICS_NO_DATE, is a number that does not exist: too few rows, or a zero deviation to
 * divide by. All others are finite. */
struct statistics {
  double start_price, end_price, total_return, volatility, avg_volume, sharpe;
  /* With options.all: */
  size_t rows, dropped, doubles;
  int64_t start_date, end_date;
  double cagr, sortino, max_drawdown;
  int64_t peak_date, trough_date;
  double calmar, var95, cvar95, skew, excess_kurtosis, best_day, worst_day;
  double periods;
};

/* `series` is sorted and has at least one row; `work` has room for as many numbers as it has rows.
 */
void statistics_compute(const struct series *s, const struct statistics_options *o, double *work,
                        struct statistics *ret);

/* The definitions, as text of several lines. */
extern const char statistics_definitions[];

#endif
