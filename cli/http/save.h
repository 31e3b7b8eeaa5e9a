/* SPDX-License-Identifier: MIT
 *
 * save.h: files in one folder, each of which is there as a whole or not at all, and none of which
 * is outside the folder, whatever it is called. */
#ifndef CLI_HTTP_SAVE_H
#define CLI_HTTP_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SAVE_ERROR = 384 };

struct save_dir; /* any thread may use it */

/* Makes the folder if it is missing, and removes what a killed run has left behind in it. NULL,
 * with the error, if that cannot be done. */
struct save_dir *save_dir_open(const char *path, char error[SAVE_ERROR]);
void save_dir_close(struct save_dir *d);

/* Says that `item` is to be saved as `name`. False, with an error that names both items, if another
 * item of this run has that name. The same item may ask again. Not needed where names cannot be
 * equal (name_is_unique): it costs 21 to 43 bytes an item, for good. */
bool save_claim(struct save_dir *d, const char *name, uint64_t item, char error[SAVE_ERROR]);

/* A file in the making: save_init, then save_append as often as there is something (which makes the
 * temporary file), then save_commit, which gives it its name. */
struct save {
  struct save_dir *dir;
  const char *name;
  char temporary[40];     /* its name until it is whole */
  int file;               /* -1: none yet */
  int system;             /* errno of a failure */
  char error[SAVE_ERROR]; /* names the file, the cause and the cure */
};

/* `name` is relative to the folder, may have slashes, and must outlive `s`; missing folders are
 * made. name.h makes safe ones; others are refused. */
void save_init(struct save *s, struct save_dir *d, const char *name);
bool save_append(struct save *s, const void *bytes, size_t size);

/* An older file of that name is replaced. Nothing appended is an empty file. */
bool save_commit(struct save *s);

/* What was not committed is removed. */
void save_fini(struct save *s);

/* A whole file at once. */
bool save_put(struct save_dir *d, const char *name, const void *bytes, size_t size,
              char error[SAVE_ERROR]);

#endif
