/* SPDX-License-Identifier: MIT
 *
 * folder.h: a folder of a test's own, removed with all that is in it. */
#ifndef TESTS_CLI_HTTP_FOLDER_H
#define TESTS_CLI_HTTP_FOLDER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_PATH = 256 };

static inline bool folder_make(char path[FOLDER_PATH]) {
  const char *where = getenv("TMPDIR");
  snprintf(path, FOLDER_PATH, "%s/meantime-test-XXXXXX", where && *where ? where : "/tmp");
  return mkdtemp(path) != NULL;
}

static inline void folder_remove(int at, const char *name) {
  if (unlinkat(at, name, 0) == 0 || unlinkat(at, name, AT_REMOVEDIR) == 0) return;
  int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  DIR *dir = fd < 0 ? NULL : fdopendir(fd);
  if (!dir) return;
  for (struct dirent *e; (e = readdir(dir));)
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) folder_remove(fd, e->d_name);
  closedir(dir);
  unlinkat(at, name, AT_REMOVEDIR);
}

/* How many names there are, hidden ones too; not in folders below. */
static inline int folder_count(const char *path) {
  DIR *dir = opendir(path);
  int n = 0;
  if (!dir) return -1;
  for (struct dirent *e; (e = readdir(dir));)
    n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
  closedir(dir);
  return n;
}

/* A file's text, NUL-terminated, in memory that the next call uses again; NULL if there is none. */
static inline const char *folder_text(const char *folder, const char *name) {
  static char text[4096];
  char path[2 * FOLDER_PATH + 512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "r");
  if (!f) return NULL;
  text[fread(text, 1, sizeof text - 1, f)] = 0;
  fclose(f);
  return text;
}

static inline void folder_put(const char *folder, const char *name, const char *text) {
  char path[2 * FOLDER_PATH + 512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "w");
  if (!f) return;
  fputs(text, f);
  fclose(f);
}

/* How many descriptors the process has open. */
static inline int folder_descriptors(void) {
  return folder_count("/proc/self/fd");
}

#endif
