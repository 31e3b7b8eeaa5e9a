/* SPDX-License-Identifier: MIT
 *
 * Done-callbacks: when, where, in what order, and what they may do.
 */
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

struct note {
  unsigned calls;
  pthread_t thread;
  mt_future *future;
  bool done;
};

static void takes_note(mt_future *f, void *arg) {
  struct note *note = arg;
  note->calls++;
  note->thread = pthread_self();
  note->future = f;
  note->done = mt_done(f);
}

static void late_it_runs_here_and_at_once(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  STATUS(mt_wait(f, MT_FOREVER), 0);
  struct note note = {0};
  STATUS(mt_on_done(f, takes_note, &note), 0);
  assert_int_equal(note.calls, 1);
  assert_true(pthread_equal(note.thread, pthread_self()));
  assert_ptr_equal(note.future, f);
  assert_true(note.done);
  mt_unref(f);
  close_here(ex);
}

static void early_it_runs_on_the_settling_thread(void) {
  struct gate gate;
  gate_init(&gate);
  struct note note = {0};
  STATUS(mt_on_done(gate.future, takes_note, &note), 0);
  assert_int_equal(note.calls, 0);
  gate_open(&gate);
  assert_int_equal(note.calls, 1);
  assert_true(pthread_equal(note.thread, pthread_self()));
  assert_true(note.done);
  gate_fini(&gate);
  assert_int_equal(note.calls, 1);
}

/* A task that says on which thread it runs, and the callback of its future. */
struct both {
  struct gate gate;
  pthread_t task;
  struct note note;
};

static mt_value says_its_thread(mt_value arg) {
  struct both *both = arg.data;
  both->task = pthread_self();
  (void)gate_pass(&both->gate);
  return mt_none();
}

static void a_tasks_callback_runs_on_its_worker(void) {
  mt_executor *ex = open_with(2);
  struct both both = {.note = {0}};
  gate_init(&both.gate);
  mt_future *f = mt_submit(ex, says_its_thread, mt_ptr(&both));
  STATUS(mt_on_done(f, takes_note, &both.note), 0);
  gate_open(&both.gate);
  close_here(ex); /* waits for callbacks, too */
  assert_int_equal(both.note.calls, 1);
  assert_ptr_equal(both.note.future, f);
  assert_true(pthread_equal(both.note.thread, both.task));
  mt_unref(f);
  gate_fini(&both.gate);
}

#define ORDER 100

struct sequence {
  int next;
  int order[ORDER];
};

struct member {
  struct sequence *sequence;
  int number;
};

static void queues_up(mt_future *f, void *arg) {
  struct member *member = arg;
  (void)f;
  member->sequence->order[member->sequence->next++] = member->number;
}

static void they_run_in_the_order_of_registration(void) {
  struct gate gate;
  gate_init(&gate);
  struct sequence sequence = {0};
  struct member members[ORDER];
  for (int i = 0; i < ORDER; i++) {
    members[i] = (struct member){&sequence, i};
    STATUS(mt_on_done(gate.future, queues_up, &members[i]), 0);
  }
  gate_open(&gate);
  assert_int_equal(sequence.next, ORDER);
  for (int i = 0; i < ORDER; i++) assert_int_equal(sequence.order[i], i);
  gate_fini(&gate);
}

static void one_taken_back_is_never_called(void) {
  struct gate gate;
  gate_init(&gate);
  struct note a = {0}, b = {0}, c = {0};
  STATUS(mt_on_done(gate.future, takes_note, &a), 0);
  STATUS(mt_on_done(gate.future, takes_note, &b), 0);
  STATUS(mt_on_done(gate.future, takes_note, &c), 0);
  assert_true(mt_off_done(gate.future, takes_note, &b));
  assert_false(mt_off_done(gate.future, takes_note, &b));
  assert_false(mt_off_done(gate.future, done_count, &a)); /* never registered */
  gate_open(&gate);
  assert_int_equal(a.calls, 1);
  assert_int_equal(b.calls, 0);
  assert_int_equal(c.calls, 1);
  assert_false(mt_off_done(gate.future, takes_note, &a));
  gate_fini(&gate);
}

static void the_same_twice_is_called_twice(void) {
  struct gate gate;
  gate_init(&gate);
  struct note note = {0};
  for (int i = 0; i < 3; i++) STATUS(mt_on_done(gate.future, takes_note, &note), 0);
  assert_true(mt_off_done(gate.future, takes_note, &note));
  gate_open(&gate);
  assert_int_equal(note.calls, 2);
  gate_fini(&gate);
}

/* A registration is taken back while the future settles on another thread: it was called, or it
 * was taken back, never both and never neither. */
static void off_done_races_with_settling(void) {
  mt_executor *ex = open_here(NULL);
  for (int i = 0; i < 500; i++) {
    atomic_uint calls = 0;
    struct gate gate;
    gate_init(&gate);
    mt_future *f = NULL;
    if ((mt_capabilities(ex) & MT_CAN_OVERLAP) == 0) gate_open(&gate);
    f = mt_submit(ex, task_gate, mt_ptr(&gate));
    STATUS(mt_on_done(f, done_count, &calls), 0);
    gate_open(&gate);
    bool taken_back = mt_off_done(f, done_count, &calls);
    if (!taken_back) UNTIL(atomic_load(&calls) == 1);
    STATUS(mt_wait(f, MT_FOREVER), 0);
    mt_unref(f);
    gate_fini(&gate);
    if (i % 50 == 0) {
      close_here(ex);
      ex = open_here(NULL);
    }
    assert_int_equal(atomic_load(&calls), taken_back ? 0 : 1);
  }
  close_here(ex);
}

/* All waits, in a callback. */
struct waits {
  mt_future *never;
  mt_limit *limit;
  mt_group *group;
  mt_stream *stream;
  int fd;
  mt_status st[8];
  mt_status read;
  atomic_bool tried;
};

static void tries_to_wait(mt_future *f, void *arg) {
  struct waits *w = arg;
  mt_future *next;
  w->st[0] = mt_wait(w->never, MT_FOREVER);
  w->st[1] = mt_get(w->never, MT_FOREVER, NULL);
  w->st[2] = mt_wait_many(&w->never, 1, MT_ALL_DONE, MT_FOREVER);
  w->st[3] = mt_sleep(MT_SECONDS(1));
  w->st[4] = mt_acquire(w->limit, MT_FOREVER);
  w->st[5] = mt_group_wait(w->group, MT_FOREVER);
  w->st[6] = mt_next(w->stream, MT_FOREVER, &next, NULL);
  w->st[7] = mt_wait_fd(w->fd, POLLIN, MT_FOREVER);
  w->read = mt_get(f, MT_FOREVER, NULL);
  atomic_store(&w->tried, true);
}

static void expect_refusals(struct waits *w) {
  UNTIL(atomic_load(&w->tried));
  for (int i = 0; i < 8; i++) STATUS(w->st[i], MT_EDEADLK);
  STATUS(w->read, 0); /* what is settled is read */
  for (int i = 0; i < 8; i++) w->st[i] = 1;
  atomic_store(&w->tried, false);
}

static void a_wait_in_one_would_deadlock(void) {
  mt_executor *ex = open_with(2);
  struct gate never, gate;
  struct plug plug;
  gate_init(&never);
  plug_init(&plug);
  struct waits w = {.never = never.future, .limit = plug.limit, .fd = 0};
  STATUS(mt_group_open(&w.group), 0);
  mt_future *member = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&never), .group = w.group);
  w.stream = mt_as_completed(&w.never, 1);

  gate_init(&gate); /* settled by this thread */
  STATUS(mt_on_done(gate.future, tries_to_wait, &w), 0);
  gate_open(&gate);
  expect_refusals(&w);
  STATUS(mt_on_done(gate.future, tries_to_wait, &w), 0); /* settled already */
  expect_refusals(&w);
  gate_fini(&gate);

  gate_init(&gate); /* settled by a worker */
  mt_future *f = mt_submit(ex, task_gate, mt_ptr(&gate));
  STATUS(mt_on_done(f, tries_to_wait, &w), 0);
  gate_open(&gate);
  GIVES(f, 1);
  expect_refusals(&w);
  mt_unref(f);
  gate_fini(&gate);

  gate_open(&never);
  mt_stream_close(w.stream);
  STATUS(mt_group_close(w.group), 0);
  mt_unref(member);
  close_here(ex);
  plug_fini(&plug);
  gate_fini(&never);
}

/* The waiters wake before the callbacks run: this callback ends only after a waiter has. */
struct before {
  struct gate gate;
  struct latch woken;
  mt_status st;
};

static void *wakes(void *arg) {
  struct before *before = arg;
  before->st = gate_pass(&before->gate);
  latch_open(&before->woken);
  return NULL;
}

static void blocks_until_woken(mt_future *f, void *arg) {
  struct before *before = arg;
  (void)f;
  latch_pass(&before->woken);
}

static void waiters_wake_first(void) {
  for (int round = 0; round < 20; round++) {
    struct before before = {.st = 1};
    gate_init(&before.gate);
    latch_init(&before.woken);
    STATUS(mt_on_done(before.gate.future, blocks_until_woken, &before), 0);
    pthread_t thread;
    pthread_create(&thread, NULL, wakes, &before);
    gate_open(&before.gate);
    pthread_join(thread, NULL);
    STATUS(before.st, 0);
    latch_fini(&before.woken);
    gate_fini(&before.gate);
  }
}

/* What a callback may do: all that does not wait. */
struct busy {
  mt_executor *ex;
  struct note again;
  mt_future *submitted;
  atomic_uint off;
  bool taken_back;
  struct gate *other;
};

static void is_busy(mt_future *f, void *arg) {
  struct busy *busy = arg;
  busy->submitted = mt_submit(busy->ex, task_next, mt_int(1));
  (void)mt_on_done(f, takes_note, &busy->again);
  busy->taken_back = mt_off_done(f, done_count, &busy->off);
  gate_open(busy->other);
  mt_ref(f);
  mt_unref(f);
  (void)mt_cancel(f);
}

static void it_may_do_all_that_does_not_wait(void) {
  mt_executor *ex = open_here(NULL);
  struct gate gate, other;
  gate_init(&gate);
  gate_init(&other);
  struct busy busy = {.ex = ex, .other = &other};
  STATUS(mt_on_done(gate.future, is_busy, &busy), 0);
  STATUS(mt_on_done(gate.future, done_count, &busy.off), 0);
  gate_open(&gate);
  GIVES(busy.submitted, 2);
  assert_int_equal(busy.again.calls, 1);
  assert_int_equal(atomic_load(&busy.off), busy.taken_back ? 0 : 1);
  assert_true(mt_done(other.future));
  mt_unref(busy.submitted);
  gate_fini(&gate);
  gate_fini(&other);
  close_here(ex);
}

static void unrefs(mt_future *f, void *arg) {
  atomic_fetch_add((atomic_uint *)arg, 1);
  mt_unref(f);
}

static void it_may_drop_the_last_reference(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  for (int i = 0; i < 1000; i++)
    STATUS(mt_on_done(mt_submit(ex, task_next, mt_int(1)), unrefs, &count), 0);
  close_here(ex);
  assert_int_equal(atomic_load(&count), 1000);
}

/* A million promises, each settled by the callback of the one before. */
struct chain {
  mt_promise *promise;
};

static void settles_the_next(mt_future *f, void *arg) {
  struct chain *next = arg;
  (void)f;
  (void)mt_settle(next->promise, mt_int(1));
}

static void a_million_chained_promises_do_not_recurse(void) {
  size_t n = shrunk(1000000);
  struct chain *chain = calloc(n, sizeof *chain);
  mt_future **futures = calloc(n, sizeof *futures);
  assert_true(chain != NULL && futures != NULL);
  for (size_t i = 0; i < n; i++)
    if (mt_promise_open(0, &chain[i].promise, &futures[i]) != 0) fail();
  for (size_t i = 0; i + 1 < n; i++)
    if (mt_on_done(futures[i], settles_the_next, &chain[i + 1]) != 0) fail();
  STATUS(mt_settle(chain[0].promise, mt_int(1)), 0);
  size_t settled = 0;
  for (size_t i = 0; i < n; i++) {
    settled += mt_done(futures[i]);
    mt_promise_close(chain[i].promise);
    mt_unref(futures[i]);
  }
  assert_true(settled == n);
  free(chain);
  free(futures);
}

static void cancelling_calls_them_too(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .delay_ns = MT_SECONDS(3600));
  struct note note = {0};
  STATUS(mt_on_done(f, takes_note, &note), 0);
  assert_true(mt_cancel(f));
  assert_int_equal(note.calls, 1); /* the canceller is the settling thread */
  assert_true(pthread_equal(note.thread, pthread_self()));
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(late_it_runs_here_and_at_once, 0),
    CHECK(early_it_runs_on_the_settling_thread, 0),
    CHECK(a_tasks_callback_runs_on_its_worker, OVERLAP),
    CHECK(they_run_in_the_order_of_registration, 0),
    CHECK(one_taken_back_is_never_called, 0),
    CHECK(the_same_twice_is_called_twice, 0),
    CHECK(off_done_races_with_settling, SHARE),
    CHECK(a_wait_in_one_would_deadlock, OVERLAP),
    CHECK(waiters_wake_first, 0),
    CHECK(it_may_do_all_that_does_not_wait, 0),
    CHECK(it_may_drop_the_last_reference, 0),
    CHECK(a_million_chained_promises_do_not_recurse, 0),
    CHECK(cancelling_calls_them_too, OVERLAP),
};
CONTRACT(checks)
