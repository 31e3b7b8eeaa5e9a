/* SPDX-License-Identifier: MIT
 *
 * list.h: where a command's items come from: its arguments, files, and stdin, one by one, in
 * constant memory.
 *
 *   lines    an item a line: blanks around it and a CR do not belong to it; empty lines are none,
 *            and neither are comments: "#" alone, or followed by a blank ("#tag" is an item)
 *   ndjson   an object a line, its members are the columns: strings as what they mean, numbers,
 *            true and false as they are written, arrays and objects as JSON without blanks; null
 *            is no column; a line that is one string is an item as it would be among lines;
 *            comments are skipped as above
 *   csv      RFC 4180; the first record names the columns; values are what stands between the
 *            commas, blanks too; blanks around names do not count
 *   tsv      the same, an item a line, without quotes: \t \n \r \\ are what `-f tsv` writes for a
 *            tab, a line end and a backslash
 *   auto     for each file by itself: its ending (.csv .tsv .ndjson .jsonl .json), else ndjson if
 *            its first item begins with {, else lines
 *
 * A UTF-8 byte order mark is skipped. Bytes that are no UTF-8 pass (not in ndjson: JSON is UTF-8).
 * With `null_separated`, lines end with a NUL, and all that is between two of them belongs to the
 * item (find -print0); auto is lines then, and csv and tsv are refused.
 *
 * Arguments are lines, as they are; "-" among them, and as a file's name, is stdin. */
#ifndef CLI_ITEMS_LIST_H
#define CLI_ITEMS_LIST_H

#include "csv.h"
#include "source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum item_format { ITEM_AUTO, ITEM_LINES, ITEM_NDJSON, ITEM_CSV, ITEM_TSV };

/* Room for a message of this folder: names the place, the cause and the cure. Bytes of the input in
 * it are made harmless. */
enum { ITEM_MESSAGE = 512 };

/* An item is not larger than this, nor has it more columns. */
enum { ITEM_MOST = 1 << 20, ITEM_COLUMNS = 1024 };

/* The first record of a CSV or TSV file; owned by the list. */
struct item_header {
  struct item_header *next;
  const char *text; /* as given, without its line end */
  size_t size;
  size_t count;
  const char **names;
};

/* An item. One block of memory; `source`, `header` and a CSV's `names` belong to the list. */
struct item_row {
  const char *text; /* as given: the key of --resume; NUL-terminated, and may have NULs inside */
  size_t size;
  const char *source;      /* the file's name, "-" for stdin, NULL for the arguments */
  uint64_t line;           /* where it begins; an argument's number; both from 1; 0: all of it */
  enum item_format format; /* never ITEM_AUTO */
  bool whole;    /* `text` is an item to feed back; no: a file's name, or a long line's beginning */
  bool zero_end; /* its list is NUL-separated */
  size_t count;
  const char *const *names;         /* "item" for a line; [count] */
  const char *const *values;        /* never NULL */
  const struct item_header *header; /* NULL but for CSV and TSV */
};

enum item_kind {
  ITEM_ROW,
  ITEM_PROBLEM, /* a row without columns, and the message why nothing comes of it */
  ITEM_LATER,   /* stdin, or a pipe, has nothing just now: poll item_list_fd() for POLLIN */
  ITEM_END,
  ITEM_NO_MEMORY
};

struct item_list {
  char **args;
  size_t arg_count, arg_next;
  const char *const *files;
  size_t file_count, file_next;
  enum item_format asked;
  bool null_separated;

  /* Of the file that is being read. */
  bool reading, fresh;
  const char *name;
  enum item_format format; /* ITEM_AUTO: not known yet */
  struct source source;
  struct csv_scan scan;
  uint64_t line; /* of the next record */
  bool skipping; /* the rest of a line that is too long */
  struct item_header *header;

  struct item_header *headers; /* all of them: rows point into them */
  struct item_maker *maker;    /* memory that is used again for each row */
};

/* The arguments, then the files. Both are borrowed until item_list_end. */
void item_list_begin(struct item_list *list, char **args, size_t n_args, const char *const *files,
                     size_t n_files, enum item_format format, bool null_separated);

/* Whether each file can be read, as far as can be said before; if not, *ret_missing is the first
 * that cannot (errno says why). */
bool item_files_readable(const char *const *files, size_t n, const char **ret_missing);

/* After all its rows have been freed. */
void item_list_end(struct item_list *list);

/* The next item; never waits. With ITEM_ROW and ITEM_PROBLEM, *ret is the caller's to free. What
 * cannot be read is a problem in its place, and the list goes on after it. */
enum item_kind item_list_next(struct item_list *list, struct item_row **ret,
                              char message[ITEM_MESSAGE]);

/* After ITEM_LATER: what becomes readable. */
int item_list_fd(const struct item_list *list);

/* How many there will be, or 0 if only reading on can tell. */
uint64_t item_list_total(const struct item_list *list);

/* Any thread may read a row; one frees it. Takes NULL. */
void item_row_free(struct item_row *row);

/* A column's value by its name, or by its number from 1 if no column has that name; or NULL. */
const char *item_row_get(const struct item_row *row, const char *name);

/* The same, as a template_lookup: `row` is the row. */
const char *item_row_lookup(const char *name, void *row);

/* "list.txt:17", "stdin:17", "argument 3", or "list.txt" for all of it; returns `out`. */
enum { ITEM_PLACE = 128 };
char *item_row_place(const struct item_row *row, char out[ITEM_PLACE]);

#endif
