/* SPDX-License-Identifier: MIT
 *
 * template.h: text with places for an item's columns: https://host/v1/{symbol}?d={date}
 *
 *   {name}    the column's value; percent-encoded in a URL: all but letters, digits and -._~
 *   {+name}   in a URL, what has a meaning there stays as it is (RFC 6570, 3.2.3): reserved
 *             characters, and % before two hexadecimal digits; elsewhere the same as {name}
 *   {{ }}     braces */
#ifndef CLI_ITEMS_TEMPLATE_H
#define CLI_ITEMS_TEMPLATE_H

#include <stddef.h>

struct template;

enum template_escape { TEMPLATE_RAW, TEMPLATE_URL };
enum { TEMPLATE_MESSAGE = 512 };

/* NULL, with the error: where the text is no template, and what would be one. */
struct template *template_new(const char *text, enum template_escape escape,
                              char error[TEMPLATE_MESSAGE]);
void template_free(struct template *t);

/* The columns that it names, each once, in the order of the text. */
size_t template_count(const struct template *t);
const char *template_name(const struct template *t, size_t i);

/* What stands for a name; NULL: there is no such column. What it returned last is used before the
 * next call. */
typedef const char *template_lookup(const char *name, void *arg);

/* The text with its columns, malloc'ed. NULL: *ret_missing is the name that there is no column for,
 * or NULL if there was no memory. Any number of threads may fill in one template. */
char *template_fill(const struct template *t, template_lookup *lookup, void *arg,
                    const char **ret_missing);

/* The message for a missing column: names it, and the columns there are. */
void template_missing(const char *missing, const char *const *names, size_t n,
                      char error[TEMPLATE_MESSAGE]);

#endif
