/* SPDX-License-Identifier: MIT */
#include "suggest.h"

#include <string.h>

enum { LONGEST = 40 };

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* How many letters must be inserted, left out, changed or swapped with their neighbour to get from
 * a to b (optimal string alignment). Both at most LONGEST letters. */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
  size_t row[3][LONGEST + 1];
  size_t *before = row[0], *last = row[1], *now = row[2];
  for (size_t j = 0; j <= m; j++) last[j] = j;
  for (size_t i = 1; i <= n; i++) {
    now[0] = i;
    for (size_t j = 1; j <= m; j++) {
      size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);
      d = least(d, least(last[j], now[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        d = least(d, before[j - 2] + 1);
      now[j] = d;
    }
    size_t *t = before;
    before = last, last = now, now = t;
  }
  return last[m];
}

const char *suggest(const char *word, const char *const *words, size_t n) {
  size_t size = strlen(word), nearest = (size + 1) / 3;
  const char *best = NULL;
  if (size == 0 || size > LONGEST) return NULL;
  for (size_t i = 0; i < n; i++)
    if (strncmp(words[i], word, size) == 0) return words[i];
  for (size_t i = 0; i < n; i++) {
    size_t m = strlen(words[i]);
    if (m > LONGEST) continue;
    size_t d = distance(word, size, words[i], m);
    if (d <= nearest) {
      best = words[i];
      nearest = d - (d > 0);
    }
  }
  return best;
}
