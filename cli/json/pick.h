/* SPDX-License-Identifier: MIT
 *
 * pick.h: one value out of a JSON document, by a path. No query language: a path names a place.
 *
 *   .                            the document itself
 *   .meta.price                  members, as long as their names have no dot, bracket, quote, blank
 *   .chart.result[0]             elements of arrays, from 0; [-1] is the last one
 *   ["odd key"]  ."odd key"      any member; the text between the quotes is a JSON string
 */
#ifndef CLI_JSON_PICK_H
#define CLI_JSON_PICK_H

#include <jansson.h>

enum { PICK_ROOM = 256 };

struct pick;

/* Reads a path. NULL, with what is wrong in `error`, if it is none; ENOMEM is told there, too. */
struct pick *pick_new(const char *path, char error[PICK_ROOM]);
void pick_free(struct pick *p);

/* A name for a column: the path's last step if that is a member, else the path as it was given. */
const char *pick_name(const struct pick *p);

/* The path as it was given. */
const char *pick_text(const struct pick *p);

/* The value at that place, borrowed from `root` (which may be NULL); NULL if there is no such
 * place. A null in the document is a value. */
json_t *pick_get(const struct pick *p, json_t *root);

#endif
