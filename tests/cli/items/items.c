/* SPDX-License-Identifier: MIT */
#include "items.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- rows as text ----------------------------------------------------------------------------- */

static void show(FILE *to, const char *text, size_t size) {
  for (size_t i = 0; i < size; i++) {
    const char *special = "\n\t\r", *at = text[i] ? strchr(special, text[i]) : NULL;
    if (at)
      fprintf(to, "\\%c", "ntr"[at - special]);
    else if (text[i] == 0)
      fputs("\\0", to);
    else
      putc(text[i], to);
  }
}

static void show_row(FILE *to, const struct item_row *row, const char *message) {
  char place[ITEM_PLACE];
  item_row_place(row, place);
  if (row->line)
    fprintf(to, "%llu [", (unsigned long long)row->line);
  else
    fprintf(to, "%s [", place);
  show(to, row->text, row->size);
  fputs("]", to);
  assert_int_equal(row->text[row->size], 0);
  if (message) {
    assert_memory_equal(message, place, strlen(place)); /* every message begins with its place */
    assert_int_equal(row->count, 0);
    fprintf(to, "%s ! ", row->whole ? "" : " part");
    show(to, message + strlen(place) + 2, strlen(message + strlen(place) + 2));
  }
  for (size_t i = 0; i < row->count; i++) {
    fprintf(to, "%s%s=", i ? "|" : " ", row->names[i]);
    show(to, row->values[i], strlen(row->values[i]));
    assert_ptr_equal(item_row_get(row, row->names[i]), row->values[i]);
  }
  putc('\n', to);
}

/* Until the list wants more, or ends. */
static enum item_kind draw(struct item_list *list, FILE *to) {
  for (;;) {
    struct item_row *row;
    char message[ITEM_MESSAGE];
    enum item_kind kind = item_list_next(list, &row, message);
    if (kind != ITEM_ROW && kind != ITEM_PROBLEM) return kind;
    assert_true(strlen(message) < sizeof message || kind == ITEM_ROW);
    show_row(to, row, kind == ITEM_PROBLEM ? message : NULL);
    item_row_free(row);
  }
}

char *rows_of_list(struct item_list *list) {
  char *text;
  size_t size;
  FILE *to = open_memstream(&text, &size);
  assert_non_null(to);
  assert_int_equal(draw(list, to), ITEM_END);
  struct item_row *row;
  char message[ITEM_MESSAGE];
  assert_int_equal(item_list_next(list, &row, message), ITEM_END); /* and stays there */
  fclose(to);
  return text;
}

static int stdin_before = -1;

static void put_on_stdin(int fd) {
  stdin_before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
  close(fd);
}

static void put_stdin_back(void) {
  if (stdin_before >= 0) {
    dup2(stdin_before, STDIN_FILENO);
    close(stdin_before);
  } else {
    close(STDIN_FILENO);
  }
}

static void from_file(struct item_list *list, const char *data, size_t size, FILE *to) {
  char name[] = "/tmp/meantime-items-XXXXXX";
  int fd = mkstemp(name);
  assert_true(fd >= 0);
  unlink(name);
  assert_int_equal(write(fd, data, size), size);
  assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
  put_on_stdin(fd);
  assert_int_equal(draw(list, to), ITEM_END);
}

static void from_pipe(struct item_list *list, const char *data, size_t size, size_t chunk,
                      FILE *to) {
  int fds[2];
  assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
  put_on_stdin(fds[0]);
  for (size_t at = 0; at < size; at += chunk) {
    size_t n = size - at < chunk ? size - at : chunk;
    enum item_kind kind = draw(list, to);
    if (kind == ITEM_END) break; /* of a file that is no list */
    assert_int_equal(kind, ITEM_LATER);
    assert_int_equal(item_list_fd(list), STDIN_FILENO);
    assert_int_equal(write(fds[1], data + at, n), n);
  }
  close(fds[1]);
  assert_int_equal(draw(list, to), ITEM_END);
}

char *rows_of_data(const char *data, size_t size, enum item_format format, bool null_separated,
                   size_t chunk) {
  static const char *const in[] = {"-"};
  struct item_list list;
  char *text;
  size_t length;
  FILE *to = open_memstream(&text, &length);
  assert_non_null(to);
  item_list_begin(&list, NULL, 0, in, 1, format, null_separated);
  assert_int_equal(item_list_total(&list), 0);
  if (chunk)
    from_pipe(&list, data, size, chunk, to);
  else
    from_file(&list, data, size, to);
  item_list_end(&list);
  put_stdin_back();
  fclose(to);
  return text;
}

void must_give_bytes(enum item_format format, bool null_separated, const char *data, size_t size,
                     const char *rows) {
  static const size_t chunks[] = {0, 1, 2, 3, 7, 4096};
  for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
    char *got = rows_of_data(data, size, format, null_separated, chunks[i]);
    assert_string_equal(got, rows);
    free(got);
  }
}

void must_give(enum item_format format, const char *data, const char *rows) {
  must_give_bytes(format, false, data, strlen(data), rows);
}

/* -- files ------------------------------------------------------------------------------------ */

static char folder[] = "/tmp/meantime-items-XXXXXX";

int folder_make(void **unused) {
  (void)unused;
  return mkdtemp(folder) ? 0 : -1;
}

int folder_remove(void **unused) {
  (void)unused;
  DIR *dir = opendir(folder);
  if (!dir) return -1;
  for (struct dirent *e; (e = readdir(dir));)
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
      unlinkat(dirfd(dir), e->d_name, 0);
  closedir(dir);
  return rmdir(folder);
}

const char *in_folder(const char *name) {
  static char paths[8][200];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

void write_file(const char *path, const char *data, size_t size) {
  FILE *to = fopen(path, "wb");
  assert_non_null(to);
  assert_int_equal(fwrite(data, 1, size, to), size);
  assert_int_equal(fclose(to), 0);
}

char *read_file(const char *path, size_t *ret_size) {
  FILE *from = fopen(path, "rb");
  assert_non_null(from);
  assert_int_equal(fseek(from, 0, SEEK_END), 0);
  size_t size = (size_t)ftell(from);
  rewind(from);
  char *data = malloc(size + 1);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, size, from), size);
  data[size] = 0;
  fclose(from);
  if (ret_size) *ret_size = size;
  return data;
}
