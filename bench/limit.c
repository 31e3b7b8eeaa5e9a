/* SPDX-License-Identifier: MIT
 *
 * limit.c: what a limit costs that nobody waits for, and one that ten thousand wait for.
 */
#include "cases.h"

#include <stdlib.h>

enum { WAITERS = 10000 };

typedef struct limit_run {
  mt_limit *limit;
  long each; /* acquisitions a task */
  long inside;
} limit_run;

static mt_value acquires_in_line(mt_value arg) {
  limit_run *run = arg.data;
  for (long i = 0; i < run->each; i++) {
    mt_status st = mt_acquire(run->limit, MT_FOREVER);
    if (st < 0) return mt_give_up(st);
    run->inside++; /* unguarded but for the limit's one permit */
    mt_yield();    /* holding it: who is woken now, wakes in vain */
    mt_release(run->limit);
  }
  return mt_int(run->each);
}

/* A number of tasks share one permit. It is held until all of them wait for it. */
static const char *share_a_permit(unsigned workers, long n, long tasks, bool cut,
                                  bench_result *ret) {
  limit_run run = {.each = n < tasks ? 1 : n / tasks};
  mt_executor *ex = bench_open(workers, (unsigned)tasks);
  mt_future **futures = calloc((size_t)tasks, sizeof *futures);
  if (!ex || !futures) return "could not open";
  if (mt_limit_open(&(mt_limit_options){.permits = 1}, &run.limit) < 0) return "no limit";
  mt_acquire(run.limit, MT_FOREVER);
  for (long i = 0; i < tasks; i++) futures[i] = mt_submit(ex, acquires_in_line, mt_ptr(&run));
  mt_counts counts;
  do mt_counters(ex, &counts);
  while (counts.suspended < (size_t)tasks);

  int64_t sum = 0;
  int64_t begin = bench_now_ns();
  for (long i = 0; cut && i < tasks; i++) mt_cancel(futures[i]);
  if (!cut) mt_release(run.limit);
  mt_status st = bench_sum(futures, tasks, &sum);
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = tasks * run.each;

  mt_close(ex);
  mt_limit_close(run.limit);
  free(futures);
  if (cut) return st == MT_FAILED && run.inside == 0 ? NULL : "not every wait was cut";
  if (st < 0) return mt_status_text(st);
  return sum == ret->ops && run.inside == ret->ops ? NULL : "the permit was not one";
}

const char *bench_limit_line(unsigned workers, long n, bench_result *ret) {
  return share_a_permit(workers, n, n < WAITERS ? n : WAITERS, false, ret);
}

const char *bench_limit_cut(unsigned workers, long n, bench_result *ret) {
  return share_a_permit(workers, n, n, true, ret);
}

static mt_value acquires_alone(mt_value arg) {
  limit_run *run = arg.data;
  int64_t begin = bench_now_ns();
  for (long i = 0; i < run->each; i++) {
    mt_status st = mt_acquire(run->limit, MT_FOREVER);
    if (st < 0) return mt_give_up(st);
    run->inside++;
    mt_release(run->limit);
  }
  return mt_int(bench_now_ns() - begin);
}

const char *bench_limit_free(unsigned workers, long n, bench_result *ret) {
  limit_run run = {.each = n};
  mt_executor *ex = bench_open(workers, 0);
  if (!ex) return "could not open";
  if (mt_limit_open(&(mt_limit_options){.permits = 1}, &run.limit) < 0) return "no limit";
  mt_future *f = mt_submit(ex, acquires_alone, mt_ptr(&run));
  mt_value took = mt_int(0);
  mt_status st = mt_get(f, MT_FOREVER, &took);
  mt_unref(f);
  mt_close(ex);
  mt_limit_close(run.limit);
  ret->wall_ns = mt_as_int(took);
  ret->ops = n;
  if (st < 0) return mt_status_text(st);
  return run.inside == n ? NULL : "not every acquisition came through";
}
