/* SPDX-License-Identifier: MIT
 *
 * bench.c: reads the command line, runs one test, prints one line. See bench.h.
 */
#include "bench.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int64_t bench_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* A line of /proc/self/status, in KiB; 0 if there is none. `field` ends in a colon. */
static long own_status_kib(const char *field) {
  FILE *status = fopen("/proc/self/status", "r");
  if (!status) return 0;
  char line[256];
  long kib = 0;
  while (fgets(line, sizeof line, status)) {
    if (strncmp(line, field, strlen(field)) == 0) kib = strtol(line + strlen(field), NULL, 10);
  }
  fclose(status);
  return kib;
}

long bench_page_tables_kib(void) {
  return own_status_kib("VmPTE:");
}

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a;
  int64_t y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void print_result(bench_result *r) {
  printf("wall_ns=%lld n=%ld", (long long)r->wall_ns, r->ops);
  if (r->each_ns) {
    size_t n = (size_t)r->ops;
    qsort(r->each_ns, n, sizeof *r->each_ns, by_value);
    printf(" p50_ns=%lld p99_ns=%lld min_ns=%lld", (long long)r->each_ns[n / 2],
           (long long)r->each_ns[n - 1 - n / 100], (long long)r->each_ns[0]);
  }
  /* getrusage would tell the peak of whoever started this program, if that was larger */
  printf(" peak_rss_kib=%ld", own_status_kib("VmHWM:"));
  if (r->page_tables_kib) printf(" page_tables_kib=%ld", r->page_tables_kib);
  putchar('\n');
}

static bool parse_count(const char *text, long most, long *ret) {
  char *end;
  errno = 0;
  long value = strtol(text, &end, 10);
  if (errno || end == text || *end || value < 1 || value > most) return false;
  *ret = value;
  return true;
}

static int run_case(const bench_case *c, const char *workers_text, const char *n_text) {
  long workers;
  long n;
  if (!parse_count(workers_text, 4096, &workers)) {
    fprintf(stderr, "%s: W must be a number from 1 to 4096, not '%s'\n", c->name, workers_text);
    return 2;
  }
  if (!parse_count(n_text, INT_MAX, &n)) {
    fprintf(stderr, "%s: N must be a number from 1 to %d, not '%s'\n", c->name, INT_MAX, n_text);
    return 2;
  }
  bench_result result = {0};
  const char *trouble = c->run((unsigned)workers, n, &result);
  if (trouble) {
    fprintf(stderr, "%s: %s\n", c->name, trouble);
  } else {
    print_result(&result);
  }
  free(result.each_ns);
  return trouble || fflush(stdout) ? 1 : 0;
}

int bench_main(int argc, char **argv, const bench_case *cases, size_t count) {
  if (argc == 2 && strcmp(argv[1], "list") == 0) {
    for (size_t i = 0; i < count; i++) {
      printf("%s %ld %s\n", cases[i].name, cases[i].n, cases[i].note);
    }
    return 0;
  }
  if (argc != 4) {
    fprintf(stderr, "usage: %s list | TEST WORKERS N\n", argc > 0 ? argv[0] : "bench");
    return 2;
  }
  for (size_t i = 0; i < count; i++) {
    if (strcmp(argv[1], cases[i].name) == 0) return run_case(&cases[i], argv[2], argv[3]);
  }
  fprintf(stderr, "%s: no such test: see '%s list'\n", argv[1], argv[0]);
  return 2;
}
