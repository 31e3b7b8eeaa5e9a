/* SPDX-License-Identifier: MIT
 *
 * folders.h: the folders below one folder, made as they are needed and never through a symbolic
 * link, so that a name cannot lead out of it. */
#ifndef CLI_HTTP_FOLDERS_H
#define CLI_HTTP_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>

enum { FOLDERS_ERROR = 160 };

struct folders; /* any thread may use it */
struct folder;

/* `root` is a descriptor of the folder that all are below of; borrowed. NULL: no memory. */
struct folders *folders_new(int root);

/* Nobody is in any of them. */
void folders_free(struct folders *f);

/* Whether all parts of a relative path are names of something: none is empty, and none begins with
 * a dot, which keeps out "." and "..", and what is hidden. */
bool folders_path_is_safe(const char *path);

/* How many bytes of a name a message shows: at most 64, and no part of a character. */
int folders_shown(const char *name);

/* The folder of that relative path, which is safe and ends with the given size; made if it is not
 * there. NULL: *ret_system is errno, and the error says what is wrong with which part. */
struct folder *folders_enter(struct folders *f, const char *path, size_t size, int *ret_system,
                             char error[FOLDERS_ERROR]);
int folder_fd(const struct folder *folder);
void folders_leave(struct folders *f, struct folder *folder);

#endif
