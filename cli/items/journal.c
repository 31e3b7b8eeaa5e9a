/* SPDX-License-Identifier: MIT
 *
 * journal.c: a record is composed when its item is settled, and written when the item's output is
 * in place: a crash between the two makes an item be done again, never be left out. */
#include "journal.h"

#include "encode.h"
#include "journal_inside.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool journal_open(const char *path, bool resume, struct journal **ret,
                  char error[JOURNAL_MESSAGE]) {
  struct journal *j = calloc(1, sizeof *j);
  if (!j) {
    snprintf(error, JOURNAL_MESSAGE, "%s: out of memory", path);
    return false;
  }
  bool fine = appender_open(&j->to, path, resume, error, JOURNAL_MESSAGE);
  if (fine && resume) {
    fine = journal_read(j, path, error);
  } else if (fine && S_ISREG(j->to.status.st_mode) && j->to.status.st_size > 0) {
    snprintf(error, JOURNAL_MESSAGE,
             "%s: there is a log already: --resume goes on with it; else remove it, or name "
             "another",
             path);
    fine = false;
  }
  if (fine)
    *ret = j;
  else
    journal_close(j);
  return fine;
}

int journal_close(struct journal *j) {
  if (!j) return 0;
  int error = journal_flush(j);
  appender_close(&j->to);
  done_fini(&j->done);
  free(j);
  return error;
}

const struct journal_found *journal_found(const struct journal *j) {
  return &j->found;
}

bool journal_remark(const struct journal *j, char ret[JOURNAL_MESSAGE]) {
  unsigned long long n = j->found.strange;
  char lines[100] = "";
  if (n > 0)
    snprintf(lines, sizeof lines, "%llu line%s of the log %s no record%s, and %s passed over", n,
             n == 1 ? "" : "s", n == 1 ? "is" : "are", n == 1 ? "" : "s", n == 1 ? "was" : "were");
  snprintf(ret, JOURNAL_MESSAGE, "%s%s%s", lines, n > 0 && j->found.torn ? "; " : "",
           j->found.torn ? "its last line was cut off: the item is done again" : "");
  return n > 0 || j->found.torn;
}

bool journal_done(struct journal *j, const char *item, size_t size) {
  return done_take(&j->done, item, size);
}

/* In whole microseconds, with a point in every locale. */
static void put_seconds(struct appender *a, double seconds) {
  char text[40] = "null";
  if (isfinite(seconds) && fabs(seconds) < 9e9) {
    long long us = llround(fabs(seconds) * 1e6);
    snprintf(text, sizeof text, "%s%lld.%06lld", seconds < 0 && us > 0 ? "-" : "", us / 1000000,
             us % 1000000);
  }
  appender_text(a, text);
}

static void put_count(struct appender *a, const char *name, unsigned long long n) {
  char text[60];
  snprintf(text, sizeof text, "%s%llu", name, n);
  appender_text(a, text);
}

static void put_item(struct appender *a, const char *item, size_t size) {
  appender_text(a, ",\"item\":");
  encode_string(a, item, size);
  if (encode_is_text(item, size)) return;
  appender_text(a, ",\"item_base64\":\"");
  encode_base64(a, item, size);
  appender_text(a, "\"");
}

static void put_error(struct appender *a, const char *code, const char *message) {
  appender_text(a, ",\"error\":");
  if (!code) {
    appender_text(a, "null");
    return;
  }
  appender_text(a, "{\"code\":");
  encode_string(a, code, strlen(code));
  appender_text(a, ",\"message\":");
  encode_string(a, message ? message : "", message ? strlen(message) : 0);
  appender_text(a, "}");
}

bool journal_write(struct journal *j, const struct journal_record *r) {
  struct appender *a = &j->to;
  size_t mark = a->filled;
  if (j->line_open && mark == 0) appender_text(a, "\n");
  put_count(a, "{\"index\":", r->index);
  put_item(a, r->item, r->item_size);
  appender_text(a, ",\"status\":");
  encode_string(a, r->status, strlen(r->status));
  if (r->http > 0) put_count(a, ",\"http\":", (unsigned long)r->http);
  if (r->http == 0) appender_text(a, ",\"http\":null");
  put_count(a, ",\"attempts\":", r->attempts);
  appender_text(a, ",\"start\":");
  put_seconds(a, r->start);
  appender_text(a, ",\"seconds\":");
  put_seconds(a, r->seconds);
  if (r->worker >= 0)
    put_count(a, ",\"worker\":", (unsigned)r->worker);
  else
    appender_text(a, ",\"worker\":null");
  if (r->more) {
    appender_text(a, ",");
    appender_text(a, r->more);
  }
  put_error(a, r->error_code, r->error_message);
  appender_text(a, "}\n");
  return appender_whole(a, mark);
}

int journal_flush(struct journal *j) {
  if (j->to.filled > 0) j->line_open = false;
  return appender_flush(&j->to);
}

void journal_forget(struct journal *j) {
  if (j) j->to.filled = 0;
}
