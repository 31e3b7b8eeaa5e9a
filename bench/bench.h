/* SPDX-License-Identifier: MIT
 *
 * bench.h: what every benchmark program here has in common: how it is called and what it prints.
 *
 *   PROGRAM list          a line for each test: its name, its usual n, what it does
 *   PROGRAM TEST W N      runs one test in a process of its own, and prints one line of key=value
 *
 * W is the number of worker threads. The line always has wall_ns (the measured part alone, without
 * opening and closing), n (how many operations that were) and peak_rss_kib (of the whole process).
 * Tests that time each operation add p50_ns, p99_ns and min_ns; those with many stacks add
 * page_tables_kib, which the resident size does not contain.
 *
 * A test checks what it computed. A wrong result ends the program with a message and status 1, so
 * that a line of figures always stands for work that was done.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

typedef struct bench_result {
  int64_t wall_ns;
  long ops;
  int64_t *each_ns;     /* malloced, `ops` long: how long each operation took; or NULL */
  long page_tables_kib; /* while the stacks were mapped; 0: not of interest */
} bench_result;

/* Returns NULL, or a text that says what went wrong. */
typedef const char *bench_fn(unsigned workers, long n, bench_result *ret);

typedef struct bench_case {
  const char *name;
  long n;
  const char *note;
  bench_fn *run;
} bench_case;

/* The whole of main: 0, 1 when a test failed, 2 when called wrongly. */
int bench_main(int argc, char **argv, const bench_case *cases, size_t count);

int64_t bench_now_ns(void);

/* The size of this process's page tables now; 0 where the system does not tell. */
long bench_page_tables_kib(void);

#endif
