/* SPDX-License-Identifier: MIT */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *problem_word(const struct problem *p) {
  static const char *const words[] = {[PROBLEM_NONE] = "none",
                                      [PROBLEM_SYSTEM] = "system",
                                      [PROBLEM_MEMORY] = "memory",
                                      [PROBLEM_STOPPED] = "stopped",
                                      [PROBLEM_EMPTY] = "empty",
                                      [PROBLEM_BINARY] = "binary",
                                      [PROBLEM_HTML] = "html",
                                      [PROBLEM_JSON] = "json",
                                      [PROBLEM_NO_HEADER] = "no_header",
                                      [PROBLEM_NO_PRICE] = "no_price_column",
                                      [PROBLEM_NO_DATE] = "no_date_column",
                                      [PROBLEM_NO_COLUMN] = "no_such_column",
                                      [PROBLEM_NO_ROWS] = "no_rows",
                                      [PROBLEM_NO_PRICES] = "no_prices",
                                      [PROBLEM_SHORT_ROW] = "short_row",
                                      [PROBLEM_BAD_DATE] = "bad_date",
                                      [PROBLEM_BAD_PRICE] = "bad_price",
                                      [PROBLEM_BAD_VOLUME] = "bad_volume",
                                      [PROBLEM_BAD_QUOTE] = "bad_quote",
                                      [PROBLEM_NO_FILES] = "no_files"};
  const char *name = p->code == PROBLEM_SYSTEM ? strerrorname_np(p->system) : NULL;
  return name ? name : words[p->code];
}

bool problem_set(struct problem *p, enum problem_code code, size_t line, size_t column,
                 const char *format, ...) {
  va_list args;
  p->code = code;
  p->line = line;
  p->column = column;
  va_start(args, format);
  vsnprintf(p->message, sizeof p->message, format, args);
  va_end(args);
  return false;
}

/* Lead bytes say how many continuation bytes follow, and how narrow the first of these is, so that
 * overlong forms and surrogates are none. */
size_t problem_utf8(struct text t) {
  const unsigned char *s = (const unsigned char *)t.at;
  if (t.size == 0) return 0;
  if (s[0] < 0x80) return 1;
  size_t n = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
             : s[0] >= 0xe0 && s[0] <= 0xef ? 3
             : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                            : 0;
  if (n == 0 || t.size < n) return 0;
  unsigned low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
  unsigned high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
  if (s[1] < low || s[1] > high) return 0;
  for (size_t i = 2; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  return n;
}

char *problem_quote(struct text t, char out[PROBLEM_QUOTE]) {
  size_t n = 0, i = 0;
  while (i < t.size && i < 40) {
    struct text rest = text_skip(t, i);
    size_t step = problem_utf8(rest);
    unsigned char c = (unsigned char)*rest.at;
    if (step == 0 || c < 0x20 || c == 0x7f) {
      n += (size_t)snprintf(out + n, PROBLEM_QUOTE - n, "?");
      i++;
    } else {
      memcpy(out + n, rest.at, step);
      n += step, i += step;
    }
  }
  snprintf(out + n, PROBLEM_QUOTE - n, "%s", i < t.size ? "..." : "");
  return out;
}
