/* SPDX-License-Identifier: MIT
 *
 * Limits: permits and rates, first come first served, and a cut wait takes nothing.
 */
#include "tasks.h"

static mt_limit *open_limit(const mt_limit_options *options) {
  mt_limit *l = NULL;
  STATUS(mt_limit_open(options, &l), 0);
  assert_non_null(l);
  return l;
}

static void senseless_limits_are_refused(void) {
  mt_limit *const before = (mt_limit *)(uintptr_t)8;
  mt_limit *l = before;
  STATUS(mt_limit_open(&(mt_limit_options){0}, &l), MT_EINVAL);
  STATUS(mt_limit_open(&(mt_limit_options){.burst = 3}, &l), MT_EINVAL);
  STATUS(mt_limit_open(&(mt_limit_options){.rate = -1}, &l), MT_EINVAL);
  STATUS(mt_limit_open(&(mt_limit_options){.permits = 1, .rate = -1}, &l), MT_EINVAL);
  assert_ptr_equal(l, before);
  mt_limit_close(NULL);
}

static void permits_are_counted(void) {
  mt_limit *l = open_limit(&(mt_limit_options){.permits = 3});
  for (int i = 0; i < 3; i++) STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  STATUS(mt_acquire(l, MT_MS(1)), MT_ETIMEDOUT);
  mt_release(l);
  STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  for (int i = 0; i < 3; i++) mt_release(l);
  mt_limit_close(l);
}

/* Many hold it for a while; how many at once is counted. */
struct crowd {
  mt_limit *limit;
  atomic_uint now, most, entered, trouble;
};

static mt_status enter(struct crowd *crowd, int64_t stay_ns) {
  mt_status st = mt_acquire(crowd->limit, MT_FOREVER);
  if (st < 0) return st;
  unsigned now = atomic_fetch_add(&crowd->now, 1) + 1;
  unsigned most = atomic_load(&crowd->most);
  while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now)) continue;
  atomic_fetch_add(&crowd->entered, 1);
  mt_yield();
  (void)mt_sleep(stay_ns);
  atomic_fetch_sub(&crowd->now, 1);
  mt_release(crowd->limit);
  return 0;
}

static void enters(struct crowd *crowd) {
  for (int i = 0; i < 20; i++) {
    if (enter(crowd, i % 4 == 0 ? 1000 : 0) == 0) continue;
    atomic_fetch_add(&crowd->trouble, 1);
    return;
  }
}

static mt_value enters_once(mt_value arg) {
  mt_status st = enter(arg.data, 0);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static mt_value enters_inside(mt_value arg) {
  enters(arg.data);
  return mt_none();
}

static void *enters_outside(void *arg) {
  enters(arg);
  return NULL;
}

static void never_more_than_its_permits_hold_it(void) {
  mt_executor *a = open_with(50), *b = open_with(50);
  struct crowd crowd = {.limit = open_limit(&(mt_limit_options){.permits = 3})};
  pthread_t threads[2];
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, enters_outside, &crowd);
  for (int i = 0; i < 25; i++) {
    mt_unref(mt_submit(a, enters_inside, mt_ptr(&crowd)));
    mt_unref(mt_submit(b, enters_inside, mt_ptr(&crowd)));
  }
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  close_here(a);
  close_here(b);
  assert_int_equal(atomic_load(&crowd.trouble), 0);
  assert_int_equal(atomic_load(&crowd.entered), 52 * 20);
  assert_true(atomic_load(&crowd.most) <= 3);
  mt_limit_close(crowd.limit);
}

/* They come one after another, each known to wait before the next comes. */
struct queue {
  mt_limit *limit;
  unsigned next;
  unsigned order[10];
};

struct customer {
  struct queue *queue;
  unsigned number;
};

static mt_value is_served(mt_value arg) {
  struct customer *customer = arg.data;
  struct queue *queue = customer->queue;
  mt_status st = mt_acquire(queue->limit, MT_FOREVER);
  if (st < 0) return mt_give_up(st);
  queue->order[queue->next++] = customer->number; /* one permit: nobody else is here */
  mt_release(queue->limit);
  return mt_none();
}

static void first_come_first_served(void) {
  mt_executor *ex = open_with(10);
  struct queue queue = {.limit = open_limit(&(mt_limit_options){.permits = 1})};
  STATUS(mt_acquire(queue.limit, 0), 0);
  struct customer customers[10];
  mt_future *f[10];
  for (unsigned i = 0; i < 10; i++) {
    customers[i] = (struct customer){&queue, i};
    f[i] = mt_submit(ex, is_served, mt_ptr(&customers[i]));
    UNTIL(suspended_in(ex) == i + 1);
  }
  mt_release(queue.limit);
  for (unsigned i = 0; i < 10; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  for (unsigned i = 0; i < 10; i++) assert_int_equal(queue.order[i], i);
  close_here(ex);
  mt_limit_close(queue.limit);
}

static void who_is_cut_leaves_the_queue(void) {
  mt_executor *ex = open_with(10);
  struct queue queue = {.limit = open_limit(&(mt_limit_options){.permits = 1})};
  STATUS(mt_acquire(queue.limit, 0), 0);
  struct customer customers[6];
  mt_future *f[6];
  for (unsigned i = 0; i < 6; i++) {
    customers[i] = (struct customer){&queue, i};
    f[i] = mt_submit(ex, is_served, mt_ptr(&customers[i]));
    UNTIL(suspended_in(ex) == i + 1);
  }
  for (unsigned i = 0; i < 6; i += 2) {
    assert_true(mt_cancel(f[i]));
    FAILS_WITH(f[i], MT_ECANCELED);
  }
  mt_release(queue.limit);
  for (unsigned i = 0; i < 6; i++) {
    if (i % 2 == 1) GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  assert_int_equal(queue.next, 3);
  for (unsigned i = 0; i < 3; i++) assert_int_equal(queue.order[i], 2 * i + 1);
  STATUS(mt_acquire(queue.limit, 0), 0); /* the permit has come back, once */
  STATUS(mt_acquire(queue.limit, 0), MT_ETIMEDOUT);
  mt_release(queue.limit);
  close_here(ex);
  mt_limit_close(queue.limit);
}

static void cuts_and_releases_race(void) {
  mt_executor *ex = open_with(8);
  mt_limit *l = open_limit(&(mt_limit_options){.permits = 2});
  for (int round = 0; round < 200; round++) {
    struct crowd crowd = {.limit = l};
    mt_future *f[4];
    for (int i = 0; i < 4; i++) f[i] = mt_submit(ex, enters_inside, mt_ptr(&crowd));
    (void)mt_cancel(f[round % 4]);
    (void)mt_cancel(f[(round + 1) % 4]);
    for (int i = 0; i < 4; i++) {
      STATUS(mt_wait(f[i], MT_FOREVER), 0);
      mt_unref(f[i]);
    }
    for (int i = 0; i < 2; i++) STATUS(mt_acquire(l, 0), 0);
    STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
    for (int i = 0; i < 2; i++) mt_release(l);
  }
  close_here(ex);
  mt_limit_close(l);
}

static void a_rate_spaces_evenly(void) {
  mt_limit *l = open_limit(&(mt_limit_options){.rate = 1000});
  int64_t begin = mt_now_ns();
  for (int i = 0; i < 11; i++) STATUS(mt_acquire(l, MT_FOREVER), 0);
  assert_true(mt_now_ns() - begin >= MT_MS(10) - MT_US(1));
  mt_release(l); /* nothing to give back */
  mt_limit_close(l);
}

static void a_rate_has_a_period(void) {
  mt_limit *l = open_limit(&(mt_limit_options){.rate = 1, .per_ns = MT_MS(2)});
  int64_t begin = mt_now_ns();
  for (int i = 0; i < 6; i++) STATUS(mt_acquire(l, MT_FOREVER), 0);
  assert_true(mt_now_ns() - begin >= MT_MS(10) - MT_US(1));
  mt_limit_close(l);
}

static void a_burst_passes_at_once(void) {
  mt_limit *l = open_limit(&(mt_limit_options){.rate = 1, .per_ns = MT_SECONDS(3600), .burst = 5});
  for (int i = 0; i < 5; i++) STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  STATUS(mt_acquire(l, MT_MS(1)), MT_ETIMEDOUT);
  mt_limit_close(l);

  l = open_limit(&(mt_limit_options){.rate = 1, .per_ns = MT_SECONDS(3600)});
  STATUS(mt_acquire(l, 0), 0); /* a burst of one by default */
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  mt_limit_close(l);
}

static void permits_and_a_rate_both_count(void) {
  mt_limit *l = open_limit(
      &(mt_limit_options){.permits = 2, .rate = 1, .per_ns = MT_SECONDS(3600), .burst = 3});
  STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), 0);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT); /* no permit */
  mt_release(l);
  STATUS(mt_acquire(l, 0), 0);
  mt_release(l);
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT); /* a permit, but the rate is used up */
  mt_release(l);
  mt_limit_close(l);
}

static void a_wait_for_the_rate_that_is_cut_takes_nothing(void) {
  mt_executor *ex = open_with(2);
  mt_limit *l = open_limit(
      &(mt_limit_options){.permits = 1, .rate = 1, .per_ns = MT_SECONDS(3600), .burst = 1});
  STATUS(mt_acquire(l, 0), 0);
  mt_release(l);
  struct queue queue = {.limit = l};
  struct customer customer = {&queue, 0};
  mt_future *f = mt_submit(ex, is_served, mt_ptr(&customer));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  assert_int_equal(queue.next, 0);
  mt_unref(f);
  close_here(ex);
  mt_limit_close(l);
}

static void nobody_passes_in_a_pause(void) {
  mt_limit *l = open_limit(&(mt_limit_options){.permits = 5});
  int64_t begin = mt_now_ns();
  mt_limit_pause(l, MT_MS(20));
  mt_limit_pause(l, MT_MS(1)); /* the latest end counts */
  STATUS(mt_acquire(l, MT_FOREVER), 0);
  assert_true(mt_now_ns() - begin >= MT_MS(20));
  mt_release(l);
  mt_limit_pause(l, MT_SECONDS(3600));
  STATUS(mt_acquire(l, 0), MT_ETIMEDOUT);
  STATUS(mt_acquire(l, MT_MS(1)), MT_ETIMEDOUT);
  mt_limit_close(l);
}

static void a_pause_holds_those_who_wait_already(void) {
  mt_executor *ex = open_with(2);
  struct queue queue = {.limit = open_limit(&(mt_limit_options){.permits = 1})};
  struct customer customer = {&queue, 0};
  STATUS(mt_acquire(queue.limit, 0), 0);
  mt_future *f = mt_submit(ex, is_served, mt_ptr(&customer));
  UNTIL(suspended_in(ex) == 1);
  int64_t begin = mt_now_ns();
  mt_limit_pause(queue.limit, MT_MS(5));
  mt_release(queue.limit);
  GIVES(f, 0);
  assert_true(mt_now_ns() - begin >= MT_MS(5));
  mt_unref(f);
  close_here(ex);
  mt_limit_close(queue.limit);
}

/* A permit as a gate: one task takes it twice, and waits; another lets it on. */
struct transfer {
  mt_limit *gate;
  mt_status first, second;
};

static mt_value waits_for_transfer(mt_value arg) {
  struct transfer *t = arg.data;
  t->first = mt_acquire(t->gate, 0);
  t->second = mt_acquire(t->gate, MT_FOREVER);
  return mt_none();
}

static mt_value ends_transfer(mt_value arg) {
  struct transfer *t = arg.data;
  mt_release(t->gate);
  return mt_none();
}

static void who_releases_need_not_have_acquired(void) {
  enum { N = 100 };
  mt_executor *ex = open_with(N + 1);
  struct transfer transfers[N];
  mt_future *f[N];
  for (int i = 0; i < N; i++) {
    transfers[i] = (struct transfer){.gate = open_limit(&(mt_limit_options){.permits = 1})};
    f[i] = mt_submit(ex, waits_for_transfer, mt_ptr(&transfers[i]));
  }
  UNTIL(suspended_in(ex) == N);
  for (int i = N - 1; i >= 0; i--) {
    mt_unref(mt_submit(ex, ends_transfer, mt_ptr(&transfers[i])));
    GIVES(f[i], 0);
    mt_unref(f[i]);
    STATUS(transfers[i].first, 0);
    STATUS(transfers[i].second, 0);
    mt_limit_close(transfers[i].gate);
  }
  close_here(ex);
}

static void a_long_line_is_served_around_those_who_are_cut(void) {
  enum { MOST = 10000 };
  size_t n = shrunk(MOST);
  mt_executor *ex = open_with((unsigned)n);
  static mt_future *f[MOST];
  struct crowd crowd = {.limit = open_limit(&(mt_limit_options){.permits = 1})};
  STATUS(mt_acquire(crowd.limit, 0), 0);
  for (size_t i = 0; i < n; i++) f[i] = mt_submit(ex, enters_once, mt_ptr(&crowd));
  UNTIL(suspended_in(ex) == n);
  for (size_t i = 0; i < n; i += 3) assert_true(mt_cancel(f[i]));
  mt_release(crowd.limit);
  for (size_t i = 0; i < n; i++) {
    if (i % 3 == 0)
      FAILS_WITH(f[i], MT_ECANCELED);
    else
      GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  assert_int_equal(atomic_load(&crowd.entered), n - (n + 2) / 3);
  assert_int_equal(atomic_load(&crowd.most), 1);
  close_here(ex);
  mt_limit_close(crowd.limit);
}

struct slot {
  struct plug plug;
  atomic_bool first_is_done, second_was_early;
};

static mt_value holds_slot(mt_value arg) {
  struct slot *slot = arg.data;
  mt_status st = plug_pass(&slot->plug);
  atomic_store(&slot->first_is_done, true);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static mt_value wants_slot(mt_value arg) {
  struct slot *slot = arg.data;
  atomic_store(&slot->second_was_early, !atomic_load(&slot->first_is_done));
  return mt_none();
}

static void who_waits_keeps_his_slot(void) {
  mt_executor *ex = open_with(1);
  struct slot slot = {.first_is_done = false};
  plug_init(&slot.plug);
  mt_future *a = mt_submit(ex, holds_slot, mt_ptr(&slot));
  mt_future *b = mt_submit(ex, wants_slot, mt_ptr(&slot));
  UNTIL(suspended_in(ex) == 1);
  for (int i = 0; i < 20; i++) contract_pause(); /* time enough to do it wrong */
  assert_int_equal(queued_in(ex), 1);
  plug_pull(&slot.plug);
  GIVES(a, 0);
  GIVES(b, 0);
  assert_false(atomic_load(&slot.second_was_early));
  mt_unref(a);
  mt_unref(b);
  close_here(ex);
  plug_fini(&slot.plug);
}

static const struct check checks[] = {
    CHECK(senseless_limits_are_refused, 0),
    CHECK(permits_are_counted, 0),
    CHECK(never_more_than_its_permits_hold_it, OVERLAP),
    CHECK(first_come_first_served, OVERLAP),
    CHECK(who_is_cut_leaves_the_queue, OVERLAP),
    CHECK(cuts_and_releases_race, OVERLAP),
    CHECK(a_rate_spaces_evenly, 0),
    CHECK(a_rate_has_a_period, 0),
    CHECK(a_burst_passes_at_once, 0),
    CHECK(permits_and_a_rate_both_count, 0),
    CHECK(a_wait_for_the_rate_that_is_cut_takes_nothing, OVERLAP),
    CHECK(nobody_passes_in_a_pause, 0),
    CHECK(a_pause_holds_those_who_wait_already, OVERLAP),
    CHECK(who_releases_need_not_have_acquired, OVERLAP),
    CHECK(a_long_line_is_served_around_those_who_are_cut, OVERLAP),
    CHECK(who_waits_keeps_his_slot, OVERLAP),
};
CONTRACT(checks)
