/* SPDX-License-Identifier: MIT
 *
 * source.c: what is read next may not be there yet. A descriptor that we open can be told not to
 * wait (O_NONBLOCK); stdin cannot: the flag belongs to the open file, which the shell and other
 * processes share. So stdin is asked by poll first, and read only if that will not wait. */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 1 << 16 };

int source_begin(struct source *s, const char *path) {
  bool in = strcmp(path, "-") == 0;
  int fd = in ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) return errno;
  int error = source_adopt(s, fd);
  s->owned = !in;
  if (error) source_end(s);
  return error;
}

int source_adopt(struct source *s, int fd) {
  struct stat st;
  *s = (struct source){.fd = fd, .buffer = s->buffer, .room = s->room};
  if (fstat(fd, &st) < 0) return errno;
  if (S_ISDIR(st.st_mode)) return EISDIR;
  s->ready = S_ISREG(st.st_mode);
  return 0;
}

void source_end(struct source *s) {
  if (s->owned) close(s->fd);
  *s = (struct source){.fd = -1, .buffer = s->buffer, .room = s->room};
}

void source_fini(struct source *s) {
  source_end(s);
  free(s->buffer);
  *s = (struct source){.fd = -1};
}

/* Room behind what is there: first by moving the window to the front, then by growing. */
static bool make_room(struct source *s, size_t most) {
  if (s->begin > 0 && (s->begin == s->filled || s->filled == s->room)) {
    memmove(s->buffer, s->buffer + s->begin, s->filled - s->begin);
    s->filled -= s->begin;
    s->begin = 0;
  }
  if (s->filled < s->room) return true;
  size_t room = s->room ? s->room * 2 : ROOM;
  if (room > most && most > s->room) room = most;
  char *more = realloc(s->buffer, room);
  if (!more) return false;
  s->buffer = more;
  s->room = room;
  return true;
}

enum source_more source_fill(struct source *s, size_t most) {
  size_t have = source_size(s);
  if (s->at_end) return SOURCE_MORE;
  if (have >= most) return SOURCE_FULL;
  if (!make_room(s, most)) return SOURCE_NO_MEMORY;
  size_t n = s->room - s->filled;
  if (n > most - have) n = most - have;
  for (;;) {
    struct pollfd ask = {s->fd, POLLIN, 0};
    int there = s->ready ? 1 : poll(&ask, 1, 0);
    if (there == 0) return SOURCE_LATER;
    if (there < 0 && errno == EINTR) continue; /* it has told nothing: reading might wait */
    if (there < 0) return SOURCE_ERROR;
    ssize_t got = read(s->fd, s->buffer + s->filled, n);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return SOURCE_LATER;
    if (got < 0) return SOURCE_ERROR;
    s->at_end = got == 0;
    s->filled += (size_t)got;
    return SOURCE_MORE;
  }
}

void source_skip(struct source *s, size_t size) {
  s->begin += size;
  s->seen = 0;
}

bool source_find(struct source *s, char end, size_t *ret_size) {
  const char *from = source_at(s);
  size_t size = source_size(s);
  const char *stop = size > s->seen ? memchr(from + s->seen, end, size - s->seen) : NULL;
  s->seen = size;
  if (stop) *ret_size = (size_t)(stop - from);
  return stop;
}
