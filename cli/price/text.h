/* SPDX-License-Identifier: MIT
 *
 * text.h: a piece of somebody else's memory. Nothing here is NUL-terminated. */
#ifndef CLI_PRICE_TEXT_H
#define CLI_PRICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
  const char *at;
  size_t size;
};

static inline bool text_is_digit(char c) {
  return c >= '0' && c <= '9';
}

static inline bool text_is_blank(char c) {
  return c == ' ' || c == '\t';
}

static inline char text_lower(char c) {
  return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool text_is_letter(char c) {
  return text_lower(c) >= 'a' && text_lower(c) <= 'z';
}

static inline struct text text_skip(struct text t, size_t n) {
  return (struct text){t.at + n, t.size - n};
}

/* Without the blanks on either side; a non-breaking space (U+00A0) is one of them. */
static inline struct text text_trim(struct text t) {
  for (;;) {
    if (t.size > 0 && text_is_blank(t.at[0]))
      t = text_skip(t, 1);
    else if (t.size > 1 && memcmp(t.at, "\xc2\xa0", 2) == 0)
      t = text_skip(t, 2);
    else
      break;
  }
  for (;;) {
    if (t.size > 0 && text_is_blank(t.at[t.size - 1]))
      t.size--;
    else if (t.size > 1 && memcmp(t.at + t.size - 2, "\xc2\xa0", 2) == 0)
      t.size -= 2;
    else
      break;
  }
  return t;
}

/* Equal to a lower-case ASCII string, whatever the letters' case. */
static inline bool text_is(struct text t, const char *lower) {
  size_t i = 0;
  while (i < t.size && lower[i] && text_lower(t.at[i]) == lower[i]) i++;
  return i == t.size && !lower[i];
}

static inline bool text_begins(struct text t, const char *lower) {
  size_t n = strlen(lower);
  return t.size >= n && text_is((struct text){t.at, n}, lower);
}

static inline bool text_same(struct text a, struct text b) {
  return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

#endif
