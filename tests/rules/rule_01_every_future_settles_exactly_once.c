/* SPDX-License-Identifier: MIT
 *
 * Rule 1: every future settles exactly once, whatever happens: success, failure, cancel, deadline,
 * a full queue, a failed allocation, shutdown. Every waiter wakes. Nothing is silently dropped.
 *
 * Each way to settle is brought about while all kinds of waiters wait; each must be told once. Then
 * memory, descriptors and threads are made to fail, one call after another, and nothing may hang,
 * be lost or be told twice.
 */
#include "faults.h"
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

/* What a way to settle has at hand: an executor whose only slot is held at a plug, and one with
 * room, whose tasks can wait at a gate. */
struct world {
  mt_executor *held, *roomy;
  struct plug plug;
  struct gate gate;
  mt_future *holder;
  mt_promise *promise;
  mt_group *group;
  mt_future *future; /* the one to settle */
};

static void world_init(struct world *w) {
  *w = (struct world){0};
  w->held = open_on("threads:1",
                    &(mt_options){.in_flight = 1, .queue_limit = 2, .when_full = MT_FULL_REFUSE});
  w->roomy = open_on("threads:2", &(mt_options){.in_flight = 16});
  plug_init(&w->plug);
  gate_init(&w->gate);
  w->holder = mt_submit(w->held, task_plug, mt_ptr(&w->plug));
  UNTIL(suspended_in(w->held) == 1);
}

static void world_fini(struct world *w) {
  plug_pull(&w->plug);
  gate_open(&w->gate);
  mt_promise_close(w->promise);
  mt_unref(w->future);
  mt_unref(w->holder);
  close_here(w->held);
  close_here(w->roomy);
  (void)mt_group_close(w->group);
  plug_fini(&w->plug);
  gate_fini(&w->gate);
}

static mt_value fails_at_gate(mt_value arg) {
  mt_status st = gate_pass(arg.data);
  return st < 0 ? mt_give_up(st) : mt_fail(EIO, "behind the gate");
}

static void opens_gate(struct world *w) {
  gate_open(&w->gate);
}
static void cancels(struct world *w) {
  mt_cancel(w->future);
}
static void does_nothing(struct world *w) {
  (void)w;
}
static void cancels_queued(struct world *w) {
  mt_shutdown(w->held, MT_CANCEL_QUEUED, 0);
}
static void cancels_running(struct world *w) {
  mt_shutdown(w->roomy, MT_CANCEL_RUNNING, MT_FOREVER);
}
static void settles(struct world *w) {
  mt_settle(w->promise, mt_int(1));
}
static void settles_error(struct world *w) {
  mt_settle_error(w->promise, EIO, "foreign");
}
static void abandons(struct world *w) {
  mt_promise_close(w->promise);
  w->promise = NULL;
}
static void fails_a_member(struct world *w) {
  mt_go(w->group, w->roomy, task_fail, mt_int(EIO));
}
static void cancels_group(struct world *w) {
  mt_group_cancel(w->group);
}
static void drains(struct world *w) {
  gate_open(&w->gate);
  mt_shutdown(w->roomy, 0, MT_FOREVER);
}

static mt_future *value(struct world *w) {
  return mt_submit(w->roomy, task_gate, mt_ptr(&w->gate));
}
static mt_future *failure(struct world *w) {
  return mt_submit(w->roomy, fails_at_gate, mt_ptr(&w->gate));
}
static mt_future *queued(struct world *w) {
  return mt_submit(w->held, task_next, mt_int(0));
}
static mt_future *asleep(struct world *w) {
  return mt_submit(w->roomy, task_sleeper, mt_none());
}
static mt_future *delayed(struct world *w) {
  return submit_as(w->roomy, .fn = task_next, .delay_ns = MT_SECONDS(3600));
}
static mt_future *out_of_time(struct world *w) {
  return submit_as(w->roomy, .fn = task_sleeper, .deadline_ns = MT_MS(20));
}
static mt_future *late_in_queue(struct world *w) {
  return submit_as(w->held, .fn = task_next, .deadline_ns = MT_MS(20));
}
static mt_future *full(struct world *w) {
  for (int i = 0; i < 2; i++) mt_unref(mt_submit(w->held, task_next, mt_int(0)));
  return mt_submit(w->held, task_next, mt_int(0));
}
static mt_future *shut_down(struct world *w) {
  mt_shutdown(w->roomy, 0, MT_FOREVER);
  return mt_submit(w->roomy, task_next, mt_int(0));
}
static mt_future *senseless(struct world *w) {
  return mt_submit(w->roomy, NULL, mt_none());
}
static mt_future *retried(struct world *w) {
  static const mt_retry retry = {.repeats = 3, .first_ns = 1};
  return submit_as(w->roomy, .fn = fails_at_gate, .arg = mt_ptr(&w->gate), .retry = &retry);
}
static mt_future *promised(struct world *w) {
  mt_future *f = NULL;
  mt_promise_open(MT_PROMISE_CANCELABLE, &w->promise, &f);
  return f;
}
static mt_future *member(struct world *w) {
  mt_group_open(&w->group);
  return submit_as(w->roomy, .fn = task_sleeper, .group = w->group);
}

static const struct way {
  const char *name;
  mt_future *(*submit)(struct world *w);
  void (*settle)(struct world *w);
  int code; /* 0: a value */
} ways[] = {
    {"a value", value, opens_gate, 0},
    {"a failure", failure, opens_gate, EIO},
    {"the last of several failures", retried, opens_gate, EIO},
    {"a cancel in the queue", queued, cancels, MT_ECANCELED},
    {"a cancel while it is delayed", delayed, cancels, MT_ECANCELED},
    {"a cancel while it runs", asleep, cancels, MT_ECANCELED},
    {"a deadline in the queue", late_in_queue, does_nothing, MT_EDEADLINE},
    {"a deadline while it runs", out_of_time, does_nothing, MT_EDEADLINE},
    {"a full queue", full, does_nothing, MT_EFULL},
    {"a refusal after shutdown", shut_down, does_nothing, MT_ESHUTDOWN},
    {"no function", senseless, does_nothing, MT_EINVAL},
    {"a shutdown that drains", value, drains, 0},
    {"a shutdown that cancels the queue", queued, cancels_queued, MT_ECANCELED},
    {"a shutdown that cancels what runs", asleep, cancels_running, MT_ECANCELED},
    {"another member's failure", member, fails_a_member, MT_ECANCELED},
    {"its group's cancel", member, cancels_group, MT_ECANCELED},
    {"a kept promise", promised, settles, 0},
    {"a promise kept with an error", promised, settles_error, EIO},
    {"an abandoned promise", promised, abandons, MT_EABANDONED},
    {"a cancelled promise", promised, cancels, MT_ECANCELED},
};

/* Those who wait: threads, tasks, callbacks, a stream. */
#define EACH 3

struct waiter {
  mt_future *future;
  bool many;
  mt_status st;
  int code;
};

static void waits(struct waiter *w) {
  w->st = w->many ? mt_wait_many(&w->future, 1, MT_ALL_DONE, MT_FOREVER)
                  : mt_wait(w->future, MT_FOREVER);
  const mt_error *error = mt_failure(w->future);
  w->code = error == NULL ? 0 : error->code;
}

static void *waits_outside(void *arg) {
  waits(arg);
  return NULL;
}

static mt_value waits_inside(mt_value arg) {
  waits(arg.data);
  return mt_none();
}

static void settle_before_all_kinds_of_waiters(const struct way *way) {
  struct world w;
  world_init(&w);
  mt_executor *waiting = open_on("threads:2", &(mt_options){.in_flight = EACH});
  w.future = way->submit(&w);
  struct waiter waiters[2 * EACH];
  pthread_t threads[EACH];
  mt_future *tasks[EACH];
  atomic_uint called[EACH] = {0};
  mt_stream *stream = mt_as_completed(&w.future, 1);
  for (int i = 0; i < 2 * EACH; i++)
    waiters[i] = (struct waiter){.future = w.future, .many = i % 2 == 1, .st = 1, .code = 1};
  for (int i = 0; i < EACH; i++) {
    pthread_create(&threads[i], NULL, waits_outside, &waiters[i]);
    tasks[i] = mt_submit(waiting, waits_inside, mt_ptr(&waiters[EACH + i]));
    STATUS(mt_on_done(w.future, done_count, &called[i]), 0);
  }
  way->settle(&w);
  mt_future *f = NULL;
  STATUS(mt_next(stream, MT_FOREVER, &f, NULL), 0);
  assert_ptr_equal(f, w.future);
  mt_unref(f);
  STATUS(mt_next(stream, MT_FOREVER, &f, NULL), MT_END);
  for (int i = 0; i < EACH; i++) {
    pthread_join(threads[i], NULL);
    STATUS(mt_wait(tasks[i], MT_FOREVER), 0);
    mt_unref(tasks[i]);
    UNTIL(atomic_load(&called[i]) > 0);
  }
  if (way->code == 0)
    STATUS(mt_get(w.future, 0, NULL), 0);
  else
    FAILS_WITH(w.future, way->code);
  for (int i = 0; i < 2 * EACH; i++) {
    STATUS(waiters[i].st, 0);
    assert_int_equal(waiters[i].code, way->code);
  }
  mt_stream_close(stream);
  close_here(waiting);
  world_fini(&w);
  for (int i = 0; i < EACH; i++) assert_int_equal(atomic_load(&called[i]), 1);
}

static void each_way_to_settle_wakes_every_waiter_once(void) {
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    for (int round = 0; round < 3; round++) settle_before_all_kinds_of_waiters(&ways[i]);
  }
}

static void only_a_shutdown_whose_time_ran_out_leaves_some_pending_and_says_so(void) {
  struct world w;
  world_init(&w);
  w.future = value(&w);
  STATUS(mt_shutdown(w.roomy, 0, MT_MS(1)), MT_ETIMEDOUT);
  assert_false(mt_done(w.future));
  gate_open(&w.gate);
  STATUS(mt_shutdown(w.roomy, 0, MT_FOREVER), 0);
  assert_true(mt_done(w.future));
  world_fini(&w);
}

/* A bit of everything, in which any call for memory, a descriptor or a thread may fail. */
#define TASKS 24

/* Counts something strange, and keeps the first line that did. */
#define STRANGE(scene)                                                                             \
  do {                                                                                             \
    if ((scene)->strange++ == 0) (scene)->line = __LINE__;                                         \
  } while (0)

struct scene {
  mt_executor *ex;
  mt_future *futures[TASKS];
  mt_status on_done[TASKS];
  atomic_uint called[TASKS];
  struct plug plug;
  int pipe[2];
  unsigned strange;
  int line;
};

static mt_value does_much(mt_value arg) {
  struct scene *scene = arg.data;
  mt_status st = mt_sleep(MT_US(10));
  if (st < 0) return mt_give_up(st);
  int got = mt_wait_fd(scene->pipe[0], POLLIN, MT_FOREVER);
  if (got < 0) return mt_give_up(got);
  mt_value value = mt_block(task_next, mt_int(1));
  if (mt_is_failure(value)) return value;
  mt_future *f = mt_submit(scene->ex, task_next, mt_int(1));
  st = mt_get(f, MT_FOREVER, NULL);
  mt_unref(f);
  if (st < 0) return mt_give_up(st == MT_FAILED ? MT_ENOMEM : st);
  mt_job job;
  mt_fork(&job, task_next, mt_int(1));
  value = mt_join(&job);
  if (mt_is_failure(value)) return value;
  return mt_text("a text of the %s", "task");
}

static mt_value fails_at_length(mt_value arg) {
  (void)arg;
  return mt_fail(EIO, "%0300d", 7);
}

static mt_future *submit_one(struct scene *scene, int i, mt_group *g) {
  static const mt_retry retry = {.repeats = 1, .first_ns = 1};
  switch (i % 6) {
  case 0:
    return mt_submit(scene->ex, does_much, mt_ptr(scene));
  case 1:
    return submit_as(scene->ex, .fn = task_next, .name = "named", .retry = &retry);
  case 2:
    return submit_as(scene->ex, .fn = task_next, .delay_ns = MT_US(5), .group = g);
  case 3:
    return submit_as(scene->ex, .fn = fails_at_length, .retry = &retry);
  case 4:
    return submit_as(scene->ex, .fn = does_much, .arg = mt_ptr(scene),
                     .deadline_ns = MT_SECONDS(3600));
  default:
    return mt_submit(scene->ex, does_much, mt_ptr(scene));
  }
}

static bool is_expected(const mt_error *error) {
  if (error == NULL) return true;
  return error->message != NULL && (error->code == MT_ENOMEM || error->code == EIO ||
                                    error->code == MT_ECANCELED || error->code == MT_ESYSTEM);
}

static void play_stream(struct scene *scene) {
  mt_stream *s = mt_map_range(scene->ex, task_next, 0, 10, NULL);
  mt_future *f;
  mt_status st;
  unsigned n = 0;
  while ((st = mt_next(s, MT_FOREVER, &f, NULL)) == 0) {
    if (!mt_done(f) || !is_expected(mt_failure(f))) STRANGE(scene);
    mt_unref(f);
    n++;
  }
  if (st != MT_END && st != MT_ENOMEM) STRANGE(scene);
  if (st == MT_END && n != 10) STRANGE(scene);
  mt_stream_close(s);
}

static void play_promise(struct scene *scene) {
  mt_promise *promise;
  mt_future *future;
  mt_status st = mt_promise_open(0, &promise, &future);
  if (st == MT_ENOMEM) return;
  if (st != 0 || mt_settle_error(promise, EIO, "%0300d", 7) != 0) STRANGE(scene);
  mt_promise_close(promise);
  if (!mt_done(future) || !is_expected(mt_failure(future)) || mt_failure(future) == NULL)
    STRANGE(scene);
  mt_unref(future);
}

static void play_tasks(struct scene *scene) {
  mt_group *g = NULL;
  if (mt_group_open(&g) < 0) g = NULL;
  for (int i = 0; i < TASKS; i++) {
    scene->futures[i] = submit_one(scene, i, g);
    scene->on_done[i] = mt_on_done(scene->futures[i], done_count, &scene->called[i]);
    if (scene->on_done[i] != 0 && scene->on_done[i] != MT_ENOMEM) STRANGE(scene);
  }
  mt_status st = mt_wait_many(scene->futures, TASKS, MT_ALL_DONE, MT_FOREVER);
  if (st != 0 && st != MT_ENOMEM) STRANGE(scene);
  for (int i = 0; i < TASKS; i++) {
    if (mt_wait(scene->futures[i], MT_FOREVER) != 0) STRANGE(scene);
    if (!is_expected(mt_failure(scene->futures[i]))) STRANGE(scene);
  }
  st = mt_group_close(g);
  if (st != 0 && st != MT_FAILED && st != MT_ECANCELED) STRANGE(scene);
}

/* Plays it all with one fault; returns how many calls of the kind there were. */
static unsigned play(enum fault kind, unsigned nth, bool onward) {
  struct scene scene = {.strange = 0};
  plug_init(&scene.plug);
  assert_int_equal(pipe(scene.pipe), 0);
  assert_int_equal(write(scene.pipe[1], "x", 1), 1);
  faults_arm(kind, nth, onward);
  mt_status opened =
      mt_open("threads:2", &(mt_options){.in_flight = 4, .name = "faulty"}, &scene.ex);
  if (opened == 0) {
    play_tasks(&scene);
    play_stream(&scene);
    play_promise(&scene);
    if (mt_close(scene.ex) != 0) STRANGE(&scene);
  }
  unsigned calls = faults_disarm();
  if (opened != 0 && opened != MT_ENOMEM && opened != MT_ESYSTEM) STRANGE(&scene);
  for (int i = 0; opened == 0 && i < TASKS; i++) {
    if (atomic_load(&scene.called[i]) != (scene.on_done[i] == 0 ? 1 : 0)) STRANGE(&scene);
    mt_unref(scene.futures[i]);
  }
  close(scene.pipe[0]);
  close(scene.pipe[1]);
  plug_fini(&scene.plug);
  if (scene.strange > 0)
    print_error("with fault %d at call %u%s, %u things are strange, first in line %d (open: %d)\n",
                (int)kind, nth, onward ? " and all after" : "", scene.strange, scene.line, opened);
  assert_int_equal(scene.strange, 0);
  return calls;
}

static void whatever_call_fails(enum fault kind, bool onward) {
  if (!faults_work()) skip();
  for (unsigned nth = 0; nth < 2000; nth++)
    if (play(kind, nth, onward) <= nth) return; /* the fault was beyond the last call */
}

static void one_allocation_fails(void) {
  whatever_call_fails(FAULT_MEMORY, false);
}
static void all_allocations_fail_from_one_on(void) {
  whatever_call_fails(FAULT_MEMORY, true);
}
static void a_descriptor_cannot_be_had(void) {
  whatever_call_fails(FAULT_DESCRIPTOR, false);
}
static void no_descriptors_can_be_had(void) {
  whatever_call_fails(FAULT_DESCRIPTOR, true);
}
static void a_thread_cannot_be_had(void) {
  whatever_call_fails(FAULT_THREAD, false);
}
static void no_threads_can_be_had(void) {
  whatever_call_fails(FAULT_THREAD, true);
}

static void with_some_threads_it_opens_with_fewer(void) {
  if (!faults_work()) skip();
  mt_executor *ex = NULL;
  faults_arm(FAULT_THREAD, 0, true); /* not even one */
  mt_status st = mt_open("threads:4", NULL, &ex);
  faults_disarm();
  STATUS(st, MT_ENOMEM);
  assert_null(ex);
  faults_arm(FAULT_THREAD, 2, true); /* two of four */
  st = mt_open("threads:4", NULL, &ex);
  faults_disarm();
  STATUS(st, 0);
  assert_int_equal(workers_of(ex), 2);
  for (int i = 0; i < 100; i++) {
    mt_future *f = mt_submit(ex, task_next, mt_int(i));
    GIVES(f, i + 1);
    mt_unref(f);
  }
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(each_way_to_settle_wakes_every_waiter_once, ALL),
    CHECK(only_a_shutdown_whose_time_ran_out_leaves_some_pending_and_says_so, ALL),
    CHECK(one_allocation_fails, ALL),
    CHECK(all_allocations_fail_from_one_on, ALL),
    CHECK(a_descriptor_cannot_be_had, ALL),
    CHECK(no_descriptors_can_be_had, ALL),
    CHECK(a_thread_cannot_be_had, ALL),
    CHECK(no_threads_can_be_had, ALL),
    CHECK(with_some_threads_it_opens_with_fewer, ALL),
};
RULE(checks)
