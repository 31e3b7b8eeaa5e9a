/* SPDX-License-Identifier: MIT
 *
 * fate.c: every request has a stream of random numbers of its own, and always draws the same three
 * from it; which worker answers, and what else is under way, changes nothing. */
#include "fate.h"

#include "../random.h"

#include <stdio.h>

struct fate fate_of(uint64_t seed, uint64_t number, struct option_range latency,
                    double failure_rate) {
  struct random r;
  char name[40];
  snprintf(name, sizeof name, "request %llu", (unsigned long long)number);
  random_seed(&r, seed, name);
  double wait = random_unit(&r), luck = random_unit(&r);
  bool resets = random_below(&r, 2) == 1;
  double span = (double)(latency.most_ns - latency.least_ns);
  struct fate f = {.latency_ns = latency.least_ns + (int64_t)(span * wait)};
  if (luck < failure_rate) f.end = resets ? FATE_RESET : FATE_UNAVAILABLE;
  return f;
}
