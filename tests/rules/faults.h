/* SPDX-License-Identifier: MIT
 *
 * tests/rules/faults.h: allocations, mappings, descriptors and threads that cannot be had.
 *
 * The linker turns the library's calls into calls of the functions in faults.c (--wrap). The test's
 * own calls go the same way, so a test allocates nothing while faults are armed. Where the linker
 * was not told (sanitizers bring allocators of their own), faults_work() is false.
 */
#ifndef TESTS_RULES_FAULTS_H
#define TESTS_RULES_FAULTS_H

#include <stdbool.h>

enum fault {
  FAULT_NONE,
  FAULT_MEMORY,     /* malloc, calloc, realloc, and mmap without a file */
  FAULT_DESCRIPTOR, /* epoll_create1, eventfd, pipe, pipe2 */
  FAULT_THREAD      /* pthread_create */
};

bool faults_work(void);

/* From now on the calls of this kind are counted, on all threads; number `nth` (0 is the first)
 * fails, and with `onward` all after it too. */
void faults_arm(enum fault kind, unsigned nth, bool onward);

/* Nothing fails any more. Returns how many calls were counted. */
unsigned faults_disarm(void);

#endif
