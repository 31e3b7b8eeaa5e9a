/* SPDX-License-Identifier: MIT
 *
 * statistics.c
 *
 * Accuracy: sums run in four lanes over blocks of 512, and the blocks' sums are added with
 * Neumaier's compensation; deviations are taken from the mean in a pass of their own. Prices that
 * grow by a constant factor have returns that differ by rounding alone: a deviation that small
 * counts as zero, since a ratio to it would be noise.
 */
#include "statistics.h"

#include "date.h"

#include <float.h>
#include <math.h>

/* A sum of many parts that loses nothing to their order (Neumaier 1974). */
struct sum {
  double total, lost;
};

static void sum_add(struct sum *s, double x) {
  double t = s->total + x;
  s->lost += fabs(s->total) >= fabs(x) ? (s->total - t) + x : (x - t) + s->total;
  s->total = t;
}

static double sum_of(const struct sum *s) {
  return isfinite(s->total) ? s->total + s->lost : s->total;
}

enum { BLOCK = 512 };

/* work[i] = return of row i + 1; the sum of all n. */
static double make_returns(const double *price, size_t n, double *work) {
  struct sum all = {0, 0};
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    size_t end = n - begin < BLOCK ? n : begin + BLOCK, i = begin;
    double lane[4] = {0, 0, 0, 0};
    for (; i + 4 <= end; i += 4) {
      for (size_t k = 0; k < 4; k++) {
        work[i + k] = price[i + k + 1] / price[i + k] - 1;
        lane[k] += work[i + k];
      }
    }
    for (; i < end; i++) lane[0] += work[i] = price[i + 1] / price[i] - 1;
    sum_add(&all, (lane[0] + lane[1]) + (lane[2] + lane[3]));
  }
  return sum_of(&all);
}

/* The sum of squared deviations from `mean`. */
static double squares(const double *x, size_t n, double mean) {
  struct sum all = {0, 0};
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    size_t end = n - begin < BLOCK ? n : begin + BLOCK, i = begin;
    double lane[4] = {0, 0, 0, 0};
    for (; i + 4 <= end; i += 4) {
      for (size_t k = 0; k < 4; k++) {
        double d = x[i + k] - mean;
        lane[k] += d * d;
      }
    }
    for (; i < end; i++) lane[0] += (x[i] - mean) * (x[i] - mean);
    sum_add(&all, (lane[0] + lane[1]) + (lane[2] + lane[3]));
  }
  return sum_of(&all);
}

/* The mean of the volumes that are present. */
static double mean_volume(const double *volume, size_t n) {
  struct sum all = {0, 0};
  size_t present = 0;
  for (size_t begin = 0; begin < n; begin += BLOCK) {
    size_t end = n - begin < BLOCK ? n : begin + BLOCK;
    double part = 0;
    for (size_t i = begin; i < end; i++) {
      bool there = volume[i] == volume[i];
      part += there ? volume[i] : 0;
      present += there;
    }
    sum_add(&all, part);
  }
  return present ? sum_of(&all) / (double)present : NAN;
}

/* Daily, weekly or monthly rows: which side of the limits the median gap lies on. Counting tells;
 * only if exactly half of the gaps are shorter, the two in the middle must be looked at. */
static bool median_gap_below(const struct series *s, int64_t limit) {
  size_t n = s->count - 1, below = 0;
  for (size_t i = 0; i < n; i++) below += s->when[i + 1] - s->when[i] < limit;
  if (below * 2 != n) return below * 2 > n;
  int64_t low = 0, high = INT64_MAX;
  for (size_t i = 0; i < n; i++) {
    int64_t gap = s->when[i + 1] - s->when[i];
    if (gap < limit && gap > low) low = gap;
    if (gap >= limit && gap < high) high = gap;
  }
  return low / 2 + high / 2 < limit;
}

static double find_periods(const struct series *s) {
  if (s->count < 2) return NAN;
  if (median_gap_below(s, 5 * DATE_DAY)) return 252;
  return median_gap_below(s, 18 * DATE_DAY) ? 52 : 12;
}

static double finite_or_none(double x) {
  return isfinite(x) ? x : NAN;
}

/* Whether a deviation is rounding alone: returns near `mean` are computed with an error of about
 * one unit in the last place of 1 + mean. */
static bool is_noise(double deviation, double mean) {
  return !(deviation > 4 * DBL_EPSILON * (1 + fabs(mean)));
}

/* -- with options.all ------------------------------------------------------------------------- */

struct returns {
  double *x;
  size_t n;
  double mean, squares, deviation, free_rate /* a period */;
};

static void downside(const struct returns *r, double periods, struct statistics *ret) {
  struct sum all = {0, 0};
  double best = -INFINITY, worst = INFINITY;
  for (size_t i = 0; i < r->n; i++) {
    double x = r->x[i], under = x - r->free_rate;
    if (x > best) best = x;
    if (x < worst) worst = x;
    if (under < 0) sum_add(&all, under * under);
  }
  double deviation = sqrt(sum_of(&all) / (double)r->n);
  ret->best_day = best * 100;
  ret->worst_day = worst * 100;
  if (!is_noise(deviation, r->mean))
    ret->sortino = (r->mean - r->free_rate) / deviation * sqrt(periods);
}

/* The bias-corrected third and fourth moments, as pandas and spreadsheets define them. */
static void shape(const struct returns *r, struct statistics *ret) {
  if (r->n < 3 || is_noise(r->deviation, r->mean)) return;
  struct sum cubes = {0, 0}, fourths = {0, 0};
  double n = (double)r->n, unit = sqrt(r->squares / n);
  for (size_t i = 0; i < r->n; i++) {
    double d = (r->x[i] - r->mean) / unit; /* scaled, so that powers neither vanish nor overflow */
    sum_add(&cubes, d * d * d);
    sum_add(&fourths, d * d * d * d);
  }
  ret->skew = sqrt(n * (n - 1)) / (n - 2) * sum_of(&cubes) / n;
  if (r->n < 4) return;
  double outer = (n - 2) * (n - 3);
  ret->excess_kurtosis =
      (n + 1) * (n - 1) / outer * sum_of(&fourths) / n - 3 * (n - 1) * (n - 1) / outer;
}

static void swap(double *a, double *b) {
  double t = *a;
  *a = *b;
  *b = t;
}

/* Puts the element of rank k in its place, smaller ones before it, larger ones behind (Hoare's
 * quickselect with a median of three). After many poor splits, which only made-up data gives, the
 * pivot is moved about so that they cannot go on. */
static double select_rank(double *x, size_t n, size_t k) {
  size_t low = 0, high = n - 1, turn = 0;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (++turn > 64) middle = low + (turn * 2654435761U) % (high - low);
    if (x[middle] < x[low]) swap(&x[middle], &x[low]);
    if (x[high] < x[low]) swap(&x[high], &x[low]);
    if (x[high] < x[middle]) swap(&x[high], &x[middle]);
    double pivot = x[middle];
    size_t i = low, j = high;
    for (;;) {
      while (x[i] < pivot) i++;
      while (pivot < x[j]) j--;
      if (i >= j) break;
      swap(&x[i], &x[j]);
      i++, j--;
    }
    if (k <= j)
      high = j; /* x[low..j] <= pivot <= x[j+1..high], and low <= j < high */
    else
      low = j + 1;
  }
  return x[k];
}

/* Value at risk: the fifth percentile of the returns, linear between the two ranks it lies between
 * (as numpy); and the mean of the returns that are not above it. Reorders the returns. */
static void tail(const struct returns *r, struct statistics *ret) {
  double place = 0.05 * (double)(r->n - 1);
  size_t rank = (size_t)place;
  double share = place - (double)rank;
  double a = select_rank(r->x, r->n, rank), b = INFINITY;
  for (size_t i = rank + 1; i < r->n; i++)
    if (r->x[i] < b) b = r->x[i];
  double var = a;
  if (share >= 0.5)
    var = b - (b - a) * (1 - share); /* as numpy rounds it, since <= follows */
  else if (share > 0)
    var = a + (b - a) * share;
  struct sum all = {0, 0};
  size_t n = 0;
  for (size_t i = 0; i < r->n; i++) {
    if (r->x[i] > var) continue;
    sum_add(&all, r->x[i]);
    n++;
  }
  ret->var95 = var * 100;
  ret->cvar95 = n ? sum_of(&all) / (double)n * 100 : NAN;
}

/* The deepest fall below a price reached before, the first price being one. */
static void drawdown(const struct series *s, struct statistics *ret) {
  size_t peak = 0, top = 0, bottom = 0;
  double worst = 0;
  for (size_t i = 1; i < s->count; i++) {
    if (s->price[i] > s->price[peak]) peak = i;
    double fall = s->price[i] / s->price[peak] - 1;
    if (fall < worst) worst = fall, top = peak, bottom = i;
  }
  ret->max_drawdown = worst * 100;
  if (worst < 0) {
    ret->peak_date = s->when[top];
    ret->trough_date = s->when[bottom];
  }
}

static void growth(const struct series *s, struct statistics *ret) {
  double days = (double)(s->when[s->count - 1] - s->when[0]) / (double)DATE_DAY;
  if (days <= 0) return;
  ret->cagr = finite_or_none((pow(ret->end_price / ret->start_price, 365.25 / days) - 1) * 100);
  if (ret->max_drawdown < 0) ret->calmar = finite_or_none(ret->cagr / -ret->max_drawdown);
}

static void compute_all(const struct series *s, const struct returns *r, double periods,
                        struct statistics *ret) {
  drawdown(s, ret);
  growth(s, ret);
  downside(r, periods, ret);
  shape(r, ret);
  tail(r, ret);
}

static void clean(struct statistics *ret) {
  double *const numbers[] = {&ret->total_return, &ret->volatility, &ret->avg_volume,
                             &ret->sharpe,       &ret->sortino,    &ret->var95,
                             &ret->cvar95,       &ret->skew,       &ret->excess_kurtosis,
                             &ret->best_day,     &ret->worst_day,  &ret->max_drawdown};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    *numbers[i] = finite_or_none(*numbers[i]);
}

void statistics_compute(const struct series *s, const struct statistics_options *o, double *work,
                        struct statistics *ret) {
  size_t n = s->count - 1;
  double periods = o->periods > 0 ? o->periods : find_periods(s);
  *ret = (struct statistics){.start_price = s->price[0],
                             .end_price = s->price[n],
                             .total_return = NAN,
                             .volatility = NAN,
                             .avg_volume = mean_volume(s->volume, s->count),
                             .sharpe = NAN,
                             .rows = s->count,
                             .dropped = s->dropped,
                             .doubles = s->doubles,
                             .start_date = s->when[0],
                             .end_date = s->when[n],
                             .cagr = NAN,
                             .sortino = NAN,
                             .max_drawdown = NAN,
                             .peak_date = STATISTICS_NO_DATE,
                             .trough_date = STATISTICS_NO_DATE,
                             .calmar = NAN,
                             .var95 = NAN,
                             .cvar95 = NAN,
                             .skew = NAN,
                             .excess_kurtosis = NAN,
                             .best_day = NAN,
                             .worst_day = NAN,
                             .periods = periods};
  if (n == 0) return;
  struct returns r = {.x = work, .n = n};
  r.free_rate = o->rf == 0 ? 0 : expm1(log1p(o->rf) / periods);
  r.mean = make_returns(s->price, n, work) / (double)n;
  ret->total_return = (ret->end_price / ret->start_price - 1) * 100;
  r.deviation = NAN;
  if (n > 1) {
    r.squares = squares(work, n, r.mean);
    r.deviation = sqrt(r.squares / (double)(n - 1));
    ret->volatility = r.deviation * sqrt(periods) * 100;
    if (!is_noise(r.deviation, r.mean))
      ret->sharpe = (r.mean - r.free_rate) / r.deviation * sqrt(periods);
  }
  if (o->all) compute_all(s, &r, periods, ret);
  clean(ret);
}

const char statistics_definitions[] =
    "Rows. A row counts if its price is a finite number > 0; others (null, N/A, -, empty, zero,\n"
    "negative) are dropped and counted, and nothing is filled in. Rows are sorted by date; of "
    "rows\n"
    "with the same date the last of the file counts. Below, p are the prices, r the returns, n "
    "how\n"
    "many returns there are, and P the periods a year.\n"
    "\n"
    "  ticker           the name in the file, else the file's name without its ending\n"
    "  start_price      the first price\n"
    "  end_price        the last price\n"
    "  total_return     end_price / start_price - 1, in percent\n"
    "  volatility       std(r) * sqrt(P), in percent; r[i] = p[i] / p[i-1] - 1 between "
    "consecutive\n"
    "                   rows; std divides by n - 1\n"
    "  avg_volume       the mean of the volumes that are present\n"
    "  sharpe           mean(r - q) / std(r - q) * sqrt(P); q = (1 + rf)^(1/P) - 1, --rf 0 if not\n"
    "                   given\n"
    "\n"
    "With --all also:\n"
    "\n"
    "  path             the file\n"
    "  rows             rows that count\n"
    "  dropped          rows without a usable price\n"
    "  start_date       the first row's date\n"
    "  end_date         the last row's date\n"
    "  cagr             (end_price / start_price)^(365.25 / calendar days) - 1, in percent\n"
    "  sortino          mean(r - q) / sqrt(mean(min(r - q, 0)^2)) * sqrt(P), over all n\n"
    "  max_drawdown     the lowest p / (highest p so far) - 1, in percent; the first price counts\n"
    "  peak_date        where that fall began\n"
    "  trough_date      where it ended\n"
    "  calmar           cagr / -max_drawdown\n"
    "  var95            the 5th percentile of r, linear between ranks, in percent\n"
    "  cvar95           the mean of the returns <= var95, in percent\n"
    "  skew             bias-corrected (G1), as pandas\n"
    "  excess_kurtosis  bias-corrected (G2), as pandas\n"
    "  best_day         the largest r, in percent\n"
    "  worst_day        the smallest r, in percent\n"
    "  price_column     the column the prices were taken from: an adjusted close is preferred\n"
    "  periods          P: 252 if the median gap between dates is below 5 days, 52 below 18 days,\n"
    "                   else 12; --periods overrides it\n"
    "\n"
    "A number that does not exist is an empty cell, or null in JSON: too few rows, or a deviation "
    "of\n"
    "zero to divide by (a deviation that is rounding alone counts as zero).\n";
