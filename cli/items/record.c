/* SPDX-License-Identifier: MIT
 *
 * record.c: what a record is: an item, a problem in its place, or nothing. */
#include "inside.h"
#include "json_object.h"
#include "price/problem.h"
#include "row.h"

#include <stdio.h>
#include <string.h>

/* So much of a record that is too long is kept. */
enum { BEGINNING = 1024 };

/* -- what comes out --------------------------------------------------------------------------- */

static struct item_row origin(const struct item_list *list, const char *text, size_t size) {
  return (struct item_row){.text = text,
                           .size = size,
                           .source = list->name,
                           .line = list->line,
                           .format = list->format ? list->format : ITEM_LINES,
                           .whole = true,
                           .zero_end = list->null_separated};
}

static enum item_kind give(struct item_row *row, struct item_place to) {
  if (!row) return ITEM_NO_MEMORY;
  *to.ret = row;
  return ITEM_ROW;
}

enum item_kind record_problem(const struct item_row *like, const char *cause,
                              struct item_place to) {
  char place[ITEM_PLACE];
  struct item_row *row = row_new(like, NULL);
  if (!row) return ITEM_NO_MEMORY;
  snprintf(to.message, ITEM_MESSAGE, "%s: %s", item_row_place(row, place), cause);
  *to.ret = row;
  return ITEM_PROBLEM;
}

/* The file is of no use, or of no more; its name stands for the items that it might have had. */
enum item_kind record_file_problem(struct item_list *list, uint64_t line, const char *cause,
                                   struct item_place to) {
  struct item_row like = origin(list, list->name, strlen(list->name));
  like.line = line;
  like.whole = false;
  source_end(&list->source);
  list->reading = false;
  return record_problem(&like, cause, to);
}

/* -- lines and NDJSON ------------------------------------------------------------------------- */

static struct text trim(struct text t) {
  while (t.size > 0 && text_is_blank(t.at[0])) t = text_skip(t, 1);
  while (t.size > 0 && (text_is_blank(t.at[t.size - 1]) || t.at[t.size - 1] == '\r')) t.size--;
  return t;
}

static bool is_comment(struct text t) {
  return t.size > 0 && t.at[0] == '#' && (t.size == 1 || text_is_blank(t.at[1]));
}

enum item_kind record_line(struct item_list *list, struct text t, struct item_place to) {
  if (!list->null_separated) {
    t = trim(t);
    if (is_comment(t)) return ITEM_LATER;
  }
  if (t.size == 0) return ITEM_LATER;
  if (list->format == ITEM_AUTO)
    list->format = t.at[0] == '{' && !list->null_separated ? ITEM_NDJSON : ITEM_LINES;
  struct item_row like = origin(list, t.at, t.size);
  if (memchr(t.at, 0, t.size))
    return record_problem(&like,
                          "a NUL byte: this is no text, or the list ends its items with NUL, as "
                          "find -print0 does, and needs --null",
                          to);
  if (list->format == ITEM_LINES) return give(row_new_line(&like), to);
  const char *cause;
  size_t column;
  char text[200];
  switch (json_object_read(list->maker, t.at, t.size, &cause, &column)) {
  case JSON_FINE:
    return give(row_new(&like, list->maker), to);
  case JSON_NO_MEMORY:
    return ITEM_NO_MEMORY;
  case JSON_BROKEN:
    break;
  }
  snprintf(text, sizeof text, "not a line of NDJSON: %s (byte %zu of the line)", cause, column);
  return record_problem(&like, text, to);
}

/* -- CSV and TSV ------------------------------------------------------------------------------ */

static enum csv_result split(struct item_list *list, struct text t, const char **ret_cause) {
  if (memchr(t.at, 0, t.size)) {
    *ret_cause = "a NUL byte: this is no text";
    return CSV_BROKEN;
  }
  return list->format == ITEM_CSV ? csv_split(list->maker, t.at, t.size, ret_cause)
                                  : tsv_split(list->maker, t.at, t.size, ret_cause);
}

/* Names are there to be called by: none is empty, no two are the same. */
static bool check_names(const struct item_header *h, char *cause, size_t room) {
  for (size_t i = 0; i < h->count; i++) {
    if (!*h->names[i]) {
      snprintf(cause, room, "column %zu has no name: the first line must name each", i + 1);
      return false;
    }
    for (size_t k = 0; k < i; k++) {
      char quote[PROBLEM_QUOTE];
      if (strcmp(h->names[i], h->names[k]) != 0) continue;
      snprintf(cause, room, "columns %zu and %zu are both named \"%s\": rename one", k + 1, i + 1,
               problem_quote((struct text){h->names[i], strlen(h->names[i])}, quote));
      return false;
    }
  }
  return true;
}

static enum item_kind take_header(struct item_list *list, struct text t, struct item_place to) {
  char text[400];
  const char *cause;
  enum csv_result result = split(list, t, &cause);
  if (result == CSV_NO_MEMORY) return ITEM_NO_MEMORY;
  if (result == CSV_BROKEN) {
    snprintf(text, sizeof text, "the header: %s", cause);
    return record_file_problem(list, list->line, text, to);
  }
  struct item_header *h = header_new(t.at, t.size, list->maker);
  if (!h) return ITEM_NO_MEMORY;
  h->next = list->headers;
  list->headers = h;
  if (!check_names(h, text, sizeof text)) return record_file_problem(list, list->line, text, to);
  list->header = h;
  return ITEM_LATER;
}

enum item_kind record_fields(struct item_list *list, struct text t, struct item_place to) {
  char text[200];
  const char *cause;
  if (t.size > 0 && t.at[t.size - 1] == '\r') t.size--;
  if (t.size == 0) return ITEM_LATER;
  if (!list->header) return take_header(list, t, to);
  struct item_row like = origin(list, t.at, t.size);
  like.header = list->header;
  switch (split(list, t, &cause)) {
  case CSV_NO_MEMORY:
    return ITEM_NO_MEMORY;
  case CSV_BROKEN:
    return record_problem(&like, cause, to);
  case CSV_FINE:
    break;
  }
  size_t n = list->maker->count, wanted = list->header->count;
  if (n == wanted) return give(row_new(&like, list->maker), to);
  snprintf(text, sizeof text, "it has %zu field%s, and the header %zu: check its %s", n,
           n == 1 ? "" : "s", wanted, list->format == ITEM_CSV ? "commas and quotes" : "tabs");
  return record_problem(&like, text, to);
}

/* A record without what makes it an item of its own: only its beginning can be told. */
enum item_kind record_spoilt(struct item_list *list, struct text t, enum taken how,
                             struct item_place to) {
  const char *cause = how == TAKEN_OPEN
                          ? "a quote is not closed; a quote inside a quoted field is written twice"
                          : "an item of more than 1 MiB: is this a list?";
  bool csv = list->format == ITEM_CSV || list->format == ITEM_TSV;
  if (csv && !list->header) return record_file_problem(list, list->line, cause, to);
  struct item_row like = origin(list, t.at, t.size < BEGINNING ? t.size : BEGINNING);
  like.header = list->header;
  like.whole = false;
  return record_problem(&like, cause, to);
}
