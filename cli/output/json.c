/* SPDX-License-Identifier: MIT
 *
 * json.c: JSON, written directly: numbers are the shortest that read back the same, which a JSON
 * library's printing by a fixed precision cannot give. Always valid UTF-8: bytes that are none
 * become U+FFFD. An object is always one line. */
#include "../price/problem.h"
#include "format.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Writes text through `put`, which gets whole characters; broken ones are replaced. */
static void put_utf8(FILE *to, const char *text, void (*put)(FILE *, const char *, size_t)) {
  struct text t = {text, strlen(text)};
  while (t.size > 0) {
    size_t step = problem_utf8(t);
    if (step == 0)
      fputs("\xef\xbf\xbd", to);
    else
      put(to, t.at, step);
    t = text_skip(t, step ? step : 1);
  }
}

static void put_quoted(FILE *to, const char *at, size_t n) {
  unsigned char c = (unsigned char)*at;
  if (c == '"' || c == '\\')
    fprintf(to, "\\%c", c);
  else if (c < 0x20 || c == 0x7f)
    fprintf(to, "\\u%04x", c);
  else
    fwrite(at, 1, n, to);
}

/* In JSON text that is valid, control characters only stand between tokens. */
static void put_plain(FILE *to, const char *at, size_t n) {
  if ((unsigned char)*at < 0x20)
    putc(' ', to);
  else
    fwrite(at, 1, n, to);
}

static void put_string(FILE *to, const char *text) {
  putc('"', to);
  put_utf8(to, text, put_quoted);
  putc('"', to);
}

static void put_place(FILE *to, const char *key, size_t place) {
  if (place)
    fprintf(to, ", \"%s\": %zu", key, place);
  else
    fprintf(to, ", \"%s\": null", key);
}

static void put_error(FILE *to, const struct cell_error *e) {
  fprintf(to, "{\"%s\": ", e->key);
  put_string(to, e->word);
  fputs(", \"message\": ", to);
  put_string(to, e->message);
  if (e->has_place) {
    put_place(to, "line", e->line);
    put_place(to, "column", e->column);
  }
  putc('}', to);
}

static void put_value(FILE *to, const struct cell *c) {
  char number[CELL_NUMBER];
  switch (c->kind) {
  case CELL_TEXT:
    put_string(to, c->as.text);
    return;
  case CELL_REAL:
    fputs(isfinite(c->as.real) ? cell_shortest(c->as.real, number) : "null", to);
    return;
  case CELL_COUNT:
    fprintf(to, "%" PRIu64, c->as.count);
    return;
  case CELL_JSON:
    put_utf8(to, c->as.text, put_plain);
    return;
  case CELL_ERROR:
    put_error(to, c->as.error);
    return;
  case CELL_ABSENT:
  case CELL_NULL:
    break;
  }
  fputs("null", to);
}

static void put_object(const struct output *out, const struct cell *cells) {
  bool first = true;
  putc('{', out->to);
  for (size_t i = 0; i < out->n; i++) {
    if (cells[i].kind == CELL_ABSENT) continue;
    if (!first) fputs(", ", out->to);
    first = false;
    put_string(out->to, out->columns[i].name);
    fputs(": ", out->to);
    put_value(out->to, &cells[i]);
  }
  putc('}', out->to);
}

static bool json_row(struct output *out, const struct cell *cells) {
  fputs(out->records ? ",\n  " : "[\n  ", out->to);
  put_object(out, cells);
  return true;
}

static bool json_end(struct output *out) {
  fputs(out->records ? "\n]\n" : "[]\n", out->to);
  return true;
}

static bool ndjson_row(struct output *out, const struct cell *cells) {
  put_object(out, cells);
  putc('\n', out->to);
  return true;
}

const struct output_format_ops output_json = {.row = json_row, .end = json_end};
const struct output_format_ops output_ndjson = {.row = ndjson_row};
