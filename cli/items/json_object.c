/* SPDX-License-Identifier: MIT
 *
 * json_object.c: a parser by recursive descent. It copies while it checks: a string's meaning, or,
 * inside arrays and objects, the text as it is. Every function moves `at` over what it has read, or
 * leaves it at what is wrong, with the cause. */
#include "json_object.h"

#include "list.h"
#include "price/problem.h"

#include <string.h>

enum { MOST_DEPTH = 200 };

struct json {
  const char *at, *end;
  struct item_maker *m;
  const char *cause;
  bool no_memory;
};

static bool wrong(struct json *j, const char *cause) {
  j->cause = cause;
  return false;
}

static bool put(struct json *j, const char *data, size_t size) {
  if (maker_put(j->m, data, size)) return true;
  j->no_memory = true;
  return false;
}

static void skip_blanks(struct json *j) {
  while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\r' || *j->at == '\n'))
    j->at++;
}

static bool next_is(const struct json *j, char c) {
  return j->at < j->end && *j->at == c;
}

/* -- strings ---------------------------------------------------------------------------------- */

/* Four hexadecimal digits. */
static bool hex(struct json *j, unsigned *ret) {
  unsigned v = 0;
  for (int i = 0; i < 4; i++, j->at++) {
    char c = j->at < j->end ? *j->at : 0, low = text_lower(c);
    if (!text_is_digit(c) && (low < 'a' || low > 'f'))
      return wrong(j, "\\u needs four hexadecimal digits");
    v = v * 16 + (unsigned)(text_is_digit(c) ? c - '0' : low - 'a' + 10);
  }
  *ret = v;
  return true;
}

static size_t utf8_of(unsigned c, char out[4]) {
  size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
  static const unsigned lead[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
  for (size_t i = n; i-- > 1; c >>= 6) out[i] = (char)(0x80 | (c & 0x3f));
  out[0] = (char)(lead[n] | c);
  return n;
}

/* The character of a \u, which may take a second one. */
static bool code_point(struct json *j, unsigned *ret) {
  const char *from = j->at - 2;
  unsigned low;
  if (!hex(j, ret)) return false;
  bool fine = *ret < 0xd800 || *ret > 0xdfff;
  if (!fine && *ret < 0xdc00 && j->end - j->at >= 2 && memcmp(j->at, "\\u", 2) == 0) {
    j->at += 2;
    if (!hex(j, &low)) return false;
    fine = low >= 0xdc00 && low <= 0xdfff;
    *ret = 0x10000 + ((*ret - 0xd800) << 10) + (low - 0xdc00);
  }
  if (!fine || *ret == 0) {
    j->at = from;
    return wrong(j, fine ? "\\u0000 cannot be part of an item" : "half of a surrogate pair");
  }
  return true;
}

/* From behind the backslash; copies what it means. */
static bool escape(struct json *j, bool meaning) {
  static const char names[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
  const char *from = j->at - 1;
  char c = j->at < j->end ? *j->at : 0, out[4];
  const char *known = c ? strchr(names, c) : NULL;
  size_t n = 1;
  if (!known && c != 'u') return wrong(j, "a backslash that begins no escape");
  j->at++;
  if (known) {
    out[0] = means[known - names];
  } else {
    unsigned point;
    if (!code_point(j, &point)) return false;
    n = utf8_of(point, out);
  }
  return meaning ? put(j, out, n) : put(j, from, (size_t)(j->at - from));
}

/* A string: its meaning, or as it is with its quotes. */
static bool string(struct json *j, bool meaning) {
  j->at++;
  if (!meaning && !put(j, "\"", 1)) return false;
  for (const char *from = j->at;;) {
    unsigned char c = j->at < j->end ? (unsigned char)*j->at : 0;
    if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
      j->at++;
      continue;
    }
    size_t step = c < 0x80 ? 0 : problem_utf8((struct text){j->at, (size_t)(j->end - j->at)});
    if (step > 0) {
      j->at += step;
      continue;
    }
    if (!put(j, from, (size_t)(j->at - from))) return false;
    if (j->at == j->end) return wrong(j, "the text ends inside a string");
    if (c >= 0x80) return wrong(j, "bytes that are no UTF-8");
    if (c < 0x20) return wrong(j, "a control character inside a string");
    j->at++;
    if (c == '"') return meaning || put(j, "\"", 1);
    if (!escape(j, meaning)) return false;
    from = j->at;
  }
}

/* -- other values ----------------------------------------------------------------------------- */

static bool digits(struct json *j) {
  if (j->at == j->end || !text_is_digit(*j->at)) return wrong(j, "a number without digits");
  while (j->at < j->end && text_is_digit(*j->at)) j->at++;
  return true;
}

static bool number(struct json *j) {
  const char *from = j->at;
  if (next_is(j, '-')) j->at++;
  if (next_is(j, '0')) {
    j->at++;
    if (j->at < j->end && text_is_digit(*j->at)) return wrong(j, "a number that begins with 0");
  } else if (!digits(j)) {
    return false;
  }
  if (next_is(j, '.')) {
    j->at++;
    if (!digits(j)) return false;
  }
  if (next_is(j, 'e') || next_is(j, 'E')) {
    j->at++;
    if (next_is(j, '+') || next_is(j, '-')) j->at++;
    if (!digits(j)) return false;
  }
  return put(j, from, (size_t)(j->at - from));
}

static bool word(struct json *j, const char *what) {
  size_t n = strlen(what);
  if ((size_t)(j->end - j->at) < n || memcmp(j->at, what, n) != 0)
    return wrong(j, "no value: strings need double quotes");
  j->at += n;
  return put(j, what, n);
}

static bool nested(struct json *j, int depth);

static bool value(struct json *j, int depth, bool meaning) {
  char c = j->at < j->end ? *j->at : 0;
  if (c == '"') return string(j, meaning);
  if (c == '{' || c == '[') return nested(j, depth + 1);
  if (c == '-' || text_is_digit(c)) return number(j);
  if (c == 0 && j->at == j->end) return wrong(j, "the text ends where a value should be");
  return word(j, c == 't' ? "true" : c == 'f' ? "false" : "null");
}

/* A name and its colon. */
static bool name(struct json *j, bool meaning) {
  if (!next_is(j, '"')) return wrong(j, "a member's name in double quotes is missing");
  if (!string(j, meaning)) return false;
  skip_blanks(j);
  if (!next_is(j, ':')) return wrong(j, "a colon is missing");
  j->at++;
  skip_blanks(j);
  return put(j, meaning ? "" : ":", 1);
}

/* Behind an element: a comma, whose place is taken, or the closing bracket. */
static bool goes_on(struct json *j, char close, bool *ret_more) {
  skip_blanks(j);
  *ret_more = next_is(j, ',');
  if (!*ret_more && !next_is(j, close))
    return wrong(j, j->at == j->end ? "the text ends too early"
                    : close == '}'  ? "a comma or } is missing"
                                    : "a comma or ] is missing");
  j->at++;
  skip_blanks(j);
  return true;
}

static bool nested(struct json *j, int depth) {
  bool object = *j->at == '{', more = true;
  char close = object ? '}' : ']';
  if (depth > MOST_DEPTH) return wrong(j, "nested more than 200 deep");
  if (!put(j, j->at++, 1)) return false;
  skip_blanks(j);
  if (next_is(j, close)) {
    j->at++;
    more = false;
  }
  while (more) {
    if (object && !name(j, false)) return false;
    if (!value(j, depth, false) || !goes_on(j, close, &more)) return false;
    if (more && !put(j, ",", 1)) return false;
  }
  return put(j, &close, 1);
}

/* -- the line --------------------------------------------------------------------------------- */

static bool member(struct json *j) {
  struct item_maker *m = j->m;
  const char *from = j->at;
  size_t begin = m->filled;
  if (!name(j, true)) return false;
  size_t at_value = m->filled;
  bool null = next_is(j, 'n');
  if (!value(j, 0, true) || !put(j, "", 1)) return false;
  if (maker_find(m, m->bytes + begin)) {
    j->at = from;
    return wrong(j, "a name that the object has already");
  }
  if (null) {
    m->filled = begin;
    return true;
  }
  if (m->count == ITEM_COLUMNS) return wrong(j, "more than 1024 members, which is the most");
  j->no_memory = !maker_cell(m, begin, at_value);
  return !j->no_memory;
}

static bool object(struct json *j) {
  bool more = true;
  j->at++;
  skip_blanks(j);
  if (next_is(j, '}')) {
    j->at++;
    more = false;
  }
  while (more)
    if (!member(j) || !goes_on(j, '}', &more)) return false;
  return true;
}

static bool lone_string(struct json *j) {
  static const char item[] = "item";
  if (!put(j, item, sizeof item) || !string(j, true) || !put(j, "", 1)) return false;
  j->no_memory = !maker_cell(j->m, 0, sizeof item);
  return !j->no_memory;
}

static bool line(struct json *j) {
  skip_blanks(j);
  if (next_is(j, '['))
    return wrong(j, "an array: one object a line is wanted, as `jq -c '.[]'` makes of it");
  if (!next_is(j, '{') && !next_is(j, '"')) return wrong(j, "no JSON object");
  if (!(*j->at == '{' ? object(j) : lone_string(j))) return false;
  skip_blanks(j);
  return j->at == j->end || wrong(j, "something follows the end of the object");
}

enum json_result json_object_read(struct item_maker *m, const char *data, size_t size,
                                  const char **ret_cause, size_t *ret_column) {
  struct json j = {.at = data, .end = data + size, .m = m};
  maker_clear(m);
  if (line(&j)) return JSON_FINE;
  if (j.no_memory) return JSON_NO_MEMORY;
  *ret_cause = j.cause;
  *ret_column = (size_t)(j.at - data) + 1;
  return JSON_BROKEN;
}
