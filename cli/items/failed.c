/* SPDX-License-Identifier: MIT */
#include "failed.h"

#include "appender.h"
#include "price/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct failed {
  struct appender to;
  enum item_format format; /* ITEM_AUTO: nothing written yet */
  char *header;
  size_t header_size;
  uint64_t left_out;
};

/* Whether this very file is an input: emptying it would take the items away unread. Stdin always
 * counts, since the list may be asked to read it by an argument, too. */
static bool is_input(const struct stat *file, const char *const *inputs, size_t n) {
  for (size_t i = 0; i <= n; i++) {
    struct stat st;
    int result = i == n ? fstat(STDIN_FILENO, &st) : stat(inputs[i], &st);
    if (result == 0 && S_ISREG(st.st_mode) && st.st_dev == file->st_dev &&
        st.st_ino == file->st_ino)
      return true;
  }
  return false;
}

static bool begin(struct failed *f, const char *path, const char *const *inputs, size_t n,
                  char error[ITEM_MESSAGE]) {
  if (!appender_open(&f->to, path, false, error, ITEM_MESSAGE)) return false;
  if (is_input(&f->to.status, inputs, n)) {
    snprintf(error, ITEM_MESSAGE, "%s: items are read from it: name another file for failed ones",
             path);
    return false;
  }
  if (!S_ISREG(f->to.status.st_mode) || ftruncate(f->to.fd, 0) == 0) return true;
  snprintf(error, ITEM_MESSAGE, "%s: it cannot be emptied: %s", path, strerror(errno));
  return false;
}

bool failed_open(const char *path, const char *const *inputs, size_t n, struct failed **ret,
                 char error[ITEM_MESSAGE]) {
  struct failed *f = calloc(1, sizeof *f);
  if (!f) {
    snprintf(error, ITEM_MESSAGE, "%s: out of memory", path);
    return false;
  }
  if (begin(f, path, inputs, n, error)) {
    *ret = f;
    return true;
  }
  failed_close(f);
  return false;
}

/* Whether a list of lines would give the argument back as it is. */
static bool fits_a_line(struct text t) {
  char first = t.at[0], last = t.at[t.size - 1];
  return !memchr(t.at, '\n', t.size) && !text_is_blank(first) && first != '{' &&
         !text_is_blank(last) && last != '\r' &&
         !(first == '#' && (t.size == 1 || text_is_blank(t.at[1])));
}

static bool fits(const struct failed *f, const struct item_row *row) {
  if (!row->whole || row->size == 0) return false;
  if (!row->source && !row->zero_end && !fits_a_line((struct text){row->text, row->size}))
    return false;
  if (f->format == ITEM_AUTO) return true;
  if (f->format != row->format) return false;
  const struct item_header *h = row->header;
  return !h || (h->size == f->header_size && memcmp(h->text, f->header, h->size) == 0);
}

/* A CR at the end of a line is taken for half of its line end; so one that is not gets another. */
static void put_line(struct failed *f, const char *text, size_t size, bool zero_end) {
  appender_put(&f->to, text, size);
  if (zero_end)
    appender_put(&f->to, "", 1);
  else
    appender_text(&f->to, size > 0 && text[size - 1] == '\r' ? "\r\n" : "\n");
}

/* The first item says what the file will be. An empty line keeps its first bytes from being taken
 * for a byte order mark, or for what compressed files begin with. */
static bool begin_format(struct failed *f, const struct item_row *row) {
  const struct item_header *h = row->header;
  char first = h && h->size > 0 ? *h->text : *row->text;
  if (!row->zero_end && memchr("\xef\xfe\xff\x1f(", first, 5)) appender_put(&f->to, "\n", 1);
  if (h) {
    f->header = malloc(h->size);
    if (!f->header) return false;
    memcpy(f->header, h->text, h->size);
    f->header_size = h->size;
    put_line(f, h->text, h->size, false);
  }
  f->format = row->format;
  return true;
}

int failed_write(struct failed *f, const struct item_row *row) {
  if (f->to.broken) return 0;
  if (!fits(f, row)) {
    f->left_out++;
    return 0;
  }
  bool begun = f->format != ITEM_AUTO || begin_format(f, row);
  put_line(f, row->text, row->size, row->zero_end);
  if (appender_whole(&f->to, 0) && begun) return appender_flush(&f->to);
  f->to.broken = true;
  return ENOMEM;
}

uint64_t failed_left_out(const struct failed *f) {
  return f->left_out;
}

void failed_close(struct failed *f) {
  if (!f) return;
  appender_close(&f->to);
  free(f->header);
  free(f);
}
