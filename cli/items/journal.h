/* SPDX-License-Identifier: MIT
 *
 * journal.h: --log and --resume: one NDJSON line an item, and which items are done by it.
 *
 *   {"index":7,"item":"https://a/b","status":"ok","http":200,"attempts":1,
 *    "start":1700000000.123456,"seconds":0.012345,"worker":0,"error":null}
 *
 * all on one line. The item is its own key: its text, whatever its position. Text that JSON cannot
 * hold (bytes that are no UTF-8, or a NUL) stands base64-encoded in "item_base64", which counts,
 * and in "item" for the eye only.
 *
 * To be used by one thread. */
#ifndef CLI_ITEMS_JOURNAL_H
#define CLI_ITEMS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;
enum { JOURNAL_MESSAGE = 512 };

/* Opens or creates the log, for this run alone. Without `resume`, one that has something in it is
 * refused. With it, what is in it is read: a last line that a crash has torn does not count, and
 * lines that are no records are counted and passed over; a file with no record at all is refused.
 * False, with the error. */
bool journal_open(const char *path, bool resume, struct journal **ret, char error[JOURNAL_MESSAGE]);

/* Flushes what is left; 0, or the errno of a failure that has not been told yet. Takes NULL. */
int journal_close(struct journal *j);

/* What --resume has found. */
struct journal_found {
  uint64_t records, ok;
  uint64_t strange; /* lines that are no records */
  bool torn;        /* the last line was not ended, and is no record */
};
const struct journal_found *journal_found(const struct journal *j);

/* What a person should know of it: "3 lines of the log are no records, and were passed over";
 * false: nothing. */
bool journal_remark(const struct journal *j, char ret[JOURNAL_MESSAGE]);

/* Whether the item is done already. An item counts as often as the log has it with status "ok":
 * each true takes one. Equal items are one as good as another. */
bool journal_done(struct journal *j, const char *item, size_t size);

struct journal_record {
  uint64_t index;
  const char *item;
  size_t item_size;
  const char *status; /* "ok", "failed", "cancelled" */
  long http;          /* 0: null; negative: left out */
  unsigned attempts;
  double start;                           /* Unix time; not finite: null */
  double seconds;                         /* the same */
  int worker;                             /* negative: null */
  const char *error_code, *error_message; /* NULL: no error; the message may be NULL, too */
  const char *more;                       /* further members as JSON text, `"bytes":12`, or NULL */
};

/* Composes a line; nothing is written before journal_flush, so that an item's output can be put in
 * place first. False: no memory; the line is not there. */
bool journal_write(struct journal *j, const struct journal_record *r);

/* Writes what has been composed, in one write. 0, or errno: once. After a failure the log is cut
 * back to its last whole line, and takes nothing more: what is missing from it, --resume does
 * again. */
int journal_flush(struct journal *j);

/* Drops what has been composed and not flushed: its output is lost, so --resume does it again.
 * Takes NULL. */
void journal_forget(struct journal *j);

#endif
