/* SPDX-License-Identifier: MIT
 *
 * tests/soak: random programs, and the books that are kept of them.
 *
 * A round opens two executors with random options and lets random tasks loose on them (acts.c),
 * which submit more until the round's budget is spent, while threads outside submit, wait and
 * cancel. Each task that is submitted is an item. After the round, when all is closed, the books
 * must balance:
 *
 *   every item settled once, and its argument was dropped once
 *   no item settled while its function ran
 *   never more tasks at once than in_flight, of those that cannot have given their slot up
 *   every result that was made was freed or taken
 *   every promise that was opened is settled
 *
 * Everything is drawn from the item's seed, so a round begins alike for the same seed; threads make
 * the rest. What is wrong is written down where it happens and told at the round's end: nothing
 * asserts inside a task. */
#ifndef TESTS_SOAK_H
#define TESTS_SOAK_H

#include <meantime.h>
#include <stdatomic.h>
#include <stdint.h>

typedef struct place {
  mt_executor *ex;
  unsigned in_flight; /* 0: it cannot overlap, so nothing is counted */
  _Atomic unsigned active;
} place;

typedef struct item {
  struct item *next; /* all items of the round */
  place *at;
  uint64_t seed;
  unsigned depth;
  mt_promise *promise; /* to be settled by the task, or abandoned when its argument is dropped */
  _Atomic unsigned inside, entered, settled, dropped;
} item;

typedef struct soak_round {
  place place[2];
  mt_limit *limit;
  _Atomic(item *) items;
  _Atomic int budget;
  _Atomic long made, freed;              /* bare results */
  _Atomic long opened, closed;           /* promises */
  _Atomic unsigned overfull, early, odd; /* what must not happen, counted */
} soak_round;

extern soak_round now; /* one round at a time */

uint64_t draw(uint64_t *seed);                /* splitmix64 */
unsigned below(uint64_t *seed, unsigned n);   /* 0 to n - 1 */
int64_t draw_ns(uint64_t *seed, unsigned us); /* up to so many microseconds */

/* A new item's future, with random attributes; NULL when the budget is spent. Otherwise
 * the item owns `promise`, if any. */
mt_future *send(uint64_t *seed, unsigned depth, mt_group *group, mt_promise *promise);

mt_value act(mt_value arg); /* what a task does; arg is its item */
void count_settled(mt_future *f, void *item);

#endif
