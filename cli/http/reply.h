/* SPDX-License-Identifier: MIT
 *
 * reply.h: what the headers of a response say that libcurl does not look at, line by line. */
#ifndef CLI_HTTP_REPLY_H
#define CLI_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum { REPLY_EXCERPT = 96 };

enum reply_encoding { REPLY_PLAIN, REPLY_COMPRESSED /* gzip or deflate */, REPLY_STRANGE };

struct reply {
  bool began;      /* a status line came */
  bool whole;      /* ... and the line that ends the header */
  bool bad_length; /* Content-Length is no number */
  bool huge;       /* ... or larger than any body */
  bool text;       /* the body is for people to read, or JSON */
  bool failed;     /* the status is 400 or more */
  enum reply_encoding encoding;
  size_t excerpted;                /* bytes */
  char excerpt[REPLY_EXCERPT + 1]; /* how the body of a failure begins */
};

/* One line of a header, with its line end. A status line begins anew: after 100 Continue, or a
 * redirect. False: the response is not to be trusted. */
bool reply_header(struct reply *a, const char *line, size_t size);

/* What comes of the body. */
void reply_body(struct reply *a, const char *bytes, size_t size);

/* The first line of a failure's body if that is a short text that can be shown, or "". */
const char *reply_first_line(struct reply *a);

#endif
