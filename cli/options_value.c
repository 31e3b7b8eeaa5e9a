/* SPDX-License-Identifier: MIT */
#include "options_value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
  const char *name;
  double size;
};

static const struct unit times[] = {
    {"s", 1e9},      {"ms", 1e6},      {"us", 1e3},    {"m", 60e9},      {"min", 60e9},
    {"h", 3600e9},   {"hour", 3600e9}, {"d", 86400e9}, {"day", 86400e9}, {"sec", 1e9},
    {"second", 1e9}, {"minute", 60e9}, {NULL, 0},
};

static const struct unit sizes[] = {
    {"B", 1},      {"k", 0x1p10},   {"KiB", 0x1p10}, {"M", 0x1p20},   {"MiB", 0x1p20},
    {"G", 0x1p30}, {"GiB", 0x1p30}, {"T", 0x1p40},   {"TiB", 0x1p40}, {NULL, 0},
};

/* 2^63 and 2^64: the first doubles that the integers cannot hold. */
static const double past_int64 = 0x1p63, past_uint64 = 0x1p64;

/* Digits with at most one point; *ret_rest is what follows them. */
static bool decimal(const char *text, double *ret, const char **ret_rest) {
  size_t n = strspn(text, "0123456789"), all = n;
  if (text[n] == '.') {
    size_t places = strspn(text + n + 1, "0123456789");
    all += 1 + places;
    n += places;
  }
  char *stop;
  double v = n > 0 ? strtod(text, &stop) : 0;
  if (n == 0 || stop != text + all || !isfinite(v)) return false; /* 0x10 and 1e3 go further */
  *ret = v;
  *ret_rest = stop;
  return true;
}

/* The unit's size, or 0 if there is none of that name. Case counts in no unit: nobody means
 * thousandths of a byte. */
static double size_of(const struct unit *units, const char *name) {
  for (; units->name; units++)
    if (strcasecmp(units->name, name) == 0) return units->size;
  return 0;
}

int value_choice(const char *choices, const char *text) {
  size_t size = strlen(text);
  for (int i = 0; *choices; i++) {
    size_t n = strcspn(choices, "|");
    if (n == size && strncmp(choices, text, n) == 0) return i;
    choices += n + (choices[n] == '|');
  }
  return -1;
}

bool value_count(const char *text, double least, unsigned long *ret) {
  char *stop;
  errno = 0;
  if (*text < '0' || *text > '9') return false;
  unsigned long v = strtoul(text, &stop, 10);
  if (*stop || errno || (double)v < least) return false;
  *ret = v;
  return true;
}

bool value_seed(const char *text, unsigned long long *ret) {
  char *stop;
  errno = 0;
  if (*text < '0' || *text > '9') return false;
  unsigned long long v = strtoull(text, &stop, 0);
  if (*stop || errno) return false;
  *ret = v;
  return true;
}

bool value_real(const char *text, double above, double *ret) {
  char *stop;
  double v = strtod(text, &stop);
  if (stop == text || *stop || !isfinite(v) || !(v > above)) return false;
  *ret = v;
  return true;
}

/* Seconds unless a unit follows. */
static bool time_of(const char *text, double *ret_ns, bool *ret_bare) {
  double v, unit = 1e9;
  const char *rest;
  if (!decimal(text, &v, &rest)) return false;
  if (*rest && (unit = size_of(times, rest)) == 0) return false;
  if (round(v * unit) >= past_int64) return false;
  *ret_ns = round(v * unit);
  *ret_bare = !*rest;
  return true;
}

bool value_seconds(const char *text, double above, int64_t *ret_ns) {
  double ns;
  bool bare;
  if (!time_of(text, &ns, &bare) || !(ns > above * 1e9)) return false;
  *ret_ns = (int64_t)ns;
  return true;
}

bool value_bytes(const char *text, double least, uint64_t *ret) {
  double v, unit = 1;
  const char *rest;
  if (!decimal(text, &v, &rest)) return false;
  if (*rest && (unit = size_of(sizes, rest)) == 0) return false;
  v = floor(v * unit);
  if (v >= past_uint64 || v < least) return false;
  *ret = (uint64_t)v;
  return true;
}

bool value_rate(const char *text, struct option_rate *ret) {
  double n;
  const char *rest;
  if (!decimal(text, &n, &rest) || n <= 0 || *rest != '/') return false;
  double unit = size_of(times, rest + 1);
  if (unit == 0) return false;
  *ret = (struct option_rate){n, (int64_t)unit};
  return true;
}

bool value_share(const char *text, struct option_share *ret) {
  struct option_share share = {0};
  const char *rest;
  if (!strchr(text, '%')) {
    if (!value_count(text, 1, &share.count)) return false;
  } else if (!decimal(text, &share.percent, &rest) || strcmp(rest, "%") != 0 ||
             share.percent <= 0 || share.percent > 100) {
    return false;
  }
  *ret = share;
  return true;
}

/* In 100-500ms the unit belongs to both. */
bool value_range(const char *text, struct option_range *ret) {
  char first[64];
  double least, most;
  bool bare;
  const char *dash = strchr(text, '-');
  if (!time_of(dash ? dash + 1 : text, &most, &bare)) return false;
  if (!dash) {
    *ret = (struct option_range){(int64_t)most, (int64_t)most};
    return true;
  }
  size_t n = (size_t)(dash - text);
  const char *unit = dash + 1 + strspn(dash + 1, "0123456789.");
  if (n + strlen(unit) >= sizeof first) return false;
  memcpy(first, text, n);
  first[n] = 0;
  if (!time_of(first, &least, &bare)) return false;
  if (bare) {
    strcpy(first + n, unit);
    if (!time_of(first, &least, &bare)) return false;
  }
  if (least > most) return false;
  *ret = (struct option_range){(int64_t)least, (int64_t)most};
  return true;
}
