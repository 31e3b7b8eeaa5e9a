/* SPDX-License-Identifier: MIT
 *
 * executor.c: the program that measures meantime's executors on threads, one test a call.
 */
#include "cases.h"

#include <stdio.h>

static const bench_case cases[] = {
    {"submit:future", 1000000, "mt_submit from outside, a future each, mt_get in order",
     bench_submit_future},
    {"submit:inside", 1000000, "the same from inside a task", bench_submit_inside},
    {"submit:go", 1000000, "mt_go into a group, no handle", bench_submit_go},
    {"fib:fork", 32, "mt_fork and mt_join of caller's storage, no cutoff", bench_fib},
    {"sleep:delayed", 1000000, "tasks with delay_ns of 1 s, a future each", bench_sleep_delayed},
    {"sleep:delayed_group", 1000000, "the same in a group, no future kept",
     bench_sleep_delayed_group},
    {"sleep:task", 1000000, "tasks that each mt_sleep for 1 s, a future each", bench_sleep_task},
    {"sleep:task_group", 1000000, "the same by mt_go", bench_sleep_task_group},
    {"sleep:together", 1000000, "the same, all of them asleep at once", bench_sleep_together},
    {"pingpong:submit_get", 100000, "submit, get, one at a time", bench_pingpong},
    {"pingpong_cold:submit_get", 2000, "the same with 1 ms of rest before each",
     bench_pingpong_cold},
    {"skynet:future", 1000000, "n leaves, ten children a task, a future each", bench_skynet},
    {"yield:2", 10000000, "n mt_yield, spread over 2 tasks", bench_yield_2},
    {"yield:1000", 10000000, "n mt_yield, spread over 1000 tasks", bench_yield_1000},
    {"yield:100000", 10000000, "n mt_yield, spread over 100000 tasks", bench_yield_100000},
    {"nested:submit_get", 10000, "n levels of a task that submits the next and waits for it",
     bench_nested},
    {"limit:free", 10000000, "mt_acquire and mt_release, nobody else there", bench_limit_free},
    {"limit:line", 1000000, "n acquisitions of one permit by 10000 tasks in line",
     bench_limit_line},
    {"limit:cut", 10000, "n tasks in line for a permit, all cancelled", bench_limit_cut},
};

mt_executor *bench_open(unsigned workers, unsigned in_flight) {
  char where[32];
  snprintf(where, sizeof where, "threads:%u", workers);
  mt_options options = {.in_flight = in_flight};
  mt_executor *ex;
  mt_status st = mt_open(where, &options, &ex);
  if (st < 0) {
    fprintf(stderr, "mt_open(\"%s\"): %s\n", where, mt_status_text(st));
    return NULL;
  }
  return ex;
}

mt_status bench_sum(mt_future **futures, long n, int64_t *ret_sum) {
  mt_status first = 0;
  int64_t sum = 0;
  for (long i = 0; i < n; i++) {
    mt_value value;
    mt_status st = mt_get(futures[i], MT_FOREVER, &value);
    if (st == 0) {
      sum += mt_as_int(value);
    } else if (first == 0) {
      first = st;
    }
    mt_unref(futures[i]);
  }
  if (first == 0) *ret_sum = sum;
  return first;
}

int64_t bench_triangle(long n) {
  return (int64_t)n * (n - 1) / 2;
}

int main(int argc, char **argv) {
  return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
