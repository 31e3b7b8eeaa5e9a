/* SPDX-License-Identifier: MIT */
#include "input.h"

#include "../signals.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

void input_begin(struct input *in, char **args, size_t n, bool null_separated) {
  *in = (struct input){.args = args, .arg_count = n, .end_of_path = null_separated ? 0 : '\n'};
}

static void forget_folder(struct input *in) {
  for (size_t i = in->entry_next; i < in->entry_count; i++) free(in->entries[i]);
  free(in->entries);
  in->entries = NULL;
  in->entry_count = in->entry_next = 0;
}

void input_end(struct input *in) {
  forget_folder(in);
  free(in->buffer);
  in->buffer = NULL;
}

/* In a folder, these are price files; others are not touched. */
static bool has_price_ending(const char *name) {
  static const char *const endings[] = {".csv", ".tsv", ".txt"};
  size_t n = strlen(name);
  for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
    if (n > 4 && strcasecmp(name + n - 4, endings[i]) == 0) return true;
  return false;
}

static int is_price_file(const struct dirent *entry) {
  return entry->d_name[0] != '.' && entry->d_type != DT_DIR && has_price_ending(entry->d_name);
}

/* By bytes, so that the order is the same in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static char *join(const char *folder, const char *name) {
  size_t n = strlen(folder), m = strlen(name);
  bool slash = n > 0 && folder[n - 1] != '/';
  char *path = malloc(n + m + 2);
  if (path) snprintf(path, n + m + 2, "%s%s%s", folder, slash ? "/" : "", name);
  return path;
}

/* Fills in in->entries. False, with the problem, if there is nothing to give out. */
static bool open_folder(struct input *in, const char *folder, struct problem *p) {
  struct dirent **found;
  int n = scandir(folder, &found, is_price_file, by_name);
  if (n < 0) {
    p->system = errno;
    return problem_set(p, PROBLEM_SYSTEM, 0, 0, "the folder cannot be read: %s",
                       strerror(p->system));
  }
  if (n > 0) in->entries = calloc((size_t)n, sizeof *in->entries);
  bool fine = n == 0 || in->entries;
  for (int i = 0; i < n; i++) {
    char *path = fine ? join(folder, found[i]->d_name) : NULL;
    if (path)
      in->entries[in->entry_count++] = path;
    else
      fine = false;
    free(found[i]);
  }
  free(found);
  if (!fine) {
    forget_folder(in);
    return problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
  }
  if (n == 0)
    return problem_set(p, PROBLEM_NO_FILES, 0, 0,
                       "the folder has no .csv, .tsv or .txt files; folders below it are not "
                       "searched");
  return true;
}

/* Reads more of the list: > 0 something came; 0 its end; -1 nothing yet; -2 no memory. */
static int read_list(struct input *in, int patience_ms) {
  /* Also woken by an interrupt, and when the reader of stdout has gone: then nobody waits. */
  struct pollfd wait[3] = {
      {STDIN_FILENO, POLLIN, 0}, {signals_fd(), POLLIN, 0}, {STDOUT_FILENO, 0, 0}};
  if (in->begin > 0) {
    memmove(in->buffer, in->buffer + in->begin, in->filled - in->begin);
    in->filled -= in->begin;
    in->begin = 0;
  }
  if (in->filled == in->room) {
    size_t room = in->room ? in->room * 2 : 16384;
    char *more = realloc(in->buffer, room);
    if (!more) return -2;
    in->buffer = more;
    in->room = room;
  }
  for (;;) {
    if (signals_interrupted()) return 0;
    int n = poll(wait, 3, patience_ms);
    if (n == 0) return -1;
    if (n > 0 && wait[2].revents & POLLERR) return 0;
    if (n < 0 || wait[1].revents) continue; /* a signal: asked above */
    ssize_t got = read(STDIN_FILENO, in->buffer + in->filled, in->room - in->filled);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return 0;
    in->filled += (size_t)got;
    return 1;
  }
}

/* The next path of the list; empty lines are none. */
static enum input_kind next_of_list(struct input *in, int patience_ms, char **ret) {
  for (;;) {
    char *from = in->buffer ? in->buffer + in->begin : NULL;
    size_t left = in->filled - in->begin;
    char *stop = left ? memchr(from, in->end_of_path, left) : NULL;
    size_t size = stop ? (size_t)(stop - from) : left;
    if (!stop) {
      int more = read_list(in, patience_ms);
      if (more > 0) continue;
      if (more == -1) return INPUT_LATER;
      if (more == -2) return INPUT_NO_MEMORY;
      in->reading_list = false;
      from = in->buffer ? in->buffer + in->begin : NULL;
      in->filled = in->begin = 0;
      if (signals_interrupted()) size = 0;
    } else {
      in->begin += size + 1;
    }
    if (in->end_of_path == '\n' && size > 0 && from[size - 1] == '\r') size--;
    if (size > 0) {
      if (!(*ret = malloc(size + 1))) return INPUT_NO_MEMORY;
      memcpy(*ret, from, size);
      (*ret)[size] = 0;
      return INPUT_PATH;
    }
    if (!in->reading_list) return INPUT_END;
  }
}

/* A path of the command line or of the list: a folder is opened, and its first file given. */
static enum input_kind look_into(struct input *in, char *path, char **ret_path, struct problem *p) {
  struct stat st;
  *ret_path = path;
  if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) return INPUT_PATH;
  if (!open_folder(in, path, p)) return INPUT_PROBLEM;
  free(path);
  *ret_path = in->entries[in->entry_next++];
  return INPUT_PATH;
}

enum input_kind input_next(struct input *in, int patience_ms, char **ret_path, struct problem *p) {
  for (;;) {
    if (signals_interrupted()) return INPUT_END;
    if (in->entry_next < in->entry_count) {
      *ret_path = in->entries[in->entry_next++];
      in->given++;
      return INPUT_PATH;
    }
    forget_folder(in);
    char *path;
    if (in->reading_list) {
      enum input_kind k = next_of_list(in, patience_ms, &path);
      if (k == INPUT_END) continue;
      if (k != INPUT_PATH) return k;
    } else if (in->arg_next == in->arg_count) {
      return INPUT_END;
    } else {
      const char *arg = in->args[in->arg_next++];
      if (strcmp(arg, "-") == 0) {
        in->reading_list = true;
        continue;
      }
      path = strdup(arg);
      if (!path) return INPUT_NO_MEMORY;
    }
    in->given++;
    return look_into(in, path, ret_path, p);
  }
}

uint64_t input_total(const struct input *in) {
  uint64_t n = in->given + (in->entry_count - in->entry_next);
  if (in->reading_list) return 0;
  for (size_t i = in->arg_next; i < in->arg_count; i++) {
    if (!has_price_ending(in->args[i])) return 0; /* perhaps a folder, or a list */
    n++;
  }
  return n;
}
