/* SPDX-License-Identifier: MIT
 *
 * recursion.c: tasks that wait for tasks: by fork-join, and by futures.
 */
#include "cases.h"

/* The executor that the recursive tasks submit to: a task gets one value, and it is used up. */
static mt_executor *here;

/* Runs fn(arg) as a task and returns its integer; *ret_ns is how long that took. */
static mt_status run_root(unsigned workers, mt_fn *fn, mt_value arg, int64_t *ret_ns,
                          intptr_t *ret) {
  here = bench_open(workers, 0);
  if (!here) return MT_ENOMEM;
  int64_t begin = bench_now_ns();
  mt_future *root = mt_submit(here, fn, arg);
  mt_value value = mt_none();
  mt_status st = mt_get(root, MT_FOREVER, &value);
  *ret_ns = bench_now_ns() - begin;
  mt_unref(root);
  mt_close(here);
  *ret = mt_as_int(value);
  return st;
}

static mt_value fib(mt_value arg) {
  intptr_t n = mt_as_int(arg);
  if (n < 2) return arg;
  mt_job left;
  mt_fork(&left, fib, mt_int(n - 1));
  intptr_t right = mt_as_int(fib(mt_int(n - 2)));
  return mt_int(right + mt_as_int(mt_join(&left)));
}

const char *bench_fib(unsigned workers, long n, bench_result *ret) {
  if (n > 60) return "n is too large: at most 60";
  /* The usual recursion spawns once in each call with n of 2 or more. */
  long value = 0;
  long next = 1;
  long spawns = 0;
  long next_spawns = 0;
  for (long i = 0; i < n; i++) {
    long sum = value + next;
    long more = 1 + spawns + next_spawns;
    value = next;
    next = sum;
    spawns = next_spawns;
    next_spawns = more;
  }

  intptr_t got;
  mt_status st = run_root(workers, fib, mt_int(n), &ret->wall_ns, &got);
  ret->ops = spawns > 0 ? spawns : 1;
  if (st < 0) return mt_status_text(st);
  return got == value ? NULL : "not the Fibonacci number";
}

/* A node's value is its first leaf's number, with the height of its tree in the low four bits. */
static mt_value skynet(mt_value arg) {
  intptr_t first = mt_as_int(arg) >> 4;
  intptr_t height = mt_as_int(arg) & 15;
  if (height == 0) return mt_int(first);
  intptr_t step = 1;
  for (intptr_t i = 1; i < height; i++) step *= 10;

  mt_future *children[10];
  for (int i = 0; i < 10; i++) {
    children[i] = mt_submit(here, skynet, mt_int((first + i * step) << 4 | (height - 1)));
  }
  int64_t sum;
  mt_status st = bench_sum(children, 10, &sum);
  return st < 0 ? mt_give_up(st) : mt_int((intptr_t)sum);
}

const char *bench_skynet(unsigned workers, long n, bench_result *ret) {
  intptr_t height = 0;
  long leaves = 1;
  while (leaves < n) {
    leaves *= 10;
    height++;
  }
  if (leaves != n) return "n must be a power of ten";

  intptr_t sum;
  mt_status st = run_root(workers, skynet, mt_int(height), &ret->wall_ns, &sum);
  ret->ops = n;
  if (st < 0) return mt_status_text(st);
  return sum == bench_triangle(n) ? NULL : "the leaves do not add up";
}

static mt_value nested(mt_value arg) {
  intptr_t levels = mt_as_int(arg);
  if (levels == 1) return arg;
  mt_value below;
  mt_future *f = mt_submit(here, nested, mt_int(levels - 1));
  mt_status st = mt_get(f, MT_FOREVER, &below);
  mt_unref(f);
  return st < 0 ? mt_give_up(st) : mt_int(mt_as_int(below) + 1);
}

const char *bench_nested(unsigned workers, long n, bench_result *ret) {
  intptr_t depth;
  mt_status st = run_root(workers, nested, mt_int(n), &ret->wall_ns, &depth);
  ret->ops = n;
  if (st < 0) return mt_status_text(st);
  return depth == n ? NULL : "not every level was reached";
}
