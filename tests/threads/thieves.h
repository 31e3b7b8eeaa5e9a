/* SPDX-License-Identifier: MIT
 *
 * thieves.h: one owner and some thieves fight over numbered things, and each must come out exactly
 * once. Who saw what is counted in an array for each of them, and asserted when all is over.
 */
#ifndef TESTS_THREADS_THIEVES_H
#define TESTS_THREADS_THIEVES_H

#include "contract.h"

#include <stdatomic.h>

enum { THIEVES = 2, OWNER = THIEVES };

struct theft {
  size_t n;                                     /* things, numbered from 0 */
  void (*own)(struct theft *t);                 /* puts all of them in, and takes some out */
  void (*steal)(struct theft *t, unsigned who); /* takes until `over`, and nothing is left */
  void *from;                                   /* what they fight over */
  atomic_bool over;                             /* the owner has done its part */
  atomic_uint arrived, disorder;
  unsigned char *seen[THIEVES + 1];
};

/* Runs it to the end and asserts that each number was seen once, and no disorder. */
void theft_run(struct theft *t);

/* This one, a thief's number or OWNER, got this thing. False: there is no such thing, and that is
 * counted as disorder. */
bool theft_see(struct theft *t, unsigned who, size_t number);

/* Something came out where it must not. */
void theft_disorder(struct theft *t);

#endif
