/* SPDX-License-Identifier: MIT
 *
 * run.c: meantime stats: many price files, one task a file, one row a series.
 *
 *   input -> item (a path) -> task: read, parse, compute -> item (a report) -> output, log
 *
 * conduct.c has the loop; here is where items come from and what becomes of them. */
#include "stats.h"

#include "../command.h"
#include "../message.h"
#include "../signals.h"
#include "input.h"
#include "log.h"
#include "task.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOG_PORTION = 256 }; /* files whose log is written at a time */

struct run {
  const struct stats_options *options;
  struct conduct conduct;
  struct stats_tools tools;
  struct stats_log log;
  struct input input;
  uint64_t drawn;
  struct output_column columns[STATS_COLUMNS_MOST];
  struct output output;
  struct stats_notes notes;
};

/* -- items in --------------------------------------------------------------------------------- */

static enum conduct_drawn draw(void *context, void **ret) {
  struct run *run = context;
  struct stats_item *item = calloc(1, sizeof *item);
  if (!item) return DRAWN_NO_MEMORY;
  item->tools = &run->tools;
  item->worker = -1;
  enum input_kind kind;
  for (;;) {
    kind = input_next(&run->input, 0, &item->path, &item->problem);
    if (kind != INPUT_PATH && kind != INPUT_PROBLEM) break;
    item->index = ++run->drawn;
    if (!stats_log_has(&run->log, item->path)) {
      *ret = item;
      return DRAWN_ITEM;
    }
    free(item->path);
    item->problem = (struct problem){0};
  }
  free(item);
  return kind == INPUT_LATER ? DRAWN_LATER : kind == INPUT_END ? DRAWN_END : DRAWN_NO_MEMORY;
}

static int draw_fd(void *unused) {
  (void)unused;
  return STDIN_FILENO;
}

static uint64_t total(void *context) {
  struct run *run = context;
  uint64_t n = input_total(&run->input);
  return n ? n - run->log.done_before : 0;
}

/* -- outcomes out ----------------------------------------------------------------------------- */

static bool print_failure(struct run *run, const struct stats_item *item) {
  const struct problem *p = &item->problem;
  struct record record = {.path = item->path, .problem = p};
  char ticker[256];
  stats_ticker(item->path, ticker, sizeof ticker);
  record.ticker = ticker;
  bool fine = stats_columns_print(&run->output, run->options->all, &record);
  int error = errno;
  if (p->line)
    message("%s:%zu:%zu: %s", item->path, p->line, p->column, p->message);
  else
    message("%s: %s", item->path, p->message);
  errno = error;
  return fine;
}

static bool print_report(struct run *run, const struct stats_item *item) {
  char ticker[256];
  bool fine = true;
  stats_ticker(item->path, ticker, sizeof ticker);
  for (size_t i = 0; fine && i < item->report->count; i++) {
    const struct report_series *s = &item->report->series[i];
    struct record r = {.ticker = *s->name ? s->name : ticker,
                       .path = item->path,
                       .price_column = item->report->price_column,
                       .statistics = &s->statistics};
    stats_note(&run->notes, &r, i == 0);
    fine = stats_columns_print(&run->output, run->options->all, &r);
  }
  return fine;
}

static bool take(void *context, void *taken, const mt_error *error, mt_future *f,
                 enum conduct_outcome *ret) {
  struct run *run = context;
  struct stats_item *item = taken;
  (void)f;
  if (error && (error->code == MT_ECANCELED || error->code == MT_ESHUTDOWN)) {
    *ret = OUTCOME_CANCELLED;
    if (item->begun) stats_log_note(&run->log, item, false, true);
    return true;
  }
  /* An error of meantime's own, as when memory ran out before the task began. */
  if (error && item->problem.code == PROBLEM_NONE)
    problem_set(&item->problem, PROBLEM_MEMORY, 0, 0, "%s", error->message);
  *ret = error ? OUTCOME_FAILURE : OUTCOME_SUCCESS;
  if (!(error ? print_failure(run, item) : print_report(run, item))) return false;
  stats_log_note(&run->log, item, error, false);
  return run->log.unflushed < LOG_PORTION || stats_log_flush(&run->log, false);
}

static void output_lost(struct run *run) {
  struct conduct *c = &run->conduct;
  if (c->output_gone) return;
  c->output_gone = true;
  c->output_error = errno;
}

static void idle(void *context) {
  struct run *run = context;
  if (!stats_log_flush(&run->log, false)) output_lost(run);
}

/* -- the run ---------------------------------------------------------------------------------- */

static bool open_all(struct run *run, char **paths, size_t n) {
  const struct stats_options *o = run->options;
  size_t columns = stats_columns(o->all, run->columns);
  if (!stats_log_open(&run->log, o, paths, n)) return false;
  if (stats_tools_init(&run->tools, o, run->conduct.workers) &&
      output_begin(&run->output, (enum output_format)o->format, run->columns, columns,
                   !o->no_header, stdout))
    return true;
  message("stats: out of memory");
  return false;
}

static void finish_output(struct run *run) {
  if (!output_end(&run->output)) output_lost(run);
  if (!run->conduct.output_gone && !stats_log_flush(&run->log, true)) output_lost(run);
}

static void print_notes(const struct run *run) {
  stats_print_notes(&run->notes, run->options->all);
  if (run->log.done_before)
    message("note: %llu file%s done before, by the log, left out",
            (unsigned long long)run->log.done_before, run->log.done_before == 1 ? "" : "s");
  if (run->conduct.too_many)
    message("stats: stopped: too many failures; what is left was not looked at");
}

int stats_run(const struct stats_options *o, char **paths, size_t n) {
  struct run run = {.options = o};
  struct conduct_job job = {.name = "stats",
                            .what = "files",
                            .context = &run,
                            .run = stats_task,
                            .drop = stats_item_free,
                            .draw = draw,
                            .draw_fd = draw_fd,
                            .take = take,
                            .idle = idle,
                            .total = total};
  signals_begin();
  int status = conduct_open(&run.conduct, &o->run, "stats", 0, 0);
  if (status) return status;
  bool opened = open_all(&run, paths, n);
  if (opened) {
    job.ahead = 16 * (size_t)(run.conduct.workers + 1);
    input_begin(&run.input, paths, n, o->null_separated);
    conduct_run(&run.conduct, &job);
    finish_output(&run);
    if (!o->quiet) print_notes(&run);
  }
  conduct_close(&run.conduct);
  stats_log_close(&run.log);
  stats_tools_fini(&run.tools);
  input_end(&run.input);
  return opened ? conduct_verdict(&run.conduct) : EXIT_USAGE;
}
