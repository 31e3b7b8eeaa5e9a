/* SPDX-License-Identifier: MIT
 *
 * quotes.h: meantime quotes: what its parts share.
 *
 *   command.c  options, and whether they make sense together
 *   run.c      symbols in, the run as a whole
 *   task.c     one attempt at a symbol, on a worker: which provider, which request, and what
 *              comes of it
 *   row.c      outcomes out: rows, the log, the last line
 *   ../quote/  what providers are; knows nothing of the run */
#ifndef CLI_QUOTES_QUOTES_H
#define CLI_QUOTES_QUOTES_H

#include "../conduct.h"
#include "../http/client.h"
#include "../items/failed.h"
#include "../items/journal.h"
#include "../items/list.h"
#include "../output/output.h"
#include "../quote/roster.h"
#include "../quote/turns.h"

#include <stdbool.h>
#include <stdint.h>

struct quotes_options {
  struct conduct_options run;
  struct option_list input;
  const char *providers, *base_url, *config;
  struct option_rate rate;
  unsigned long retries;
  int64_t timeout_ns, deadline_ns;
  int format;
  bool no_header, list_providers;
  const char *log, *failed;
  bool resume, quiet;
};

/* A provider that is asked. */
struct quotes_server {
  const struct provider *provider;
  struct turns *turns;
  mt_limit *jobs; /* requests to it at once; held while it is its turn that is waited for */
  struct http_settings settings;
  struct http_client *client;
};

struct quotes;

/* One symbol: the calling thread's until it is submitted and again once its future has settled; its
 * task's in between. What one attempt has found out, the next one need not ask again. */
struct quotes_item {
  struct quotes *quotes;
  uint64_t index; /* from 1 */
  struct item_row *row;
  char symbol[QUOTE_SYMBOL];
  const char *ticker; /* as it is shown: the symbol, or what the row has in its place */
  bool hopeless;      /* `fault` was found before there was anything to ask */
  struct quote_fault fault;

  struct quote quote;
  const struct quotes_server *by; /* who gave the price; NULL: nobody yet */
  unsigned steps;                 /* how many of its requests are done with */
  char instead[QUOTE_MESSAGE];    /* why others, asked before, did not give it; "" */
  char lacking[QUOTE_MESSAGE];    /* why details are missing; "" */

  unsigned attempts;
  int worker;
  long status;    /* of the last answer; 0: there was none */
  double start;   /* Unix time of its first transfer; NAN: none began */
  double seconds; /* of all its transfers: the notebook's fetch_time */
};

/* What the last lines tell: how often, and the first one of them. */
struct quotes_note {
  uint64_t count;
  char first[QUOTE_SYMBOL + QUOTE_MESSAGE + 4];
};

struct quotes {
  const struct quotes_options *options;
  struct conduct conduct;
  struct item_list list;
  struct roster roster;
  struct quotes_server *servers; /* roster.count of them */
  mt_retry retry;
  struct journal *journal;
  struct failed *failed;
  struct output output;
  unsigned unflushed; /* outcomes that are not in the log yet */
  uint64_t drawn, resumed;
  uint64_t faults[QUOTE_KINDS]; /* failures, by kind */
  struct quotes_note instead, lacking;
};

/* Runs it; returns the exit status. */
int quotes_run(struct quotes_options *o, char **symbols, size_t n);

/* Tells which providers there are; returns the exit status. */
int quotes_list_providers(const struct quotes_options *o);

/* -- task.c */
mt_value quotes_task(mt_value item);
bool quotes_worth_it(void *quotes, const mt_error *error, int64_t *delay_ns);
void quotes_item_free(mt_value item);

/* -- row.c */
bool quotes_output_begin(struct quotes *q);
void quotes_output_end(struct quotes *q);
bool quotes_take(void *quotes, void *item, const mt_error *error, mt_future *future,
                 enum conduct_outcome *ret);
void quotes_idle(void *quotes);
void quotes_summary(const struct quotes *q);

#endif
