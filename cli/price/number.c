/* SPDX-License-Identifier: MIT
 *
 * number.c: what people and programs put around the digits: currencies, separators of thousands,
 * suffixes, and words that say that there is no number. */
#include "number.h"

#include "decimal.h"

#include <math.h>
#include <stdlib.h>

static bool is_missing(struct text t) {
  static const char *const words[] = {
      "",    "null", "n/a",  "na",   "nan",  "none",    "nil",     "#n/a",     "-",        "--",
      "---", ".",    "inf",  "+inf", "-inf", "n.a.",    "nd",      "n/d",      "infinity", "-nan",
      "#na", "?",    "<na>", "nat",  "*",    "#value!", "#div/0!", "-infinity"};
  if (t.size > 9) return false;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (text_is(t, words[i])) return true;
  return false;
}

/* Length of a sign of currency at t, or 0. */
static size_t currency_at(struct text t) {
  static const char *const signs[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5", "\xe2\x82\xb9"};
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    size_t n = strlen(signs[i]);
    if (t.size >= n && memcmp(t.at, signs[i], n) == 0) return n;
  }
  return 0;
}

static struct text without_currency(struct text t, bool *minus) {
  *minus = false;
  if (t.size > 1 && t.at[0] == '-' && currency_at(text_skip(t, 1))) {
    *minus = true;
    t = text_skip(t, 1);
  }
  size_t n = currency_at(t);
  if (n) return text_trim(text_skip(t, n));
  for (size_t tail = 1; tail <= 3 && tail < t.size; tail++) {
    struct text end = {t.at + t.size - tail, tail};
    if (currency_at(end) == tail) return text_trim((struct text){t.at, t.size - tail});
  }
  return t;
}

/* Length of a separator of thousands at t: the sign that is not the decimal one, a space, also
 * non-breaking (U+00A0, U+202F), an apostrophe, also typographic. */
static size_t separator_at(struct text t, char decimal) {
  static const char *const wide_ones[] = {"\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x99"};
  if (t.size == 0) return 0;
  char c = t.at[0];
  if (c == ' ' || c == '\'' || (c == '.' && decimal == ',') || (c == ',' && decimal == '.'))
    return 1;
  for (size_t i = 0; i < sizeof wide_ones / sizeof *wide_ones; i++) {
    size_t n = strlen(wide_ones[i]);
    if (t.size >= n && memcmp(t.at, wide_ones[i], n) == 0) return n;
  }
  return 0;
}

/* Copies the number with a point for its decimal sign and without grouping. A group that cannot be
 * one (1,2345 or 12,34.5) makes it false: a guess would be a wrong price. Groups of two before the
 * last are Indian lakhs. */
static bool normalise(struct text t, char decimal, char *out, size_t room, size_t *ret_size) {
  size_t n = 0, run = 0, groups = 0;
  bool whole = true;
  for (size_t i = 0; i < t.size;) {
    char c = t.at[i];
    size_t gap = whole ? separator_at(text_skip(t, i), decimal) : 0;
    if (n + 1 >= room) return false;
    if (gap) {
      bool fits = groups == 0 ? run >= 1 && run <= 3 : run == 2 || run == 3;
      if (!fits) return false;
      groups++, run = 0, i += gap;
      continue;
    }
    if (whole && !text_is_digit(c) && (n > 0 || (c != '-' && c != '+'))) {
      if (groups > 0 && run != 3) return false;
      whole = false;
    }
    if (whole && text_is_digit(c)) run++;
    out[n++] = c == decimal ? '.' : c;
    i++;
  }
  *ret_size = n;
  return !(whole && groups > 0 && run != 3);
}

static int suffix_exponent(char c) {
  switch (text_lower(c)) {
  case 'k':
    return 3;
  case 'm':
    return 6;
  case 'b':
    return 9;
  case 't':
    return 12;
  default:
    return 0;
  }
}

/* 12.34M: the suffix becomes an exponent, so that the product is rounded once. */
static size_t append_exponent(char *out, size_t n, int exponent) {
  out[n++] = 'e';
  if (exponent > 9) out[n++] = '1';
  out[n++] = (char)('0' + exponent % 10);
  return n;
}

static bool general(struct text t, char decimal, bool suffixes, double *ret) {
  char small[160], *out = small;
  size_t room = t.size + 8, n;
  bool minus;
  if (room > sizeof small && !(out = malloc(room))) return false;
  t = without_currency(t, &minus);
  int exponent = suffixes && t.size > 1 ? suffix_exponent(t.at[t.size - 1]) : 0;
  if (exponent) t = text_trim((struct text){t.at, t.size - 1});
  bool fine = normalise(t, decimal, out, room, &n);
  if (fine && exponent) n = append_exponent(out, n, exponent);
  fine = fine && decimal_parse((struct text){out, n}, ret);
  if (out != small) free(out);
  if (fine && minus) *ret = -*ret;
  return fine;
}

enum number_kind number_parse(struct text field, char decimal, bool suffixes, double *ret) {
  struct text t = text_trim(field);
  double d;
  bool plain = decimal == '.' && decimal_parse(t, &d);
  if (!plain) {
    if (is_missing(t)) return NUMBER_MISSING;
    if (!general(t, decimal, suffixes, &d)) return NUMBER_BAD;
  }
  if (!isfinite(d)) return NUMBER_MISSING;
  *ret = d;
  return NUMBER_FINE;
}

char number_decimal_evidence(struct text field) {
  struct text t = text_trim(field);
  size_t points = 0, commas = 0, after = 0;
  char last = 0;
  for (size_t i = 0; i < t.size; i++) {
    char c = t.at[i];
    if (c == '.' || c == ',') {
      points += c == '.';
      commas += c == ',';
      last = c;
      after = 0;
    } else if (text_is_digit(c)) {
      after++;
    }
  }
  if (!last) return 0;
  if (points > 0 && commas > 0) return last;
  if (points + commas > 1) return last == '.' ? ',' : '.'; /* 1.234.567 groups by points */
  return after == 3 ? 0 : last;
}
