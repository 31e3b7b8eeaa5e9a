/* SPDX-License-Identifier: MIT
 *
 * Sources that have nothing yet: what is under way comes out, and who asks is told MT_LATER.
 */
#include "tasks.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

/* A source that gives 0, 1, ... as far as it was filled; what it says beyond is up to the test. */
struct tap {
  intptr_t filled, poured;
  mt_status beyond;
  unsigned asked, asked_after_end;
  bool ended;
};

static mt_status pours(void *arg, mt_value *ret) {
  struct tap *tap = arg;
  tap->asked++;
  if (tap->ended) tap->asked_after_end++;
  if (tap->poured == tap->filled) {
    tap->ended = tap->beyond != MT_LATER;
    return tap->beyond;
  }
  *ret = mt_int(tap->poured++);
  return 0;
}

static mt_stream *map_tap(mt_executor *ex, struct tap *tap, mt_order order) {
  return mt_map(ex, task_next, pours, tap, &(mt_map_options){.order = order, .ahead = 4});
}

static void expect_later(mt_stream *s, int64_t timeout_ns) {
  mt_future *f = NULL;
  size_t index = 77;
  STATUS(mt_next(s, timeout_ns, &f, &index), MT_LATER);
  assert_null(f);
  assert_true(index == 77);
}

/* The item with that index, which gives that number. */
static void expect_item(mt_stream *s, size_t want_index, intptr_t number) {
  mt_future *f = NULL;
  size_t index;
  STATUS(mt_next(s, MT_FOREVER, &f, &index), 0);
  assert_true(index == want_index);
  GIVES(f, number);
  mt_unref(f);
}

static void nothing_under_way_and_nothing_yet_is_later_at_once(void) {
  mt_executor *ex = open_here(NULL);
  for (int order = 0; order <= 1; order++) {
    struct tap tap = {.beyond = MT_LATER};
    mt_stream *s = map_tap(ex, &tap, (mt_order)order);
    expect_later(s, MT_FOREVER);
    expect_later(s, MT_SECONDS(3600));
    expect_later(s, 0);
    for (tap.filled = 1; tap.filled <= 20; tap.filled++) {
      expect_item(s, (size_t)tap.poured, tap.filled);
      expect_later(s, MT_FOREVER);
    }
    mt_stream_close(s);
  }
  close_here(ex);
}

static void the_end_may_come_after_later(void) {
  mt_executor *ex = open_here(NULL);
  static const mt_status ends[] = {MT_END, MT_ESYSTEM};
  for (int i = 0; i < 4; i++) {
    struct tap tap = {.beyond = MT_LATER};
    mt_stream *s = map_tap(ex, &tap, (mt_order)(i / 2));
    expect_later(s, MT_FOREVER);
    tap.filled = 1;
    expect_item(s, 0, 1);
    expect_later(s, MT_FOREVER);
    tap.beyond = ends[i % 2];
    mt_future *f = NULL;
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), ends[i % 2]);
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), ends[i % 2]);
    assert_null(f);
    assert_int_equal(tap.asked_after_end, 0);
    mt_stream_close(s);
  }
  close_here(ex);
}

/* Gates as a source's items, as many as the test has let in. */
struct queue_of_gates {
  struct gate gates[4];
  size_t let_in, drawn;
  mt_status beyond;
  unsigned asked;
};

static mt_status draws_gates(void *arg, mt_value *ret) {
  struct queue_of_gates *q = arg;
  q->asked++;
  if (q->drawn == q->let_in) return q->beyond;
  *ret = mt_ptr(&q->gates[q->drawn++]);
  return 0;
}

static void gates_init(struct queue_of_gates *q, size_t let_in) {
  *q = (struct queue_of_gates){.let_in = let_in, .beyond = MT_LATER};
  for (int i = 0; i < 4; i++) gate_init(&q->gates[i]);
}

static void gates_fini(struct queue_of_gates *q) {
  for (int i = 0; i < 4; i++) gate_fini(&q->gates[i]);
}

static mt_stream *map_gates(mt_executor *ex, struct queue_of_gates *q, mt_order order, size_t n) {
  return mt_map(ex, task_gate, draws_gates, q, &(mt_map_options){.order = order, .ahead = n});
}

static void what_is_under_way_is_waited_for(void) {
  mt_executor *ex = open_with(4);
  for (int order = 0; order <= 1; order++) {
    struct queue_of_gates q;
    gates_init(&q, 2);
    mt_stream *s = map_gates(ex, &q, (mt_order)order, 4);
    mt_future *f = NULL;
    STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
    STATUS(mt_next(s, MT_MS(1), &f, NULL), MT_ETIMEDOUT);
    assert_null(f);
    if (order == MT_ORDER_COMPLETION) {
      gate_open(&q.gates[1]);
      expect_item(s, 1, 1);
      gate_open(&q.gates[0]);
      expect_item(s, 0, 1);
    } else {
      gate_open(&q.gates[1]);
      STATUS(mt_next(s, MT_MS(1), &f, NULL), MT_ETIMEDOUT);
      gate_open(&q.gates[0]);
      expect_item(s, 0, 1);
      expect_item(s, 1, 1);
    }
    expect_later(s, MT_FOREVER);
    mt_stream_close(s);
    gates_fini(&q);
  }
  close_here(ex);
}

static void trouble_after_later_comes_after_what_is_under_way(void) {
  mt_executor *ex = open_with(4);
  for (int order = 0; order <= 1; order++) {
    struct queue_of_gates q;
    gates_init(&q, 1);
    mt_stream *s = map_gates(ex, &q, (mt_order)order, 4);
    mt_future *f = NULL;
    STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
    q.beyond = MT_ENOMEM;
    STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
    gate_open(&q.gates[0]);
    expect_item(s, 0, 1);
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), MT_ENOMEM);
    mt_stream_close(s);
    gates_fini(&q);
  }
  close_here(ex);
}

static void each_call_asks_again_while_there_is_room(void) {
  mt_executor *ex = open_with(4);
  struct queue_of_gates q;
  gates_init(&q, 1);
  mt_stream *s = map_gates(ex, &q, MT_ORDER_INPUT, 2);
  mt_future *f = NULL;
  for (unsigned i = 0; i < 5; i++) { /* one is under way, and there is room for another */
    unsigned before = q.asked;
    STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
    assert_int_equal(q.asked, before + 1);
  }
  q.let_in = 3;
  STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
  assert_true(q.drawn == 2);
  unsigned full = q.asked;
  STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
  assert_int_equal(q.asked, full);
  for (size_t i = 0; i < 3; i++) {
    gate_open(&q.gates[i]);
    expect_item(s, i, 1);
  }
  mt_stream_close(s);
  gates_fini(&q);
  close_here(ex);
}

static void a_stream_may_be_closed_at_any_later(void) {
  mt_executor *ex = open_with(4);
  for (size_t let_in = 0; let_in <= 2; let_in++) {
    struct queue_of_gates q;
    gates_init(&q, let_in);
    mt_stream *s = map_gates(ex, &q, MT_ORDER_INPUT, 4);
    UNTIL(suspended_in(ex) == let_in);
    assert_null(mt_stream_close(s));
    gates_fini(&q);
  }
  close_here(ex);
}

static bool is_readable(int fd) {
  struct pollfd pollfd = {.fd = fd, .events = POLLIN};
  return poll(&pollfd, 1, 0) == 1 && (pollfd.revents & POLLIN) != 0;
}

static void the_descriptor_is_not_readable_for_later(void) {
  mt_executor *ex = open_here(NULL);
  for (int order = 0; order <= 1; order++) {
    struct tap tap = {.beyond = MT_LATER};
    mt_stream *s = map_tap(ex, &tap, (mt_order)order);
    int fd = mt_stream_fd(s);
    assert_true(fd >= 0);
    assert_false(is_readable(fd));
    for (tap.filled = 1; tap.filled <= 3; tap.filled++) {
      mt_future *f = NULL;
      mt_status st = mt_next(s, 0, &f, NULL); /* draws; what it drew may be done by now */
      if (st == MT_ETIMEDOUT) {
        assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
        st = mt_next(s, 0, &f, NULL);
      }
      STATUS(st, 0);
      GIVES(f, tap.filled);
      mt_unref(f);
      assert_false(is_readable(fd));
      expect_later(s, 0);
    }
    tap.filled = tap.poured;
    tap.beyond = MT_END;
    mt_future *f;
    STATUS(mt_next(s, 0, &f, NULL), MT_END);
    assert_true(is_readable(fd));
    mt_stream_close(s);
  }
  close_here(ex);
}

static void asking_for_the_descriptor_asks_the_source(void) {
  mt_executor *ex = open_here(NULL);
  struct tap tap = {.beyond = MT_LATER};
  mt_stream *s = map_tap(ex, &tap, MT_ORDER_INPUT);
  tap.filled = 1;
  int fd = mt_stream_fd(s); /* nothing was under way: nothing would make it readable */
  assert_int_equal(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1), 1);
  mt_future *f;
  STATUS(mt_next(s, 0, &f, NULL), 0);
  mt_unref(f);
  mt_stream_close(s);
  close_here(ex);
}

/* A source that reads bytes off a pipe, as they come; and somebody who writes them one by one, each
 * once the one before has come out. */
struct typist {
  mt_executor *ex;
  mt_order order;
  int ends[2];
  pthread_t thread;
  atomic_uint came_out;
};

enum { TYPED = 50 };

static void *types(void *arg) {
  struct typist *t = arg;
  for (unsigned i = 0; i < TYPED; i++) {
    UNTIL(atomic_load(&t->came_out) == i);
    if (write(t->ends[1], "x", 1) != 1) break;
  }
  close(t->ends[1]);
  return NULL;
}

static void typist_start(struct typist *t, mt_executor *ex, mt_order order) {
  *t = (struct typist){.ex = ex, .order = order};
  assert_int_equal(pipe(t->ends), 0);
  assert_int_equal(fcntl(t->ends[0], F_SETFL, O_NONBLOCK), 0);
  assert_int_equal(pthread_create(&t->thread, NULL, types, t), 0);
}

static void typist_stop(struct typist *t) {
  pthread_join(t->thread, NULL);
  close(t->ends[0]);
}

static mt_status reads_typed(void *arg, mt_value *ret) {
  struct typist *t = arg;
  char c;
  ssize_t n = read(t->ends[0], &c, 1);
  if (n == 0) return MT_END;
  if (n < 0) return MT_LATER;
  *ret = mt_int(c);
  return 0;
}

static mt_stream *map_typed(struct typist *t) {
  return mt_map(t->ex, task_next, reads_typed, t, &(mt_map_options){.order = t->order, .ahead = 4});
}

/* Reads all that is typed, waiting for the pipe whenever nothing is under way. */
static mt_value takes_what_is_typed(mt_value arg) {
  struct typist *t = arg.data;
  mt_stream *s = map_typed(t);
  for (;;) {
    mt_future *f;
    mt_status st = mt_next(s, MT_FOREVER, &f, NULL);
    if (st == MT_LATER) {
      mt_wait_fd(t->ends[0], POLLIN, MT_FOREVER);
    } else if (st == 0) {
      mt_unref(f);
      atomic_fetch_add(&t->came_out, 1);
    } else {
      mt_stream_close(s);
      return st == MT_END ? mt_int((intptr_t)atomic_load(&t->came_out)) : mt_give_up(st);
    }
  }
}

static void a_slow_source_is_followed(void) {
  mt_executor *ex = open_with(2);
  for (int order = 0; order <= 1; order++) {
    struct typist t;
    typist_start(&t, ex, (mt_order)order);
    assert_int_equal(mt_as_int(takes_what_is_typed(mt_ptr(&t))), TYPED);
    typist_stop(&t);
  }
  close_here(ex);
}

static void a_slow_source_is_followed_in_a_task(void) {
  mt_executor *ex = open_with(2);
  for (int order = 0; order <= 1; order++) {
    struct typist t;
    typist_start(&t, ex, (mt_order)order);
    mt_future *f = mt_submit(ex, takes_what_is_typed, mt_ptr(&t));
    GIVES(f, TYPED);
    mt_unref(f);
    typist_stop(&t);
  }
  close_here(ex);
}

static void an_event_loop_watches_both_descriptors(void) {
  mt_executor *ex = open_with(2);
  for (int order = 0; order <= 1; order++) {
    struct typist t;
    typist_start(&t, ex, (mt_order)order);
    mt_stream *s = map_typed(&t);
    struct pollfd both[2] = {{.fd = t.ends[0], .events = POLLIN},
                             {.fd = mt_stream_fd(s), .events = POLLIN}};
    mt_status st = 0;
    while (st != MT_END) {
      assert_true(poll(both, 2, -1) > 0);
      mt_future *f;
      st = mt_next(s, 0, &f, NULL);
      if (st != 0) continue; /* MT_LATER, or MT_ETIMEDOUT: to the descriptors */
      GIVES(f, 'x' + 1);
      mt_unref(f);
      atomic_fetch_add(&t.came_out, 1);
    }
    assert_int_equal(atomic_load(&t.came_out), TYPED);
    mt_stream_close(s);
    typist_stop(&t);
  }
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(nothing_under_way_and_nothing_yet_is_later_at_once, 0),
    CHECK(the_end_may_come_after_later, 0),
    CHECK(what_is_under_way_is_waited_for, OVERLAP),
    CHECK(trouble_after_later_comes_after_what_is_under_way, OVERLAP),
    CHECK(each_call_asks_again_while_there_is_room, OVERLAP),
    CHECK(a_stream_may_be_closed_at_any_later, OVERLAP),
    CHECK(the_descriptor_is_not_readable_for_later, 0),
    CHECK(asking_for_the_descriptor_asks_the_source, 0),
    CHECK(a_slow_source_is_followed, 0),
    CHECK(a_slow_source_is_followed_in_a_task, NEST),
    CHECK(an_event_loop_watches_both_descriptors, 0),
};
CONTRACT(checks)
