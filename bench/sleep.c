/* SPDX-License-Identifier: MIT
 *
 * sleep.c: many tasks that wait for the clock at once.
 *
 * Delayed tasks have not started and need no stack; sleeping tasks have, and keep theirs. Every
 * task checks that it did not wake early. floor_sleepers.c measures what the stacks alone cost.
 *
 * Where starting them all takes longer than a second, the first sleepers are through before the
 * last begin, and leave them their stacks. In sleep:together they wait for each other first, so
 * that all n stacks are in use at once: that is the one to measure memory with.
 */
#include "cases.h"

#include <stdatomic.h>
#include <stdlib.h>

static const int64_t second_ns = MT_SECONDS(1);

static atomic_long early;
static atomic_long ran;

static mt_value check(int64_t since) {
  /* relaxed: only read after every task has settled, which orders it */
  atomic_fetch_add_explicit(&ran, 1, memory_order_relaxed);
  if (bench_now_ns() - since < second_ns) {
    atomic_fetch_add_explicit(&early, 1, memory_order_relaxed);
  }
  return mt_int(1);
}

/* The argument is the time of the submit. */
static mt_value delayed(mt_value arg) {
  return check(mt_as_int(arg));
}

static mt_value sleeper(mt_value arg) {
  (void)arg;
  int64_t begin = bench_now_ns();
  mt_status st = mt_sleep(second_ns);
  return st < 0 ? mt_give_up(st) : check(begin);
}

static mt_future *all_here;
static mt_promise *all_here_promise;
static atomic_long arrived;
static long expected;

/* All wait until the last has come, and only then sleep. */
static mt_value together(mt_value arg) {
  if (atomic_fetch_add_explicit(&arrived, 1, memory_order_relaxed) + 1 == expected) {
    mt_settle(all_here_promise, mt_none());
  }
  mt_status st = mt_wait(all_here, MT_FOREVER);
  return st < 0 ? mt_give_up(st) : sleeper(arg);
}

static mt_future *submit_one(mt_executor *ex, bool delay, mt_group *group) {
  mt_task task = {.fn = sleeper, .group = group};
  if (delay) {
    task.fn = delayed;
    task.arg = mt_int(bench_now_ns());
    task.delay_ns = second_ns;
  }
  return mt_submit_task(ex, &task);
}

static mt_status with_futures(mt_executor *ex, bool delay, long n) {
  mt_future **futures = calloc((size_t)n, sizeof *futures);
  if (!futures) return MT_ENOMEM;
  for (long i = 0; i < n; i++) futures[i] = submit_one(ex, delay, NULL);
  int64_t sum;
  mt_status st = bench_sum(futures, n, &sum);
  free(futures);
  return st;
}

static mt_status with_group(mt_executor *ex, bool delay, long n) {
  mt_group *group;
  mt_status st = mt_group_open(&group);
  if (st < 0) return st;
  for (long i = 0; i < n && st == 0; i++) {
    if (delay) {
      mt_unref(submit_one(ex, delay, group));
    } else {
      st = mt_go(group, ex, sleeper, mt_none());
    }
  }
  mt_status closed = mt_group_close(group);
  return st < 0 ? st : closed;
}

static mt_status meeting(mt_executor *ex, bool delay, long n) {
  (void)delay;
  expected = n;
  mt_group *group;
  mt_status st = mt_promise_open(0, &all_here_promise, &all_here);
  if (st < 0) return st;
  st = mt_group_open(&group);
  if (st == 0) {
    for (long i = 0; i < n && st == 0; i++) st = mt_go(group, ex, together, mt_none());
    if (st < 0) mt_settle(all_here_promise, mt_none()); /* the last will never come */
    mt_status closed = mt_group_close(group);
    if (st == 0) st = closed;
  }
  mt_promise_close(all_here_promise);
  mt_unref(all_here);
  return st;
}

static const char *run(unsigned workers, long n, bool delay,
                       mt_status (*all)(mt_executor *, bool, long), bench_result *ret) {
  mt_executor *ex = bench_open(workers, delay ? 0 : (unsigned)n);
  if (!ex) return "could not open";

  int64_t begin = bench_now_ns();
  mt_status st = all(ex, delay, n);
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = n;
  ret->page_tables_kib = bench_page_tables_kib();

  mt_close(ex);
  if (st < 0) return mt_status_text(st);
  if (atomic_load_explicit(&ran, memory_order_relaxed) != n) return "not every task ran once";
  return atomic_load_explicit(&early, memory_order_relaxed) ? "a task woke up early" : NULL;
}

const char *bench_sleep_delayed(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, true, with_futures, ret);
}

const char *bench_sleep_delayed_group(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, true, with_group, ret);
}

const char *bench_sleep_task(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, false, with_futures, ret);
}

const char *bench_sleep_task_group(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, false, with_group, ret);
}

const char *bench_sleep_together(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, false, meeting, ret);
}
