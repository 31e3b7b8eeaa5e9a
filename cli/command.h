/* SPDX-License-Identifier: MIT
 *
 * command.h: what a command of the command line is: an entry of the table in main.c. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "options.h"

enum {
  EXIT_FINE = 0,  /* all items succeeded */
  EXIT_ITEMS = 1, /* some failed */
  EXIT_USAGE = 2  /* wrong usage */
};

struct command {
  const char *name;
  const char *summary;  /* one line, for lists */
  const char *usage;    /* what follows the name: "[OPTION]... PATH..." */
  const char *about;    /* some lines for --help */
  const char *examples; /* lines, each indented by two */
  const struct option_spec *options;
  int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
};

extern const struct command command_fetch;
extern const struct command command_quotes;
extern const struct command command_stats;
extern const struct command command_sample;
extern const struct command command_serve;

#endif
