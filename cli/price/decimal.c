/* SPDX-License-Identifier: MIT
 *
 * decimal.c: exact decimal to binary.
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
#include "decimal.h"

#include <float.h>
#include <locale.h>
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

bool decimal_scale(uint64_t digits, int exponent, double *ret) {
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

bool decimal_parse(struct text t, double *ret) {
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
  if (lost > 0 || !decimal_scale(digits, exponent, &d)) return by_strtod(t, ret);
  *ret = minus ? -d : d;
  return true;
}
