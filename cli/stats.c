/* SPDX-License-Identifier: MIT
 *
 * stats.c: meantime stats: many price files, one task a file, one row a series.
 *
 *   input -> item (a path) -> task: read, parse, compute -> item (a report) -> output
 *
 * An item is its task's argument, and its task's alone until the future has settled; then it is the
 * main thread's, which prints it and lets the future go, and with it the item. Workers keep what is
 * worth keeping from file to file (buffers) in a desk each, by their index.
 *
 * The list on stdin may come slowly. Where it has nothing just now, the stream ends, so that what
 * is under way comes out; the next stream waits for the list.
 */
#include "stats.h"

#include "command.h"
#include "file.h"
#include "input.h"
#include "message.h"
#include "output/output.h"
#include "price/reader.h"
#include "progress.h"
#include "signals.h"

#include <errno.h>
#include <limits.h>
#include <meantime.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a worker keeps from file to file; only that worker touches it. */
struct desk {
  struct file file;
  struct reader reader;
  double *work;
  size_t room;
};

struct run {
  const struct stats_options *options;
  struct reader_options reader;
  struct statistics_options statistics;
  mt_executor *executor;
  struct desk *desks; /* [0] for no worker (inline), [i + 1] for worker i */
  unsigned desk_count;
  struct input input;
  struct output_column columns[STATS_COLUMNS_MOST];
  struct output output;
  uint64_t drawn_here; /* items of the present stream */
  uint64_t succeeded, failed, cancelled;
  struct stats_notes notes;
  bool stopping;     /* nothing is started any more */
  bool output_gone;  /* stdout takes nothing any more */
  int output_error;  /* errno of that */
  mt_status trouble; /* of the source */
};

struct item {
  struct run *run;
  char *path;
  struct problem problem;
  struct report *report;
};

static void item_free(mt_value value) {
  struct item *item = value.data;
  report_free(item->report);
  free(item->path);
  free(item);
}

/* -- the task --------------------------------------------------------------------------------- */

static bool asked_to_stop(void *unused) {
  (void)unused;
  return mt_cancelled();
}

static struct report *make_report(struct run *run, struct desk *desk, struct problem *p) {
  const struct table *table = &desk->reader.table;
  size_t most = 0;
  for (size_t i = 0; i < table->count; i++)
    if (table->series[i].count > most) most = table->series[i].count;
  if (most > desk->room) {
    most += most / 8;
    double *more = realloc(desk->work, most * sizeof *more);
    if (!more) {
      problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
      return NULL;
    }
    desk->work = more;
    desk->room = most;
  }
  return report_new(&desk->reader, &run->statistics, desk->work, p);
}

static mt_value analyse(mt_value arg) {
  struct item *item = arg.data;
  struct run *run = item->run;
  struct problem *p = &item->problem;
  struct desk *desk = &run->desks[mt_worker() + 1];
  struct text text;
  if (p->code == PROBLEM_NONE && file_read(&desk->file, item->path, &text, p) &&
      reader_read(&desk->reader, text, &run->reader, p))
    item->report = make_report(run, desk, p);
  if (p->code == PROBLEM_STOPPED) return mt_give_up(MT_ECANCELED);
  if (!item->report)
    return mt_fail(p->code == PROBLEM_SYSTEM ? p->system : EINVAL, "%s", p->message);
  return mt_none();
}

/* -- the main thread -------------------------------------------------------------------------- */

static mt_status draw(void *source, mt_value *ret) {
  struct run *run = source;
  if (run->stopping) return MT_END;
  struct item *item = calloc(1, sizeof *item);
  if (!item) return MT_ENOMEM;
  item->run = run;
  int patience_ms = run->drawn_here ? 20 : 250;
  enum input_kind kind = input_next(&run->input, patience_ms, &item->path, &item->problem);
  if (kind == INPUT_PATH || kind == INPUT_PROBLEM) {
    run->drawn_here++;
    *ret = mt_ptr(item);
    return 0;
  }
  free(item);
  if (kind == INPUT_END) run->stopping = true;
  return kind == INPUT_NO_MEMORY ? MT_ENOMEM : MT_END;
}

/* The executor's counts are ahead of what has come out here, but for a moment behind it, too. */
static void progress(struct run *run, bool over) {
  mt_counts counts;
  uint64_t out = run->succeeded + run->failed + run->cancelled;
  mt_counters(run->executor, &counts);
  struct progress_state s = {.done = counts.settled > out && !over ? counts.settled : out,
                             .failed = run->failed,
                             .total = input_total(&run->input)};
  if (over)
    progress_end(&s);
  else
    progress_update(&s);
}

/* Nothing is started any more. With `running`, what runs is asked to end, too. */
static void stop(struct run *run, bool running) {
  run->stopping = true;
  mt_shutdown(run->executor, MT_CANCEL_QUEUED | (running ? MT_CANCEL_RUNNING : 0U), 0);
}

static void print(struct run *run, const struct record *r) {
  if (run->output_gone) return;
  progress_hide();
  if (stats_columns_print(&run->output, run->options->all, r)) return;
  run->output_gone = true;
  run->output_error = errno;
}

static void print_failure(struct run *run, struct item *item, const mt_error *error) {
  struct problem *p = &item->problem;
  /* An error of meantime's own, as when memory ran out before the task began. */
  if (p->code == PROBLEM_NONE) problem_set(p, PROBLEM_MEMORY, 0, 0, "%s", error->message);
  char ticker[256];
  stats_ticker(item->path, ticker, sizeof ticker);
  print(run, &(struct record){.ticker = ticker, .path = item->path, .problem = p});
  if (p->line)
    message("%s:%zu:%zu: %s", item->path, p->line, p->column, p->message);
  else
    message("%s: %s", item->path, p->message);
}

static void print_report(struct run *run, const struct item *item) {
  char ticker[256];
  stats_ticker(item->path, ticker, sizeof ticker);
  for (size_t i = 0; i < item->report->count; i++) {
    const struct report_series *s = &item->report->series[i];
    struct record r = {.ticker = *s->name ? s->name : ticker,
                       .path = item->path,
                       .price_column = item->report->price_column,
                       .statistics = &s->statistics};
    stats_note(&run->notes, &r, i == 0);
    print(run, &r);
  }
}

static void take(struct run *run, mt_future *f) {
  struct item *item = mt_argument(f).data;
  const mt_error *error = mt_failure(f);
  if (error && (error->code == MT_ECANCELED || error->code == MT_ESHUTDOWN))
    run->cancelled++;
  else if (error) {
    run->failed++;
    print_failure(run, item, error);
    if (run->options->fail_fast) stop(run, true);
  } else {
    run->succeeded++;
    print_report(run, item);
    if (run->succeeded == run->options->stop_after) stop(run, true);
  }
}

/* Whether the reader of stdout has gone, also while there is nothing to write. */
static void look_at_stdout(struct run *run) {
  struct pollfd out = {STDOUT_FILENO, 0, 0};
  if (run->output_gone || poll(&out, 1, 0) <= 0 || !(out.revents & POLLERR)) return;
  run->output_gone = true;
  run->output_error = EPIPE;
}

/* What is done while there is nothing to take. */
static void idle(struct run *run) {
  if (fflush(stdout) != 0 && !run->output_gone) run->output_gone = true, run->output_error = errno;
  look_at_stdout(run);
  progress(run, false);
}

/* Whether the rest is not wanted: --fail-fast or --stop-after have what they waited for. */
static bool has_enough(const struct run *run) {
  const struct stats_options *o = run->options;
  return run->output_gone || (o->fail_fast && run->failed) ||
         (o->stop_after && run->succeeded >= o->stop_after);
}

/* Takes what comes out of one stream. After an interrupt it goes on until what had begun is out. */
static mt_status drain(struct run *run, mt_stream *stream) {
  bool told = false;
  for (;;) {
    mt_future *f;
    mt_status st = mt_next(stream, 0, &f, NULL);
    if (st == MT_ETIMEDOUT) {
      idle(run);
      st = mt_next(stream, MT_MS(100), &f, NULL);
    }
    if (signals_interrupted() && !told) {
      told = true;
      stop(run, true);
    }
    if (st == 0) {
      take(run, f);
      mt_unref(f);
    } else if (st != MT_ETIMEDOUT) {
      return st == MT_END ? 0 : st;
    }
    if (has_enough(run)) {
      stop(run, true);
      return 0;
    }
  }
}

static mt_status work(struct run *run) {
  mt_task task = {.name = "stats", .drop_arg = item_free};
  mt_map_options map = {.order = run->options->as_completed ? MT_ORDER_COMPLETION : MT_ORDER_INPUT,
                        .ahead = 16U * run->desk_count,
                        .task = &task};
  mt_status st = 0;
  while (st == 0 && !run->stopping) {
    run->drawn_here = 0;
    mt_stream *stream = mt_map(run->executor, analyse, draw, run, &map);
    st = drain(run, stream);
    mt_stream_close(stream);
    idle(run);
    if (has_enough(run)) stop(run, true);
  }
  return st;
}

static mt_status open_executor(struct run *run) {
  const struct stats_options *o = run->options;
  char where[48];
  unsigned long workers = o->workers ? o->workers : o->jobs;
  bool threads = strncmp(o->on, "threads", 7) == 0;
  if (threads && workers)
    snprintf(where, sizeof where, "threads:%lu", workers);
  else
    snprintf(where, sizeof where, "%s", o->on);
  unsigned in_flight = o->in_flight < UINT_MAX ? (unsigned)o->in_flight : UINT_MAX;
  mt_options options = {.in_flight = in_flight, .name = "stats"};
  mt_status st = mt_open(where, &options, &run->executor);
  if (st < 0) {
    message("stats: nothing can run on \"%s\": %s; --on takes inline, threads or threads:N", where,
            mt_status_text(st));
    return st;
  }
  mt_counts counts;
  mt_counters(run->executor, &counts);
  run->desk_count = counts.workers + 1;
  run->desks = calloc(run->desk_count, sizeof *run->desks);
  if (!run->desks) {
    mt_close(run->executor);
    message("stats: out of memory");
    return MT_ENOMEM;
  }
  return 0;
}

static void close_executor(struct run *run) {
  mt_close(run->executor);
  for (unsigned i = 0; i < run->desk_count; i++) {
    file_fini(&run->desks[i].file);
    reader_fini(&run->desks[i].reader);
    free(run->desks[i].work);
  }
  free(run->desks);
}

/* What happened as an exit status; does not return after a signal or into a closed pipe. */
static int verdict(struct run *run, mt_status st) {
  if (run->output_gone && run->output_error != EPIPE)
    message("stats: stdout cannot be written: %s", strerror(run->output_error));
  if (st < 0) message("stats: %s", mt_status_text(st));
  if (signals_interrupted())
    message("stats: interrupted: %llu files done, the rest left out",
            (unsigned long long)(run->succeeded + run->failed));
  fflush(stdout);
  signals_die_if_interrupted();
  if (run->output_gone && run->output_error == EPIPE) signals_die_of_pipe();
  return st < 0 || run->failed || run->output_gone ? EXIT_ITEMS : EXIT_FINE;
}

int stats_run(const struct stats_options *o, char **paths, size_t n) {
  struct run run = {.options = o,
                    .reader = {.wish = {o->price_column, o->date_column, o->volume_column},
                               .stop = asked_to_stop},
                    .statistics = {.rf = o->rf, .periods = o->periods, .all = o->all}};
  signals_begin();
  if (open_executor(&run) < 0) return EXIT_USAGE;
  size_t columns = stats_columns(o->all, run.columns);
  if (!output_begin(&run.output, (enum output_format)o->format, run.columns, columns, !o->no_header,
                    stdout)) {
    close_executor(&run);
    message("stats: out of memory");
    return EXIT_ITEMS;
  }
  input_begin(&run.input, paths, n, o->null_separated);
  progress_begin((enum progress_when)o->progress, "files");
  mt_status st = work(&run);
  progress(&run, true);
  if (!output_end(&run.output) && !run.output_gone)
    run.output_gone = true, run.output_error = errno;
  if (!o->quiet) stats_print_notes(&run.notes, o->all);
  close_executor(&run);
  input_end(&run.input);
  return verdict(&run, st);
}
