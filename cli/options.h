/* SPDX-License-Identifier: MIT
 *
 * options.h: one table of options for each command. Parsing, --help and whatever else needs to know
 * the options (shell completion) read the same table.
 *
 * Long options are not abbreviated: what a script writes today must not change its meaning when an
 * option is added tomorrow. Options and operands may be mixed; `--` ends the options. Entries that
 * share an offset are names of one thing; the last one on the command line counts. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

enum option_kind {
  OPTION_END = 0,
  OPTION_GROUP,   /* no option: a heading in --help */
  OPTION_FLAG,    /* bool */
  OPTION_COUNT,   /* unsigned long, at least `least` */
  OPTION_SEED,    /* unsigned long long, any */
  OPTION_REAL,    /* double, above `least` */
  OPTION_TEXT,    /* const char * */
  OPTION_LIST,    /* struct option_list: each time it is given adds an item */
  OPTION_SECONDS, /* int64_t nanoseconds, above `least` seconds: 30, 1.5, 500ms, 2m, 1h */
  OPTION_BYTES,   /* uint64_t, at least `least`: 512, 10k, 1.5M, 64KiB (powers of 1024) */
  OPTION_RATE,    /* struct option_rate: 10/s, 8/min, 500/hour, 25/day */
  OPTION_SHARE,   /* struct option_share: 10 or 5% */
  OPTION_RANGE,   /* struct option_range: 100-500ms, 0.1-0.5, 200ms */
  OPTION_CHOICE,  /* int, the index in `choices` */
  OPTION_SET,     /* int, set to `least`: another name for one choice */
  OPTION_HELP
};

/* The items are words of the command line, in its order; the array is the list's. */
struct option_list {
  const char **items;
  size_t n;
};

void option_list_fini(struct option_list *list);

/* n of something in each per_ns; all zero: not given. */
struct option_rate {
  double n;
  int64_t per_ns;
};

/* Either a count or a percentage above 0, the other one is 0; both 0: not given. */
struct option_share {
  unsigned long count;
  double percent;
};

struct option_range {
  int64_t least_ns, most_ns;
};

struct option_spec {
  enum option_kind kind;
  const char *name;  /* without its dashes */
  char letter;       /* 0 if it has none */
  size_t offset;     /* where its value is, in the command's struct */
  const char *value; /* what --help calls its value; for choices "a|b|c": these are the choices */
  const char *help;  /* may have several lines; of an alias NULL: "the same as --..." */
  double least;
};

struct command;

/* Parses into `values`. Operands are moved to argv[*ret_operands ..]. Returns -1 to go on; an exit
 * status when the command is over: after --help, or with a message on stderr after a mistake. Lists
 * in `values` are the caller's to fini either way. */
int options_parse(const struct command *command, int argc, char **argv, void *values,
                  int *ret_operands);

/* Prints --help of a command on stdout. */
void options_help(const struct command *command);

#endif
