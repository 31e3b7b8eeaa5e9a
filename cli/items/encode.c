/* SPDX-License-Identifier: MIT */
#include "encode.h"

#include "price/problem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

bool encode_is_text(const char *data, size_t size) {
  struct text t = {data, size};
  while (t.size > 0) {
    size_t step = problem_utf8(t);
    if (step == 0 || *t.at == 0) return false;
    t = text_skip(t, step);
  }
  return true;
}

/* How much of the text can stand in JSON as it is. */
static size_t plain(struct text t) {
  size_t n = 0;
  while (n < t.size) {
    unsigned char c = (unsigned char)t.at[n];
    size_t step =
        c < 0x80 ? c >= 0x20 && c != 0x7f && c != '"' && c != '\\' : problem_utf8(text_skip(t, n));
    if (step == 0) break;
    n += step;
  }
  return n;
}

void encode_string(struct appender *a, const char *data, size_t size) {
  struct text t = {data, size};
  appender_put(a, "\"", 1);
  while (t.size > 0) {
    size_t n = plain(t);
    appender_put(a, t.at, n);
    t = text_skip(t, n);
    if (t.size == 0) break;
    unsigned char c = (unsigned char)*t.at;
    char escape[8] = "\xef\xbf\xbd";
    if (c == '"' || c == '\\')
      snprintf(escape, sizeof escape, "\\%c", c);
    else if (c > 0 && c < 0x80)
      snprintf(escape, sizeof escape, "\\u%04x", c);
    appender_text(a, escape);
    t = text_skip(t, 1);
  }
  appender_put(a, "\"", 1);
}

void encode_base64(struct appender *a, const char *data, size_t size) {
  for (size_t i = 0; i < size; i += 3) {
    uint32_t v = 0;
    size_t n = size - i < 3 ? size - i : 3;
    char out[4] = "====";
    for (size_t k = 0; k < n; k++) v |= (uint32_t)(unsigned char)data[i + k] << (16 - 8 * k);
    for (size_t k = 0; k <= n; k++) out[k] = digits[v >> (18 - 6 * k) & 63];
    appender_put(a, out, 4);
  }
}

bool decode_base64(char *text, size_t *ret_size) {
  size_t size = strlen(text);
  char *to = text;
  if (size % 4 != 0) return false;
  for (size_t i = 0; i < size; i += 4) {
    uint32_t v = 0;
    size_t n = text[i + 3] != '=' ? 4 : text[i + 2] != '=' ? 3 : 2;
    if (n < 4 && i + 4 < size) return false;
    for (size_t k = 0; k < n; k++) {
      const char *digit = strchr(digits, text[i + k]);
      if (!digit) return false;
      v |= (uint32_t)(digit - digits) << (18 - 6 * k);
    }
    for (size_t k = 0; k + 1 < n; k++) *to++ = (char)(v >> (16 - 8 * k));
  }
  *ret_size = (size_t)(to - text);
  return true;
}
