/* SPDX-License-Identifier: MIT
 *
 * random.h: numbers that look random and are the same for the same seed, on every machine. Not for
 * secrets. */
#ifndef CLI_RANDOM_H
#define CLI_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

struct random {
  uint64_t state[4];
  double spare; /* the second of a pair of normal numbers */
  bool has_spare;
};

/* One stream for each pair of seed and name. */
void random_seed(struct random *r, uint64_t seed, const char *name);

uint64_t random_bits(struct random *r);
double random_unit(struct random *r);                /* [0, 1) */
uint64_t random_below(struct random *r, uint64_t n); /* each of 0 .. n-1 alike; n > 0 */
double random_normal(struct random *r);              /* mean 0, standard deviation 1 */

#endif
