/* SPDX-License-Identifier: MIT
 *
 * config.h: the configuration of quotes: sections of settings.
 *
 *   # a comment
 *   [alphavantage]
 *   key = ...
 *   [generic mine]
 *   url = https://example.org/quote/{symbol}
 *
 * A line is a comment if it begins with # or ;. A value goes to the end of its line, without the
 * blanks around it. What a section may hold is not known here. */
#ifndef CLI_QUOTE_CONFIG_H
#define CLI_QUOTE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_ERROR = 600 };

struct setting {
  const char *name, *value;
  size_t line;
};

struct section {
  const char *kind; /* the first word between the brackets */
  const char *name; /* the second one; NULL: there is none */
  size_t line;
  struct setting *settings;
  size_t count;
};

struct config {
  char *path;
  char *text; /* all words point into it */
  struct section *sections;
  size_t count;
};

/* Reads a file. One that holds something secret must be the user's own and nobody else's to read:
 * else it is refused, with the chmod to do. False, with the error; a file that does not exist is
 * one only if it `must_exist`, and is otherwise read as an empty one. */
bool config_read(const char *path, bool must_exist, struct config **ret, char error[CONFIG_ERROR]);
void config_free(struct config *c);

/* The file that is read when none is named: below $XDG_CONFIG_HOME or ~/.config; NULL: there is no
 * such place, or no memory. To be freed. */
char *config_default_path(void);

#endif
