/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdbool.h>
#include <stdio.h>

/* How deep it goes at most; brackets in strings do not count. What is no JSON is jansson's to tell:
 * it never goes deeper than the brackets that it has seen. */
static size_t depth_of(const char *text, size_t size) {
  size_t depth = 0, most = 0;
  bool quoted = false;
  for (size_t i = 0; i < size; i++) {
    char c = text[i];
    if (quoted) {
      i += c == '\\';
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '[' || c == '{') {
      if (++depth > most) most = depth;
    } else if ((c == ']' || c == '}') && depth > 0) {
      depth--;
    }
  }
  return most;
}

json_t *json_load_bytes(const void *bytes, size_t size, size_t flags, json_error_t *ret_error) {
  if (depth_of(bytes, size) > JSON_DEPTH) {
    *ret_error = (json_error_t){.line = 1, .column = 1};
    snprintf(ret_error->text, sizeof ret_error->text, "nested more than %d deep", JSON_DEPTH);
    return NULL;
  }
  return json_loadb(bytes, size, flags, ret_error);
}
