/* SPDX-License-Identifier: MIT */
#include "reply.h"

#include "../price/problem.h"

#include <string.h>
#include <strings.h>

/* The value of a header of that name, without blanks around it; NULL if it is another one. */
static const char *value_of(const char *name, const char *line, size_t size, size_t *ret_size) {
  size_t n = strlen(name);
  if (size <= n || line[n] != ':' || strncasecmp(line, name, n) != 0) return NULL;
  const char *end = line + size;
  line += n + 1;
  while (line < end && (*line == ' ' || *line == '\t')) line++;
  while (end > line && strchr(" \t\r\n", end[-1])) end--;
  *ret_size = (size_t)(end - line);
  return line;
}

/* RFC 9110, 8.6: digits. A list of equal ones is allowed there, and left to libcurl. */
static void content_length(struct reply *a, const char *text, size_t size) {
  enum { MOST_DIGITS = 18 }; /* which fit into 64 bits */
  size_t digits = 0;
  while (digits < size && text[digits] >= '0' && text[digits] <= '9') digits++;
  a->bad_length = digits == 0 || (digits < size && text[digits] != ',');
  a->huge = !a->bad_length && digits > MOST_DIGITS;
}

static bool is_text(const char *type, size_t size) {
  static const char *const kinds[] = {"text/plain", "application/json", "application/problem+json"};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    size_t n = strlen(kinds[i]);
    if (size >= n && strncasecmp(type, kinds[i], n) == 0 && (size == n || strchr("; ", type[n])))
      return true;
  }
  return false;
}

static enum reply_encoding encoding_of(const char *name, size_t size) {
  static const struct {
    const char *name;
    enum reply_encoding encoding;
  } known[] = {{"gzip", REPLY_COMPRESSED},
               {"x-gzip", REPLY_COMPRESSED},
               {"deflate", REPLY_COMPRESSED},
               {"identity", REPLY_PLAIN}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strlen(known[i].name) == size && strncasecmp(known[i].name, name, size) == 0)
      return known[i].encoding;
  return size > 0 ? REPLY_STRANGE : REPLY_PLAIN;
}

static void status_line(struct reply *a, const char *line, size_t size) {
  const char *blank = memchr(line, ' ', size);
  *a = (struct reply){.began = true};
  a->failed = blank && blank + 1 < line + size && blank[1] >= '4' && blank[1] <= '9';
}

bool reply_header(struct reply *a, const char *line, size_t size) {
  const char *value;
  size_t n;
  if (size >= 5 && strncmp(line, "HTTP/", 5) == 0)
    status_line(a, line, size);
  else if (size <= 2 && strspn(line, "\r\n") >= size)
    a->whole = true;
  else if ((value = value_of("Content-Length", line, size, &n)))
    content_length(a, value, n);
  else if ((value = value_of("Content-Encoding", line, size, &n)))
    a->encoding = encoding_of(value, n);
  else if ((value = value_of("Content-Type", line, size, &n)))
    a->text = is_text(value, n);
  return !a->bad_length && !a->huge;
}

void reply_body(struct reply *a, const char *bytes, size_t size) {
  if (!a->failed || !a->text || a->excerpted == REPLY_EXCERPT) return;
  size_t room = REPLY_EXCERPT - a->excerpted;
  if (size > room) size = room;
  memcpy(a->excerpt + a->excerpted, bytes, size);
  a->excerpted += size;
}

const char *reply_first_line(struct reply *a) {
  a->excerpt[a->excerpted] = 0;
  size_t n = strcspn(a->excerpt, "\r\n");
  bool ended = a->excerpted < REPLY_EXCERPT || n < a->excerpted;
  a->excerpt[n] = 0;
  for (struct text t = {a->excerpt, n}; t.size > 0;) {
    size_t step = problem_utf8(t);
    if (step == 0 || (unsigned char)*t.at < 0x20 || *t.at == 0x7f) return "";
    t = text_skip(t, step);
  }
  return ended ? a->excerpt : ""; /* half a line may be misread */
}
