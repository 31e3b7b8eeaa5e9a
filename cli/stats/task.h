/* SPDX-License-Identifier: MIT
 *
 * task.h: the task of meantime stats: read a file, parse it, compute. */
#ifndef CLI_STATS_TASK_H
#define CLI_STATS_TASK_H

#include "../price/reader.h"
#include "../price/statistics.h"
#include "file.h"
#include "stats.h"

#include <meantime.h>
#include <stdbool.h>
#include <stdint.h>

/* What a worker keeps from file to file; only that worker touches it. */
struct stats_desk {
  struct file file;
  struct reader reader;
  double *work;
  size_t room;
};

/* What all tasks share: written before the first and read by all. */
struct stats_tools {
  struct reader_options reader;
  struct statistics_options statistics;
  struct stats_desk *desks; /* [0] for no worker (inline), [i + 1] for worker i */
  unsigned desk_count;
};

/* False without memory. */
bool stats_tools_init(struct stats_tools *t, const struct stats_options *o, unsigned workers);
void stats_tools_fini(struct stats_tools *t);

/* One file: the main thread's until it is submitted and again once its future has settled; its
 * task's in between. */
struct stats_item {
  struct stats_tools *tools;
  uint64_t index; /* from 1 */
  char *path;
  struct problem problem; /* set before the task begins: it has nothing to do */
  struct report *report;
  bool begun;
  double start; /* Unix time */
  int64_t took_ns;
  int worker; /* < 0: none */
};

mt_value stats_task(mt_value item);
void stats_item_free(mt_value item);

#endif
