/* SPDX-License-Identifier: MIT */
#include "rate.h"

#include <math.h>
#include <meantime.h>
#include <stdio.h>
#include <string.h>

#include "../price/decimal.h"

bool rate_of(double n, int64_t per_ns, struct rate *ret) {
  if (!(n > 0) || per_ns <= 0) return false;
  /* A whole number of requests in the unit's time; a fraction, or less than one, as one request in
   * the time that it takes. */
  if (n >= 1 && n == floor(n)) {
    if (n > 1e9) n = 1e9;
    *ret = (struct rate){(unsigned)n, per_ns};
    return true;
  }
  double one_ns = (double)per_ns / n;
  if (!(one_ns < (double)MT_SECONDS(86400) * 366)) return false;
  *ret = (struct rate){1, (int64_t)ceil(one_ns)};
  return true;
}

static int64_t unit_ns(struct text unit) {
  static const struct {
    const char *word;
    int64_t ns;
  } units[] = {{"s", MT_SECONDS(1)},       {"sec", MT_SECONDS(1)},     {"second", MT_SECONDS(1)},
               {"min", MT_SECONDS(60)},    {"minute", MT_SECONDS(60)}, {"h", MT_SECONDS(3600)},
               {"hour", MT_SECONDS(3600)}, {"day", MT_SECONDS(86400)}, {"d", MT_SECONDS(86400)}};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++)
    if (text_is(unit, units[i].word)) return units[i].ns;
  return 0;
}

static bool one(struct text t, struct rate *ret) {
  const char *slash = memchr(t.at, '/', t.size);
  if (!slash) return false;
  size_t before = (size_t)(slash - t.at);
  struct text number = text_trim((struct text){t.at, before});
  struct text unit = text_trim(text_skip(t, before + 1));
  double n;
  return decimal_parse(number, &n) && rate_of(n, unit_ns(unit), ret);
}

bool rates_parse(const char *text, struct rates *ret, char error[RATE_ROOM]) {
  struct rates rates = {.count = 0};
  for (const char *at = text;; at++) {
    size_t n = strcspn(at, ",");
    struct text t = text_trim((struct text){at, n});
    if (rates.count == RATES_MOST) {
      snprintf(error, RATE_ROOM, "more than %d rates", RATES_MOST);
      return false;
    }
    if (!one(t, &rates.at[rates.count++])) {
      snprintf(error, RATE_ROOM,
               "\"%.*s\" is no rate; rates look like 2/s, 8/min, 100/hour or 25/day",
               (int)(t.size < 40 ? t.size : 40), t.at);
      return false;
    }
    at += n;
    if (!*at) break;
  }
  *ret = rates;
  return true;
}
