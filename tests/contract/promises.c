/* SPDX-License-Identifier: MIT
 *
 * Promises: futures settled by foreign code, once.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct open {
  mt_promise *promise;
  mt_future *future;
};

static struct open open_promise(unsigned flags) {
  struct open open = {NULL, NULL};
  STATUS(mt_promise_open(flags, &open.promise, &open.future), 0);
  assert_non_null(open.promise);
  assert_non_null(open.future);
  return open;
}

static void close_promise(struct open *open) {
  mt_promise_close(open->promise);
  mt_unref(open->future);
}

static void it_is_pending_until_settled(void) {
  struct open p = open_promise(0);
  assert_false(mt_done(p.future));
  assert_false(mt_running(p.future));
  assert_false(mt_was_cancelled(p.future));
  assert_null(mt_failure(p.future));
  assert_int_equal(mt_attempts(p.future), 0);
  STATUS(mt_settle(p.promise, mt_int(7)), 0);
  assert_true(mt_done(p.future));
  assert_false(mt_running(p.future));
  GIVES(p.future, 7);
  close_promise(&p);
}

static void it_has_no_task(void) {
  struct open p = open_promise(0);
  assert_null(mt_argument(p.future).data);
  assert_true(mt_argument(p.future).size == 0);
  assert_null(mt_tag(p.future));
  assert_string_equal(mt_name(p.future), "");
  close_promise(&p);
}

static void it_settles_once(void) {
  struct open p = open_promise(0);
  STATUS(mt_settle(p.promise, mt_int(1)), 0);
  STATUS(mt_settle(p.promise, mt_int(2)), MT_ESETTLED);
  STATUS(mt_settle_error(p.promise, EIO, "late"), MT_ESETTLED);
  GIVES(p.future, 1);
  close_promise(&p);

  p = open_promise(0);
  STATUS(mt_settle_error(p.promise, EIO, "sector %d", 9), 0);
  STATUS(mt_settle_error(p.promise, ENOENT, "late"), MT_ESETTLED);
  STATUS(mt_settle(p.promise, mt_int(2)), MT_ESETTLED);
  FAILS_WITH(p.future, EIO);
  assert_string_equal(mt_failure(p.future)->message, "sector 9");
  assert_string_equal(mt_failure(p.future)->task, "");
  assert_int_equal(mt_failure(p.future)->attempt, 0);
  close_promise(&p);
}

static void a_sized_value_changes_hands_only_on_success(void) {
  struct open p = open_promise(0);
  mt_value first = mt_bytes("first", 6), second = mt_bytes("second", 7);
  STATUS(mt_settle(p.promise, first), 0);
  STATUS(mt_settle(p.promise, second), MT_ESETTLED);
  free(second.data); /* it stayed ours */
  mt_value value;
  STATUS(mt_get(p.future, 0, &value), 0);
  assert_ptr_equal(value.data, first.data);
  assert_string_equal(value.data, "first");
  close_promise(&p);

  p = open_promise(0);
  STATUS(mt_settle(p.promise, mt_bytes("moved", 6)), 0);
  STATUS(mt_take(p.future, 0, &value), 0);
  close_promise(&p);
  assert_string_equal(value.data, "moved");
  free(value.data);
}

static void a_failure_value_is_an_error(void) {
  struct open p = open_promise(0);
  STATUS(mt_settle(p.promise, mt_fail(ERANGE, "beyond %s", "reason")), 0);
  FAILS_WITH(p.future, ERANGE);
  assert_string_equal(mt_failure(p.future)->message, "beyond reason");
  close_promise(&p);
}

static void closed_unsettled_it_is_abandoned(void) {
  struct open p = open_promise(0);
  mt_promise_close(p.promise);
  FAILS_WITH(p.future, MT_EABANDONED);
  assert_non_null(mt_failure(p.future)->message);
  mt_unref(p.future);
  mt_promise_close(NULL);
}

static void either_end_may_go_first(void) {
  struct open p = open_promise(0);
  mt_unref(p.future);
  STATUS(mt_settle(p.promise, mt_bytes("nobody reads this", 18)), 0);
  mt_promise_close(p.promise);

  p = open_promise(0);
  mt_unref(p.future);
  mt_promise_close(p.promise);

  p = open_promise(0);
  STATUS(mt_settle(p.promise, mt_int(3)), 0);
  mt_promise_close(p.promise);
  GIVES(p.future, 3);
  mt_unref(p.future);
}

static void unknown_flags_are_refused(void) {
  mt_promise *promise = (mt_promise *)(uintptr_t)8;
  mt_future *future = (mt_future *)(uintptr_t)8;
  STATUS(mt_promise_open(1u << 20, &promise, &future), MT_EINVAL);
  assert_ptr_equal(promise, (void *)8);
  assert_ptr_equal(future, (void *)8);
}

static void a_cancel_is_asked_for(void) {
  struct open p = open_promise(0);
  assert_false(mt_promise_cancelled(p.promise));
  assert_false(mt_cancel(p.future)); /* nobody has said that he watches */
  assert_true(mt_promise_cancelled(p.promise));
  assert_false(mt_done(p.future));
  STATUS(mt_settle(p.promise, mt_int(4)), 0);
  GIVES(p.future, 4);
  close_promise(&p);
}

static void a_cancelable_one_settles_at_once(void) {
  struct open p = open_promise(MT_PROMISE_CANCELABLE);
  assert_false(mt_promise_cancelled(p.promise));
  assert_true(mt_cancel(p.future));
  assert_true(mt_promise_cancelled(p.promise));
  assert_true(mt_was_cancelled(p.future));
  FAILS_WITH(p.future, MT_ECANCELED);
  assert_false(mt_cancel(p.future));
  mt_value late = mt_bytes("late", 5);
  STATUS(mt_settle(p.promise, late), MT_ESETTLED);
  free(late.data);
  STATUS(mt_settle_error(p.promise, EIO, "late"), MT_ESETTLED);
  close_promise(&p);

  p = open_promise(MT_PROMISE_CANCELABLE);
  STATUS(mt_settle(p.promise, mt_int(1)), 0);
  assert_false(mt_cancel(p.future));
  GIVES(p.future, 1);
  close_promise(&p);
}

#define SETTLERS 8

struct race {
  struct open open;
  struct latch start;
  atomic_uint won, lost, other;
};

static void *settles(void *arg) {
  struct race *race = arg;
  latch_pass(&race->start);
  mt_value value = mt_bytes("winner", 7);
  mt_status st = mt_settle(race->open.promise, value);
  if (st != 0) free(value.data);
  atomic_fetch_add(st == 0 ? &race->won : st == MT_ESETTLED ? &race->lost : &race->other, 1);
  return NULL;
}

static void of_many_settlers_one_wins(void) {
  for (int round = 0; round < 50; round++) {
    struct race race = {.open = open_promise(MT_PROMISE_CANCELABLE)};
    latch_init(&race.start);
    pthread_t threads[SETTLERS];
    for (int i = 0; i < SETTLERS; i++) pthread_create(&threads[i], NULL, settles, &race);
    latch_open(&race.start);
    bool cancelled = mt_cancel(race.open.future);
    for (int i = 0; i < SETTLERS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&race.won), cancelled ? 0 : 1);
    assert_int_equal(atomic_load(&race.lost), cancelled ? SETTLERS : SETTLERS - 1);
    assert_int_equal(atomic_load(&race.other), 0);
    STATUS(mt_get(race.open.future, 0, NULL), cancelled ? MT_FAILED : 0);
    close_promise(&race.open);
    latch_fini(&race.start);
  }
}

static void *settles_outside(void *arg) {
  mt_settle(arg, mt_text("from a %s", "thread"));
  return NULL;
}

static mt_value reads(mt_value arg) {
  mt_value value;
  mt_status st = mt_get(arg.data, MT_FOREVER, &value);
  if (st < 0) return mt_give_up(st);
  return mt_int(strcmp(value.data, "from a thread"));
}

static void a_task_waits_for_a_foreign_thread(void) {
  mt_executor *ex = open_with(4);
  struct open p = open_promise(0);
  mt_future *f[4];
  for (int i = 0; i < 4; i++) f[i] = mt_submit(ex, reads, mt_ptr(p.future));
  UNTIL(suspended_in(ex) == 4);
  pthread_t thread;
  pthread_create(&thread, NULL, settles_outside, p.promise);
  for (int i = 0; i < 4; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  pthread_join(thread, NULL);
  close_promise(&p);
  close_here(ex);
}

static mt_value settles_inside(mt_value arg) {
  mt_status st = mt_settle(arg.data, mt_int(12));
  return mt_int(st);
}

static void a_task_may_settle_one(void) {
  mt_executor *ex = open_here(NULL);
  struct open p = open_promise(0);
  mt_future *f = mt_submit(ex, settles_inside, mt_ptr(p.promise));
  GIVES(p.future, 12);
  GIVES(f, 0);
  mt_unref(f);
  close_promise(&p);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(it_is_pending_until_settled, 0),
    CHECK(it_has_no_task, 0),
    CHECK(it_settles_once, 0),
    CHECK(a_sized_value_changes_hands_only_on_success, 0),
    CHECK(a_failure_value_is_an_error, 0),
    CHECK(closed_unsettled_it_is_abandoned, 0),
    CHECK(either_end_may_go_first, 0),
    CHECK(unknown_flags_are_refused, 0),
    CHECK(a_cancel_is_asked_for, 0),
    CHECK(a_cancelable_one_settles_at_once, 0),
    CHECK(of_many_settlers_one_wins, 0),
    CHECK(a_task_waits_for_a_foreign_thread, OVERLAP),
    CHECK(a_task_may_settle_one, SHARE),
};
CONTRACT(checks)
