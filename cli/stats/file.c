/* SPDX-License-Identifier: MIT
 *
 * file.c: reading beats mapping here: a buffer that is used again costs no page faults, and a file
 * that is cut while it is read is only short, where a mapping would kill the process. Only files
 * that a buffer would be too large for are mapped. */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAP_FROM = 1 << 28 };

static bool system_problem(struct problem *p, int code) {
  const char *remedy = code == ENOENT   ? ": check the path"
                       : code == EACCES ? ": check its permissions"
                       : code == EMFILE ? ": run fewer at once with --jobs"
                                        : "";
  p->system = code;
  return problem_set(p, PROBLEM_SYSTEM, 0, 0, "%s%s", strerror(code), remedy);
}

static void forget(struct file *f) {
  if (f->mapping) munmap(f->mapping, f->mapped);
  f->mapping = NULL;
}

void file_fini(struct file *f) {
  forget(f);
  free(f->buffer);
  *f = (struct file){0};
}

/* Somewhat more than is asked for, since the next file is often somewhat larger. */
static bool reserve(struct file *f, size_t room) {
  if (room <= f->room) return true;
  free(f->buffer); /* nothing in it is worth a copy before the first byte is read */
  room += room / 8;
  f->buffer = malloc(room);
  f->room = f->buffer ? room : 0;
  return f->buffer;
}

static bool grow(struct file *f) {
  char *more = realloc(f->buffer, f->room * 2);
  if (!more) return false;
  f->buffer = more;
  f->room *= 2;
  return true;
}

/* To the end, which pipes tell only by reaching it. */
static bool read_all(struct file *f, int fd, struct text *ret, struct problem *p) {
  size_t n = 0;
  for (;;) {
    if (n == f->room && !grow(f)) return problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
    ssize_t got = read(fd, f->buffer + n, f->room - n);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_problem(p, errno);
    if (got == 0) break;
    n += (size_t)got;
  }
  *ret = (struct text){f->buffer, n};
  return true;
}

static bool map_all(struct file *f, int fd, size_t size, struct text *ret) {
  void *at = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (at == MAP_FAILED) return false;
  madvise(at, size, MADV_SEQUENTIAL);
  f->mapping = at;
  f->mapped = size;
  *ret = (struct text){at, size};
  return true;
}

static bool read_open(struct file *f, int fd, struct text *ret, struct problem *p) {
  struct stat st;
  if (fstat(fd, &st) < 0) return system_problem(p, errno);
  if (S_ISDIR(st.st_mode)) return system_problem(p, EISDIR);
  size_t size = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;
  if (size >= MAP_FROM && map_all(f, fd, size, ret)) return true;
  /* One byte more than the file has, so that its end is seen without growing. */
  if (!reserve(f, size ? size + 1 : 65536))
    return problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory: it has %zu bytes", size);
  return read_all(f, fd, ret, p);
}

bool file_read(struct file *f, const char *path, struct text *ret, struct problem *p) {
  forget(f);
  *p = (struct problem){0};
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return system_problem(p, errno);
  bool fine = read_open(f, fd, ret, p);
  close(fd);
  return fine;
}
