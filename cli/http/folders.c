/* SPDX-License-Identifier: MIT
 *
 * folders.c: a path is walked part by part, each opened in the one before it as a folder that is no
 * symbolic link (O_NOFOLLOW). Since a descriptor stays with its folder whatever is renamed
 * meanwhile, every one of them is below the root, or was when it was entered.
 *
 * The walk costs three system calls a part; so the descriptors of the last folders are kept. A
 * folder is owned by whoever has entered it, and by the table while it is in there; the last one
 * closes it. */
#include "folders.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEPT = 32 };

struct folder {
  int fd;
  unsigned owners; /* guarded by the table's mutex, as what follows */
  uint64_t used;   /* when it was entered last, in entries */
  size_t size;
  char path[];
};

struct folders {
  int root;              /* never changes */
  pthread_mutex_t mutex; /* guards what follows */
  struct folder *kept[KEPT];
  uint64_t entries;
};

struct folders *folders_new(int root) {
  struct folders *f = calloc(1, sizeof *f);
  if (!f) return NULL;
  f->root = root;
  pthread_mutex_init(&f->mutex, NULL);
  return f;
}

static void disown(struct folder *folder) {
  if (!folder || --folder->owners > 0) return;
  close(folder->fd);
  free(folder);
}

void folders_free(struct folders *f) {
  if (!f) return;
  for (int i = 0; i < KEPT; i++) disown(f->kept[i]);
  pthread_mutex_destroy(&f->mutex);
  free(f);
}

bool folders_path_is_safe(const char *path) {
  for (const char *s = path;; s++) {
    if (*s == 0 || *s == '/' || *s == '.') return false;
    s = strchrnul(s, '/');
    if (!*s) return true;
  }
}

int folders_shown(const char *name) {
  size_t n = strnlen(name, 64);
  if (n == 64)
    while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80) n--;
  return (int)n;
}

int folder_fd(const struct folder *folder) {
  return folder->fd;
}

/* -- the walk --------------------------------------------------------------------------------- */

static void explain(int at, const char *part, int *ret_system, char error[FOLDERS_ERROR]) {
  struct stat st;
  int code = errno;
  const char *why = strerror(code);
  if ((code == ENOTDIR || code == ELOOP) && fstatat(at, part, &st, AT_SYMLINK_NOFOLLOW) == 0)
    why = S_ISLNK(st.st_mode) ? "it is a symbolic link, and none is followed"
                              : "there is a file of that name";
  *ret_system = code;
  snprintf(error, FOLDERS_ERROR, "folder %.*s: %s", folders_shown(part), part, why);
}

/* Goes on from *at, which it closes unless it is the root. */
static bool step(const struct folders *f, int *at, const char *part) {
  enum { FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };
  int fd = openat(*at, part, FLAGS);
  if (fd < 0 && errno == ENOENT) {
    if (mkdirat(*at, part, 0777) < 0 && errno != EEXIST) return false;
    fd = openat(*at, part, FLAGS);
  }
  if (fd < 0) return false;
  if (*at != f->root) close(*at);
  *at = fd;
  return true;
}

static int walk(const struct folders *f, const char *path, size_t size, int *ret_system,
                char error[FOLDERS_ERROR]) {
  char part[NAME_MAX + 1];
  int at = f->root;
  for (size_t begin = 0; begin < size;) {
    const char *slash = memchr(path + begin, '/', size - begin);
    size_t end = slash ? (size_t)(slash - path) : size;
    size_t n = end - begin <= NAME_MAX ? end - begin : NAME_MAX;
    memcpy(part, path + begin, n);
    part[n] = 0;
    errno = ENAMETOOLONG; /* of a part that does not fit */
    if (n < end - begin || !step(f, &at, part)) {
      explain(at, part, ret_system, error);
      if (at != f->root) close(at);
      return -1;
    }
    begin = end + 1;
  }
  return at;
}

/* -- the table -------------------------------------------------------------------------------- */

static struct folder *look_up(struct folders *f, const char *path, size_t size) {
  for (int i = 0; i < KEPT; i++) {
    struct folder *folder = f->kept[i];
    if (!folder || folder->size != size || memcmp(folder->path, path, size) != 0) continue;
    folder->owners++;
    folder->used = ++f->entries;
    return folder;
  }
  return NULL;
}

/* In place of the one that has not been entered for the longest time. */
static void keep(struct folders *f, struct folder *folder) {
  int oldest = 0;
  for (int i = 0; i < KEPT; i++) {
    if (!f->kept[i]) {
      oldest = i;
      break;
    }
    if (f->kept[i]->used < f->kept[oldest]->used) oldest = i;
  }
  disown(f->kept[oldest]);
  f->kept[oldest] = folder;
  folder->owners++;
  folder->used = ++f->entries;
}

struct folder *folders_enter(struct folders *f, const char *path, size_t size, int *ret_system,
                             char error[FOLDERS_ERROR]) {
  pthread_mutex_lock(&f->mutex);
  struct folder *folder = look_up(f, path, size);
  pthread_mutex_unlock(&f->mutex);
  if (folder) return folder;

  int fd = walk(f, path, size, ret_system, error);
  if (fd < 0) return NULL;
  folder = malloc(sizeof *folder + size);
  if (!folder) {
    close(fd);
    *ret_system = ENOMEM;
    snprintf(error, FOLDERS_ERROR, "out of memory");
    return NULL;
  }
  *folder = (struct folder){.fd = fd, .owners = 1, .size = size};
  memcpy(folder->path, path, size);
  pthread_mutex_lock(&f->mutex);
  keep(f, folder); /* another thread may have kept its own meanwhile, which does no harm */
  pthread_mutex_unlock(&f->mutex);
  return folder;
}

void folders_leave(struct folders *f, struct folder *folder) {
  pthread_mutex_lock(&f->mutex);
  disown(folder);
  pthread_mutex_unlock(&f->mutex);
}
