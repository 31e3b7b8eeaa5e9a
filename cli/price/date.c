/* SPDX-License-Identifier: MIT */
#include "date.h"

#include <stdio.h>

int date_month_length(int year, int month) {
  static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return length[month - 1] + (leap && month == 2);
}

bool date_is_valid(int year, int month, int day) {
  return year >= 1 && year <= 9999 && month >= 1 && month <= 12 && day >= 1 &&
         day <= date_month_length(year, month);
}

/* Days before the first of March of `year`, counted from 1 March of year 0: with the leap day at
 * the year's end, every month's first day is a linear function of its number. */
static int64_t days_before_march(int64_t year) {
  return 365 * year + year / 4 - year / 100 + year / 400;
}

enum { EPOCH = 719468 }; /* 1970-01-01, counted from 1 March of year 0 */

int64_t date_days(int year, int month, int day) {
  int64_t y = month > 2 ? year : year - 1;
  int64_t m = month > 2 ? month - 3 : month + 9;
  return days_before_march(y) + (153 * m + 2) / 5 + day - 1 - EPOCH;
}

void date_civil(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
  int64_t n = days + EPOCH;
  int64_t year = (n * 400 + 591) / 146097; /* right or one too many: corrected here */
  while (days_before_march(year) > n) year--;
  while (days_before_march(year + 1) <= n) year++;
  int64_t in_year = n - days_before_march(year);
  int64_t m = (5 * in_year + 2) / 153;
  *ret_day = (int)(in_year - (153 * m + 2) / 5 + 1);
  *ret_month = (int)(m < 10 ? m + 3 : m - 9);
  *ret_year = (int)(m < 10 ? year : year + 1);
}

char *date_format(int64_t when, char out[DATE_SIZE]) {
  int64_t days = when / DATE_DAY, rest = when % DATE_DAY;
  if (rest < 0) days--, rest += DATE_DAY;
  int y, m, d, s = (int)(rest / 1000000);
  date_civil(days, &y, &m, &d);
  if (rest == 0)
    snprintf(out, DATE_SIZE, "%04d-%02d-%02d", y, m, d);
  else
    snprintf(out, DATE_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d, s / 3600, s / 60 % 60,
             s % 60);
  return out;
}

/* Up to `most` digits; returns how many, 0 if there are none or more. */
static size_t take_number(struct text *t, size_t most, int64_t *ret) {
  size_t n = 0;
  int64_t v = 0;
  for (; n < t->size && text_is_digit(t->at[n]); n++) {
    if (n == most) return 0;
    v = v * 10 + (t->at[n] - '0');
  }
  *t = text_skip(*t, n);
  *ret = v;
  return n;
}

static bool take_char(struct text *t, char c) {
  if (t->size == 0 || t->at[0] != c) return false;
  *t = text_skip(*t, 1);
  return true;
}

/* The name of a month, English, in full or its first three letters. */
static bool take_month(struct text *t, int64_t *ret) {
  static const char *const names[] = {"january",   "february", "march",    "april",
                                      "may",       "june",     "july",     "august",
                                      "september", "october",  "november", "december"};
  size_t n = 0;
  while (n < t->size && text_is_letter(t->at[n])) n++;
  if (n < 3) return false;
  for (int m = 0; m < 12; m++) {
    char abbreviated[4] = {names[m][0], names[m][1], names[m][2], 0};
    struct text word = {t->at, n};
    if (text_is(word, names[m]) || text_is(word, abbreviated) ||
        (m == 8 && text_is(word, "sept"))) {
      *t = text_skip(*t, n);
      *ret = m + 1;
      return true;
    }
  }
  return false;
}

/* Z, UTC, +01:00, -0500 and the like: accepted, not applied. */
static bool is_zone(struct text t) {
  t = text_trim(t);
  if (t.size == 0 || text_is(t, "z") || text_is(t, "utc") || text_is(t, "gmt")) return true;
  if (t.at[0] != '+' && t.at[0] != '-') return false;
  int64_t unused;
  t = text_skip(t, 1);
  size_t n = take_number(&t, 4, &unused);
  if (n == 4) return t.size == 0;
  if (n != 2) return false;
  return t.size == 0 || (take_char(&t, ':') && take_number(&t, 2, &unused) == 2 && t.size == 0);
}

static bool take_fraction(struct text *t, int64_t *micro) {
  int64_t v = 0, scale = 100000;
  size_t n = 0;
  for (; n < t->size && text_is_digit(t->at[n]); n++) {
    v += scale * (t->at[n] - '0');
    scale /= 10;
  }
  *t = text_skip(*t, n);
  *micro = v;
  return n > 0;
}

static bool is_half(struct text t) {
  t = text_trim(t);
  return text_begins(t, "am") || text_begins(t, "pm");
}

/* AM and PM turn 12-hour clocks into 24 hours. */
static bool take_half(struct text *t, int64_t *hour) {
  if (!is_half(*t)) return true;
  if (*hour < 1 || *hour > 12) return false;
  *t = text_trim(*t);
  *hour = *hour % 12 + (text_begins(*t, "pm") ? 12 : 0);
  *t = text_skip(*t, 2);
  return true;
}

bool date_time(struct text field, int64_t *ret) {
  struct text t = text_trim(field);
  int64_t h, m = 0, s = 0, micro = 0;
  size_t n = take_number(&t, 6, &h);
  if (n == 6)
    s = h % 100, m = h / 100 % 100, h /= 10000;
  else if (n == 4 || (n == 3 && t.size == 0))
    m = h % 100, h /= 100;
  else if (n == 1 || n == 2) {
    if (take_char(&t, ':')) {
      if (take_number(&t, 2, &m) != 2) return false;
      if (take_char(&t, ':') && take_number(&t, 2, &s) != 2) return false;
      if (take_char(&t, '.') && !take_fraction(&t, &micro)) return false;
    } else if (!is_half(t)) {
      return false; /* 9 is no time, 9 PM is one */
    }
  } else {
    return false;
  }
  if (!take_half(&t, &h) || !is_zone(t) || h > 23 || m > 59 || s > 59) return false;
  *ret = ((h * 60 + m) * 60 + s) * 1000000 + micro;
  return true;
}

/* What follows a date: nothing, or a time after a T, a comma or spaces. */
static enum date_kind with_time(struct text t, int64_t y, int64_t m, int64_t d, int64_t *ret) {
  int64_t time = 0;
  if (!date_is_valid((int)y, (int)m, (int)d)) return DATE_BAD;
  bool marked = take_char(&t, 'T') || take_char(&t, ' ') || take_char(&t, ',');
  if (marked ? !date_time(t, &time) : t.size > 0) return DATE_BAD;
  *ret = date_days((int)y, (int)m, (int)d) * DATE_DAY + time;
  return DATE_FINE;
}

/* Text of digits alone: by their number a date, a date with a time, or a Unix time. */
static enum date_kind all_digits(struct text t, int64_t *ret) {
  int64_t v, time;
  size_t n = take_number(&t, 17, &v);
  if (n == 8) return with_time(t, v / 10000, v / 100 % 100, v % 100, ret);
  if (n == 14) {
    struct text clock = {t.at - 6, 6};
    if (!date_time(clock, &time)) return DATE_BAD;
    int64_t day = v / 1000000;
    enum date_kind k = with_time(t, day / 10000, day / 100 % 100, day % 100, ret);
    if (k == DATE_FINE) *ret += time;
    return k;
  }
  if (n == 10)
    *ret = v * 1000000;
  else if (n == 13)
    *ret = v * 1000;
  else if (n == 16)
    *ret = v;
  else
    return DATE_BAD;
  return DATE_FINE;
}

/* 2020-01-31, 2020/1/31, 2020.01.31, 2020-Jan-31, 2020-01. */
static enum date_kind year_first(struct text t, int64_t year, int64_t *ret) {
  int64_t m, d = 1;
  char mark = t.size > 0 ? t.at[0] : 0;
  if (mark != '-' && mark != '/' && mark != '.') return DATE_BAD;
  t = text_skip(t, 1);
  if (!take_month(&t, &m) && take_number(&t, 2, &m) == 0) return DATE_BAD;
  if (t.size == 0) return mark == '-' ? with_time(t, year, m, 1, ret) : DATE_BAD;
  if (!take_char(&t, mark) || take_number(&t, 2, &d) == 0) return DATE_BAD;
  return with_time(t, year, m, d, ret);
}

/* Four digits, or two as POSIX reads them: 69 to 99 are of the twentieth century. */
static bool take_year(struct text *t, int64_t *ret) {
  size_t n = take_number(t, 4, ret);
  if (n == 2) *ret += *ret < 69 ? 2000 : 1900;
  return n == 4 || n == 2;
}

static enum date_kind by_order(struct text t, int64_t a, int64_t b, int64_t year,
                               enum date_order order, int64_t *ret) {
  bool day_first = order == DATE_DAY_FIRST;
  enum date_kind k = with_time(t, year, day_first ? b : a, day_first ? a : b, ret);
  if (k == DATE_FINE) return a > 12 || b > 12 ? DATE_SETTLED : DATE_FINE;
  int64_t unused;
  k = with_time(t, year, day_first ? a : b, day_first ? b : a, &unused);
  return k == DATE_FINE ? DATE_SWAPPED : DATE_BAD;
}

/* 01/31/2020, 31.01.2020, 31-Jan-2020, 31 Jan 20. */
static enum date_kind year_last(struct text t, int64_t a, enum date_order order, int64_t *ret) {
  int64_t b, year;
  char mark = t.size > 0 ? t.at[0] : 0;
  if (mark != '-' && mark != '/' && mark != '.' && mark != ' ') return DATE_BAD;
  t = text_skip(t, 1);
  if (take_month(&t, &b)) {
    take_char(&t, mark);
    return take_year(&t, &year) ? with_time(t, year, b, a, ret) : DATE_BAD;
  }
  if (mark == ' ' || take_number(&t, 2, &b) == 0 || !take_char(&t, mark)) return DATE_BAD;
  return take_year(&t, &year) ? by_order(t, a, b, year, order, ret) : DATE_BAD;
}

/* Jan 31, 2020; January 31 2020. */
static enum date_kind month_first(struct text t, int64_t *ret) {
  int64_t m, d, year;
  if (!take_month(&t, &m)) return DATE_BAD;
  take_char(&t, '.');
  if (!take_char(&t, ' ') && !take_char(&t, '-')) return DATE_BAD;
  if (take_number(&t, 2, &d) == 0) return DATE_BAD;
  bool comma = take_char(&t, ',');
  if (!take_char(&t, ' ') && !take_char(&t, '-') && !comma) return DATE_BAD;
  return take_year(&t, &year) ? with_time(t, year, m, d, ret) : DATE_BAD;
}

enum date_kind date_parse(struct text field, enum date_order order, int64_t *ret) {
  struct text t = text_trim(field), rest = t;
  int64_t a = 0;
  if (t.size == 0) return DATE_BAD;
  if (text_is_letter(t.at[0])) return month_first(t, ret);
  size_t n = 0;
  while (n < t.size && text_is_digit(t.at[n])) n++;
  if (n == t.size) return all_digits(t, ret);
  if (n == 8) {
    take_number(&rest, 8, &a);
    return with_time(rest, a / 10000, a / 100 % 100, a % 100, ret);
  }
  if (n == 4 && take_number(&rest, 4, &a)) return year_first(rest, a, ret);
  if ((n == 1 || n == 2) && take_number(&rest, 2, &a)) return year_last(rest, a, order, ret);
  return DATE_BAD;
}
