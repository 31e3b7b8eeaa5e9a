/* SPDX-License-Identifier: MIT
 *
 * url.h: the parts of a URL that matter before it is requested. */
#ifndef CLI_HTTP_URL_H
#define CLI_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

enum { URL_ERROR = 192 };

/* Valid as long as the text it was read from, until url_fini. */
struct url {
  bool secure;      /* https */
  unsigned port;    /* the scheme's, if the URL has none */
  const char *host; /* not NUL-terminated; letters as they are, IPv6 in brackets */
  size_t host_size;
  const char *path; /* not decoded, without query and fragment; empty, or from its slash on */
  size_t path_size;
  char *own_host, *own_path; /* memory of libcurl's */
};

/* Only http and https, and only with a scheme: none is guessed. False, with a message that says
 * why and what to write. */
bool url_read(const char *text, struct url *ret, char error[URL_ERROR]);
void url_fini(struct url *u);

#endif
