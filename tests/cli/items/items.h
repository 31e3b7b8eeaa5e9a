/* SPDX-License-Identifier: MIT
 *
 * items.h: what the tests of items share: lists as text, and a folder for files. */
#ifndef TESTS_CLI_ITEMS_H
#define TESTS_CLI_ITEMS_H

#include "../test.h"
#include "items/list.h"

/* Every item of the list as a line, `1 [text] name=value|...`, or `1 [text] ! cause`; line ends,
 * tabs and CRs in it as \n, \t, \r. The place is without the file's name if it has a line. To be
 * freed. */
char *rows_of_list(struct item_list *list);

/* The same for data on stdin: from a file (chunk 0), or through a pipe that gets so many bytes
 * whenever the list asks for more. */
char *rows_of_data(const char *data, size_t size, enum item_format format, bool null_separated,
                   size_t chunk);

/* The rows must be these, however the data arrive. */
void must_give(enum item_format format, const char *data, const char *rows);
void must_give_bytes(enum item_format format, bool null_separated, const char *data, size_t size,
                     const char *rows);

/* A folder of this test program; its files are removed with it. */
int folder_make(void **unused);
int folder_remove(void **unused);

/* A path in it; good until the eighth call after this one. */
const char *in_folder(const char *name);
void write_file(const char *path, const char *data, size_t size);

/* A whole file with a NUL behind it, to be freed. */
char *read_file(const char *path, size_t *ret_size);

#endif
