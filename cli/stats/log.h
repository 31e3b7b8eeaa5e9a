/* SPDX-License-Identifier: MIT
 *
 * log.h: --log, --resume and --failed of meantime stats. Items are paths. The log says of a
 * file that it is done once its rows are printed and on their way; a table is printed at the end,
 * and so its log is written then. */
#ifndef CLI_STATS_LOG_H
#define CLI_STATS_LOG_H

#include "../items/failed.h"
#include "../items/journal.h"
#include "task.h"

struct stats_log {
  struct journal *journal;
  struct failed *failed;
  bool resume, null_separated, at_end;
  unsigned unflushed;
  uint64_t done_before; /* files that --resume left out */
};

/* False, with a message. */
bool stats_log_open(struct stats_log *l, const struct stats_options *o, char **paths, size_t n);

/* Also what was not opened wholly. Nothing is written any more. */
void stats_log_close(struct stats_log *l);

/* Whether --resume leaves the file out. Asked once for each. */
bool stats_log_has(struct stats_log *l, const char *path);

/* A file whose rows have been handed to stdout, or one that failed; `error` is NULL or its. Then
 * `cancelled` tells whether it was only cut off. */
void stats_log_note(struct stats_log *l, const struct stats_item *item, bool failed,
                    bool cancelled);

/* Writes what was noted if stdout takes what was printed: false, with errno, if it does not. `over`
 * when all of the output is in stdout. */
bool stats_log_flush(struct stats_log *l, bool over);

#endif
