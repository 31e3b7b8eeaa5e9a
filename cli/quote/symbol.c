/* SPDX-License-Identifier: MIT */
#include "symbol.h"

#include "../price/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *what_is_wrong(struct text t) {
  if (t.size == 0) return "it is empty";
  if (t.size >= QUOTE_SYMBOL) return "it is too long";
  if ((t.size == 1 && *t.at == '.') || (t.size == 2 && memcmp(t.at, "..", 2) == 0))
    return "a symbol is more than dots";
  while (t.size) {
    unsigned char c = (unsigned char)*t.at;
    if (c == ' ' || c == '\t') return "it has a blank in it; a symbol is one word, one a line";
    if (c < 0x20 || c == 0x7f) return "it has a control character in it";
    size_t step = problem_utf8(t);
    if (step == 0) return "it is no UTF-8";
    t = text_skip(t, step);
  }
  return NULL;
}

bool symbol_check(const char *symbol, size_t size, struct quote_fault *f) {
  struct text t = {symbol, size};
  const char *wrong = what_is_wrong(t);
  char quoted[PROBLEM_QUOTE];
  return !wrong || quote_fail(f, QUOTE_INVALID_SYMBOL, "\"%s\" is no symbol: %s",
                              problem_quote(t, quoted), wrong);
}

char *symbol_encode(const char *text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  static const char hex[] = "0123456789ABCDEF";
  char *out = malloc(3 * strlen(text) + 1), *to = out;
  if (!out) return NULL;
  for (; *text; text++) {
    unsigned char c = (unsigned char)*text;
    if (strchr(plain, c)) {
      *to++ = *text;
    } else {
      *to++ = '%';
      *to++ = hex[c >> 4];
      *to++ = hex[c & 15];
    }
  }
  *to = 0;
  return out;
}
