/* SPDX-License-Identifier: MIT
 *
 * task.c: one attempt at a symbol: providers are asked in order until one gives a price.
 *
 *   provider 1 --fault--> provider 2 --fault--> ... --> the attempt has failed
 *        |                     |
 *        +------- price -------+--> its further requests: details, not worth losing the price for
 *
 * Before a request, its provider's turn is waited for (turns.h); a provider that is in a pause is
 * passed over as long as there is another one after it. The first throttling pauses the provider
 * for all symbols. The attempt's fault has the kind of the first provider's, and the causes of all;
 * another attempt follows if it may help with any of them. Details that failed are asked for again
 * in the attempts that are left, and then done without. */
#include "quotes.h"

#include "../http/body.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
  BODY_MOST = 4 << 20,
  PAUSE_MOST_S = 600 /* a provider that wants a longer one is not waited for in this run */
};

static double unix_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* How an attempt at something went. */
enum went {
  WENT_WELL,
  WENT_WRONG, /* a fault says how */
  WENT_CUT    /* cancelled: nothing is told about it */
};

/* -- one request ------------------------------------------------------------------------------ */

/* The wait for its turn was cut. What went wrong in the attempt before is the deeper cause. */
static enum went never_came(const struct quotes_item *item, const struct quotes_server *s,
                            mt_status st, struct quote_fault *f) {
  if (st == MT_ECANCELED) return WENT_CUT;
  const char *before = item->fault.message;
  quote_fail(f, QUOTE_THROTTLED, "%s could not be asked: %s%s%.*s", s->provider->name,
             st == MT_EDEADLINE ? "the deadline passed before it was its turn" : mt_status_text(st),
             *before ? "; before: " : "", QUOTE_MESSAGE / 2, before);
  f->again = false;
  f->pause_ns = 0;
  return WENT_WRONG;
}

static void network_fault(const struct quotes_server *s, const struct http_response *r,
                          struct quote_fault *f) {
  const char *name = s->provider->name;
  char says[ANSWER_SAYS];
  answer_says(s->provider, r->message, says);
  switch (r->error) {
  case HTTP_TIMEOUT:
  case HTTP_DNS:
  case HTTP_CONNECT:
  case HTTP_RESET:
  case HTTP_PARTIAL:
    quote_fail(f, QUOTE_NETWORK, "no answer from %s: %s", name, says);
    break;
  case HTTP_TLS:
  case HTTP_DEADLINE:
    quote_fail(f, QUOTE_NETWORK, "no answer from %s: %s", name, says);
    f->again = false;
    break;
  case HTTP_TOO_LARGE:
  case HTTP_ENCODING:
  case HTTP_PROTOCOL:
  case HTTP_REDIRECTS:
    quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave an answer that cannot be read: %s", name, says);
    break;
  default:
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s could not be asked: %s", name, says);
    f->again = false;
  }
}

static enum went transfer(struct quotes_item *item, const struct quotes_server *s,
                          const struct provider_request *r, unsigned step, struct quote_fault *f) {
  struct body body;
  struct http_response response = {.retry_after_ns = -1};
  body_init(&body, BODY_MOST, BODY_MOST);
  const char *headers[PROVIDER_HEADERS];
  for (size_t i = 0; i < r->header_count; i++) headers[i] = r->headers[i];
  struct http_request request = {.url = r->url,
                                 .headers = headers,
                                 .header_count = r->header_count,
                                 .timeout_ns = item->quotes->options->timeout_ns,
                                 .body = &body};
  if (isnan(item->start)) item->start = unix_now();
  enum http_error error = http_perform(s->client, &request, &response);
  item->seconds += response.seconds;
  item->status = response.status;
  enum went went = WENT_WRONG;
  if (error == HTTP_CANCELLED) {
    went = WENT_CUT;
  } else if (error != HTTP_FINE && error != HTTP_STATUS) {
    network_fault(s, &response, f);
  } else {
    struct answer answer = {.status = response.status,
                            .retry_after_ns = response.retry_after_ns,
                            .body = body_bytes(&body),
                            .size = (size_t)body.size};
    if (!answer.body) answer.size = 0;
    if (provider_read(s->provider, item->symbol, step, &answer, &item->quote, f)) went = WENT_WELL;
  }
  body_fini(&body);
  return went;
}

/* What a fault means for everybody else who wants to ask this provider. */
static void heed(const struct quotes_server *s, struct quote_fault *f) {
  int64_t pause_ns = f->pause_ns < 0 ? s->provider->pause_ns : f->pause_ns;
  if (f->spent || pause_ns > MT_SECONDS(PAUSE_MOST_S)) {
    f->again = false;
    turns_spend(s->turns);
  } else if (pause_ns > 0) {
    turns_pause(s->turns, pause_ns);
  }
}

/* With others left to ask, a provider's pause is not waited for. */
static enum went wait_for_turn(const struct quotes_item *item, const struct quotes_server *s,
                               bool patient, struct quote_fault *f) {
  int turn = turns_wait(s->turns, patient);
  if (turn == 0) return WENT_WELL;
  if (turn < 0) return never_came(item, s, turn, f);
  quote_fail(f, QUOTE_THROTTLED,
             turn == TURNS_SPENT ? "%s has had all requests of the day"
                                 : "%s is not asked for a while: it has had too many requests",
             s->provider->name);
  f->again = turn == TURNS_PAUSED;
  f->pause_ns = 0;
  return WENT_WRONG;
}

static enum went ask(struct quotes_item *item, const struct quotes_server *s, unsigned step,
                     bool patient, struct quote_fault *f) {
  struct provider_request r;
  if (!provider_request(s->provider, item->symbol, step, &r)) {
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s could not be asked: out of memory", s->provider->name);
    return WENT_WRONG;
  }
  mt_status st = mt_acquire(s->jobs, MT_FOREVER);
  enum went went = st < 0 ? never_came(item, s, st, f) : wait_for_turn(item, s, patient, f);
  if (went == WENT_WELL) {
    went = transfer(item, s, &r, step, f);
    if (went == WENT_WRONG) heed(s, f);
  }
  if (st == 0) mt_release(s->jobs);
  provider_request_fini(&r);
  return went;
}

/* -- one attempt ------------------------------------------------------------------------------ */

/* Adds a cause to others, as far as there is room. */
static void add_cause(char causes[QUOTE_MESSAGE], const char *cause) {
  int n = (int)strlen(causes), room = QUOTE_MESSAGE - n - 1;
  if (room > 2)
    snprintf(causes + n, (size_t)room + 1, "%s%.*s", n ? "; " : "", n ? room - 2 : room, cause);
}

/* The first request of each provider, until one gives a price. */
static enum went find_price(struct quotes_item *item) {
  struct quotes *q = item->quotes;
  struct quote_fault all = {.kind = QUOTE_FINE};
  for (size_t i = 0; i < q->roster.count; i++) {
    struct quotes_server *s = &q->servers[i];
    struct quote_fault f;
    bool last = i + 1 == q->roster.count;
    enum went went = ask(item, s, 0, last, &f);
    if (went == WENT_CUT) return WENT_CUT;
    if (went == WENT_WELL) {
      item->by = s;
      item->steps = 1;
      memcpy(item->instead, all.message, sizeof item->instead);
      return WENT_WELL;
    }
    if (all.kind == QUOTE_FINE) all.kind = f.kind;
    all.again = all.again || f.again;
    add_cause(all.message, f.message);
  }
  item->fault = all;
  return WENT_WRONG;
}

/* The further requests of the provider that gave the price. */
static enum went find_details(struct quotes_item *item) {
  const struct quotes *q = item->quotes;
  for (; item->steps < provider_requests(item->by->provider); item->steps++) {
    struct quote_fault f;
    enum went went = ask(item, item->by, item->steps, true, &f);
    if (went == WENT_CUT) return WENT_CUT;
    if (went == WENT_WELL) continue;
    if (f.again && item->attempts <= q->retry.repeats) {
      item->fault = f;
      return WENT_WRONG;
    }
    snprintf(item->lacking, sizeof item->lacking, "%s", f.message);
  }
  return WENT_WELL;
}

mt_value quotes_task(mt_value arg) {
  struct quotes_item *item = arg.data;
  item->attempts = mt_attempt();
  item->worker = mt_worker();
  if (item->hopeless) return mt_fail((int)item->fault.kind, "%s", item->fault.message);
  enum went went = item->by ? WENT_WELL : find_price(item);
  if (went == WENT_WELL) went = find_details(item);
  if (went == WENT_CUT) return mt_give_up(MT_ECANCELED);
  if (went == WENT_WRONG) return mt_fail((int)item->fault.kind, "%s", item->fault.message);
  return mt_none();
}

bool quotes_worth_it(void *quotes, const mt_error *error, int64_t *delay_ns) {
  const struct quotes_item *item = mt_argument(mt_self()).data;
  (void)quotes;
  (void)delay_ns;
  return error->code > 0 && !item->hopeless && item->fault.again;
}

void quotes_item_free(mt_value arg) {
  struct quotes_item *item = arg.data;
  item_row_free(item->row);
  free(item);
}
