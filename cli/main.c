/* SPDX-License-Identifier: MIT */
#include "command.h"
#include "message.h"
#include "suggest.h"

#include <locale.h>
#include <meantime.h>
#include <stdio.h>
#include <string.h>

static const struct command *const commands[] = {&command_fetch, &command_quotes, &command_stats,
                                                 &command_sample, &command_serve};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const struct command *find(const char *name) {
  for (size_t i = 0; i < COMMANDS; i++)
    if (strcmp(commands[i]->name, name) == 0) return commands[i];
  return NULL;
}

static const char examples[] =
    "  meantime fetch -i urls.txt --output-dir pages    many URLs at once, to a file each\n"
    "  meantime sample prices && meantime stats prices  price files, and their statistics\n"
    "  meantime stats --as-completed -f csv prices      as they finish, one line each\n"
    "  find . -name '*.csv' | meantime stats -          a list of files, read as it comes\n"
    "  meantime serve                                   a quote server to try requests with\n";

static int print_examples(void) {
  printf("When waiting is the bottleneck, do the rest in the meantime. Try:\n\n%s\n"
         "meantime --help lists the commands.\n",
         examples);
  return EXIT_FINE;
}

static int print_help(void) {
  printf("Usage: meantime COMMAND [OPTION]... [OPERAND]...\n\nCommands\n");
  for (size_t i = 0; i < COMMANDS; i++)
    printf("  %-10s %s\n", commands[i]->name, commands[i]->summary);
  printf("\nmeantime COMMAND --help tells a command's options; meantime --version the version.\n"
         "\nExamples\n%s",
         examples);
  return EXIT_FINE;
}

static int unknown(const char *word) {
  const char *names[COMMANDS];
  for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i]->name;
  const char *near = suggest(word, names, COMMANDS);
  const char *what = *word == '-' ? "option" : "command";
  if (near)
    message("there is no %s \"%s\"; is \"%s\" meant?", what, word, near);
  else
    message("there is no %s \"%s\"; meantime --help lists what there is", what, word);
  return EXIT_USAGE;
}

static int dispatch(int argc, char **argv) {
  if (argc < 2) return print_examples();
  const char *word = argv[1];
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
    printf("meantime %s\n", mt_version());
    return EXIT_FINE;
  }
  bool help = strcmp(word, "help") == 0;
  if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || (help && argc == 2))
    return print_help();
  const struct command *c = find(help ? argv[2] : word);
  if (!c) return unknown(help ? argv[2] : word);
  if (!help) return c->run(argc - 1, argv + 1);
  options_help(c);
  return EXIT_FINE;
}

/* Only the character set: the widths of names in a table depend on it, and how libcurl reads an
 * international host. Where there is none, it is UTF-8. Numbers stay as they are everywhere. */
static void set_characters(void) {
  const char *locale = setlocale(LC_CTYPE, "");
  if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0)
    setlocale(LC_CTYPE, "C.UTF-8");
}

int main(int argc, char **argv) {
  set_characters();
  int status = dispatch(argc, argv);
  if (fflush(stdout) == 0 && !ferror(stdout)) return status;
  return status ? status : EXIT_ITEMS;
}
