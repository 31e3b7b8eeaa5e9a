/* SPDX-License-Identifier: MIT */
#include "date.h"
#include "statistics.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A series that owns its memory. */
static struct series made(const double *price, size_t n, int64_t gap_days) {
  struct series s = {0};
  if (!series_reserve(&s, n)) fail_msg("out of memory");
  for (size_t i = 0; i < n; i++)
    series_add(&s, (int64_t)i * gap_days * DATE_DAY, price[i], (double)(1000 + i));
  return s;
}

static void done(struct series *s) {
  free(s->when);
  free(s->price);
  free(s->volume);
}

static struct statistics compute(const struct series *s, struct statistics_options o) {
  struct statistics r;
  double *work = malloc((s->count + 1) * sizeof *work);
  if (!work) fail_msg("out of memory");
  statistics_compute(s, &o, work, &r);
  free(work);
  return r;
}

static void near(const char *what, double got, double want) {
  if (!(fabs(got - want) <= 1e-10 * fabs(want) + 1e-300))
    fail_msg("%s: %.17g instead of %.17g", what, got, want);
}

static int by_size(const void *x, const void *y) {
  long double a = *(const long double *)x, b = *(const long double *)y;
  return (a > b) - (a < b);
}

/* The definitions as they are written, in long double, with a sort where one is meant. */
static void naive(const struct series *s, double rf, double P, struct statistics *r) {
  size_t n = s->count - 1;
  long double *x = calloc(n, sizeof *x), sum = 0, m2 = 0, m3 = 0, m4 = 0, down = 0, peak = 0;
  long double q = powl(1 + (long double)rf, 1 / (long double)P) - 1, fall = 0, tail = 0;
  if (!x) fail_msg("out of memory");
  for (size_t i = 0; i < n; i++) {
    x[i] = (long double)s->price[i + 1] / (long double)s->price[i] - 1;
    sum += x[i];
  }
  long double N = (long double)n, mean = sum / N;
  for (size_t i = 0; i < n; i++) {
    long double d = x[i] - mean;
    m2 += d * d, m3 += d * d * d, m4 += d * d * d * d;
    if (x[i] < q) down += (x[i] - q) * (x[i] - q);
  }
  for (size_t i = 0; i <= n; i++) {
    if ((long double)s->price[i] > peak) peak = (long double)s->price[i];
    if ((long double)s->price[i] / peak - 1 < fall) fall = (long double)s->price[i] / peak - 1;
  }
  long double deviation = sqrtl(m2 / (N - 1));
  r->volatility = (double)(deviation * sqrtl((long double)P) * 100);
  r->sharpe = (double)((mean - q) / deviation * sqrtl((long double)P));
  r->sortino = (double)((mean - q) / sqrtl(down / N) * sqrtl((long double)P));
  r->max_drawdown = (double)(fall * 100);
  r->skew = (double)(sqrtl(N * (N - 1)) / (N - 2) * (m3 / N) / powl(m2 / N, 1.5L));
  r->excess_kurtosis = (double)(N * (N + 1) * (N - 1) * m4 / ((N - 2) * (N - 3) * m2 * m2) -
                                3 * (N - 1) * (N - 1) / ((N - 2) * (N - 3)));
  qsort(x, n, sizeof *x, by_size);
  long double place = 0.05L * (N - 1);
  size_t rank = (size_t)place, below = 0;
  long double var = x[rank];
  if (rank + 1 < n) var += (x[rank + 1] - x[rank]) * (place - (long double)rank);
  for (size_t i = 0; i < n && x[i] <= var + 1e-18L; i++) tail += x[i], below++;
  r->var95 = (double)(var * 100);
  r->cvar95 = (double)(tail / (long double)below * 100);
  r->best_day = (double)(x[n - 1] * 100);
  r->worst_day = (double)(x[0] * 100);
  free(x);
}

static void definitions_hold_for_random_walks(void **unused) {
  (void)unused;
  uint64_t seed = 7;
  for (int round = 0; round < 200; round++) {
    size_t n = 5 + test_below(&seed, round < 190 ? 300 : 60000);
    double *p = malloc(n * sizeof *p);
    if (!p) fail_msg("out of memory");
    p[0] = 100;
    for (size_t i = 1; i < n; i++)
      p[i] = p[i - 1] * (1.0001 + 0.02 * ((double)test_below(&seed, 1U << 31) / (1U << 30) - 1));
    struct series s = made(p, n, 1);
    double rf = round % 3 == 0 ? 0.04 : 0;
    struct statistics got = compute(&s, (struct statistics_options){.rf = rf, .all = true}), want;
    naive(&s, rf, 252, &want);
    near("volatility", got.volatility, want.volatility);
    near("sharpe", got.sharpe, want.sharpe);
    near("sortino", got.sortino, want.sortino);
    near("max_drawdown", got.max_drawdown, want.max_drawdown);
    near("var95", got.var95, want.var95);
    near("cvar95", got.cvar95, want.cvar95);
    near("best_day", got.best_day, want.best_day);
    near("worst_day", got.worst_day, want.worst_day);
    if (fabs(want.skew) > 1e-3) near("skew", got.skew, want.skew);
    if (fabs(want.excess_kurtosis) > 1e-3)
      near("excess_kurtosis", got.excess_kurtosis, want.excess_kurtosis);
    done(&s);
    free(p);
  }
}

static void the_fifth_percentile_is_found_among_many_equal_returns(void **unused) {
  (void)unused;
  uint64_t seed = 11;
  static const double step[] = {0.5, 0.5, 0.5, 1, 2, 2, 2};
  for (int round = 0; round < 300; round++) {
    size_t n = 2 + test_below(&seed, 200);
    double p[210];
    p[0] = 1;
    for (size_t i = 1; i < n; i++) p[i] = p[i - 1] * step[test_below(&seed, 7)];
    struct series s = made(p, n, 1);
    struct statistics got = compute(&s, (struct statistics_options){.all = true}), want;
    naive(&s, 0, 252, &want);
    near("var95", got.var95, want.var95);
    near("cvar95", got.cvar95, want.cvar95);
    done(&s);
  }
}

static void too_few_rows_give_no_number(void **unused) {
  (void)unused;
  const double p[] = {100, 110, 105, 120};
  struct statistics_options all = {.all = true};
  struct series s = made(p, 1, 1);
  struct statistics r = compute(&s, all);
  assert_true(r.start_price == 100 && r.end_price == 100 && r.avg_volume == 1000);
  assert_true(isnan(r.total_return) && isnan(r.volatility) && isnan(r.sharpe) && isnan(r.cagr) &&
              isnan(r.max_drawdown) && isnan(r.var95) && isnan(r.best_day) && isnan(r.periods));
  assert_true(r.peak_date == STATISTICS_NO_DATE && r.trough_date == STATISTICS_NO_DATE);
  done(&s);
  s = made(p, 2, 1);
  r = compute(&s, all);
  near("total_return", r.total_return, 10);
  assert_true(isnan(r.volatility) && isnan(r.sharpe) && isnan(r.skew) && isnan(r.excess_kurtosis));
  done(&s);
  s = made(p, 3, 1);
  r = compute(&s, all);
  assert_true(!isnan(r.volatility) && !isnan(r.sharpe) && isnan(r.skew));
  done(&s);
  s = made(p, 4, 1);
  r = compute(&s, all);
  assert_true(!isnan(r.skew) && isnan(r.excess_kurtosis));
  done(&s);
}

static void a_zero_deviation_divides_nothing(void **unused) {
  (void)unused;
  double constant[50], growing[50];
  for (int i = 0; i < 50; i++) constant[i] = 42.5, growing[i] = i ? growing[i - 1] * 1.01 : 100;
  struct statistics_options all = {.all = true};
  struct series s = made(constant, 50, 1);
  struct statistics r = compute(&s, all);
  assert_true(r.volatility == 0 && r.total_return == 0 && r.max_drawdown == 0 && r.cagr == 0);
  assert_true(isnan(r.sharpe) && isnan(r.sortino) && isnan(r.skew) && isnan(r.excess_kurtosis) &&
              isnan(r.calmar));
  assert_true(r.peak_date == STATISTICS_NO_DATE);
  done(&s);
  s = made(growing, 50, 1); /* returns that differ by rounding alone */
  r = compute(&s, all);
  assert_true(isnan(r.sharpe) && isnan(r.sortino) && isnan(r.skew) && isnan(r.calmar));
  done(&s);
}

static void numbers_too_large_are_no_numbers(void **unused) {
  (void)unused;
  const double p[] = {1e-300, 1e300, 1e-300, 1e300};
  struct series s = made(p, 4, 1);
  struct statistics r = compute(&s, (struct statistics_options){.all = true});
  assert_true(isnan(r.total_return) && isnan(r.volatility) && isnan(r.sharpe) && isnan(r.best_day));
  assert_true(isfinite(r.worst_day) && isfinite(r.max_drawdown));
  done(&s);
}

static void drawdown_knows_its_dates(void **unused) {
  (void)unused;
  const double p[] = {100, 90, 120, 100, 120, 60, 90, 130};
  struct series s = made(p, 8, 1);
  struct statistics r = compute(&s, (struct statistics_options){.all = true});
  near("max_drawdown", r.max_drawdown, -50);
  assert_int_equal(r.peak_date, 2 * DATE_DAY);
  assert_int_equal(r.trough_date, 5 * DATE_DAY);
  done(&s);
}

static void periods_follow_the_median_gap(void **unused) {
  (void)unused;
  double p[10];
  for (int i = 0; i < 10; i++) p[i] = 100 + i * i;
  static const struct {
    int64_t gap;
    double periods;
  } examples[] = {{1, 252}, {4, 252}, {7, 52}, {14, 52}, {30, 12}, {91, 12}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    struct series s = made(p, 10, examples[i].gap);
    assert_true(compute(&s, (struct statistics_options){0}).periods == examples[i].periods);
    assert_true(compute(&s, (struct statistics_options){.periods = 365}).periods == 365);
    done(&s);
  }
  struct series s = made(p, 3, 1); /* gaps of 1 and 7 days: their median is 4 */
  s.when[2] = 8 * DATE_DAY;
  assert_true(compute(&s, (struct statistics_options){0}).periods == 252);
  s.when[2] = 11 * DATE_DAY; /* 1 and 10: 5.5 */
  assert_true(compute(&s, (struct statistics_options){0}).periods == 52);
  done(&s);
}

static void missing_volumes_are_left_out_of_their_mean(void **unused) {
  (void)unused;
  const double p[] = {1, 2, 3};
  struct series s = made(p, 3, 1);
  s.volume[1] = NAN;
  assert_true(compute(&s, (struct statistics_options){0}).avg_volume == 1001);
  s.volume[0] = s.volume[2] = NAN;
  assert_true(isnan(compute(&s, (struct statistics_options){0}).avg_volume));
  done(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(definitions_hold_for_random_walks),
      cmocka_unit_test(the_fifth_percentile_is_found_among_many_equal_returns),
      cmocka_unit_test(too_few_rows_give_no_number),
      cmocka_unit_test(a_zero_deviation_divides_nothing),
      cmocka_unit_test(numbers_too_large_are_no_numbers),
      cmocka_unit_test(drawdown_knows_its_dates),
      cmocka_unit_test(periods_follow_the_median_gap),
      cmocka_unit_test(missing_volumes_are_left_out_of_their_mean),
  };
  return cmocka_run_group_tests_name("statistics", tests, NULL, NULL);
}
