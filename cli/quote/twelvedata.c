/* SPDX-License-Identifier: MIT
 *
 * Twelve Data: one request gives everything, figures as strings. Errors are a body with `code` and
 * `message`, under that status or under 200. The key goes into a header, so that it is in no URL.
 * An answer for several symbols is an object of such answers by symbol: read, too, although one
 * symbol at a time is asked for, since each costs a credit either way.
 */
#include "field.h"
#include "provider.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool request(const struct provider *p, const char *symbol, unsigned step,
                    struct provider_request *ret) {
  (void)step;
  char *encoded = symbol_encode(symbol);
  int n = encoded ? asprintf(&ret->url, "%s/quote?symbol=%s", p->base_url, encoded) : -1;
  if (n < 0) ret->url = NULL;
  free(encoded);
  if (n < 0 || asprintf(&ret->headers[0], "Authorization: apikey %s", p->key) < 0) return false;
  ret->header_count = 1;
  return true;
}

/* The symbol's own part of the body: the body itself unless it has such a member. */
static json_t *part(json_t *body, const char *symbol) {
  json_t *own = json_object_get(body, symbol);
  return json_is_object(own) ? own : body;
}

static bool complains(const struct provider *p, const char *symbol, const struct answer *a,
                      json_t *body, struct quote_fault *f) {
  (void)a;
  json_t *own = part(body, symbol);
  double code = 0;
  bool error = strcmp(field_string(json_object_get(own, "status")), "error") == 0;
  field_number(json_object_get(own, "code"), &code);
  if (!error && !(code >= 400)) return false;
  const char *text = field_string(json_object_get(own, "message"));
  char says[ANSWER_SAYS];
  answer_says(p, text, says);
  bool plan = strcasestr(text, "available starting with") || strcasestr(text, "upgrad");
  if (code == 429 || strcasestr(text, "run out of api credits")) {
    quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests: %s", p->name, says);
    f->spent = strcasestr(text, "for the day");
    f->again = !f->spent;
  } else if (code == 401 || code == 403 || plan) {
    quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request: %s", p->name, says);
  } else if (code == 404 || (code == 400 && strcasestr(text, "symbol"))) {
    quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": %s", p->name, symbol, says);
  } else {
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s reports an error: %s", p->name, says);
    f->again = code >= 500;
  }
  return true;
}

/* "AAPL" answers for "AAPL", and also for "AAPL:NASDAQ". */
static bool same_symbol(const char *echo, const char *symbol) {
  char bare[QUOTE_SYMBOL];
  if (field_same_symbol(echo, symbol)) return true;
  snprintf(bare, sizeof bare, "%.*s", (int)strcspn(symbol, ":"), symbol);
  return *bare && field_same_symbol(echo, bare);
}

static bool read(const struct provider *p, const char *symbol, unsigned step, json_t *body,
                 struct quote *q, struct quote_fault *f) {
  (void)step;
  json_t *own = part(body, symbol);
  const char *echo = field_string(json_object_get(own, "symbol"));
  char says[ANSWER_SAYS];
  if (!*echo) return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a body that is no quote", p->name);
  if (!same_symbol(echo, symbol))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s was asked for \"%s\" and answered for \"%s\"",
                      p->name, symbol, answer_says(p, echo, says));
  q->price = field_positive(json_object_get(own, "close"));
  q->previous_close = field_positive(json_object_get(own, "previous_close"));
  q->volume = field_not_negative(json_object_get(own, "volume"));
  double number;
  if (field_number(json_object_get(own, "change"), &number) == FIELD_GOOD) q->change = number;
  if (field_number(json_object_get(own, "percent_change"), &number) == FIELD_GOOD)
    q->change_percent = number;
  json_t *weeks = json_object_get(own, "fifty_two_week");
  q->high_52w = field_positive(json_object_get(weeks, "high"));
  q->low_52w = field_positive(json_object_get(weeks, "low"));
  field_text(json_object_get(own, "currency"), q->currency, sizeof q->currency);
  /* `timestamp` is when the day's bar began, `last_quote_at` when the price was. */
  field_time(json_object_get(own, "last_quote_at"), q->time);
  if (!*q->time) field_time(json_object_get(own, "timestamp"), q->time);
  return true;
}

const struct provider_ops provider_twelvedata = {
    .name = "twelvedata",
    .title = "Twelve Data, quote",
    .base_url = "https://api.twelvedata.com",
    .key_variable = "TWELVEDATA_API_KEY",
    .rates = "8/min, 800/day",
    .pause_ns = INT64_C(60) * 1000000000,
    .requests = 1,
    .request = request,
    .complains = complains,
    .read = read,
};
