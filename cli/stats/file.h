/* SPDX-License-Identifier: MIT
 *
 * file.h: a whole file in memory. */
#ifndef CLI_STATS_FILE_H
#define CLI_STATS_FILE_H

#include "../price/problem.h"

/* Zeroed before its first use, then good for one file after another, until file_fini. */
struct file {
  char *buffer;
  size_t room;
  void *mapping;
  size_t mapped;
};

/* Reads a file at once, in one piece; very large ones are mapped instead, and must not be shortened
 * meanwhile. *ret is valid until the next call. False, with the problem, if it cannot be read. */
bool file_read(struct file *f, const char *path, struct text *ret, struct problem *p);
void file_fini(struct file *f);

#endif
