/* SPDX-License-Identifier: MIT
 *
 * The text is copied piece by piece; where a secret begins, *** is written and the secret skipped.
 * Secrets are taken out of the whole text before anybody cuts it to size: half a key is a key's
 * half.
 */
#include "redact.h"

#include "symbol.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Parameters whose value is secret, whatever it is. */
static const char *const parameters[] = {"apikey",   "api_key",      "api-key",      "api_token",
                                         "token",    "access_token", "key",          "secret",
                                         "password", "passwd",       "client_secret"};
enum { PARAMETERS = sizeof parameters / sizeof *parameters };

static bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/* The length of "apikey=" at `at` if it stands there as a whole word; else 0. */
static size_t parameter(const char *text, const char *at) {
  if (at > text && is_name(at[-1])) return 0;
  for (size_t i = 0; i < PARAMETERS; i++) {
    size_t n = strlen(parameters[i]);
    if (strncasecmp(at, parameters[i], n) == 0 && at[n] == '=') return n + 1;
  }
  return 0;
}

/* How much of the text at `at` is a secret; the longest counts. */
static size_t secret(const char *at, char *const *secrets, size_t n) {
  size_t most = 0;
  for (size_t i = 0; i < n; i++) {
    size_t size = strlen(secrets[i]);
    if (size > most && strncasecmp(at, secrets[i], size) == 0) most = size;
  }
  return most;
}

/* What stands before a secret and may be shown. */
static size_t announced(const char *text, const char *at) {
  static const char phrase[] = "API key as ";
  size_t n = sizeof phrase - 1;
  return strncasecmp(at, phrase, n) == 0 ? n : parameter(text, at);
}

static char *replace(const char *text, char *const *secrets, size_t n, char *const *encoded) {
  /* At worst every byte becomes three. */
  char *out = malloc(3 * strlen(text) + 1), *to = out;
  if (!out) return NULL;
  for (const char *at = text; *at;) {
    size_t hidden = secret(at, secrets, n), more = secret(at, encoded, n);
    if (more > hidden) hidden = more;
    size_t shown = hidden ? 0 : announced(text, at);
    if (shown) {
      memcpy(to, at, shown);
      to += shown;
      at += shown;
      hidden = strcspn(at, "& \t\r\n\"'<>#,;)");
    }
    if (hidden) {
      to = (char *)memcpy(to, "***", 3) + 3;
      at += hidden;
    } else if (!shown) {
      *to++ = *at++;
    }
  }
  *to = 0;
  return out;
}

char *redact(const char *text, char *const *secrets, size_t n) {
  char **encoded = calloc(n + 1, sizeof *encoded), *out = NULL;
  size_t made = 0;
  while (encoded && made < n && (encoded[made] = symbol_encode(secrets[made]))) made++;
  if (encoded && made == n) out = replace(text, secrets, n, encoded);
  for (size_t i = 0; i < made; i++) free(encoded[i]);
  free(encoded);
  return out;
}

bool redact_suspects_url(const char *url) {
  const char *host = strstr(url, "://");
  host = host ? host + 3 : url;
  if (memchr(host, '@', strcspn(host, "/?#"))) return true;
  for (const char *at = url; *at; at++) {
    size_t n = parameter(url, at);
    /* "{key}" is where a key is put in. */
    if (n && at[n] && at[n] != '&' && at[n] != '{') return true;
  }
  return false;
}

bool redact_suspects_header(const char *line) {
  static const char *const parts[] = {"auth", "key", "token", "secret", "cookie", "password"};
  char name[64];
  size_t n = strcspn(line, ":");
  if (n >= sizeof name) n = sizeof name - 1;
  memcpy(name, line, n);
  name[n] = 0;
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strcasestr(name, parts[i])) return true;
  return false;
}
