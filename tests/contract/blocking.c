/* SPDX-License-Identifier: MIT
 *
 * mt_block: foreign blocking calls on threads of their own.
 */
#include "tasks.h"

#include <errno.h>

static mt_value own_thread(mt_value arg) {
  *(pthread_t *)arg.data = pthread_self();
  return mt_int(8);
}

static void outside_a_task_it_is_a_call(void) {
  pthread_t thread = 0;
  mt_value value = mt_block(own_thread, mt_ptr(&thread));
  assert_true(mt_as_int(value) == 8);
  assert_true(pthread_equal(thread, pthread_self()));
}

struct place {
  pthread_t before, inside, after;
  intptr_t value;
};

static mt_value blocks(mt_value arg) {
  struct place *place = arg.data;
  place->before = pthread_self();
  place->value = mt_as_int(mt_block(own_thread, mt_ptr(&place->inside)));
  place->after = pthread_self();
  return mt_none();
}

static void it_runs_on_another_thread_and_comes_back(void) {
  mt_executor *ex = open_with(2);
  struct place place = {.value = 0};
  mt_future *f = mt_submit(ex, blocks, mt_ptr(&place));
  GIVES(f, 0);
  assert_true(place.value == 8);
  assert_true(pthread_equal(place.before, place.after));
  if ((mt_capabilities(ex) & MT_CAN_OVERLAP) != 0)
    assert_false(pthread_equal(place.before, place.inside));
  mt_unref(f);
  close_here(ex);
}

static mt_value makes_text(mt_value arg) {
  return mt_text("for %s", (char *)arg.data);
}

static mt_value fails(mt_value arg) {
  (void)arg;
  return mt_fail(ENOENT, "no such host: %s", "example");
}

static mt_value passes_text_on(mt_value arg) {
  return mt_block(makes_text, arg);
}

static mt_value passes_failure_on(mt_value arg) {
  mt_value value = mt_block(fails, arg);
  if (!mt_is_failure(value) || mt_failure_code(value) != ENOENT) return mt_none();
  return value;
}

static void values_and_failures_come_through(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, passes_text_on, mt_ptr("you"));
  mt_value value;
  STATUS(mt_get(f, MT_FOREVER, &value), 0);
  assert_string_equal(value.data, "for you");
  mt_unref(f);
  f = mt_submit(ex, passes_failure_on, mt_none());
  FAILS_WITH(f, ENOENT);
  assert_string_equal(mt_failure(f)->message, "no such host: example");
  mt_unref(f);
  close_here(ex);
}

/* As many threads block as there are tasks: they let each other go only when all are there. */
#define CROWD 24

struct meeting {
  pthread_mutex_t lock;
  pthread_cond_t all;
  unsigned here, wanted;
};

static mt_value meets(mt_value arg) {
  struct meeting *m = arg.data;
  pthread_mutex_lock(&m->lock);
  if (++m->here == m->wanted) pthread_cond_broadcast(&m->all);
  while (m->here < m->wanted) pthread_cond_wait(&m->all, &m->lock);
  pthread_mutex_unlock(&m->lock);
  return mt_int(1);
}

static mt_value meets_blocking(mt_value arg) {
  return mt_block(meets, arg);
}

static void the_lane_grows_as_needed(void) {
  mt_executor *ex = open_with(CROWD);
  for (int round = 0; round < 5; round++) {
    struct meeting meeting = {.wanted = CROWD};
    pthread_mutex_init(&meeting.lock, NULL);
    pthread_cond_init(&meeting.all, NULL);
    mt_future *f[CROWD];
    for (int i = 0; i < CROWD; i++) f[i] = mt_submit(ex, meets_blocking, mt_ptr(&meeting));
    for (int i = 0; i < CROWD; i++) {
      GIVES(f[i], 1);
      mt_unref(f[i]);
    }
    pthread_cond_destroy(&meeting.all);
    pthread_mutex_destroy(&meeting.lock);
  }
  close_here(ex);
}

struct crowd {
  atomic_uint now, most, done;
};

static mt_value is_counted(mt_value arg) {
  struct crowd *crowd = arg.data;
  unsigned now = atomic_fetch_add(&crowd->now, 1) + 1;
  unsigned most = atomic_load(&crowd->most);
  while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now)) continue;
  contract_pause();
  atomic_fetch_sub(&crowd->now, 1);
  atomic_fetch_add(&crowd->done, 1);
  return mt_int(1);
}

static mt_value is_counted_blocking(mt_value arg) {
  return mt_block(is_counted, arg);
}

static void the_lane_is_no_wider_than_allowed(void) {
  mt_executor *ex = open_here(&(mt_options){.in_flight = 64, .block_threads = 3});
  struct crowd crowd = {0};
  mt_group *g;
  STATUS(mt_group_open(&g), 0);
  for (int i = 0; i < 200; i++) STATUS(mt_go(g, ex, is_counted_blocking, mt_ptr(&crowd)), 0);
  STATUS(mt_group_close(g), 0);
  close_here(ex);
  assert_int_equal(atomic_load(&crowd.done), 200);
  assert_true(atomic_load(&crowd.most) <= 3);
}

static mt_value holds_thread(mt_value arg) {
  latch_pass(arg.data);
  return mt_int(5);
}

struct blocked {
  struct latch latch;
  intptr_t value;
  mt_status later;
};

static mt_value blocks_at_latch(mt_value arg) {
  struct blocked *b = arg.data;
  b->value = mt_as_int(mt_block(holds_thread, mt_ptr(&b->latch)));
  b->later = mt_sleep(1);
  return mt_int(b->value);
}

static void a_blocked_call_does_not_hold_the_worker(void) {
  mt_executor *ex = open_with(3);
  struct blocked b = {.value = 0};
  latch_init(&b.latch);
  mt_future *f = mt_submit(ex, blocks_at_latch, mt_ptr(&b));
  UNTIL(atomic_load(&b.latch.arrived) == 1);
  mt_future *other = mt_submit(ex, task_next, mt_int(1));
  GIVES(other, 2);
  assert_false(mt_done(f));
  assert_true(mt_running(f));
  mt_counts counts;
  mt_counters(ex, &counts);
  assert_true(counts.block_threads >= 1);
  latch_open(&b.latch);
  GIVES(f, 5);
  STATUS(b.later, 0);
  mt_unref(f);
  mt_unref(other);
  close_here(ex);
  latch_fini(&b.latch);
}

static void a_started_call_is_waited_for_to_the_end(void) {
  mt_executor *ex = open_with(3);
  struct blocked b = {.value = 0};
  latch_init(&b.latch);
  mt_future *f = mt_submit(ex, blocks_at_latch, mt_ptr(&b));
  UNTIL(atomic_load(&b.latch.arrived) == 1);
  assert_true(mt_cancel(f));
  mt_future *other = mt_submit(ex, task_next, mt_int(1));
  GIVES(other, 2);
  assert_false(mt_done(f)); /* its function has not returned */
  latch_open(&b.latch);
  GIVES(f, 5);
  STATUS(b.later, MT_ECANCELED);
  mt_unref(f);
  mt_unref(other);
  close_here(ex);
  latch_fini(&b.latch);
}

/* The call itself looks, or waits by calls of meantime: it is told of its task's cut. */
struct told {
  atomic_bool begun, saw;
  mt_status waited;
};

static mt_value looks_for_cancel(mt_value arg) {
  struct told *told = arg.data;
  atomic_store(&told->begun, true);
  while (!mt_cancelled()) contract_pause();
  atomic_store(&told->saw, true);
  told->waited = mt_sleep(MT_FOREVER);
  return mt_int(2);
}

static mt_value waits_for_cancel(mt_value arg) {
  struct told *told = arg.data;
  atomic_store(&told->begun, true);
  told->waited = mt_sleep(MT_FOREVER);
  atomic_store(&told->saw, mt_cancelled());
  return mt_int(2);
}

static mt_value blocks_looking(mt_value arg) {
  return mt_block(looks_for_cancel, arg);
}
static mt_value blocks_waiting(mt_value arg) {
  return mt_block(waits_for_cancel, arg);
}

static void a_started_call_is_told_of_the_cut(void) {
  mt_executor *ex = open_with(3);
  mt_fn *const calls[] = {blocks_looking, blocks_waiting};
  for (int i = 0; i < 4; i++) {
    struct told told = {.waited = 1};
    bool timeout = i >= 2;
    mt_future *f = submit_as(ex, .fn = calls[i % 2], .arg = mt_ptr(&told),
                             .timeout_ns = timeout ? MT_MS(50) : 0);
    if (!timeout) UNTIL(atomic_load(&told.begun));
    if (!timeout) assert_true(mt_cancel(f));
    STATUS(mt_wait(f, MT_FOREVER), 0);
    if (atomic_load(&told.begun)) { /* else 50 ms were too short for this machine to begin it */
      GIVES(f, 2);
      assert_true(atomic_load(&told.saw));
      STATUS(told.waited, timeout ? MT_EDEADLINE : MT_ECANCELED);
    }
    mt_unref(f);
  }
  close_here(ex);
}

struct second {
  atomic_uint ran;
  bool failure;
  int code;
};

static mt_value blocks_second(mt_value arg) {
  struct second *second = arg.data;
  mt_value value = mt_block(task_count, mt_ptr(&second->ran));
  second->failure = mt_is_failure(value);
  second->code = mt_failure_code(value);
  return value;
}

static void a_call_that_has_not_started_is_cut(void) {
  mt_executor *ex = open_here(&(mt_options){.in_flight = 4, .block_threads = 1});
  struct blocked b = {.value = 0};
  struct second second = {.failure = false};
  latch_init(&b.latch);
  mt_future *first = mt_submit(ex, blocks_at_latch, mt_ptr(&b));
  UNTIL(atomic_load(&b.latch.arrived) == 1); /* the only thread is taken */
  mt_future *f = mt_submit(ex, blocks_second, mt_ptr(&second));
  UNTIL(suspended_in(ex) == 2);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  assert_true(second.failure);
  STATUS(second.code, MT_ECANCELED);
  assert_int_equal(atomic_load(&second.ran), 0);
  latch_open(&b.latch);
  GIVES(first, 5);
  mt_unref(f);
  mt_unref(first);
  close_here(ex);
  latch_fini(&b.latch);
}

static mt_value cancelled_blocks(mt_value arg) {
  struct second *second = arg.data;
  mt_cancel(mt_self());
  return blocks_second(mt_ptr(second));
}

static void a_cancelled_task_starts_no_call(void) {
  mt_executor *ex = open_here(NULL);
  struct second second = {.failure = false};
  mt_future *f = mt_submit(ex, cancelled_blocks, mt_ptr(&second));
  FAILS_WITH(f, MT_ECANCELED);
  assert_int_equal(atomic_load(&second.ran), 0);
  mt_unref(f);
  close_here(ex);
}

static mt_value sets_errno(mt_value arg) {
  errno = 4711;
  return arg;
}

static mt_value keeps_errno(mt_value arg) {
  errno = 17;
  (void)mt_block(sets_errno, arg);
  return mt_int(errno);
}

static void errno_of_the_task_is_its_own(void) {
  mt_executor *ex = open_with(2);
  if ((mt_capabilities(ex) & MT_CAN_OVERLAP) == 0) {
    close_here(ex);
    skip(); /* the call runs on the task's own thread */
  }
  mt_future *f = mt_submit(ex, keeps_errno, mt_none());
  GIVES(f, 17);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(outside_a_task_it_is_a_call, 0),
    CHECK(it_runs_on_another_thread_and_comes_back, SHARE),
    CHECK(values_and_failures_come_through, 0),
    CHECK(the_lane_grows_as_needed, OVERLAP),
    CHECK(the_lane_is_no_wider_than_allowed, SHARE),
    CHECK(a_blocked_call_does_not_hold_the_worker, OVERLAP),
    CHECK(a_started_call_is_waited_for_to_the_end, OVERLAP),
    CHECK(a_started_call_is_told_of_the_cut, OVERLAP),
    CHECK(a_call_that_has_not_started_is_cut, OVERLAP),
    CHECK(a_cancelled_task_starts_no_call, SHARE),
    CHECK(errno_of_the_task_is_its_own, OVERLAP),
};
CONTRACT(checks)
