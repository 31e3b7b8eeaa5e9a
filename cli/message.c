/* SPDX-License-Identifier: MIT */
#include "message.h"

#include "price/problem.h"
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void message_escape(const char *text, char *out, size_t room) {
  struct text t = {text, strlen(text)};
  size_t n = 0;
  while (t.size > 0 && n + 5 < room) {
    size_t step = problem_utf8(t);
    unsigned char c = (unsigned char)*t.at;
    /* Bytes 80 to 9f as characters are control characters, too: terminals obey them. */
    bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && step == 2 && (t.at[1] & 0xe0) == 0x80);
    if (step == 0) step = 1, control = true;
    if (!control) {
      memcpy(out + n, t.at, step);
      n += step;
    } else {
      for (size_t i = 0; i < step && n + 5 < room; i++)
        n += (size_t)snprintf(out + n, room - n,
                              c == '\n'   ? "\\n"
                              : c == '\t' ? "\\t"
                                          : "\\x%02x",
                              (unsigned)(unsigned char)t.at[i]);
    }
    t = text_skip(t, step);
  }
  out[n] = 0;
}

void message(const char *format, ...) {
  char raw[4096], clean[5000];
  va_list args;
  va_start(args, format);
  vsnprintf(raw, sizeof raw, format, args);
  va_end(args);
  message_escape(raw, clean, sizeof clean);
  progress_hide();
  fprintf(stderr, "meantime: %s\n", clean);
}
