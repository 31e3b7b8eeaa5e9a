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

bool symbols_init(struct symbols *list, const char *text, char wrong[SYMBOL_ROOM]) {
  size_t most = 1;
  for (const char *c = text; *c; c++) most += *c == ',';
  *list = (struct symbols){malloc(most * sizeof *list->sorted), 0};
  snprintf(wrong, SYMBOL_ROOM, "out of memory");
  if (!list->sorted) return false;
  for (bool more = *text; more;) {
    size_t n = strcspn(text, ",");
    snprintf(wrong, SYMBOL_ROOM, "%.*s", (int)n, text);
    if (n >= SYMBOL_ROOM || !symbol_normalise(wrong, list->sorted[list->n])) {
      symbols_fini(list);
      return false;
    }
    list->n++;
    more = text[n] == ',';
    text += n + more;
  }
  qsort(list->sorted, list->n, sizeof *list->sorted, compare);
  return true;
}

void symbols_fini(struct symbols *list) {
  if (!list) return;
  free(list->sorted);
  *list = (struct symbols){0};
}

bool symbols_have(const struct symbols *list, const char *symbol) {
  return list->n > 0 && bsearch(symbol, list->sorted, list->n, sizeof *list->sorted, compare);
}
