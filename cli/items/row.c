/* SPDX-License-Identifier: MIT
 *
 * row.c: a row is one block of memory, since as many are made as there are items:
 *
 *   struct item_row | values[count] | names[count] | text, NUL | names and values, each with a NUL
 *
 * A line has its text for its value, and rows of CSV and TSV have their file's names. */
#include "row.h"

#include "price/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The row with its text, `slots` pointers before that, and so many bytes behind it. */
static struct item_row *make(const struct item_row *like, size_t slots, size_t bytes,
                             const char ***ret_slots, char **ret_bytes) {
  struct item_row *row = malloc(sizeof *row + slots * sizeof(char *) + like->size + 1 + bytes);
  if (!row) return NULL;
  const char **slot = (const char **)(row + 1);
  char *text = (char *)(slot + slots);
  *row = *like;
  if (like->size > 0) memcpy(text, like->text, like->size);
  text[like->size] = 0;
  row->text = text;
  row->count = 0;
  row->names = row->values = slot;
  *ret_slots = slot;
  *ret_bytes = text + like->size + 1;
  return row;
}

struct item_row *row_new(const struct item_row *like, const struct item_maker *m) {
  const char **slot;
  char *bytes;
  size_t n = m ? m->count : 0;
  struct item_row *row = make(like, like->header ? n : 2 * n, m ? m->filled : 0, &slot, &bytes);
  if (!row || n == 0) return row;
  memcpy(bytes, m->bytes, m->filled);
  for (size_t i = 0; i < n; i++) {
    slot[i] = bytes + m->cells[i].value;
    if (!like->header) slot[n + i] = bytes + m->cells[i].name;
  }
  row->count = n;
  row->names = like->header ? like->header->names : slot + n;
  return row;
}

struct item_row *row_new_line(const struct item_row *like) {
  static const char *const names[] = {"item"};
  const char **slot;
  char *bytes;
  struct item_row *row = make(like, 1, 0, &slot, &bytes);
  if (!row) return NULL;
  slot[0] = row->text;
  row->count = 1;
  row->names = names;
  return row;
}

void item_row_free(struct item_row *row) {
  free(row);
}

static bool is_number(const char *name, size_t *ret) {
  size_t n = 0;
  for (; text_is_digit(*name) && n <= ITEM_COLUMNS; name++) n = n * 10 + (size_t)(*name - '0');
  *ret = n;
  return *name == 0 && n > 0;
}

const char *item_row_get(const struct item_row *row, const char *name) {
  size_t n;
  for (size_t i = 0; i < row->count; i++)
    if (strcmp(row->names[i], name) == 0) return row->values[i];
  return is_number(name, &n) && n <= row->count ? row->values[n - 1] : NULL;
}

const char *item_row_lookup(const char *name, void *row) {
  return item_row_get(row, name);
}

/* The end of a file's name, which tells more than its beginning; what a terminal would obey, and
 * bytes that are no UTF-8, as question marks. */
static void show_name(const char *name, char *out, size_t room) {
  struct text t = {name, strlen(name)};
  size_t n = 0;
  if (t.size >= room) {
    t = text_skip(t, t.size - room + 4);
    while (t.size > 0 && (*t.at & 0xc0) == 0x80) t = text_skip(t, 1);
    n = (size_t)snprintf(out, room, "...");
  }
  while (t.size > 0) {
    size_t step = problem_utf8(t);
    unsigned char c = (unsigned char)*t.at;
    bool fine = step > 1 ? c != 0xc2 || (unsigned char)t.at[1] >= 0xa0 : c >= 0x20 && c != 0x7f;
    if (step == 0 || !fine)
      out[n++] = '?';
    else
      memcpy(out + n, t.at, step), n += step;
    t = text_skip(t, step ? step : 1);
  }
  out[n] = 0;
}

char *item_row_place(const struct item_row *row, char out[ITEM_PLACE]) {
  char name[ITEM_PLACE - 24];
  if (!row->source) {
    snprintf(out, ITEM_PLACE, "argument %llu", (unsigned long long)row->line);
    return out;
  }
  show_name(strcmp(row->source, "-") == 0 ? "stdin" : row->source, name, sizeof name);
  if (row->line)
    snprintf(out, ITEM_PLACE, "%s:%llu", name, (unsigned long long)row->line);
  else
    snprintf(out, ITEM_PLACE, "%s", name);
  return out;
}

struct item_header *header_new(const char *text, size_t size, const struct item_maker *m) {
  size_t n = m->count;
  struct item_header *h = malloc(sizeof *h + n * sizeof(char *) + size + 1 + m->filled);
  if (!h) return NULL;
  const char **names = (const char **)(h + 1);
  char *copy = (char *)(names + n), *bytes = copy + size + 1;
  if (size > 0) memcpy(copy, text, size);
  copy[size] = 0;
  memcpy(bytes, m->bytes, m->filled);
  for (size_t i = 0; i < n; i++) {
    struct text t = text_trim((struct text){maker_value(m, i), strlen(maker_value(m, i))});
    char *at = bytes + (t.at - m->bytes);
    at[t.size] = 0;
    names[i] = at;
  }
  *h = (struct item_header){.text = copy, .size = size, .count = n, .names = names};
  return h;
}

void header_free(struct item_header *h) {
  free(h);
}
