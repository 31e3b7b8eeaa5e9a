/* SPDX-License-Identifier: MIT
 *
 * pingpong.c: how long one task takes from submit to result, one at a time.
 *
 * Hot: back to back, so that a pool that spins before it sleeps does well. Cold: the caller rests
 * for a millisecond before each, so that a worker has to be woken up from its sleep.
 */
#include "cases.h"

#include <stdlib.h>
#include <time.h>

static mt_value same(mt_value arg) {
  return arg;
}

static mt_status one(mt_executor *ex, long i) {
  mt_value value = mt_none();
  mt_future *f = mt_submit(ex, same, mt_int(i));
  mt_status st = mt_get(f, MT_FOREVER, &value);
  mt_unref(f);
  if (st < 0) return st;
  return mt_as_int(value) == i ? 0 : MT_EINVAL;
}

static const char *run(unsigned workers, long n, const struct timespec *rest, bench_result *ret) {
  mt_executor *ex = bench_open(workers, 0);
  if (!ex) return "could not open";
  ret->each_ns = calloc((size_t)n, sizeof *ret->each_ns);
  if (!ret->each_ns) return "no memory for the times";

  mt_status st = 0;
  int64_t begin = bench_now_ns();
  for (long i = 0; i < n && st == 0; i++) {
    if (rest) nanosleep(rest, NULL);
    int64_t a = bench_now_ns();
    st = one(ex, i);
    ret->each_ns[i] = bench_now_ns() - a;
  }
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = n;

  mt_close(ex);
  if (st == MT_EINVAL) return "a task returned another value than its own";
  return st < 0 ? mt_status_text(st) : NULL;
}

const char *bench_pingpong(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, NULL, ret);
}

const char *bench_pingpong_cold(unsigned workers, long n, bench_result *ret) {
  static const struct timespec rest = {.tv_nsec = 1000000};
  return run(workers, n, &rest, ret);
}
