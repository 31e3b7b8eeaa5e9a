/* SPDX-License-Identifier: MIT
 *
 * table.c: a table for people. Its columns are as wide as their widest cell, so it is printed at
 * the end. Texts come from servers and from names of files; the terminal must show them and never
 * obey them. libsmartcols sees to that: what the locale calls a control character, or no character
 * at all, is written as \x1b. (Without its encoding, a text whose width wcswidth cannot tell would
 * make it pad for ever.) */
#include "format.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdlib.h>

enum { NOWHERE = -1 };

struct table {
  struct libscols_table *lines;
  size_t shown;   /* columns that are there */
  int position[]; /* of each of the output's columns, or NOWHERE */
};

static bool add_column(struct output *out, size_t i) {
  struct table *t = out->state;
  int flags = out->columns[i].right ? SCOLS_FL_RIGHT : 0;
  if (!scols_table_new_column(t->lines, out->columns[i].name, 0, flags)) return false;
  t->position[i] = (int)t->shown++;
  return true;
}

static void table_free(struct table *t) {
  if (!t) return;
  scols_unref_table(t->lines);
  free(t);
}

static bool table_begin(struct output *out) {
  struct table *t = calloc(1, sizeof *t + out->n * sizeof *t->position);
  if (t) t->lines = scols_new_table();
  bool fine = t && t->lines;
  out->state = t;
  for (size_t i = 0; fine && i < out->n; i++) {
    const struct output_column *c = &out->columns[i];
    t->position[i] = NOWHERE;
    if (!c->late && !c->json_only) fine = add_column(out, i);
  }
  if (!fine) {
    table_free(t);
    out->state = NULL;
    errno = ENOMEM;
    return false;
  }
  scols_table_set_stream(t->lines, out->to);
  return true;
}

static bool table_row(struct output *out, const struct cell *cells) {
  struct table *t = out->state;
  struct libscols_line *line = scols_table_new_line(t->lines, NULL);
  bool fine = line;
  for (size_t i = 0; fine && i < out->n; i++) {
    const struct output_column *c = &out->columns[i];
    struct cell_words w;
    if (c->json_only || (t->position[i] == NOWHERE && cell_is_empty(&cells[i]))) continue;
    if (t->position[i] == NOWHERE) fine = add_column(out, i);
    fine = fine && cell_words_init(&w, &cells[i], c->places, CELL_PLACE_SHORT);
    if (!fine) break;
    fine = scols_line_set_data(line, (size_t)t->position[i], w.text) == 0;
    cell_words_fini(&w);
  }
  if (!fine) errno = ENOMEM;
  return fine;
}

static bool table_end(struct output *out) {
  struct table *t = out->state;
  bool fine = !t || out->records == 0 || scols_print_table(t->lines) == 0;
  table_free(t);
  out->state = NULL;
  return fine;
}

const struct output_format_ops output_table = {
    .begin = table_begin, .row = table_row, .end = table_end};
