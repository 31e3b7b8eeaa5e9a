/* SPDX-License-Identifier: MIT
 *
 * Finnhub: /quote has the price and no more, not even the symbol; an unknown symbol is a 200 full
 * of zeros. The 52 weeks come from /stock/metric, which names its symbol. Neither gives a volume of
 * the day or a currency: the averages in /stock/metric are no volume of the day. The key goes into
 * a header, so that it is in no URL.
 */
#include "field.h"
#include "provider.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool request(const struct provider *p, const char *symbol, unsigned step,
                    struct provider_request *ret) {
  char *encoded = symbol_encode(symbol);
  int n = -1;
  if (encoded && step == 0)
    n = asprintf(&ret->url, "%s/api/v1/quote?symbol=%s", p->base_url, encoded);
  else if (encoded)
    n = asprintf(&ret->url, "%s/api/v1/stock/metric?symbol=%s&metric=all", p->base_url, encoded);
  if (n < 0) ret->url = NULL;
  free(encoded);
  if (n < 0 || asprintf(&ret->headers[0], "X-Finnhub-Token: %s", p->key) < 0) return false;
  ret->header_count = 1;
  return true;
}

static bool complains(const struct provider *p, const char *symbol, const struct answer *a,
                      json_t *body, struct quote_fault *f) {
  (void)symbol;
  const char *text = field_string(json_object_get(body, "error"));
  char says[ANSWER_SAYS];
  if (!*answer_says(p, text, says)) return false;
  if (a->status == 429 || strcasestr(text, "limit reached")) {
    quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests: %s", p->name, says);
  } else if (a->status == 401 || a->status == 403 || strcasestr(text, "api key") ||
             strcasestr(text, "have access")) {
    quote_fail(f, QUOTE_UNAUTHORIZED, "%s refuses the request: %s", p->name, says);
  } else {
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s reports an error: %s", p->name, says);
    f->again = a->status >= 500;
  }
  return true;
}

static bool is_zero(json_t *value) {
  double v;
  enum field_kind kind = field_number(value, &v);
  return kind == FIELD_MISSING || (kind == FIELD_GOOD && v == 0);
}

static bool read_quote(const struct provider *p, const char *symbol, json_t *body, struct quote *q,
                       struct quote_fault *f) {
  json_t *price = json_object_get(body, "c"), *time = json_object_get(body, "t");
  if (!price || !time)
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a body that is no quote", p->name);
  if (is_zero(price) && is_zero(time) && is_zero(json_object_get(body, "pc")))
    return quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": its quote is all zeros",
                      p->name, symbol);
  q->price = field_positive(price);
  q->previous_close = field_positive(json_object_get(body, "pc"));
  double number;
  if (field_number(json_object_get(body, "d"), &number) == FIELD_GOOD) q->change = number;
  if (field_number(json_object_get(body, "dp"), &number) == FIELD_GOOD) q->change_percent = number;
  field_time(time, q->time);
  return true;
}

static bool read_metric(const struct provider *p, const char *symbol, json_t *body, struct quote *q,
                        struct quote_fault *f) {
  const char *echo = field_string(json_object_get(body, "symbol"));
  json_t *metric = json_object_get(body, "metric");
  char says[ANSWER_SAYS];
  if (json_object_size(metric) == 0) return true;
  if (!field_same_symbol(echo, symbol))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s was asked for \"%s\" and answered for \"%s\"",
                      p->name, symbol, answer_says(p, echo, says));
  q->high_52w = field_positive(json_object_get(metric, "52WeekHigh"));
  q->low_52w = field_positive(json_object_get(metric, "52WeekLow"));
  return true;
}

static bool read(const struct provider *p, const char *symbol, unsigned step, json_t *body,
                 struct quote *q, struct quote_fault *f) {
  return step == 0 ? read_quote(p, symbol, body, q, f) : read_metric(p, symbol, body, q, f);
}

const struct provider_ops provider_finnhub = {
    .name = "finnhub",
    .title = "Finnhub, quote and metric",
    .base_url = "https://finnhub.io",
    .key_variable = "FINNHUB_API_KEY",
    .rates = "60/min, 30/s",
    .pause_ns = INT64_C(60) * 1000000000,
    .requests = 2,
    .request = request,
    .complains = complains,
    .read = read,
};
