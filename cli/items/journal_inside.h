/* SPDX-License-Identifier: MIT
 *
 * journal_inside.h: what writing a log and reading it share. */
#ifndef CLI_ITEMS_JOURNAL_INSIDE_H
#define CLI_ITEMS_JOURNAL_INSIDE_H

#include "appender.h"
#include "done.h"
#include "journal.h"

struct journal {
  struct appender to;
  struct done_set done;
  struct journal_found found;
  bool line_open; /* what there was did not end with a line end */
};

/* Reads what there is; false, with the error. */
bool journal_read(struct journal *j, const char *path, char error[JOURNAL_MESSAGE]);

#endif
