/* SPDX-License-Identifier: MIT */
#include "options.h"

#include "command.h"
#include "message.h"
#include "suggest.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_OPTIONS = 64 };

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

static int choose(const char *choices, const char *text) {
  size_t size = strlen(text);
  for (int i = 0; *choices; i++) {
    size_t n = strcspn(choices, "|");
    if (n == size && strncmp(choices, text, n) == 0) return i;
    choices += n + (choices[n] == '|');
  }
  return -1;
}

static bool count_of(const char *text, double least, unsigned long *ret) {
  char *stop;
  errno = 0;
  if (*text < '0' || *text > '9') return false;
  unsigned long v = strtoul(text, &stop, 10);
  if (*stop || errno || (double)v < least) return false;
  *ret = v;
  return true;
}

static bool seed_of(const char *text, unsigned long long *ret) {
  char *stop;
  errno = 0;
  if (*text < '0' || *text > '9') return false;
  unsigned long long v = strtoull(text, &stop, 0);
  if (*stop || errno) return false;
  *ret = v;
  return true;
}

static bool real_of(const char *text, double least, double *ret) {
  char *stop;
  double v = strtod(text, &stop);
  if (stop == text || *stop || !isfinite(v) || !(v > least)) return false;
  *ret = v;
  return true;
}

/* Stores one option's value; false, with a message, if it makes no sense. */
static bool store(const struct command *c, const struct option_spec *o, const char *text,
                  void *values) {
  void *at = (char *)values + o->offset;
  int i;
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
  case OPTION_COUNT:
    if (count_of(text, o->least, at)) return true;
    message("%s: --%s needs a whole number, at least %g, not \"%s\"", c->name, o->name, o->least,
            text);
    return false;
  case OPTION_SEED:
    if (seed_of(text, at)) return true;
    message("%s: --%s needs a whole number, not \"%s\"", c->name, o->name, text);
    return false;
  case OPTION_REAL:
    if (real_of(text, o->least, at)) return true;
    message("%s: --%s needs a number above %g, not \"%s\"", c->name, o->name, o->least, text);
    return false;
  case OPTION_CHOICE:
    if ((i = choose(o->value, text)) >= 0) {
      *(int *)at = i;
      return true;
    }
    message("%s: --%s can be %s, not \"%s\"", c->name, o->name, o->value, text);
    return false;
  case OPTION_HELP:
  case OPTION_GROUP:
  case OPTION_END:
    break;
  }
  return true;
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
    if (!store(command, o, optarg, values)) return EXIT_USAGE;
  }
  *ret_operands = optind;
  return -1;
}

static void help_line(const struct option_spec *o) {
  char left[80];
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
  for (const char *line = o->help;;) {
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
      help_line(o);
  }
  printf("\nExamples\n%s", c->examples);
}
