/* SPDX-License-Identifier: MIT
 *
 * A worker's descriptors: which fiber waits for what, and sleeping until one is ready.
 *
 * Only the worker touches it, but for mti_reactor_wake. Two versions, epoll and poll, share the
 * table of waiters (reactor.c): for each descriptor a list of nodes, which live on the waiting
 * fibers' stacks.
 */
#ifndef MTI_REACTOR_H
#define MTI_REACTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mti_fiber;

typedef struct mti_fdwait {
  struct mti_fdwait *next;
  struct mti_fiber *fiber;
  int events; /* of poll(2): wanted */
  int ready;  /* what came; 0 as long as it waits */
} mti_fdwait;

typedef struct mti_fdslot {
  mti_fdwait *waits;
  int armed; /* events that the system was asked for */
} mti_fdslot;

typedef struct mti_reactor {
  mti_fdslot *slot; /* by descriptor */
  size_t slots;
  size_t waiting; /* nodes in all */
  int fd;         /* epoll's; unused with poll */
  int wake_read, wake_write;
  struct pollfd *polled; /* poll's array, grown as needed */
  size_t polled_capacity;
  size_t next_fd; /* poll: whose turn it is when not all fit */
} mti_reactor;

void mti_reactor_init(mti_reactor *r); /* opens nothing yet */
void mti_reactor_fini(mti_reactor *r);

/* Adds a waiter. 0; MT_ENOMEM; MT_ESYSTEM with errno; or > 0: ready at once (a regular file). */
int mti_reactor_add(mti_reactor *r, int fd, mti_fdwait *wait);
/* Takes it back, if it is not ready. */
void mti_reactor_remove(mti_reactor *r, int fd, mti_fdwait *wait);

/* Makes waiters ready and unparks their fibers. Sleeps up to timeout_ns (0: not at all; < 0:
 * without limit) or until mti_reactor_wake. */
void mti_reactor_wait(mti_reactor *r, int64_t timeout_ns);
/* From any thread, while mti_reactor_wait may sleep. */
void mti_reactor_wake(mti_reactor *r);
/* Makes it possible to sleep here: false if there are no descriptors left for the wake-up. */
bool mti_reactor_prepare(mti_reactor *r);

/* Between reactor.c and the two versions. */
void mti_reactor_ready(mti_reactor *r, int fd, int events); /* tells the waiters; the rest stays */
int mti_reactor_arm(mti_reactor *r, int fd, int events);    /* as mti_reactor_add */
void mti_reactor_drain(mti_reactor *r);

#endif
