/* SPDX-License-Identifier: MIT
 *
 * delimited.c: CSV and TSV. A failed file's row has its ticker (and path) and empty cells; with
 * --all a last column says what is wrong. The notebook's seven columns stay seven. */
#include "columns.h"

#include <stdio.h>
#include <string.h>

static void put_csv(FILE *to, const char *text) {
  if (!text[strcspn(text, ",\"\r\n")]) {
    fputs(text, to);
    return;
  }
  putc('"', to);
  for (; *text; text++) {
    if (*text == '"') putc('"', to);
    putc(*text, to);
  }
  putc('"', to);
}

static void put_tsv(FILE *to, const char *text) {
  for (; *text; text++) {
    switch (*text) {
    case '\t':
      fputs("\\t", to);
      break;
    case '\n':
      fputs("\\n", to);
      break;
    case '\r':
      fputs("\\r", to);
      break;
    case '\\':
      fputs("\\\\", to);
      break;
    default:
      putc(*text, to);
    }
  }
}

static void put_cell(const struct output *out, size_t i, const char *text) {
  bool tabs = out->ops == &output_tsv;
  if (i > 0) putc(tabs ? '\t' : ',', out->to);
  if (text && tabs)
    put_tsv(out->to, text);
  else if (text)
    put_csv(out->to, text);
}

static bool delimited_begin(struct output *out) {
  const struct column *c;
  size_t n = columns_shown(out->all, &c);
  if (!out->header) return true;
  for (size_t i = 0; i < n; i++) put_cell(out, i, c[i].name);
  if (out->all) put_cell(out, n, "error");
  putc('\n', out->to);
  return true;
}

static bool delimited_record(struct output *out, const struct record *r) {
  const struct column *c;
  size_t n = columns_shown(out->all, &c);
  for (size_t i = 0; i < n; i++) {
    char text[COLUMNS_TEXT];
    if (c[i].kind == COLUMN_TEXT)
      put_cell(out, i, columns_string(&c[i], r));
    else
      put_cell(out, i, r->statistics ? columns_number(&c[i], r->statistics, text) : NULL);
  }
  if (out->all) {
    char error[400] = "";
    const struct problem *p = r->problem;
    if (p && p->line)
      snprintf(error, sizeof error, "line %zu, column %zu: %s", p->line, p->column, p->message);
    else if (p)
      snprintf(error, sizeof error, "%s", p->message);
    put_cell(out, n, error);
  }
  putc('\n', out->to);
  return true;
}

const struct output_format_ops output_csv = {.begin = delimited_begin, .record = delimited_record};
const struct output_format_ops output_tsv = {.begin = delimited_begin, .record = delimited_record};
