/* SPDX-License-Identifier: MIT
 *
 * table.c: a table for people. Its columns are as wide as their widest cell, so it is printed at
 * the end. A column with what is wrong comes last, if anything is. */
#include "columns.h"

#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static bool table_begin(struct output *out) {
  /* Only the character set: widths of names depend on it. Numbers stay as they are everywhere. */
  setlocale(LC_CTYPE, "");
  struct libscols_table *t = scols_new_table();
  if (!t) {
    errno = ENOMEM;
    return false;
  }
  const struct column *c;
  size_t n = columns_shown(out->all, &c);
  for (size_t i = 0; i < n; i++)
    scols_table_new_column(t, c[i].name, 0, c[i].kind == COLUMN_TEXT ? 0 : SCOLS_FL_RIGHT);
  scols_table_set_stream(t, out->to);
  out->state = t;
  return true;
}

/* Two places; what rounds to zero has no sign. */
static const char *rounded(double d, char *out, size_t room) {
  if (!isfinite(d)) return "";
  snprintf(out, room, fabs(d) < 1e15 ? "%.2f" : "%.6g", fabs(d) < 0.005 ? 0.0 : d);
  return out;
}

static const char *cell_text(const struct column *c, const struct record *r, char *out,
                             size_t room) {
  if (c->kind == COLUMN_TEXT) return columns_string(c, r);
  if (!r->statistics) return "";
  if (c->kind == COLUMN_REAL && c->offset != offsetof(struct statistics, periods))
    return rounded(*(const double *)(const void *)((const char *)r->statistics + c->offset), out,
                   room);
  return columns_number(c, r->statistics, out);
}

static bool add_error(struct output *out, struct libscols_line *line, const struct problem *p) {
  const struct column *c;
  struct libscols_table *t = out->state;
  size_t n = columns_shown(out->all, &c);
  if (scols_table_get_ncols(t) == n && !scols_table_new_column(t, "error", 0, 0)) return false;
  char text[400];
  if (p->line)
    snprintf(text, sizeof text, "%zu:%zu: %s", p->line, p->column, p->message);
  else
    snprintf(text, sizeof text, "%s", p->message);
  return scols_line_set_data(line, n, text) == 0;
}

static bool table_record(struct output *out, const struct record *r) {
  const struct column *c;
  size_t n = columns_shown(out->all, &c);
  struct libscols_line *line = scols_table_new_line(out->state, NULL);
  bool fine = line;
  if (fine && r->problem) fine = add_error(out, line, r->problem);
  for (size_t i = 0; fine && i < n; i++) {
    char text[COLUMNS_TEXT];
    const char *cell = cell_text(&c[i], r, text, sizeof text);
    fine = scols_line_set_data(line, i, cell ? cell : "") == 0;
  }
  if (!fine) errno = ENOMEM;
  return fine;
}

static bool table_end(struct output *out) {
  bool fine = out->records == 0 || scols_print_table(out->state) == 0;
  scols_unref_table(out->state);
  return fine;
}

const struct output_format_ops output_table = {
    .begin = table_begin, .record = table_record, .end = table_end};
