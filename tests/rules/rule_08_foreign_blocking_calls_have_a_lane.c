/* SPDX-License-Identifier: MIT
 *
 * Rule 8: foreign blocking calls have a lane of their own (mt_block): elastic ordinary threads, so
 * that a getaddrinfo or a database driver never starves the workers.
 */
#include "faults.h"
#include "tasks.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

static mt_value blocks_at(mt_value arg) {
  return mt_block(task_latch, arg);
}

static void blocked_calls_do_not_starve_the_worker(void) {
  enum { N = 32 };
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = N + 1});
  struct latch latch;
  latch_init(&latch);
  mt_future *f[N];
  for (int i = 0; i < N; i++) f[i] = mt_submit(ex, blocks_at, mt_ptr(&latch));
  UNTIL(atomic_load(&latch.arrived) == N); /* all block at once, each on a thread */
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_int_equal(counts.block_threads, N);
  assert_int_equal(counts.workers, 1);
  for (int i = 0; i < 100; i++) { /* and the only worker is free */
    mt_future *next = mt_submit(ex, task_next, mt_int(i));
    GIVES(next, i + 1);
    mt_unref(next);
  }
  latch_open(&latch);
  for (int i = 0; i < N; i++) {
    GIVES(f[i], 1);
    mt_unref(f[i]);
  }
  close_here(ex);
  latch_fini(&latch);
}

static void beyond_its_limit_calls_wait_their_turn(void) {
  enum { N = 20, LIMIT = 4 };
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = N + 1, .block_threads = LIMIT});
  struct latch latch;
  latch_init(&latch);
  mt_future *f[N];
  for (int i = 0; i < N; i++) f[i] = mt_submit(ex, blocks_at, mt_ptr(&latch));
  UNTIL(suspended_in(ex) == N && atomic_load(&latch.arrived) == LIMIT);
  mt_future *next = mt_submit(ex, task_next, mt_int(1));
  GIVES(next, 2);
  mt_unref(next);
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_int_equal(counts.block_threads, LIMIT);
  assert_int_equal(atomic_load(&latch.arrived), LIMIT);
  latch_open(&latch);
  for (int i = 0; i < N; i++) {
    GIVES(f[i], 1);
    mt_unref(f[i]);
  }
  close_here(ex);
  latch_fini(&latch);
}

static void the_lane_grows_and_shrinks(void) {
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = 8});
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_int_equal(counts.block_threads, 0);
  for (int round = 0; round < 2; round++) {
    struct latch latch;
    latch_init(&latch);
    mt_future *f[8];
    for (int i = 0; i < 8; i++) f[i] = mt_submit(ex, blocks_at, mt_ptr(&latch));
    UNTIL(atomic_load(&latch.arrived) == 8);
    mt_counters(ex, &counts);
    assert_int_equal(counts.block_threads, 8);
    latch_open(&latch);
    for (int i = 0; i < 8; i++) {
      GIVES(f[i], 1);
      mt_unref(f[i]);
    }
    latch_fini(&latch);
    if (round > 0) continue;
    do { /* idle threads end by and by */
      contract_pause();
      mt_counters(ex, &counts);
    } while (counts.block_threads > 0);
  }
  close_here(ex);
}

/* Where the call runs, and where its task does. */
struct place {
  pthread_t task, call;
  mt_value value;
};

static mt_value says_thread(mt_value arg) {
  *(pthread_t *)arg.data = pthread_self();
  return mt_int(9);
}

static mt_value blocks_and_says(mt_value arg) {
  struct place *place = arg.data;
  place->task = pthread_self();
  place->value = mt_block(says_thread, mt_ptr(&place->call));
  return mt_none();
}

static struct place place_of_a_call(mt_executor *ex) {
  struct place place = {.value = mt_none()};
  mt_future *f = mt_submit(ex, blocks_and_says, mt_ptr(&place));
  GIVES(f, 0);
  mt_unref(f);
  assert_true(mt_as_int(place.value) == 9);
  return place;
}

static void without_any_thread_the_worker_runs_it(void) {
  if (!faults_work()) skip();
  mt_executor *ex = open_on("threads:2", NULL);
  faults_arm(FAULT_THREAD, 0, true); /* EAGAIN, as at the limit of threads */
  struct place place = place_of_a_call(ex);
  unsigned tries = faults_disarm();
  assert_true(tries >= 1);
  assert_true(pthread_equal(place.task, place.call));
  place = place_of_a_call(ex); /* and later, with threads again: */
  assert_false(pthread_equal(place.task, place.call));
  close_here(ex);
}

static void with_few_threads_they_take_turns(void) {
  if (!faults_work()) skip();
  enum { N = 10 };
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = N});
  struct latch first, rest;
  latch_init(&first);
  latch_init(&rest);
  mt_future *f[N];
  f[0] = mt_submit(ex, blocks_at, mt_ptr(&first));
  UNTIL(atomic_load(&first.arrived) == 1);
  faults_arm(FAULT_THREAD, 0, true);
  latch_open(&rest);
  for (int i = 1; i < N; i++) f[i] = mt_submit(ex, blocks_at, mt_ptr(&rest));
  UNTIL(suspended_in(ex) == N); /* no thread for them, so they wait for the one there is */
  assert_int_equal(atomic_load(&rest.arrived), 0);
  latch_open(&first);
  for (int i = 0; i < N; i++) {
    GIVES(f[i], 1);
    mt_unref(f[i]);
  }
  faults_disarm();
  assert_int_equal(atomic_load(&rest.arrived), N - 1);
  close_here(ex);
  latch_fini(&first);
  latch_fini(&rest);
}

/* The call that the rule names. It asks for no name server: the address is numeric. */
static mt_value looks_up(mt_value arg) {
  struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
  struct addrinfo *found = NULL;
  int rc = getaddrinfo(arg.data, "80", &hints, &found);
  if (rc != 0) return mt_fail(EINVAL, "%s: %s", (char *)arg.data, gai_strerror(rc));
  mt_value family = mt_int(found->ai_family);
  freeaddrinfo(found);
  return family;
}

static mt_value looks_up_blocking(mt_value arg) {
  return mt_block(looks_up, arg);
}

static void a_name_is_looked_up(void) {
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = 10});
  static const char *const names[] = {"127.0.0.1", "::1", "not an address"};
  mt_stream *s = mt_map_array(ex, looks_up_blocking, names, 3, 0, NULL);
  mt_future *f;
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
  GIVES(f, AF_INET);
  mt_unref(f);
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
  GIVES(f, AF_INET6);
  mt_unref(f);
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
  FAILS_WITH(f, EINVAL);
  assert_int_equal(strncmp(mt_failure(f)->message, "not an address: ", 16), 0);
  mt_unref(f);
  mt_stream_close(s);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(blocked_calls_do_not_starve_the_worker, ALL),
    CHECK(beyond_its_limit_calls_wait_their_turn, ALL),
    CHECK(the_lane_grows_and_shrinks, ALL),
    CHECK(without_any_thread_the_worker_runs_it, ALL),
    CHECK(with_few_threads_they_take_turns, ALL),
    CHECK(a_name_is_looked_up, ALL),
};
RULE(checks)
