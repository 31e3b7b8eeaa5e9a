/* SPDX-License-Identifier: MIT
 *
 * A path is read once into steps, each a member's name or an element's index; to pick is to walk
 * them. The names lie in one block behind the steps, so that a pick is one allocation. Every step
 * takes at least one byte of the path and every name at most as many as its text, which bounds
 * both.
 */
#include "pick.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct step {
  const char *key; /* NULL: an element, by index */
  size_t key_size;
  long index; /* from the end if negative */
};

struct pick {
  char *text;   /* the path as it was given */
  char *unused; /* where the next name goes */
  size_t count;
  struct step steps[];
};

/* What is being read: the rest of the path, and where complaints go. */
struct reading {
  struct pick *pick;
  const char *at;
  char *error;
};

static bool wrong(struct reading *r, const char *what) {
  snprintf(r->error, PICK_ROOM,
           "\"%.80s\" is no path: %s at \"%.30s\"; paths look like .meta.price, .items[0] or "
           "[\"odd key\"]",
           r->pick->text, what, r->at);
  return false;
}

static void add_key(struct reading *r, const char *key, size_t size) {
  struct pick *p = r->pick;
  char *copy = memcpy(p->unused, key, size);
  copy[size] = 0;
  p->unused += size + 1;
  p->steps[p->count++] = (struct step){.key = copy, .key_size = size};
}

/* A quoted name has JSON's escapes, so jansson reads it. */
static bool read_quoted(struct reading *r) {
  json_error_t error;
  json_t *string =
      json_loads(r->at, JSON_DECODE_ANY | JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &error);
  if (!string) return wrong(r, "a quoted name that does not end, or is no JSON string,");
  add_key(r, json_string_value(string), json_string_length(string));
  json_decref(string);
  r->at += error.position;
  return true;
}

static bool read_plain(struct reading *r) {
  size_t n = strcspn(r->at, ".[]\"' \t\r\n");
  if (n == 0) return wrong(r, "a name is missing");
  add_key(r, r->at, n);
  r->at += n;
  return true;
}

static bool read_index(struct reading *r) {
  char *end;
  const char *digits = r->at + (*r->at == '-');
  if (*digits < '0' || *digits > '9') return wrong(r, "neither an index nor a quoted name");
  errno = 0;
  long index = strtol(r->at, &end, 10);
  if (errno || (*r->at == '-' && index == 0)) return wrong(r, "an index that cannot be");
  r->pick->steps[r->pick->count++] = (struct step){.index = index};
  r->at = end;
  return true;
}

static bool read_brackets(struct reading *r) {
  r->at++;
  if (!(*r->at == '"' ? read_quoted(r) : read_index(r))) return false;
  if (*r->at != ']') return wrong(r, "\"]\" is missing");
  r->at++;
  return true;
}

static bool read_path(struct reading *r) {
  if (strcmp(r->at, ".") == 0) return true;
  if (*r->at != '.' && *r->at != '[') return wrong(r, "no dot");
  while (*r->at) {
    bool dot = *r->at == '.';
    r->at += dot;
    bool good;
    if (*r->at == '[')
      good = read_brackets(r);
    else if (!dot)
      good = wrong(r, "neither a dot nor a bracket");
    else
      good = *r->at == '"' ? read_quoted(r) : read_plain(r);
    if (!good) return false;
  }
  return true;
}

struct pick *pick_new(const char *path, char error[PICK_ROOM]) {
  size_t size = strlen(path);
  /* Steps, then the text, then the names: each of these is at most as long as its step's text, and
   * ends with a NUL. */
  size_t steps = (size + 1) * sizeof(struct step);
  struct pick *p = malloc(sizeof *p + steps + 2 * (size + 1));
  if (!p) {
    snprintf(error, PICK_ROOM, "out of memory");
    return NULL;
  }
  p->count = 0;
  p->text = memcpy((char *)p->steps + steps, path, size + 1);
  p->unused = p->text + size + 1;
  struct reading r = {p, p->text, error};
  if (read_path(&r)) return p;
  free(p);
  return NULL;
}

void pick_free(struct pick *p) {
  free(p);
}

const char *pick_text(const struct pick *p) {
  return p->text;
}

const char *pick_name(const struct pick *p) {
  const struct step *last = p->count ? &p->steps[p->count - 1] : NULL;
  return last && last->key && last->key_size && strlen(last->key) == last->key_size ? last->key
                                                                                    : p->text;
}

json_t *pick_get(const struct pick *p, json_t *root) {
  json_t *at = root;
  for (size_t i = 0; i < p->count && at; i++) {
    const struct step *s = &p->steps[i];
    if (s->key) {
      at = json_object_getn(at, s->key, s->key_size);
    } else {
      size_t n = json_array_size(at);
      size_t back = s->index < 0 ? 0 - (size_t)s->index : 0;
      at = back > n ? NULL : json_array_get(at, back ? n - back : (size_t)s->index);
    }
  }
  return at;
}
