/* SPDX-License-Identifier: MIT
 *
 * appender.c: one write(2) with O_APPEND a flush, of whole lines. The kernel may write a part only:
 * at a full disk, a quota, a file size limit. What follows the last line end of that part is cut
 * off again, which needs no room; so a file has whole lines only, unless the machine goes down. */
#include "appender.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool refuse(struct appender *a, char *error, size_t room, const char *path,
                   const char *cause, const char *cure) {
  snprintf(error, room, "%s: %s%s", path, cause, cure);
  if (a->fd >= 0) close(a->fd);
  a->fd = -1;
  return false;
}

bool appender_open(struct appender *a, const char *path, bool also_read, char *error, size_t room) {
  int how = (also_read ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY;
  *a = (struct appender){.fd = open(path, how, 0666)};
  if (a->fd < 0)
    return refuse(a, error, room, path, strerror(errno),
                  errno == EACCES   ? ": check its permissions"
                  : errno == ENOENT ? ": make its folder first"
                  : errno == EISDIR ? ": name a file in it"
                                    : "");
  if (fstat(a->fd, &a->status) < 0) return refuse(a, error, room, path, strerror(errno), "");
  if (!S_ISREG(a->status.st_mode)) return true;
  if (flock(a->fd, LOCK_EX | LOCK_NB) == 0) /* its size counts only now */
    return fstat(a->fd, &a->status) == 0 || refuse(a, error, room, path, strerror(errno), "");
  if (errno != EWOULDBLOCK) return true;
  return refuse(a, error, room, path, "it is in use",
                ": another run writes to it, or this one names it twice");
}

void appender_put(struct appender *a, const char *data, size_t size) {
  if (a->broken || a->no_memory) return;
  if (size > a->room - a->filled) {
    size_t room = (a->filled + size) * 2;
    char *more = room > size ? realloc(a->bytes, room < 4096 ? 4096 : room) : NULL;
    if (!more) {
      a->no_memory = true;
      return;
    }
    a->bytes = more;
    a->room = room < 4096 ? 4096 : room;
  }
  if (size > 0) memcpy(a->bytes + a->filled, data, size);
  a->filled += size;
}

void appender_text(struct appender *a, const char *text) {
  appender_put(a, text, strlen(text));
}

bool appender_whole(struct appender *a, size_t mark) {
  bool whole = !a->no_memory;
  if (!whole) a->filled = mark;
  a->no_memory = false;
  return whole;
}

/* The end of the last whole line among the first `size` bytes. */
static size_t whole_lines(const char *bytes, size_t size) {
  while (size > 0 && bytes[size - 1] != '\n' && bytes[size - 1] != 0) size--;
  return size;
}

static void cut_off(int fd, size_t torn) {
  struct stat st;
  if (torn == 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) return;
  /* If even this fails, the log has a torn line, which --resume passes over. */
  if (ftruncate(fd, st.st_size - (off_t)torn) < 0) return;
}

int appender_flush(struct appender *a) {
  size_t done = 0;
  int error = 0;
  while (done < a->filled && !error) {
    ssize_t n = write(a->fd, a->bytes + done, a->filled - done);
    if (n >= 0)
      done += (size_t)n;
    else if (errno != EINTR)
      error = errno;
  }
  if (error) {
    cut_off(a->fd, done - whole_lines(a->bytes, done));
    a->broken = true;
  }
  a->filled = 0;
  return error;
}

void appender_close(struct appender *a) {
  if (a->fd >= 0) close(a->fd);
  free(a->bytes);
  *a = (struct appender){.fd = -1};
}
