/* SPDX-License-Identifier: MIT */
#include "retry.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static_assert(HTTP_ERRORS <= 32, "errors are bits of struct retry_on");

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* -- Retry-After ------------------------------------------------------------------------------ */

struct date {
  int year, month, day, hour, minute, second;
};

/* Takes the text, if the rest begins with it. */
static bool take(const char **s, const char *text) {
  size_t n = strlen(text);
  if (strncmp(*s, text, n) != 0) return false;
  *s += n;
  return true;
}

/* Exactly so many digits. */
static bool take_digits(const char **s, int digits, int *ret) {
  int v = 0;
  for (int i = 0; i < digits; i++) {
    if (!is_digit((*s)[i])) return false;
    v = v * 10 + ((*s)[i] - '0');
  }
  *s += digits;
  *ret = v;
  return true;
}

/* One of several words; its place among them, or -1. */
static int take_word(const char **s, const char *const *words, int n) {
  for (int i = 0; i < n; i++)
    if (take(s, words[i])) return i;
  return -1;
}

static bool take_month(const char **s, int *ret) {
  static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int at = take_word(s, months, 12);
  *ret = at + 1;
  return at >= 0;
}

static bool take_time(const char **s, struct date *d) {
  return take_digits(s, 2, &d->hour) && take(s, ":") && take_digits(s, 2, &d->minute) &&
         take(s, ":") && take_digits(s, 2, &d->second);
}

static bool is_leap(int year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01; the years before are counted with their leap days. */
static int64_t days_of(const struct date *d) {
  static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  int64_t y = d->year - 1;
  int64_t days = y * 365 + y / 4 - y / 100 + y / 400 - 719162;
  return days + before[d->month - 1] + (d->month > 2 && is_leap(d->year)) + d->day - 1;
}

static int64_t seconds_of(const struct date *d) {
  return days_of(d) * 86400 + d->hour * 3600 + d->minute * 60 + d->second;
}

static bool is_date(const struct date *d) {
  static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (d->year < 1 || d->day < 1 || d->hour > 23 || d->minute > 59 || d->second > 60) return false;
  return d->day <= length[d->month - 1] + (d->month == 2 && is_leap(d->year));
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool read_fixed(const char *s, struct date *d) {
  return take(&s, ", ") && take_digits(&s, 2, &d->day) && take(&s, " ") &&
         take_month(&s, &d->month) && take(&s, " ") && take_digits(&s, 4, &d->year) &&
         take(&s, " ") && take_time(&s, d) && take(&s, " GMT") && !*s;
}

/* Sun Nov  6 08:49:37 1994 */
static bool read_asctime(const char *s, struct date *d) {
  return take(&s, " ") && take_month(&s, &d->month) && take(&s, " ") &&
         (take(&s, " ") ? take_digits(&s, 1, &d->day) : take_digits(&s, 2, &d->day)) &&
         take(&s, " ") && take_time(&s, d) && take(&s, " ") && take_digits(&s, 4, &d->year) && !*s;
}

/* Sunday, 06-Nov-94 08:49:37 GMT. Of the years that end so, it means the latest one that is not
 * more than 50 years ahead. */
static bool read_850(const char *s, int64_t now_s, struct date *d) {
  static const int64_t fifty_years_s = INT64_C(50) * 31556952;
  bool fine = take(&s, ", ") && take_digits(&s, 2, &d->day) && take(&s, "-") &&
              take_month(&s, &d->month) && take(&s, "-") && take_digits(&s, 2, &d->year) &&
              take(&s, " ") && take_time(&s, d) && take(&s, " GMT") && !*s;
  if (!fine) return false;
  struct date later = *d;
  for (later.year += 1900; later.year <= 9999; later.year += 100) {
    if (later.year >= 2000 && seconds_of(&later) > now_s + fifty_years_s) break;
    d->year = later.year;
  }
  return true;
}

static bool read_date(const char *s, int64_t now_s, struct date *ret) {
  static const char *const days[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                     "Friday", "Saturday", "Sunday"};
  static const char *const short_days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  const char *rest = s;
  bool fine = false;
  if (take_word(&rest, days, 7) >= 0)
    fine = read_850(rest, now_s, ret);
  else if (take_word(&rest, short_days, 7) >= 0)
    fine = *rest == ',' ? read_fixed(rest, ret) : read_asctime(rest, ret);
  return fine && is_date(ret);
}

/* Any number of digits. -1: not digits alone. */
static int64_t read_delay_ns(const char *s, size_t size) {
  int64_t ns = 0;
  for (size_t i = 0; i < size; i++) {
    if (!is_digit(s[i])) return -1;
    ns = ns * 10 + (s[i] - '0') * INT64_C(1000000000);
    if (ns > RETRY_AFTER_MOST_NS) ns = RETRY_AFTER_MOST_NS;
  }
  return size > 0 ? ns : -1;
}

static bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

int64_t retry_after_ns(const char *value, int64_t now_unix_ns) {
  while (is_blank(*value)) value++;
  size_t size = strlen(value);
  while (size > 0 && is_blank(value[size - 1])) size--;
  int64_t delay_ns = read_delay_ns(value, size);
  if (delay_ns >= 0) return delay_ns;

  char text[40]; /* no date is longer */
  struct date date;
  int64_t now_s = now_unix_ns / 1000000000;
  if (size >= sizeof text) return -1;
  memcpy(text, value, size);
  text[size] = 0;
  if (!read_date(text, now_s, &date)) return -1;
  int64_t ahead_s = seconds_of(&date) - now_s;
  if (ahead_s <= 0) return 0;
  if (ahead_s > RETRY_AFTER_MOST_NS / 1000000000) return RETRY_AFTER_MOST_NS;
  return ahead_s * 1000000000 - now_unix_ns % 1000000000;
}

/* -- --retry-on ------------------------------------------------------------------------------- */

/* Failures that are the same the next time, or after which there is no next time. */
static bool is_final(enum http_error error) {
  return error == HTTP_DEADLINE || error == HTTP_URL || error == HTTP_CANCELLED;
}

static void add_statuses(struct retry_on *r, int first, int last) {
  for (int status = first; status <= last; status++) {
    int at = status - RETRY_STATUS_FIRST;
    r->statuses[at / 64] |= UINT64_C(1) << at % 64;
  }
}

static void add_error(struct retry_on *r, enum http_error error) {
  if (error == HTTP_STATUS)
    add_statuses(r, RETRY_STATUS_FIRST, RETRY_STATUS_LAST);
  else
    r->errors |= 1U << error;
}

static bool refuse(char error[RETRY_ERROR], const char *part, const char *why) {
  snprintf(error, RETRY_ERROR, "\"%.60s\" %s", part, why);
  return false;
}

/* "429" or "5xx". */
static bool add_status(struct retry_on *r, const char *part, char error[RETRY_ERROR]) {
  bool class = strcmp(part + 1, "xx") == 0;
  if (strlen(part) != 3 || (!class && !(is_digit(part[1]) && is_digit(part[2]))))
    return refuse(error, part, "is no status: write three digits (429), or a class (5xx)");
  int first = (part[0] - '0') * 100, last = first + 99;
  if (!class) first = last = first + (part[1] - '0') * 10 + part[2] - '0';
  if (first < RETRY_STATUS_FIRST) return refuse(error, part, "is no failure: those begin at 400");
  add_statuses(r, first, last);
  return true;
}

static bool add_part(struct retry_on *r, const char *part, char error[RETRY_ERROR]) {
  if (is_digit(*part)) return add_status(r, part, error);
  if (strcmp(part, "default") == 0) {
    struct retry_on usual;
    bool fine = retry_on_parse(RETRY_ON_DEFAULT, &usual, error);
    for (size_t i = 0; i < sizeof r->statuses / sizeof *r->statuses; i++)
      r->statuses[i] |= usual.statuses[i];
    r->errors |= usual.errors;
    return fine;
  }
  if (strcmp(part, "all") == 0) {
    for (int e = HTTP_FINE + 1; e < HTTP_ERRORS; e++)
      if (!is_final((enum http_error)e)) add_error(r, (enum http_error)e);
    return true;
  }
  enum http_error named = http_error_of(part);
  if (named == HTTP_FINE)
    return refuse(error, part,
                  "is nothing to retry on: it takes 429, 5xx, http, timeout, connect, dns, tls, "
                  "reset, partial, default, all, or none alone");
  if (is_final(named)) return refuse(error, part, "is final: no other attempt can mend it");
  add_error(r, named);
  return true;
}

bool retry_on_parse(const char *text, struct retry_on *ret, char error[RETRY_ERROR]) {
  struct retry_on r = {0};
  if (strcmp(text, "none") == 0) {
    *ret = r;
    return true;
  }
  for (const char *s = text;; s++) {
    const char *end = strchrnul(s, ',');
    const char *last = end;
    while (s < last && is_blank(*s)) s++;
    while (s < last && is_blank(last[-1])) last--;
    char part[64];
    size_t size = (size_t)(last - s);
    if (size >= sizeof part) size = sizeof part - 1; /* which no word is as long as */
    memcpy(part, s, size);
    part[size] = 0;
    if (!add_part(&r, part, error)) return false;
    if (!*end) break;
    s = end;
  }
  *ret = r;
  return true;
}

bool retry_on_status(const struct retry_on *r, long status) {
  if (status < RETRY_STATUS_FIRST || status > RETRY_STATUS_LAST) return false;
  int at = (int)status - RETRY_STATUS_FIRST;
  return r->statuses[at / 64] >> at % 64 & 1;
}

bool retry_on_error(const struct retry_on *r, enum http_error error) {
  return r->errors >> error & 1;
}

bool method_is_idempotent(const char *method) {
  static const char *const names[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(method, names[i]) == 0) return true;
  return false;
}
