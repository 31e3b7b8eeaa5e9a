/* SPDX-License-Identifier: MIT
 *
 * items.c: any bytes as a list of items, as a template, and as a log. The first byte says which,
 * and of which format. A list must give the same rows from a file and in pieces from a pipe; what
 * fails must come back as it was; a log must be one that can be gone on with. */
#include "items/failed.h"
#include "items/journal.h"
#include "items/template.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(what)                                                                                 \
  do {                                                                                             \
    if (!(what)) {                                                                                 \
      fprintf(stderr, "%s:%d: %s does not hold\n", __FILE__, __LINE__, #what);                     \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

/* A file without a name, and a name for it. */
static int file_with(const void *data, size_t size, char name[40]) {
  int fd = memfd_create("items", MFD_CLOEXEC);
  MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size && lseek(fd, 0, SEEK_SET) == 0);
  snprintf(name, 40, "/proc/self/fd/%d", fd);
  return fd;
}

/* -- lists ------------------------------------------------------------------------------------ */

static void show(FILE *to, const struct item_row *row, enum item_kind kind, const char *message) {
  char place[ITEM_PLACE];
  const char *colon = kind == ITEM_PROBLEM ? strstr(message, ": ") : "";
  MUST(colon && strlen(item_row_place(row, place)) < ITEM_PLACE && row->text[row->size] == 0);
  fprintf(to, "%llu %d %zu:", (unsigned long long)row->line, row->whole, row->size);
  fwrite(row->text, 1, row->size, to);
  fprintf(to, "%s\n", colon);
  for (size_t i = 0; i < row->count; i++) fprintf(to, "  %s=%s\n", row->names[i], row->values[i]);
}

static void draw(struct item_list *list, FILE *to, struct failed *failed, enum item_kind end) {
  for (;;) {
    struct item_row *row;
    char message[ITEM_MESSAGE];
    enum item_kind kind = item_list_next(list, &row, message);
    if (kind != ITEM_ROW && kind != ITEM_PROBLEM) {
      MUST(kind == end || kind == ITEM_END);
      return;
    }
    show(to, row, kind, message);
    if (failed && kind == ITEM_ROW) MUST(failed_write(failed, row) == 0);
    item_row_free(row);
  }
}

/* The rows as text; the good ones go to the file `failed`, too, if it is not NULL. */
static char *from_file(const void *data, size_t size, enum item_format format, bool zero,
                       const char *failed_name) {
  char name[40], error[ITEM_MESSAGE], *text;
  const char *files[] = {name};
  size_t length;
  struct item_list list;
  struct failed *failed = NULL;
  int fd = file_with(data, size, name);
  FILE *to = open_memstream(&text, &length);
  MUST(!failed_name || failed_open(failed_name, files, 1, &failed, error));
  item_list_begin(&list, NULL, 0, files, 1, format, zero);
  draw(&list, to, failed, ITEM_END);
  MUST(!failed || failed_left_out(failed) == 0);
  failed_close(failed);
  item_list_end(&list);
  fclose(to);
  close(fd);
  return text;
}

static char *from_pipe(const uint8_t *data, size_t size, enum item_format format, bool zero,
                       size_t piece) {
  char name[40], *text;
  const char *files[] = {name};
  size_t length;
  int fds[2];
  struct item_list list;
  MUST(pipe2(fds, O_CLOEXEC) == 0);
  snprintf(name, sizeof name, "/proc/self/fd/%d", fds[0]);
  FILE *to = open_memstream(&text, &length);
  item_list_begin(&list, NULL, 0, files, 1, format, zero);
  for (size_t at = 0; at < size; at += piece) {
    size_t n = size - at < piece ? size - at : piece;
    MUST(write(fds[1], data + at, n) == (ssize_t)n);
    draw(&list, to, NULL, ITEM_LATER);
  }
  close(fds[1]);
  draw(&list, to, NULL, ITEM_END);
  item_list_end(&list);
  fclose(to);
  close(fds[0]);
  return text;
}

static void compare_lists(const uint8_t *data, size_t size, unsigned choice) {
  enum item_format format = (enum item_format)(choice % 5);
  bool zero = choice / 5 % 4 == 3;
  char *whole = from_file(data, size, format, zero, NULL);
  char *pieces = from_pipe(data, size, format, zero, 1 + choice / 20 % 3);
  MUST(strcmp(whole, pieces) == 0);
  free(whole);
  free(pieces);
}

/* What failed, fed back, fails into the very same file. */
static void feed_back(const uint8_t *data, size_t size, unsigned choice) {
  enum item_format format = (enum item_format)(1 + choice % 4);
  bool zero = format <= ITEM_NDJSON && choice / 5 % 4 == 3;
  char first[40], second[40];
  int a = file_with("", 0, first), b = file_with("", 0, second);
  free(from_file(data, size, format, zero, first));
  size_t n = (size_t)lseek(a, 0, SEEK_END), m;
  char *failed = malloc(n + 1), *again = malloc(n + 1);
  MUST(failed && again && pread(a, failed, n, 0) == (ssize_t)n);
  free(from_file(failed, n, format, zero, second));
  m = (size_t)lseek(b, 0, SEEK_END);
  MUST(m == n && pread(b, again, n, 0) == (ssize_t)n && memcmp(failed, again, n) == 0);
  free(failed);
  free(again);
  close(a);
  close(b);
}

/* -- templates and logs ----------------------------------------------------------------------- */

static const char *lookup(const char *name, void *arg) {
  (void)arg;
  return strchr(name, 'x') ? NULL : name;
}

static void fill(const uint8_t *data, size_t size, unsigned choice) {
  char *text = malloc(size + 1), error[TEMPLATE_MESSAGE];
  MUST(text);
  memcpy(text, data, size);
  text[size] = 0;
  struct template *t = template_new(text, choice % 2 ? TEMPLATE_URL : TEMPLATE_RAW, error);
  MUST(t || strlen(error) < TEMPLATE_MESSAGE);
  if (t) {
    const char *missing;
    bool all = true;
    for (size_t i = 0; i < template_count(t); i++) all = all && lookup(template_name(t, i), NULL);
    char *filled = template_fill(t, lookup, NULL, &missing);
    MUST(all == (filled != NULL) && all == !missing);
    free(filled);
  }
  template_free(t);
  free(text);
}

/* A log of any bytes: if it can be gone on with at all, what is added counts. */
static void go_on(const uint8_t *data, size_t size) {
  char name[40], error[JOURNAL_MESSAGE];
  struct journal *j;
  int fd = file_with(data, size, name);
  if (journal_open(name, true, &j, error)) {
    uint64_t ok = journal_found(j)->ok;
    struct journal_record r = {.item = (const char *)data, .item_size = size, .status = "ok"};
    MUST(journal_write(j, &r) && journal_close(j) == 0);
    MUST(journal_open(name, true, &j, error));
    MUST(journal_found(j)->ok == ok + 1 && !journal_found(j)->torn);
    MUST(journal_done(j, (const char *)data, size));
    journal_close(j);
  }
  close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 0 || size > 4096) return 0;
  unsigned which = data[0] / 64, choice = data[0] % 64;
  uint8_t *copy = malloc(size - 1 ? size - 1 : 1); /* no look beyond it goes unseen */
  MUST(copy);
  memcpy(copy, data + 1, size - 1);
  if (which == 0) compare_lists(copy, size - 1, choice);
  if (which == 1) feed_back(copy, size - 1, choice);
  if (which == 2) fill(copy, size - 1, choice);
  if (which == 3) go_on(copy, size - 1);
  free(copy);
  return 0;
}
