/* SPDX-License-Identifier: MIT
 *
 * tests/scale/memory.h: how much memory a situation takes.
 *
 * Peaks belong to processes, so each situation has one of its own: a child that is forked before
 * the parent has any thread, and that says through a pipe how many bytes were resident before and
 * at the most, page tables included.
 */
#ifndef TESTS_SCALE_MEMORY_H
#define TESTS_SCALE_MEMORY_H

#include "tasks.h"

struct taken {
  size_t n;             /* tasks */
  size_t good;          /* of these, ended as they should */
  size_t before, after; /* resident bytes and page tables; 0: this system does not tell */
  double seconds;
};

/* How many tasks: `usual`, or what MEANTIME_SCALE says; fewer where every step is slow. */
size_t scale(size_t usual);

/* Resident bytes with page tables: now, and the most so far. */
size_t resident_now(void);
size_t resident_most(void);

/* Runs a situation in a child. False, with *ret as far as it came, if that died. */
bool in_a_child(void (*run)(struct taken *ret), struct taken *ret);

/* Asserts that all tasks ended well and took no more than `most` bytes each. The second only where
 * memory is what it seems: no sanitizer, no Valgrind. */
void took_at_most(const struct taken *t, bool lived, size_t most);

#endif
