/* SPDX-License-Identifier: MIT
 *
 * failed.h: --failed FILE: the items that failed, as they were given, to be fed back with the same
 * options: lines as lines, NDJSON as NDJSON, CSV and TSV with their header. The file begins empty,
 * and each item is written as it fails, so that a crash loses none.
 *
 * A file has one format, the first item's. An item that does not fit it (a CSV file with other
 * columns, an argument with a line end in it), or that is none (a file that could not be read, a
 * line too long to keep), is not written, but counted.
 *
 * To be used by one thread. */
#ifndef CLI_ITEMS_FAILED_H
#define CLI_ITEMS_FAILED_H

#include "list.h"

struct failed;

/* Creates or empties the file. It is refused if it is one of the inputs, or stdin, or in use.
 */
bool failed_open(const char *path, const char *const *inputs, size_t n, struct failed **ret,
                 char error[ITEM_MESSAGE]);

/* 0, or errno: once; nothing more is written then. */
int failed_write(struct failed *f, const struct item_row *row);

/* How many items have been left out, as above. */
uint64_t failed_left_out(const struct failed *f);

void failed_close(struct failed *f); /* takes NULL */

#endif
