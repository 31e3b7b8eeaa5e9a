/* SPDX-License-Identifier: MIT
 *
 * columns.h: the columns of `meantime stats`, in one table for all formats. */
#ifndef CLI_STATS_COLUMNS_H
#define CLI_STATS_COLUMNS_H

#include "../output/output.h"
#include "../price/problem.h"
#include "../price/statistics.h"

/* One row of the output: a series' numbers, or what is wrong with a file. */
struct record {
  const char *ticker, *path;
  const char *price_column;            /* of a series */
  const struct statistics *statistics; /* NULL: this is a failure, and problem says which */
  const struct problem *problem;
};

#define STATS_COLUMNS_MOST 32

/* The notebook's seven, or all; and what comes with failures. Returns how many. */
size_t stats_columns(bool all, struct output_column ret[STATS_COLUMNS_MOST]);

bool stats_columns_print(struct output *out, bool all, const struct record *r);

#endif
