/* SPDX-License-Identifier: MIT
 *
 * inflate.h: undoing the compression of a body (RFC 1952, and RFC 1950 for "deflate"). libcurl can
 * do it, too, but takes a stream that has no end for a whole one. */
#ifndef CLI_HTTP_INFLATE_H
#define CLI_HTTP_INFLATE_H

#include "body.h"

#include <stdbool.h>
#include <stddef.h>
#include <zlib.h>

/* Zeroed: nothing came yet. Used again after inflate_reset. */
struct inflater {
  z_stream stream;
  bool ready;   /* zlib has memory for it */
  bool began;   /* something came */
  bool ended;   /* the stream's end came */
  bool invalid; /* what came is not compressed so */
  bool no_memory;
};

void inflate_reset(struct inflater *i);
void inflate_fini(struct inflater *i);

/* Puts what comes out into the body. False: i or the body says why. */
bool inflate_append(struct inflater *i, const char *bytes, size_t size, struct body *body);

/* Whether all of it came: nothing at all, or a stream with its end. */
bool inflate_is_whole(const struct inflater *i);

#endif
