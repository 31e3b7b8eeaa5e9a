/* SPDX-License-Identifier: MIT
 *
 * number.c: exact decimal to binary.
 *
 * Three ways, each exact where it applies:
 *
 *   digits < 2^53 and |exponent| <= 22   one multiplication or division of two exact doubles rounds
 *                                        once (Clinger, How to read floating point numbers
 *                                        accurately, 1990)
 *   -27 <= exponent < 0                  a 128 by 64 bit integer division: 5^27 < 2^63, so quotient
 *                                        and remainder are exact, and the remainder breaks ties
 *   all others                           strtod_l on a copy, in the C locale
 *
 * The first serves prices with up to 15 digits, the second what programs print with 17.
 */
#include "number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>

static const double powers_of_ten[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                       1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                       1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

#if FLT_EVAL_METHOD == 0
#define ONE_ROUNDING                                                                               \
  1 /* doubles are computed as doubles: no second rounding from a wider register */
#else
#define ONE_ROUNDING 0
#endif

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 wide;

static const uint64_t powers_of_five[] = {1ULL,
                                          5ULL,
                                          25ULL,
                                          125ULL,
                                          625ULL,
                                          3125ULL,
                                          15625ULL,
                                          78125ULL,
                                          390625ULL,
                                          1953125ULL,
                                          9765625ULL,
                                          48828125ULL,
                                          244140625ULL,
                                          1220703125ULL,
                                          6103515625ULL,
                                          30517578125ULL,
                                          152587890625ULL,
                                          762939453125ULL,
                                          3814697265625ULL,
                                          19073486328125ULL,
                                          95367431640625ULL,
                                          476837158203125ULL,
                                          2384185791015625ULL,
                                          11920928955078125ULL,
                                          59604644775390625ULL,
                                          298023223876953125ULL,
                                          1490116119384765625ULL,
                                          7450580596923828125ULL};

static double power_of_two(int exponent) {
  uint64_t bits = (uint64_t)(exponent + 1023) << 52;
  double d;
  memcpy(&d, &bits, sizeof d);
  return d;
}

/* digits / 10^places, digits > 0. Both operands are shifted to 64 bits; then the quotient of
 * (digits * 2^63) by 5^places lies between 2^62 and 2^64, and more than holds a double. */
static double divide(uint64_t digits, int places) {
  uint64_t divisor = powers_of_five[places];
  int up = __builtin_clzll(digits), down = __builtin_clzll(divisor);
  wide numerator = (wide)(digits << up) << 63;
  divisor <<= down;
  uint64_t quotient = (uint64_t)(numerator / divisor);
  bool rest = numerator != (wide)quotient * divisor;
  int surplus = 64 - __builtin_clzll(quotient) - DBL_MANT_DIG;
  uint64_t mantissa = quotient >> surplus;
  uint64_t cut = quotient & ((1ULL << surplus) - 1), half = 1ULL << (surplus - 1);
  if (cut > half || (cut == half && (rest || (mantissa & 1)))) mantissa++;
  return (double)mantissa * power_of_two(surplus - 63 + down - up - places);
}
#endif

bool number_scale(uint64_t digits, int exponent, double *ret) {
  if (ONE_ROUNDING && digits < (1ULL << DBL_MANT_DIG) && exponent >= -22 && exponent <= 22) {
    double d = (double)digits;
    *ret = exponent < 0 ? d / powers_of_ten[-exponent] : d * powers_of_ten[exponent];
    return true;
  }
#ifdef __SIZEOF_INT128__
  if (exponent < 0 && exponent >= -27 && digits > 0) {
    *ret = divide(digits, -exponent);
    return true;
  }
#endif
  return false;
}

static locale_t c_locale;
static void make_locale(void) {
  c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* The slow way, for texts that the fast ways cannot round. */
static bool by_strtod(struct text t, double *ret) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  char small[128], *copy = t.size < sizeof small ? small : malloc(t.size + 1), *stop;
  if (!copy) return false;
  memcpy(copy, t.at, t.size);
  copy[t.size] = 0;
  pthread_once(&once, make_locale);
  double d = c_locale ? strtod_l(copy, &stop, c_locale) : strtod(copy, &stop);
  bool all = stop == copy + t.size;
  if (copy != small) free(copy);
  if (all) *ret = d;
  return all;
}

/* The digits of t from i on, added to *digits while they fit in 64 bits; returns where they end.
 * *taken counts the significant ones that were added, *lost those that were not. */
static size_t take_digits(struct text t, size_t i, uint64_t *digits, int *taken, int *lost) {
  for (; i < t.size && text_is_digit(t.at[i]); i++) {
    if (*taken == 19) {
      if (*lost < 100000) ++*lost;
      continue;
    }
    *digits = *digits * 10 + (uint64_t)(t.at[i] - '0');
    if (*digits > 0) ++*taken;
  }
  return i;
}

static size_t take_exponent(struct text t, size_t i, int *exponent) {
  size_t j = i + 1;
  bool minus = j < t.size && t.at[j] == '-';
  if (j < t.size && (t.at[j] == '-' || t.at[j] == '+')) j++;
  if (j >= t.size || !text_is_digit(t.at[j])) return i;
  int e = 0;
  for (; j < t.size && text_is_digit(t.at[j]); j++)
    if (e < 100000) e = e * 10 + (t.at[j] - '0');
  *exponent += minus ? -e : e;
  return j;
}

bool number_decimal(struct text t, double *ret) {
  uint64_t digits = 0;
  int taken = 0, lost = 0, exponent = 0;
  size_t i = 0, begin;
  bool minus = t.size > 0 && t.at[0] == '-';
  if (t.size > 0 && (t.at[0] == '-' || t.at[0] == '+')) i = 1;
  begin = i;
  i = take_digits(t, i, &digits, &taken, &lost);
  size_t seen = i - begin;
  if (i < t.size && t.at[i] == '.') {
    begin = ++i;
    i = take_digits(t, i, &digits, &taken, &lost);
    seen += i - begin;
    exponent = -(int)(i - begin < 100000 ? i - begin : 100000);
  }
  if (seen == 0) return false;
  if (i < t.size && (t.at[i] == 'e' || t.at[i] == 'E')) i = take_exponent(t, i, &exponent);
  if (i != t.size) return false;
  double d;
  if (lost > 0 || !number_scale(digits, exponent, &d)) return by_strtod(t, ret);
  *ret = minus ? -d : d;
  return true;
}

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
  fine = fine && number_decimal((struct text){out, n}, ret);
  if (out != small) free(out);
  if (fine && minus) *ret = -*ret;
  return fine;
}

enum number_kind number_parse(struct text field, char decimal, bool suffixes, double *ret) {
  struct text t = text_trim(field);
  double d;
  bool plain = decimal == '.' && number_decimal(t, &d);
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
