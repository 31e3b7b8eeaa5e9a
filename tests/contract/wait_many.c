/* SPDX-License-Identifier: MIT
 *
 * mt_wait_many: the first that is done, the first error, all of them.
 */
#include "promises.h"

#include <errno.h>
#include <stdlib.h>

#define N 4

static void of_none_it_is_done_at_once(void) {
  STATUS(mt_wait_many(NULL, 0, MT_FIRST_DONE, MT_FOREVER), 0);
  STATUS(mt_wait_many(NULL, 0, MT_FIRST_ERROR, 0), 0);
  STATUS(mt_wait_many(NULL, 0, MT_ALL_DONE, 0), 0);
}

static void first_done_needs_one(void) {
  struct promises p;
  promises_init(&p, N);
  STATUS(mt_wait_many(p.future, N, MT_FIRST_DONE, 0), MT_ETIMEDOUT);
  mt_settle(p.promise[2], mt_int(1));
  STATUS(mt_wait_many(p.future, N, MT_FIRST_DONE, MT_FOREVER), 0);
  STATUS(mt_wait_many(p.future, N, MT_FIRST_DONE, 0), 0);
  STATUS(mt_wait_many(p.future, 2, MT_FIRST_DONE, 0), MT_ETIMEDOUT);
  assert_true(mt_done(p.future[2]));
  assert_false(mt_done(p.future[0]));
  promises_fini(&p);
}

static void first_error_passes_over_values(void) {
  struct promises p;
  promises_init(&p, N);
  mt_settle(p.promise[0], mt_int(1));
  mt_settle(p.promise[1], mt_int(1));
  STATUS(mt_wait_many(p.future, N, MT_FIRST_ERROR, 0), MT_ETIMEDOUT);
  STATUS(mt_wait_many(p.future, N, MT_FIRST_ERROR, MT_MS(1)), MT_ETIMEDOUT);
  mt_settle_error(p.promise[2], EIO, "broken");
  STATUS(mt_wait_many(p.future, N, MT_FIRST_ERROR, MT_FOREVER), 0);
  assert_false(mt_done(p.future[3]));
  promises_fini(&p);
}

static void first_error_ends_when_all_hold_values(void) {
  struct promises p;
  promises_init(&p, N);
  for (int i = 0; i < N; i++) mt_settle(p.promise[i], mt_int(1));
  STATUS(mt_wait_many(p.future, N, MT_FIRST_ERROR, 0), 0);
  promises_fini(&p);
}

static void a_cancel_is_an_error_too(void) {
  struct promises p;
  promises_init(&p, N);
  mt_promise *promise;
  mt_future *two[2] = {p.future[0], NULL};
  STATUS(mt_promise_open(MT_PROMISE_CANCELABLE, &promise, &two[1]), 0);
  assert_true(mt_cancel(two[1]));
  STATUS(mt_wait_many(two, 2, MT_FIRST_ERROR, 0), 0);
  mt_promise_close(promise);
  mt_unref(two[1]);
  promises_fini(&p);
}

static void all_needs_all(void) {
  struct promises p;
  promises_init(&p, N);
  for (int i = 0; i < N; i++) {
    STATUS(mt_wait_many(p.future, N, MT_ALL_DONE, 0), MT_ETIMEDOUT);
    STATUS(mt_wait_many(p.future, (size_t)i, MT_ALL_DONE, 0), 0);
    if (i % 2 == 0)
      mt_settle(p.promise[i], mt_int(1));
    else
      mt_settle_error(p.promise[i], EIO, "broken");
  }
  STATUS(mt_wait_many(p.future, N, MT_ALL_DONE, 0), 0);
  promises_fini(&p);
}

static void one_future_may_be_named_twice(void) {
  struct promises p;
  promises_init(&p, N);
  mt_future *twice[3] = {p.future[0], p.future[1], p.future[0]};
  STATUS(mt_wait_many(twice, 3, MT_ALL_DONE, 0), MT_ETIMEDOUT);
  mt_settle(p.promise[0], mt_int(1));
  STATUS(mt_wait_many(twice, 3, MT_ALL_DONE, MT_MS(1)), MT_ETIMEDOUT);
  mt_settle(p.promise[1], mt_int(1));
  STATUS(mt_wait_many(twice, 3, MT_ALL_DONE, MT_FOREVER), 0);
  promises_fini(&p);
}

/* Waits of one kind each, in tasks and in threads, woken by one settle after another. */
struct waiter {
  struct promises *p;
  mt_until until;
  mt_status st;
  bool early;
};

static void wait_as_told(struct waiter *w) {
  w->st = mt_wait_many(w->p->future, N, w->until, MT_FOREVER);
  bool enough = false;
  bool all = true;
  for (int i = 0; i < N; i++) {
    bool done = mt_done(w->p->future[i]);
    all = all && done;
    if (w->until == MT_FIRST_DONE) enough = enough || done;
    if (w->until == MT_FIRST_ERROR) enough = enough || mt_failure(w->p->future[i]) != NULL;
  }
  w->early = !enough && !all;
}

static mt_value waits_inside(mt_value arg) {
  wait_as_told(arg.data);
  return mt_none();
}

static void *waits_outside(void *arg) {
  wait_as_told(arg);
  return NULL;
}

static void nobody_is_woken_early_or_forgotten(void) {
  mt_executor *ex = open_with(8);
  for (int round = 0; round < 30; round++) {
    struct promises p;
    promises_init(&p, N);
    struct waiter w[6];
    mt_future *tasks[3];
    pthread_t threads[3];
    for (int i = 0; i < 6; i++) w[i] = (struct waiter){.p = &p, .until = (mt_until)(i % 3)};
    for (int i = 0; i < 3; i++) {
      tasks[i] = mt_submit(ex, waits_inside, mt_ptr(&w[i]));
      pthread_create(&threads[i], NULL, waits_outside, &w[3 + i]);
    }
    if (round % 2 == 0) UNTIL(suspended_in(ex) == 3);
    mt_settle(p.promise[round % N], mt_int(1));
    mt_settle_error(p.promise[(round + 1) % N], EIO, "broken");
    mt_settle(p.promise[(round + 2) % N], mt_int(1));
    mt_settle(p.promise[(round + 3) % N], mt_int(1));
    for (int i = 0; i < 3; i++) {
      STATUS(mt_wait(tasks[i], MT_FOREVER), 0);
      mt_unref(tasks[i]);
      pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 6; i++) {
      STATUS(w[i].st, 0);
      assert_false(w[i].early);
    }
    promises_fini(&p);
  }
  close_here(ex);
}

static void thousands_are_waited_for(void) {
  enum { MANY = 5000 };
  mt_executor *ex = open_here(NULL);
  mt_future **f = calloc(MANY, sizeof *f);
  assert_non_null(f);
  for (int i = 0; i < MANY; i++) f[i] = mt_submit(ex, task_next, mt_int(i));
  STATUS(mt_wait_many(f, MANY, MT_ALL_DONE, MT_FOREVER), 0);
  for (int i = 0; i < MANY; i++) {
    assert_true(mt_done(f[i]));
    mt_unref(f[i]);
  }
  free(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(of_none_it_is_done_at_once, 0),     CHECK(first_done_needs_one, 0),
    CHECK(first_error_passes_over_values, 0), CHECK(first_error_ends_when_all_hold_values, 0),
    CHECK(a_cancel_is_an_error_too, 0),       CHECK(all_needs_all, 0),
    CHECK(one_future_may_be_named_twice, 0),  CHECK(nobody_is_woken_early_or_forgotten, OVERLAP),
    CHECK(thousands_are_waited_for, 0),
};
CONTRACT(checks)
