/* SPDX-License-Identifier: MIT
 *
 * Rule 7: everything is bounded, and says what happens when full: queue_limit with wait, refuse or
 * run-it-yourself (outside tasks only); streams look a bounded number of items ahead, so an endless
 * input runs in constant memory.
 */
#include "../scale/memory.h"

#include <stdlib.h>
#include <unistd.h>

/* One slot, held at a plug, and a queue of two that is full. */
struct full {
  mt_executor *ex;
  struct plug plug;
  mt_future *holder, *queued[2];
  atomic_uint ran;
};

static void full_init(struct full *full, mt_when_full when_full) {
  full->ex =
      open_on("threads:1", &(mt_options){.in_flight = 1, .queue_limit = 2, .when_full = when_full});
  atomic_init(&full->ran, 0);
  plug_init(&full->plug);
  full->holder = mt_submit(full->ex, task_plug, mt_ptr(&full->plug));
  UNTIL(suspended_in(full->ex) == 1);
  for (int i = 0; i < 2; i++) full->queued[i] = mt_submit(full->ex, task_count, mt_ptr(&full->ran));
}

static void full_fini(struct full *full, unsigned ran) {
  plug_pull(&full->plug);
  mt_unref(full->holder);
  for (int i = 0; i < 2; i++) mt_unref(full->queued[i]);
  close_here(full->ex);
  plug_fini(&full->plug);
  assert_int_equal(atomic_load(&full->ran), ran);
}

static void full_it_can_refuse(void) {
  struct full full;
  full_init(&full, MT_FULL_REFUSE);
  mt_future *f = mt_submit(full.ex, task_count, mt_ptr(&full.ran));
  assert_true(mt_done(f));
  FAILS_WITH(f, MT_EFULL);
  mt_unref(f);
  full_fini(&full, 2);
}

static mt_value says_thread(mt_value arg) {
  *(pthread_t *)arg.data = pthread_self();
  return mt_int(7);
}

static void full_it_can_have_the_submitter_run(void) {
  struct full full;
  full_init(&full, MT_FULL_RUN);
  pthread_t thread = 0;
  mt_future *f = mt_submit(full.ex, says_thread, mt_ptr(&thread));
  assert_true(mt_done(f));
  GIVES(f, 7);
  assert_true(pthread_equal(thread, pthread_self()));
  mt_unref(f);
  full_fini(&full, 2);
}

struct submitter {
  struct full *full;
  mt_future *future;
  atomic_bool here, through;
};

static void *submits(void *arg) {
  struct submitter *s = arg;
  atomic_store(&s->here, true);
  s->future = mt_submit(s->full->ex, task_count, mt_ptr(&s->full->ran));
  atomic_store(&s->through, true);
  return NULL;
}

static void full_it_can_make_the_submitter_wait(void) {
  struct full full;
  full_init(&full, MT_FULL_WAIT);
  struct submitter s = {.full = &full};
  pthread_t thread;
  pthread_create(&thread, NULL, submits, &s);
  UNTIL(atomic_load(&s.here));
  for (int i = 0; i < 20; i++) contract_pause(); /* time enough to do it wrong */
  assert_false(atomic_load(&s.through));
  assert_true(mt_cancel(full.queued[1])); /* makes room */
  pthread_join(thread, NULL);
  plug_pull(&full.plug);
  GIVES(s.future, 0);
  mt_unref(s.future);
  full_fini(&full, 2);
}

/* Inside a task of the executor, run-it-yourself waits instead: the task would run a stranger on
 * its own stack otherwise. */
struct inside {
  mt_executor *ex;
  char *frame; /* somewhere on the submitter's stack */
  unsigned on_my_stack, ran;
};

static mt_value looks_whose_stack(mt_value arg) {
  struct inside *inside = arg.data;
  char here;
  ptrdiff_t away = (ptrdiff_t)((uintptr_t)inside->frame - (uintptr_t)&here);
  if (away > 0 && away < 16 * 1024) inside->on_my_stack++; /* called from there */
  inside->ran++;
  return mt_none();
}

static mt_value submits_too_many(mt_value arg) {
  struct inside *inside = arg.data;
  char here = 0;
  inside->frame = &here;
  for (int i = 0; i < 20; i++) {
    mt_future *f = mt_submit(inside->ex, looks_whose_stack, arg);
    bool refused = mt_failure(f) != NULL;
    mt_unref(f);
    if (refused) return mt_int(-1);
  }
  return mt_int(1);
}

static void inside_a_task_it_waits_in_place_of_running(void) {
  mt_executor *ex = open_on("threads:1", &(mt_options){.queue_limit = 2, .when_full = MT_FULL_RUN});
  struct inside inside = {.ex = ex};
  mt_future *f = mt_submit(ex, submits_too_many, mt_ptr(&inside));
  GIVES(f, 1);
  mt_unref(f);
  close_here(ex);
  assert_int_equal(inside.ran, 20);
  assert_int_equal(inside.on_my_stack, 0);
}

/* An endless source, each of whose results takes memory. */
struct endless {
  size_t drawn;
};

static mt_status draws(void *arg, mt_value *ret) {
  struct endless *endless = arg;
  *ret = mt_int((intptr_t)endless->drawn++);
  return 0;
}

static mt_value takes_memory(mt_value arg) {
  char block[1024];
  for (size_t i = 0; i < sizeof block; i++) block[i] = (char)mt_as_int(arg);
  return mt_bytes(block, sizeof block);
}

static void read_on(mt_stream *s, struct endless *endless, size_t from, size_t to, size_t ahead) {
  for (size_t i = from; i < to; i++) {
    mt_future *f;
    STATUS(mt_next(s, MT_FOREVER, &f, NULL), 0);
    mt_unref(f);
    if (endless->drawn > i + 1 + ahead) fail();
  }
}

static void an_endless_input_runs_in_constant_memory(void) {
  size_t n = shrunk(200000), ahead = 50;
  for (int order = MT_ORDER_INPUT; order <= MT_ORDER_COMPLETION; order++) {
    mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 20});
    struct endless endless = {0};
    mt_stream *s = mt_map(ex, takes_memory, draws, &endless,
                          &(mt_map_options){.order = (mt_order)order, .ahead = ahead});
    assert_true(endless.drawn <= ahead);
    read_on(s, &endless, 0, n / 10, ahead);
    size_t before = resident_now();
    read_on(s, &endless, n / 10, n, ahead);
    size_t after = resident_now();
    mt_stream_close(s);
    close_here(ex);
    /* 180 MB have come and gone; a leak of 16 bytes an item would show. */
    if (n == 200000) assert_true(after < before + n * 16);
  }
}

/* Waits for many as they come: nothing in the library grows with what is finished. */
static void a_bounded_queue_runs_in_constant_memory(void) {
  size_t n = shrunk(200000);
  mt_executor *ex = open_on("threads:2", &(mt_options){.queue_limit = 100});
  atomic_uint ran = 0;
  for (size_t i = 0; i < n / 10; i++) mt_unref(mt_submit(ex, task_count, mt_ptr(&ran)));
  size_t before = resident_now();
  for (size_t i = n / 10; i < n; i++) mt_unref(mt_submit(ex, task_count, mt_ptr(&ran)));
  size_t after = resident_now();
  close_here(ex);
  assert_true(atomic_load(&ran) == n);
  if (n == 200000) assert_true(after < before + n * 16);
}

static const struct check checks[] = {
    CHECK(full_it_can_refuse, ALL),
    CHECK(full_it_can_have_the_submitter_run, ALL),
    CHECK(full_it_can_make_the_submitter_wait, ALL),
    CHECK(inside_a_task_it_waits_in_place_of_running, ALL),
    CHECK(an_endless_input_runs_in_constant_memory, ALL),
    CHECK(a_bounded_queue_runs_in_constant_memory, ALL),
};
RULE(checks)
