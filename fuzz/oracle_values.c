/* SPDX-License-Identifier: MIT
 *
 * oracle_values.c: the oracle's numbers and dates. Clear rather than quick. */
#include "oracle.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool starts(const char *s, const char *with) {
  return strncmp(s, with, strlen(with)) == 0;
}

static bool ends(const char *s, const char *with) {
  size_t n = strlen(s), m = strlen(with);
  return n >= m && strcmp(s + n - m, with) == 0;
}

/* In place: blanks, tabs and non-breaking spaces off both ends. */
static char *trim(char *s) {
  for (;;) {
    if (*s == ' ' || *s == '\t')
      s++;
    else if (starts(s, "\xc2\xa0"))
      s += 2;
    else
      break;
  }
  for (;;) {
    size_t n = strlen(s);
    if (n > 0 && (s[n - 1] == ' ' || s[n - 1] == '\t'))
      s[n - 1] = 0;
    else if (ends(s, "\xc2\xa0"))
      s[n - 2] = 0;
    else
      break;
  }
  return s;
}

/* -- numbers ---------------------------------------------------------------------------------- */

static bool says_missing(const char *s) {
  static const char *const words[] = {
      "",    "null", "n/a",  "na",   "nan",  "none",    "nil",     "#n/a",     "-",        "--",
      "---", ".",    "inf",  "+inf", "-inf", "n.a.",    "nd",      "n/d",      "infinity", "-nan",
      "#na", "?",    "<na>", "nat",  "*",    "#value!", "#div/0!", "-infinity"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcasecmp(s, words[i]) == 0) return true;
  return false;
}

static const char *const currencies[] = {"$", "\xe2\x82\xac", "\xc2\xa3", "\xc2\xa5",
                                         "\xe2\x82\xb9"};
enum { CURRENCIES = sizeof currencies / sizeof *currencies };

/* One sign of currency, in front or else behind. */
static char *strip_currency(char *s, bool *minus) {
  *minus = false;
  for (size_t i = 0; i < CURRENCIES; i++) {
    size_t n = strlen(currencies[i]);
    if (s[0] == '-' && starts(s + 1, currencies[i])) {
      *minus = true;
      return trim(s + 1 + n);
    }
    if (starts(s, currencies[i])) return trim(s + n);
  }
  for (size_t i = 0; i < CURRENCIES; i++) {
    if (!ends(s, currencies[i]) || strlen(s) == strlen(currencies[i])) continue;
    s[strlen(s) - strlen(currencies[i])] = 0;
    return trim(s);
  }
  return s;
}

static size_t separator(const char *s, char decimal) {
  static const char *const all[] = {" ", "'", "\xc2\xa0", "\xe2\x80\xaf", "\xe2\x80\x99"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (starts(s, all[i])) return strlen(all[i]);
  return *s == (decimal == '.' ? ',' : '.');
}

/* sign? groups of digits, (decimal digits*)?, (e sign? digits)?; to `out` as strtod wants it. */
static bool grammar(const char *s, char decimal, char *out) {
  size_t run = 0, groups = 0, digits = 0;
  if (*s == '-' || *s == '+') *out++ = *s++;
  for (;;) {
    size_t n = separator(s, decimal);
    if (isdigit((unsigned char)*s)) {
      *out++ = *s++;
      run++, digits++;
    } else if (n > 0) {
      if (groups == 0 ? run < 1 || run > 3 : run != 2 && run != 3) return false;
      groups++, run = 0, s += n;
    } else {
      break;
    }
  }
  if (groups > 0 && run != 3) return false;
  if (*s == decimal) {
    *out++ = '.';
    for (s++; isdigit((unsigned char)*s); digits++) *out++ = *s++;
  }
  if (digits == 0) return false;
  if (*s == 'e' || *s == 'E') {
    *out++ = *s++;
    if (*s == '-' || *s == '+') *out++ = *s++;
    if (!isdigit((unsigned char)*s)) return false;
    while (isdigit((unsigned char)*s)) *out++ = *s++;
  }
  *out = 0;
  return *s == 0;
}

static int suffix(const char *s) {
  size_t n = strlen(s);
  if (n < 2) return 0;
  const char *all = "kmbt", *found = strchr(all, tolower((unsigned char)s[n - 1]));
  return found ? 3 * (int)(found - all + 1) : 0;
}

enum oracle_kind oracle_number(const char *text, char decimal, bool suffixes, double *ret) {
  char *copy = strdup(text), *out = malloc(strlen(text) + 16), *s;
  enum oracle_kind kind = ORACLE_BAD;
  bool minus;
  if (!copy || !out) abort();
  s = trim(copy);
  if (says_missing(s)) {
    kind = ORACLE_MISSING;
  } else {
    s = strip_currency(s, &minus);
    int exponent = suffixes ? suffix(s) : 0;
    if (exponent) {
      s[strlen(s) - 1] = 0;
      s = trim(s);
    }
    if (grammar(s, decimal, out) && !(exponent && strpbrk(out, "eE"))) {
      if (exponent) sprintf(out + strlen(out), "e%d", exponent);
      double d = strtod(out, NULL);
      kind = isfinite(d) ? ORACLE_FINE : ORACLE_MISSING;
      if (kind == ORACLE_FINE) *ret = minus ? -d : d;
    }
  }
  free(copy);
  free(out);
  return kind;
}

/* -- dates ------------------------------------------------------------------------------------ */

/* Up to `most` digits at *s, at least `least`, and no further one behind. */
static bool digits(const char **s, int least, int most, int64_t *ret) {
  int n = 0;
  for (*ret = 0; isdigit((unsigned char)**s); ++*s, n++) {
    if (n == most) return false;
    *ret = *ret * 10 + (**s - '0');
  }
  return n >= least;
}

static bool month_name(const char **s, int64_t *ret) {
  static const char *const names[] = {"january",  "february", "march",  "april",     "may",
                                      "june",     "july",     "august", "september", "october",
                                      "november", "december", "sept"};
  size_t n = 0;
  while (isalpha((unsigned char)(*s)[n])) n++;
  for (int i = 0; i < 13; i++) {
    bool full = n == strlen(names[i]) && strncasecmp(*s, names[i], n) == 0;
    if (!full && !(n == 3 && strncasecmp(*s, names[i], 3) == 0)) continue;
    *s += n;
    *ret = i == 12 ? 9 : i + 1;
    return true;
  }
  return false;
}

static bool is_offset(char *s) {
  s = trim(s);
  if (!*s || strcasecmp(s, "z") == 0 || strcasecmp(s, "utc") == 0 || strcasecmp(s, "gmt") == 0)
    return true;
  if (*s != '+' && *s != '-') return false;
  size_t n = strspn(s + 1, "0123456789");
  if (n == 4) return s[5] == 0;
  if (n != 2) return false;
  return s[3] == 0 || (s[3] == ':' && strspn(s + 4, "0123456789") == 2 && s[6] == 0);
}

static bool time_of(char *s, int64_t *ret) {
  int64_t h = 0, m = 0, sec = 0, micro = 0;
  s = trim(s);
  size_t n = strspn(s, "0123456789");
  const char *t = s;
  if (n == 6 || n == 4 || (n == 3 && s[3] == 0)) {
    int64_t all;
    digits(&t, 1, 6, &all);
    if (n == 6) sec = all % 100, all /= 100;
    h = all / 100, m = all % 100;
  } else if (n == 1 || n == 2) {
    digits(&t, 1, 2, &h);
    if (*t == ':') {
      t++;
      if (!digits(&t, 2, 2, &m)) return false;
      if (*t == ':') {
        t++;
        if (!digits(&t, 2, 2, &sec)) return false;
      }
      if (*t == '.') {
        if (!isdigit((unsigned char)*++t)) return false;
        for (int64_t scale = 100000; isdigit((unsigned char)*t); t++, scale /= 10)
          micro += scale * (*t - '0');
      }
    } else {
      char *rest = trim(s + n);
      if (strncasecmp(rest, "am", 2) != 0 && strncasecmp(rest, "pm", 2) != 0) return false;
    }
  } else {
    return false;
  }
  char *rest = trim(s + (t - s));
  bool am = strncasecmp(rest, "am", 2) == 0, pm = strncasecmp(rest, "pm", 2) == 0;
  if (am || pm) {
    if (h < 1 || h > 12) return false;
    h = h % 12 + (pm ? 12 : 0);
    rest += 2;
  }
  if (!is_offset(rest) || h > 23 || m > 59 || sec > 59) return false;
  *ret = (h * 3600 + m * 60 + sec) * 1000000 + micro;
  return true;
}

bool oracle_time(const char *text, int64_t *ret) {
  char *copy = strdup(text);
  if (!copy) abort();
  bool fine = time_of(copy, ret);
  free(copy);
  return fine;
}

/* The C library's calendar, which takes any day of any month: so this must know their lengths. */
static bool calendar(int64_t y, int64_t m, int64_t d, int64_t *ret) {
  static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (y < 1 || y > 9999 || m < 1 || m > 12 || d < 1) return false;
  bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  if (d > lengths[m - 1] + (m == 2 && leap)) return false;
  struct tm tm = {.tm_year = (int)y - 1900, .tm_mon = (int)m - 1, .tm_mday = (int)d};
  *ret = (int64_t)timegm(&tm) * 1000000;
  return true;
}

/* Pattern signs: Y four digits; y four or two; M, D one or two; m, d two; b a month's name; ? makes
 * the sign before it optional; all others are themselves. Returns what follows, or NULL. */
static const char *match(const char *s, const char *pattern, int64_t *y, int64_t *m, int64_t *d) {
  *y = *m = *d = 1;
  for (; *pattern; pattern++) {
    bool optional = pattern[1] == '?', fine;
    const char *before = s;
    switch (*pattern) {
    case 'Y':
      fine = digits(&s, 4, 4, y);
      break;
    case 'y':
      fine = digits(&s, 2, 4, y) && s - before != 3;
      if (fine && s - before == 2) *y += *y < 69 ? 2000 : 1900;
      break;
    case 'M':
      fine = digits(&s, 1, 2, m);
      break;
    case 'D':
      fine = digits(&s, 1, 2, d);
      break;
    case 'b':
      fine = month_name(&s, m);
      break;
    default:
      fine = *s == *pattern;
      s += fine;
    }
    if (!fine && !optional) return NULL;
    if (!fine) s = before;
    pattern += optional;
  }
  return s;
}

static bool with_rest(const char *rest, int64_t y, int64_t m, int64_t d, int64_t *ret) {
  int64_t time = 0;
  if (!calendar(y, m, d, ret)) return false;
  if (*rest && !strchr("T ,", *rest)) return false;
  if (*rest && !oracle_time(rest + 1, &time)) return false;
  *ret += time;
  return true;
}

static bool only_digits(const char *s, int64_t *ret) {
  size_t n = strlen(s);
  int64_t y, time = 0;
  if (n == 10 || n == 13 || n == 16) {
    *ret = strtoll(s, NULL, 10) * (n == 10 ? 1000000 : n == 13 ? 1000 : 1);
    return true;
  }
  if (n != 8 && n != 14) return false;
  char day[9] = {0};
  memcpy(day, s, 8);
  y = strtoll(day, NULL, 10);
  if (n == 14 && !oracle_time(s + 8, &time)) return false;
  if (!calendar(y / 10000, y / 100 % 100, y % 100, ret)) return false;
  *ret += time;
  return true;
}

void oracle_date(const char *text, struct oracle_date *r) {
  static const char *const fixed[] = {"Y-M-D",    "Y/M/D",    "Y.M.D",   "Y-b-D",   "Y/b/D",
                                      "Y.b.D",    "D-b-?y",   "D/b/?y",  "D.b.?y",  "D b ?y",
                                      "b.? D, y", "b.? D,-y", "b.? D,y", "b.? D y", "b.? D-y",
                                      "b.?-D, y", "b.?-D,-y", "b.?-D,y", "b.?-D y", "b.?-D-y"};
  static const char *const either[] = {"M/D/y", "M.D.y", "M-D-y"};
  char *copy = strdup(text), *s;
  const char *rest;
  int64_t y, m, d;
  if (!copy) abort();
  *r = (struct oracle_date){{false, false}, {0, 0}};
  s = trim(copy);
  size_t n = strspn(s, "0123456789");
  bool fine = false;
  int64_t when = 0;
  if (n == strlen(s)) {
    fine = only_digits(s, &when);
  } else if (n == 8) {
    y = strtoll(s, NULL, 10);
    fine = with_rest(s + 8, y / 10000, y / 100 % 100, y % 100, &when);
  } else if (((rest = match(s, "Y-M", &y, &m, &d)) || (rest = match(s, "Y-b", &y, &m, &d))) &&
             !*rest) {
    fine = calendar(y, m, 1, &when);
  }
  for (size_t i = 0; !fine && i < sizeof fixed / sizeof *fixed; i++)
    if ((rest = match(s, fixed[i], &y, &m, &d))) fine = with_rest(rest, y, m, d, &when);
  for (int k = 0; fine && k < 2; k++) r->valid[k] = true, r->when[k] = when;
  for (size_t i = 0; !fine && i < sizeof either / sizeof *either; i++) {
    if (!(rest = match(s, either[i], &y, &m, &d))) continue;
    r->valid[DATE_MONTH_FIRST] = with_rest(rest, y, m, d, &r->when[DATE_MONTH_FIRST]);
    r->valid[DATE_DAY_FIRST] = with_rest(rest, y, d, m, &r->when[DATE_DAY_FIRST]);
  }
  free(copy);
}
