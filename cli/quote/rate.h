/* SPDX-License-Identifier: MIT
 *
 * rate.h: how often a provider may be asked: "1/s, 25/day". */
#ifndef CLI_QUOTE_RATE_H
#define CLI_QUOTE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At most n requests in any stretch of per_ns. Fewer than one in a unit is one in several: 0.5/s is
 * 1 in 2 s. */
struct rate {
  unsigned n;
  int64_t per_ns;
};

enum { RATES_MOST = 4 };

struct rates {
  struct rate at[RATES_MOST];
  size_t count;
};

enum { RATE_ROOM = 160 };

/* Reads a list of rates: N/s, N/min, N/hour, N/day. False, with the reason. */
bool rates_parse(const char *text, struct rates *ret, char error[RATE_ROOM]);

/* n, which may be below one, in each per_ns. False if no request would ever be let through. */
bool rate_of(double n, int64_t per_ns, struct rate *ret);

#endif
