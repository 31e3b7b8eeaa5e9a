/* SPDX-License-Identifier: MIT
 *
 * nested: tasks that submit to their own executor and wait for what they submitted.
 *
 *   nested [DIRECTORY]
 *
 * A task for each directory adds up the sizes of its files, and maps itself over the directories in
 * it. With a plain thread pool this hangs as soon as all threads wait; here a waiting task gives up
 * its slot, so one worker is enough for any depth.
 */
#include <dirent.h>
#include <errno.h>
#include <meantime.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static mt_executor *executor;

typedef struct walk {
  const char *path;
  DIR *dir;
  intptr_t total;
} walk;

/* Draws the next directory out of a directory; what is a file is counted on the way. */
static mt_status next_directory(void *source, mt_value *ret_item) {
  walk *w = source;
  for (struct dirent *e; (e = readdir(w->dir));) {
    struct stat st;
    if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
    mt_value path = mt_text("%s/%s", w->path, e->d_name);
    if (mt_is_failure(path)) return MT_ENOMEM;
    if (lstat(path.data, &st) == 0 && S_ISDIR(st.st_mode)) return *ret_item = path, 0;
    if (lstat(path.data, &st) == 0 && S_ISREG(st.st_mode)) w->total += st.st_size;
    mt_drop_free(path);
  }
  return MT_END;
}

static mt_value tree_size(mt_value path) {
  walk w = {.path = path.data, .dir = opendir(path.data)};
  if (!w.dir) return mt_fail(errno, "%s: %s", w.path, strerror(errno));
  mt_task attributes = {.drop_arg = mt_drop_free}; /* frees each path with its future */
  mt_stream *s =
      mt_map(executor, tree_size, next_directory, &w, &(mt_map_options){.task = &attributes});
  mt_value result = mt_none(), size;
  mt_status st;
  for (mt_future *f; (st = mt_next(s, MT_FOREVER, &f, NULL)) == 0; mt_unref(f)) {
    if (mt_get(f, 0, &size) == 0)
      w.total += mt_as_int(size);
    else
      result = mt_fail(mt_failure(f)->code, "%s", mt_failure(f)->message);
  }
  mt_stream_close(s);
  closedir(w.dir);
  if (st != MT_END) return mt_give_up(st);
  return mt_is_failure(result) ? result : mt_int(w.total);
}

static intptr_t measure(const char *where, const char *path) {
  mt_value size = mt_int(-1);
  if (mt_open(where, NULL, &executor) < 0) return -1;
  mt_future *f = mt_submit(executor, tree_size, mt_ptr(path));
  if (mt_get(f, MT_FOREVER, &size) < 0) fprintf(stderr, "nested: %s\n", mt_failure(f)->message);
  mt_unref(f);
  mt_close(executor);
  printf("%-10s %ld bytes\n", where, (long)mt_as_int(size));
  return mt_as_int(size);
}

int main(int argc, char **argv) {
  const char *path = argc > 1 ? argv[1] : ".";
  intptr_t one_by_one = measure("inline", path);
  return one_by_one < 0 || measure("threads:1", path) != one_by_one;
}
