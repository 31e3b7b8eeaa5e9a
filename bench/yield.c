/* SPDX-License-Identifier: MIT
 *
 * yield.c: what it costs to change from one task to the next, with few and with many tasks.
 *
 * All tasks start and wait at a gate, so that making their stacks is not measured; the last one to
 * arrive takes the time and opens it. With two tasks everything stays in the cache; with 100000
 * every switch touches stacks that were last seen long ago.
 *
 * Tasks keep to the worker that started them: with two tasks on two workers each may be alone, and
 * a yield then finds nobody to switch to.
 */
#include "cases.h"

#include <stdatomic.h>
#include <stdlib.h>

typedef struct yield_run {
  mt_future *gate;
  mt_promise *opener;
  long tasks;
  long each; /* yields a task */
  int64_t begin_ns;
  atomic_long arrived;
} yield_run;

static mt_value yielder(mt_value arg) {
  yield_run *run = arg.data;
  /* acq_rel: the last one's reading of the clock comes after every arrival */
  if (atomic_fetch_add_explicit(&run->arrived, 1, memory_order_acq_rel) + 1 == run->tasks) {
    run->begin_ns = bench_now_ns();
    mt_settle(run->opener, mt_none());
  }
  mt_status st = mt_wait(run->gate, MT_FOREVER);
  if (st < 0) return mt_give_up(st);
  for (long i = 0; i < run->each; i++) mt_yield();
  return mt_int(run->each);
}

static mt_status run_all(mt_executor *ex, yield_run *run, int64_t *ret_sum) {
  mt_future **futures = calloc((size_t)run->tasks, sizeof *futures);
  if (!futures) return MT_ENOMEM;
  for (long i = 0; i < run->tasks; i++) futures[i] = mt_submit(ex, yielder, mt_ptr(run));
  mt_status st = bench_sum(futures, run->tasks, ret_sum);
  free(futures);
  return st;
}

static const char *yield_between(unsigned workers, long n, long tasks, bench_result *ret) {
  yield_run run = {.tasks = tasks, .each = n < tasks ? 1 : n / tasks};
  mt_executor *ex = bench_open(workers, (unsigned)tasks);
  if (!ex) return "could not open";
  if (mt_promise_open(0, &run.opener, &run.gate) < 0) return "no memory for a promise";

  int64_t sum = 0;
  mt_status st = run_all(ex, &run, &sum);
  ret->wall_ns = bench_now_ns() - run.begin_ns;
  ret->ops = run.tasks * run.each;

  mt_close(ex);
  mt_promise_close(run.opener);
  mt_unref(run.gate);
  if (st < 0) return mt_status_text(st);
  return sum == ret->ops ? NULL : "not every task yielded to the end";
}

const char *bench_yield_2(unsigned workers, long n, bench_result *ret) {
  return yield_between(workers, n, 2, ret);
}

const char *bench_yield_1000(unsigned workers, long n, bench_result *ret) {
  return yield_between(workers, n, 1000, ret);
}

const char *bench_yield_100000(unsigned workers, long n, bench_result *ret) {
  return yield_between(workers, n, 100000, ret);
}
