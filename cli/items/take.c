/* SPDX-License-Identifier: MIT
 *
 * take.c: cuts a file into records. A record's end may not have come yet, at any byte: then nothing
 * is taken, what has been seen of the record is remembered, and the next call looks on from there.
 * So records do not depend on how a pipe's bytes are dealt out, and no byte is looked at twice. */
#include "inside.h"

#include <string.h>

/* So much of a record may lie in the window: an item, CR and line end. */
enum { WINDOW = ITEM_MOST + 2 };

static char line_end(const struct item_list *list) {
  return list->null_separated ? 0 : '\n';
}

static bool find_end(struct item_list *list, size_t *ret_size) {
  struct source *s = &list->source;
  if (list->format == ITEM_CSV && !list->skipping)
    return csv_find(&list->scan, source_at(s), source_size(s), ret_size);
  return source_find(s, line_end(list), ret_size);
}

static void move_over(struct item_list *list, size_t size) {
  source_skip(&list->source, size);
  list->scan = (struct csv_scan){0};
}

/* The window has no end of a record, and there will be none: the file has ended, or is too long.
 * A quote that nothing closes spoils its line only; what follows may be as it should. */
static enum taken take_rest(struct item_list *list, struct text *ret) {
  struct source *s = &list->source;
  size_t size = source_size(s), line;
  bool open = list->format == ITEM_CSV && list->scan.state == CSV_QUOTED;
  *ret = (struct text){source_at(s), size};
  if (open && source_find(s, '\n', &line)) {
    ret->size = line;
    move_over(list, line + 1);
    return TAKEN_OPEN;
  }
  move_over(list, size);
  list->skipping = !s->at_end;
  return list->skipping ? TAKEN_PART : open ? TAKEN_OPEN : TAKEN;
}

enum taken take_record(struct item_list *list, struct text *ret) {
  struct source *s = &list->source;
  for (;;) {
    size_t size;
    if (find_end(list, &size)) {
      *ret = (struct text){source_at(s), size};
      move_over(list, size + 1);
      if (!list->skipping) return TAKEN;
      list->skipping = false;
      continue;
    }
    if (list->skipping) source_skip(s, source_size(s));
    if (s->at_end && source_size(s) == 0) return TAKEN_END;
    if (s->at_end) return take_rest(list, ret);
    switch (source_fill(s, WINDOW)) {
    case SOURCE_MORE:
      break;
    case SOURCE_FULL:
      return take_rest(list, ret);
    case SOURCE_LATER:
      return TAKEN_LATER;
    case SOURCE_ERROR:
      return TAKEN_ERROR;
    case SOURCE_NO_MEMORY:
      return TAKEN_NO_MEMORY;
    }
  }
}

/* Bytes at the beginning that say what a file is; false: more has to come first. */
static bool look_for_marks(struct item_list *list, const char **ret_cause) {
  static const struct {
    char bytes[5];
    unsigned char size;
    const char *cause;
  } marks[] = {
      {"\xef\xbb\xbf", 3, NULL},
      {"\xff\xfe", 2, "UTF-16, not UTF-8: convert it with iconv -f UTF-16 -t UTF-8"},
      {"\xfe\xff", 2, "UTF-16, not UTF-8: convert it with iconv -f UTF-16 -t UTF-8"},
      {"\x1f\x8b", 2, "compressed: unpack it with gzip -dc, and read that from a pipe"},
      {"\x28\xb5\x2f\xfd", 4, "compressed: unpack it with zstd -dc, and read that from a pipe"},
  };
  struct source *s = &list->source;
  *ret_cause = NULL;
  if (list->null_separated) return true;
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    size_t size = source_size(s), n = marks[i].size;
    if (memcmp(source_at(s), marks[i].bytes, size < n ? size : n) != 0) continue;
    if (size < n && s->at_end) continue;
    if (size < n) return false;
    *ret_cause = marks[i].cause;
    if (!marks[i].cause) source_skip(s, n);
    return true;
  }
  return true;
}

enum taken take_beginning(struct item_list *list, const char **ret_cause) {
  while (!look_for_marks(list, ret_cause)) {
    enum source_more more = source_fill(&list->source, WINDOW);
    if (more == SOURCE_LATER) return TAKEN_LATER;
    if (more == SOURCE_ERROR) return TAKEN_ERROR;
    if (more == SOURCE_NO_MEMORY) return TAKEN_NO_MEMORY;
  }
  return TAKEN;
}
