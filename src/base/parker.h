/* SPDX-License-Identifier: MIT
 *
 * A parker: where one thread sleeps until another wakes it.
 *
 *            park                    unpark
 *   EMPTY ----------> PARKED      any ------> NOTIFIED
 *   NOTIFIED -------> EMPTY (does not sleep)
 *
 * A wake-up is remembered until the next park, so none is lost; several count as one; one may be
 * left over from earlier, so whoever parks checks its condition again in a loop. Memory written
 * before unpark is visible after the park that it ends. */
#ifndef MTI_PARKER_H
#define MTI_PARKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { MTI_EMPTY = 0, MTI_PARKED = 1, MTI_NOTIFIED = 2 };

/* MTI_FUTEX: wake-ups by futex(2). Otherwise by mutex and condition, for systems without it. */
#if defined(__linux__) && !defined(MTI_PORTABLE)
#define MTI_FUTEX 1
#endif

typedef struct mti_parker {
  _Atomic uint32_t word;
#ifndef MTI_FUTEX
  pthread_mutex_t mutex;
  pthread_cond_t condition;
#endif
} mti_parker;

void mti_parker_init(mti_parker *p);
void mti_parker_fini(mti_parker *p);

/* Returns true when unparked, false when `until_ns` has come (MTI_NEVER: never). */
bool mti_park(mti_parker *p, int64_t until_ns);

/* If `gone` is not NULL, it is set to 1 once *p is not touched any more: the parker's owner may
 * then free it. */
uint32_t mti_unpark(mti_parker *p, _Atomic uint32_t *gone);

#endif
