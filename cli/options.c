/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "command.h"
#include "message.h"
#include "options_value.h"
#include "suggest.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 96 };

static bool takes_value(const struct option_spec *o) {
  return o->kind != OPTION_FLAG && o->kind != OPTION_SET && o->kind != OPTION_HELP;
}

/* getopt_long's view of the table. Index i of `longs` belongs to specs[i]. */
struct view {
  const struct option_spec *specs[MOST_OPTIONS];
  struct option longs[MOST_OPTIONS + 1];
  char letters[2 * MOST_OPTIONS + 2];
};

static void make_view(const struct option_spec *table, struct view *v) {
  size_t n = 0, l = 0;
  *v = (struct view){0};
  v->letters[l++] = ':'; /* tell a missing value from an unknown option */
  for (const struct option_spec *o = table; o->kind != OPTION_END && n < MOST_OPTIONS; o++) {
    if (o->kind == OPTION_GROUP) continue;
    int argument = takes_value(o) ? required_argument : no_argument;
    v->specs[n] = o;
    v->longs[n++] = (struct option){o->name, argument, NULL, 0};
    if (!o->letter) continue;
    v->letters[l++] = o->letter;
    if (argument == required_argument) v->letters[l++] = ':';
  }
}

void option_list_fini(struct option_list *list) {
  if (!list) return;
  free(list->items);
  *list = (struct option_list){0};
}

static bool add_item(struct option_list *list, const char *text) {
  const char **more = realloc(list->items, (list->n + 1) * sizeof *more);
  if (!more) return false;
  more[list->n++] = text;
  list->items = more;
  return true;
}

static bool store_choice(const struct option_spec *o, const char *text, int *at) {
  int i = value_choice(o->value, text);
  if (i >= 0) *at = i;
  return i >= 0;
}

/* Stores one option's value; false if it makes no sense. */
static bool store(const struct option_spec *o, const char *text, void *values) {
  void *at = (char *)values + o->offset;
  switch (o->kind) {
  case OPTION_FLAG:
    *(bool *)at = true;
    return true;
  case OPTION_SET:
    *(int *)at = (int)o->least;
    return true;
  case OPTION_TEXT:
    *(const char **)at = text;
    return true;
  case OPTION_LIST:
    return add_item(at, text);
  case OPTION_COUNT:
    return value_count(text, o->least, at);
  case OPTION_SEED:
    return value_seed(text, at);
  case OPTION_REAL:
    return value_real(text, o->least, at);
  case OPTION_SECONDS:
    return value_seconds(text, o->least, at);
  case OPTION_BYTES:
    return value_bytes(text, o->least, at);
  case OPTION_RATE:
    return value_rate(text, at);
  case OPTION_SHARE:
    return value_share(text, at);
  case OPTION_RANGE:
    return value_range(text, at);
  case OPTION_CHOICE:
    return store_choice(o, text, at);
  case OPTION_HELP:
  case OPTION_GROUP:
  case OPTION_END:
    break;
  }
  return true;
}

/* What an option's value has to be: "a whole number, at least 1". */
static void describe(const struct option_spec *o, char *out, size_t room) {
  const char *what = "a value";
  switch (o->kind) {
  case OPTION_COUNT:
    snprintf(out, room, "a whole number, at least %g", o->least);
    return;
  case OPTION_REAL:
    snprintf(out, room, "a number above %g", o->least);
    return;
  case OPTION_SECONDS:
    if (o->least >= 0)
      snprintf(out, room, "a time above %g s, as 30, 1.5, 500ms, 2m or 1h", o->least);
    else
      snprintf(out, room, "a time, as 30, 1.5, 500ms, 2m or 1h");
    return;
  case OPTION_BYTES:
    snprintf(out, room, "a size, at least %g, as 512, 10k, 1.5M or 64KiB (powers of 1024)",
             o->least);
    return;
  case OPTION_SEED:
    what = "a whole number";
    break;
  case OPTION_RATE:
    what = "a number a time, as 10/s, 8/min, 500/hour or 25/day";
    break;
  case OPTION_SHARE:
    what = "a whole number from 1 on or a percentage, as 10 or 5%";
    break;
  case OPTION_RANGE:
    what = "a time or two, the shorter one first, as 200ms or 100-500ms";
    break;
  case OPTION_END:
  case OPTION_GROUP:
  case OPTION_FLAG:
  case OPTION_TEXT:
  case OPTION_LIST:
  case OPTION_CHOICE:
  case OPTION_SET:
  case OPTION_HELP:
    break;
  }
  snprintf(out, room, "%s", what);
}

static int bad_value(const struct command *c, const struct option_spec *o, const char *text) {
  char what[120];
  describe(o, what, sizeof what);
  if (o->kind == OPTION_LIST)
    message("%s: out of memory", c->name);
  else if (o->kind == OPTION_CHOICE)
    message("%s: --%s can be %s, not \"%s\"", c->name, o->name, o->value, text);
  else
    message("%s: --%s needs %s, not \"%s\"", c->name, o->name, what, text);
  return EXIT_USAGE;
}

static int unknown(const struct command *c, const struct view *v, const char *name) {
  const char *names[MOST_OPTIONS];
  size_t n = 0;
  for (; v->specs[n]; n++) names[n] = v->specs[n]->name;
  char word[64];
  snprintf(word, sizeof word, "%.*s", (int)strcspn(name, "="), name);
  const char *near = suggest(word, names, n);
  if (near)
    message("%s: there is no option --%s; is --%s meant?", c->name, word, near);
  else
    message("%s: there is no option --%s; see: meantime %s --help", c->name, word, c->name);
  return EXIT_USAGE;
}

/* getopt_long takes abbreviations; they are told by the word on the command line, which is the last
 * one it consumed, or the one before if the value stood apart. */
static bool is_abbreviated(const struct option_spec *o, char **argv) {
  const char *word = argv[optind - 1];
  if (takes_value(o) && optarg == word) word = argv[optind - 2];
  size_t n = strcspn(word + 2, "=");
  return strlen(o->name) != n || strncmp(o->name, word + 2, n) != 0;
}

static const struct option_spec *named(const struct view *v, const char *name) {
  size_t n = strcspn(name, "=");
  for (size_t i = 0; v->specs[i]; i++)
    if (strlen(v->specs[i]->name) == n && strncmp(v->specs[i]->name, name, n) == 0)
      return v->specs[i];
  return NULL;
}

/* getopt_long was not content with the word before optind. */
static int mistake(const struct command *c, const struct view *v, int result, char **argv) {
  const char *word = argv[optind - 1];
  bool is_long = optopt == 0 && strncmp(word, "--", 2) == 0;
  if (!is_long && result == ':')
    message("%s: -%c needs a value", c->name, optopt);
  else if (!is_long)
    message("%s: there is no option -%c; see: meantime %s --help", c->name, optopt, c->name);
  if (!is_long) return EXIT_USAGE;
  const struct option_spec *o = named(v, word + 2);
  if (!o) return unknown(c, v, word + 2);
  if (result == ':')
    message("%s: --%s needs a value: %s", c->name, o->name, o->value);
  else
    message("%s: --%s takes no value", c->name, o->name);
  return EXIT_USAGE;
}

int options_parse(const struct command *command, int argc, char **argv, void *values,
                  int *ret_operands) {
  struct view v;
  make_view(command->options, &v);
  opterr = 0;
  optind = 0; /* glibc: start afresh */
  for (;;) {
    int index = -1;
    int result = getopt_long(argc, argv, v.letters, v.longs, &index);
    if (result == -1) break;
    if (result == '?' || result == ':') return mistake(command, &v, result, argv);
    const struct option_spec *o = NULL;
    if (index >= 0)
      o = v.specs[index];
    else
      for (size_t i = 0; v.specs[i]; i++)
        if (v.specs[i]->letter == result) o = v.specs[i];
    if (index >= 0 && is_abbreviated(o, argv)) {
      const char *word = argv[optind - 1];
      if (takes_value(o) && optarg == word) word = argv[optind - 2];
      return unknown(command, &v, word + 2);
    }
    if (o->kind == OPTION_HELP) {
      options_help(command);
      return EXIT_FINE;
    }
    if (!store(o, optarg, values)) return bad_value(command, o, optarg);
  }
  *ret_operands = optind;
  return -1;
}

/* The help of an alias names the first entry that has help and is stored in the same place. */
static const char *help_of(const struct command *c, const struct option_spec *alias, char *out,
                           size_t room) {
  if (alias->help) return alias->help;
  for (const struct option_spec *o = c->options; o->kind != OPTION_END; o++) {
    if (o->kind != alias->kind || o->offset != alias->offset || !o->help) continue;
    snprintf(out, room, "the same as --%s", o->name);
    return out;
  }
  return "";
}

static void help_line(const struct command *c, const struct option_spec *o) {
  char left[80], same[80];
  const char *value = takes_value(o) ? o->value : "", *gap = *value ? " " : "";
  if (o->letter)
    snprintf(left, sizeof left, "-%c, --%s%s%s", o->letter, o->name, gap, value);
  else
    snprintf(left, sizeof left, "    --%s%s%s", o->name, gap, value);
  enum { INDENT = 30 };
  if (strlen(left) > INDENT - 2)
    printf("  %s\n%*s", left, INDENT + 2, "");
  else
    printf("  %-*s", INDENT, left);
  for (const char *line = help_of(c, o, same, sizeof same);;) {
    int n = (int)strcspn(line, "\n");
    printf("%.*s\n", n, line);
    if (!line[n]) break;
    line += n + 1;
    printf("%*s", INDENT + 2, "");
  }
}

void options_help(const struct command *c) {
  printf("Usage: meantime %s %s\n\n%s", c->name, c->usage, c->about);
  for (const struct option_spec *o = c->options; o->kind != OPTION_END; o++) {
    if (o->kind == OPTION_GROUP)
      printf("\n%s\n", o->help);
    else
      help_line(c, o);
  }
  printf("\nExamples\n%s", c->examples);
}
