/* SPDX-License-Identifier: MIT
 *
 * The loop of a worker. In this order:
 *
 *   1. what has become due or ready, every poll_every rounds (about a millisecond of work)
 *   2. tasks that can run on
 *   3. forked jobs of its own
 *   4. tasks that can start, if there is a slot
 *   5. forked jobs of others
 *   6. nothing: sleep
 *
 * Every 64th round, and after a yield that found nobody ready, 3 and 4 go before 2, so that tasks
 * which yield to each other for ever do not keep others from starting.
 *
 * The loop runs on a task stack, and tasks run in it as ordinary calls: those that never wait
 * follow one another on the same stack and pay no switch. When one waits, its stack stays behind
 * with the loop's frame below it, and another copy of the loop goes on elsewhere (see fiber.c).
 * Whatever a frame of the loop remembers over a call may be old when the call returns, so nothing
 * is remembered. */
#include "base/clock.h"
#include "threads/pool.h"

enum { MOST_ROUNDS = 64 };

/* Keeps the time between two polls near a millisecond, whatever the tasks cost. */
static void adapt(mti_worker *w, int64_t now_ns) {
  int64_t took_ns = now_ns - w->polled_ns;
  w->polled_ns = now_ns;
  if (took_ns > MT_MS(1) && w->poll_every > 1)
    w->poll_every /= 2;
  else if (took_ns < MT_US(250) && w->poll_every < MOST_ROUNDS)
    w->poll_every *= 2;
  w->poll_at = w->tick + w->poll_every;
}

void mti_worker_poll(mti_worker *w) {
  int64_t now_ns = mt_now_ns();
  adapt(w, now_ns);
  if (mti_heap_due(&w->timers) <= now_ns) mti_timers_run(w, now_ns);
  if (atomic_load_explicit(&w->pool->delayed.next_ns, memory_order_relaxed) <= now_ns)
    mti_delayed_run(w->pool, now_ns);
  if (w->reactor.waiting > 0) mti_reactor_wait(&w->reactor, 0);
}

mti_fiber *mti_worker_ready(mti_worker *w) {
  mti_fiber *f;
  while ((f = mti_fibers_pop(&w->ready)) != NULL) {
    if (f->needs_slot && !mti_share_enter(w, f)) continue;
    f->needs_slot = false;
    mti_slot_give_spare(w); /* it has its own: others may use ours meanwhile */
    break;
  }
  mti_slot_unwant(w);
  return f;
}

/* Those in line for a slot come before new starts. */
static bool may_start(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (atomic_load_explicit(&pool->slots.wanted, memory_order_relaxed) > 0) mti_slot_give_spare(w);
  if (w->spare) return true;
  if (!mti_queue_has(pool)) return false;
  return w->spare = mti_slot_take(pool);
}

/* Does somebody wait for what it starts? Then the next submit may hang on this one's result. */
static void see_waiters(mti_worker *w, const mt_future *f) {
  enum { REMEMBERED = 64 };
  if (mti_word(f) & MTI_WATCHED)
    w->awaited = REMEMBERED;
  else if (w->awaited > 0)
    w->awaited--;
}

static void set_busy(mti_worker *w, bool busy) {
  atomic_store_explicit(&w->busy, busy, memory_order_relaxed);
}

static __attribute__((noinline)) bool start_task(mti_worker *w) {
  if (!may_start(w)) return false;
  mt_future *f = mti_queue_take(w);
  if (f == NULL) return false;
  mti_found_work(w);
  mti_fiber *fiber = w->current;
  mt_executor *ex = w->pool->ex;
  w->spare = false;
  mti_share_begin(fiber);
  set_busy(w, true);
  mti_slot_unwant(w);
  see_waiters(w, f);
  mti_extra *x = mti_extra_of(f);
  if (x != NULL && x->deadline_at_ns != MTI_NEVER) mti_delayed_forget(w->pool);
  int64_t due_ns = mti_run_task(ex, f, &fiber->runner);
  mti_share_end(w, fiber);
  if (due_ns >= 0) mti_repeat_at(ex, f, due_ns);
  return true;
}

static __attribute__((noinline)) bool run_job(mti_worker *w, mt_job *job) {
  if (job == NULL) return false;
  mti_found_work(w);
  set_busy(w, true);
  mti_slot_unwant(w);
  mti_job_run(w, job);
  return true;
}

static bool resume_one(mti_worker *w) {
  mti_fiber *f = mti_worker_ready(w);
  if (f == NULL) return false;
  if (w->searching) mti_found_work(w); /* somebody else must look for what it was woken for */
  set_busy(w, true);
  mti_slot_unwant(w);
  mti_fiber_resume(w, f);
  return true;
}

void mti_worker_loop(mti_worker *w) {
  for (;;) {
    set_busy(w, false);
    if ((int)(w->tick++ - w->poll_at) >= 0) mti_worker_poll(w);
    mti_inbox_take(w);
    bool start_first = w->start_first || w->tick % 64 == 0;
    w->start_first = false;
    if (start_first && (run_job(w, mti_deque_pop(&w->deque, NULL)) || start_task(w))) continue;
    if (resume_one(w) || run_job(w, mti_deque_pop(&w->deque, NULL)) || start_task(w) ||
        run_job(w, mti_job_steal(w)))
      continue;
    if (!mti_idle(w)) return;
  }
}
