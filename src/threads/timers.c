/* SPDX-License-Identifier: MIT
 *
 * When suspended fibers are to be woken. The heap is the worker's own, without a lock.
 *
 * An entry is alive if its fiber's timer_ns is the entry's time. (A fiber that sets another timer
 * for the very same nanosecond makes an old entry alive again: waking it then is just as right.) */
#include "base/clock.h"
#include "threads/pool.h"

static bool alive(const mti_entry *e) {
  const mti_fiber *f = e->what;
  return f->timer_ns == e->due_ns;
}

bool mti_timer_set(mti_fiber *f, int64_t due_ns) {
  f->timed_out = false;
  f->timer_ns = due_ns;
  if (mti_heap_push(&f->worker->timers, due_ns, f)) return true;
  f->timer_ns = MTI_NEVER;
  return false;
}

void mti_timer_clear(mti_fiber *f) {
  if (f->timer_ns == MTI_NEVER) return;
  f->timer_ns = MTI_NEVER;
  mti_heap *h = &f->worker->timers;
  h->dead++;
  mti_heap_sweep(h, alive);
}

void mti_timers_run(mti_worker *w, int64_t now_ns) {
  while (mti_heap_due(&w->timers) <= now_ns) {
    mti_entry e = w->timers.entry[0];
    mti_fiber *f = e.what;
    bool live = alive(&e);
    mti_heap_pop(&w->timers);
    if (!live) {
      if (w->timers.dead > 0) w->timers.dead--;
      continue;
    }
    f->timer_ns = MTI_NEVER;
    f->timed_out = true;
    mti_fiber_unpark(f);
  }
}
