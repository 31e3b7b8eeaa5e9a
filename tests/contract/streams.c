/* SPDX-License-Identifier: MIT
 *
 * Streams in use: time limits, closing early, in tasks, in callbacks, in an event loop.
 */
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

static bool is_readable(int fd) {
  struct pollfd pollfd = {.fd = fd, .events = POLLIN};
  return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN) != 0;
}

static void a_next_that_timed_out_loses_nothing(void) {
  mt_executor *ex = open_with(4);
  struct gate gate;
  gate_init(&gate);
  struct gate *items[3] = {&gate, &gate, &gate};
  mt_stream *s = mt_map_array(ex, task_gate, (const void *)items, 3, 0, NULL);
  mt_future *f = NULL;
  size_t index = 77;
  STATUS(mt_next(s, 0, &f, &index), MT_ETIMEDOUT);
  STATUS(mt_next(s, MT_MS(1), &f, &index), MT_ETIMEDOUT);
  assert_null(f);
  assert_true(index == 77);
  gate_open(&gate);
  for (size_t i = 0; i < 3; i++) {
    STATUS(mt_next(s, MT_FOREVER, &f, &index), 0);
    assert_true(index == i);
    GIVES(f, 1);
    mt_unref(f);
  }
  STATUS(mt_next(s, MT_FOREVER, &f, &index), MT_END);
  mt_stream_close(s);
  gate_fini(&gate);
  close_here(ex);
}

/* Items that use memory which is gone once the stream is closed. */
struct lender {
  atomic_bool alive;
  atomic_uint started, ended, gone;
};

static mt_value borrows(mt_value arg) {
  struct lender *lender = arg.data;
  atomic_fetch_add(&lender->started, 1);
  mt_status st = mt_sleep(MT_FOREVER);
  mt_shield(true);
  for (int i = 0; i < 10; i++) mt_yield();
  if (!atomic_load(&lender->alive)) atomic_fetch_add(&lender->gone, 1);
  atomic_fetch_add(&lender->ended, 1);
  return mt_give_up(st);
}

static void close_cancels_and_waits_for_what_runs(void) {
  mt_executor *ex = open_with(4);
  for (int order = 0; order <= 1; order++) {
    struct lender lender = {.alive = true};
    struct lender *items[20];
    for (int i = 0; i < 20; i++) items[i] = &lender;
    mt_stream *s = mt_map_array(ex, borrows, (const void *)items, 20, 0,
                                &(mt_map_options){.order = (mt_order)order, .ahead = 12});
    UNTIL(suspended_in(ex) == 4);
    mt_stream_close(s);
    atomic_store(&lender.alive, false);
    close_here(ex);
    ex = open_with(4);
    assert_int_equal(atomic_load(&lender.started), 4); /* the queued ones never ran */
    assert_int_equal(atomic_load(&lender.ended), 4);
    assert_int_equal(atomic_load(&lender.gone), 0);
  }
  close_here(ex);
}

struct mapper {
  mt_executor *ex;
  mt_status next;
  struct lender lender;
};

static mt_value maps_and_is_cancelled(mt_value arg) {
  struct mapper *m = arg.data;
  struct lender *items[4] = {&m->lender, &m->lender, &m->lender, &m->lender};
  mt_stream *s =
      mt_map_array(m->ex, borrows, (const void *)items, 4, 0, &(mt_map_options){.ahead = 4});
  mt_future *f;
  m->next = mt_next(s, MT_FOREVER, &f, NULL);
  mt_stream_close(s);
  atomic_store(&m->lender.alive, false);
  return mt_give_up(m->next);
}

static void close_waits_in_a_cancelled_task_too(void) {
  mt_executor *ex = open_with(8);
  struct mapper m = {.ex = ex, .lender = {.alive = true}};
  mt_future *f = mt_submit(ex, maps_and_is_cancelled, mt_ptr(&m));
  UNTIL(suspended_in(ex) == 5);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  STATUS(m.next, MT_ECANCELED);
  assert_int_equal(atomic_load(&m.lender.started), 4);
  assert_int_equal(atomic_load(&m.lender.ended), 4);
  assert_int_equal(atomic_load(&m.lender.gone), 0);
  mt_unref(f);
  close_here(ex);
}

static mt_value sums_a_map(mt_value arg) {
  mt_stream *s = mt_map_range(arg.data, task_next, 0, 100, NULL);
  mt_future *f;
  intptr_t sum = 0;
  mt_status st;
  while ((st = mt_next(s, MT_FOREVER, &f, NULL)) == 0) {
    mt_value value = mt_none();
    if (mt_get(f, 0, &value) == 0) sum += mt_as_int(value);
    mt_unref(f);
  }
  mt_stream_close(s);
  return st == MT_END ? mt_int(sum) : mt_give_up(st);
}

static void tasks_may_map_on_their_own_executor(void) {
  mt_executor *ex = open_with(1); /* one slot, which the waits give up */
  mt_future *f[8];
  for (int i = 0; i < 8; i++) f[i] = mt_submit(ex, sums_a_map, mt_ptr(ex));
  for (int i = 0; i < 8; i++) {
    GIVES(f[i], 5050);
    mt_unref(f[i]);
  }
  close_here(ex);
}

/* A source that waits, in a task: the wait suspends the task that maps. */
struct slow_source {
  mt_executor *ex;
  intptr_t drawn;
};

static mt_status draws_slowly(void *arg, mt_value *ret) {
  struct slow_source *source = arg;
  if (source->drawn == 10) return MT_END;
  mt_status st = mt_sleep(MT_US(100));
  if (st < 0) return st;
  *ret = mt_int(source->drawn++);
  return 0;
}

static mt_value maps_a_slow_source(mt_value arg) {
  struct slow_source *source = arg.data;
  mt_stream *s = mt_map(source->ex, task_next, draws_slowly, source, NULL);
  mt_future *f;
  intptr_t n = 0;
  while (mt_next(s, MT_FOREVER, &f, NULL) == 0) {
    n++;
    mt_unref(f);
  }
  mt_stream_close(s);
  return mt_int(n);
}

static void a_source_may_wait(void) {
  mt_executor *ex = open_with(2);
  struct slow_source source = {.ex = ex};
  mt_future *f = mt_submit(ex, maps_a_slow_source, mt_ptr(&source));
  GIVES(f, 10);
  mt_unref(f);
  close_here(ex);
}

struct in_callback {
  mt_stream *stream;
  mt_status st;
};

static void asks_for_next(mt_future *f, void *arg) {
  struct in_callback *c = arg;
  (void)f;
  mt_future *next;
  c->st = mt_next(c->stream, MT_FOREVER, &next, NULL);
}

static void next_in_a_callback_would_deadlock(void) {
  struct gate never, settled;
  gate_init(&never);
  gate_init(&settled);
  gate_open(&settled);
  struct in_callback c = {.stream = mt_as_completed(&never.future, 1), .st = 1};
  STATUS(mt_on_done(settled.future, asks_for_next, &c), 0);
  STATUS(c.st, MT_EDEADLK);
  gate_open(&never);
  mt_future *f;
  STATUS(mt_next(c.stream, MT_FOREVER, &f, NULL), 0);
  mt_unref(f);
  mt_stream_close(c.stream);
  gate_fini(&never);
  gate_fini(&settled);
}

static void closes_stream(mt_future *f, void *arg) {
  struct in_callback *c = arg;
  (void)f;
  c->stream = mt_stream_close(c->stream);
}

static void a_callback_cannot_close_what_runs(void) {
  mt_executor *ex = open_with(2);
  struct gate gate, settled;
  gate_init(&gate);
  gate_init(&settled);
  gate_open(&settled);
  struct gate *items[1] = {&gate};
  mt_stream *s = mt_map_array(ex, task_gate, (const void *)items, 1, 0, NULL);
  UNTIL(suspended_in(ex) == 1);
  struct in_callback c = {.stream = s};
  STATUS(mt_on_done(settled.future, closes_stream, &c), 0);
  assert_ptr_equal(c.stream, s); /* with nothing closed */
  gate_open(&gate);
  mt_future *f;
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
  GIVES(f, 1);
  mt_unref(f);
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), MT_END);
  STATUS(mt_on_done(settled.future, closes_stream, &c), 0);
  assert_null(c.stream); /* nothing runs: nothing to wait for */
  close_here(ex);
  gate_fini(&gate);
  gate_fini(&settled);
}

static void the_descriptor_tells_when_next_has_something(void) {
  enum { N = 3 };
  struct gate gates[N];
  mt_future *futures[N];
  for (int i = 0; i < N; i++) {
    gate_init(&gates[i]);
    futures[i] = gates[i].future;
  }
  mt_stream *s = mt_as_completed(futures, N);
  int fd = mt_stream_fd(s);
  assert_true(fd >= 0);
  for (int i = 0; i < N; i++) {
    assert_false(is_readable(fd));
    gate_open(&gates[i]);
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
    assert_int_equal(mt_stream_fd(s), fd);
    mt_future *f;
    STATUS(mt_next(s, 0, &f, NULL), 0);
    mt_unref(f);
  }
  assert_true(is_readable(fd)); /* the end is something, too */
  mt_future *f;
  STATUS(mt_next(s, 0, &f, NULL), MT_END);
  mt_stream_close(s);
  for (int i = 0; i < N; i++) gate_fini(&gates[i]);
}

static void the_descriptor_may_be_asked_for_late(void) {
  struct gate gate;
  gate_init(&gate);
  mt_stream *s = mt_as_completed(&gate.future, 1);
  gate_open(&gate);
  int fd = mt_stream_fd(s);
  assert_true(fd >= 0);
  assert_true(is_readable(fd));
  mt_stream_close(s);
  gate_fini(&gate);
}

static void event_loop(mt_order order) {
  enum { N = 2000 };
  mt_executor *ex = open_with(8);
  mt_stream *s = mt_map_range(ex, task_next, 0, N, &(mt_map_options){.order = order, .ahead = 16});
  int fd = mt_stream_fd(s);
  assert_true(fd >= 0);
  intptr_t sum = 0;
  mt_status st = 0;
  while (st != MT_END) {
    assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
    mt_future *f;
    st = mt_next(s, 0, &f, NULL);
    if (st == MT_END) break;
    STATUS(st, 0);
    mt_value value;
    STATUS(mt_get(f, 0, &value), 0);
    sum += mt_as_int(value);
    mt_unref(f);
  }
  assert_true(sum == (intptr_t)N * (N + 1) / 2);
  mt_stream_close(s);
  close_here(ex);
}

static void an_event_loop_gets_all_in_input_order(void) {
  event_loop(MT_ORDER_INPUT);
}
static void an_event_loop_gets_all_in_completion_order(void) {
  event_loop(MT_ORDER_COMPLETION);
}

static void in_input_order_the_descriptor_waits_for_the_first(void) {
  mt_executor *ex = open_with(2);
  struct gate gates[2];
  gate_init(&gates[0]);
  gate_init(&gates[1]);
  struct gate *items[2] = {&gates[0], &gates[1]};
  mt_stream *s =
      mt_map_array(ex, task_gate, (const void *)items, 2, 0, &(mt_map_options){.ahead = 2});
  int fd = mt_stream_fd(s);
  UNTIL(suspended_in(ex) == 2);
  gate_open(&gates[1]);
  UNTIL(running_in(ex) == 1);
  mt_future *f = NULL;
  STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
  assert_false(is_readable(fd));
  gate_open(&gates[0]);
  assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
  for (int i = 0; i < 2; i++) {
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
    GIVES(f, 1);
    mt_unref(f);
  }
  mt_stream_close(s);
  close_here(ex);
  gate_fini(&gates[0]);
  gate_fini(&gates[1]);
}

static void several_streams_share_an_executor(void) {
  mt_executor *ex = open_with(3);
  mt_stream *s[5];
  for (int i = 0; i < 5; i++) s[i] = mt_map_range(ex, task_next, 100 * i, 100 * i + 50, NULL);
  for (int k = 0; k < 50; k++) {
    for (int i = 0; i < 5; i++) {
      mt_future *f;
      STATUS(mt_next(s[i], MT_FOREVER, &f, NULL), 0);
      GIVES(f, 100 * i + k + 1);
      mt_unref(f);
    }
  }
  for (int i = 0; i < 5; i++) mt_stream_close(s[i]);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_next_that_timed_out_loses_nothing, OVERLAP),
    CHECK(close_cancels_and_waits_for_what_runs, OVERLAP),
    CHECK(close_waits_in_a_cancelled_task_too, ALL),
    CHECK(tasks_may_map_on_their_own_executor, NEST),
    CHECK(a_source_may_wait, NEST),
    CHECK(next_in_a_callback_would_deadlock, 0),
    CHECK(a_callback_cannot_close_what_runs, OVERLAP),
    CHECK(the_descriptor_tells_when_next_has_something, 0),
    CHECK(the_descriptor_may_be_asked_for_late, 0),
    CHECK(an_event_loop_gets_all_in_input_order, 0),
    CHECK(an_event_loop_gets_all_in_completion_order, 0),
    CHECK(in_input_order_the_descriptor_waits_for_the_first, OVERLAP),
    CHECK(several_streams_share_an_executor, 0),
};
CONTRACT(checks)
