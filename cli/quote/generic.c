/* SPDX-License-Identifier: MIT */
#include "generic.h"

#include "../json/pick.h"
#include "field.h"
#include "provider.h"
#include "redact.h"
#include "symbol.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum place {
  PRICE,
  PREVIOUS_CLOSE,
  CHANGE,
  CHANGE_PERCENT,
  VOLUME,
  HIGH_52W,
  LOW_52W,
  CURRENCY,
  TIME,
  SYMBOL,    /* must be the one asked for */
  UNKNOWN,   /* something here: the symbol is unknown */
  THROTTLED, /* something here: too many requests */
  FAILED,    /* something here: any other error */
  PLACES
};

static const char *const names[PLACES] = {
    "price",    "previous_close", "change", "change_percent", "volume",    "high_52w", "low_52w",
    "currency", "time",           "symbol", "unknown",        "throttled", "error"};

struct generic {
  char *url;
  char *headers[PROVIDER_HEADERS];
  size_t header_count;
  struct pick *places[PLACES];   /* NULL: not given */
  char currency[QUOTE_CURRENCY]; /* given as a word instead of a place */
};

struct generic *generic_new(void) {
  return calloc(1, sizeof(struct generic));
}

void generic_free(struct generic *g) {
  if (!g) return;
  for (size_t i = 0; i < PLACES; i++) pick_free(g->places[i]);
  for (size_t i = 0; i < g->header_count; i++) free(g->headers[i]);
  free(g->url);
  free(g);
}

/* -- its description -------------------------------------------------------------------------- */

static enum place place_of(const char *name) {
  size_t i = 0;
  while (i < PLACES && strcmp(names[i], name) != 0) i++;
  return (enum place)i;
}

bool generic_has(const char *name) {
  return strcmp(name, "url") == 0 || strcmp(name, "header") == 0 || place_of(name) != PLACES;
}

const char *generic_names(void) {
  return "url, header, price, previous_close, change, change_percent, volume, high_52w, low_52w, "
         "currency, time, symbol, unknown, throttled, error";
}

static bool no_memory(char error[GENERIC_ERROR]) {
  snprintf(error, GENERIC_ERROR, "out of memory");
  return false;
}

/* Braces hold "symbol" or "key", and nothing else. */
static bool braces_are_known(const char *text, bool symbol, char error[GENERIC_ERROR]) {
  for (const char *at = text; (at = strpbrk(at, "{}")); at++) {
    if (strncmp(at, "{key}", 5) == 0) {
      at += 4;
    } else if (symbol && strncmp(at, "{symbol}", 8) == 0) {
      at += 7;
    } else {
      snprintf(error, GENERIC_ERROR,
               "braces can hold %skey, as in {key}; other braces are written %%7B and %%7D",
               symbol ? "symbol or " : "");
      return false;
    }
  }
  return true;
}

static bool set_url(struct generic *g, const char *value, char error[GENERIC_ERROR]) {
  if (!braces_are_known(value, true, error)) return false;
  if (!strstr(value, "{symbol}")) {
    snprintf(error, GENERIC_ERROR, "{symbol} must stand in the URL where the symbol goes");
    return false;
  }
  g->url = strdup(value);
  return g->url || no_memory(error);
}

static bool add_header(struct provider *p, const char *value, char error[GENERIC_ERROR]) {
  struct generic *g = p->generic;
  if (!braces_are_known(value, false, error)) return false;
  const char *colon = strchr(value, ':');
  if (!colon || colon == value || strcspn(value, " \t") < (size_t)(colon - value)) {
    snprintf(error, GENERIC_ERROR, "a header is written \"Name: value\"");
    return false;
  }
  if (g->header_count == PROVIDER_HEADERS) {
    snprintf(error, GENERIC_ERROR, "more than %d headers", PROVIDER_HEADERS);
    return false;
  }
  colon += 1 + strspn(colon + 1, " \t");
  if (redact_suspects_header(value) && !strstr(colon, "{key}")) {
    /* "Bearer SECRET": a server may repeat the whole of it, or the last word. */
    const char *last = strrchr(colon, ' ');
    if (!provider_add_secret(p, colon) || (last && !provider_add_secret(p, last + 1)))
      return no_memory(error);
  }
  g->headers[g->header_count] = strdup(value);
  return g->headers[g->header_count] ? (g->header_count++, true) : no_memory(error);
}

bool generic_set(struct provider *p, const char *name, const char *value,
                 char error[GENERIC_ERROR]) {
  struct generic *g = p->generic;
  if (strcmp(name, "url") == 0) return set_url(g, value, error);
  if (strcmp(name, "header") == 0) return add_header(p, value, error);
  enum place place = place_of(name);
  if (place == CURRENCY && *value != '.' && *value != '[') {
    if (strlen(value) < sizeof g->currency) {
      memcpy(g->currency, value, strlen(value) + 1);
      return true;
    }
    snprintf(error, GENERIC_ERROR, "\"%.40s\" is neither a currency's name nor a path", value);
    return false;
  }
  char why[PICK_ROOM];
  g->places[place] = pick_new(value, why);
  if (g->places[place]) return true;
  snprintf(error, GENERIC_ERROR, "%s", why);
  return false;
}

bool generic_check(const struct provider *p, char error[GENERIC_ERROR]) {
  const struct generic *g = p->generic;
  const char *missing = !g->url ? "url" : !g->places[PRICE] ? "price" : NULL;
  if (missing)
    snprintf(error, GENERIC_ERROR, "it has no %s, as in \"%s = %s\"", missing, missing,
             g->url ? ".quote.price" : "https://example.org/quote/{symbol}");
  else if (generic_wants_key(p) && !p->key)
    snprintf(error, GENERIC_ERROR,
             "it uses {key} and has no key; set \"key = ...\", or \"key_env = NAME\" and the "
             "variable NAME in the environment");
  else
    return true;
  return false;
}

const char *generic_url(const struct provider *p) {
  return p->generic->url;
}

bool generic_wants_key(const struct provider *p) {
  const struct generic *g = p->generic;
  bool wants = g->url && strstr(g->url, "{key}");
  for (size_t i = 0; i < g->header_count; i++) wants = wants || strstr(g->headers[i], "{key}");
  return wants;
}

bool generic_has_headers(const struct provider *p) {
  return p->generic->header_count > 0;
}

/* -- its requests ----------------------------------------------------------------------------- */

/* The text with {symbol} and {key} replaced; values are NULL if they do not occur. */
static char *fill(const char *text, const char *symbol, const char *key) {
  char *out = NULL;
  size_t size;
  FILE *to = open_memstream(&out, &size);
  if (!to) return NULL;
  while (*text) {
    size_t n = strcspn(text, "{");
    fwrite(text, 1, n, to);
    text += n;
    if (!*text) break;
    bool is_key = text[1] == 'k';
    fputs(is_key ? key : symbol, to);
    text += is_key ? strlen("{key}") : strlen("{symbol}");
  }
  if (fclose(to) == 0) return out;
  free(out);
  return NULL;
}

static bool request(const struct provider *p, const char *symbol, unsigned step,
                    struct provider_request *ret) {
  (void)step;
  const struct generic *g = p->generic;
  char *encoded = symbol_encode(symbol), *key = symbol_encode(p->key ? p->key : "");
  if (encoded && key) ret->url = fill(g->url, encoded, key);
  free(encoded);
  free(key);
  for (size_t i = 0; i < g->header_count; i++) {
    ret->headers[i] = fill(g->headers[i], NULL, p->key);
    if (!ret->headers[i]) return false;
    ret->header_count++;
  }
  return ret->url;
}

/* -- its answers ------------------------------------------------------------------------------ */

/* Whether there is something at a place: no null, no false, no zero, no empty text or list. */
static json_t *something(const struct generic *g, enum place place, json_t *body) {
  json_t *v = g->places[place] ? pick_get(g->places[place], body) : NULL;
  bool empty = !v || json_is_null(v) || json_is_false(v) ||
               (json_is_string(v) && json_string_length(v) == 0) ||
               (json_is_number(v) && json_number_value(v) == 0) ||
               ((json_is_object(v) || json_is_array(v)) && json_object_size(v) == 0 &&
                json_array_size(v) == 0);
  return empty ? NULL : v;
}

static char *told(const struct provider *p, json_t *v, char out[ANSWER_SAYS]) {
  char *text = json_is_string(v) ? NULL : json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
  answer_says(p, text ? text : field_string(v), out);
  free(text);
  return out;
}

static bool complains(const struct provider *p, const char *symbol, const struct answer *a,
                      json_t *body, struct quote_fault *f) {
  const struct generic *g = p->generic;
  char says[ANSWER_SAYS];
  json_t *v;
  if ((v = something(g, UNKNOWN, body))) {
    quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\": %s", p->name, symbol,
               told(p, v, says));
  } else if ((v = something(g, THROTTLED, body))) {
    quote_fail(f, QUOTE_THROTTLED, "%s has had too many requests: %s", p->name, told(p, v, says));
  } else if (a->status == 404) {
    quote_fail(f, QUOTE_INVALID_SYMBOL, "%s does not know \"%s\" (status 404)", p->name, symbol);
  } else if ((v = something(g, FAILED, body))) {
    if (!answer_status(p, a, f)) return true; /* the status tells the kind */
    quote_fail(f, QUOTE_PROVIDER_ERROR, "%s reports an error: %s", p->name, told(p, v, says));
    f->again = false;
  } else {
    return false;
  }
  return true;
}

/* The number at a place, NAN if there is none. */
static double number(const struct generic *g, enum place place, json_t *body) {
  double v;
  json_t *at = g->places[place] ? pick_get(g->places[place], body) : NULL;
  return field_number(at, &v) == FIELD_GOOD ? v : (double)NAN;
}

static double above_zero(const struct generic *g, enum place place, json_t *body) {
  double v = number(g, place, body);
  return v > 0 ? v : (double)NAN;
}

static bool read(const struct provider *p, const char *symbol, unsigned step, json_t *body,
                 struct quote *q, struct quote_fault *f) {
  (void)step;
  const struct generic *g = p->generic;
  char says[ANSWER_SAYS];
  if (g->places[SYMBOL]) {
    json_t *echo = pick_get(g->places[SYMBOL], body);
    if (!field_same_symbol(field_string(echo), symbol))
      return quote_fail(f, QUOTE_BAD_RESPONSE, "%s was asked for \"%s\" and answered for \"%s\"",
                        p->name, symbol, echo ? told(p, echo, says) : "");
  }
  json_t *price = pick_get(g->places[PRICE], body);
  if (!price)
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave a body without a price at %s", p->name,
                      pick_text(g->places[PRICE]));
  q->price = above_zero(g, PRICE, body);
  q->previous_close = above_zero(g, PREVIOUS_CLOSE, body);
  q->change = number(g, CHANGE, body);
  q->change_percent = number(g, CHANGE_PERCENT, body);
  q->volume = number(g, VOLUME, body);
  if (q->volume < 0) q->volume = NAN;
  q->high_52w = above_zero(g, HIGH_52W, body);
  q->low_52w = above_zero(g, LOW_52W, body);
  memcpy(q->currency, g->currency, sizeof q->currency);
  if (g->places[CURRENCY])
    field_text(pick_get(g->places[CURRENCY], body), q->currency, sizeof q->currency);
  if (g->places[TIME]) field_time(pick_get(g->places[TIME], body), q->time);
  return true;
}

const struct provider_ops provider_generic = {
    .name = "generic",
    .title = "described in the configuration",
    .rates = "5/s",
    .pause_ns = INT64_C(10) * 1000000000,
    .requests = 1,
    .request = request,
    .complains = complains,
    .read = read,
};
