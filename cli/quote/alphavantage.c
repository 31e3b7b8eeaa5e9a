/* SPDX-License-Identifier: MIT
 *
 * Alpha Vantage: GLOBAL_QUOTE gives the day, OVERVIEW the 52 weeks and the currency, each a request
 * of the few that a key has. Every figure is a string. It answers 200 whatever happens: throttling
 * is a body with "Note" or "Information", in words that have changed over the years and that repeat
 * the key; an unknown symbol is an empty quote.
 */
#include "field.h"
#include "provider.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool request(const struct provider *p, const char *symbol, unsigned step,
                    struct provider_request *ret) {
  char *encoded = symbol_encode(symbol), *key = symbol_encode(p->key);
  int n = -1;
  if (encoded && key)
    n = asprintf(&ret->url, "%s/query?function=%s&symbol=%s&apikey=%s", p->base_url,
                 step == 0 ? "GLOBAL_QUOTE" : "OVERVIEW", encoded, key);
  if (n < 0) ret->url = NULL;
  free(encoded);
  free(key);
  return ret->url;
}

static bool has(const char *text, const char *words) {
  return strcasestr(text, words);
}

/* What is meant must be told by words. Those about a moment come first: the same sentence goes on
 * about the day, and about what a premium plan would lift. */
static void classify(const struct provider *p, const char *text, struct quote_fault *f) {
  char says[ANSWER_SAYS];
  answer_says(p, text, says);
  bool moment = has(text, "per second") || has(text, "per minute") || has(text, "sparingly");
  if (moment || has(text, "per day") || has(text, "rate limit") || has(text, "call frequency")) {
    quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests: %s", p->name, says);
    f->spent = !moment && has(text, "per day");
    f->again = !f->spent;
  } else if (has(text, "premium") || has(text, "api key") || has(text, "apikey")) {
    quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request: %s", p->name, says);
  } else {
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s reports an error: %s", p->name, says);
    f->again = false;
  }
}

static bool complains(const struct provider *p, const char *symbol, const struct answer *a,
                      json_t *body, struct quote_fault *f) {
  (void)a;
  json_t *text = json_object_get(body, "Note");
  if (!text) text = json_object_get(body, "Information");
  if (text) {
    classify(p, field_string(text), f);
    return true;
  }
  text = json_object_get(body, "Error Message");
  if (!text) return false;
  char says[ANSWER_SAYS];
  answer_says(p, field_string(text), says);
  if (has(field_string(text), "apikey"))
    quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request: %s", p->name, says);
  else if (has(field_string(text), "invalid api call"))
    quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": %s", p->name, symbol, says);
  else
    classify(p, field_string(text), f);
  return true;
}

static bool same(const struct provider *p, const char *symbol, json_t *echo,
                 struct quote_fault *f) {
  char says[ANSWER_SAYS];
  return field_same_symbol(field_string(echo), symbol) ||
         quote_fail(f, QUOTE_BAD_RESPONSE, "%s was asked for \"%s\" and answered for \"%s\"",
                    p->name, symbol, answer_says(p, field_string(echo), says));
}

static bool read_quote(const struct provider *p, const char *symbol, json_t *body, struct quote *q,
                       struct quote_fault *f) {
  json_t *g = json_object_get(body, "Global Quote");
  if (!json_is_object(g))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a body that is no quote", p->name);
  if (json_object_size(g) == 0)
    return quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": its quote is empty",
                      p->name, symbol);
  if (!same(p, symbol, json_object_get(g, "01. symbol"), f)) return false;
  q->price = field_positive(json_object_get(g, "05. price"));
  q->previous_close = field_positive(json_object_get(g, "08. previous close"));
  q->volume = field_not_negative(json_object_get(g, "06. volume"));
  double number;
  if (field_number(json_object_get(g, "09. change"), &number) == FIELD_GOOD) q->change = number;
  if (field_number(json_object_get(g, "10. change percent"), &number) == FIELD_GOOD)
    q->change_percent = number;
  field_time(json_object_get(g, "07. latest trading day"), q->time);
  return true;
}

/* There is no overview of funds and currencies: an empty body, and nothing wrong with it. */
static bool read_overview(const struct provider *p, const char *symbol, json_t *body,
                          struct quote *q, struct quote_fault *f) {
  if (json_object_size(body) == 0) return true;
  if (!same(p, symbol, json_object_get(body, "Symbol"), f)) return false;
  q->high_52w = field_positive(json_object_get(body, "52WeekHigh"));
  q->low_52w = field_positive(json_object_get(body, "52WeekLow"));
  field_text(json_object_get(body, "Currency"), q->currency, sizeof q->currency);
  return true;
}

static bool read(const struct provider *p, const char *symbol, unsigned step, json_t *body,
                 struct quote *q, struct quote_fault *f) {
  return step == 0 ? read_quote(p, symbol, body, q, f) : read_overview(p, symbol, body, q, f);
}

const struct provider_ops provider_alphavantage = {
    .name = "alphavantage",
    .title = "Alpha Vantage, GLOBAL_QUOTE and OVERVIEW",
    .base_url = "https://www.alphavantage.co",
    .key_variable = "ALPHAVANTAGE_API_KEY",
    .rates = "1/s, 25/day",
    .pause_ns = INT64_C(60) * 1000000000,
    .requests = 2,
    .request = request,
    .complains = complains,
    .read = read,
};
