/* SPDX-License-Identifier: MIT */
#include "error.h"

#include <string.h>

static const char *const words[HTTP_ERRORS] = {
    [HTTP_FINE] = "",
    [HTTP_STATUS] = "http",
    [HTTP_TIMEOUT] = "timeout",
    [HTTP_DEADLINE] = "deadline",
    [HTTP_DNS] = "dns",
    [HTTP_CONNECT] = "connect",
    [HTTP_TLS] = "tls",
    [HTTP_RESET] = "reset",
    [HTTP_PARTIAL] = "partial",
    [HTTP_TOO_LARGE] = "too_large",
    [HTTP_REDIRECTS] = "redirects",
    [HTTP_ENCODING] = "encoding",
    [HTTP_PROTOCOL] = "protocol",
    [HTTP_URL] = "url",
    [HTTP_FILE] = "file",
    [HTTP_PICK] = "pick",
    [HTTP_MEMORY] = "memory",
    [HTTP_CANCELLED] = "cancelled",
};

const char *http_error_word(enum http_error error) {
  return words[error];
}

enum http_error http_error_of(const char *word) {
  for (int i = HTTP_FINE + 1; i < HTTP_ERRORS; i++)
    if (strcmp(words[i], word) == 0) return (enum http_error)i;
  return HTTP_FINE;
}
