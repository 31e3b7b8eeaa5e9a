/* SPDX-License-Identifier: MIT */
#include "siphash.h"

struct state {
  uint64_t v0, v1, v2, v3;
};

static uint64_t turn(uint64_t x, int bits) {
  return (x << bits) | (x >> (64 - bits));
}

static void rounds(struct state *s, int n) {
  while (n-- > 0) {
    s->v0 += s->v1;
    s->v1 = turn(s->v1, 13) ^ s->v0;
    s->v0 = turn(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = turn(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = turn(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = turn(s->v1, 17) ^ s->v2;
    s->v2 = turn(s->v2, 32);
  }
}

static void compress(struct state *s, uint64_t word) {
  s->v3 ^= word;
  rounds(s, 2);
  s->v0 ^= word;
}

/* Up to eight bytes, the first one lowest, whatever this machine's order is. */
static uint64_t word_of(const unsigned char *at, size_t n) {
  uint64_t word = 0;
  for (size_t i = 0; i < n; i++) word |= (uint64_t)at[i] << (8 * i);
  return word;
}

static uint64_t finish(struct state *s) {
  rounds(s, 4);
  return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* The constants are "somepseudorandomlygeneratedbytes"; 0xee and 0xdd set the longer output apart
 * from the shorter one. */
struct siphash siphash(const void *data, size_t size, const uint64_t key[2]) {
  const unsigned char *at = data;
  struct state s = {0x736f6d6570736575U ^ key[0], 0x646f72616e646f6dU ^ key[1] ^ 0xee,
                    0x6c7967656e657261U ^ key[0], 0x7465646279746573U ^ key[1]};
  for (size_t left = size; left >= 8; left -= 8, at += 8) compress(&s, word_of(at, 8));
  compress(&s, word_of(at, size % 8) | (uint64_t)size << 56);
  struct siphash hash;
  s.v2 ^= 0xee;
  hash.low = finish(&s);
  s.v1 ^= 0xdd;
  hash.high = finish(&s);
  return hash;
}
