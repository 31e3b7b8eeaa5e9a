/* SPDX-License-Identifier: MIT
 *
 * save.c: a file is written under a temporary name in the folder itself and renamed when it is
 * whole, so that whoever looks sees all of it or nothing:
 *
 *     DIR/.meantime-1f0c93ab00000007.part  ---- renameat ---->  DIR/example.org/7.json
 *
 * Temporary files lie side by side, whatever folder they are going to: what a killed run has left
 * is found without a search. Nobody else's are removed: each run holds a shared lock on DIR, and
 * removes leftovers only if it gets an exclusive one, that is, if no other run is there. */
#include "save.h"

#include "claims.h"
#include "folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char before[] = ".meantime-", after[] = ".part";
enum { DIGITS = 16 };

struct save_dir {
  char *path; /* as it was given, for messages; all but `number` never change */
  int fd;
  uint32_t run; /* tells the temporary names of runs apart */
  struct folders *folders;
  struct claims *claims;
  atomic_uint number; /* of the last temporary name; relaxed: it only has to differ */
};

/* -- the folder ------------------------------------------------------------------------------- */

static bool is_leftover(const char *name) {
  size_t n = sizeof before - 1;
  return strncmp(name, before, n) == 0 && strspn(name + n, "0123456789abcdef") == DIGITS &&
         strcmp(name + n + DIGITS, after) == 0;
}

static void remove_leftovers(int fd) {
  /* A descriptor of its own, since a DIR owns the one it reads from, and its place in it. */
  int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *dir = copy < 0 ? NULL : fdopendir(copy);
  if (!dir) {
    if (copy >= 0) close(copy);
    return;
  }
  for (struct dirent *e; (e = readdir(dir));)
    if (is_leftover(e->d_name)) unlinkat(fd, e->d_name, 0);
  closedir(dir);
}

/* Where there are no locks, leftovers stay: they cannot be told from what is being written. */
static void join_others(int fd) {
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) remove_leftovers(fd);
  for (int i = 0; i < 100 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK; i++)
    nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL); /* another run removes leftovers */
}

/* The folders above it, too. */
static bool make_folders(const char *path) {
  if (mkdir(path, 0777) == 0 || errno == EEXIST) return true;
  if (errno != ENOENT) return false;
  size_t n = strlen(path);
  while (n > 0 && path[n - 1] == '/') n--;
  while (n > 0 && path[n - 1] != '/') n--;
  while (n > 0 && path[n - 1] == '/') n--;
  char *above = n > 0 ? strndup(path, n) : NULL;
  bool fine = above && make_folders(above) && (mkdir(path, 0777) == 0 || errno == EEXIST);
  int code = errno;
  free(above);
  errno = code;
  return fine;
}

static int open_folder(const char *path, char error[SAVE_ERROR]) {
  const char *what = "opened";
  int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) {
    what = "made";
    if (make_folders(path)) fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (fd >= 0 && faccessat(fd, ".", W_OK | X_OK, AT_EACCESS) < 0) {
    what = "written to";
    int code = errno;
    close(fd);
    errno = code;
    fd = -1;
  }
  if (fd < 0)
    snprintf(error, SAVE_ERROR, "the folder \"%.*s\" cannot be %s: %s", folders_shown(path), path,
             what,
             errno == ENOTDIR ? "there is a file of that name; give another one" : strerror(errno));
  return fd;
}

static uint32_t draw_number(void) {
  uint32_t n;
  if (getrandom(&n, sizeof n, GRND_NONBLOCK) == (ssize_t)sizeof n) return n;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (uint32_t)now.tv_nsec ^ (uint32_t)getpid() << 16;
}

struct save_dir *save_dir_open(const char *path, char error[SAVE_ERROR]) {
  struct save_dir *d = calloc(1, sizeof *d);
  snprintf(error, SAVE_ERROR, "out of memory");
  if (!d) return NULL;
  d->fd = -1;
  d->path = strdup(path);
  d->claims = claims_new();
  d->run = draw_number();
  if (d->path && d->claims) d->fd = open_folder(path, error);
  if (d->fd >= 0) d->folders = folders_new(d->fd);
  if (!d->folders) {
    save_dir_close(d);
    return NULL;
  }
  join_others(d->fd);
  return d;
}

void save_dir_close(struct save_dir *d) {
  if (!d) return;
  folders_free(d->folders);
  claims_free(d->claims);
  if (d->fd >= 0) close(d->fd);
  free(d->path);
  free(d);
}

bool save_claim(struct save_dir *d, const char *name, uint64_t item, char error[SAVE_ERROR]) {
  uint64_t other;
  switch (claims_take(d->claims, name, item, &other)) {
  case CLAIM_TAKEN:
    return true;
  case CLAIM_NO_MEMORY:
    snprintf(error, SAVE_ERROR, "out of memory for the names of files");
    return false;
  case CLAIM_CLASH:
    break;
  }
  snprintf(error, SAVE_ERROR,
           "items %llu and %llu would both be saved as %.*s: put {index} into --name",
           (unsigned long long)other, (unsigned long long)item, folders_shown(name), name);
  return false;
}

/* -- a file ----------------------------------------------------------------------------------- */

static bool fail(struct save *s, int code, const char *why) {
  const char *cure = code == ENOSPC || code == EDQUOT ? "; make room there"
                     : code == EMFILE || code == ENFILE
                         ? "; run fewer at once with --jobs, or raise ulimit -n"
                         : "";
  s->system = code;
  snprintf(s->error, sizeof s->error, "%.*s in %.*s cannot be written: %s%s",
           folders_shown(s->name), s->name, folders_shown(s->dir->path), s->dir->path, why, cure);
  return false;
}

static bool fail_system(struct save *s) {
  int code = errno;
  return fail(s, code, strerror(code));
}

void save_init(struct save *s, struct save_dir *d, const char *name) {
  s->dir = d;
  s->name = name;
  s->temporary[0] = 0;
  s->file = -1;
  s->system = 0;
  s->error[0] = 0;
}

static bool open_temporary(struct save *s) {
  struct save_dir *d = s->dir;
  if (!folders_path_is_safe(s->name))
    return fail(s, EINVAL, "a part of its name is empty or begins with a dot");
  do {
    unsigned number = atomic_fetch_add_explicit(&d->number, 1, memory_order_relaxed);
    snprintf(s->temporary, sizeof s->temporary, "%s%08x%08x%s", before, (unsigned)d->run, number,
             after);
    /* It may be read, too: a body is looked at before it gets its name. */
    s->file = openat(d->fd, s->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (s->file < 0 && errno == EEXIST);
  if (s->file >= 0) return true;
  fail_system(s);
  s->temporary[0] = 0;
  return false;
}

bool save_append(struct save *s, const void *bytes, size_t size) {
  if (s->system || (s->file < 0 && !open_temporary(s))) return false;
  for (const char *p = bytes; size > 0;) {
    ssize_t n = write(s->file, p, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_system(s);
    p += n;
    size -= (size_t)n;
  }
  return true;
}

static bool rename_into(struct save *s, int folder, const char *leaf) {
  if (renameat(s->dir->fd, s->temporary, folder, leaf) == 0) {
    s->temporary[0] = 0;
    return true;
  }
  if (errno == EISDIR) return fail(s, EISDIR, "there is a folder of that name");
  if (errno == EXDEV) return fail(s, EXDEV, "its folder is on another file system");
  return fail_system(s);
}

static bool rename_whole(struct save *s) {
  const char *slash = strrchr(s->name, '/');
  if (!slash) return rename_into(s, s->dir->fd, s->name);
  char why[FOLDERS_ERROR];
  int code;
  struct folder *folder =
      folders_enter(s->dir->folders, s->name, (size_t)(slash - s->name), &code, why);
  if (!folder) return fail(s, code, why);
  bool fine = rename_into(s, folder_fd(folder), slash + 1);
  folders_leave(s->dir->folders, folder);
  return fine;
}

bool save_commit(struct save *s) {
  if (!save_append(s, "", 0)) return false;
  int file = s->file;
  s->file = -1;
  /* Some file systems tell only now that there was no room. */
  if (close(file) < 0 && errno != EINTR) return fail_system(s);
  return rename_whole(s);
}

void save_fini(struct save *s) {
  if (!s) return;
  if (s->file >= 0) close(s->file);
  if (s->temporary[0]) unlinkat(s->dir->fd, s->temporary, 0);
  s->file = -1;
  s->temporary[0] = 0;
}

bool save_put(struct save_dir *d, const char *name, const void *bytes, size_t size,
              char error[SAVE_ERROR]) {
  struct save s;
  save_init(&s, d, name);
  bool fine = save_append(&s, bytes, size) && save_commit(&s);
  if (!fine) memcpy(error, s.error, sizeof s.error);
  save_fini(&s);
  return fine;
}
