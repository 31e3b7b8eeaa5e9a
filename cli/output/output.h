/* SPDX-License-Identifier: MIT
 *
 * output.h: records on stdout, in one of several formats behind one interface. */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include "../price/problem.h"
#include "../price/statistics.h"

#include <stdbool.h>
#include <stdio.h>

enum output_format {
  OUTPUT_TABLE,
  OUTPUT_JSON,   /* one array */
  OUTPUT_NDJSON, /* one object a line */
  OUTPUT_CSV,    /* RFC 4180, but with LF */
  OUTPUT_TSV     /* no quotes: tabs, line ends and backslashes are written \t, \n, \\ */
};

#define OUTPUT_CHOICES "table|json|ndjson|csv|tsv"

/* One row of the output: a series' numbers, or what is wrong with a file. */
struct record {
  const char *ticker, *path;
  const char *price_column;            /* of a series */
  const struct statistics *statistics; /* NULL: this is a failure, and problem says which */
  const struct problem *problem;
};

struct output {
  const struct output_format_ops *ops;
  FILE *to;
  bool all;       /* the columns of --all, too */
  bool header;    /* csv, tsv: a header line */
  size_t records; /* so far */
  void *state;    /* the format's own */
};

/* Each returns false when stdout can no longer be written to (errno says why), or, with ENOMEM,
 * when memory ran out. */
bool output_begin(struct output *out, enum output_format format, bool all, bool header, FILE *to);
bool output_record(struct output *out, const struct record *r);
bool output_end(struct output *out); /* completes what was begun, also after failures */

/* What a format is. Functions may be NULL. */
struct output_format_ops {
  bool (*begin)(struct output *out);
  bool (*record)(struct output *out, const struct record *r);
  bool (*end)(struct output *out);
};

extern const struct output_format_ops output_table, output_json, output_ndjson, output_csv,
    output_tsv;

#endif
