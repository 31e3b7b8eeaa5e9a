/* SPDX-License-Identifier: MIT
 *
 * command.c: meantime sample: price files to try things with, one task a file. */
#include "../command.h"
#include "../message.h"
#include "../price/date.h"
#include "../progress.h"
#include "../signals.h"
#include "sample.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct sample_options {
  const char *tickers, *on;
  unsigned long rows, files, jobs;
  unsigned long long seed;
  int progress;
};

#define AT(member) offsetof(struct sample_options, member)

static const struct option_spec options[] = {
    {OPTION_GROUP, .help = "What is written"},
    {OPTION_TEXT, "tickers", 't', AT(tickers), .value = "A,B,...",
     .help = "the files' names (AAPL,GOOGL,MSFT,AMZN,META,NVDA,TSLA,\nJPM)"},
    {OPTION_COUNT, "files", 'n', AT(files), .value = "N",
     .help = "N files with the names S000, S001, ...", .least = 1},
    {OPTION_COUNT, "rows", 'r', AT(rows), .value = "N",
     .help = "rows a file, one a day from 2020-01-01 on (1461)", .least = 1},
    {OPTION_SEED, "seed", 's', AT(seed), .value = "N",
     .help = "another seed gives other prices; the same seed and\nticker the same file (0)"},
    {OPTION_GROUP, .help = "How it runs"},
    {OPTION_COUNT, "jobs", 'j', AT(jobs), .value = "N", .help = "files at once (the CPUs)",
     .least = 1},
    {OPTION_TEXT, "on", 0, AT(on), .value = "WHERE",
     .help = "inline (one after another), threads or threads:N"},
    {OPTION_CHOICE, "progress", 0, AT(progress), .value = PROGRESS_CHOICES,
     .help = "how far it is, on stderr (auto: on a terminal)"},
    {OPTION_HELP, "help", 'h', .help = "this text"},
    {.kind = OPTION_END},
};

static const char default_tickers[] = "AAPL,GOOGL,MSFT,AMZN,META,NVDA,TSLA,JPM";
enum { DEFAULT_ROWS = 1461 }; /* 2020-01-01 to 2023-12-31, daily */

static bool is_ticker(const char *name) {
  if (!*name || *name == '.') return false;
  for (; *name; name++)
    if (*name == '/' || (unsigned char)*name < 0x20 || *name == 0x7f) return false;
  return true;
}

static int by_name(const void *x, const void *y) {
  return strcmp(*(char *const *)x, *(char *const *)y);
}

/* A ticker that is there twice, or NULL. Found by sorting, since there may be very many. */
static const char *double_ticker(const struct sample *sample) {
  const char *found = NULL;
  char **sorted = malloc(sample->count * sizeof *sorted);
  if (!sorted) return NULL; /* then one of its files replaces the other */
  memcpy(sorted, sample->tickers, sample->count * sizeof *sorted);
  qsort(sorted, sample->count, sizeof *sorted, by_name);
  for (size_t i = 1; i < sample->count && !found; i++)
    if (strcmp(sorted[i - 1], sorted[i]) == 0) found = sorted[i];
  free(sorted);
  return found;
}

/* Splits A,B,... into sample->tickers; false, with a message, for what cannot be a file's name. */
static bool split_tickers(struct sample *sample, char *list) {
  size_t n = 1;
  for (const char *c = list; *c; c++) n += *c == ',';
  sample->tickers = calloc(n, sizeof *sample->tickers);
  if (!sample->tickers) return false;
  for (char *at = list; at; at = list) {
    list = strchr(at, ',');
    if (list) *list++ = 0;
    if (!is_ticker(at)) {
      message("sample: \"%s\" cannot be a ticker: it must be a file's name", at);
      return false;
    }
    sample->tickers[sample->count++] = at;
  }
  const char *twice = double_ticker(sample);
  if (twice) message("sample: %s is there twice", twice);
  return !twice;
}

/* S000, S001, ...: at least three digits, all of one length. */
static char *generated_tickers(unsigned long n) {
  int width = snprintf(NULL, 0, "%lu", n - 1);
  if (width < 3) width = 3;
  size_t step = (size_t)width + 2; /* S, digits, and a comma or the final NUL */
  char *list = malloc(n * step + 1);
  for (unsigned long i = 0; list && i < n; i++)
    snprintf(list + i * step, step + 1, "S%0*lu%s", width, i, i + 1 < n ? "," : "");
  return list;
}

/* All folders of a path that do not exist. */
static bool make_folders(const char *path) {
  char *copy = strdup(path);
  bool fine = copy;
  for (char *c = copy; fine && c; c = strchr(c + 1, '/')) {
    if (c == copy) continue;
    *c = 0;
    fine = mkdir(copy, 0777) == 0 || errno == EEXIST;
    *c = '/';
  }
  free(copy);
  return fine && (mkdir(path, 0777) == 0 || errno == EEXIST);
}

/* From 2020-01-01 on; earlier if the rows would not fit before the year 10000. */
static bool choose_first_day(struct sample *sample) {
  int64_t first = date_days(2020, 1, 1), last = date_days(9999, 12, 31);
  int64_t earliest = date_days(1, 1, 1);
  if (sample->rows > (unsigned long)(last - earliest + 1)) {
    message("sample: --rows can be %lld at most: dates end with the year 9999",
            (long long)(last - earliest + 1));
    return false;
  }
  int64_t rows = (int64_t)sample->rows;
  sample->first_day = first + rows - 1 > last ? last - rows + 1 : first;
  return true;
}

static void progress(const struct sample *sample, size_t written, size_t failed, bool over) {
  struct progress_state s = {.done = written + failed, .failed = failed, .total = sample->count};
  if (over)
    progress_end(&s);
  else
    progress_update(&s);
}

/* Writes the files, and their paths to stdout as they are complete; returns how many failed. */
static size_t write_files(const struct sample *sample, mt_executor *ex) {
  mt_task task = {.name = "sample", .tag = (void *)(uintptr_t)sample};
  mt_map_options map = {.task = &task};
  mt_stream *s = mt_map_range(ex, sample_write, 0, (intptr_t)sample->count, &map);
  size_t written = 0, failed = 0;
  for (;;) {
    mt_future *f;
    size_t i;
    mt_status st = mt_next(s, MT_MS(100), &f, &i);
    progress(sample, written, failed, false);
    if (signals_interrupted() || ferror(stdout)) break;
    if (st == MT_ETIMEDOUT) continue;
    if (st != 0) {
      if (st != MT_END) message("sample: %s", mt_status_text(st));
      failed += st != MT_END;
      break;
    }
    const mt_error *error = mt_failure(f);
    if (error) message("sample: %s", error->message);
    failed += error != NULL;
    written += !error;
    progress_hide();
    if (!error) printf("%s/%s.csv\n", sample->folder, sample->tickers[i]);
    mt_unref(f);
  }
  mt_stream_close(s);
  progress(sample, written, failed, true);
  return failed;
}

/* Opens, writes, closes; returns the exit status. */
static int write_all(const struct sample *sample, const struct sample_options *o) {
  mt_executor *ex;
  char where[48];
  if (o->jobs && strncmp(o->on, "threads", 7) == 0)
    snprintf(where, sizeof where, "threads:%lu", o->jobs);
  else
    snprintf(where, sizeof where, "%s", o->on);
  mt_status st = mt_open(where, &(mt_options){.name = "sample"}, &ex);
  if (st < 0) {
    message("sample: nothing can run on \"%s\": %s; --on takes inline, threads or threads:N", where,
            mt_status_text(st));
    return EXIT_USAGE;
  }
  signals_begin();
  setvbuf(stdout, NULL, _IOLBF, 0); /* a reader of the paths need not wait for the last one */
  progress_begin((enum progress_when)o->progress, "files");
  size_t failed = write_files(sample, ex);
  mt_close(ex);
  bool lost = fflush(stdout) != 0 || ferror(stdout);
  int error = errno;
  signals_die_if_interrupted();
  if (lost && error == EPIPE)
    signals_die_of_pipe();
  else if (lost)
    message("sample: stdout cannot be written: %s", strerror(error));
  return failed || lost ? EXIT_ITEMS : EXIT_FINE;
}

static int run_with(const struct sample_options *o, const char *folder) {
  struct sample sample = {.folder = folder, .rows = o->rows, .seed = o->seed};
  if (!choose_first_day(&sample)) return EXIT_USAGE;
  char *list =
      o->files ? generated_tickers(o->files) : strdup(o->tickers ? o->tickers : default_tickers);
  int status = EXIT_USAGE;
  if (!list) {
    message("sample: out of memory");
    status = EXIT_ITEMS;
  } else if (split_tickers(&sample, list)) {
    bool made = make_folders(folder);
    if (!made) message("sample: %s: %s", folder, strerror(errno));
    status = made ? write_all(&sample, o) : EXIT_ITEMS;
  }
  free(sample.tickers);
  free(list);
  return status;
}

static int run(int argc, char **argv) {
  struct sample_options o = {.on = "threads", .rows = DEFAULT_ROWS};
  int first;
  int status = options_parse(&command_sample, argc, argv, &o, &first);
  if (status >= 0) return status;
  if (argc - first != 1) {
    message("sample: give one folder to write to, as in: meantime sample prices");
    return EXIT_USAGE;
  }
  if (o.files && o.tickers) {
    message("sample: give --files or --tickers, not both");
    return EXIT_USAGE;
  }
  return run_with(&o, argv[first]);
}

const struct command command_sample = {
    .name = "sample",
    .summary = "write price files to try things with",
    .usage = "[OPTION]... DIR",
    .about =
        "Writes price files (date,close,volume) into the folder DIR: a seeded random walk for\n"
        "each ticker, daily from 2020-01-01 to 2023-12-31, and prints their paths.\n",
    .examples = "  meantime sample prices\n"
                "  meantime sample --tickers AAPL,MSFT --rows 10000 prices\n"
                "  meantime sample --files 64 --rows 100000 many | meantime stats -\n",
    .options = options,
    .run = run,
};
