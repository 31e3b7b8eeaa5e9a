/* SPDX-License-Identifier: MIT
 *
 * journal_read.c: a log of any size, line by line; only hashes of it are kept. A line is a record
 * if it is a JSON object with "item" and "status", whatever else is in it: other versions may write
 * more. */
#include "encode.h"
#include "journal_inside.h"
#include "json_object.h"
#include "source.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An item has 1 MiB at most, and each of its bytes becomes six in JSON at most. */
enum { LONGEST = 16 << 20 };

struct log_reader {
  struct journal *journal;
  struct source source;
  struct item_maker members;
};

enum line_kind { LINE_RECORD, LINE_STRANGE, LINE_NO_MEMORY };

static enum line_kind look_at(struct log_reader *r, const char *line, size_t size) {
  const char *cause;
  size_t column;
  enum json_result result = json_object_read(&r->members, line, size, &cause, &column);
  if (result == JSON_NO_MEMORY) return LINE_NO_MEMORY;
  if (result == JSON_BROKEN) return LINE_STRANGE;
  const char *item = maker_find(&r->members, "item"), *status = maker_find(&r->members, "status");
  const char *encoded = maker_find(&r->members, "item_base64");
  if (!item || !status) return LINE_STRANGE;
  size_t length = strlen(item);
  if (encoded) {
    if (!decode_base64(r->members.bytes + (encoded - r->members.bytes), &length))
      return LINE_STRANGE;
    item = encoded;
  }
  r->journal->found.records++;
  if (strcmp(status, "ok") != 0) return LINE_RECORD;
  r->journal->found.ok++;
  return done_add(&r->journal->done, item, length) ? LINE_RECORD : LINE_NO_MEMORY;
}

/* 0, or errno. */
static int read_lines(struct log_reader *r) {
  struct source *s = &r->source;
  struct journal_found *found = &r->journal->found;
  bool too_long = false;
  for (;;) {
    size_t size;
    bool ended = source_find(s, '\n', &size);
    if (!ended && s->at_end) {
      size = source_size(s);
      r->journal->line_open = size > 0 || too_long;
      if (!r->journal->line_open) return 0;
    }
    if (ended || s->at_end) {
      enum line_kind kind = LINE_RECORD; /* an empty line is nothing to speak of */
      if (too_long)
        kind = LINE_STRANGE;
      else if (size > 0)
        kind = look_at(r, source_at(s), size);
      too_long = false;
      if (kind == LINE_NO_MEMORY) return ENOMEM;
      if (kind == LINE_STRANGE && ended) found->strange++;
      if (kind == LINE_STRANGE && !ended) found->torn = true;
      if (!ended) return 0;
      source_skip(s, size + 1);
      continue;
    }
    if (source_size(s) == LONGEST || too_long) {
      source_skip(s, source_size(s));
      too_long = true;
    }
    enum source_more more = source_fill(s, LONGEST);
    if (more == SOURCE_NO_MEMORY) return ENOMEM;
    if (more == SOURCE_ERROR) return errno;
  }
}

bool journal_read(struct journal *j, const char *path, char error[JOURNAL_MESSAGE]) {
  struct log_reader r = {.journal = j};
  const struct journal_found *found = &j->found;
  if (!S_ISREG(j->to.status.st_mode)) {
    snprintf(error, JOURNAL_MESSAGE, "%s: --resume needs a log that is an ordinary file", path);
    return false;
  }
  int code = source_adopt(&r.source, j->to.fd);
  if (!code) code = read_lines(&r);
  source_fini(&r.source);
  maker_fini(&r.members);
  if (code)
    snprintf(error, JOURNAL_MESSAGE, "%s: the log cannot be read: %s", path, strerror(code));
  else if (found->records == 0 && found->strange > 0)
    snprintf(error, JOURNAL_MESSAGE,
             "%s: this is no log: none of its %llu lines is a record; nothing was written to it",
             path, (unsigned long long)found->strange);
  else
    return true;
  return false;
}
