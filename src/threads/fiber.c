/* SPDX-License-Identifier: MIT
 *
 * Suspending and resuming: what a wait does to the task that waits.
 *
 *   park:   EMPTY -> PARKED     by the worker, just before it leaves the stack
 *   unpark: any -> NOTIFIED     by anyone; who finds PARKED puts the fiber into its worker's ready
 * list (or inbox), so it is in exactly one list, once resume: NOTIFIED -> EMPTY   by the worker,
 * back on the stack
 *
 * A fiber is resumed by its own worker only, which is busy leaving the stack when it says PARKED:
 * so the stack cannot be entered before it is left. Everything a wait needs (a stack to go on with,
 * a place in the timer heap) is got before PARKED is said; without it the wait is refused with
 * MT_ENOMEM. */
#include "base/clock.h"
#include "threads/pool.h"
#include <poll.h>

static mti_fiber *fiber_of(mti_runner *r) {
  return (mti_fiber *)r;
}

static void switch_to(mti_worker *w, mti_fiber *from, mti_fiber *to) {
  w->current = to;
  mti_here.runner = &to->runner;
  mti_context_switch(&from->context, &to->context, 0);
}

static void count(_Atomic size_t *n, size_t add) {
  /* Written by this worker only; others read it for the counters. */
  atomic_store_explicit(n, atomic_load_explicit(n, memory_order_relaxed) + add,
                        memory_order_relaxed);
}

void mti_fiber_enter(void *arg) {
  mti_fiber *f = arg;
  mti_worker *w = f->worker;
  mti_context_entered(w->entered ? NULL : &w->origin);
  w->entered = true;
  mti_worker_loop(w);
  mti_context_switch(&w->current->context, &w->origin, 1);
}

void mti_fiber_resume(mti_worker *w, mti_fiber *f) {
  mti_fiber *loop = w->current;
  mti_stack_put(w, loop);
  switch_to(w, loop, f);
}

/* Where to go from a suspended fiber: straight to one that is ready, or to the loop on an idle one.
 * Now and then to the loop in any case, which also looks at timers, descriptors and new tasks. */
static mti_fiber *next_after(mti_worker *w, mti_fiber *idle) {
  /* The loop counts this round itself, and finds it to be a 64th. */
  if (w->ready.first == NULL || (w->tick + 1) % 64 == 0) return idle;
  w->tick++;
  mti_fiber *next = mti_worker_ready(w);
  if (next == NULL) return idle;
  mti_stack_put(w, idle);
  return next;
}

static mt_status park(mti_runner *r, int64_t until_ns, bool give_slot) {
  mti_fiber *f = fiber_of(r);
  mti_worker *w = f->worker;
  if (atomic_load_explicit(&f->park, memory_order_relaxed) == MTI_NOTIFIED) {
    atomic_exchange_explicit(&f->park, MTI_EMPTY, memory_order_acquire);
    return MT_OK;
  }
  mti_fiber *idle = mti_stack_get(w);
  if (idle == NULL) return MT_ENOMEM;
  f->timed_out = false;
  if (until_ns != MTI_NEVER && !mti_timer_set(f, until_ns)) {
    mti_stack_put(w, idle);
    return MT_ENOMEM;
  }
  f->needs_slot = give_slot && r->root->task != NULL;
  uint32_t seen = MTI_EMPTY;
  /* Release: who finds PARKED may resume us. */
  if (atomic_compare_exchange_strong_explicit(&f->park, &seen, MTI_PARKED, memory_order_acq_rel,
                                              memory_order_acquire)) {
    if (f->needs_slot) mti_share_leave(w, f);
    count(&w->suspended, 1);
    switch_to(w, f, next_after(w, idle));
    count(&w->suspended, (size_t)-1);
  } else {
    f->needs_slot = false;
    mti_stack_put(w, idle);
  }
  /* Acquire, by an exchange: what any unpark so far has to tell is seen by the caller's next look.
   */
  atomic_exchange_explicit(&f->park, MTI_EMPTY, memory_order_acquire);
  mti_timer_clear(f);
  return f->timed_out ? MT_ETIMEDOUT : MT_OK;
}

void mti_fiber_wait_turn(mti_worker *w) {
  mti_fiber *f = w->current, *idle;
  /* Without a stack to leave for, the job runs beyond in_flight: the lesser evil. */
  f->needs_slot = true;
  if ((idle = mti_stack_get(w)) == NULL) {
    f->needs_slot = false;
    mti_share_force(f);
    return;
  }
  /* NOTIFIED: as a fiber that was woken and has found no slot. */
  atomic_store_explicit(&f->park, MTI_NOTIFIED, memory_order_relaxed);
  mti_fibers_push(&w->ready, f);
  switch_to(w, f, idle);
  atomic_exchange_explicit(&f->park, MTI_EMPTY, memory_order_acquire);
}

void mti_fiber_unpark(mti_fiber *f) {
  /* Release: what was done before is seen by the resumed task. Acquire: we see needs_slot. */
  if (atomic_exchange_explicit(&f->park, MTI_NOTIFIED, memory_order_acq_rel) != MTI_PARKED) return;
  if (f->needs_slot) mti_slot_want(f->worker);
  mti_fiber_send(f);
}

void mti_fiber_send(mti_fiber *f) {
  mti_worker *w = f->worker;
  if (mti_here.worker == w) {
    mti_fibers_push(&w->ready, f);
    return;
  }
  mti_fiber *first = atomic_load_explicit(&w->inbox, memory_order_relaxed);
  do f->next = first;
  while (!atomic_compare_exchange_weak_explicit(&w->inbox, &first, f, memory_order_seq_cst,
                                                memory_order_relaxed));
  mti_wake(w);
}

static void unpark(mti_runner *r, _Atomic uint32_t *gone) {
  mti_fiber_unpark(fiber_of(r));
  if (gone != NULL) atomic_store_explicit(gone, 1, memory_order_release);
}

void mti_inbox_take(mti_worker *w) {
  if (atomic_load_explicit(&w->inbox, memory_order_relaxed) == NULL) return;
  mti_fiber *newest = atomic_exchange_explicit(&w->inbox, NULL, memory_order_acquire),
            *first = NULL;
  while (newest != NULL) { /* oldest first */
    mti_fiber *next = newest->next;
    newest->next = first;
    first = newest;
    newest = next;
  }
  while (first != NULL) {
    mti_fiber *next = first->next;
    mti_fibers_push(&w->ready, first);
    first = next;
  }
}

static void yield(mti_runner *r) {
  mti_fiber *f = fiber_of(r);
  mti_worker *w = f->worker;
  if (w->ready.first == NULL && w->tick % 64 != 63) {
    w->tick++;
    mti_inbox_take(w);
    if (w->ready.first == NULL && !mti_queue_has(w->pool) && !mti_job_waits(w->pool)) return;
  }
  mti_fiber *idle = mti_stack_get(w);
  if (idle == NULL) return;
  /* Relaxed: it is not PARKED before or after, so no unpark puts it into a list. A wake-up that is
   * lost here was for a wait that is over. */
  atomic_store_explicit(&f->park, MTI_NOTIFIED, memory_order_relaxed);
  w->start_first = w->ready.first == NULL;
  mti_fibers_push(&w->ready, f);
  mti_fiber *next = w->start_first ? idle : next_after(w, idle);
  if (next != f) switch_to(w, f, next); /* the others may have gone into the line for slots */
  atomic_exchange_explicit(&f->park, MTI_EMPTY, memory_order_acquire);
}

static int wait_fd(mti_runner *r, int fd, int events, int64_t until_ns) {
  mti_fiber *f = fiber_of(r);
  mti_reactor *reactor = &f->worker->reactor;
  if (until_ns == 0) {
    struct pollfd p = {.fd = fd, .events = (short)events, .revents = 0};
    int n = poll(&p, 1, 0);
    if (n == 0) return MT_ETIMEDOUT;
    if (n > 0 && !(p.revents & POLLNVAL)) return p.revents;
    until_ns = 1; /* let the reactor say what is wrong */
  }
  mti_fdwait wait = {.fiber = f, .events = events};
  int rc = mti_reactor_add(reactor, fd, &wait);
  if (rc != 0) return rc;
  mt_status st = park(r, until_ns, false);
  if (wait.ready != 0) return wait.ready;
  mti_reactor_remove(reactor, fd, &wait);
  return st;
}

const mti_runner_ops mti_fiber_ops = {park,           unpark,       yield,       wait_fd,
                                      mti_lane_block, mti_job_fork, mti_job_join};
