/* SPDX-License-Identifier: MIT
 *
 * answer.h: what came back over HTTP, and what can be said of it before it is understood. */
#ifndef CLI_QUOTE_ANSWER_H
#define CLI_QUOTE_ANSWER_H

#include "quote.h"

#include <jansson.h>
#include <stddef.h>

struct provider;

struct answer {
  long status;
  int64_t retry_after_ns; /* -1: there was no Retry-After */
  const char *body;       /* not NUL-terminated */
  size_t size;
};

enum { ANSWER_SAYS = 200 };

/* Text of the server, fit for a message: keys replaced by ***, control characters by blanks, cut to
 * size. */
char *answer_says(const struct provider *p, const char *text, char out[ANSWER_SAYS]);

/* The body as a JSON object or array, owned by the caller; NULL if it is neither. All numbers are
 * reals. */
json_t *answer_json(const struct answer *a);

/* Whether the status is a success; else a fault by the status alone, with a short body's text. */
bool answer_status(const struct provider *p, const struct answer *a, struct quote_fault *f);

/* The fault of a body that is no such JSON although the status says success. */
bool answer_no_json(const struct provider *p, const struct answer *a, struct quote_fault *f);

#endif
