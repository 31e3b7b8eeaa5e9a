/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include "../json/load.h"
#include "../price/problem.h"
#include "provider.h"
#include "redact.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys go first, then what a terminal would obey, then the length, at a character's end. */
char *answer_says(const struct provider *p, const char *text, char out[ANSWER_SAYS]) {
  char *clean = redact(text, p->secrets, p->secret_count);
  size_t n = 0;
  *out = 0;
  if (!clean) return out;
  for (struct text t = {clean, strlen(clean)}; t.size;) {
    size_t step = problem_utf8(t);
    bool control = (unsigned char)*t.at < 0x20 || *t.at == 0x7f || step == 0;
    if (step == 0) step = 1;
    if (n + step + 4 > ANSWER_SAYS) {
      n += (size_t)snprintf(out + n, ANSWER_SAYS - n, "...");
      break;
    }
    if (!control) {
      memcpy(out + n, t.at, step);
      n += step;
    } else if (n && out[n - 1] != ' ') {
      out[n++] = ' ';
    }
    t = text_skip(t, step);
  }
  while (n && out[n - 1] == ' ') n--;
  out[n] = 0;
  free(clean);
  return out;
}

/* Numbers are read as reals, so that one too large for 64 bits does not spoil a body in which
 * nobody asked for it. */
json_t *answer_json(const struct answer *a) {
  json_error_t why;
  size_t flags = JSON_DECODE_INT_AS_REAL;
  json_t *root = a->size ? json_load_bytes(a->body, a->size, flags, &why) : NULL;
  if (root && !json_is_object(root) && !json_is_array(root)) {
    json_decref(root);
    return NULL;
  }
  return root;
}

static bool is_page(const struct answer *a) {
  size_t i = 0;
  while (i < a->size && strchr(" \t\r\n\xef\xbb\xbf", a->body[i]) && a->body[i]) i++;
  return i < a->size && a->body[i] == '<';
}

/* The beginning of a body that is plain text, in quotes; empty if it is none. */
static char *excerpt(const struct provider *p, const struct answer *a, char out[ANSWER_SAYS + 4]) {
  *out = 0;
  if (a->size == 0 || is_page(a) || memchr(a->body, 0, a->size)) return out;
  /* A secret at the end of what is looked at must not be cut in two, so all of it is. */
  char *text = malloc(a->size + 1), says[ANSWER_SAYS];
  if (!text) return out;
  memcpy(text, a->body, a->size);
  text[a->size] = 0;
  if (*answer_says(p, text, says)) snprintf(out, ANSWER_SAYS + 4, ": %s", says);
  free(text);
  return out;
}

bool answer_status(const struct provider *p, const struct answer *a, struct quote_fault *f) {
  char text[ANSWER_SAYS + 4];
  if (a->status >= 200 && a->status < 300) return true;
  excerpt(p, a, text);
  switch (a->status) {
  case 401:
  case 403:
  case 407:
    return quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request (status %ld)%s", p->name,
                      a->status, text);
  case 429:
  case 999: /* an old habit of Yahoo's */
    return quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests (status %ld)%s", p->name,
                      a->status, text);
  default:
    break;
  }
  quote_fail(f, QUOTE_PROVIDER_ERROR,
             a->status >= 300 && a->status < 400 ? "%s answers with a redirect (status %ld)%s"
                                                 : "%s failed (status %ld)%s",
             p->name, a->status, text);
  f->again = a->status >= 500 || a->status == 408 || a->status == 425;
  return false;
}

bool answer_no_json(const struct provider *p, const struct answer *a, struct quote_fault *f) {
  char text[ANSWER_SAYS + 4];
  if (a->size == 0) return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave an empty answer", p->name);
  if (is_page(a))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a web page instead of JSON", p->name);
  return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave no JSON%s", p->name, excerpt(p, a, text));
}
