/* SPDX-License-Identifier: MIT
 *
 * json.c: JSON, written directly: numbers are the shortest that read back the same, which a JSON
 * library's printing by a fixed precision cannot give. Always valid UTF-8: bytes of a path that are
 * none become U+FFFD. */
#include "columns.h"

#include <stdio.h>
#include <string.h>

static void put_string(FILE *to, const char *text) {
  struct text t = {text, strlen(text)};
  putc('"', to);
  while (t.size > 0) {
    size_t step = problem_utf8(t);
    unsigned char c = (unsigned char)*t.at;
    if (step == 0) {
      fputs("\xef\xbf\xbd", to);
      step = 1;
    } else if (c == '"' || c == '\\') {
      fprintf(to, "\\%c", c);
    } else if (c < 0x20 || c == 0x7f) {
      fprintf(to, "\\u%04x", c);
    } else {
      fwrite(t.at, 1, step, to);
    }
    t = text_skip(t, step);
  }
  putc('"', to);
}

static void put_key(FILE *to, const char *key, bool *first) {
  fputs(*first ? "{" : ", ", to);
  *first = false;
  fprintf(to, "\"%s\": ", key);
}

static void put_place(FILE *to, const char *key, size_t place) {
  if (place)
    fprintf(to, ", \"%s\": %zu", key, place);
  else
    fprintf(to, ", \"%s\": null", key);
}

static void put_problem(FILE *to, const struct problem *p) {
  fputs("{\"code\": ", to);
  put_string(to, problem_word(p));
  fputs(", \"message\": ", to);
  put_string(to, p->message);
  put_place(to, "line", p->line);
  put_place(to, "column", p->column);
  putc('}', to);
}

static void put_object(const struct output *out, const struct record *r) {
  const struct column *c;
  size_t n = columns_shown(out->all, &c);
  bool first = true;
  for (size_t i = 0; i < n; i++) {
    char text[COLUMNS_TEXT];
    if (!r->statistics && c[i].kind != COLUMN_TEXT) continue;
    const char *value = c[i].kind == COLUMN_TEXT ? columns_string(&c[i], r)
                                                 : columns_number(&c[i], r->statistics, text);
    if (!r->statistics && !value) continue;
    put_key(out->to, c[i].name, &first);
    if (!value)
      fputs("null", out->to);
    else if (c[i].kind == COLUMN_REAL || c[i].kind == COLUMN_COUNT)
      fputs(value, out->to);
    else
      put_string(out->to, value);
  }
  if (r->statistics && out->all && r->statistics->doubles > 0) {
    put_key(out->to, "doubles", &first);
    fprintf(out->to, "%zu", r->statistics->doubles);
  }
  if (r->problem) {
    if (!out->all && r->path) {
      put_key(out->to, "path", &first);
      put_string(out->to, r->path);
    }
    put_key(out->to, "error", &first);
    put_problem(out->to, r->problem);
  }
  putc('}', out->to);
}

static bool json_record(struct output *out, const struct record *r) {
  fputs(out->records ? ",\n  " : "[\n  ", out->to);
  put_object(out, r);
  return true;
}

static bool json_end(struct output *out) {
  fputs(out->records ? "\n]\n" : "[]\n", out->to);
  return true;
}

static bool ndjson_record(struct output *out, const struct record *r) {
  put_object(out, r);
  putc('\n', out->to);
  return true;
}

const struct output_format_ops output_json = {.record = json_record, .end = json_end};
const struct output_format_ops output_ndjson = {.record = ndjson_record};
