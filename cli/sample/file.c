/* SPDX-License-Identifier: MIT
 *
 * file.c: one price file: a seeded random walk. It is written under another name and renamed
 * when it is complete, so that nobody ever reads a part of one. */
#include "../price/date.h"
#include "../random.h"
#include "sample.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double start_price = 100, mean_return = 0.0005, return_deviation = 0.02;
static const double lowest_price = 1, highest_price = 10000;

/* A day's price. A walk of millions of days would leave the numbers that prices are written in:
 * past the limits, the next return leads back. */
static double next_price(struct random *random, double price) {
  double r = mean_return + return_deviation * random_normal(random);
  if (price > highest_price) r = -fabs(r);
  if (price < lowest_price) r = fabs(r);
  double next = price * (1 + r);
  return next > 0.01 ? next : 0.01;
}

/* Digits of v in front of `end`; returns where they begin. */
static char *put_digits(char *end, uint64_t v, int least) {
  for (int n = 0; n < least || v > 0; n++, v /= 10) *--end = (char)('0' + v % 10);
  return end;
}

/* 2020-01-01,101.2345,1234567: written from its end, since printf would take most of the time. */
static void write_row(FILE *to, int64_t day, double price, uint64_t volume) {
  char line[80], *end = line + sizeof line, *at = end;
  uint64_t ticks = (uint64_t)llround(price * 10000);
  int year, month, month_day;
  date_civil(day, &year, &month, &month_day);
  *--at = '\n';
  at = put_digits(at, volume, 1);
  *--at = ',';
  at = put_digits(at, ticks % 10000, 4);
  *--at = '.';
  at = put_digits(at, ticks / 10000, 1);
  *--at = ',';
  at = put_digits(at, (uint64_t)month_day, 2);
  *--at = '-';
  at = put_digits(at, (uint64_t)month, 2);
  *--at = '-';
  at = put_digits(at, (uint64_t)year, 4);
  fwrite(at, 1, (size_t)(end - at), to);
}

/* False when it cannot go on: errno says why, or 0 if the task was cancelled. */
static bool write_rows(FILE *to, const struct sample *sample, const char *ticker) {
  struct random random;
  random_seed(&random, sample->seed, ticker);
  double price = start_price;
  errno = 0;
  fputs("date,close,volume\n", to);
  for (unsigned long i = 0; i < sample->rows; i++) {
    price = next_price(&random, price);
    write_row(to, sample->first_day + (int64_t)i, price, 1000000 + random_below(&random, 9000001));
    if (i % 4096 != 0) continue;
    if (mt_cancelled()) return false;
    if (ferror(to)) return false;
  }
  return fflush(to) == 0;
}

/* A name beside the final one that no other run uses; mode and umask as for any file. */
static FILE *open_beside(const char *path, char *temporary, size_t room) {
  for (unsigned i = 0; i < 100; i++) {
    int n = snprintf(temporary, room, "%s.%ld.%u.tmp", path, (long)getpid(), i);
    if (n < 0 || (size_t)n >= room) {
      errno = ENAMETOOLONG;
      return NULL;
    }
    FILE *to = fopen(temporary, "wxe");
    if (to || errno != EEXIST) return to;
  }
  return NULL;
}

mt_value sample_write(mt_value index) {
  const struct sample *sample = mt_tag(mt_self());
  const char *ticker = sample->tickers[mt_as_int(index)];
  char path[4000], temporary[4096];
  int n = snprintf(path, sizeof path, "%s/%s.csv", sample->folder, ticker);
  if (n < 0 || (size_t)n >= sizeof path)
    return mt_fail(ENAMETOOLONG, "%s: the path is too long", ticker);
  FILE *to = open_beside(path, temporary, sizeof temporary);
  if (!to) return mt_fail(errno, "%s: %s", path, strerror(errno));
  bool fine = write_rows(to, sample, ticker);
  int error = errno;
  if (fclose(to) != 0 && fine) fine = false, error = errno;
  if (fine && rename(temporary, path) < 0) fine = false, error = errno;
  if (fine) return mt_none();
  unlink(temporary);
  if (mt_cancelled()) return mt_give_up(MT_ECANCELED);
  return mt_fail(error ? error : EIO, "%s: %s", path, strerror(error ? error : EIO));
}
