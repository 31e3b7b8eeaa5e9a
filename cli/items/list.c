/* SPDX-License-Identifier: MIT
 *
 * list.c: the arguments, then file after file. A file goes through
 *
 *   begin -> fresh: is it text? -> [csv, tsv: header] -> records -> end
 *
 * and any of these may find that nothing more has come yet; then the list stays where it is, and
 * the next call goes on there. Whatever cannot become an item comes out as a problem in its place,
 * never as nothing. */
#include "list.h"

#include "inside.h"
#include "row.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void item_list_begin(struct item_list *list, char **args, size_t n_args, const char *const *files,
                     size_t n_files, enum item_format format, bool null_separated) {
  *list = (struct item_list){.args = args,
                             .arg_count = n_args,
                             .files = files,
                             .file_count = n_files,
                             .asked = format,
                             .null_separated = null_separated,
                             .source = {.fd = -1}};
}

bool item_files_readable(const char *const *files, size_t n, const char **ret_missing) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(files[i], "-") == 0 || access(files[i], R_OK) == 0) continue;
    *ret_missing = files[i];
    return false;
  }
  return true;
}

void item_list_end(struct item_list *list) {
  source_fini(&list->source);
  for (struct item_header *h = list->headers, *next; h; h = next) {
    next = h->next;
    header_free(h);
  }
  if (list->maker) maker_fini(list->maker);
  free(list->maker);
  list->headers = list->header = NULL;
  list->maker = NULL;
  list->reading = false;
}

int item_list_fd(const struct item_list *list) {
  return list->source.fd;
}

uint64_t item_list_total(const struct item_list *list) {
  if (list->file_count > 0) return 0;
  for (size_t i = 0; i < list->arg_count; i++)
    if (strcmp(list->args[i], "-") == 0) return 0;
  return list->arg_count;
}

static enum item_kind system_problem(struct item_list *list, const char *what, int error,
                                     struct item_place to) {
  char cause[200];
  const char *cure = error == ENOENT   ? ": check its name"
                     : error == EACCES ? ": check its permissions"
                     : error == EISDIR ? ": name a file in it"
                     : error == EBADF  ? ": it is closed; redirect it from a file or a pipe"
                                       : "";
  snprintf(cause, sizeof cause, "%s: %s%s", what, strerror(error), cure);
  return record_file_problem(list, list->line > 1 ? list->line : 0, cause, to);
}

static uint64_t lines_in(struct text t) {
  uint64_t n = 1;
  for (const char *at; (at = memchr(t.at, '\n', t.size)); n++)
    t = text_skip(t, (size_t)(at - t.at) + 1);
  return n;
}

static enum item_format format_of(const struct item_list *list, const char *name) {
  static const struct {
    const char *ending;
    enum item_format format;
  } endings[] = {{".csv", ITEM_CSV},
                 {".tsv", ITEM_TSV},
                 {".ndjson", ITEM_NDJSON},
                 {".jsonl", ITEM_NDJSON},
                 {".json", ITEM_NDJSON}};
  if (list->asked != ITEM_AUTO) return list->asked;
  if (list->null_separated) return ITEM_LINES;
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; i++)
    if (strcasecmp(dot, endings[i].ending) == 0) return endings[i].format;
  return ITEM_AUTO;
}

static enum item_kind begin_file(struct item_list *list, const char *name, struct item_place to) {
  if (!list->maker && !(list->maker = calloc(1, sizeof *list->maker))) return ITEM_NO_MEMORY;
  list->name = name;
  list->format = format_of(list, name);
  list->line = 1;
  list->header = NULL;
  list->skipping = false;
  list->scan = (struct csv_scan){0};
  list->reading = list->fresh = true;
  if (list->null_separated && (list->format == ITEM_CSV || list->format == ITEM_TSV))
    return record_file_problem(list, 0, "CSV and TSV have lines: leave out --null", to);
  int error = source_begin(&list->source, name);
  return error ? system_problem(list, "it cannot be opened", error, to) : ITEM_LATER;
}

/* The next item of the file that is being read; ITEM_END: it has no more. */
static enum item_kind next_of_file(struct item_list *list, struct item_place to) {
  bool fields = list->format == ITEM_CSV || list->format == ITEM_TSV;
  while (list->reading) {
    struct text t = {"", 0};
    const char *cause = NULL;
    enum taken how = list->fresh ? take_beginning(list, &cause) : take_record(list, &t);
    enum item_kind kind = ITEM_LATER;
    if (cause) return record_file_problem(list, 0, cause, to);
    switch (how) {
    case TAKEN_LATER:
      return ITEM_LATER;
    case TAKEN_NO_MEMORY:
      return ITEM_NO_MEMORY;
    case TAKEN_END:
      source_end(&list->source);
      list->reading = false;
      return ITEM_END;
    case TAKEN_ERROR:
      return system_problem(list, "it cannot be read", errno, to);
    case TAKEN_PART:
    case TAKEN_OPEN:
      kind = record_spoilt(list, t, how, to);
      break;
    case TAKEN:
      if (list->fresh) {
        list->fresh = false;
        continue;
      }
      kind = fields ? record_fields(list, t, to) : record_line(list, t, to);
    }
    list->line += list->format == ITEM_CSV ? lines_in(t) : 1;
    if (kind != ITEM_LATER) return kind;
  }
  return ITEM_END;
}

static enum item_kind argument(struct item_list *list, const char *text, struct item_place to) {
  struct item_row like = {.text = text,
                          .size = strlen(text),
                          .line = list->arg_next,
                          .format = ITEM_LINES,
                          .whole = true,
                          .zero_end = list->null_separated};
  if (like.size == 0) return record_problem(&like, "it is empty: was a variable not set?", to);
  *to.ret = row_new_line(&like);
  return *to.ret ? ITEM_ROW : ITEM_NO_MEMORY;
}

enum item_kind item_list_next(struct item_list *list, struct item_row **ret,
                              char message[ITEM_MESSAGE]) {
  struct item_place to = {ret, message};
  for (;;) {
    enum item_kind kind = next_of_file(list, to);
    if (kind != ITEM_END) return kind;
    const char *name = NULL;
    if (list->arg_next < list->arg_count) {
      name = list->args[list->arg_next++];
      if (strcmp(name, "-") != 0) return argument(list, name, to);
    } else if (list->file_next < list->file_count) {
      name = list->files[list->file_next++];
    } else {
      return ITEM_END;
    }
    kind = begin_file(list, name, to);
    if (kind != ITEM_LATER) return kind;
  }
}
