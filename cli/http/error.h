/* SPDX-License-Identifier: MIT
 *
 * error.h: the words for what can go wrong with a request: in records, in logs, and as what
 * --retry-on names. */
#ifndef CLI_HTTP_ERROR_H
#define CLI_HTTP_ERROR_H

enum http_error {
  HTTP_FINE = 0,
  HTTP_STATUS,    /* "http": the status is 400 or more */
  HTTP_TIMEOUT,   /* the attempt's time was over */
  HTTP_DEADLINE,  /* the item's or the run's time was over */
  HTTP_DNS,       /* the name has no address */
  HTTP_CONNECT,   /* no connection */
  HTTP_TLS,       /* no agreement on encryption, or a certificate that is not trusted */
  HTTP_RESET,     /* the connection broke */
  HTTP_PARTIAL,   /* the body ended before its length */
  HTTP_TOO_LARGE, /* more than --max-bytes */
  HTTP_REDIRECTS, /* more than --max-redirs */
  HTTP_ENCODING,  /* a compressed body that cannot be undone */
  HTTP_PROTOCOL,  /* what came is not HTTP */
  HTTP_URL,       /* not a URL, or not http or https */
  HTTP_FILE,      /* the body could not be written */
  HTTP_PICK,      /* the body is no JSON */
  HTTP_MEMORY,
  HTTP_CANCELLED,
  HTTP_ERRORS
};

/* "timeout" and so on; "" for HTTP_FINE. */
const char *http_error_word(enum http_error error);

/* The error of that name, or HTTP_FINE if there is none. */
enum http_error http_error_of(const char *word);

#endif
