/* SPDX-License-Identifier: MIT
 *
 * decode.c: a JSON string without its quotes and escapes. Nothing is longer decoded than encoded,
 * so the text's own size is room enough. */
#include "format.h"

#include <stdlib.h>
#include <string.h>

enum { REPLACEMENT = 0xfffd };

/* Four hexadecimal digits, or -1. */
static int hex4(const char *at) {
  int v = 0;
  for (int i = 0; i < 4; i++) {
    static const char digits[] = "0123456789abcdef";
    const char *d = at[i] ? strchr(digits, at[i] | 0x20) : NULL;
    if (!d) return -1;
    v = v * 16 + (int)(d - digits);
  }
  return v;
}

/* Moves *at behind the digits of one \u, or of two that are a pair. Without digits it is no JSON; a
 * question mark needs no more room than what stands there. */
static unsigned code_point(const char **at) {
  int v = hex4(*at);
  if (v < 0) return '?';
  *at += 4;
  if (v == 0 || (v >= 0xdc00 && v < 0xe000)) return REPLACEMENT;
  if (v < 0xd800 || v >= 0xe000) return (unsigned)v;
  int low = (*at)[0] == '\\' && (*at)[1] == 'u' ? hex4(*at + 2) : -1;
  if (low < 0xdc00 || low >= 0xe000) return REPLACEMENT;
  *at += 6;
  return 0x10000U + (((unsigned)v & 0x3ff) << 10) + ((unsigned)low & 0x3ff);
}

static char *put_utf8(char *to, unsigned c) {
  if (c < 0x80) {
    *to++ = (char)c;
    return to;
  }
  int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static const unsigned lead[] = {0, 0xc0, 0xe0, 0xf0};
  *to++ = (char)(lead[more] | (c >> (6 * more)));
  while (more-- > 0) *to++ = (char)(0x80 | ((c >> (6 * more)) & 0x3f));
  return to;
}

static char *put_escaped(char *to, const char **at) {
  static const char letters[] = "bfnrt", meaning[] = "\b\f\n\r\t";
  char c = **at;
  if (!c) return to;
  (*at)++;
  if (c == 'u') return put_utf8(to, code_point(at));
  const char *letter = strchr(letters, c);
  *to++ = letter ? meaning[letter - letters] : c;
  return to;
}

char *cell_decode(const char *json) {
  char *text = malloc(strlen(json) + 1), *to = text;
  if (!text) return NULL;
  for (const char *at = json + 1; *at && *at != '"';) {
    if (*at == '\\') {
      at++;
      to = put_escaped(to, &at);
    } else {
      *to++ = *at++;
    }
  }
  *to = 0;
  return text;
}
