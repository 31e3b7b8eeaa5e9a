/* SPDX-License-Identifier: MIT
 *
 * stats.h: meantime stats, after its options have been read. */
#ifndef CLI_STATS_STATS_H
#define CLI_STATS_STATS_H

#include "../conduct.h"
#include "../price/reader.h"
#include "../price/statistics.h"
#include "columns.h"

#include <stdbool.h>

struct stats_options {
  struct conduct_options run;
  int format;
  bool all, explain, quiet, no_header, null_separated, resume;
  double rf, periods;
  const char *price_column, *date_column, *volume_column;
  const char *log, *failed;
};

/* Prints the statistics of the files; returns the exit status. */
int stats_run(const struct stats_options *o, char **paths, size_t n);

/* What a task makes of a file: the statistics of its series, in one block of memory with their
 * names. */
struct report_series {
  const char *name; /* "" if the file names none */
  struct statistics statistics;
};

struct report {
  char price_column[DIALECT_NAMES];
  size_t count;
  struct report_series series[];
};

/* NULL, with the problem: no series has a row, or no memory. `work` has room for as many numbers as
 * the longest series has rows. Series without a usable row are left out if others have some. */
struct report *report_new(const struct reader *r, const struct statistics_options *o, double *work,
                          struct problem *p);
void report_free(struct report *r);

/* What is worth a word on stderr at the end, counted over all files. */
struct stats_notes {
  size_t adjusted; /* files whose prices are adjusted closes */
  size_t dropped, dropped_files;
  size_t doubles, double_files;
  char dropped_first[256], doubles_first[256];
};

/* Counts a record; `first` if it is the first of its file. */
void stats_note(struct stats_notes *n, const struct record *r, bool first);
void stats_print_notes(const struct stats_notes *n, bool all);

/* The file's name without its folder and its .csv, .tsv or .txt. */
void stats_ticker(const char *path, char *out, size_t room);

#endif
