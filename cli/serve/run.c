/* SPDX-License-Identifier: MIT
 *
 * run.c: meantime serve: a quote server whose every connection is a task.
 *
 *   main thread: waits for the first of two tasks to end, then cancels all and prints the sum
 *   accept task: takes connections in, a task each      (serve/listener.c)
 *   watch task:  ends at a signal, or when the time is over
 *   connections: read, wait, write                      (serve/connection.c)
 *
 * The end is a cancel of everything: connections that wait for a request close, and those that are
 * being answered have a second to finish (see there). Then the executor closes, and with it the
 * last connection has gone. */
#include "answer.h"
#include "connection.h"
#include "listener.h"
#include "server.h"

#include "../command.h"
#include "../message.h"
#include "../signals.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Descriptors that are no connections: streams, the listener, the signals' pipe, and what each
 * worker waits with. */
enum { OTHER_DESCRIPTORS = 24, WORKER_DESCRIPTORS = 3, MOST_CONNECTIONS = 1000000 };

/* A connection's task needs little: the deepest call is a vsnprintf. */
enum { STACK_SIZE = 64 * 1024 };

/* How many connections there can be at once: the limit of descriptors is raised as far as it goes.
 */
static unsigned most_connections(unsigned long workers) {
  struct rlimit limit = {1024, 1024};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
    struct rlimit raised = {limit.rlim_max, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  unsigned long others = OTHER_DESCRIPTORS + WORKER_DESCRIPTORS * workers;
  if (limit.rlim_cur <= others) return 1;
  rlim_t most = limit.rlim_cur - others;
  return most < MOST_CONNECTIONS ? (unsigned)most : MOST_CONNECTIONS;
}

static bool open_list(struct symbols *list, const char *option, const char *text) {
  char wrong[SYMBOL_ROOM];
  bool fine = symbols_init(list, text, wrong);
  if (!fine)
    message("serve: --%s needs symbols with commas between, as BAD,ERROR; this is none: \"%s\"",
            option, wrong);
  return fine;
}

static mt_status open_limits(struct server *s, unsigned most) {
  const struct option_rate *r = &s->options->rate_limit;
  mt_status st = mt_limit_open(&(mt_limit_options){.permits = most}, &s->room);
  if (st < 0 || r->n <= 0) return st;
  /* What a period allows may come all at once, as with providers that count requests a minute. */
  double burst = ceil(r->n);
  mt_limit_options rate = {
      .rate = r->n, .per_ns = r->per_ns, .burst = burst < UINT_MAX ? (unsigned)burst : UINT_MAX};
  return mt_limit_open(&rate, &s->rate);
}

static mt_status open_executor(struct server *s) {
  const struct serve_options *o = s->options;
  char where[48] = "threads";
  if (o->workers) snprintf(where, sizeof where, "threads:%lu", o->workers);
  unsigned most = most_connections(o->workers ? o->workers : mt_cpus());
  mt_options options = {.in_flight = most + 2, .stack_size = STACK_SIZE, .name = "serve"};
  mt_status st = mt_open(where, &options, &s->executor);
  if (st < 0)
    message("serve: there cannot be %lu workers: %s; --workers takes 1 to 4096", o->workers,
            mt_status_text(st));
  else if ((st = open_limits(s, most)) < 0)
    message("serve: %s", mt_status_text(st));
  return st;
}

/* A task: waits for what ends the server. */
static mt_value watch(mt_value arg) {
  const struct server *s = arg.data;
  int64_t ns = s->options->seconds_ns;
  int ready = mt_wait_fd(signals_fd(), POLLIN, ns ? ns : MT_FOREVER);
  return ready >= 0 || ready == MT_ETIMEDOUT ? mt_none() : mt_give_up(ready);
}

/* Serves until one of the two tasks ends. False, with a message, if not as it should. */
static bool serve(struct server *s) {
  mt_future *both[] = {mt_submit(s->executor, listener_accept, mt_ptr(s)),
                       mt_submit(s->executor, watch, mt_ptr(s))};
  bool fine = true;
  mt_wait_many(both, 2, MT_FIRST_DONE, MT_FOREVER);
  for (int i = 0; i < 2; i++) {
    const mt_error *error = mt_failure(both[i]);
    if (error) message("serve: no more connections can be taken: %s", error->message);
    fine = fine && !error;
  }
  mt_shutdown(s->executor, MT_CANCEL_QUEUED | MT_CANCEL_RUNNING, MT_FOREVER);
  mt_unref(both[0]);
  mt_unref(both[1]);
  return fine;
}

static uint64_t counted(_Atomic uint64_t *n) {
  return atomic_load_explicit(n, memory_order_relaxed);
}

static void print_sum(struct server *s) {
  struct bytes text = {0};
  uint64_t requests = counted(&s->resets) + counted(&s->unheard);
  for (int i = STATUS_LEAST; i <= STATUS_MOST; i++) {
    uint64_t n = counted(&s->by_status[i - STATUS_LEAST]);
    requests += n;
    if (n) bytes_print(&text, "%s %d: %llu", text.size ? "," : ";", i, (unsigned long long)n);
  }
  if (counted(&s->resets))
    bytes_print(&text, "%s reset: %llu", text.size ? "," : ";",
                (unsigned long long)counted(&s->resets));
  if (counted(&s->unheard))
    bytes_print(&text, "%s broken off: %llu", text.size ? "," : ";",
                (unsigned long long)counted(&s->unheard));
  message("serve: %llu requests on %llu connections, at most %llu at once%.*s",
          (unsigned long long)requests, (unsigned long long)counted(&s->connections),
          (unsigned long long)counted(&s->most_open), (int)text.size, text.size ? text.at : "");
  bytes_fini(&text);
}

static int run(struct server *s) {
  const struct serve_options *o = s->options;
  char url[80];
  if (!open_list(&s->unknown, "fail", o->fail) || !open_list(&s->slow, "slow", o->slow))
    return EXIT_USAGE;
  if (open_executor(s) < 0) return EXIT_USAGE;
  s->listener = listener_open(o, url, sizeof url);
  if (s->listener < 0) return EXIT_USAGE;
  printf("meantime serve: %s (pid %ld)\n", url, (long)getpid());
  if (fflush(stdout) != 0) {
    message("serve: stdout cannot be written: %s", strerror(errno));
    return EXIT_ITEMS;
  }
  return serve(s) ? EXIT_FINE : EXIT_ITEMS;
}

int serve_run(const struct serve_options *o) {
  struct server s = {.options = o, .listener = -1};
  signals_begin();
  int status = run(&s);
  if (s.listener >= 0) close(s.listener);
  mt_close(s.executor);
  if (!o->quiet && status != EXIT_USAGE) print_sum(&s);
  mt_limit_close(s.room);
  mt_limit_close(s.rate);
  symbols_fini(&s.unknown);
  symbols_fini(&s.slow);
  return status;
}
