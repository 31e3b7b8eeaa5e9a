/* SPDX-License-Identifier: MIT
 *
 * template.c: a template is read once into pieces, and filled in for each item:
 *
 *   https://host/v1/   {symbol}   ?d=   {+date}
 *   literal            name       ...
 *
 * All texts lie in one block behind the pieces. */
#include "template.h"

#include "price/problem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum piece_kind { PIECE_LITERAL, PIECE_VALUE, PIECE_RESERVED /* {+name} */ };

struct piece {
  enum piece_kind kind;
  const char *text; /* the literal, or the name */
  size_t size;
};

struct template {
  enum template_escape escape;
  size_t count;
  struct piece *pieces;
  size_t name_count;
  const char **names; /* each once */
};

static void refuse(struct template *t, char error[TEMPLATE_MESSAGE], const char *text,
                   const char *at, const char *cause) {
  char quote[PROBLEM_QUOTE];
  struct text from = {at, strlen(at)};
  snprintf(error, TEMPLATE_MESSAGE, "the template, at byte %zu (\"%s\"): %s",
           (size_t)(at - text) + 1, problem_quote(from, quote), cause);
  template_free(t);
}

/* Memory for the worst case: every other byte a piece. Nothing of it is large. */
static struct template *allocate(const char *text, char **ret_bytes) {
  size_t size = strlen(text), most = size + 1;
  struct template *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->pieces = calloc(most, sizeof *t->pieces + sizeof *t->names + 1);
  if (!t->pieces) {
    free(t);
    return NULL;
  }
  t->names = (const char **)(t->pieces + most);
  *ret_bytes = (char *)(t->names + most);
  return t;
}

void template_free(struct template *t) {
  if (!t) return;
  free(t->pieces);
  free(t);
}

static void remember_name(struct template *t, const char *name) {
  for (size_t i = 0; i < t->name_count; i++)
    if (strcmp(t->names[i], name) == 0) return;
  t->names[t->name_count++] = name;
}

/* A literal up to the next brace that is no literal; braces that are written twice become one. */
static const char *literal(struct template *t, const char *at, char **bytes) {
  struct piece *p = &t->pieces[t->count++];
  *p = (struct piece){PIECE_LITERAL, *bytes, 0};
  while (*at && ((*at != '{' && *at != '}') || at[1] == at[0])) {
    if (*at == '{' || *at == '}') at++;
    (*bytes)[p->size++] = *at++;
  }
  *bytes += p->size;
  return at;
}

/* From behind the opening brace to behind the closing one; NULL, with the cause. */
static const char *place(struct template *t, const char *at, char **bytes, const char **ret_cause) {
  struct piece *p = &t->pieces[t->count++];
  bool plus = *at == '+';
  size_t n = strcspn(at += plus, "{}");
  *ret_cause = at[n] != '}' ? "a { without its }; a brace as such is written twice: {{"
                            : "braces without a name; {item} is the whole line";
  if (at[n] != '}' || n == 0) return NULL;
  *p = (struct piece){plus ? PIECE_RESERVED : PIECE_VALUE, *bytes, n};
  memcpy(*bytes, at, n);
  (*bytes)[n] = 0;
  *bytes += n + 1;
  remember_name(t, p->text);
  return at + n + 1;
}

struct template *template_new(const char *text, enum template_escape escape,
                              char error[TEMPLATE_MESSAGE]) {
  char *bytes;
  const char *at = text, *next, *cause;
  struct template *t = allocate(text, &bytes);
  if (!t) {
    snprintf(error, TEMPLATE_MESSAGE, "the template: out of memory");
    return NULL;
  }
  t->escape = escape;
  for (; *at; at = next) {
    bool lone = *at == '}' && at[1] != '}';
    cause = "a } without its {; a brace as such is written twice: }}";
    if (lone)
      next = NULL;
    else if (*at != '{' || at[1] == '{')
      next = literal(t, at, &bytes);
    else
      next = place(t, at + 1, &bytes, &cause);
    if (next) continue;
    refuse(t, error, text, at, cause);
    return NULL;
  }
  return t;
}

size_t template_count(const struct template *t) {
  return t->name_count;
}

const char *template_name(const struct template *t, size_t i) {
  return t->names[i];
}

/* -- filling in ------------------------------------------------------------------------------- */

struct filling {
  char *text;
  size_t size, room;
  bool no_memory;
};

static void add(struct filling *f, const char *data, size_t size) {
  if (f->no_memory) return;
  if (size >= f->room - f->size) { /* a NUL follows */
    size_t room = (f->size + size + 64) * 2;
    char *more = realloc(f->text, room);
    if (!more) {
      f->no_memory = true;
      return;
    }
    f->text = more;
    f->room = room;
  }
  memcpy(f->text + f->size, data, size);
  f->size += size;
}

/* RFC 3986, 2.3 and 2.2. */
static bool is_unreserved(char c) {
  return text_is_letter(c) || text_is_digit(c) || (c && strchr("-._~", c));
}

static bool is_reserved(char c) {
  return c && strchr(":/?#[]@!$&'()*+,;=", c);
}

static bool is_hex(char c) {
  return text_is_digit(c) || (text_lower(c) >= 'a' && text_lower(c) <= 'f');
}

static bool stays(const char *at, enum piece_kind kind) {
  if (is_unreserved(*at)) return true;
  if (kind != PIECE_RESERVED) return false;
  return is_reserved(*at) || (*at == '%' && is_hex(at[1]) && is_hex(at[2]));
}

static void add_encoded(struct filling *f, const char *at, enum piece_kind kind) {
  static const char hex[] = "0123456789ABCDEF";
  while (*at) {
    const char *from = at;
    while (*at && stays(at, kind)) at++;
    add(f, from, (size_t)(at - from));
    if (!*at) break;
    unsigned char c = (unsigned char)*at++;
    const char code[3] = {'%', hex[c >> 4], hex[c & 15]};
    add(f, code, sizeof code);
  }
}

char *template_fill(const struct template *t, template_lookup *lookup, void *arg,
                    const char **ret_missing) {
  struct filling f = {0};
  *ret_missing = NULL;
  add(&f, "", 0);
  for (size_t i = 0; i < t->count; i++) {
    const struct piece *p = &t->pieces[i];
    if (p->kind == PIECE_LITERAL) {
      add(&f, p->text, p->size);
      continue;
    }
    const char *value = lookup(p->text, arg);
    if (!value) {
      *ret_missing = p->text;
      free(f.text);
      return NULL;
    }
    if (t->escape == TEMPLATE_URL)
      add_encoded(&f, value, p->kind);
    else
      add(&f, value, strlen(value));
  }
  if (f.no_memory) {
    free(f.text);
    return NULL;
  }
  f.text[f.size] = 0;
  return f.text;
}

void template_missing(const char *missing, const char *const *names, size_t n,
                      char error[TEMPLATE_MESSAGE]) {
  char quote[PROBLEM_QUOTE];
  size_t at = (size_t)snprintf(error, TEMPLATE_MESSAGE, "there is no column \"%s\"%s",
                               problem_quote((struct text){missing, strlen(missing)}, quote),
                               n > 0 ? "; there are: " : "; the item has none");
  for (size_t i = 0; i < n; i++) {
    const char *comma = i > 0 ? ", " : "";
    problem_quote((struct text){names[i], strlen(names[i])}, quote);
    if (at + strlen(comma) + strlen(quote) + sizeof ", ..." > TEMPLATE_MESSAGE) {
      snprintf(error + at, TEMPLATE_MESSAGE - at, ", ...");
      return;
    }
    at += (size_t)snprintf(error + at, TEMPLATE_MESSAGE - at, "%s%s", comma, quote);
  }
}
