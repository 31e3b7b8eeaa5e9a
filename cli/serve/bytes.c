/* SPDX-License-Identifier: MIT */
#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_fini(struct bytes *b) {
  if (!b) return;
  free(b->at);
  *b = (struct bytes){0};
}

/* Room for `more` bytes behind what there is. */
static bool reserve(struct bytes *b, size_t more) {
  if (b->broken) return false;
  if (b->room - b->size >= more) return true;
  size_t room = b->room ? b->room : 256;
  while (room - b->size < more && room < SIZE_MAX / 2) room *= 2;
  char *at = room - b->size < more ? NULL : realloc(b->at, room);
  if (!at) {
    b->broken = true;
    return false;
  }
  b->at = at;
  b->room = room;
  return true;
}

void bytes_add(struct bytes *b, const char *data, size_t size) {
  if (size == 0 || !reserve(b, size)) return;
  memcpy(b->at + b->size, data, size);
  b->size += size;
}

void bytes_text(struct bytes *b, const char *text) {
  bytes_add(b, text, strlen(text));
}

void bytes_print(struct bytes *b, const char *format, ...) {
  for (size_t more = 128; reserve(b, more);) {
    size_t room = b->room - b->size;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(b->at + b->size, room, format, args);
    va_end(args);
    if (n < 0) b->broken = true;
    if (n < 0 || (size_t)n < room) {
      b->size += n < 0 ? 0 : (size_t)n;
      return;
    }
    more = (size_t)n + 1;
  }
}

void bytes_decimal(struct bytes *b, int64_t n, int places) {
  char text[32], *at = text + sizeof text;
  uint64_t rest = n < 0 ? -(uint64_t)n : (uint64_t)n;
  for (int i = 0; i <= places || rest > 0; i++) {
    if (i == places && i > 0) *--at = '.';
    *--at = (char)('0' + rest % 10);
    rest /= 10;
  }
  if (n < 0) *--at = '-';
  bytes_add(b, at, (size_t)(text + sizeof text - at));
}
