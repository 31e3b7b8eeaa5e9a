/* SPDX-License-Identifier: MIT
 *
 * delimited.c: CSV and TSV. Every row has the same number of cells, whatever went wrong. */
#include "format.h"

#include <errno.h>
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

static void put_cell(const struct output *out, bool *first, const char *text) {
  bool tabs = out->ops == &output_tsv;
  if (!*first) putc(tabs ? '\t' : ',', out->to);
  *first = false;
  if (tabs)
    put_tsv(out->to, text);
  else
    put_csv(out->to, text);
}

static bool is_shown(const struct output_column *c) {
  return !c->json_only && !c->not_csv;
}

static bool delimited_begin(struct output *out) {
  bool first = true;
  if (!out->header) return true;
  for (size_t i = 0; i < out->n; i++)
    if (is_shown(&out->columns[i])) put_cell(out, &first, out->columns[i].name);
  putc('\n', out->to);
  return true;
}

static bool delimited_row(struct output *out, const struct cell *cells) {
  bool first = true, fine = true;
  for (size_t i = 0; i < out->n; i++) {
    struct cell_words w;
    if (!is_shown(&out->columns[i])) continue;
    if (!cell_words_init(&w, &cells[i], -1, CELL_PLACE_LONG)) fine = false;
    put_cell(out, &first, w.text ? w.text : "");
    cell_words_fini(&w);
  }
  putc('\n', out->to);
  if (!fine) errno = ENOMEM;
  return fine;
}

const struct output_format_ops output_csv = {.begin = delimited_begin, .row = delimited_row};
const struct output_format_ops output_tsv = {.begin = delimited_begin, .row = delimited_row};
