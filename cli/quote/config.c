/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "redact.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MOST = 1 << 20 };

struct reading {
  struct config *config;
  size_t line;
  char *error;
};

static bool fail(struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Values are never repeated in a message: they may be keys. */
static bool fail(struct reading *r, const char *format, ...) {
  char what[CONFIG_ERROR / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(what, sizeof what, format, args);
  va_end(args);
  if (r->line)
    snprintf(r->error, CONFIG_ERROR, "%.200s:%zu: %s", r->config->path, r->line, what);
  else
    snprintf(r->error, CONFIG_ERROR, "%.200s: %s", r->config->path, what);
  return false;
}

static bool fail_memory(struct reading *r) {
  return fail(r, "out of memory");
}

/* -- the text --------------------------------------------------------------------------------- */

static char *trim(char *text) {
  text += strspn(text, " \t\r");
  size_t n = strlen(text);
  while (n && strchr(" \t\r", text[n - 1])) n--;
  text[n] = 0;
  return text;
}

static bool same_name(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* Names are shown, logged and typed between commas: they have letters and digits. */
static bool is_name(const char *text) {
  size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
  return n > 0 && !text[n];
}

static bool add_section(struct reading *r, char *text) {
  struct config *c = r->config;
  char *end = strchr(text, ']');
  bool closed = end && !*trim(end + 1);
  if (closed) *end = 0;
  char *kind = trim(text + 1), *name = kind + strcspn(kind, " \t");
  if (*name) *name++ = 0;
  name = trim(name);
  if (!closed || !is_name(kind) || (*name && !is_name(name)))
    return fail(r, "a section is written [name] or [generic NAME], in letters, digits, . _ and -");
  struct section s = {.kind = kind, .name = *name ? name : NULL, .line = r->line};
  for (size_t i = 0; i < c->count; i++)
    if (strcmp(c->sections[i].kind, s.kind) == 0 && same_name(c->sections[i].name, s.name))
      return fail(r, "the section of line %zu begins again", c->sections[i].line);
  struct section *more = realloc(c->sections, (c->count + 1) * sizeof *more);
  if (!more) return fail_memory(r);
  c->sections = more;
  c->sections[c->count++] = s;
  return true;
}

static bool add_setting(struct reading *r, char *text) {
  struct config *c = r->config;
  char *equals = strchr(text, '=');
  if (!equals) return fail(r, "neither a [section] nor \"name = value\"");
  if (c->count == 0) return fail(r, "a setting before the first [section]");
  *equals = 0;
  struct section *s = &c->sections[c->count - 1];
  struct setting new = {trim(text), trim(equals + 1), r->line};
  if (!*new.name || strpbrk(new.name, " \t"))
    return fail(r, "a setting is written \"name = value\"");
  if (!*new.value) return fail(r, "\"%.40s\" has no value", new.name);
  for (const char *v = new.value; *v; v++)
    if (((unsigned char)*v < ' ' && *v != '\t') || *v == 0x7f)
      return fail(r, "the value of \"%.40s\" has a control character in it", new.name);
  /* Headers may be many; of the rest, two would contradict each other. */
  for (size_t i = 0; i < s->count; i++)
    if (strcmp(new.name, "header") != 0 && strcmp(s->settings[i].name, new.name) == 0)
      return fail(r, "\"%.40s\" was set in line %zu already", new.name, s->settings[i].line);
  struct setting *more = realloc(s->settings, (s->count + 1) * sizeof *more);
  if (!more) return fail_memory(r);
  s->settings = more;
  s->settings[s->count++] = new;
  return true;
}

static bool parse(struct reading *r) {
  char *next = r->config->text;
  if (strncmp(next, "\xef\xbb\xbf", 3) == 0) next += 3;
  while (next) {
    char *line = next;
    next = strchr(line, '\n');
    if (next) *next++ = 0;
    r->line++;
    line = trim(line);
    if (!*line || *line == '#' || *line == ';') continue;
    if (!(*line == '[' ? add_section(r, line) : add_setting(r, line))) return false;
  }
  r->line = 0;
  return true;
}

/* -- the file --------------------------------------------------------------------------------- */

static bool read_all(struct reading *r, int fd) {
  struct config *c = r->config;
  size_t n = 0;
  c->text = malloc(FILE_MOST + 1);
  if (!c->text) return fail_memory(r);
  for (ssize_t got = 1; got != 0 && n <= FILE_MOST;) {
    got = read(fd, c->text + n, FILE_MOST + 1 - n);
    if (got < 0 && errno != EINTR) return fail(r, "%s", strerror(errno));
    if (got > 0) n += (size_t)got;
  }
  if (n > FILE_MOST) return fail(r, "it is no configuration: larger than 1 MiB");
  c->text[n] = 0;
  if (strlen(c->text) != n) return fail(r, "it is no configuration: it has a NUL in it");
  return true;
}

static bool holds_secrets(const struct config *c) {
  for (size_t i = 0; i < c->count; i++)
    for (size_t j = 0; j < c->sections[i].count; j++) {
      const struct setting *s = &c->sections[i].settings[j];
      if (strcmp(s->name, "key") == 0) return true;
      if (strcmp(s->name, "header") == 0 && redact_suspects_header(s->value)) return true;
      if (redact_suspects_url(s->value)) return true;
    }
  return false;
}

static bool is_private(struct reading *r, const struct stat *st) {
  if (!holds_secrets(r->config)) return true;
  if (st->st_uid != geteuid())
    return fail(r, "it holds keys and belongs to somebody else (user %u); use a file of your own",
                (unsigned)st->st_uid);
  if (st->st_mode & 077)
    return fail(r,
                "it holds keys and others may read or write it (mode %04o); do: chmod 600 '%.200s'",
                (unsigned)(st->st_mode & 07777), r->config->path);
  return true;
}

static bool read_file(struct reading *r, bool must_exist) {
  struct stat st;
  int fd = open(r->config->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) {
    if (!must_exist && (errno == ENOENT || errno == ENOTDIR)) return true;
    return fail(r, "%s", strerror(errno));
  }
  bool fine;
  if (fstat(fd, &st) < 0)
    fine = fail(r, "%s", strerror(errno));
  else if (!S_ISREG(st.st_mode))
    fine = fail(r, "it is no regular file");
  else
    fine = read_all(r, fd) && parse(r) && is_private(r, &st);
  close(fd);
  return fine;
}

bool config_read(const char *path, bool must_exist, struct config **ret, char error[CONFIG_ERROR]) {
  struct config *c = calloc(1, sizeof *c);
  struct reading r = {.config = c, .error = error};
  if (!c || !(c->path = strdup(path))) {
    config_free(c);
    snprintf(error, CONFIG_ERROR, "out of memory");
    return false;
  }
  if (read_file(&r, must_exist)) {
    *ret = c;
    return true;
  }
  config_free(c);
  return false;
}

void config_free(struct config *c) {
  if (!c) return;
  for (size_t i = 0; i < c->count; i++) free(c->sections[i].settings);
  free(c->sections);
  free(c->text);
  free(c->path);
  free(c);
}

char *config_default_path(void) {
  const char *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
  char *path;
  int n = -1;
  if (base && *base == '/')
    n = asprintf(&path, "%s/meantime/quotes.conf", base);
  else if (home && *home == '/')
    n = asprintf(&path, "%s/.config/meantime/quotes.conf", home);
  return n < 0 ? NULL : path;
}
