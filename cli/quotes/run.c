/* SPDX-License-Identifier: MIT
 *
 * run.c: the run: what is opened for it, in which order, and how a line of the input becomes a
 * symbol. */
#include "quotes.h"

#include "../command.h"
#include "../message.h"
#include "../price/text.h"
#include "../quote/generic.h"
#include "../quote/server.h"
#include "../quote/symbol.h"
#include "../signals.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -- symbols ---------------------------------------------------------------------------------- */

/* What stands in the row as its symbol; NULL: nothing. */
static const char *symbol_of(const struct item_row *row) {
  static const char *const columns[] = {"symbol", "ticker", "item"};
  if (row->format == ITEM_LINES) return row->values[0];
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    for (size_t j = 0; j < row->count; j++)
      if (strcasecmp(row->names[j], columns[i]) == 0) return row->values[j];
  return NULL;
}

static void find_symbol(struct quotes_item *item, const char *problem) {
  const struct item_row *row = item->row;
  const char *given = problem ? NULL : symbol_of(row);
  item->ticker = given ? given : row->text;
  item->hopeless = true;
  if (!given) {
    quote_fail(&item->fault, QUOTE_INVALID_SYMBOL, "%s",
               problem ? problem : "there is no column \"symbol\" or \"ticker\"");
    return;
  }
  struct text t = text_trim((struct text){given, strlen(given)});
  /* A line's own size tells of a NUL in it, at which the string ends. */
  if (given == row->text && strlen(given) < row->size) t = (struct text){given, row->size};
  if (!symbol_check(t.at, t.size, &item->fault)) return;
  memcpy(item->symbol, t.at, t.size);
  item->symbol[t.size] = 0;
  item->ticker = item->symbol;
  item->hopeless = false;
}

static struct quotes_item *item_new(struct quotes *q, struct item_row *row, const char *problem) {
  struct quotes_item *item = calloc(1, sizeof *item);
  if (!item) {
    item_row_free(row);
    return NULL;
  }
  item->quotes = q;
  item->index = q->drawn;
  item->row = row;
  item->worker = -1;
  item->start = (double)NAN;
  quote_init(&item->quote);
  find_symbol(item, problem);
  return item;
}

static enum conduct_drawn draw(void *quotes, void **ret) {
  struct quotes *q = quotes;
  for (;;) {
    struct item_row *row;
    char problem[ITEM_MESSAGE];
    if (signals_interrupted()) return DRAWN_END;
    enum item_kind kind = item_list_next(&q->list, &row, problem);
    if (kind == ITEM_LATER) return DRAWN_LATER;
    if (kind == ITEM_END) return DRAWN_END;
    if (kind == ITEM_NO_MEMORY) return DRAWN_NO_MEMORY;
    q->drawn++;
    if (kind == ITEM_ROW && q->journal && q->options->resume &&
        journal_done(q->journal, row->text, row->size)) {
      q->resumed++;
      item_row_free(row);
      continue;
    }
    *ret = item_new(q, row, kind == ITEM_PROBLEM ? problem : NULL);
    return *ret ? DRAWN_ITEM : DRAWN_NO_MEMORY;
  }
}

static int draw_fd(void *quotes) {
  return item_list_fd(&((struct quotes *)quotes)->list);
}

static uint64_t total(void *quotes) {
  return item_list_total(&((struct quotes *)quotes)->list);
}

/* -- what the run needs ----------------------------------------------------------------------- */

static struct roster_options roster_options(const struct quotes_options *o) {
  struct roster_options r = {.names = o->providers, .base_url = o->base_url, .config = o->config};
  if (o->rate.n > 0) rate_of(o->rate.n, o->rate.per_ns, &r.rate);
  return r;
}

int quotes_list_providers(const struct quotes_options *o) {
  struct roster_options r = roster_options(o);
  char error[ROSTER_ERROR];
  if (roster_list(&r, stdout, error)) return EXIT_FINE;
  message("quotes: %s", error);
  return EXIT_USAGE;
}

static bool open_roster(struct quotes *q) {
  struct roster_options r = roster_options(q->options);
  char error[ROSTER_ERROR];
  bool fine = roster_open(&r, &q->roster, error);
  if (!fine) message("quotes: %s", error);
  return fine;
}

static bool open_logs(struct quotes *q) {
  const struct quotes_options *o = q->options;
  char log_error[JOURNAL_MESSAGE], failed_error[ITEM_MESSAGE];
  if (o->log && !journal_open(o->log, o->resume, &q->journal, log_error)) {
    message("quotes: --log: %s", log_error);
    return false;
  }
  if (o->failed && !failed_open(o->failed, o->input.items, o->input.n, &q->failed, failed_error)) {
    message("quotes: --failed: %s", failed_error);
    return false;
  }
  return true;
}

static bool open_server(struct quotes *q, struct quotes_server *s, const struct provider *p) {
  static const char *const headers[] = {"Accept: application/json"};
  static const char user_agent[] = "meantime/" MT_VERSION " (meantime quotes; libcurl)";
  const char *url = p->generic ? generic_url(p) : p->base_url;
  unsigned jobs = q->options->run.jobs < UINT_MAX ? (unsigned)q->options->run.jobs : UINT_MAX;
  char error[HTTP_MESSAGE];
  s->provider = p;
  /* What is for this machine must not take its way by a proxy. */
  s->settings = (struct http_settings){.headers = headers,
                                       .header_count = 1,
                                       .user_agent = user_agent,
                                       .proxy = server_is_here(url) ? "" : NULL,
                                       .compressed = true,
                                       .connect_timeout_ns = MT_SECONDS(10),
                                       .keep = jobs};
  s->turns = turns_new(&p->rates);
  if (!s->turns || mt_limit_open(&(mt_limit_options){.permits = jobs}, &s->jobs) < 0) {
    message("quotes: out of memory");
    return false;
  }
  s->client = http_client_open(&s->settings, q->conduct.workers, error);
  if (!s->client) message("quotes: %s", error);
  return s->client;
}

static bool open_servers(struct quotes *q) {
  q->servers = calloc(q->roster.count, sizeof *q->servers);
  bool fine = q->servers;
  if (!fine) message("quotes: out of memory");
  for (size_t i = 0; fine && i < q->roster.count; i++)
    fine = open_server(q, &q->servers[i], q->roster.at[i]);
  return fine;
}

/* The executor is closed: nothing runs any more. */
static void close_all(struct quotes *q) {
  int error = journal_close(q->journal);
  if (error) message("quotes: --log: %s", strerror(error));
  failed_close(q->failed);
  for (size_t i = 0; q->servers && i < q->roster.count; i++) {
    http_client_close(q->servers[i].client);
    mt_limit_close(q->servers[i].jobs);
    turns_free(q->servers[i].turns);
  }
  free(q->servers);
  roster_close(&q->roster);
  item_list_end(&q->list);
}

/* -- the run ---------------------------------------------------------------------------------- */

/* More than are asked for at once: those that wait for their turn hold no thread. */
static unsigned in_flight_for(unsigned long jobs) {
  enum { LEAST = 64, MOST = 4096 };
  unsigned long twice = jobs > MOST ? MOST : 2 * jobs;
  return twice < LEAST ? LEAST : (unsigned)twice;
}

static bool run(struct quotes *q, const struct conduct_job *job) {
  if (!open_servers(q) || !quotes_output_begin(q)) return false;
  conduct_run(&q->conduct, job);
  quotes_output_end(q);
  return true;
}

int quotes_run(struct quotes_options *o, char **symbols, size_t n) {
  struct quotes q = {.options = o};
  unsigned in_flight = in_flight_for(o->run.jobs);
  q.retry = (mt_retry){.repeats = o->retries < UINT_MAX ? (unsigned)o->retries : UINT_MAX,
                       .first_ns = MT_MS(500),
                       .worth = quotes_worth_it,
                       .worth_arg = &q};
  struct conduct_job job = {
      .name = "quotes",
      .what = "quotes",
      .context = &q,
      .run = quotes_task,
      .drop = quotes_item_free,
      .retry = q.retry.repeats ? &q.retry : NULL,
      .deadline_ns = o->deadline_ns,
      .draw = draw,
      .draw_fd = draw_fd,
      .take = quotes_take,
      .idle = quotes_idle,
      .total = total,
      .ahead = 2 * (size_t)in_flight,
  };
  signals_begin();
  item_list_begin(&q.list, symbols, n, o->input.items, o->input.n, ITEM_AUTO, false);
  bool opened = open_roster(&q) && open_logs(&q);
  int status = opened ? conduct_open(&q.conduct, &o->run, "quotes", 1, in_flight) : EXIT_USAGE;
  if (!status) {
    if (!run(&q, &job)) status = EXIT_USAGE;
    conduct_close(&q.conduct);
    if (!status && !o->quiet) quotes_summary(&q);
  }
  close_all(&q);
  return status ? status : conduct_verdict(&q.conduct);
}
