/* SPDX-License-Identifier: MIT
 *
 * traffic.h: what a request passes before its transfer: its server's permits and pauses, the rates,
 * and last the number of transfers at once, so that who waits for a slow server or for its turn
 * keeps nobody else from transferring. */
#ifndef CLI_HTTP_TRAFFIC_H
#define CLI_HTTP_TRAFFIC_H

#include "origin.h"

#include <meantime.h>
#include <stddef.h>

struct traffic_rate {
  double n;       /* requests ... */
  int64_t per_ns; /* ... in that time, evenly spaced */
};

enum { TRAFFIC_RATES = 4 };

struct traffic {
  struct origins *origins;
  mt_limit *rates[TRAFFIC_RATES];
  size_t rate_count;
  mt_limit *jobs;
};

/* At most `jobs` at once, `per_host` of them to one server (0: no limit), at those rates. */
mt_status traffic_open(struct traffic *t, unsigned jobs, unsigned per_host,
                       const struct traffic_rate *rates, size_t rate_count);

/* Nobody is in it. What was not opened is fine. */
void traffic_close(struct traffic *t);

/* Waits for all of them. 0: traffic_leave gives them back. Else the wait was cut, as mt_acquire's,
 * and nothing is held. */
mt_status traffic_enter(struct traffic *t, struct origin *origin);
void traffic_leave(struct traffic *t, struct origin *origin);

#endif
