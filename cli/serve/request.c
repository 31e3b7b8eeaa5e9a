/* SPDX-License-Identifier: MIT
 *
 * request.c: line after line, and in each line first the bytes that can stand in none. What is
 * wrong is thus found at the same byte, and told by the same words, whether or not what follows has
 * arrived: a client that talks TLS is turned away at its first byte, not when its time is over. */
#include "request.h"

#include <string.h>

/* What the lines have told so far. */
struct reading {
  struct request *request;
  int minor; /* of HTTP/1.minor */
  unsigned hosts;
  bool close, keep_alive, has_length, has_coding;
  int status;
  const char *why;
};

static bool wrong(struct reading *r, int status, const char *why) {
  r->status = status;
  r->why = why;
  return false;
}

static bool is_token(char c) {
  return text_is_letter(c) || text_is_digit(c) || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token_text(struct text t) {
  for (size_t i = 0; i < t.size; i++)
    if (!is_token(t.at[i])) return false;
  return t.size > 0;
}

/* Cuts off what is before `c`, and `c`; false if it is not there. */
static bool cut(struct text *t, char c, struct text *ret) {
  const char *at = t->size ? memchr(t->at, c, t->size) : NULL;
  if (!at) return false;
  *ret = (struct text){t->at, (size_t)(at - t->at)};
  *t = text_skip(*t, ret->size + 1);
  return true;
}

static struct text trim(struct text t) {
  while (t.size > 0 && text_is_blank(t.at[0])) t = text_skip(t, 1);
  while (t.size > 0 && text_is_blank(t.at[t.size - 1])) t.size--;
  return t;
}

/* -- the first line --------------------------------------------------------------------------- */

/* "http://host/path?query", as to a proxy, asks for the path, too. */
static struct text without_origin(struct text target) {
  if (!text_begins(target, "http://")) return target;
  target = text_skip(target, strlen("http://"));
  const char *slash = memchr(target.at, '/', target.size);
  if (!slash) return (struct text){"/", 1};
  return text_skip(target, (size_t)(slash - target.at));
}

static bool read_target(struct reading *r, struct text target) {
  for (size_t i = 0; i < target.size; i++)
    if (target.at[i] < 0x21 || target.at[i] > 0x7e || target.at[i] == '#')
      return wrong(r, 400, "the target has characters that must be percent-encoded");
  target = without_origin(target);
  if (r->request->method != METHOD_OTHER && (target.size == 0 || *target.at != '/'))
    return wrong(r, 400, "the target is no path");
  struct text path;
  if (cut(&target, '?', &path))
    r->request->query = target;
  else
    path = target;
  r->request->path = path;
  return true;
}

static bool read_version(struct reading *r, struct text version) {
  if (version.size != 8 || memcmp(version.at, "HTTP/", 5) != 0 || !text_is_digit(version.at[5]) ||
      version.at[6] != '.' || !text_is_digit(version.at[7]))
    return wrong(r, 400, "the first line is not METHOD TARGET HTTP/1.1");
  if (version.at[5] != '1') return wrong(r, 505, "HTTP/1.1 is spoken here");
  r->minor = version.at[7] - '0';
  return true;
}

static bool read_first_line(struct reading *r, struct text line) {
  struct text method, target;
  if (!cut(&line, ' ', &method) || !is_token_text(method) || !cut(&line, ' ', &target))
    return wrong(r, 400, "the first line is not METHOD TARGET HTTP/1.1");
  r->request->method = text_same(method, (struct text){"GET", 3})    ? METHOD_GET
                       : text_same(method, (struct text){"HEAD", 4}) ? METHOD_HEAD
                                                                     : METHOD_OTHER;
  return read_version(r, line) && read_target(r, target);
}

/* -- the others ------------------------------------------------------------------------------- */

static bool read_length(struct reading *r, struct text value) {
  uint64_t n = 0;
  if (value.size == 0 || value.size > 18) return wrong(r, 400, "Content-Length is no length");
  for (size_t i = 0; i < value.size; i++) {
    if (!text_is_digit(value.at[i])) return wrong(r, 400, "Content-Length is no length");
    n = 10 * n + (uint64_t)(value.at[i] - '0');
  }
  if (r->has_length && n != r->request->body_size)
    return wrong(r, 400, "Content-Length is there twice");
  r->has_length = true;
  r->request->body_size = n;
  return true;
}

static void read_connection(struct reading *r, struct text list) {
  for (bool more = true; more;) {
    struct text word;
    more = cut(&list, ',', &word);
    if (!more) word = list;
    word = trim(word);
    if (text_is(word, "close")) r->close = true;
    if (text_is(word, "keep-alive")) r->keep_alive = true;
  }
}

static bool read_field(struct reading *r, struct text line) {
  struct text name;
  if (text_is_blank(*line.at)) return wrong(r, 400, "a header goes on in the next line");
  if (!cut(&line, ':', &name) || !is_token_text(name))
    return wrong(r, 400, "a header is not Name: value");
  struct text value = trim(line);
  if (text_is(name, "host")) {
    if (++r->hosts > 1) return wrong(r, 400, "Host is there twice");
  } else if (text_is(name, "content-length")) {
    return read_length(r, value);
  } else if (text_is(name, "transfer-encoding")) {
    r->has_coding = true;
  } else if (text_is(name, "connection")) {
    read_connection(r, value);
  } else if (text_is(name, "expect")) {
    r->request->expects_continue = text_is(value, "100-continue");
  }
  return true;
}

/* What can be said only when all headers are known. */
static bool conclude(struct reading *r) {
  if (r->minor > 0 && r->hosts == 0) return wrong(r, 400, "Host is missing");
  if (r->has_coding && r->has_length)
    return wrong(r, 400, "both Transfer-Encoding and Content-Length are there");
  if (r->has_coding) return wrong(r, 501, "a body with a Transfer-Encoding is not read here");
  r->request->keep_alive = !r->close && (r->minor > 0 || r->keep_alive);
  return true;
}

/* -- lines ------------------------------------------------------------------------------------ */

/* The bytes that can stand in no line, as far as it has come: all control characters but tabs, and
 * a CR that no LF follows. */
static bool check_bytes(struct reading *r, struct text line) {
  for (size_t i = 0; i < line.size; i++) {
    unsigned char c = (unsigned char)line.at[i];
    if (c == '\r' && (i + 1 == line.size || line.at[i + 1] == '\n')) continue;
    if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
      return wrong(r, 400, "control characters are not HTTP");
  }
  return true;
}

enum request_state request_parse(const char *data, size_t size, struct request *ret,
                                 int *ret_status, const char **ret_why) {
  struct request request = {0};
  struct reading r = {.request = &request};
  struct text rest = {data, size < REQUEST_MOST ? size : REQUEST_MOST}, line;
  bool fine = true, first = true, over = false;
  while (fine && !over && rest.size > 0) {
    const char *end = memchr(rest.at, '\n', rest.size);
    line = (struct text){rest.at, end ? (size_t)(end - rest.at) + 1 : rest.size};
    if (!(fine = check_bytes(&r, line)) || !end) break;
    rest = text_skip(rest, line.size);
    line.size -= line.size > 1 && end[-1] == '\r' ? 2 : 1;
    if (line.size == 0)
      over = !first; /* empty lines before the first are passed over */
    else
      fine = first ? read_first_line(&r, line) : read_field(&r, line);
    if (line.size > 0) first = false;
  }
  if (fine && over) fine = conclude(&r);
  if (fine && !over && size >= REQUEST_MOST) fine = wrong(&r, 431, "the headers exceed 16 KiB");
  if (fine && !over) return REQUEST_MORE;
  if (!fine) {
    *ret_status = r.status;
    *ret_why = r.why;
    return REQUEST_BAD;
  }
  request.head_size = (size_t)(rest.at - data);
  *ret = request;
  return REQUEST_READY;
}

/* -- targets ---------------------------------------------------------------------------------- */

static int hex_digit(char c) {
  if (text_is_digit(c)) return c - '0';
  c = text_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool request_decode(struct text t, char *out, size_t room) {
  for (; t.size > 0; t = text_skip(t, 1)) {
    int c = (unsigned char)*t.at;
    if (c == '%') {
      int high = t.size > 2 ? hex_digit(t.at[1]) : -1, low = t.size > 2 ? hex_digit(t.at[2]) : -1;
      if (high < 0 || low < 0) return false;
      c = 16 * high + low;
      t = text_skip(t, 2);
    }
    if (c < 0x20 || c == 0x7f || room < 2) return false;
    *out++ = (char)c;
    room--;
  }
  if (room == 0) return false;
  *out = 0;
  return true;
}

bool request_parameter(struct text query, const char *name, struct text *ret) {
  size_t n = strlen(name);
  for (bool more = true; more;) {
    struct text pair;
    more = cut(&query, '&', &pair);
    if (!more) pair = query;
    if (pair.size > n && memcmp(pair.at, name, n) == 0 && pair.at[n] == '=') {
      *ret = text_skip(pair, n + 1);
      return true;
    }
  }
  return false;
}
