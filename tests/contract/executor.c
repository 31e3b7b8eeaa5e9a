/* SPDX-License-Identifier: MIT
 *
 * Opening, closing, refusing: executors.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void an_unknown_place_is_refused(void) {
  static const char *const wrong[] = {
      "",           "thread",       "Threads",    "threads:",   "threads:0",
      "threads:-1", "threads:4097", "threads:2x", "threads: 2", "threads:99999999999999999999",
      "cluster",    "inlined",      " inline"};
  mt_executor *const before = (mt_executor *)(uintptr_t)8;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    mt_executor *ex = before;
    STATUS(mt_open(wrong[i], NULL, &ex), MT_EINVAL);
    assert_ptr_equal(ex, before);
  }
  mt_executor *ex = before;
  STATUS(mt_open(NULL, NULL, &ex), MT_EINVAL);
  assert_ptr_equal(ex, before);
}

static void a_senseless_option_is_refused(void) {
  mt_executor *const before = (mt_executor *)(uintptr_t)8;
  mt_executor *ex = before;
  mt_options options = {.when_full = (mt_when_full)99};
  STATUS(mt_open(contract_where(), &options, &ex), MT_EINVAL);
  options = (mt_options){.stack_size = 1024}; /* at least 16 KiB */
  STATUS(mt_open(contract_where(), &options, &ex), MT_EINVAL);
  assert_ptr_equal(ex, before);
}

static void no_options_and_zeroed_ones_are_the_same(void) {
  mt_executor *a = open_here(NULL);
  mt_executor *b = open_here(&(mt_options){0});
  mt_counts ca, cb;
  mt_counters(a, &ca);
  mt_counters(b, &cb);
  assert_int_equal(ca.workers, cb.workers);
  assert_int_equal(ca.in_flight, cb.in_flight);
  assert_true(mt_capabilities(a) == mt_capabilities(b));
  close_here(a);
  close_here(b);
}

static void in_flight_is_what_was_asked_for(void) {
  mt_executor *ex = open_with(17);
  if ((mt_capabilities(ex) & MT_CAN_OVERLAP) != 0) {
    mt_counts counts;
    mt_counters(ex, &counts);
    assert_int_equal(counts.in_flight, 17);
  }
  close_here(ex);
}

static void opened_and_closed_at_once(void) {
  for (int i = 0; i < 200; i++) close_here(open_here(NULL));
  STATUS(mt_close(NULL), 0);
}

static void close_runs_what_was_accepted(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  for (int i = 0; i < 10000; i++) mt_unref(mt_submit(ex, task_count, mt_ptr(&count)));
  close_here(ex);
  assert_int_equal(atomic_load(&count), 10000);
}

static void futures_outlive_their_executor(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *good = mt_submit(ex, task_next, mt_int(41));
  mt_future *bad = submit_as(ex, .fn = task_fail, .arg = mt_int(EIO), .tag = &good);
  close_here(ex);
  STATUS(mt_wait(good, 0), 0);
  GIVES(good, 42);
  FAILS_WITH(bad, EIO);
  assert_ptr_equal(mt_tag(bad), &good);
  assert_true(mt_as_int(mt_argument(good)) == 41);
  mt_unref(good);
  mt_unref(bad);
}

static void what_makes_no_sense_is_a_failed_future(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(NULL, task_echo, mt_none());
  assert_non_null(f);
  FAILS_WITH(f, MT_EINVAL);
  assert_int_equal(mt_attempts(f), 0);
  assert_int_equal(mt_failure(f)->attempt, 0);
  mt_unref(f);
  f = mt_submit(ex, NULL, mt_none());
  FAILS_WITH(f, MT_EINVAL);
  mt_unref(f);
  f = submit_as(ex, .name = "no function");
  FAILS_WITH(f, MT_EINVAL);
  assert_string_equal(mt_failure(f)->task, "no function");
  mt_unref(f);
  close_here(ex);
}

/* What a task and a callback get when they close the executor they run on. */
struct suicide {
  mt_executor *ex;
  mt_status close, shutdown;
};

static mt_value closes_its_own(mt_value arg) {
  struct suicide *s = arg.data;
  s->close = mt_close(s->ex);
  s->shutdown = mt_shutdown(s->ex, 0, 0);
  return mt_int(5);
}

static void closes_in_callback(mt_future *f, void *arg) {
  struct suicide *s = arg;
  (void)f;
  s->close = mt_close(s->ex);
  s->shutdown = mt_shutdown(s->ex, 0, 0);
}

static void a_task_cannot_close_its_own_executor(void) {
  mt_executor *ex = open_here(NULL);
  struct suicide s = {.ex = ex, .close = 1, .shutdown = 1};
  mt_future *f = mt_submit(ex, closes_its_own, mt_ptr(&s));
  GIVES(f, 5);
  STATUS(s.close, MT_EDEADLK);
  STATUS(s.shutdown, MT_EDEADLK);
  mt_unref(f);
  f = mt_submit(ex, task_next, mt_int(1)); /* nothing was done: it still accepts */
  GIVES(f, 2);
  mt_unref(f);
  close_here(ex);
}

static void a_callback_cannot_close_the_executor(void) {
  mt_executor *ex = open_here(NULL);
  struct suicide s = {.ex = ex, .close = 1, .shutdown = 1};
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  GIVES(f, 2);
  STATUS(mt_on_done(f, closes_in_callback, &s), 0); /* late: runs here and now */
  STATUS(s.close, MT_EDEADLK);
  STATUS(s.shutdown, MT_EDEADLK);
  mt_unref(f);
  f = mt_submit(ex, task_next, mt_int(1));
  GIVES(f, 2);
  mt_unref(f);
  close_here(ex);
}

struct rendezvous {
  mt_executor *other;
  mt_status closed;
};

static mt_value submits_elsewhere(mt_value arg) {
  struct rendezvous *r = arg.data;
  mt_future *f = mt_submit(r->other, task_next, mt_int(10));
  mt_value value = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &value);
  mt_unref(f);
  if (st < 0) return mt_give_up(st);
  r->closed = mt_close(r->other);
  return value;
}

static void a_task_may_use_and_close_another_executor(void) {
  mt_executor *ex = open_here(NULL);
  struct rendezvous r = {.other = open_here(NULL), .closed = 1};
  mt_future *f = mt_submit(ex, submits_elsewhere, mt_ptr(&r));
  GIVES(f, 11);
  STATUS(r.closed, 0);
  mt_unref(f);
  close_here(ex);
}

static void ten_thousand_tasks_give_their_own_results(void) {
  enum { N = 10000 };
  mt_executor *ex = open_here(NULL);
  mt_future **f = calloc(N, sizeof *f);
  assert_non_null(f);
  for (int i = 0; i < N; i++) f[i] = mt_submit(ex, task_next, mt_int(i));
  for (int i = 0; i < N; i++) {
    GIVES(f[i], i + 1);
    mt_unref(f[i]);
  }
  free(f);
  close_here(ex);
}

static void a_tiny_stack_is_enough_for_a_tiny_task(void) {
  mt_executor *ex = open_here(&(mt_options){.stack_size = 64 * 1024});
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  GIVES(f, 2);
  mt_unref(f);
  close_here(ex);
}

static mt_value uses_much_stack(mt_value arg) {
  volatile char many[700 * 1024];
  for (size_t i = 0; i < sizeof many; i += 512) many[i] = (char)i;
  return mt_int(mt_as_int(arg) + many[512]);
}

static void a_large_stack_can_be_used(void) {
  mt_executor *ex = open_here(&(mt_options){.stack_size = 1024 * 1024});
  mt_future *f = mt_submit(ex, uses_much_stack, mt_int(4));
  GIVES(f, 4);
  mt_unref(f);
  close_here(ex);
}

static void a_dump_names_what_is_suspended(void) {
  mt_executor *ex = open_here(&(mt_options){.in_flight = 2, .name = "quotes"});
  struct gate gate;
  gate_init(&gate);
  mt_future *f = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&gate), .name = "patient task 4711");
  UNTIL(suspended_in(ex) == 1);
  char *text = NULL;
  size_t size = 0;
  FILE *to = open_memstream(&text, &size);
  assert_non_null(to);
  mt_dump(to);
  fclose(to);
  assert_non_null(strstr(text, "patient task 4711"));
  free(text);
  gate_open(&gate);
  GIVES(f, 1);
  mt_unref(f);
  gate_fini(&gate);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(an_unknown_place_is_refused, 0),
    CHECK(a_senseless_option_is_refused, 0),
    CHECK(no_options_and_zeroed_ones_are_the_same, 0),
    CHECK(in_flight_is_what_was_asked_for, 0),
    CHECK(opened_and_closed_at_once, 0),
    CHECK(close_runs_what_was_accepted, SHARE),
    CHECK(futures_outlive_their_executor, 0),
    CHECK(what_makes_no_sense_is_a_failed_future, 0),
    CHECK(a_task_cannot_close_its_own_executor, SHARE),
    CHECK(a_callback_cannot_close_the_executor, 0),
    CHECK(a_task_may_use_and_close_another_executor, SHARE),
    CHECK(ten_thousand_tasks_give_their_own_results, 0),
    CHECK(a_tiny_stack_is_enough_for_a_tiny_task, 0),
    CHECK(a_large_stack_can_be_used, 0),
    CHECK(a_dump_names_what_is_suspended, OVERLAP),
};
CONTRACT(checks)
