/* SPDX-License-Identifier: MIT
 *
 * inside.h: what the parts of a list share: list.c goes from file to file, take.c cuts a file into
 * records, record.c makes items of them. */
#ifndef CLI_ITEMS_INSIDE_H
#define CLI_ITEMS_INSIDE_H

#include "list.h"
#include "price/text.h"

enum taken {
  TAKEN,      /* a record; the window has moved over it, and its bytes stay until the next read */
  TAKEN_PART, /* the beginning of one that is too long; the rest is skipped by and by */
  TAKEN_OPEN, /* a line of CSV with a quote that nothing closes */
  TAKEN_LATER,
  TAKEN_END,
  TAKEN_ERROR, /* errno */
  TAKEN_NO_MEMORY
};

/* The next record, without its line end. */
enum taken take_record(struct item_list *list, struct text *ret);

/* Before the first record: skips a byte order mark. *ret_cause: the file is no text, but this.
 * TAKEN: all of that has been seen. */
enum taken take_beginning(struct item_list *list, const char **ret_cause);

/* Where an item goes, and the message if it is none. */
struct item_place {
  struct item_row **ret;
  char *message; /* [ITEM_MESSAGE] */
};

/* These make an item of a record, by the list's format. ITEM_LATER: it is none (empty, a comment, a
 * header). */
enum item_kind record_line(struct item_list *list, struct text t, struct item_place to);
enum item_kind record_fields(struct item_list *list, struct text t, struct item_place to);
enum item_kind record_spoilt(struct item_list *list, struct text t, enum taken how,
                             struct item_place to);

/* ITEM_PROBLEM: the row, without columns, and "place: cause" for the message. */
enum item_kind record_problem(const struct item_row *like, const char *cause, struct item_place to);

/* The same for a file that is of no use, or of no more: its name stands for what might have been in
 * it. The list goes on behind it. */
enum item_kind record_file_problem(struct item_list *list, uint64_t line, const char *cause,
                                   struct item_place to);

#endif
