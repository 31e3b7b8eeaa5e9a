/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "../message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

bool stats_log_open(struct stats_log *l, const struct stats_options *o, char **paths, size_t n) {
  char log_error[JOURNAL_MESSAGE], failed_error[ITEM_MESSAGE];
  *l = (struct stats_log){.resume = o->resume,
                          .null_separated = o->null_separated,
                          .at_end = o->format == OUTPUT_TABLE};
  if (o->log && !journal_open(o->log, o->resume, &l->journal, log_error)) {
    message("stats: --log: %s", log_error);
    return false;
  }
  if (l->journal && journal_remark(l->journal, log_error)) message("stats: --log: %s", log_error);
  const char *const *inputs = (const char *const *)paths;
  if (o->failed && !failed_open(o->failed, inputs, n, &l->failed, failed_error)) {
    message("stats: --failed: %s", failed_error);
    return false;
  }
  return true;
}

void stats_log_close(struct stats_log *l) {
  uint64_t left_out = l->failed ? failed_left_out(l->failed) : 0;
  if (left_out)
    message("stats: --failed: %llu path%s with a line end in it left out; with --null it can be in "
            "that file",
            (unsigned long long)left_out, left_out == 1 ? "" : "s");
  failed_close(l->failed);
  /* What has not been flushed by now belongs to rows that stdout has not taken. */
  journal_forget(l->journal);
  journal_close(l->journal);
  *l = (struct stats_log){0};
}

bool stats_log_has(struct stats_log *l, const char *path) {
  bool has = l->resume && journal_done(l->journal, path, strlen(path));
  l->done_before += has;
  return has;
}

static void write_failed(struct stats_log *l, const char *path) {
  size_t size = strlen(path);
  /* Only a line end could not be read back. */
  bool fits = l->null_separated || (!strchr(path, '\n') && path[size - 1] != '\r');
  struct item_row row = {.text = path,
                         .size = size,
                         .source = fits ? "-" : NULL,
                         .format = ITEM_LINES,
                         .whole = fits,
                         .zero_end = l->null_separated};
  int error = failed_write(l->failed, &row);
  if (error) message("stats: --failed: %s", strerror(error));
}

void stats_log_note(struct stats_log *l, const struct stats_item *item, bool failed,
                    bool cancelled) {
  const struct problem *p = &item->problem;
  if (failed && l->failed) write_failed(l, item->path);
  if (!l->journal) return;
  struct journal_record record = {.index = item->index,
                                  .item = item->path,
                                  .item_size = strlen(item->path),
                                  .status = failed      ? "failed"
                                            : cancelled ? "cancelled"
                                                        : "ok",
                                  .http = -1,
                                  .attempts = 1,
                                  .start = item->start,
                                  .seconds = (double)item->took_ns / 1e9,
                                  .worker = item->worker,
                                  .error_code = failed ? problem_word(p) : NULL,
                                  .error_message = failed ? p->message : NULL};
  if (!journal_write(l->journal, &record))
    message("stats: --log: no memory for the record of %s; --resume will do it again", item->path);
  l->unflushed++;
}

bool stats_log_flush(struct stats_log *l, bool over) {
  if (l->unflushed == 0 || (l->at_end && !over)) return true;
  if (fflush(stdout) != 0) return false;
  l->unflushed = 0;
  int error = journal_flush(l->journal);
  if (error)
    message("stats: --log: %s; what is missing from it, --resume does again", strerror(error));
  return true;
}
