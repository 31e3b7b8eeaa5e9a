/* SPDX-License-Identifier: MIT
 *
 * mt_map: one task an item, results in input order or as they finish, never looking further ahead
 * than it may.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes the next future of a stream, which must be there, and its index. */
static mt_future *next_of(mt_stream *s, size_t *index) {
  mt_future *f = NULL;
  STATUS(mt_next(s, MT_FOREVER, &f, index), 0);
  assert_non_null(f);
  return f;
}

static void expect_end(mt_stream *s) {
  mt_future *f = NULL;
  size_t index = 77;
  STATUS(mt_next(s, MT_FOREVER, &f, &index), MT_END);
  STATUS(mt_next(s, 0, &f, &index), MT_END);
  assert_null(f);
  assert_true(index == 77);
}

static void a_range_comes_out_in_order(void) {
  mt_executor *ex = open_here(NULL);
  mt_stream *s = mt_map_range(ex, task_next, -5, 500, NULL);
  for (intptr_t i = -5; i < 500; i++) {
    size_t index;
    mt_future *f = next_of(s, &index);
    assert_true(index == (size_t)(i + 5));
    assert_true(mt_as_int(mt_argument(f)) == i);
    GIVES(f, i + 1);
    mt_unref(f);
  }
  expect_end(s);
  assert_null(mt_stream_close(s));
  close_here(ex);
}

static mt_value doubles(mt_value arg) {
  if (arg.size != sizeof(int)) return mt_fail(EINVAL, "%zu bytes", arg.size);
  return mt_int(2 * *(const int *)arg.data);
}

static void an_array_gives_views_of_its_elements(void) {
  mt_executor *ex = open_here(NULL);
  int numbers[100];
  for (int i = 0; i < 100; i++) numbers[i] = 1000 - i;
  mt_stream *s = mt_map_array(ex, doubles, numbers, 100, sizeof numbers[0], NULL);
  for (int i = 0; i < 100; i++) {
    mt_future *f = next_of(s, NULL);
    assert_ptr_equal(mt_argument(f).data, &numbers[i]);
    GIVES(f, 2 * (1000 - i));
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  close_here(ex);
}

static mt_value length_of(mt_value arg) {
  return mt_int((intptr_t)strlen(arg.data));
}

static void an_array_of_pointers_gives_the_pointers(void) {
  mt_executor *ex = open_here(NULL);
  const char *const words[] = {"a", "bb", "ccc"};
  mt_stream *s = mt_map_array(ex, length_of, words, 3, 0, NULL);
  for (int i = 0; i < 3; i++) {
    mt_future *f = next_of(s, NULL);
    assert_ptr_equal(mt_argument(f).data, words[i]);
    GIVES(f, i + 1);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  close_here(ex);
}

static void of_nothing_comes_nothing(void) {
  mt_executor *ex = open_here(NULL);
  mt_stream *s = mt_map_range(ex, task_next, 3, 3, NULL);
  expect_end(s);
  mt_stream_close(s);
  s = mt_map_range(ex, task_next, 3, -3, NULL);
  expect_end(s);
  mt_stream_close(s);
  s = mt_map_array(ex, task_next, NULL, 0, 8, NULL);
  expect_end(s);
  mt_stream_close(s);
  assert_null(mt_stream_close(NULL));
  close_here(ex);
}

static mt_value odd_ones_fail(mt_value arg) {
  if (mt_as_int(arg) % 2 == 1) return mt_fail(ERANGE, "%d is odd", (int)mt_as_int(arg));
  return arg;
}

static void a_failed_item_is_an_item(void) {
  mt_executor *ex = open_here(NULL);
  mt_stream *s = mt_map_range(ex, odd_ones_fail, 0, 20, NULL);
  for (int i = 0; i < 20; i++) {
    mt_future *f = next_of(s, NULL);
    if (i % 2 == 1)
      FAILS_WITH(f, ERANGE);
    else
      GIVES(f, i);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  close_here(ex);
}

/* Items that can only finish in reverse order: each waits until the next one has. */
#define CHAIN 6

struct link {
  struct gate *mine, *after;
};

/* Opens the gate of a task that has settled: not before, so that the next settles after it. */
static void opens_gate(mt_future *f, void *arg) {
  (void)f;
  gate_open(arg);
}

static mt_value waits_for_the_next(mt_value arg) {
  const struct link *link = arg.data;
  mt_status st = mt_on_done(mt_self(), opens_gate, link->mine);
  if (st == 0) st = gate_pass(link->after);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static void reversed(mt_order order) {
  mt_executor *ex = open_with(1);
  struct gate gates[CHAIN + 1]; /* the last is opened when the stream watches all items */
  struct link links[CHAIN];
  for (int i = 0; i <= CHAIN; i++) gate_init(&gates[i]);
  for (int i = 0; i < CHAIN; i++) links[i] = (struct link){&gates[i], &gates[i + 1]};
  mt_stream *s = mt_map_array(ex, waits_for_the_next, links, CHAIN, sizeof links[0],
                              &(mt_map_options){.order = order, .ahead = CHAIN});
  gate_open(&gates[CHAIN]);
  for (size_t i = 0; i < CHAIN; i++) {
    size_t index;
    mt_future *f = next_of(s, &index);
    assert_true(index == (order == MT_ORDER_INPUT ? i : CHAIN - 1 - i));
    GIVES(f, 0);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  close_here(ex);
  for (int i = 0; i <= CHAIN; i++) gate_fini(&gates[i]);
}

static void input_order_holds_back_what_finished_early(void) {
  reversed(MT_ORDER_INPUT);
}

static void completion_order_hands_out_what_is_finished(void) {
  reversed(MT_ORDER_COMPLETION);
}

static void each_comes_out_once_in_completion_order(void) {
  enum { N = 5000 };
  mt_executor *ex = open_with(16);
  static unsigned char seen[N];
  memset(seen, 0, sizeof seen);
  mt_stream *s = mt_map_range(ex, task_next, 0, N,
                              &(mt_map_options){.order = MT_ORDER_COMPLETION, .ahead = 64});
  for (int i = 0; i < N; i++) {
    size_t index;
    mt_future *f = next_of(s, &index);
    assert_true(index < N);
    seen[index]++;
    GIVES(f, (intptr_t)index + 1);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
  close_here(ex);
}

/* A source that counts what is drawn from it, and on which thread. */
struct well {
  size_t drawn;
  size_t end; /* how many it has; 0: it never ends */
  mt_status last;
  size_t calls_after_end;
  pthread_t thread;
  bool other_thread;
};

static mt_status draws(void *arg, mt_value *ret) {
  struct well *well = arg;
  if (!pthread_equal(well->thread, pthread_self())) well->other_thread = true;
  if (well->end != 0 && well->drawn == well->end) {
    if (well->last == 1) well->calls_after_end++;
    mt_status last = well->last;
    well->last = 1;
    return last;
  }
  *ret = mt_int((intptr_t)well->drawn++);
  return 0;
}

static struct well well_of(size_t end, mt_status last) {
  return (struct well){.end = end, .last = last, .thread = pthread_self()};
}

static void an_endless_source_is_drawn_from_only_as_far_as_ahead(void) {
  static const size_t aheads[] = {1, 2, 7, 100};
  mt_executor *ex = open_with(4);
  for (size_t a = 0; a < sizeof aheads / sizeof *aheads; a++) {
    for (int order = 0; order <= 1; order++) {
      struct well well = well_of(0, 0);
      mt_stream *s = mt_map(ex, task_next, draws, &well,
                            &(mt_map_options){.order = (mt_order)order, .ahead = aheads[a]});
      assert_true(well.drawn <= aheads[a]);
      for (size_t i = 1; i <= 500; i++) {
        size_t index;
        mt_future *f = next_of(s, &index);
        if (order == MT_ORDER_INPUT) assert_true(index == i - 1);
        GIVES(f, (intptr_t)index + 1);
        mt_unref(f);
        assert_true(well.drawn <= i + aheads[a]);
      }
      mt_stream_close(s);
      assert_true(well.drawn <= 500 + aheads[a]);
      assert_false(well.other_thread);
    }
  }
  close_here(ex);
}

static void by_default_it_looks_twice_in_flight_ahead(void) {
  mt_executor *ex = open_with(5);
  struct well well = well_of(0, 0);
  mt_stream *s = mt_map(ex, task_next, draws, &well, NULL);
  for (size_t i = 1; i <= 50; i++) {
    mt_unref(next_of(s, NULL));
    assert_true(well.drawn <= i + 10);
  }
  mt_stream_close(s);
  close_here(ex);
}

static void a_sources_trouble_comes_after_its_items(void) {
  mt_executor *ex = open_here(NULL);
  struct well well = well_of(9, MT_ESYSTEM);
  mt_stream *s = mt_map(ex, task_next, draws, &well, &(mt_map_options){.ahead = 4});
  for (intptr_t i = 0; i < 9; i++) {
    mt_future *f = next_of(s, NULL);
    GIVES(f, i + 1);
    mt_unref(f);
  }
  mt_future *f = NULL;
  STATUS(mt_next(s, MT_FOREVER, &f, NULL), MT_ESYSTEM);
  assert_null(f);
  mt_stream_close(s);
  assert_true(well.calls_after_end == 0);
  close_here(ex);
}

static void a_source_is_not_asked_again_after_its_end(void) {
  mt_executor *ex = open_here(NULL);
  struct well well = well_of(3, MT_END);
  mt_stream *s = mt_map(ex, task_next, draws, &well, &(mt_map_options){.ahead = 8});
  for (int i = 0; i < 3; i++) mt_unref(next_of(s, NULL));
  expect_end(s);
  expect_end(s);
  assert_true(well.calls_after_end == 0);
  mt_stream_close(s);
  close_here(ex);
}

static void every_items_task_has_the_attributes(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint dropped = 0;
  int tag = 0;
  const mt_retry retry = {.repeats = 2, .first_ns = 1};
  mt_task task = {.name = "item", .tag = &tag, .retry = &retry, .drop_arg = drop_count};
  atomic_uint *items[10];
  for (int i = 0; i < 10; i++) items[i] = &dropped;
  mt_stream *s = mt_map_array(ex, task_echo, (const void *)items, 10, 0,
                              &(mt_map_options){.task = &task, .ahead = 2});
  memset(&task, 0, sizeof task); /* it was copied */
  for (int i = 0; i < 10; i++) {
    mt_future *f = next_of(s, NULL);
    assert_string_equal(mt_name(f), "item");
    assert_ptr_equal(mt_tag(f), &tag);
    mt_unref(f);
  }
  mt_stream_close(s);
  close_here(ex);
  assert_int_equal(atomic_load(&dropped), 10);
}

static mt_value third_time_lucky(mt_value arg) {
  return mt_attempt() < 3 ? mt_fail(EAGAIN, "not yet") : arg;
}

static void items_are_retried(void) {
  mt_executor *ex = open_here(NULL);
  const mt_retry retry = {.repeats = 2, .first_ns = 1};
  const mt_task task = {.retry = &retry};
  mt_stream *s = mt_map_range(ex, third_time_lucky, 0, 20, &(mt_map_options){.task = &task});
  for (int i = 0; i < 20; i++) {
    mt_future *f = next_of(s, NULL);
    GIVES(f, i);
    assert_int_equal(mt_attempts(f), 3);
    mt_unref(f);
  }
  mt_stream_close(s);
  close_here(ex);
}

static void trouble_comes_out_of_the_first_next(void) {
  mt_stream *s = mt_map_range(NULL, task_next, 0, 3, NULL);
  assert_non_null(s);
  mt_future *f = NULL;
  mt_status st = mt_next(s, MT_FOREVER, &f, NULL);
  if (st == 0) {
    FAILS_WITH(f, MT_EINVAL);
    mt_unref(f);
  } else {
    STATUS(st, MT_EINVAL);
  }
  mt_stream_close(s);
}

static void a_shut_down_executor_refuses_each_item(void) {
  mt_executor *ex = open_here(NULL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  mt_stream *s = mt_map_range(ex, task_next, 0, 3, NULL);
  for (int i = 0; i < 3; i++) {
    mt_future *f = next_of(s, NULL);
    FAILS_WITH(f, MT_ESHUTDOWN);
    mt_unref(f);
  }
  expect_end(s);
  mt_stream_close(s);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_range_comes_out_in_order, 0),
    CHECK(an_array_gives_views_of_its_elements, 0),
    CHECK(an_array_of_pointers_gives_the_pointers, SHARE),
    CHECK(of_nothing_comes_nothing, 0),
    CHECK(a_failed_item_is_an_item, 0),
    CHECK(input_order_holds_back_what_finished_early, OVERLAP),
    CHECK(completion_order_hands_out_what_is_finished, OVERLAP),
    CHECK(each_comes_out_once_in_completion_order, 0),
    CHECK(an_endless_source_is_drawn_from_only_as_far_as_ahead, 0),
    CHECK(by_default_it_looks_twice_in_flight_ahead, 0),
    CHECK(a_sources_trouble_comes_after_its_items, 0),
    CHECK(a_source_is_not_asked_again_after_its_end, 0),
    CHECK(every_items_task_has_the_attributes, SHARE),
    CHECK(items_are_retried, 0),
    CHECK(trouble_comes_out_of_the_first_next, 0),
    CHECK(a_shut_down_executor_refuses_each_item, 0),
};
CONTRACT(checks)
