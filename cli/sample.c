/* SPDX-License-Identifier: MIT
 *
 * sample.c: meantime sample: price files to try things with: a seeded random walk for each ticker,
 * one task a file. A file is written under another name and renamed when it is complete. */
#include "command.h"
#include "message.h"
#include "price/date.h"
#include "progress.h"
#include "random.h"
#include "signals.h"

#include <errno.h>
#include <math.h>
#include <meantime.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

struct run {
  const struct sample_options *options;
  const char *folder;
  char **tickers;
  size_t count;
  int64_t first_day;
};

/* -- one file --------------------------------------------------------------------------------- */

static const double start_price = 100, mean_return = 0.0005, return_deviation = 0.02;
static const double lowest_price = 1, highest_price = 10000;

/* A day's price. A walk of millions of days would leave the numbers that prices are written in:
 * past the limits, the next return leads back. */
static double next_price(struct random *random, double price) {
  double r = mean_return + return_deviation * random_normal(random);
  if (price > highest_price) r = -fabs(r);
  if (price < lowest_price) r = fabs(r);
  double next = price * (1 + r);
  return next > 0.01 ? next : 0.01;
}

/* Digits of v in front of `end`; returns where they begin. */
static char *put_digits(char *end, uint64_t v, int least) {
  for (int n = 0; n < least || v > 0; n++, v /= 10) *--end = (char)('0' + v % 10);
  return end;
}

/* 2020-01-01,101.2345,1234567: written from its end, since printf would take most of the time. */
static void write_row(FILE *to, int64_t day, double price, uint64_t volume) {
  char line[80], *end = line + sizeof line, *at = end;
  uint64_t ticks = (uint64_t)llround(price * 10000);
  int year, month, month_day;
  date_civil(day, &year, &month, &month_day);
  *--at = '\n';
  at = put_digits(at, volume, 1);
  *--at = ',';
  at = put_digits(at, ticks % 10000, 4);
  *--at = '.';
  at = put_digits(at, ticks / 10000, 1);
  *--at = ',';
  at = put_digits(at, (uint64_t)month_day, 2);
  *--at = '-';
  at = put_digits(at, (uint64_t)month, 2);
  *--at = '-';
  at = put_digits(at, (uint64_t)year, 4);
  fwrite(at, 1, (size_t)(end - at), to);
}

/* False when it cannot go on: errno says why, or 0 if the task was cancelled. */
static bool write_rows(FILE *to, const struct run *run, const char *ticker) {
  struct random random;
  random_seed(&random, run->options->seed, ticker);
  double price = start_price;
  errno = 0;
  fputs("date,close,volume\n", to);
  for (unsigned long i = 0; i < run->options->rows; i++) {
    price = next_price(&random, price);
    write_row(to, run->first_day + (int64_t)i, price, 1000000 + random_below(&random, 9000001));
    if (i % 4096 != 0) continue;
    if (mt_cancelled()) return false;
    if (ferror(to)) return false;
  }
  return fflush(to) == 0;
}

/* A name beside the final one that no other run uses; mode and umask as for any file. */
static FILE *open_beside(const char *path, char *temporary, size_t room) {
  for (unsigned i = 0; i < 100; i++) {
    int n = snprintf(temporary, room, "%s.%ld.%u.tmp", path, (long)getpid(), i);
    if (n < 0 || (size_t)n >= room) {
      errno = ENAMETOOLONG;
      return NULL;
    }
    FILE *to = fopen(temporary, "wxe");
    if (to || errno != EEXIST) return to;
  }
  return NULL;
}

static mt_value write_file(mt_value index) {
  const struct run *run = mt_tag(mt_self());
  const char *ticker = run->tickers[mt_as_int(index)];
  char path[4000], temporary[4096];
  int n = snprintf(path, sizeof path, "%s/%s.csv", run->folder, ticker);
  if (n < 0 || (size_t)n >= sizeof path)
    return mt_fail(ENAMETOOLONG, "%s: the path is too long", ticker);
  FILE *to = open_beside(path, temporary, sizeof temporary);
  if (!to) return mt_fail(errno, "%s: %s", path, strerror(errno));
  bool fine = write_rows(to, run, ticker);
  int error = errno;
  if (fclose(to) != 0 && fine) fine = false, error = errno;
  if (fine && rename(temporary, path) < 0) fine = false, error = errno;
  if (fine) return mt_none();
  unlink(temporary);
  if (mt_cancelled()) return mt_give_up(MT_ECANCELED);
  return mt_fail(error ? error : EIO, "%s: %s", path, strerror(error ? error : EIO));
}

/* -- all of them ------------------------------------------------------------------------------ */

static bool is_ticker(const char *name) {
  if (!*name || *name == '.') return false;
  for (; *name; name++)
    if (*name == '/' || (unsigned char)*name < 0x20 || *name == 0x7f) return false;
  return true;
}

/* Splits A,B,... into run->tickers; false, with a message, for what cannot be a file's name. */
static bool split_tickers(struct run *run, char *list) {
  size_t n = 1;
  for (const char *c = list; *c; c++) n += *c == ',';
  run->tickers = calloc(n, sizeof *run->tickers);
  if (!run->tickers) return false;
  for (char *at = list; at; at = list) {
    list = strchr(at, ',');
    if (list) *list++ = 0;
    if (!is_ticker(at)) {
      message("sample: \"%s\" cannot be a ticker: it must be a file's name", at);
      return false;
    }
    for (size_t i = 0; i < run->count; i++) {
      if (strcmp(run->tickers[i], at) != 0) continue;
      message("sample: %s is there twice", at);
      return false;
    }
    run->tickers[run->count++] = at;
  }
  return true;
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
static bool choose_first_day(struct run *run) {
  int64_t first = date_days(2020, 1, 1), last = date_days(9999, 12, 31);
  int64_t earliest = date_days(1, 1, 1);
  if (run->options->rows > (unsigned long)(last - earliest + 1)) {
    message("sample: --rows can be %lld at most: dates end with the year 9999",
            (long long)(last - earliest + 1));
    return false;
  }
  int64_t rows = (int64_t)run->options->rows;
  run->first_day = first + rows - 1 > last ? last - rows + 1 : first;
  return true;
}

static void progress(const struct run *run, size_t written, size_t failed, bool over) {
  struct progress_state s = {written + failed, failed, run->count};
  if (over)
    progress_end(&s);
  else
    progress_update(&s);
}

/* Writes the files, and their paths to stdout as they are complete; returns how many failed. */
static size_t write_files(const struct run *run, mt_executor *ex) {
  mt_task task = {.name = "sample", .tag = (void *)(uintptr_t)run};
  mt_map_options map = {.task = &task};
  mt_stream *s = mt_map_range(ex, write_file, 0, (intptr_t)run->count, &map);
  size_t written = 0, failed = 0;
  for (;;) {
    mt_future *f;
    size_t i;
    mt_status st = mt_next(s, MT_MS(100), &f, &i);
    progress(run, written, failed, false);
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
    if (isatty(STDOUT_FILENO)) progress_hide();
    if (!error) printf("%s/%s.csv\n", run->folder, run->tickers[i]);
    mt_unref(f);
  }
  mt_stream_close(s);
  progress(run, written, failed, true);
  return failed;
}

static int write_all(const struct run *run) {
  const struct sample_options *o = run->options;
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
  progress_begin((enum progress_when)o->progress, "files");
  size_t failed = write_files(run, ex);
  mt_close(ex);
  bool closed = fflush(stdout) != 0 || ferror(stdout);
  signals_die_if_interrupted();
  if (closed && errno == EPIPE) signals_die_of_pipe();
  return failed || closed ? EXIT_ITEMS : EXIT_FINE;
}

static int run(int argc, char **argv) {
  struct sample_options o = {.on = "threads", .rows = DEFAULT_ROWS};
  struct run run = {.options = &o};
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
  if (!choose_first_day(&run)) return EXIT_USAGE;
  run.folder = argv[first];
  char *list =
      o.files ? generated_tickers(o.files) : strdup(o.tickers ? o.tickers : default_tickers);
  if (!list || !split_tickers(&run, list))
    status = list ? EXIT_USAGE : EXIT_ITEMS;
  else if (!make_folders(run.folder)) {
    message("sample: %s: %s", run.folder, strerror(errno));
    status = EXIT_ITEMS;
  } else
    status = write_all(&run);
  free(run.tickers);
  free(list);
  return status;
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
