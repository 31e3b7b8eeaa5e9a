/* SPDX-License-Identifier: MIT */
#include "columns.h"

#include "../price/date.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>

#define TEXT(name)  #name, COLUMN_TEXT, offsetof(struct record, name)
#define REAL(name)  #name, COLUMN_REAL, offsetof(struct statistics, name)
#define COUNT(name) #name, COLUMN_COUNT, offsetof(struct statistics, name)
#define DATE(name)  #name, COLUMN_DATE, offsetof(struct statistics, name)

enum { FIRST = 7 };

static const struct column columns[] = {
    {TEXT(ticker)},       {REAL(start_price)},     {REAL(end_price)},    {REAL(total_return)},
    {REAL(volatility)},   {REAL(avg_volume)},      {REAL(sharpe)},       {TEXT(path)},
    {COUNT(rows)},        {COUNT(dropped)},        {DATE(start_date)},   {DATE(end_date)},
    {REAL(cagr)},         {REAL(sortino)},         {REAL(max_drawdown)}, {DATE(peak_date)},
    {DATE(trough_date)},  {REAL(calmar)},          {REAL(var95)},        {REAL(cvar95)},
    {REAL(skew)},         {REAL(excess_kurtosis)}, {REAL(best_day)},     {REAL(worst_day)},
    {TEXT(price_column)}, {REAL(periods)},
};

size_t columns_shown(bool all, const struct column **ret) {
  *ret = columns;
  return all ? sizeof columns / sizeof *columns : FIRST;
}

const char *columns_string(const struct column *c, const struct record *r) {
  const char *text;
  memcpy(&text, (const char *)r + c->offset, sizeof text);
  return text;
}

const char *columns_number(const struct column *c, const struct statistics *s,
                           char out[COLUMNS_TEXT]) {
  const void *at = (const char *)s + c->offset;
  if (c->kind == COLUMN_COUNT) {
    snprintf(out, COLUMNS_TEXT, "%zu", *(const size_t *)at);
    return out;
  }
  if (c->kind == COLUMN_DATE) {
    int64_t when = *(const int64_t *)at;
    return when == STATISTICS_NO_DATE ? NULL : date_format(when, out);
  }
  double d = *(const double *)at;
  if (!isfinite(d)) return NULL;
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, COLUMNS_TEXT, "%.*g", digits, d);
    if (strtod(out, NULL) == d) break;
  }
  return out;
}
