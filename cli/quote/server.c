/* SPDX-License-Identifier: MIT
 *
 * The host is taken apart by hand and strictly: what is not plainly a name or an address is
 * refused, so that no other reader of the URL can see another host in it.
 */
#include "server.h"

#include <arpa/inet.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct server {
  bool tls;
  char host[256]; /* without brackets */
  bool v6;
  const char *rest; /* from the path on */
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char digits[] = "0123456789";

static const char *read_host(const char *at, struct server *s) {
  char allowed[128];
  s->v6 = *at == '[';
  snprintf(allowed, sizeof allowed, s->v6 ? "abcdefABCDEF%s:." : "%s%s.-_",
           s->v6 ? digits : letters, digits);
  at += s->v6;
  size_t n = strspn(at, allowed);
  if (n == 0 || n >= sizeof s->host) return NULL;
  memcpy(s->host, at, n);
  s->host[n] = 0;
  at += n;
  struct in6_addr address;
  if (!s->v6) return at;
  return *at == ']' && inet_pton(AF_INET6, s->host, &address) == 1 ? at + 1 : NULL;
}

static const char *read_server(const char *url, struct server *s) {
  static const char plain[] = "http://", tls[] = "https://";
  s->tls = strncasecmp(url, tls, sizeof tls - 1) == 0;
  if (!s->tls && strncasecmp(url, plain, sizeof plain - 1) != 0)
    return "it does not begin with https:// or http://";
  const char *at = url + (s->tls ? sizeof tls : sizeof plain) - 1;
  if (memchr(at, '@', strcspn(at, "/?#"))) return "it has a user before its host";
  at = read_host(at, s);
  if (!at) return "its host is neither a name nor an address";
  if (*at == ':') {
    size_t n = strspn(at + 1, digits);
    if (n == 0 || n > 5) return "its port is no number";
    at += 1 + n;
  }
  if (*at && !strchr("/?#", *at))
    return "there is something else than a port or a path after its host";
  for (const char *c = at; *c; c++)
    if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == '\\')
      return "it has a blank, a backslash or a control character in it";
  s->rest = at;
  return NULL;
}

static bool is_here(const struct server *s) {
  struct in_addr v4;
  struct in6_addr v6;
  if (s->v6) return inet_pton(AF_INET6, s->host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
  if (strcasecmp(s->host, "localhost") == 0) return true;
  /* Only four numbers: 0x7f.1 is left to those who write so. */
  return inet_pton(AF_INET, s->host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

bool server_check(const char *url, bool whole, bool secret, char error[SERVER_ERROR]) {
  struct server s;
  const char *wrong = read_server(url, &s);
  if (!wrong && !whole && strpbrk(s.rest, "?#"))
    wrong = "it has a query; only scheme, host, port and path go there";
  if (!wrong && secret && !s.tls && !is_here(&s))
    wrong = "it would send a key unencrypted; use https://, or a server on this machine";
  if (wrong) snprintf(error, SERVER_ERROR, "%s", wrong);
  return !wrong;
}

bool server_is_here(const char *url) {
  struct server s;
  return !read_server(url, &s) && is_here(&s);
}
