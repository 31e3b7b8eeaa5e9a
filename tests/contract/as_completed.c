/* SPDX-License-Identifier: MIT
 *
 * mt_as_completed: any futures of any executors, in completion order.
 */
#include "promises.h"

#include <errno.h>
#include <stdlib.h>

#define N 16

static size_t next_index(mt_stream *s) {
  mt_future *f = NULL;
  size_t index = SIZE_MAX;
  STATUS(mt_next(s, MT_FOREVER, &f, &index), 0);
  mt_unref(f);
  return index;
}

static void expect_end(mt_stream *s) {
  mt_future *f;
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), MT_END);
}

static void they_come_out_in_completion_order(void) {
  struct promises p;
  promises_init(&p, N);
  mt_stream *s = mt_as_completed(p.future, N);
  for (size_t i = 0; i < N; i++) mt_settle(p.promise[(i * 7 + 3) % N], mt_int(1));
  for (size_t i = 0; i < N; i++) assert_true(next_index(s) == (i * 7 + 3) % N);
  expect_end(s);
  mt_stream_close(s);
  promises_fini(&p);
}

static void the_future_is_the_one_of_the_index(void) {
  struct promises p;
  promises_init(&p, N);
  mt_stream *s = mt_as_completed(p.future, N);
  for (size_t i = N; i-- > 0;) {
    mt_settle(p.promise[i], mt_int((intptr_t)i));
    mt_future *f = NULL;
    size_t index;
    STATUS(mt_next(s, MT_FOREVER, &f, &index), 0);
    assert_true(index == i);
    assert_ptr_equal(f, p.future[i]);
    GIVES(f, (intptr_t)i);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  promises_fini(&p);
}

static void what_was_settled_before_comes_out_too(void) {
  struct promises p;
  promises_init(&p, N);
  for (int i = 0; i < N; i += 2) mt_settle(p.promise[i], mt_int(1));
  mt_stream *s = mt_as_completed(p.future, N);
  bool seen[N] = {false};
  for (int i = 0; i < N / 2; i++) seen[next_index(s)] = true;
  for (int i = 0; i < N; i++) assert_true(seen[i] == (i % 2 == 0));
  mt_future *f;
  STATUS(mt_next(s, 0, &f, NULL), MT_ETIMEDOUT);
  for (int i = 1; i < N; i += 2) {
    mt_settle(p.promise[i], mt_int(1));
    assert_true(next_index(s) == (size_t)i);
  }
  expect_end(s);
  mt_stream_close(s);
  promises_fini(&p);
}

static void one_named_twice_comes_out_twice(void) {
  struct gate a, b;
  gate_init(&a);
  gate_init(&b);
  mt_future *three[3] = {a.future, b.future, a.future};
  mt_stream *s = mt_as_completed(three, 3);
  gate_open(&a);
  size_t first = next_index(s), second = next_index(s);
  assert_true(first + second == 2 && first != second);
  gate_open(&b);
  assert_true(next_index(s) == 1);
  expect_end(s);
  mt_stream_close(s);
  gate_fini(&a);
  gate_fini(&b);
}

static void of_none_the_end_comes_at_once(void) {
  mt_stream *s = mt_as_completed(NULL, 0);
  assert_non_null(s);
  expect_end(s);
  expect_end(s);
  mt_stream_close(s);
}

static void errors_come_out_as_futures(void) {
  struct promises p;
  promises_init(&p, N);
  mt_stream *s = mt_as_completed(p.future, N);
  for (int i = 0; i < N; i++) mt_settle_error(p.promise[i], EIO, "error %d", i);
  for (int i = 0; i < N; i++) {
    mt_future *f;
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
    FAILS_WITH(f, EIO);
    mt_unref(f);
  }
  mt_stream_close(s);
  promises_fini(&p);
}

static void the_stream_has_references_of_its_own(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f[N];
  for (int i = 0; i < N; i++) f[i] = mt_submit(ex, task_next, mt_int(i));
  mt_stream *s = mt_as_completed(f, N);
  for (int i = 0; i < N; i++) mt_unref(f[i]);
  intptr_t sum = 0;
  mt_future *done;
  while (mt_next(s, MT_FOREVER, &done, NULL) == 0) {
    mt_value value = mt_none();
    STATUS(mt_get(done, 0, &value), 0);
    sum += mt_as_int(value);
    mt_unref(done);
  }
  assert_true(sum == N * (N + 1) / 2);
  mt_stream_close(s);
  close_here(ex);
}

static void closing_it_cancels_nothing(void) {
  mt_executor *ex = open_with(2);
  struct gate gate;
  gate_init(&gate);
  mt_future *f = mt_submit(ex, task_gate, mt_ptr(&gate));
  mt_stream *s = mt_as_completed(&f, 1);
  UNTIL(suspended_in(ex) == 1);
  mt_stream_close(s);
  assert_false(mt_done(f));
  gate_open(&gate);
  GIVES(f, 1);
  mt_unref(f);
  gate_fini(&gate);
  close_here(ex);
}

static void executors_and_promises_mix(void) {
  mt_executor *a = open_here(NULL), *b = open_here(NULL);
  struct gate gate;
  gate_init(&gate);
  mt_future *three[3] = {mt_submit(a, task_next, mt_int(1)), mt_submit(b, task_next, mt_int(2)),
                         gate.future};
  mt_stream *s = mt_as_completed(three, 3);
  size_t first = next_index(s), second = next_index(s);
  assert_true(first + second == 1);
  gate_open(&gate);
  assert_true(next_index(s) == 2);
  expect_end(s);
  mt_stream_close(s);
  for (int i = 0; i < 2; i++) mt_unref(three[i]);
  gate_fini(&gate);
  close_here(a);
  close_here(b);
}

static void two_streams_over_the_same_futures(void) {
  struct promises p;
  promises_init(&p, N);
  mt_stream *a = mt_as_completed(p.future, N);
  mt_stream *b = mt_as_completed(p.future, N);
  for (size_t i = 0; i < N; i++) mt_settle(p.promise[i], mt_int(1));
  for (size_t i = 0; i < N; i++) {
    assert_true(next_index(a) == i);
    assert_true(next_index(b) == i);
  }
  mt_stream_close(a);
  mt_stream_close(b);
  promises_fini(&p);
}

static void a_hundred_thousand_come_out_once_each(void) {
  size_t n = shrunk(100000);
  mt_executor *ex = open_with(4);
  mt_future **f = calloc(n, sizeof *f);
  unsigned char *seen = calloc(n, 1);
  assert_true(f != NULL && seen != NULL);
  for (size_t i = 0; i < n; i++) f[i] = mt_submit(ex, task_next, mt_int((intptr_t)i));
  mt_stream *s = mt_as_completed(f, n);
  for (size_t i = 0; i < n; i++) {
    size_t index = next_index(s);
    assert_true(index < n);
    assert_int_equal(seen[index]++, 0);
  }
  expect_end(s);
  mt_stream_close(s);
  for (size_t i = 0; i < n; i++) mt_unref(f[i]);
  free(f);
  free(seen);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(they_come_out_in_completion_order, 0),
    CHECK(the_future_is_the_one_of_the_index, 0),
    CHECK(what_was_settled_before_comes_out_too, 0),
    CHECK(one_named_twice_comes_out_twice, 0),
    CHECK(of_none_the_end_comes_at_once, 0),
    CHECK(errors_come_out_as_futures, 0),
    CHECK(the_stream_has_references_of_its_own, 0),
    CHECK(closing_it_cancels_nothing, OVERLAP),
    CHECK(executors_and_promises_mix, 0),
    CHECK(two_streams_over_the_same_futures, 0),
    CHECK(a_hundred_thousand_come_out_once_each, 0),
};
CONTRACT(checks)
