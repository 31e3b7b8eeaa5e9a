/* SPDX-License-Identifier: MIT
 *
 * url.c: libcurl's parser has the last word, since the request goes where libcurl thinks it goes.
 * It costs a microsecond and several allocations a URL; so what has nothing unusual in it is taken
 * apart here. Whatever could be understood in two ways (users, escapes in the host, short forms of
 * numeric addresses, backslashes, blanks, dots as path segments) is left to libcurl. */
#include "url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A decimal number up to `most`, without leading zeros. Returns its digits, 0 if it is none. */
static size_t plain_number(const char *s, unsigned most, unsigned *ret) {
  unsigned v = 0;
  size_t n = 0;
  for (; is_digit(s[n]); n++) {
    if (n > 0 && v == 0) return 0;
    v = v * 10 + (unsigned)(s[n] - '0');
    if (v > most) return 0;
  }
  *ret = v;
  return n;
}

/* Four numbers: other ways to write an address in digits become this one in libcurl. */
static bool is_plain_address(const char *host, size_t size) {
  size_t at = 0;
  for (int i = 0; i < 4; i++) {
    unsigned v;
    size_t n = plain_number(host + at, 255, &v);
    if (n == 0) return false;
    at += n;
    if (i < 3 && host[at++] != '.') return false;
  }
  return at == size;
}

/* A name that begins with a letter, or an address in its usual form. */
static size_t plain_host(const char *s) {
  size_t n = 0;
  while (is_letter(s[n]) || is_digit(s[n]) || s[n] == '-' || s[n] == '.') n++;
  if (n == 0 || n > 253) return 0;
  return is_letter(s[0]) || is_plain_address(s, n) ? n : 0;
}

/* The length of a path without dots at the beginning of a segment, which may mean "here" or "up";
 * and nothing in the whole rest of the URL that is no character of one. */
static bool plain_rest(const char *s, size_t *ret_size) {
  size_t size = strcspn(s, "?#");
  for (size_t i = 0; i < size; i++)
    if (s[i] == '\\' || (s[i] == '/' && s[i + 1] == '.')) return false;
  for (const unsigned char *p = (const unsigned char *)s; *p; p++)
    if (*p <= ' ' || *p == 0x7f) return false;
  *ret_size = size;
  return true;
}

static bool read_plain(const char *text, struct url *ret) {
  struct url u = {.port = 80};
  const char *s = text;
  if (strncasecmp(s, "http", 4) != 0) return false;
  s += 4;
  if (*s == 's' || *s == 'S') s++, u.secure = true, u.port = 443;
  if (strncmp(s, "://", 3) != 0) return false;
  u.host = s + 3;
  u.host_size = plain_host(u.host);
  if (u.host_size == 0) return false;
  s = u.host + u.host_size;
  if (*s == ':') {
    size_t n = plain_number(s + 1, 65535, &u.port);
    if (n == 0 || u.port == 0) return false;
    s += 1 + n;
  }
  if (*s && *s != '/' && *s != '?' && *s != '#') return false;
  u.path = s;
  if (!plain_rest(s, &u.path_size)) return false;
  *ret = u;
  return true;
}

static bool refuse(char error[URL_ERROR], CURLUcode code, const char *text) {
  if (!strstr(text, "://"))
    snprintf(error, URL_ERROR, "no URL: write http:// or https:// before the host");
  else if (code == CURLUE_OUT_OF_MEMORY)
    snprintf(error, URL_ERROR, "out of memory");
  else if (strpbrk(text, " \t\r\n"))
    snprintf(error, URL_ERROR, "no URL: it has a blank in it; write %%20");
  else
    snprintf(error, URL_ERROR, "no URL: %s", curl_url_strerror(code));
  return false;
}

static CURLUcode read_parts(CURLU *parts, struct url *u) {
  /* An international name is ASCII on the wire; without a locale to read it in it stays as it is.
   */
  CURLUcode code = curl_url_get(parts, CURLUPART_HOST, &u->own_host, CURLU_PUNYCODE);
  if (code != CURLUE_OK) {
    curl_free(u->own_host); /* some versions give the text in spite of the failure */
    u->own_host = NULL;
    code = curl_url_get(parts, CURLUPART_HOST, &u->own_host, 0);
  }
  if (code == CURLUE_OK) code = curl_url_get(parts, CURLUPART_PATH, &u->own_path, 0);
  if (code != CURLUE_OK) return code;
  u->host = u->own_host;
  u->host_size = strlen(u->host);
  u->path = u->own_path;
  u->path_size = strlen(u->path);
  char *port;
  code = curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
  if (code != CURLUE_OK) return code;
  u->port = (unsigned)strtoul(port, NULL, 10);
  curl_free(port);
  return CURLUE_OK;
}

static bool read_any(CURLU *parts, const char *text, struct url *u, char error[URL_ERROR]) {
  CURLUcode code = curl_url_set(parts, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return refuse(error, code, text);
  char *scheme;
  code = curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0);
  if (code != CURLUE_OK) return refuse(error, code, text);
  u->secure = strcasecmp(scheme, "https") == 0;
  bool ours = u->secure || strcasecmp(scheme, "http") == 0;
  if (!ours) snprintf(error, URL_ERROR, "%.40s is not requested: only http and https are", scheme);
  curl_free(scheme);
  if (!ours) return false;
  code = read_parts(parts, u);
  return code == CURLUE_OK || refuse(error, code, text);
}

bool url_read(const char *text, struct url *ret, char error[URL_ERROR]) {
  if (read_plain(text, ret)) return true;
  CURLU *parts = curl_url();
  if (!parts) return refuse(error, CURLUE_OUT_OF_MEMORY, "://");
  struct url u = {0};
  bool fine = read_any(parts, text, &u, error);
  curl_url_cleanup(parts);
  if (fine)
    *ret = u;
  else
    url_fini(&u);
  return fine;
}

void url_fini(struct url *u) {
  if (!u) return;
  curl_free(u->own_host);
  curl_free(u->own_path);
  *u = (struct url){0};
}
