/* SPDX-License-Identifier: MIT
 *
 * cases.h: the tests of bench/executor, each beside what it needs, and what they share.
 *
 * Opening is never part of the measured time; neither is closing, unless nothing else waits.
 */
#ifndef BENCH_CASES_H
#define BENCH_CASES_H

#include "bench.h"

#include <meantime.h>

/* submit.c: how much a task costs, from submit to result. */
bench_fn bench_submit_future, bench_submit_inside, bench_submit_go;

/* pingpong.c: how long one task takes, from submit to result. */
bench_fn bench_pingpong, bench_pingpong_cold;

/* recursion.c: tasks that wait for tasks. */
bench_fn bench_fib, bench_skynet, bench_nested;

/* sleep.c: many tasks that wait for the clock. */
bench_fn bench_sleep_delayed, bench_sleep_delayed_group, bench_sleep_task, bench_sleep_task_group,
    bench_sleep_together;

/* yield.c: changing from one task to the next. */
bench_fn bench_yield_2, bench_yield_1000, bench_yield_100000;

/* limit.c: permits, free and fought for. */
bench_fn bench_limit_free, bench_limit_line, bench_limit_cut;

/* Opens threads:`workers`; in_flight 0 means the default. NULL: there is a message on stderr. */
mt_executor *bench_open(unsigned workers, unsigned in_flight);

/* Reads n futures in order and adds up their integers; unrefs them all, whatever happens.
 * Returns 0, or the first status that was not. */
mt_status bench_sum(mt_future **futures, long n, int64_t *ret_sum);

/* 0 + 1 + ... + (n - 1): what n tasks add up to that each return their index. */
int64_t bench_triangle(long n);

#endif
