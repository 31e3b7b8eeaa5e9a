/* SPDX-License-Identifier: MIT
 *
 * request.c: what all requests of a run are made of. A secret comes from a file that nobody
 * else can read, never from an argument, which anybody can see in a list of processes. */
#include "fetch.h"

#include "../message.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_BYTES = 64 << 20 };

static bool refuse(const char *option, const char *path, const char *why) {
  message("fetch: %s: %s: %s", option, path, why);
  return false;
}

/* Why nobody but the user may read a file of secrets, or NULL if so it is. */
static const char *too_open(FILE *file) {
  struct stat s;
  if (fstat(fileno(file), &s) < 0) return strerror(errno);
  if (!S_ISREG(s.st_mode)) return "this is no file";
  if (s.st_uid != geteuid() && s.st_uid != 0) return "it belongs to somebody else";
  if (s.st_mode & 077) return "others may read it; make it private with: chmod 600";
  return NULL;
}

/* All of a file, NUL-terminated; held until the end. NULL, with a message. */
static char *hold(struct fetch_request *r, const char *option, const char *path, bool secret,
                  size_t *ret_size) {
  FILE *file = strcmp(path, "-") == 0 && !secret ? stdin : fopen(path, "re");
  const char *why = !file ? strerror(errno) : secret ? too_open(file) : NULL;
  char *text = NULL;
  size_t size = 0, room = 0;
  while (!why) {
    if (room - size < 4096) {
      room = room ? 2 * room : 8192;
      char *more = room <= MOST_BYTES ? realloc(text, room) : NULL;
      if (!more) {
        why = room <= MOST_BYTES ? "out of memory" : "this is more than 64 MiB";
        break;
      }
      text = more;
    }
    size_t n = fread(text + size, 1, room - size - 1, file);
    size += n;
    if (n == 0) break;
  }
  if (!why && ferror(file)) why = strerror(errno);
  if (file && file != stdin) fclose(file);
  char **held = why ? NULL : realloc(r->held, (r->held_count + 1) * sizeof *held);
  if (!why && !held) why = "out of memory";
  if (why) {
    free(text);
    refuse(option, path, why);
    return NULL;
  }
  text[size] = 0;
  r->held = held;
  r->held[r->held_count++] = text;
  *ret_size = size;
  return text;
}

/* RFC 9110, 5.6.2: what methods and names of headers are made of. Returns how much of the text is.
 */
static size_t token(const char *text) {
  return strspn(text, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                      "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

static bool is_readable(const char *option, const char *path) {
  return !path || access(path, R_OK) == 0 || refuse(option, path, strerror(errno));
}

/* As libcurl reads it: http if there is no scheme. */
static bool is_proxy(const char *proxy) {
  static const char *const schemes[] = {"http", "https", "socks4", "socks4a", "socks5", "socks5h"};
  const char *end = strstr(proxy, "://"), *host = end ? end + 3 : proxy;
  bool known = !end;
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes && !known; i++)
    known = strlen(schemes[i]) == (size_t)(end - proxy) &&
            strncasecmp(proxy, schemes[i], strlen(schemes[i])) == 0;
  if (!known)
    return refuse("--proxy", proxy,
                  "a proxy is http://, https://, socks4://, socks4a://, socks5:// or socks5h://");
  return *host ? true : refuse("--proxy", proxy, "there is no host in it");
}

/* What would be noticed by each item, or put words into the request's mouth. */
static bool makes_sense(const struct fetch_options *o) {
  if (o->method && (!*o->method || o->method[token(o->method)]))
    return refuse("--request", o->method, "a method is one word, as GET");
  for (const char *c = o->user_agent ? o->user_agent : ""; *c; c++)
    if ((unsigned char)*c < ' ' || *c == 0x7f)
      return refuse("--user-agent", o->user_agent, "there may be no control characters in it");
  return is_readable("--netrc-file", o->netrc_file) && is_readable("--cacert", o->ca_file) &&
         (!o->proxy || !*o->proxy || is_proxy(o->proxy));
}

static bool add_header(struct fetch_request *r, const char *line) {
  if (r->header_count == r->header_room) {
    size_t room = r->header_room ? 2 * r->header_room : 16;
    const char **more = realloc(r->headers, room * sizeof *more);
    if (!more) return refuse("-H", line, "out of memory");
    r->headers = more;
    r->header_room = room;
  }
  /* "Name;" is curl's way to send an empty value. */
  size_t name = token(line);
  if (name == 0 || (line[name] != ':' && line[name] != ';') || strpbrk(line, "\r\n"))
    return refuse("-H", line, "a header is written \"Name: value\"");
  r->headers[r->header_count++] = line;
  return true;
}

static bool add_headers_of(struct fetch_request *r, const char *path) {
  size_t size;
  char *text = hold(r, "-H", path, false, &size);
  if (!text) return false;
  for (char *next, *line = text; line; line = next) {
    next = strchr(line, '\n');
    if (next) *next++ = 0;
    line[strcspn(line, "\r")] = 0;
    if (*line && !add_header(r, line)) return false;
  }
  return true;
}

static bool read_bearer(struct fetch_request *r, const char *path) {
  size_t size;
  char *token = hold(r, "--bearer-file", path, true, &size);
  if (!token) return false;
  size_t n = size;
  if (n > 0 && token[n - 1] == '\n') n--;
  if (n > 0 && token[n - 1] == '\r') n--;
  token[n] = 0;
  for (size_t i = 0; i < n; i++)
    if (token[i] <= ' ' || token[i] > '~')
      return refuse("--bearer-file", path, "it is to be one line, the token alone, without blanks");
  if (n == 0) return refuse("--bearer-file", path, "there is no token in it");
  r->settings.bearer = token;
  return true;
}

static bool read_data(struct fetch_request *r, const char *data) {
  r->settings.data = data;
  r->settings.data_size = strlen(data);
  if (*data != '@') return true;
  r->settings.data = hold(r, "-d", data + 1, false, &r->settings.data_size);
  return r->settings.data;
}

bool fetch_request_init(struct fetch_request *r, const struct fetch_options *o) {
  *r = (struct fetch_request){.settings = {.method = o->method,
                                           .head = o->head,
                                           .user_agent = o->user_agent,
                                           .proxy = o->proxy,
                                           .ca_file = o->ca_file,
                                           .netrc_file = o->netrc_file,
                                           .netrc = o->netrc,
                                           .compressed = o->compressed,
                                           .insecure = o->insecure,
                                           .location = o->location,
                                           .max_redirects = o->max_redirects,
                                           .version = (enum http_version)o->version,
                                           .connect_timeout_ns = o->connect_timeout_ns}};
  bool fine = makes_sense(o);
  for (size_t i = 0; fine && i < o->headers.n; i++) {
    const char *line = o->headers.items[i];
    fine = *line == '@' ? add_headers_of(r, line + 1) : add_header(r, line);
  }
  if (fine && o->data) fine = read_data(r, o->data);
  if (fine && o->bearer_file) fine = read_bearer(r, o->bearer_file);
  r->settings.headers = r->headers;
  r->settings.header_count = r->header_count;
  if (!fine) fetch_request_fini(r);
  return fine;
}

void fetch_request_fini(struct fetch_request *r) {
  for (size_t i = 0; i < r->held_count; i++) free(r->held[i]);
  free(r->held);
  free(r->headers);
  *r = (struct fetch_request){0};
}
