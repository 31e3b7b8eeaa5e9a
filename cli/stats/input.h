/* SPDX-License-Identifier: MIT
 *
 * input.h: the items of the command line, one by one: files; folders, which stand for the price
 * files in them, by name; and `-`, a list of paths on stdin, read as it comes. */
#ifndef CLI_STATS_INPUT_H
#define CLI_STATS_INPUT_H

#include "../price/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
  char **args;
  size_t arg_count, arg_next;
  char end_of_path; /* '\n', or 0 for find -print0 */
  char **entries;   /* of the folder that is being given out */
  size_t entry_count, entry_next;
  bool reading_list;
  char *buffer; /* of the list: [begin, filled) is not given out yet */
  size_t begin, filled, room;
  uint64_t given;
};

enum input_kind {
  INPUT_PATH,    /* *ret_path is the caller's to free */
  INPUT_PROBLEM, /* the same, and *p says why nothing comes of it */
  INPUT_LATER,   /* the list has nothing just now */
  INPUT_END,
  INPUT_NO_MEMORY
};

void input_begin(struct input *in, char **args, size_t n, bool null_separated);
void input_end(struct input *in);

/* The next item. A list that has nothing is waited for that long; then it is INPUT_LATER. An
 * interrupt ends the input, and so does a reader of stdout who goes while the list is waited for.
 */
enum input_kind input_next(struct input *in, int patience_ms, char **ret_path, struct problem *p);

/* How many items there will be, or 0 if that cannot be known yet. */
uint64_t input_total(const struct input *in);

#endif
