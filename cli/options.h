/* SPDX-License-Identifier: MIT
 *
 * options.h: one table of options for each command. Parsing, --help and whatever else needs to know
 * the options (shell completion) read the same table.
 *
 * Long options are not abbreviated: what a script writes today must not change its meaning when an
 * option is added tomorrow. Options and operands may be mixed; `--` ends the options. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>

enum option_kind {
  OPTION_END = 0,
  OPTION_GROUP,  /* no option: a heading in --help */
  OPTION_FLAG,   /* bool */
  OPTION_COUNT,  /* unsigned long, at least `least` */
  OPTION_SEED,   /* unsigned long long, any */
  OPTION_REAL,   /* double, above `least` */
  OPTION_TEXT,   /* const char * */
  OPTION_CHOICE, /* int, the index in `choices` */
  OPTION_SET,    /* int, set to `least`: another name for one choice */
  OPTION_HELP
};

struct option_spec {
  enum option_kind kind;
  const char *name;  /* without its dashes */
  char letter;       /* 0 if it has none */
  size_t offset;     /* where its value is, in the command's struct */
  const char *value; /* what --help calls its value; for choices "a|b|c": these are the choices */
  const char *help;  /* may have several lines */
  double least;
};

struct command;

/* Parses into `values`. Operands are moved to argv[*ret_operands ..]. Returns -1 to go on; an exit
 * status when the command is over: after --help, or with a message on stderr after a mistake. */
int options_parse(const struct command *command, int argc, char **argv, void *values,
                  int *ret_operands);

/* Prints --help of a command on stdout. */
void options_help(const struct command *command);

#endif
