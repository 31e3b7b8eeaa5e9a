/* SPDX-License-Identifier: MIT
 *
 * Sleeping and waking.
 *
 * Two kinds of wake-ups:
 *   directed   a fiber of this very worker can go on (mti_wake)
 *   any        there is work that any worker could take (mti_wake_one)
 *
 * The second costs a system call only if a worker sleeps and none is searching already. A worker
 * woken by it has the searching role, which was handed to it, by name, by whoever woke it:
 * `searching` is counted up before it wakes. It gives the role up when it finds work (and then, if
 * there is more, wakes the next) or goes back to sleep. So there is at most a chain of one
 * searcher, and no crowd.
 *
 * Nothing is missed: a worker first says that it is idle, then looks at all the places where work
 * may be, then sleeps. A submitter first puts the work, then looks whether somebody is idle. Both
 * sides' operations are sequentially consistent, so one of them sees the other. (Without that order
 * a prototype lost 605,140 of 2,000,000 wake-ups.) The role does not break it: the last searcher
 * gives the role up before it looks around for the last time.
 *
 * Lingering. To sleep and be woken takes up to 50 us between two CPUs, and a submitter who waits
 * for each result before the next submit pays it each time. So a worker may look on before it
 * sleeps, for as long as a sleep would cost. It has the searching role meanwhile, which spares the
 * submitter the wake-up, and keeps it to one worker at a time.
 *
 *   on       after a sleep that was shorter than that, and ended with one task to start
 *   off      after lingering in vain: long sleeps cost nothing
 *   paused   if a short sleep follows right then: it has kept the submitter from this very CPU.
 *            Each time for twice as long, until lingering pays again
 *
 * It does not linger where the process has one CPU; nor for tasks that nobody waits for, since a
 * sleep lets those gather; nor with a descriptor or a near timer to wait for, or a shutdown that
 * waits for it. (bench pingpong:submit_get, with a caller that looks on, too, as core/blocking.c
 * does: a thirtieth of the time without; half of it if the caller sleeps at once. If it is on for
 * submit:go, that takes twice as long.)
 *
 * parker.word: EMPTY awake, PARKED on the futex, POLLING in the reactor, NOTIFIED to wake up. */
#include "base/clock.h"
#include "base/spin.h"
#include "threads/pool.h"

enum { POLLING = 3 };

#define LINGER_NS      MT_US(50)
#define LEAST_PAUSE_NS MT_MS(2)
#define MOST_PAUSE_NS  MT_MS(128)

#ifdef MTI_FUTEX
static bool sleeps_in_reactor(mti_worker *w) {
  return w->reactor.waiting > 0;
}
#else
static bool sleeps_in_reactor(mti_worker *w) {
  return mti_reactor_prepare(&w->reactor);
}
#endif

void mti_wake(mti_worker *w) {
  if (atomic_load_explicit(&w->parker.word, memory_order_seq_cst) == MTI_NOTIFIED)
    return; /* it has not looked since */
  if (mti_unpark(&w->parker, NULL) == POLLING) mti_reactor_wake(&w->reactor);
}

static void unlist(mti_worker *w) { /* under the idle mutex */
  *w->idle_link = w->idle_next;
  if (w->idle_next != NULL) w->idle_next->idle_link = w->idle_link;
  w->is_idle = false;
  atomic_fetch_sub_explicit(&w->pool->idle.count, 1, memory_order_seq_cst);
}

void mti_wake_one(mti_pool *pool) {
  if (atomic_load_explicit(&pool->idle.count, memory_order_seq_cst) == 0 ||
      atomic_load_explicit(&pool->idle.searching, memory_order_seq_cst) > 0)
    return;
  pthread_mutex_lock(&pool->idle.mutex);
  mti_worker *w = pool->idle.first;
  if (atomic_load_explicit(&pool->idle.searching, memory_order_seq_cst) > 0) w = NULL;
  if (w != NULL) {
    unlist(w);
    atomic_fetch_add_explicit(&pool->idle.searching, 1, memory_order_seq_cst);
  }
  pthread_mutex_unlock(&pool->idle.mutex);
  if (w != NULL) mti_wake(w);
}

void mti_wake_any(mti_pool *pool) {
  if (atomic_load_explicit(&pool->idle.count, memory_order_seq_cst) == 0) return;
  pthread_mutex_lock(&pool->idle.mutex);
  if (pool->idle.first != NULL) mti_wake(pool->idle.first);
  pthread_mutex_unlock(&pool->idle.mutex);
}

static void give_role_up(mti_worker *w) {
  if (!w->searching) return;
  w->searching = false;
  atomic_fetch_sub_explicit(&w->pool->idle.searching, 1, memory_order_seq_cst);
}

void mti_found_work(mti_worker *w) {
  mti_pool *pool = w->pool;
  give_role_up(w);
  /* Relaxed: what it misses, the next start or the sleeper's own last look finds. */
  if (atomic_load_explicit(&pool->idle.count, memory_order_relaxed) == 0) return;
  if (mti_job_waits(pool) || (mti_slot_may_start(pool) && mti_queue_has(pool))) mti_wake_one(pool);
}

static bool something_to_do(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (w->ready.first != NULL) return true; /* giving a slot back may have served one of ours */
  if (atomic_load_explicit(&w->inbox, memory_order_seq_cst) != NULL) return true;
  if (mti_job_waits(pool)) return true;
  return mti_slot_may_start(pool) && mti_queue_has(pool);
}

/* Until when it may sleep: its own timers, the delayed tasks if it keeps them, giving memory back.
 */
static int64_t sleep_until(mti_worker *w) {
  int64_t until_ns = mti_heap_due(&w->timers), kept_ns = mti_delayed_keep(w);
  if (kept_ns < until_ns) until_ns = kept_ns;
  if (w->trim_at_ns < until_ns) until_ns = w->trim_at_ns;
  return until_ns;
}

static void sleep_now(mti_worker *w, int64_t until_ns) {
  if (!sleeps_in_reactor(w)) {
    mti_park(&w->parker, until_ns);
    return;
  }
  uint32_t seen = MTI_EMPTY;
  if (atomic_compare_exchange_strong_explicit(&w->parker.word, &seen, POLLING, memory_order_seq_cst,
                                              memory_order_seq_cst)) {
    int64_t left_ns = -1;
    if (until_ns != MTI_NEVER) {
      left_ns = until_ns - mt_now_ns();
      if (left_ns < 0) left_ns = 0;
    }
    mti_reactor_wait(&w->reactor, left_ns);
  }
  atomic_exchange_explicit(&w->parker.word, MTI_EMPTY, memory_order_seq_cst);
}

/* Stacks beyond the usual number are given back, a few at a time, once they have been too many for
 * a second. True: there may be more. */
static bool trim(mti_worker *w) {
  if (!mti_stack_has_excess(w)) {
    w->trim_at_ns = MTI_NEVER;
    return false;
  }
  int64_t now_ns = mt_now_ns();
  if (w->trim_at_ns == MTI_NEVER) w->trim_at_ns = now_ns + MT_SECONDS(1);
  if (now_ns < w->trim_at_ns) return false;
  if (mti_stack_trim(w)) return true;
  w->trim_at_ns = now_ns + MT_SECONDS(1); /* perhaps there is memory then to remember them */
  return false;
}

static void enlist(mti_worker *w) {
  mti_pool *pool = w->pool;
  pthread_mutex_lock(&pool->idle.mutex);
  w->idle_next = pool->idle.first;
  w->idle_link = &pool->idle.first;
  if (w->idle_next != NULL) w->idle_next->idle_link = &w->idle_next;
  pool->idle.first = w;
  w->is_idle = true;
  atomic_fetch_add_explicit(&pool->idle.count, 1, memory_order_seq_cst);
  pthread_mutex_unlock(&pool->idle.mutex);
}

/* Awake again: either it is still in the list, or somebody took it out and handed it the role. */
static void delist(mti_worker *w) {
  pthread_mutex_lock(&w->pool->idle.mutex);
  if (w->is_idle)
    unlist(w);
  else
    w->searching = true;
  pthread_mutex_unlock(&w->pool->idle.mutex);
}

static bool may_linger(mti_worker *w, int64_t until_ns) {
  return mti_state(w->pool->ex) == 0 && w->reactor.waiting == 0 &&
         mti_heap_due(&w->timers) >= until_ns &&
         atomic_load_explicit(&w->pool->delayed.next_ns, memory_order_relaxed) >= until_ns;
}

/* Looks on for a while before it sleeps. True: there is something to do, and it has the role. */
static bool linger(mti_worker *w) {
  w->linger.in_vain = false;
  if (!w->linger.on || w->awaited == 0) return false;
  int64_t until_ns = mt_now_ns() + LINGER_NS;
  unsigned none = 0;
  if (!may_linger(w, until_ns) ||
      !atomic_compare_exchange_strong_explicit(&w->pool->idle.searching, &none, 1,
                                               memory_order_seq_cst, memory_order_relaxed))
    return false;
  w->searching = true;
  do {
    for (unsigned round = 0; round < 32; mti_spin(&round)) {
      if (!something_to_do(w)) continue;
      w->linger.pause_ns = 0;
      return true;
    }
  } while (mt_now_ns() < until_ns && mti_state(w->pool->ex) == 0);
  w->linger.on = false;
  w->linger.in_vain = true;
  give_role_up(w);
  return false;
}

/* It slept from then until now: is it to linger the next time? */
static void learn(mti_worker *w, int64_t from_ns) {
  mti_pool *pool = w->pool;
  int64_t now_ns = mt_now_ns();
  if (!pool->may_linger || now_ns - from_ns >= LINGER_NS) return;
  if (atomic_load_explicit(&pool->inject.count, memory_order_relaxed) > 1) return;
  if (!w->linger.in_vain) {
    w->linger.on = now_ns >= w->linger.paused_until_ns;
    return;
  }
  int64_t pause_ns = w->linger.pause_ns;
  pause_ns = pause_ns == 0 ? LEAST_PAUSE_NS : pause_ns < MOST_PAUSE_NS ? 2 * pause_ns : pause_ns;
  w->linger.pause_ns = pause_ns;
  w->linger.paused_until_ns = now_ns + pause_ns;
}

bool mti_idle(mti_worker *w) {
  mti_pool *pool = w->pool;
  if (w->spare) {
    w->spare = false;
    mti_slot_give(pool);
  }
  give_role_up(w);
  if (linger(w) || trim(w)) return true;
  if (atomic_load_explicit(&pool->delayed.next_ns, memory_order_relaxed) != MTI_NEVER)
    mti_delayed_tidy(pool);
  enlist(w);
  bool closing = atomic_load_explicit(&pool->closing, memory_order_seq_cst);
  mti_check_drained(pool->ex);
  if (!closing && !something_to_do(w)) {
    int64_t until_ns = sleep_until(w), from_ns = mt_now_ns();
    sleep_now(w, until_ns);
    learn(w, from_ns);
  }
  delist(w);
  mti_delayed_unkeep(w); /* off the list first, or it would hand on to itself */
  w->poll_at = w->tick;  /* look at the timers and descriptors first */
  return !closing;
}
