/* SPDX-License-Identifier: MIT
 *
 * name.h: --name: what the file of an item is called, from a template such as
 * '{host}/{index}.json'. Slashes are the template's own; whatever a URL or a column has in it stays
 * one harmless part of the name. */
#ifndef CLI_HTTP_NAME_H
#define CLI_HTTP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_DEFAULT "{index}-{basename}"

enum { NAME_ERROR = 512 };

struct name_template;

/* What a name is made of. The fields {index}, {host}, {basename} (the last part of the URL's path,
 * decoded; "index.html" if it is empty) and {ext} (its ending, without the dot) come before columns
 * of the same name. */
struct name_source {
  uint64_t index;
  const char *url;
  const char *(*column)(const char *name, void *arg); /* NULL: no such column; may be NULL */
  void *arg;
  const char *const *columns; /* those that there are, for a message; may be NULL */
  size_t column_count;
};

/* NULL, with the error, if the template cannot be read, or would be no name inside a folder. */
struct name_template *name_template_new(const char *text, char error[NAME_ERROR]);
void name_template_free(struct name_template *t);

/* Whether {index} alone keeps names apart: no two items can have the same one. */
bool name_is_unique(const struct name_template *t);

/* The name, from malloc. NULL, with the error, if the item lacks a column, the URL cannot be read,
 * or there is no memory. */
char *name_make(const struct name_template *t, const struct name_source *source,
                char error[NAME_ERROR]);

#endif
