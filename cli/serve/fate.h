/* SPDX-License-Identifier: MIT
 *
 * fate.h: what happens to a request for a quote: how long it takes, and whether it fails. */
#ifndef CLI_SERVE_FATE_H
#define CLI_SERVE_FATE_H

#include "../options.h"

#include <stdint.h>

enum fate_end {
  FATE_FINE,
  FATE_UNAVAILABLE, /* 503 */
  FATE_RESET        /* the connection breaks */
};

struct fate {
  int64_t latency_ns;
  enum fate_end end;
};

/* Of the request with this number, from 0. The same seed and number have the same luck: the latency
 * does not depend on failure_rate (0 to 1), and what fails at one rate fails at each higher one. */
struct fate fate_of(uint64_t seed, uint64_t number, struct option_range latency,
                    double failure_rate);

#endif
