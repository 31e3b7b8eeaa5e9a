/* SPDX-License-Identifier: MIT
 *
 * row.h: making rows, for list.c. */
#ifndef CLI_ITEMS_ROW_H
#define CLI_ITEMS_ROW_H

#include "list.h"
#include "maker.h"

/* A row like `like`, with a copy of its text. Its columns are the maker's (the values of
 * like->header, if there is one); without a maker it has none. NULL: no memory. */
struct item_row *row_new(const struct item_row *like, const struct item_maker *m);

/* The same for a line: its one column is its text. */
struct item_row *row_new_line(const struct item_row *like);

/* A header whose names are the maker's values, without the blanks around them; NULL: no memory. */
struct item_header *header_new(const char *text, size_t size, const struct item_maker *m);
void header_free(struct item_header *h);

#endif
