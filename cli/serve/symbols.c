/* SPDX-License-Identifier: MIT */
#include "symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool symbol_normalise(const char *text, char out[SYMBOL_ROOM]) {
  size_t n = strlen(text);
  if (n == 0 || n >= SYMBOL_ROOM) return false;
  for (size_t i = 0; i <= n; i++) {
    char c = text[i];
    if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
    if (c && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && !strchr(".-^=", c)) return false;
    out[i] = c;
  }
  return true;
}

static int compare(const void *x, const void *y) {
  return strcmp(x, y);
}

const char *symbols_init(struct symbols *list, const char *text, char word[SYMBOL_ROOM]) {
  size_t most = 1;
  for (const char *c = text; *c; c++) most += *c == ',';
  *list = (struct symbols){calloc(most, sizeof *list->sorted), 0};
  *word = 0;
  if (!list->sorted) return word;
  for (const char *at = text; *text; at += strcspn(at, ",") + 1) {
    snprintf(word, SYMBOL_ROOM, "%.*s", (int)strcspn(at, ","), at);
    bool whole = strlen(word) == strcspn(at, ",");
    if (!whole || !symbol_normalise(word, list->sorted[list->n])) {
      symbols_fini(list);
      return word;
    }
    list->n++;
    if (!at[strcspn(at, ",")]) break;
  }
  qsort(list->sorted, list->n, sizeof *list->sorted, compare);
  return NULL;
}

void symbols_fini(struct symbols *list) {
  if (!list) return;
  free(list->sorted);
  *list = (struct symbols){0};
}

bool symbols_have(const struct symbols *list, const char *symbol) {
  return list->n > 0 && bsearch(symbol, list->sorted, list->n, sizeof *list->sorted, compare);
}
