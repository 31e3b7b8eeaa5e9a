/* SPDX-License-Identifier: MIT
 *
 * name.c: values are made harmless one by one before they go into the template, where a slash in
 * them becomes %2F; then each part between the template's own slashes is made a name that a file
 * can have. Bytes that a name should not have are written as in a URL, so that what was different
 * stays different, as "BRK/B" and "BRK_B" do. */
#include "name.h"

#include "../items/template.h"
#include "hash.h"
#include "url.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct name_template {
  struct template *text;
  bool unique;
};

/* -- the template ----------------------------------------------------------------------------- */

/* A field, a brace, or a character, at the beginning of `s`. */
struct piece {
  size_t size;
  bool field, index;
  char literal;
};

static struct piece piece_at(const char *s) {
  if ((s[0] == '{' || s[0] == '}') && s[1] == s[0]) return (struct piece){2, .literal = s[0]};
  const char *end = *s == '{' ? strchr(s, '}') : NULL;
  if (!end) return (struct piece){1, .literal = *s};
  size_t size = (size_t)(end - s) + 1;
  bool index =
      (size == 7 && memcmp(s, "{index}", 7) == 0) || (size == 8 && memcmp(s, "{+index}", 8) == 0);
  return (struct piece){size, .field = true, .index = index};
}

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/* A part of a template, between two slashes, as far as it has been read. */
struct part {
  bool empty, field_seen; /* a field that is not the index */
  bool touched;           /* the last piece may end with a digit */
  bool index_first;       /* the index with nothing but literals before it ... */
  bool index_open;        /* ... directly before here */
  bool index_last;        /* the index after no digit, with nothing but literals after it */
};

/* Numbers can be told apart if only fixed text is on one side of them, and no digit touches them on
 * the other: then the file's name says which is the item's. */
static void add_piece(struct part *p, struct piece piece) {
  if (piece.index) {
    p->index_last = !p->touched;
    if (!p->field_seen) p->index_first = p->index_open = true;
  } else if (p->index_open) {
    p->index_open = false;
    if (piece.field || is_digit(piece.literal)) p->index_first = false;
  }
  if (piece.field && !piece.index) p->index_last = false;
  p->field_seen |= piece.field;
  p->touched = piece.field || is_digit(piece.literal);
  p->empty = false;
}

static bool refuse(char error[NAME_ERROR], const char *why) {
  snprintf(error, NAME_ERROR, "%s", why);
  return false;
}

/* What is wrong with a template whatever the items are, and whether it has a number in it. */
static bool check(const char *text, bool *ret_unique, char error[NAME_ERROR]) {
  struct part part = {.empty = true};
  bool unique = false;
  if (*text == '/')
    return refuse(error, "begins with a slash: names are relative to the folder of --output-dir");
  for (const char *s = text; *s;) {
    struct piece piece = piece_at(s);
    if (!piece.field && piece.literal == '/') {
      if (part.empty) return refuse(error, "has two slashes in a row");
      unique |= part.index_first || part.index_last;
      part = (struct part){.empty = true};
    } else if (part.empty && piece.literal == '.') {
      return refuse(error, "has a part that begins with a dot: hidden files, \".\" and \"..\" are "
                           "not written");
    } else {
      add_piece(&part, piece);
    }
    s += piece.size;
  }
  if (part.empty) return refuse(error, *text ? "ends with a slash: it is no file's" : "is empty");
  *ret_unique = unique || part.index_first || part.index_last;
  return true;
}

struct name_template *name_template_new(const char *text, char error[NAME_ERROR]) {
  struct name_template *t = calloc(1, sizeof *t);
  if (!t) {
    refuse(error, "out of memory");
    return NULL;
  }
  char why[TEMPLATE_MESSAGE];
  if (check(text, &t->unique, error)) {
    t->text = template_new(text, TEMPLATE_RAW, why);
    if (!t->text) snprintf(error, NAME_ERROR, "%.*s", NAME_ERROR - 1, why);
  }
  if (t->text) return t;
  name_template_free(t);
  return NULL;
}

void name_template_free(struct name_template *t) {
  if (!t) return;
  template_free(t->text);
  free(t);
}

bool name_is_unique(const struct name_template *t) {
  return t->unique;
}

/* -- values ----------------------------------------------------------------------------------- */

/* How many bytes the character at `s` has, 0 if it is no UTF-8 (RFC 3629) or a control character.
 */
static size_t character(const unsigned char *s, size_t left) {
  unsigned char c = *s;
  if (c < 0x80) return c >= 0x20 && c != 0x7f;
  size_t n = c >= 0xc2 && c <= 0xdf   ? 2
             : c >= 0xe0 && c <= 0xef ? 3
             : c >= 0xf0 && c <= 0xf4 ? 4
                                      : 0;
  if (n == 0 || n > left) return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  bool overlong = (c == 0xe0 && s[1] < 0xa0) || (c == 0xf0 && s[1] < 0x90);
  bool beyond = (c == 0xed && s[1] > 0x9f) || (c == 0xf4 && s[1] > 0x8f);
  bool control = c == 0xc2 && s[1] < 0xa0;
  return overlong || beyond || control ? 0 : n;
}

static char *escape(char *to, unsigned char c) {
  static const char digits[] = "0123456789ABCDEF";
  *to++ = '%';
  *to++ = digits[c >> 4];
  *to++ = digits[c & 15];
  return to;
}

/* Copies what a part of a name may have, and escapes the rest: `out` has room for three times the
 * size, and a NUL. */
static void clean(const char *text, size_t size, char *out) {
  const unsigned char *s = (const unsigned char *)text;
  for (size_t i = 0; i < size;) {
    size_t n = s[i] == '/' ? 0 : character(s + i, size - i);
    if (n == 0) {
      out = escape(out, s[i++]);
    } else {
      memcpy(out, s + i, n);
      out += n;
      i += n;
    }
  }
  *out = 0;
}

static int digit_of(char c) {
  if (is_digit(c)) return c - '0';
  c = (char)(c | 32);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent-encoding in place; what is none stays. Returns the new size. */
static size_t decode(char *s, size_t size) {
  size_t n = 0;
  for (size_t i = 0; i < size; i++) {
    int high = s[i] == '%' && i + 2 < size ? digit_of(s[i + 1]) : -1;
    int low = high >= 0 ? digit_of(s[i + 2]) : -1;
    s[n++] = low >= 0 ? (char)(high * 16 + low) : s[i];
    if (low >= 0) i += 2;
  }
  return n;
}

/* While a name is made. */
struct making {
  const struct name_source *source;
  struct url url;
  bool url_read, url_bad, no_memory;
  char *scratch; /* what was looked up last */
  char *error;
};

static char *scratch(struct making *m, size_t room) {
  free(m->scratch);
  m->scratch = malloc(room);
  if (!m->scratch) m->no_memory = true;
  return m->scratch;
}

static const char *cleaned(struct making *m, const char *text, size_t size) {
  char *out = scratch(m, 3 * size + 1);
  if (out) clean(text, size, out);
  return out;
}

static bool read_url(struct making *m) {
  if (!m->url_read && !m->url_bad) {
    m->url_read = url_read(m->source->url, &m->url, m->error);
    m->url_bad = !m->url_read;
  }
  return m->url_read;
}

static const char *host(struct making *m) {
  if (!read_url(m)) return NULL;
  const char *s = m->url.host;
  size_t size = m->url.host_size;
  if (size > 1 && s[0] == '[') s++, size -= 2;
  const char *text = cleaned(m, s, size);
  if (!text) return NULL;
  for (char *c = m->scratch; *c; c++)
    if (*c >= 'A' && *c <= 'Z') *c = (char)(*c - 'A' + 'a');
  return text;
}

/* With its own memory, since it is decoded before it is cleaned. */
static char *basename_of(struct making *m, size_t *ret_size) {
  if (!read_url(m)) return NULL;
  const char *path = m->url.path;
  size_t size = m->url.path_size, begin = size;
  while (begin > 0 && path[begin - 1] != '/') begin--;
  if (size == begin) path = "index.html", begin = 0, size = strlen(path);
  char *copy = malloc(size - begin);
  if (!copy) {
    m->no_memory = true;
    return NULL;
  }
  memcpy(copy, path + begin, size - begin);
  *ret_size = decode(copy, size - begin);
  return copy;
}

/* The ending begins after the last dot, if that is not the name's first character. */
static size_t ending_at(const char *s, size_t size) {
  for (size_t i = size; i > 1; i--)
    if (s[i - 1] == '.') return i;
  return size;
}

static const char *base_or_ending(struct making *m, bool ending) {
  size_t size;
  char *base = basename_of(m, &size);
  if (!base) return NULL;
  size_t begin = ending ? ending_at(base, size) : 0;
  const char *text = cleaned(m, base + begin, size - begin);
  free(base);
  return text;
}

static const char *look_up(const char *name, void *making) {
  struct making *m = making;
  const struct name_source *source = m->source;
  if (strcmp(name, "index") == 0) {
    char *out = scratch(m, 24);
    if (out) snprintf(out, 24, "%llu", (unsigned long long)source->index);
    return out;
  }
  if (strcmp(name, "host") == 0) return host(m);
  if (strcmp(name, "basename") == 0) return base_or_ending(m, false);
  if (strcmp(name, "ext") == 0) return base_or_ending(m, true);
  const char *value = source->column ? source->column(name, source->arg) : NULL;
  if (!value) return NULL;
  return *value ? cleaned(m, value, strlen(value)) : "_";
}

/* -- parts ------------------------------------------------------------------------------------ */

/* Cuts a part that is too long for a name. What is cut off goes into a hash, which keeps names
 * apart and is the same in every run; a short ending stays. */
static size_t shorten(const char *s, size_t size, char *out) {
  uint64_t hash = hash_of((struct hash_key){0, 0}, s, size);
  size_t ending = ending_at(s, size);
  if (ending < size) ending--; /* the dot, too */
  if (size - ending > 17) ending = size;
  size_t keep = NAME_MAX - 17 - (size - ending);
  while (keep > 0 && ((unsigned char)s[keep] & 0xc0) == 0x80) keep--;
  memcpy(out, s, keep);
  return keep + (size_t)snprintf(out + keep, NAME_MAX + 1 - keep, "~%016llx%.*s",
                                 (unsigned long long)hash, (int)(size - ending), s + ending);
}

/* One part, which may have dots on either side, be empty, or be too long. Returns its size. */
static size_t make_part(const char *s, size_t size, char out[NAME_MAX + 1], char *room) {
  while (size > 0 && s[size - 1] == '.') size--; /* "7." of "{index}.{ext}" without an ending */
  if (size == 0) {
    *out = '_';
    return 1;
  }
  if (*s == '.') {
    memcpy(escape(room, '.'), s + 1, size - 1);
    s = room;
    size += 2;
  }
  if (size > NAME_MAX) return shorten(s, size, out);
  memcpy(out, s, size);
  return size;
}

static char *make_parts(const char *text) {
  size_t size = strlen(text), n = 0;
  char *out = malloc(size * 3 + 4); /* a part at most becomes three bytes from none or one */
  char *room = malloc(size + 3);
  char part[NAME_MAX + 1];
  for (const char *s = text; out && room; s++) {
    size_t length = strcspn(s, "/");
    size_t made = make_part(s, length, part, room);
    memcpy(out + n, part, made);
    n += made;
    s += length;
    out[n++] = *s;
    if (!*s) break;
  }
  free(room);
  if (!room) {
    free(out);
    return NULL;
  }
  return out;
}

char *name_make(const struct name_template *t, const struct name_source *source,
                char error[NAME_ERROR]) {
  char why[TEMPLATE_MESSAGE] = "out of memory";
  struct making m = {.source = source, .error = why};
  const char *missing = NULL;
  char *filled = template_fill(t->text, look_up, &m, &missing);
  char *name = filled ? make_parts(filled) : NULL;
  if (!filled && missing && !m.url_bad && !m.no_memory)
    template_missing(missing, source->columns, source->column_count, why);
  if (!name) snprintf(error, NAME_ERROR, "%.*s", NAME_ERROR - 1, why);
  free(filled);
  free(m.scratch);
  url_fini(&m.url);
  return name;
}
