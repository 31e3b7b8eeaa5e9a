/* SPDX-License-Identifier: MIT
 *
 * siphash.h: SipHash-2-4 with 128 bits of output (Aumasson and Bernstein, "SipHash: a fast
 * short-input PRF", 2012; the longer output as in its reference implementation). */
#ifndef CLI_ITEMS_SIPHASH_H
#define CLI_ITEMS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct siphash {
  uint64_t low, high; /* the first eight bytes of the output, and the last, as little-endian */
};

/* The key is two words, as little-endian, too. */
struct siphash siphash(const void *data, size_t size, const uint64_t key[2]);

#endif
