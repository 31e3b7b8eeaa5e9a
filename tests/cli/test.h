/* SPDX-License-Identifier: MIT
 *
 * test.h: cmocka with what it wants included before it, and a stream of made-up numbers that is the
 * same in every run. */
#ifndef TESTS_CLI_TEST_H
#define TESTS_CLI_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* splitmix64: any seed will do, 0 too. */
static inline uint64_t test_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

static inline uint64_t test_below(uint64_t *state, uint64_t n) {
  return test_random(state) % n;
}

#endif
