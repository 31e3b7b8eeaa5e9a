/* SPDX-License-Identifier: MIT
 *
 * submit.c: how much a task costs from submit to result, when there are many.
 */
#include "cases.h"

#include <stdatomic.h>
#include <stdlib.h>

static mt_value same(mt_value arg) {
  return arg;
}

typedef struct submit_run {
  mt_executor *ex;
  mt_future **futures;
  long n;
  int64_t sum;
} submit_run;

static mt_status submit_and_sum(submit_run *run) {
  for (long i = 0; i < run->n; i++) run->futures[i] = mt_submit(run->ex, same, mt_int(i));
  return bench_sum(run->futures, run->n, &run->sum);
}

static mt_value submit_and_sum_task(mt_value arg) {
  mt_status st = submit_and_sum(arg.data);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static mt_status run_inside(submit_run *run) {
  mt_future *root = mt_submit(run->ex, submit_and_sum_task, mt_ptr(run));
  mt_status st = mt_get(root, MT_FOREVER, NULL);
  mt_unref(root);
  return st;
}

static const char *run_futures(unsigned workers, long n, mt_status (*go)(submit_run *),
                               bench_result *ret) {
  submit_run run = {.ex = bench_open(workers, 0), .n = n};
  if (!run.ex) return "could not open";
  run.futures = calloc((size_t)n, sizeof *run.futures);
  if (!run.futures) return "no memory for the handles";

  int64_t begin = bench_now_ns();
  mt_status st = go(&run);
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = n;

  free(run.futures);
  mt_close(run.ex);
  if (st < 0) return mt_status_text(st);
  return run.sum == bench_triangle(n) ? NULL : "the results do not add up";
}

const char *bench_submit_future(unsigned workers, long n, bench_result *ret) {
  return run_futures(workers, n, submit_and_sum, ret);
}

const char *bench_submit_inside(unsigned workers, long n, bench_result *ret) {
  return run_futures(workers, n, run_inside, ret);
}

static atomic_long ran;

static mt_value count_one(mt_value arg) {
  /* relaxed: closing the group orders all of its tasks before the reading of `ran` */
  atomic_fetch_add_explicit(&ran, 1, memory_order_relaxed);
  return arg;
}

const char *bench_submit_go(unsigned workers, long n, bench_result *ret) {
  mt_executor *ex = bench_open(workers, 0);
  mt_group *group;
  if (!ex) return "could not open";
  if (mt_group_open(&group) < 0) return "no memory for a group";

  int64_t begin = bench_now_ns();
  mt_status st = 0;
  for (long i = 0; i < n && st == 0; i++) st = mt_go(group, ex, count_one, mt_int(i));
  mt_status closed = mt_group_close(group);
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = n;

  mt_close(ex);
  if (st < 0) return mt_status_text(st);
  if (closed < 0) return mt_status_text(closed);
  return atomic_load_explicit(&ran, memory_order_relaxed) == n ? NULL : "not every task ran once";
}
