/* SPDX-License-Identifier: MIT
 *
 * The frame of the contract suite: reads WHERE, skips by capability, guards against hangs.
 *
 * cmocka replaces the handlers of fatal signals by one that jumps, which from a worker's stack ends
 * in the weeds. Each check puts back what was there before, so that a crash is a crash, and a
 * sanitizer reports it.
 */
#include "contract.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *the_where = "threads:2";
static unsigned the_capabilities;
static const char *_Atomic the_check = "none";

static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGSYS};
static struct sigaction before_cmocka[sizeof fatal / sizeof *fatal];

const char *contract_where(void) {
  return the_where;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

static size_t shrink_factor(void) {
  const char *told = getenv("MEANTIME_TEST_SHRINK");
  if (told != NULL && strtoul(told, NULL, 10) > 0) return strtoul(told, NULL, 10);
  const char *preload = getenv("LD_PRELOAD");
  if (preload != NULL && strstr(preload, "vgpreload") != NULL) return 100;
#ifdef SANITIZED
  return 20;
#else
  return 1;
#endif
}

size_t shrunk(size_t n) {
  size_t less = n / shrink_factor();
  return less > 0 ? less : 1;
}

/* Ends a program that hangs, and says in what. */
static void *watchdog(void *unused) {
  (void)unused;
  struct timespec left = {.tv_sec = shrink_factor() > 1 ? 500 : 170, .tv_nsec = 0};
  while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
  fprintf(stderr, "hangs on %s in %s\n", the_where, the_check);
  mt_dump(stderr);
  fflush(stderr);
  abort();
}

static void start_watchdog(void) {
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  if (pthread_create(&thread, NULL, watchdog, NULL) == 0) pthread_detach(thread);
  pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void run_check(void **state) {
  const struct check *check = *state;
  if ((the_capabilities & check->needs) != check->needs) skip();
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    sigaction(fatal[i], &before_cmocka[i], NULL);
  the_check = check->name;
  check->run();
}

static int run_all(const struct check *checks, size_t n) {
  struct CMUnitTest *tests = calloc(n, sizeof *tests);
  if (tests == NULL) return 1;
  for (size_t i = 0; i < n; i++) {
    tests[i].name = checks[i].name;
    tests[i].test_func = run_check;
    tests[i].initial_state = (void *)(uintptr_t)&checks[i];
  }
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++)
    sigaction(fatal[i], NULL, &before_cmocka[i]);
  start_watchdog();
  int failed = _cmocka_run_group_tests(the_where, tests, n, NULL, NULL);
  free(tests);
  return failed == 0 ? 0 : 1;
}

int contract_main(int argc, char **argv, const struct check *checks, size_t n) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s WHERE\n", argv[0]);
    return 2;
  }
  the_where = argv[1];
  mt_executor *ex;
  mt_status st = mt_open(the_where, NULL, &ex);
  if (st < 0) {
    fprintf(stderr, "cannot open %s: %s\n", the_where, mt_status_text(st));
    return 2;
  }
  the_capabilities = mt_capabilities(ex);
  mt_close(ex);
  return run_all(checks, n);
}

int rule_main(const struct check *checks, size_t n) {
  the_capabilities = ALL;
  return run_all(checks, n);
}

mt_executor *open_on(const char *where, const mt_options *options) {
  mt_executor *ex = NULL;
  STATUS(mt_open(where, options, &ex), 0);
  assert_non_null(ex);
  return ex;
}

mt_executor *open_here(const mt_options *options) {
  return open_on(the_where, options);
}

mt_executor *open_with(unsigned in_flight) {
  return open_here(&(mt_options){.in_flight = in_flight});
}

void close_here(mt_executor *ex) {
  STATUS(mt_close(ex), 0);
}

static mt_counts counts_of(mt_executor *ex) {
  mt_counts counts;
  mt_counters(ex, &counts);
  return counts;
}

unsigned workers_of(mt_executor *ex) {
  return counts_of(ex).workers;
}
unsigned queued_in(mt_executor *ex) {
  return (unsigned)counts_of(ex).queued;
}
unsigned running_in(mt_executor *ex) {
  return (unsigned)counts_of(ex).running;
}
unsigned suspended_in(mt_executor *ex) {
  return (unsigned)counts_of(ex).suspended;
}

void contract_pause(void) {
  nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
}

void contract_status(mt_status got, mt_status want, const char *what, const char *file, int line) {
  if (got == want) return;
  print_error("%s\n  gives %d (%s)\n  not   %d (%s)\n", what, got, mt_status_text(got), want,
              mt_status_text(want));
  _fail(file, line);
}

void contract_error(mt_future *f, int code, const char *what, const char *file, int line) {
  contract_status(mt_wait(f, MT_FOREVER), 0, what, file, line);
  const mt_error *error = mt_failure(f);
  if (error != NULL && error->code == code) return;
  if (error == NULL)
    print_error("%s holds a value, not the error %d\n", what, code);
  else
    print_error("%s failed with %d (%s), not with %d\n", what, error->code, error->message, code);
  _fail(file, line);
}

void contract_value(mt_future *f, intptr_t number, const char *what, const char *file, int line) {
  mt_value value = mt_int(-1);
  contract_status(mt_get(f, MT_FOREVER, &value), 0, what, file, line);
  if (value.size == 0 && mt_as_int(value) == number) return;
  print_error("%s holds %jd (size %zu), not %jd\n", what, (intmax_t)mt_as_int(value), value.size,
              (intmax_t)number);
  _fail(file, line);
}
