/* SPDX-License-Identifier: MIT
 *
 * source.h: a file or a pipe as a window of bytes that moves on, without ever waiting. */
#ifndef CLI_ITEMS_SOURCE_H
#define CLI_ITEMS_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

struct source {
  int fd;
  bool owned;  /* fd is closed at the end */
  bool ready;  /* a regular file: reading it never waits for anybody */
  bool at_end; /* nothing follows [begin, filled) */
  char *buffer;
  size_t begin, filled, room;
  size_t seen; /* from begin on, so many bytes have been searched already */
};

enum source_more {
  SOURCE_MORE,  /* something came, or at_end is new: look again */
  SOURCE_LATER, /* nothing just now */
  SOURCE_FULL,  /* the window has `most` bytes */
  SOURCE_ERROR, /* errno */
  SOURCE_NO_MEMORY
};

/* Opens a file; "-" is stdin. 0 or errno. The buffer of a source that has ended is used again. */
int source_begin(struct source *s, const char *path);
int source_adopt(struct source *s, int fd); /* the same; the fd stays the caller's */
void source_end(struct source *s);
void source_fini(struct source *s); /* and the buffer */

/* Reads on, as long as less than `most` bytes are in the window. */
enum source_more source_fill(struct source *s, size_t most);

static inline const char *source_at(const struct source *s) {
  return s->buffer ? s->buffer + s->begin : "";
}

static inline size_t source_size(const struct source *s) {
  return s->filled - s->begin;
}

/* Moves the window over what has been used. */
void source_skip(struct source *s, size_t size);

/* Whether the window has an `end` byte, and if so where; remembers how far it has looked. */
bool source_find(struct source *s, char end, size_t *ret_size);

#endif
