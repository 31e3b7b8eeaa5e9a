/* SPDX-License-Identifier: MIT
 *
 * promises.h: a number of promises with their futures.
 */
#ifndef TESTS_CONTRACT_PROMISES_H
#define TESTS_CONTRACT_PROMISES_H

#include "tasks.h"

enum { PROMISES_MOST = 16 };

struct promises {
  size_t n;
  mt_promise *promise[PROMISES_MOST];
  mt_future *future[PROMISES_MOST];
};

static inline void promises_init(struct promises *p, size_t n) {
  for (p->n = 0; p->n < n; p->n++)
    STATUS(mt_promise_open(0, &p->promise[p->n], &p->future[p->n]), 0);
}

static inline void promises_fini(struct promises *p) {
  for (size_t i = 0; i < p->n; i++) {
    mt_promise_close(p->promise[i]);
    mt_unref(p->future[i]);
  }
}

#endif
