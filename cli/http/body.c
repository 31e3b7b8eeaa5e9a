/* SPDX-License-Identifier: MIT
 *
 * body.c:    append             larger than `memory`               body_save
 *   (empty) -------> in memory ---------------------> in a file -----------> in its place
 *                        |                                                        ^
 *                        +--------------------------------------------------------+
 *
 * A small body costs one allocation, and none if the last one was as large. Once it has spilled,
 * its memory is given up: a thousand large bodies under way have a thousand files, and no memory.
 */
#include "body.h"

#include "save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void body_init(struct body *b, uint64_t max_bytes, size_t memory) {
  *b = (struct body){.max_bytes = max_bytes, .memory = memory, .file = -1};
}

static void unmap(struct body *b) {
  if (b->mapping) munmap(b->mapping, b->mapped);
  b->mapping = NULL;
}

void body_reset(struct body *b) {
  unmap(b);
  if (b->file >= 0) close(b->file);
  b->file = -1;
  b->size = 0;
  b->error = HTTP_FINE;
  b->system = 0;
  b->discard = b->spilled = false;
  b->target = NULL;
}

void body_fini(struct body *b) {
  if (!b) return;
  body_reset(b);
  free(b->bytes);
  b->bytes = NULL;
  b->room = 0;
}

void body_discard(struct body *b) {
  b->discard = true;
}

void body_target(struct body *b, struct save *target) {
  b->target = target;
}

static bool fail(struct body *b, enum http_error error, int code) {
  b->error = error;
  b->system = code;
  return false;
}

/* -- taking it -------------------------------------------------------------------------------- */

/* Nothing in it is worth a copy while the body is empty. */
static bool reserve(struct body *b, size_t room) {
  if (room <= b->room) return true;
  char *bytes;
  if (b->size == 0) {
    free(b->bytes);
    b->bytes = NULL;
    b->room = 0;
    bytes = malloc(room);
  } else {
    bytes = realloc(b->bytes, room);
  }
  if (!bytes) return fail(b, HTTP_MEMORY, ENOMEM);
  b->bytes = bytes;
  b->room = room;
  return true;
}

static const char *temporary_folder(void) {
  const char *folder = getenv("TMPDIR");
  return folder && *folder ? folder : "/tmp";
}

/* A file without a name: nothing of it is left behind, whatever happens to the process. */
static int open_nameless(void) {
  const char *folder = temporary_folder();
  int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  /* Some file systems cannot make one; and some kernels then say that it is a folder. */
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  char path[PATH_MAX];
  int n = snprintf(path, sizeof path, "%s/meantime-XXXXXX", folder);
  if (n >= (int)sizeof path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  fd = mkostemp(path, O_CLOEXEC);
  if (fd >= 0) unlink(path);
  return fd;
}

static bool append_to_file(struct body *b, const char *p, size_t size) {
  if (b->target) return save_append(b->target, p, size) || fail(b, HTTP_FILE, b->target->system);
  while (size > 0) {
    ssize_t n = write(b->file, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(b, HTTP_FILE, errno);
    p += n;
    size -= (size_t)n;
  }
  return true;
}

static bool spill(struct body *b) {
  if (!b->target && b->file < 0) {
    b->file = open_nameless();
    if (b->file < 0) return fail(b, HTTP_FILE, errno);
  }
  b->spilled = true;
  if (b->size > 0 && !append_to_file(b, b->bytes, (size_t)b->size)) return false;
  free(b->bytes);
  b->bytes = NULL;
  b->room = 0;
  return true;
}

static bool is_too_large(const struct body *b, uint64_t size) {
  return b->max_bytes > 0 && size > b->max_bytes;
}

bool body_expect(struct body *b, uint64_t size) {
  if (b->error) return false;
  if (is_too_large(b, size)) return fail(b, HTTP_TOO_LARGE, 0);
  if (b->discard || b->spilled || size > b->memory) return true;
  return reserve(b, (size_t)size);
}

bool body_append(struct body *b, const void *bytes, size_t size) {
  if (b->error) return false;
  if (is_too_large(b, b->size + size)) return fail(b, HTTP_TOO_LARGE, 0);
  if (size == 0) return true;
  unmap(b);
  if (!b->discard) {
    bool fits = !b->spilled && size <= b->memory - (size_t)b->size;
    if (!fits && !b->spilled && !spill(b)) return false;
    if (fits) {
      size_t needed = (size_t)b->size + size;
      /* What comes in several pieces may have more of them. */
      size_t room = b->size > 0 && needed * 2 <= b->memory ? needed * 2 : needed;
      if (needed > b->room && !reserve(b, room)) return false;
      memcpy(b->bytes + b->size, bytes, size);
    } else if (!append_to_file(b, bytes, size)) {
      return false;
    }
  }
  b->size += size;
  return true;
}

/* -- giving it -------------------------------------------------------------------------------- */

static int file_of(const struct body *b) {
  return b->target ? b->target->file : b->file;
}

const void *body_bytes(struct body *b) {
  if (!b->spilled) return b->size > 0 ? b->bytes : "";
  if (b->mapping) return b->mapping;
  if (b->size > SIZE_MAX) {
    fail(b, HTTP_MEMORY, ENOMEM);
    return NULL;
  }
  void *at = mmap(NULL, (size_t)b->size, PROT_READ, MAP_PRIVATE, file_of(b), 0);
  if (at == MAP_FAILED) {
    fail(b, errno == ENOMEM ? HTTP_MEMORY : HTTP_FILE, errno);
    return NULL;
  }
  b->mapping = at;
  b->mapped = (size_t)b->size;
  return at;
}

/* After EAGAIN: somebody has made the pipe non-blocking, which is shared by all who have it. */
static bool await_room(int fd) {
  struct pollfd p = {.fd = fd, .events = POLLOUT};
  return poll(&p, 1, -1) >= 0 || errno == EINTR;
}

static bool write_all(int fd, const char *p, size_t size) {
  while (size > 0) {
    ssize_t n = write(fd, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN && await_room(fd)) continue;
    if (n < 0) return false;
    p += n;
    size -= (size_t)n;
  }
  return true;
}

/* By read and write, not sendfile: that blocks where ThreadSanitizer does not see it, and then
 * keeps signals back; and what is written here goes to a person or a pipe, seldom by the gigabyte.
 */
static bool copy_file(int from, uint64_t size, int to) {
  char *buffer = malloc(1 << 16);
  bool fine = buffer;
  off_t at = 0;
  while (fine && (uint64_t)at < size) {
    uint64_t left = size - (uint64_t)at;
    ssize_t n = pread(from, buffer, left < 1 << 16 ? (size_t)left : 1 << 16, at);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO; /* somebody has cut the file */
    fine = n > 0 && write_all(to, buffer, (size_t)n);
    if (fine) at += n;
  }
  int code = errno;
  free(buffer);
  errno = code;
  return fine;
}

bool body_write_to(struct body *b, int fd) {
  if (b->spilled) return copy_file(file_of(b), b->size, fd);
  return write_all(fd, b->bytes, b->discard ? 0 : (size_t)b->size);
}

bool body_save(struct body *b) {
  if (b->error) return false;
  struct save *s = b->target;
  unmap(b);
  bool fine = (b->spilled || save_append(s, b->bytes, (size_t)b->size)) && save_commit(s);
  return fine || fail(b, HTTP_FILE, s->system);
}

const char *body_explain(const struct body *b, char ret[BODY_ERROR]) {
  ret[0] = 0;
  if (b->error == HTTP_TOO_LARGE)
    snprintf(ret, BODY_ERROR, "the body is larger than %llu bytes (--max-bytes)",
             (unsigned long long)b->max_bytes);
  else if (b->error == HTTP_MEMORY)
    snprintf(ret, BODY_ERROR, "out of memory for the body");
  else if (b->error == HTTP_FILE && b->target && b->target->system)
    snprintf(ret, BODY_ERROR, "%s", b->target->error);
  else if (b->error == HTTP_FILE)
    snprintf(ret, BODY_ERROR, "the body cannot be kept in %.150s: %s%s", temporary_folder(),
             strerror(b->system),
             b->system == EMFILE || b->system == ENFILE
                 ? "; run fewer at once with --jobs, or raise ulimit -n"
                 : "; name another folder in TMPDIR");
  return ret;
}
