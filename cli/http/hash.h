/* SPDX-License-Identifier: MIT
 *
 * hash.h: SipHash-2-4 (Aumasson and Bernstein, 2012) with a key drawn at random, so that whoever
 * writes the URLs of a list cannot choose them to collide. */
#ifndef CLI_HTTP_HASH_H
#define CLI_HTTP_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

struct hash_key {
  uint64_t k0, k1;
};

static inline struct hash_key hash_key_draw(void) {
  struct hash_key key;
  if (getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key) return key;
  /* Early in a machine's life there may be no randomness yet; this much is better than none. */
  struct timespec now, up;
  clock_gettime(CLOCK_REALTIME, &now);
  clock_gettime(CLOCK_MONOTONIC, &up);
  key.k0 = (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec;
  key.k1 = (uint64_t)up.tv_nsec << 32 ^ (uint64_t)up.tv_sec;
  return key;
}

static inline uint64_t hash_rotate(uint64_t x, int by) {
  return x << by | x >> (64 - by);
}

static inline void hash_rounds(uint64_t v[4], int rounds) {
  for (int i = 0; i < rounds; i++) {
    v[0] += v[1];
    v[2] += v[3];
    v[1] = hash_rotate(v[1], 13) ^ v[0];
    v[3] = hash_rotate(v[3], 16) ^ v[2];
    v[0] = hash_rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = hash_rotate(v[1], 17) ^ v[2];
    v[3] = hash_rotate(v[3], 21) ^ v[0];
    v[2] = hash_rotate(v[2], 32);
  }
}

/* Eight bytes, the first in the lowest place, whatever the machine's order. */
static inline uint64_t hash_word(const unsigned char *p, size_t n) {
  uint64_t w = 0;
  for (size_t i = n; i > 0; i--) w = w << 8 | p[i - 1];
  return w;
}

static inline uint64_t hash_of(struct hash_key key, const void *bytes, size_t size) {
  uint64_t v[4] = {key.k0 ^ 0x736f6d6570736575U, key.k1 ^ 0x646f72616e646f6dU,
                   key.k0 ^ 0x6c7967656e657261U, key.k1 ^ 0x7465646279746573U};
  const unsigned char *p = bytes;
  size_t left = size;
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word = hash_word(p, 8);
    v[3] ^= word;
    hash_rounds(v, 2);
    v[0] ^= word;
  }
  uint64_t last = (uint64_t)size << 56 | hash_word(p, left);
  v[3] ^= last;
  hash_rounds(v, 2);
  v[0] ^= last;
  v[2] ^= 0xff;
  hash_rounds(v, 4);
  return v[0] ^ v[1] ^ v[2] ^ v[3];
}

#endif
