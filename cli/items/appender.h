/* SPDX-License-Identifier: MIT
 *
 * appender.h: a file that whole lines are appended to, and that is ours alone meanwhile. */
#ifndef CLI_ITEMS_APPENDER_H
#define CLI_ITEMS_APPENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

struct appender {
  int fd;
  struct stat status; /* when it was opened */
  char *bytes;        /* composed, and not written yet */
  size_t filled, room;
  bool no_memory; /* since the last cut: something did not find room */
  bool broken;    /* a write has failed; nothing more is written */
};

/* Opens or creates the file, and locks it against other runs (flock; where there is no such thing,
 * it is done without). With `also_read` it can be read. False, with the error. */
bool appender_open(struct appender *a, const char *path, bool also_read, char *error, size_t room);

/* Composes. What does not find room makes a->no_memory true. */
void appender_put(struct appender *a, const char *data, size_t size);
void appender_text(struct appender *a, const char *text);

/* Takes back what has been composed since a->filled was `mark`, if that is incomplete; then false.
 */
bool appender_whole(struct appender *a, size_t mark);

/* Writes what has been composed: 0, or errno once. A line of which only a part could be written is
 * cut off again. */
int appender_flush(struct appender *a);

/* Frees what is left, and closes. */
void appender_close(struct appender *a);

#endif
