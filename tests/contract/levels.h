/* SPDX-License-Identifier: MIT
 *
 * levels.h: tasks that submit tasks and wait for them, level below level. (Rule 4's tests use them,
 * too.)
 */
#ifndef TESTS_CONTRACT_LEVELS_H
#define TESTS_CONTRACT_LEVELS_H

#include "tasks.h"

struct level {
  mt_executor *ex;
  intptr_t below; /* how many levels */
};

/* Submits a task that submits the next and waits for it, this deep; asserts that all come back. */
void levels_descend(mt_executor *ex, intptr_t depth);

/* Submits `fn` with `depth` levels below it, and asserts what it gives. */
void levels_expect(mt_executor *ex, mt_fn *fn, intptr_t depth, intptr_t number);

/* Waits for futures, adds up their integers (a failed one is none), and gives them back. */
intptr_t sum_of(mt_future **f, int n);

/* The same for the items of a map of `fn` over an array of `n` pointers. */
intptr_t sum_of_map(mt_executor *ex, mt_fn *fn, void **items, int n);

#endif
