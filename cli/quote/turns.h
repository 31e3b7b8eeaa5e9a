/* SPDX-License-Identifier: MIT
 *
 * turns.h: when a provider may be asked next.
 *
 * Providers count requests in stretches of time: so many in any second, minute or day. A token
 * bucket does not fit that: eight at once and then one each 7.5 s are fifteen in the first minute,
 * and one each 7.5 s from the beginning makes eight symbols take a minute. So each rate is a ring
 * of the times of its last n requests, and the next one may begin when the oldest of them is as old
 * as the stretch, and a little older, since requests take their time to arrive:
 *
 *        t0 t1 t2 ... tn-1 | next >= t0 + stretch + margin
 *
 * Whoever waits has its time reserved, in the order of asking; times never go back. A pause moves
 * those whose time falls into it behind it, each to a new reservation, so that they do not all come
 * at its end. A rate of a day is a count: waiting for tomorrow is no use, and the request is
 * refused instead. The count begins with the run; what other runs have used is not known. */
#ifndef CLI_QUOTE_TURNS_H
#define CLI_QUOTE_TURNS_H

#include "rate.h"

#include <meantime.h>
#include <stdbool.h>

struct turns;

/* NULL: no memory. */
struct turns *turns_new(const struct rates *rates);
void turns_free(struct turns *p);

enum { TURNS_SPENT = 1, TURNS_PAUSED = 2 };

/* In a task: waits for this request's turn. 0: go; TURNS_SPENT: the day's requests are used up;
 * TURNS_PAUSED: there is a pause, and the request is not `patient`; negative: the wait was cut. Any
 * thread may. */
int turns_wait(struct turns *p, bool patient);

/* No request begins for so long from now. Pauses do not add up: the latest end counts. */
void turns_pause(struct turns *p, int64_t ns);

/* No request begins any more, in this run. */
void turns_spend(struct turns *p);

/* The reservation alone, for tests: when a request that asks at `now_ns` may begin, or -1 for
 * TURNS_SPENT. */
int64_t turns_reserve(struct turns *p, int64_t now_ns);

#endif
