/* SPDX-License-Identifier: MIT
 *
 * See conduct.h. The calling thread sleeps in one of three ways when nothing has come out: on the
 * stream, to be woken by the next outcome; in poll(2), on the stream and the input, if the input
 * had nothing; or, after outcomes, for a millisecond without being woken at all: others are likely
 * to follow, and waking it for each of ten thousand would cost more than they do. Workers have
 * items in store meanwhile. */
#include "conduct.h"

#include "command.h"
#include "message.h"
#include "signals.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
  PAUSE_MS = 100,        /* how often progress and signals are looked at, ... */
  GLANCE = 16,           /* ... and the clock, if there always is something to take */
  SHARE_OF_AT_LEAST = 20 /* items, before a percentage of failures means something */
};

/* -- opening and closing ---------------------------------------------------------------------- */

int conduct_open(struct conduct *c, const struct conduct_options *o, const char *name,
                 unsigned workers, unsigned in_flight) {
  *c = (struct conduct){.options = o, .name = name, .end_ns = MT_FOREVER};
  char where[48];
  bool asked = o->workers, counted = strncmp(o->on, "threads:", 8) == 0;
  if (asked) workers = o->workers < UINT_MAX ? (unsigned)o->workers : UINT_MAX;
  if (workers && (strcmp(o->on, "threads") == 0 || (asked && counted)))
    snprintf(where, sizeof where, "threads:%u", workers);
  else
    snprintf(where, sizeof where, "%s", o->on);
  if (o->in_flight) in_flight = o->in_flight < UINT_MAX ? (unsigned)o->in_flight : UINT_MAX;
  mt_options options = {.in_flight = in_flight, .name = name};
  mt_status st = mt_open(where, &options, &c->executor);
  if (st < 0) {
    message("%s: nothing can run on \"%s\": %s; --on takes inline, threads or threads:N", name,
            where, mt_status_text(st));
    return EXIT_USAGE;
  }
  mt_counts counts;
  mt_counters(c->executor, &counts);
  c->workers = counts.workers;
  if (o->run_deadline_ns) c->end_ns = mt_now_ns() + o->run_deadline_ns;
  return 0;
}

void conduct_close(struct conduct *c) {
  mt_close(c->executor);
  c->executor = NULL;
}

int conduct_verdict(struct conduct *c) {
  if (c->output_gone && c->output_error != EPIPE)
    message("%s: stdout cannot be written: %s", c->name, strerror(c->output_error));
  if (c->trouble < 0) message("%s: %s", c->name, mt_status_text(c->trouble));
  if (signals_interrupted())
    message("%s: interrupted: %llu %s done, the rest left out", c->name,
            (unsigned long long)(c->succeeded + c->failed), c->job.what);
  fflush(stdout);
  signals_die_if_interrupted();
  if (c->output_gone && c->output_error == EPIPE) signals_die_of_pipe();
  bool fine = c->trouble == 0 && c->failed == 0 && !c->output_gone && !c->late;
  return fine ? EXIT_FINE : EXIT_ITEMS;
}

/* -- stopping --------------------------------------------------------------------------------- */

/* Nothing is started any more, and what runs is asked to end. */
static void stop(struct conduct *c) {
  c->stopping = true;
  mt_shutdown(c->executor, MT_CANCEL_QUEUED | MT_CANCEL_RUNNING, 0);
}

static void stop_if_asked(struct conduct *c) {
  if (c->stopping) return;
  if (signals_interrupted()) stop(c);
  if (mt_now_ns() >= c->end_ns) {
    c->late = true;
    stop(c);
  }
}

static bool too_many_failures(const struct conduct *c) {
  const struct conduct_options *o = c->options;
  uint64_t done = c->succeeded + c->failed;
  if (o->fail_fast && c->failed > 0) return true;
  if (o->max_failures.count > 0) return c->failed > o->max_failures.count;
  return o->max_failures.percent > 0 && done >= SHARE_OF_AT_LEAST &&
         100 * (double)c->failed > o->max_failures.percent * (double)done;
}

/* Whether the rest is not wanted: a rule has what it waited for, or nobody reads. */
static void stop_if_enough(struct conduct *c) {
  c->too_many = c->too_many || too_many_failures(c);
  bool found = c->options->stop_after && c->succeeded >= c->options->stop_after;
  if (c->enough || !(c->too_many || found || c->output_gone)) return;
  c->enough = true;
  stop(c);
}

/* -- drawing and taking ----------------------------------------------------------------------- */

static mt_status draw(void *conduct, mt_value *ret) {
  struct conduct *c = conduct;
  void *item;
  c->waits = false;
  if (c->stopping) return MT_END;
  switch (c->job.draw(c->job.context, &item)) {
  case DRAWN_ITEM:
    *ret = mt_ptr(item);
    return 0;
  case DRAWN_LATER:
    c->waits = true;
    return MT_LATER;
  case DRAWN_NO_MEMORY:
    return MT_ENOMEM;
  default:
    return MT_END;
  }
}

static void output_lost(struct conduct *c, int error) {
  if (c->output_gone) return;
  c->output_gone = true;
  c->output_error = error;
}

static void take(struct conduct *c, mt_future *f) {
  static const mt_error late = {.code = MT_EDEADLINE, .message = "the run's time is over"};
  const mt_error *error = mt_failure(f);
  bool cut = error && (error->code == MT_ECANCELED || error->code == MT_ESHUTDOWN);
  if (cut && c->late) error = &late;
  enum conduct_outcome outcome = OUTCOME_NONE;
  progress_hide();
  if (!c->job.take(c->job.context, mt_argument(f).data, error, f, &outcome)) output_lost(c, errno);
  c->succeeded += outcome == OUTCOME_SUCCESS;
  c->failed += outcome == OUTCOME_FAILURE;
  c->cancelled += outcome == OUTCOME_CANCELLED;
  c->burst++;
}

/* -- while there is nothing to take ----------------------------------------------------------- */

/* Whether the reader of stdout has gone, also while there is nothing to write. */
static void look_at_stdout(struct conduct *c) {
  struct pollfd out = {STDOUT_FILENO, 0, 0};
  if (!c->output_gone && poll(&out, 1, 0) > 0 && (out.revents & POLLERR)) output_lost(c, EPIPE);
}

/* The executor's counts are ahead of what has come out here, but for a moment behind it, too. */
static void show_progress(struct conduct *c, bool over) {
  const struct conduct_job *job = &c->job;
  mt_counts counts;
  uint64_t out = c->succeeded + c->failed + c->cancelled;
  mt_counters(c->executor, &counts);
  struct progress_state s = {
      .done = counts.settled > out && !over ? counts.settled : out,
      .failed = c->failed,
      .total = job->total ? job->total(job->context) : 0,
      .in_flight = counts.running,
      .bytes = job->bytes ? job->bytes(job->context) : 0,
  };
  if (over)
    progress_end(&s);
  else
    progress_update(&s);
}

static void tidy_up(struct conduct *c) {
  if (c->job.idle) c->job.idle(c->job.context);
  if (fflush(stdout) != 0) output_lost(c, errno);
  look_at_stdout(c);
  show_progress(c, false);
}

/* Waits for the input as well as for outcomes. */
static void wait_for_input(struct conduct *c, mt_stream *stream) {
  int fd = c->job.draw_fd ? c->job.draw_fd(c->job.context) : -1;
  struct pollfd any[] = {
      {fd, POLLIN, 0}, {mt_stream_fd(stream), POLLIN, 0}, {signals_fd(), POLLIN, 0}};
  poll(any, sizeof any / sizeof *any, signals_interrupted() ? 1 : PAUSE_MS);
}

/* Sleeps for a millisecond, or less if workers would run out of items meanwhile. */
static void nap(struct conduct *c, unsigned burst) {
  enum { LEAST_US = 16, MOST_US = 1000 };
  long us = c->nap_us ? c->nap_us : MOST_US;
  if (burst >= c->job.ahead / 2)
    us = us / 2 > LEAST_US ? us / 2 : LEAST_US;
  else
    us = us * 2 < MOST_US ? us * 2 : MOST_US;
  c->nap_us = us;
  nanosleep(&(struct timespec){.tv_nsec = us * 1000}, NULL);
}

/* Waits until the next outcome, or for a while. As mt_next. */
static mt_status pause_for(struct conduct *c, mt_stream *stream, mt_future **ret) {
  unsigned burst = c->burst;
  c->burst = 0;
  if (c->waits) {
    wait_for_input(c, stream);
    return MT_ETIMEDOUT;
  }
  if (burst > 0) {
    nap(c, burst);
    return MT_ETIMEDOUT;
  }
  return mt_next(stream, MT_MS(PAUSE_MS), ret, NULL);
}

/* What is done when there is nothing to take, and now and then when there always is something. */
static void look_around(struct conduct *c) {
  tidy_up(c);
  stop_if_asked(c);
  stop_if_enough(c);
  c->looked_ns = mt_now_ns();
}

/* After an interrupt, or when the time is over, it goes on until what had begun is out. */
static mt_status drain(struct conduct *c, mt_stream *stream) {
  while (!c->enough) {
    mt_future *f;
    mt_status st = mt_next(stream, 0, &f, NULL);
    if (st == MT_ETIMEDOUT || st == MT_LATER) {
      look_around(c);
      st = c->enough ? MT_ETIMEDOUT : pause_for(c, stream, &f);
    }
    if (st == 0) {
      take(c, f);
      mt_unref(f);
    } else if (st != MT_ETIMEDOUT && st != MT_LATER) {
      return st == MT_END ? 0 : st;
    }
    stop_if_enough(c);
    if (c->burst % GLANCE == GLANCE - 1 && mt_now_ns() - c->looked_ns > MT_MS(PAUSE_MS))
      look_around(c);
  }
  return 0;
}

void conduct_run(struct conduct *c, const struct conduct_job *job) {
  c->job = *job;
  mt_task task = {.name = job->name,
                  .drop_arg = job->drop,
                  .retry = job->retry,
                  .deadline_ns = job->deadline_ns};
  mt_map_options map = {.order = c->options->as_completed ? MT_ORDER_COMPLETION : MT_ORDER_INPUT,
                        .ahead = job->ahead,
                        .task = &task};
  progress_begin((enum progress_when)c->options->progress, job->what);
  mt_stream *stream = mt_map(c->executor, job->run, draw, c, &map);
  c->trouble = drain(c, stream);
  mt_stream_close(stream);
  tidy_up(c);
  show_progress(c, true);
}
