/* SPDX-License-Identifier: MIT
 *
 * request.h: the head of an HTTP/1 request (RFC 9112), read out of a buffer. */
#ifndef CLI_SERVE_REQUEST_H
#define CLI_SERVE_REQUEST_H

#include "../price/text.h"

#include <stdbool.h>
#include <stdint.h>

enum { REQUEST_MOST = 16 * 1024 }; /* bytes a head may have, its last line end included */

enum request_state {
  REQUEST_MORE,  /* what there is begins a head and does not end it */
  REQUEST_READY, /* *ret is a request */
  REQUEST_BAD    /* what there is can never become a request: *ret_status says why */
};

enum request_method { METHOD_GET, METHOD_HEAD, METHOD_OTHER };

struct request {
  enum request_method method;
  struct text path, query; /* parts of the buffer, percent-encoded; query without its '?' */
  bool keep_alive;         /* the connection may go on after the answer */
  bool expects_continue;   /* the body is held back until the server asks for it */
  size_t head_size;        /* bytes of the buffer that are the head */
  uint64_t body_size;      /* bytes that follow it */
};

/* Reads the head that begins at data[0]; no byte after it matters, so that however the input is cut
 * into pieces, the same requests come out. For REQUEST_BAD, *ret_status is 400, 431, 501 or 505 and
 * *ret_why a constant text for a person. */
enum request_state request_parse(const char *data, size_t size, struct request *ret,
                                 int *ret_status, const char **ret_why);

/* Undoes percent-encoding; NUL-terminates. False, and nothing is told of `out`, if a % has no two
 * digits behind it, a byte is below 0x20 or 0x7f, or `out` has no room. */
bool request_decode(struct text encoded, char *out, size_t room);

/* The value of name=value in a query, still encoded; false if the name is not there. */
bool request_parameter(struct text query, const char *name, struct text *ret);

#endif
