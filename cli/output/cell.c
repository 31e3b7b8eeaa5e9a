/* SPDX-License-Identifier: MIT
 *
 * cell.c: cells as the texts that csv, tsv and tables show. */
#include "format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool cell_is_empty(const struct cell *c) {
  switch (c->kind) {
  case CELL_ABSENT:
  case CELL_NULL:
    return true;
  case CELL_REAL:
    return !isfinite(c->as.real);
  case CELL_JSON:
    return strcmp(c->as.text, "null") == 0;
  case CELL_TEXT:
  case CELL_COUNT:
  case CELL_ERROR:
    break;
  }
  return false;
}

char *cell_shortest(double d, char out[CELL_NUMBER]) {
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(out, CELL_NUMBER, "%.*g", digits, d);
    if (strtod(out, NULL) == d) break;
  }
  /* A people's number down to a millionth: 0.000078, not 7.8e-05. */
  const char *exponent = strstr(out, "e-0");
  if (exponent && exponent[3] <= '6' && !exponent[4]) {
    size_t digits = strcspn(out, "e") - strcspn(out, "123456789");
    int places = (int)digits + exponent[3] - '0';
    snprintf(out, CELL_NUMBER, "%.*f", strchr(out, '.') ? places - 2 : places - 1, d);
  }
  return out;
}

/* What rounds to zero has no sign. */
static void round_to(int places, double d, char out[CELL_NUMBER]) {
  if (places < 0) {
    cell_shortest(d, out);
  } else if (fabs(d) < 1e15) {
    double nothing = 0.5 * pow(10, -places);
    snprintf(out, CELL_NUMBER, "%.*f", places, fabs(d) < nothing ? 0.0 : d);
  } else {
    snprintf(out, CELL_NUMBER, "%.6g", d);
  }
}

static char *describe(const struct cell_error *e, enum cell_place place) {
  char *text = NULL;
  int n;
  if (e->has_place && e->line && place == CELL_PLACE_SHORT)
    n = asprintf(&text, "%zu:%zu: %s", e->line, e->column, e->message);
  else if (e->has_place && e->line)
    n = asprintf(&text, "line %zu, column %zu: %s", e->line, e->column, e->message);
  else if (e->has_place)
    n = asprintf(&text, "%s", e->message);
  else
    n = asprintf(&text, "%s: %s", e->word, e->message);
  return n < 0 ? NULL : text;
}

bool cell_words_init(struct cell_words *w, const struct cell *c, int places,
                     enum cell_place place) {
  w->text = "";
  w->owned = NULL;
  if (cell_is_empty(c)) return true;
  switch (c->kind) {
  case CELL_ABSENT:
  case CELL_NULL:
    return true;
  case CELL_TEXT:
    w->text = c->as.text;
    return true;
  case CELL_REAL:
    round_to(places, c->as.real, w->number);
    w->text = w->number;
    return true;
  case CELL_COUNT:
    snprintf(w->number, sizeof w->number, "%llu", (unsigned long long)c->as.count);
    w->text = w->number;
    return true;
  case CELL_JSON:
    w->text = c->as.text;
    if (*w->text == '"') w->text = w->owned = cell_decode(c->as.text);
    return w->text;
  case CELL_ERROR:
    w->text = w->owned = describe(c->as.error, place);
    return w->text;
  }
  return true;
}

void cell_words_fini(struct cell_words *w) {
  free(w->owned);
}
