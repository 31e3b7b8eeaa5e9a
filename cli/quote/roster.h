/* SPDX-License-Identifier: MIT
 *
 * roster.h: the providers of a run, in the order in which they are asked, with what environment,
 * configuration and options say about them. */
#ifndef CLI_QUOTE_ROSTER_H
#define CLI_QUOTE_ROSTER_H

#include "provider.h"

#include <stdio.h>

struct roster_options {
  const char *names;    /* "yahoo,alphavantage"; NULL: yahoo */
  const char *base_url; /* of the one provider; NULL: its own server */
  const char *config;   /* a file; NULL: the usual one, if it exists */
  struct rate rate;     /* of each provider, instead of its own; n is 0: not given */
};

struct roster {
  struct provider **at;
  size_t count;
};

enum { ROSTER_ERROR = 800 };

/* Finds, configures and checks them all: a provider without its key, or one whose key would go to a
 * server unencrypted, is an error here and not after the first request. */
bool roster_open(const struct roster_options *o, struct roster *ret, char error[ROSTER_ERROR]);
void roster_close(struct roster *r);

/* Writes a line for each provider that there is: its name, its rates, whether it has a key. */
bool roster_list(const struct roster_options *o, FILE *to, char error[ROSTER_ERROR]);

#endif
