/* SPDX-License-Identifier: MIT */
#include "field.h"

#include "../price/date.h"
#include "../price/decimal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct text text_of(json_t *string) {
  return (struct text){json_string_value(string), json_string_length(string)};
}

static bool says_nothing(struct text t) {
  static const char *const words[] = {"", "none", "-", "n/a", "na", "null", "nan"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (text_is(t, words[i])) return true;
  return false;
}

enum field_kind field_number(json_t *value, double *ret) {
  double v;
  if (!value || json_is_null(value)) return FIELD_MISSING;
  if (json_is_number(value)) {
    v = json_number_value(value);
  } else {
    if (!json_is_string(value)) return FIELD_BAD;
    struct text t = text_trim(text_of(value));
    if (says_nothing(t)) return FIELD_MISSING;
    if (t.at[t.size - 1] == '%') t.size--;
    if (!decimal_parse(t, &v)) return FIELD_BAD;
  }
  if (!isfinite(v)) return FIELD_BAD;
  *ret = v;
  return FIELD_GOOD;
}

double field_positive(json_t *value) {
  double v;
  return field_number(value, &v) == FIELD_GOOD && v > 0 ? v : (double)NAN;
}

double field_not_negative(json_t *value) {
  double v;
  return field_number(value, &v) == FIELD_GOOD && v >= 0 ? v : (double)NAN;
}

void field_text(json_t *value, char *out, size_t room) {
  *out = 0;
  if (!json_is_string(value)) return;
  struct text t = text_trim(text_of(value));
  if (says_nothing(t) || t.size >= room || memchr(t.at, 0, t.size)) return;
  memcpy(out, t.at, t.size);
  out[t.size] = 0;
}

const char *field_string(json_t *value) {
  const char *s = json_string_value(value);
  return s ? s : "";
}

/* -- times ------------------------------------------------------------------------------------ */

void field_time_of(double unix_seconds, char out[QUOTE_TIME]) {
  *out = 0;
  if (!(unix_seconds > 0) || unix_seconds >= 253402300800.0) return; /* year 10000 */
  time_t t = (time_t)unix_seconds;
  struct tm tm;
  if (gmtime_r(&t, &tm)) strftime(out, QUOTE_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* Exactly n digits. */
static bool digits(struct text *t, size_t n, int *ret) {
  if (t->size < n) return false;
  int v = 0;
  for (size_t i = 0; i < n; i++) {
    if (!text_is_digit(t->at[i])) return false;
    v = 10 * v + (t->at[i] - '0');
  }
  *t = text_skip(*t, n);
  *ret = v;
  return true;
}

static bool skip(struct text *t, char c) {
  if (t->size == 0 || t->at[0] != c) return false;
  *t = text_skip(*t, 1);
  return true;
}

/* "Z", "+02:00", "-0500", or nothing, which is UTC. */
static bool zone(struct text t, int *ret_seconds) {
  *ret_seconds = 0;
  if (t.size == 0) return true;
  if (t.size == 1 && (*t.at == 'Z' || *t.at == 'z')) return true;
  bool west = skip(&t, '-');
  int hours, minutes;
  if (!west && !skip(&t, '+')) return false;
  if (!digits(&t, 2, &hours)) return false;
  skip(&t, ':');
  if (!digits(&t, 2, &minutes) || t.size || hours > 23 || minutes > 59) return false;
  *ret_seconds = (west ? -1 : 1) * 60 * (60 * hours + minutes);
  return true;
}

static void iso_time(struct text t, char out[QUOTE_TIME]) {
  int year, month, day, hour, minute, second = 0, offset;
  if (!digits(&t, 4, &year) || !skip(&t, '-') || !digits(&t, 2, &month) || !skip(&t, '-') ||
      !digits(&t, 2, &day) || !date_is_valid(year, month, day))
    return;
  if (t.size == 0) {
    snprintf(out, QUOTE_TIME, "%04d-%02d-%02d", year, month, day);
    return;
  }
  if (!skip(&t, 'T') && !skip(&t, ' ')) return;
  if (!digits(&t, 2, &hour) || !skip(&t, ':') || !digits(&t, 2, &minute)) return;
  if (skip(&t, ':') && !digits(&t, 2, &second)) return;
  if (skip(&t, '.'))
    while (t.size && text_is_digit(*t.at)) t = text_skip(t, 1);
  if (hour > 23 || minute > 59 || second > 60 || !zone(text_trim(t), &offset)) return;
  double seconds = 86400.0 * (double)date_days(year, month, day) + 3600.0 * hour + 60.0 * minute +
                   second - offset;
  field_time_of(seconds, out);
}

void field_time(json_t *value, char out[QUOTE_TIME]) {
  *out = 0;
  if (json_is_string(value)) {
    struct text t = text_trim(text_of(value));
    iso_time(t, out);
    if (*out) return;
  }
  double v;
  if (field_number(value, &v) != FIELD_GOOD) return;
  /* As seconds, 1e11 would be the year 5138; as milliseconds it is 1973. */
  field_time_of(v >= 1e11 ? v / 1000 : v, out);
}

/* -- floats and symbols ----------------------------------------------------------------------- */

double field_unfloat(double value) {
  float f = (float)value;
  if ((double)f != value) return value;
  char text[40];
  for (int d = 6; d <= 9; d++) {
    snprintf(text, sizeof text, "%.*g", d, value);
    if (strtof(text, NULL) == f) break;
  }
  return strtod(text, NULL);
}

bool field_same_symbol(const char *a, const char *b) {
  while (*a && text_lower(*a) == text_lower(*b)) a++, b++;
  return *a == *b;
}
