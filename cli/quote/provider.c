/* SPDX-License-Identifier: MIT */
#include "provider.h"

#include "generic.h"

#include <stdlib.h>
#include <string.h>

const struct provider_ops *const provider_table[] = {&provider_yahoo, &provider_alphavantage,
                                                     &provider_twelvedata, &provider_finnhub, NULL};

const struct provider_ops *provider_find(const char *name) {
  for (size_t i = 0; provider_table[i]; i++)
    if (strcmp(provider_table[i]->name, name) == 0) return provider_table[i];
  return NULL;
}

static bool replace(char **at, const char *text) {
  char *copy = strdup(text);
  if (!copy) return false;
  free(*at);
  *at = copy;
  return true;
}

struct provider *provider_new(const struct provider_ops *ops, const char *name) {
  char error[RATE_ROOM];
  struct provider *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  p->ops = ops;
  p->details = true;
  p->pause_ns = ops->pause_ns;
  rates_parse(ops->rates, &p->rates, error);
  if (replace(&p->name, name) && (!ops->base_url || replace(&p->base_url, ops->base_url))) return p;
  provider_free(p);
  return NULL;
}

void provider_free(struct provider *p) {
  if (!p) return;
  generic_free(p->generic);
  for (size_t i = 0; i < p->secret_count; i++) free(p->secrets[i]);
  free(p->secrets);
  free(p->key);
  free(p->base_url);
  free(p->name);
  free(p);
}

bool provider_add_secret(struct provider *p, const char *secret) {
  if (!*secret) return true;
  char **more = realloc(p->secrets, (p->secret_count + 1) * sizeof *more);
  if (!more) return false;
  p->secrets = more;
  p->secrets[p->secret_count] = strdup(secret);
  return p->secrets[p->secret_count] && ++p->secret_count;
}

bool provider_set_key(struct provider *p, const char *key) {
  return replace(&p->key, key) && provider_add_secret(p, key);
}

bool provider_set_base_url(struct provider *p, const char *url) {
  if (!replace(&p->base_url, url)) return false;
  size_t n = strlen(p->base_url);
  while (n && p->base_url[n - 1] == '/') p->base_url[--n] = 0;
  return true;
}

unsigned provider_requests(const struct provider *p) {
  return p->details ? p->ops->requests : 1;
}

bool provider_request(const struct provider *p, const char *symbol, unsigned step,
                      struct provider_request *ret) {
  struct provider_request r = {.url = NULL};
  if (!p->ops->request(p, symbol, step, &r)) {
    provider_request_fini(&r);
    return false;
  }
  *ret = r;
  return true;
}

void provider_request_fini(struct provider_request *r) {
  free(r->url);
  for (size_t i = 0; i < r->header_count; i++) free(r->headers[i]);
  *r = (struct provider_request){.url = NULL};
}

/* -- reading ---------------------------------------------------------------------------------- */

static bool prove(const struct provider *p, unsigned step, struct quote *q, struct quote_fault *f) {
  if (step > 0) return true;
  if (!(q->price > 0) || !isfinite(q->price))
    return quote_fail(f, QUOTE_BAD_RESPONSE, "%s gave no price above zero", p->name);
  if (!(q->previous_close > 0)) q->previous_close = NAN;
  quote_derive(q);
  return true;
}

static bool read_body(const struct provider *p, const char *symbol, unsigned step,
                      const struct answer *a, json_t *body, struct quote *q,
                      struct quote_fault *f) {
  bool throttled = a->status == 429;
  if (p->ops->complains(p, symbol, a, body, f)) {
    /* Whatever the body says, a 429 is a 429. */
    if (throttled && f->kind != QUOTE_THROTTLED) answer_status(p, a, f);
    return false;
  }
  if (!answer_status(p, a, f)) return false;
  if (!body) return answer_no_json(p, a, f);
  struct quote next = *q;
  if (!p->ops->read(p, symbol, step, body, &next, f) || !prove(p, step, &next, f)) return false;
  *q = next;
  return true;
}

bool provider_read(const struct provider *p, const char *symbol, unsigned step,
                   const struct answer *a, struct quote *q, struct quote_fault *f) {
  json_t *body = answer_json(a);
  bool good = read_body(p, symbol, step, a, body, q, f);
  json_decref(body);
  if (good) return true;
  /* A server that asks for a pause gets it, also with a 503. */
  if (a->retry_after_ns >= 0 && (f->kind == QUOTE_THROTTLED || f->kind == QUOTE_PROVIDER_ERROR))
    f->pause_ns = a->retry_after_ns;
  return false;
}
