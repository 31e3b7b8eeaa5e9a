/* SPDX-License-Identifier: MIT
 *
 * Workers: their init and fini, their names and numbers, the order in which one of them starts
 * tasks.
 */
#include "tasks.h"

#include <signal.h>
#include <string.h>

#define MOST 64

struct census {
  atomic_uint inits, finis, wrong;
  atomic_uint seen[MOST], left[MOST];
  atomic_uint early; /* tasks that ran on a worker before its init */
  int refuse;        /* the worker whose init fails, -1 for none */
};

static int census_init(void *arg, unsigned worker) {
  struct census *census = arg;
  atomic_fetch_add(&census->inits, 1);
  if (worker >= MOST) {
    atomic_fetch_add(&census->wrong, 1);
    return 0;
  }
  if ((int)worker == census->refuse) return 3;
  atomic_fetch_add(&census->seen[worker], 1);
  return 0;
}

static void census_fini(void *arg, unsigned worker) {
  struct census *census = arg;
  atomic_fetch_add(&census->finis, 1);
  if (worker < MOST) atomic_fetch_add(&census->left[worker], 1);
}

static mt_executor *open_census(struct census *census) {
  census->refuse = -1;
  return open_here(
      &(mt_options){.worker_init = census_init, .worker_fini = census_fini, .worker_arg = census});
}

static mt_value checks_census(mt_value arg) {
  struct census *census = arg.data;
  int worker = mt_worker();
  if (worker >= 0 && worker < MOST && atomic_load(&census->seen[worker]) != 1)
    atomic_fetch_add(&census->early, 1);
  return mt_none();
}

static void init_and_fini_are_called_once_on_each_worker(void) {
  struct census census = {0};
  mt_executor *ex = open_census(&census);
  unsigned workers = workers_of(ex);
  for (int i = 0; i < 1000; i++) mt_unref(mt_submit(ex, checks_census, mt_ptr(&census)));
  close_here(ex);
  assert_int_equal(atomic_load(&census.wrong), 0);
  assert_int_equal(atomic_load(&census.early), 0);
  assert_int_equal(atomic_load(&census.inits), workers);
  assert_int_equal(atomic_load(&census.finis), workers);
  for (unsigned i = 0; i < MOST; i++) {
    assert_int_equal(atomic_load(&census.seen[i]), i < workers ? 1 : 0);
    assert_int_equal(atomic_load(&census.left[i]), i < workers ? 1 : 0);
  }
}

static void a_failing_init_fails_the_open(void) {
  struct census census = {0};
  mt_executor *ex = open_census(&census);
  unsigned workers = workers_of(ex);
  close_here(ex);
  for (unsigned bad = 0; bad < workers; bad++) {
    memset(&census, 0, sizeof census);
    census.refuse = (int)bad;
    mt_executor *const before = (mt_executor *)(uintptr_t)8;
    ex = before;
    STATUS(mt_open(contract_where(),
                   &(mt_options){.worker_init = census_init,
                                 .worker_fini = census_fini,
                                 .worker_arg = &census},
                   &ex),
           MT_EBROKEN);
    assert_ptr_equal(ex, before);
    for (unsigned i = 0; i < MOST; i++)
      assert_int_equal(atomic_load(&census.left[i]), atomic_load(&census.seen[i]));
    assert_int_equal(atomic_load(&census.left[bad]), 0);
  }
}

struct identity {
  int worker;
  pthread_t thread;
  char name[32];
};

static mt_value identify(mt_value arg) {
  struct identity *identity = arg.data;
  identity->worker = mt_worker();
  identity->thread = pthread_self();
  pthread_getname_np(pthread_self(), identity->name, sizeof identity->name);
  return mt_none();
}

static struct identity identity_on(const mt_options *options) {
  mt_executor *ex = open_here(options);
  struct identity identity = {.worker = -2};
  mt_future *f = mt_submit(ex, identify, mt_ptr(&identity));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  mt_unref(f);
  unsigned workers = workers_of(ex);
  close_here(ex);
  assert_true(identity.worker >= -1 && identity.worker < (int)workers);
  return identity;
}

static void threads_are_named(void) {
  struct identity identity = identity_on(NULL);
  if (pthread_equal(identity.thread, pthread_self())) skip(); /* no thread of its own to name */
  assert_int_equal(strncmp(identity.name, "meantime", 8), 0);
  identity = identity_on(&(mt_options){.name = "quotes"});
  assert_int_equal(strncmp(identity.name, "quotes", 6), 0);
}

static void outside_tasks_there_is_no_worker(void) {
  assert_int_equal(mt_worker(), -1);
  assert_int_equal(mt_attempt(), 0);
  assert_null(mt_self());
}

#define LINE 3000

struct line {
  mt_executor *ex;
  atomic_uint next;
  intptr_t order[LINE];
};

struct place {
  struct line *line;
  intptr_t number;
};

static mt_value stand_in_line(mt_value arg) {
  struct place *place = arg.data;
  place->line->order[atomic_fetch_add(&place->line->next, 1)] = place->number;
  return mt_none();
}

static void submit_line(struct line *line, struct place *places) {
  for (intptr_t i = 0; i < LINE; i++) {
    places[i] = (struct place){.line = line, .number = i};
    mt_unref(mt_submit(line->ex, stand_in_line, mt_ptr(&places[i])));
  }
}

static void expect_in_order(const struct line *line) {
  for (intptr_t i = 0; i < LINE; i++) assert_true(line->order[i] == i);
}

static void one_worker_starts_in_submit_order(void) {
  static struct line line;
  static struct place places[LINE];
  memset(&line, 0, sizeof line);
  line.ex = open_with(1);
  bool one = workers_of(line.ex) <= 1;
  submit_line(&line, places);
  close_here(line.ex);
  assert_int_equal(atomic_load(&line.next), LINE);
  if (!one) skip();
  expect_in_order(&line);
}

static struct place inner_places[LINE];

static mt_value submits_the_line(mt_value arg) {
  submit_line(arg.data, inner_places);
  return mt_none();
}

static void one_worker_starts_in_submit_order_from_inside_too(void) {
  static struct line line;
  memset(&line, 0, sizeof line);
  line.ex = open_with(1);
  bool one = workers_of(line.ex) <= 1;
  mt_unref(mt_submit(line.ex, submits_the_line, mt_ptr(&line)));
  close_here(line.ex);
  assert_int_equal(atomic_load(&line.next), LINE);
  if (!one) skip();
  expect_in_order(&line);
}

static mt_value count_signals(mt_value arg) {
  sigset_t blocked;
  unsigned *open = arg.data;
  pthread_sigmask(SIG_SETMASK, NULL, &blocked);
  static const int asynchronous[] = {SIGINT, SIGTERM, SIGHUP, SIGALRM, SIGUSR1, SIGCHLD};
  for (size_t i = 0; i < sizeof asynchronous / sizeof *asynchronous; i++)
    if (sigismember(&blocked, asynchronous[i]) != 1) (*open)++;
  return mt_int((intptr_t)(uintptr_t)pthread_self());
}

static void workers_block_asynchronous_signals(void) {
  mt_executor *ex = open_here(NULL);
  unsigned open = 0;
  mt_future *f = mt_submit(ex, count_signals, mt_ptr(&open));
  mt_value thread;
  STATUS(mt_get(f, MT_FOREVER, &thread), 0);
  bool own = mt_as_int(thread) == (intptr_t)(uintptr_t)pthread_self();
  mt_unref(f);
  close_here(ex);
  if (own) skip(); /* the caller's own thread keeps the caller's mask */
  assert_int_equal(open, 0);
}

static const struct check checks[] = {
    CHECK(init_and_fini_are_called_once_on_each_worker, SHARE),
    CHECK(a_failing_init_fails_the_open, SHARE),
    CHECK(threads_are_named, SHARE),
    CHECK(outside_tasks_there_is_no_worker, 0),
    CHECK(one_worker_starts_in_submit_order, SHARE),
    CHECK(one_worker_starts_in_submit_order_from_inside_too, NEST),
    CHECK(workers_block_asynchronous_signals, SHARE),
};
CONTRACT(checks)
