/* SPDX-License-Identifier: MIT
 *
 * csv.c: a record is looked at twice: once for its end, which may take several reads and so is a
 * state machine that stops anywhere; then, when all of it is there, for its fields.
 *
 * A quote counts only where a field begins; elsewhere it is a character as any other, as most
 * readers have it. What follows a closing quote must be a comma or the record's end; if it is not,
 * the record ends with its line, so that one stray quote spoils no more than it must. */
#include "csv.h"

#include "list.h"
#include "maker.h"

#include <string.h>

bool csv_find(struct csv_scan *scan, const char *data, size_t size, size_t *ret_size) {
  const char *at = data + scan->at, *end = data + size;
  while (at < end) {
    if (scan->state == CSV_QUOTED) { /* nothing but a quote matters here */
      at = memchr(at, '"', (size_t)(end - at));
      if (!at) break;
      at++;
      scan->state = CSV_QUOTE;
      continue;
    }
    char c = *at++;
    if (c == '\n') {
      *ret_size = (size_t)(at - 1 - data);
      *scan = (struct csv_scan){0};
      return true;
    }
    if (c == '"' && scan->state != CSV_PLAIN)
      scan->state = CSV_QUOTED; /* it opens a field, or is the second of two */
    else
      scan->state = c == ',' ? CSV_FIELD : CSV_PLAIN;
  }
  scan->at = size;
  return false;
}

/* A value from here on in the maker; its NUL and its cell come when it is complete. */
static bool end_value(struct item_maker *m, size_t begin) {
  return maker_put(m, "", 1) && maker_cell(m, begin, begin);
}

/* Copies a quoted field; *at is behind its opening quote, and then behind the closing one. */
static enum csv_result quoted(struct item_maker *m, const char **at, const char *end,
                              const char **ret_cause) {
  for (;;) {
    const char *quote = memchr(*at, '"', (size_t)(end - *at));
    if (!quote) {
      *ret_cause = "a quote is not closed; a quote inside a quoted field is written twice";
      return CSV_BROKEN;
    }
    bool twice = quote + 1 < end && quote[1] == '"';
    if (!maker_put(m, *at, (size_t)(quote - *at) + twice)) return CSV_NO_MEMORY;
    *at = quote + 1 + twice;
    if (!twice) break;
  }
  if (*at == end || **at == ',') return CSV_FINE;
  *ret_cause = "something follows a closing quote; a quote inside a quoted field is written twice";
  return CSV_BROKEN;
}

static enum csv_result too_many(const char **ret_cause) {
  *ret_cause = "it has more than 1024 columns, which is the most";
  return CSV_BROKEN;
}

enum csv_result csv_split(struct item_maker *m, const char *data, size_t size,
                          const char **ret_cause) {
  const char *at = data, *end = data + size;
  maker_clear(m);
  for (;; at++) {
    size_t begin = m->filled;
    if (m->count == ITEM_COLUMNS) return too_many(ret_cause);
    if (at < end && *at == '"') {
      at++;
      enum csv_result result = quoted(m, &at, end, ret_cause);
      if (result != CSV_FINE) return result;
    } else {
      const char *comma = at < end ? memchr(at, ',', (size_t)(end - at)) : NULL;
      const char *stop = comma ? comma : end;
      if (!maker_put(m, at, (size_t)(stop - at))) return CSV_NO_MEMORY;
      at = stop;
    }
    if (!end_value(m, begin)) return CSV_NO_MEMORY;
    if (at == end) return CSV_FINE;
  }
}

/* The character that a backslash and this one stand for, or 0. */
static char unescaped(char c) {
  return c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == '\\' ? '\\' : 0;
}

static bool tsv_value(struct item_maker *m, const char *at, const char *end) {
  while (at < end) {
    const char *slash = memchr(at, '\\', (size_t)(end - at));
    const char *stop = slash ? slash : end;
    if (!maker_put(m, at, (size_t)(stop - at))) return false;
    if (!slash) break;
    char c = slash + 1 < end ? unescaped(slash[1]) : 0;
    if (!maker_put(m, c ? &c : slash, 1)) return false;
    at = slash + 1 + (c != 0);
  }
  return true;
}

enum csv_result tsv_split(struct item_maker *m, const char *data, size_t size,
                          const char **ret_cause) {
  const char *at = data, *end = data + size;
  maker_clear(m);
  for (;; at++) {
    size_t begin = m->filled;
    if (m->count == ITEM_COLUMNS) return too_many(ret_cause);
    const char *tab = at < end ? memchr(at, '\t', (size_t)(end - at)) : NULL;
    const char *stop = tab ? tab : end;
    if (!tsv_value(m, at, stop) || !end_value(m, begin)) return CSV_NO_MEMORY;
    at = stop;
    if (at == end) return CSV_FINE;
  }
}
