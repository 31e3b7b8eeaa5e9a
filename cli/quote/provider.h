/* SPDX-License-Identifier: MIT
 *
 * provider.h: where quotes come from. A provider says which requests a symbol needs, and turns what
 * comes back into a quote or a fault. It does so by pure functions over bytes: who sends the
 * requests, how fast and how often, is decided elsewhere.
 *
 * An answer is trusted only once it has proved itself, in this order (provider_read):
 *   1. a body in which the provider reports an error is that error, whatever the status;
 *   2. a status other than success is an error;
 *   3. a body that is no JSON proves nothing;
 *   4. the provider's own reading: the symbol echoed is the one asked for, counts match;
 *   5. the first request's answer must have given a price above zero. */
#ifndef CLI_QUOTE_PROVIDER_H
#define CLI_QUOTE_PROVIDER_H

#include "answer.h"
#include "quote.h"
#include "rate.h"

struct generic;

/* One that is in use: what it is, and what environment and configuration say. Heap memory of its
 * own; not changed after the run has begun. */
struct provider {
  const struct provider_ops *ops;
  char *name;
  char *base_url; /* without a slash at its end; NULL for a generic one, whose URL is whole */
  char *key;      /* NULL: none */
  bool details;   /* also the requests after the first one */
  struct rates rates;
  int64_t pause_ns; /* after a throttling that names no time */
  char **secrets;   /* what must not be shown: the key, and header values of a generic one */
  size_t secret_count;
  struct generic *generic;
};

enum { PROVIDER_HEADERS = 8 };

/* A GET. Freed by provider_request_fini. */
struct provider_request {
  char *url; /* may hold the key: never shown */
  char *headers[PROVIDER_HEADERS];
  size_t header_count;
};

struct provider_ops {
  const char *name;         /* of the command line and of sections of the configuration */
  const char *title;        /* for lists */
  const char *base_url;     /* the provider's own server */
  const char *key_variable; /* of the environment; NULL: no key is needed */
  const char *rates;        /* what it lets through, as rates_parse reads it */
  int64_t pause_ns;
  unsigned requests; /* how many complete a quote; all but the first only add details */

  /* Composes request `step`, from 0. False: no memory. */
  bool (*request)(const struct provider *p, const char *symbol, unsigned step,
                  struct provider_request *ret);

  /* Whether the body reports an error, in *f then. `body` is an object, an array, or NULL if it is
   * neither. */
  bool (*complains)(const struct provider *p, const char *symbol, const struct answer *a,
                    json_t *body, struct quote_fault *f);

  /* Adds to *q what the body of request `step` gives. False, with *f, if it is not what was asked
   * for. */
  bool (*read)(const struct provider *p, const char *symbol, unsigned step, json_t *body,
               struct quote *q, struct quote_fault *f);
};

extern const struct provider_ops provider_yahoo, provider_alphavantage, provider_twelvedata,
    provider_finnhub, provider_generic;

/* The built-in ones, ended by NULL. */
extern const struct provider_ops *const provider_table[];

/* The built-in provider of that name, or NULL. */
const struct provider_ops *provider_find(const char *name);

/* A provider with its own defaults; NULL: no memory. */
struct provider *provider_new(const struct provider_ops *ops, const char *name);
void provider_free(struct provider *p);

/* Each replaces what was there. False: no memory. */
bool provider_set_key(struct provider *p, const char *key);
bool provider_set_base_url(struct provider *p, const char *url);
bool provider_add_secret(struct provider *p, const char *secret);

/* How many requests make a quote. */
unsigned provider_requests(const struct provider *p);

bool provider_request(const struct provider *p, const char *symbol, unsigned step,
                      struct provider_request *ret);
void provider_request_fini(struct provider_request *r);

/* Reads the answer to request `step` into *q (initialised before step 0). False, with *f, if it
 * gives nothing; *q is unchanged then. */
bool provider_read(const struct provider *p, const char *symbol, unsigned step,
                   const struct answer *a, struct quote *q, struct quote_fault *f);

#endif
