/* SPDX-License-Identifier: MIT
 *
 * random.c: xoshiro256** (Blackman and Vigna, Scrambled linear pseudorandom number generators,
 * 2021), seeded by splitmix64; normal numbers by Marsaglia's polar method (1964). */
#include "random.h"

#include <math.h>

static uint64_t mix(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

void random_seed(struct random *r, uint64_t seed, const char *name) {
  uint64_t state = seed;
  for (; *name; name++) state = mix(&state) ^ (unsigned char)*name;
  *r = (struct random){0};
  for (int i = 0; i < 4; i++) r->state[i] = mix(&state);
}

static uint64_t rotate(uint64_t x, int by) {
  return (x << by) | (x >> (64 - by));
}

uint64_t random_bits(struct random *r) {
  uint64_t *s = r->state, result = rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotate(s[3], 45);
  return result;
}

double random_unit(struct random *r) {
  return (double)(random_bits(r) >> 11) * 0x1p-53;
}

uint64_t random_below(struct random *r, uint64_t n) {
  uint64_t surplus = -n % n, bits; /* 2^64 mod n: numbers below it would favour small results */
  do bits = random_bits(r);
  while (bits < surplus);
  return bits % n;
}

double random_normal(struct random *r) {
  if (r->has_spare) {
    r->has_spare = false;
    return r->spare;
  }
  double x, y, square;
  do {
    x = 2 * random_unit(r) - 1;
    y = 2 * random_unit(r) - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  double scale = sqrt(-2 * log(square) / square);
  r->spare = y * scale;
  r->has_spare = true;
  return x * scale;
}
