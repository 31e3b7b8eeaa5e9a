/* SPDX-License-Identifier: MIT */
#include "fields.h"

/* The end of the quoted field whose text begins at `at`: its closing quote, or NULL. */
static const char *closing_quote(const char *at, const char *end, size_t *line_ends) {
  for (; at < end; at++) {
    if (*at == '\n') ++*line_ends;
    if (*at != '"') continue;
    if (at + 1 == end || at[1] != '"') return at;
    at++;
  }
  return NULL;
}

static const char *plain_end(const char *at, const char *end, char delimiter) {
  while (at < end && *at != delimiter && *at != '\n' && *at != '\r') at++;
  return at;
}

/* One field; returns what follows it: a delimiter, a line end, or the end. A quoted field that is
 * followed by anything else is kept as it stands, for its reader to refuse. */
static const char *take_field(struct row *row, struct field *f, const char *at, const char *end,
                              char delimiter) {
  const char *open = at, *stop;
  while (open < end && *open == ' ') open++;
  f->origin = open < end && *open == '"' ? open : at;
  f->quoted = f->origin == open && open < end && *open == '"';
  if (!f->quoted) {
    stop = plain_end(at, end, delimiter);
    f->text = (struct text){at, (size_t)(stop - at)};
    return stop;
  }
  const char *close = closing_quote(open + 1, end, &row->line_ends);
  if (!close) {
    row->open_quote = open;
    close = end;
    f->text = (struct text){open, (size_t)(end - open)};
    return end;
  }
  stop = close + 1;
  while (stop < end && *stop == ' ') stop++;
  f->text = (struct text){open + 1, (size_t)(close - open - 1)};
  if (stop == end || *stop == delimiter || *stop == '\n' || *stop == '\r') return stop;
  f->quoted = false;
  stop = plain_end(stop, end, delimiter);
  f->text = (struct text){open, (size_t)(stop - open)};
  return stop;
}

void fields_split(struct row *row, const char *at, const char *end, char delimiter) {
  row->begin = at;
  row->count = row->line_ends = 0;
  row->open_quote = NULL;
  for (;;) {
    struct field beyond;
    struct field *f = row->count < row->room ? &row->field[row->count] : &beyond;
    at = take_field(row, f, at, end, delimiter);
    row->count++;
    if (at == end || *at != delimiter) break;
    at++;
  }
  if (at < end && *at == '\r') at++;
  if (at < end && *at == '\n') at++;
  row->next = at;
}

bool fields_blank(const struct row *row, char delimiter) {
  for (const char *at = row->begin; at < row->next; at++)
    if (*at != delimiter && !text_is_blank(*at) && *at != '\r' && *at != '\n' && *at != '"')
      return false;
  return true;
}

void fields_copy(const struct field *f, char *out, size_t room) {
  struct text t = text_trim(f->text);
  size_t n = 0;
  for (size_t i = 0; i < t.size && n + 1 < room; i++) {
    if (f->quoted && t.at[i] == '"' && i + 1 < t.size) i++;
    out[n++] = t.at[i];
  }
  out[n] = 0;
}
