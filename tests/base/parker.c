/* SPDX-License-Identifier: MIT
 *
 * A parker holds one token: unpark puts it there, park takes it or sleeps until it comes. A lost
 * token shows as a hang, which the frame's watchdog ends.
 */
#include "base/parker.h"
#include "base/clock.h"
#include "contract.h"

#include <signal.h>
#include <stdlib.h>

static pthread_t start(void *(*run)(void *), void *arg) {
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, run, arg), 0);
  return thread;
}

static void a_wake_up_is_remembered_until_the_next_park(void) {
  mti_parker p;
  mti_parker_init(&p);
  mti_unpark(&p, NULL);
  assert_true(mti_park(&p, MTI_NEVER));
  mti_unpark(&p, NULL);
  assert_true(mti_park(&p, 0)); /* it counts even where the time is over */
  mti_parker_fini(&p);
}

static void several_wake_ups_count_as_one(void) {
  mti_parker p;
  mti_parker_init(&p);
  for (int i = 0; i < 3; i++) mti_unpark(&p, NULL);
  assert_true(mti_park(&p, MTI_NEVER));
  assert_false(mti_park(&p, 0));
  mti_parker_fini(&p);
}

static void a_timeout_is_not_early_and_leaves_nothing_behind(void) {
  mti_parker p;
  mti_parker_init(&p);
  for (int i = 0; i < 20; i++) {
    int64_t until_ns = mt_now_ns() + MT_US(500);
    assert_false(mti_park(&p, until_ns));
    assert_true(mt_now_ns() >= until_ns);
    assert_false(mti_park(&p, mt_now_ns() - 1));
    mti_unpark(&p, NULL);
    assert_true(mti_park(&p, mt_now_ns() - 1));
  }
  mti_parker_fini(&p);
}

struct pair {
  mti_parker ping, pong;
  size_t rounds, ball; /* the ball is not atomic: the parkers must order it */
  size_t refused;
};

static void *answers(void *arg) {
  struct pair *pair = arg;
  for (size_t i = 0; i < pair->rounds; i++) {
    if (!mti_park(&pair->ping, MTI_NEVER)) pair->refused++;
    pair->ball++;
    mti_unpark(&pair->pong, NULL);
  }
  return NULL;
}

static void ping_pong_loses_no_wake_up(void) {
  struct pair pair = {.rounds = shrunk(200000)};
  mti_parker_init(&pair.ping);
  mti_parker_init(&pair.pong);
  pthread_t thread = start(answers, &pair);
  for (size_t i = 0; i < pair.rounds; i++) {
    pair.ball++;
    mti_unpark(&pair.ping, NULL);
    if (!mti_park(&pair.pong, MTI_NEVER)) abort();
  }
  pthread_join(thread, NULL);
  assert_int_equal(pair.ball, 2 * pair.rounds);
  assert_int_equal(pair.refused, 0);
  assert_false(mti_park(&pair.ping, 0));
  assert_false(mti_park(&pair.pong, 0));
  mti_parker_fini(&pair.ping);
  mti_parker_fini(&pair.pong);
}

/* Each round one wake-up races a timeout. Park says which came first; if it was the timeout, the
 * wake-up must still be there for the next park, or that one never returns. */
static void *times_out_now_and_then(void *arg) {
  struct pair *pair = arg;
  unsigned seed = 1;
  for (size_t i = 0; i < pair->rounds; i++) {
    seed = seed * 1103515245 + 12345;
    int64_t until_ns = mt_now_ns() + (seed >> 16) % 20000;
    if (!mti_park(&pair->ping, until_ns)) {
      pair->refused++;
      if (!mti_park(&pair->ping, MTI_NEVER)) abort();
    }
    mti_unpark(&pair->pong, NULL);
  }
  return NULL;
}

static void a_wake_up_that_races_a_timeout_is_not_lost(void) {
  struct pair pair = {.rounds = shrunk(10000)};
  mti_parker_init(&pair.ping);
  mti_parker_init(&pair.pong);
  pthread_t thread = start(times_out_now_and_then, &pair);
  unsigned seed = 2;
  for (size_t i = 0; i < pair.rounds; i++) {
    seed = seed * 1103515245 + 12345;
    int64_t at_ns = mt_now_ns() + (seed >> 16) % 20000;
    while (mt_now_ns() < at_ns) continue;
    mti_unpark(&pair.ping, NULL);
    if (!mti_park(&pair.pong, MTI_NEVER)) abort();
  }
  pthread_join(thread, NULL);
  assert_false(mti_park(&pair.ping, 0)); /* one token a round, and one taken */
  mti_parker_fini(&pair.ping);
  mti_parker_fini(&pair.pong);
}

struct crowd {
  mti_parker parker;
  _Atomic size_t sent;
  size_t each;
};

static void *sends(void *arg) {
  struct crowd *crowd = arg;
  for (size_t i = 0; i < crowd->each; i++) {
    atomic_fetch_add(&crowd->sent, 1);
    mti_unpark(&crowd->parker, NULL);
  }
  return NULL;
}

static void many_may_wake_one(void) {
  enum { SENDERS = 4 };
  struct crowd crowd = {.each = shrunk(10000)};
  mti_parker_init(&crowd.parker);
  pthread_t thread[SENDERS];
  for (int i = 0; i < SENDERS; i++) thread[i] = start(sends, &crowd);
  while (atomic_load(&crowd.sent) < SENDERS * crowd.each) mti_park(&crowd.parker, MTI_NEVER);
  for (int i = 0; i < SENDERS; i++) pthread_join(thread[i], NULL);
  mti_parker_fini(&crowd.parker);
}

struct brief { /* a parker that is freed as soon as it may be */
  mti_parker parker;
  _Atomic uint32_t gone;
};

struct mailbox {
  _Atomic(struct brief *) brief;
  size_t rounds;
};

static void *wakes_what_goes_away(void *arg) {
  struct mailbox *box = arg;
  for (size_t i = 0; i < box->rounds; i++) {
    struct brief *brief;
    while ((brief = atomic_exchange(&box->brief, NULL)) == NULL) sched_yield();
    mti_unpark(&brief->parker, &brief->gone);
  }
  return NULL;
}

static void a_parker_may_be_freed_once_it_is_let_go(void) {
  struct mailbox box = {.rounds = shrunk(5000)};
  pthread_t thread = start(wakes_what_goes_away, &box);
  for (size_t i = 0; i < box.rounds; i++) {
    struct brief *brief = malloc(sizeof *brief);
    if (brief == NULL) abort();
    mti_parker_init(&brief->parker);
    atomic_init(&brief->gone, 0);
    atomic_store(&box.brief, brief);
    if (!mti_park(&brief->parker, MTI_NEVER)) abort();
    while (atomic_load(&brief->gone) == 0) sched_yield();
    mti_parker_fini(&brief->parker);
    free(brief);
  }
  pthread_join(thread, NULL);
}

struct sleeper {
  mti_parker parker;
  _Atomic bool sent;
  bool woken, was_sent;
};

static _Atomic unsigned interruptions;

static void interrupted(int signal) {
  (void)signal;
  atomic_fetch_add(&interruptions, 1);
}

static void *sleeps(void *arg) {
  struct sleeper *s = arg;
  s->woken = mti_park(&s->parker, MTI_NEVER);
  s->was_sent = atomic_load(&s->sent);
  return NULL;
}

static void a_signal_does_not_end_a_park(void) {
  struct sleeper s = {.woken = false};
  struct sigaction action = {.sa_handler = interrupted}, before; /* without SA_RESTART */
  sigaction(SIGUSR1, &action, &before);
  mti_parker_init(&s.parker);
  pthread_t thread = start(sleeps, &s);
  UNTIL(atomic_load(&s.parker.word) == MTI_PARKED);
  atomic_store(&interruptions, 0);
  for (unsigned i = 1; i <= 100; i++) {
    /* ThreadSanitizer may keep a signal until the thread's next atomic operation, and the thread be
     * asleep by then: the next signal wakes it for both. */
    while (atomic_load(&interruptions) < i) {
      pthread_kill(thread, SIGUSR1);
      for (unsigned turn = 0; turn < 1000 && atomic_load(&interruptions) < i; turn++) sched_yield();
    }
  }
  atomic_store(&s.sent, true);
  mti_unpark(&s.parker, NULL);
  pthread_join(thread, NULL);
  sigaction(SIGUSR1, &before, NULL);
  assert_true(s.woken);
  assert_true(s.was_sent);
  mti_parker_fini(&s.parker);
}

static const struct check checks[] = {
    CHECK(a_wake_up_is_remembered_until_the_next_park, 0),
    CHECK(several_wake_ups_count_as_one, 0),
    CHECK(a_timeout_is_not_early_and_leaves_nothing_behind, 0),
    CHECK(ping_pong_loses_no_wake_up, 0),
    CHECK(a_wake_up_that_races_a_timeout_is_not_lost, 0),
    CHECK(many_may_wake_one, 0),
    CHECK(a_parker_may_be_freed_once_it_is_let_go, 0),
    CHECK(a_signal_does_not_end_a_park, 0),
};
RULE(checks)
