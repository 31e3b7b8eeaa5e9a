/* SPDX-License-Identifier: MIT
 *
 * body.h: where the body of a response goes. It is in memory while it is small. A larger one goes
 * to a file: the one it is to be saved as, or else a temporary file that has no name. */
#ifndef CLI_HTTP_BODY_H
#define CLI_HTTP_BODY_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct save;

enum { BODY_ERROR = 384 };

/* body_init fills it in; read only. One thread at a time. */
struct body {
  uint64_t size;         /* what came so far */
  enum http_error error; /* what went wrong: HTTP_TOO_LARGE, HTTP_FILE, HTTP_MEMORY */
  int system;            /* errno of HTTP_FILE */
  bool discard;          /* counted, not kept */
  bool spilled;          /* not in memory: in the target's file, or in `file` */
  uint64_t max_bytes;
  size_t memory;
  char *bytes;
  size_t room;
  int file; /* -1: none */
  struct save *target;
  void *mapping;
  size_t mapped;
};

/* `max_bytes`: the largest body taken, 0 for any. `memory`: what is kept in memory at most. */
void body_init(struct body *b, uint64_t max_bytes, size_t memory);
void body_fini(struct body *b);

/* From here on: only count. For a body that nobody wants. */
void body_discard(struct body *b);

/* From here on, until body_reset, a large body goes into this file, which is the caller's to fini.
 */
void body_target(struct body *b, struct save *target);

/* How long the body is going to be (Content-Length); what is small gets its memory at once. False
 * as body_append, before anything was transferred. */
bool body_expect(struct body *b, uint64_t size);

/* False, with b->error, if it cannot be taken; what came before is still there. */
bool body_append(struct body *b, const void *bytes, size_t size);

/* Begins afresh, for another attempt or another response: empty, no error, no target, kept. What
 * is small goes into the memory that it has already. */
void body_reset(struct body *b);

/* All of it, in one piece of b->size bytes, not NUL-terminated; valid until the next call. NULL,
 * with b->error, if there is no memory for it or the file cannot be read. */
const void *body_bytes(struct body *b);

/* Writes all of it to `fd`, which may be a pipe and may be non-blocking. False, with errno, if that
 * fails; b->error is left alone: it is not the response that failed. */
bool body_write_to(struct body *b, int fd);

/* Puts it in its place under the target's name. False, with b->error, if that fails. */
bool body_save(struct body *b);

/* What b->error is, for a person; "" if there is none. */
const char *body_explain(const struct body *b, char ret[BODY_ERROR]);

#endif
