/* SPDX-License-Identifier: MIT
 *
 * Many threads submit, cancel, wait, read, register and let go at once, and tasks do the same from
 * inside. Whatever the order, the sums must be right.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>

#define THREADS 4

struct tally {
  atomic_uint submitted, callbacks, values, errors, strange, ran;
};

struct load {
  mt_executor *ex;
  struct tally *tally;
  uint32_t seed;
  unsigned n;
};

static uint32_t roll(uint32_t *seed) {
  *seed ^= *seed << 13;
  *seed ^= *seed >> 17;
  *seed ^= *seed << 5;
  return *seed;
}

/* One task in one of several manners. */
static mt_value behaves(mt_value arg) {
  uint32_t seed = (uint32_t)mt_as_int(arg) | 1u;
  mt_status st = 0;
  switch (roll(&seed) % 6) {
  case 0:
    return arg;
  case 1:
    return mt_fail(EIO, "rolled %u", seed);
  case 2:
    st = mt_sleep(MT_US(seed % 300));
    break;
  case 3:
    mt_yield();
    break;
  case 4:
    st = mt_sleep(0);
    break;
  default:
    return mt_text("%u", seed);
  }
  return st < 0 ? mt_give_up(st) : arg;
}

static void tallies(mt_future *f, void *arg) {
  struct tally *tally = arg;
  atomic_fetch_add(&tally->callbacks, 1);
  const mt_error *error = mt_failure(f);
  if (!mt_done(f)) atomic_fetch_add(&tally->strange, 1);
  if (error == NULL) atomic_fetch_add(&tally->values, 1);
  if (error != NULL) atomic_fetch_add(&tally->errors, 1);
  if (error != NULL && error->code != EIO && error->code != MT_ECANCELED &&
      error->code != MT_EDEADLINE && error->code != MT_ETIMEDOUT)
    atomic_fetch_add(&tally->strange, 1);
}

static void lives_one_future(struct load *load) {
  static const mt_retry retry = {.repeats = 2, .first_ns = 1000};
  uint32_t dice = roll(&load->seed);
  mt_future *f = submit_as(
      load->ex, .fn = behaves, .arg = mt_int((intptr_t)(dice >> 1)),
      .retry = dice % 7 == 0 ? &retry : NULL, .delay_ns = dice % 11 == 0 ? MT_US(dice % 200) : 0,
      .timeout_ns = dice % 13 == 0 ? MT_US(50) : 0, .deadline_ns = dice % 17 == 0 ? MT_US(100) : 0);
  atomic_fetch_add(&load->tally->submitted, 1);
  if (mt_on_done(f, tallies, load->tally) != 0) atomic_fetch_add(&load->tally->strange, 1);
  if (dice % 3 == 0) (void)mt_cancel(f);
  if (dice % 5 == 0) {
    mt_value value;
    mt_status st = mt_take(f, MT_FOREVER, &value);
    if (st == 0 && value.size > 0) free(value.data);
    if (st != 0 && st != MT_FAILED && st != MT_ECANCELED)
      atomic_fetch_add(&load->tally->strange, 1);
  } else if (dice % 5 == 1) {
    (void)mt_wait(f, MT_US(dice % 100));
  }
  mt_unref(f);
}

static void *lives(void *arg) {
  struct load *load = arg;
  for (unsigned i = 0; i < load->n; i++) lives_one_future(load);
  return NULL;
}

static mt_value lives_inside(mt_value arg) {
  (void)lives(arg.data);
  return mt_none();
}

static void every_future_settles_under_load(void) {
  unsigned n = (unsigned)shrunk(8000);
  mt_executor *ex = open_with(8);
  struct tally tally = {0};
  struct load loads[2 * THREADS];
  pthread_t threads[THREADS];
  mt_future *inside[THREADS];
  for (unsigned i = 0; i < 2 * THREADS; i++)
    loads[i] = (struct load){.ex = ex, .tally = &tally, .seed = 1000 + i, .n = n};
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_create(&threads[i], NULL, lives, &loads[i]);
    inside[i] = mt_submit(ex, lives_inside, mt_ptr(&loads[THREADS + i]));
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    GIVES(inside[i], 0);
    mt_unref(inside[i]);
  }
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  assert_int_equal(atomic_load(&tally.submitted), 2 * THREADS * n);
  assert_int_equal(atomic_load(&tally.callbacks), 2 * THREADS * n);
  assert_int_equal(atomic_load(&tally.values) + atomic_load(&tally.errors), 2 * THREADS * n);
  assert_int_equal(atomic_load(&tally.strange), 0);
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_true(counts.submitted == 2 * THREADS * n + THREADS);
  assert_true(counts.settled == counts.submitted);
  assert_true(counts.queued == 0 && counts.running == 0 && counts.suspended == 0);
  close_here(ex);
}

/* The workers go to sleep and are woken again and again: a lost wake-up hangs here. */
static mt_value replies(mt_value arg) {
  return mt_int(mt_as_int(arg) * 3);
}

static void *asks_and_waits(void *arg) {
  struct load *load = arg;
  for (unsigned i = 0; i < load->n; i++) {
    mt_future *f = mt_submit(load->ex, replies, mt_int((intptr_t)i));
    mt_value value = mt_none();
    if (mt_get(f, MT_FOREVER, &value) != 0 || mt_as_int(value) != (intptr_t)i * 3)
      atomic_fetch_add(&load->tally->strange, 1);
    mt_unref(f);
    if (i % 64 == 0) (void)mt_sleep(MT_US(50));
  }
  return NULL;
}

static void no_wake_up_is_lost(void) {
  unsigned n = (unsigned)shrunk(5000);
  mt_executor *ex = open_here(NULL);
  struct tally tally = {0};
  struct load loads[3];
  pthread_t threads[3];
  for (unsigned i = 0; i < 3; i++) {
    loads[i] = (struct load){.ex = ex, .tally = &tally, .n = n};
    pthread_create(&threads[i], NULL, asks_and_waits, &loads[i]);
  }
  for (unsigned i = 0; i < 3; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&tally.strange), 0);
  close_here(ex);
}

/* Tasks hand promises round: each waits for its predecessor's and settles its own. */
struct baton {
  mt_promise *mine;
  mt_future *theirs;
};

static mt_value relays(mt_value arg) {
  struct baton *baton = arg.data;
  mt_value value = mt_none();
  mt_status st = mt_get(baton->theirs, MT_FOREVER, &value);
  if (st < 0) return mt_give_up(st);
  (void)mt_settle(baton->mine, mt_int(mt_as_int(value) + 1));
  return value;
}

static void a_relay_across_workers_arrives(void) {
  enum { N = 1000 };
  mt_executor *ex = open_with(16);
  static struct baton batons[N];
  static mt_promise *promises[N + 1];
  static mt_future *futures[N + 1], *tasks[N];
  for (int i = 0; i <= N; i++) STATUS(mt_promise_open(0, &promises[i], &futures[i]), 0);
  for (int i = 0; i < N; i++) {
    batons[i] = (struct baton){promises[i + 1], futures[i]};
    tasks[i] = mt_submit(ex, relays, mt_ptr(&batons[i]));
  }
  mt_settle(promises[0], mt_int(0));
  GIVES(futures[N], N);
  for (int i = 0; i < N; i++) {
    GIVES(tasks[i], i);
    mt_unref(tasks[i]);
  }
  for (int i = 0; i <= N; i++) {
    mt_promise_close(promises[i]);
    mt_unref(futures[i]);
  }
  close_here(ex);
}

/* Scopes under load: groups with members that fail and streams that are left early, on whose memory
 * nobody may be once they are closed. */
struct scope {
  atomic_bool alive;
  struct tally *tally;
  uint32_t seed;
};

static mt_value uses_scope(mt_value arg) {
  struct scope *scope = arg.data;
  uint32_t seed = (uint32_t)(uintptr_t)&seed ^ scope->seed;
  roll(&seed);
  mt_status st = seed % 3 == 0 ? mt_sleep(MT_US(seed % 200)) : 0;
  if (seed % 5 == 0) mt_yield();
  if (seed % 7 == 0) (void)mt_block(task_next, mt_int(1));
  if (!atomic_load(&scope->alive)) atomic_fetch_add(&scope->tally->strange, 1);
  atomic_fetch_add(&scope->tally->ran, 1);
  if (st < 0) return mt_give_up(st);
  return seed % 11 == 0 ? mt_fail(EIO, "rolled %u", seed) : mt_text("%u", seed);
}

static void lives_one_group(struct load *load) {
  struct scope scope = {.alive = true, .tally = load->tally, .seed = roll(&load->seed)};
  mt_group *g;
  if (mt_group_open(&g) != 0) return;
  for (int i = 0; i < 12; i++) (void)mt_go(g, load->ex, uses_scope, mt_ptr(&scope));
  if (scope.seed % 4 == 0) mt_group_cancel(g);
  if (scope.seed % 5 == 0) (void)mt_group_wait(g, MT_US(50));
  mt_status st = mt_group_close(g);
  if (st != 0 && st != MT_FAILED && st != MT_ECANCELED) atomic_fetch_add(&load->tally->strange, 1);
  atomic_store(&scope.alive, false);
}

static void lives_one_stream(struct load *load) {
  struct scope scope = {.alive = true, .tally = load->tally, .seed = roll(&load->seed)};
  struct scope *items[20];
  for (int i = 0; i < 20; i++) items[i] = &scope;
  mt_stream *s = mt_map_array(load->ex, uses_scope, (const void *)items, 20, 0,
                              &(mt_map_options){.order = (mt_order)(scope.seed & 1), .ahead = 5});
  mt_future *f;
  for (unsigned i = 0; i < scope.seed % 25; i++) {
    if (mt_next(s, scope.seed % 3 == 0 ? MT_US(100) : MT_FOREVER, &f, NULL) != 0) break;
    if (!mt_done(f)) atomic_fetch_add(&load->tally->strange, 1);
    mt_unref(f);
  }
  mt_stream_close(s);
  atomic_store(&scope.alive, false);
}

static void *lives_in_scopes(void *arg) {
  struct load *load = arg;
  for (unsigned i = 0; i < load->n; i++) {
    if (i % 2 == 0)
      lives_one_group(load);
    else
      lives_one_stream(load);
  }
  return NULL;
}

static mt_value lives_in_scopes_inside(mt_value arg) {
  (void)lives_in_scopes(arg.data);
  return mt_none();
}

static void nobody_outlives_its_scope(void) {
  unsigned n = (unsigned)shrunk(600);
  mt_executor *ex = open_with(6);
  struct tally tally = {0};
  struct load loads[2 * THREADS];
  pthread_t threads[THREADS];
  mt_future *inside[THREADS];
  for (unsigned i = 0; i < 2 * THREADS; i++)
    loads[i] = (struct load){.ex = ex, .tally = &tally, .seed = 77 + i, .n = n};
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_create(&threads[i], NULL, lives_in_scopes, &loads[i]);
    inside[i] = mt_submit(ex, lives_in_scopes_inside, mt_ptr(&loads[THREADS + i]));
  }
  for (unsigned i = 0; i < THREADS; i++) {
    pthread_join(threads[i], NULL);
    (void)mt_cancel(inside[i]); /* the last ones are cut in the middle of a scope */
  }
  for (unsigned i = 0; i < THREADS; i++) {
    STATUS(mt_wait(inside[i], MT_FOREVER), 0);
    mt_unref(inside[i]);
  }
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  assert_int_equal(atomic_load(&tally.strange), 0);
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_true(counts.settled == counts.submitted);
  assert_true(counts.queued == 0 && counts.running == 0 && counts.suspended == 0);
  close_here(ex);
}

static void *opens_and_closes(void *arg) {
  struct load *load = arg;
  for (unsigned i = 0; i < load->n; i++) {
    mt_executor *ex;
    if (mt_open(contract_where(), NULL, &ex) != 0) {
      atomic_fetch_add(&load->tally->strange, 1);
      continue;
    }
    for (int k = 0; k < 20; k++) mt_unref(mt_submit(ex, task_count, mt_ptr(&load->tally->ran)));
    if (mt_close(ex) != 0) atomic_fetch_add(&load->tally->strange, 1);
  }
  return NULL;
}

static void executors_come_and_go_at_once(void) {
  struct tally tally = {0};
  struct load loads[THREADS];
  pthread_t threads[THREADS];
  for (unsigned i = 0; i < THREADS; i++) {
    loads[i] = (struct load){.tally = &tally, .n = 30};
    pthread_create(&threads[i], NULL, opens_and_closes, &loads[i]);
  }
  for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(atomic_load(&tally.strange), 0);
  assert_int_equal(atomic_load(&tally.ran), THREADS * 30 * 20);
}

/* Futures outlive their executor: they are waited for and cancelled while it closes. */
struct closing {
  mt_future *futures[8];
  struct latch start;
  atomic_uint strange;
};

static void *waits_while_it_closes(void *arg) {
  struct closing *c = arg;
  latch_pass(&c->start);
  for (int i = 0; i < 8; i++) {
    if (i % 3 == 0) (void)mt_cancel(c->futures[i]);
    if (mt_wait(c->futures[i], MT_FOREVER) != 0) atomic_fetch_add(&c->strange, 1);
    if (mt_cancel(c->futures[i])) atomic_fetch_add(&c->strange, 1);
  }
  return NULL;
}

static void futures_are_waited_for_while_their_executor_closes(void) {
  for (size_t round = 0; round < 100; round++) {
    mt_executor *ex = open_with(4);
    struct closing c = {.strange = 0};
    latch_init(&c.start);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, waits_while_it_closes, &c);
    for (int i = 0; i < 8; i++)
      c.futures[i] = mt_submit(ex, behaves, mt_int((intptr_t)round * 8 + i));
    latch_open(&c.start);
    close_here(ex);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&c.strange), 0);
    for (int i = 0; i < 8; i++) mt_unref(c.futures[i]);
    latch_fini(&c.start);
  }
}

static const struct check checks[] = {
    CHECK(every_future_settles_under_load, SHARE),
    CHECK(no_wake_up_is_lost, 0),
    CHECK(a_relay_across_workers_arrives, OVERLAP),
    CHECK(nobody_outlives_its_scope, NEST),
    CHECK(futures_are_waited_for_while_their_executor_closes, SHARE),
    CHECK(executors_come_and_go_at_once, SHARE),
};
CONTRACT(checks)
