/* SPDX-License-Identifier: MIT
 *
 * Hooks: what is called, in which order for each task, and what an event says.
 */
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define MOST 64

enum what { SUBMITTED, STARTED, WAITING, RESUMED, SETTLED };

/* The events of one task, kept in its tag. They come one after another, and are read when the
 * executor has been closed. */
struct log {
  atomic_uint n;
  enum what what[MOST];
  mt_event event[MOST];
  mt_status waited; /* what a wait in a hook returned */
  bool wait_in_hook;
};

static atomic_uint wrong_arg;
static int the_arg;

static void notes(void *arg, const mt_event *event, enum what what) {
  if (arg != &the_arg) atomic_fetch_add(&wrong_arg, 1);
  struct log *log = event->tag;
  if (log == NULL) return;
  unsigned n = atomic_fetch_add(&log->n, 1);
  if (n >= MOST) return;
  log->what[n] = what;
  log->event[n] = *event;
  if (log->wait_in_hook) log->waited = mt_sleep(MT_SECONDS(1));
}

static void on_submitted(void *arg, const mt_event *event) {
  notes(arg, event, SUBMITTED);
}
static void on_started(void *arg, const mt_event *event) {
  notes(arg, event, STARTED);
}
static void on_waiting(void *arg, const mt_event *event) {
  notes(arg, event, WAITING);
}
static void on_resumed(void *arg, const mt_event *event) {
  notes(arg, event, RESUMED);
}
static void on_settled(void *arg, const mt_event *event) {
  notes(arg, event, SETTLED);
}

static const mt_hooks hooks = {on_submitted, on_started, on_waiting, on_resumed, on_settled};

static mt_executor *open_hooked(unsigned in_flight) {
  return open_here(&(mt_options){.in_flight = in_flight, .hooks = &hooks, .hooks_arg = &the_arg});
}

/* Asserts what holds for every task: the order, the clock, one settled, all of one future. */
static void expect_sane(const struct log *log, mt_future *f) {
  unsigned n = atomic_load(&log->n);
  assert_true(n >= 2 && n <= MOST);
  assert_int_equal(log->what[0], SUBMITTED);
  assert_int_equal(log->what[n - 1], SETTLED);
  for (unsigned i = 0; i < n; i++) {
    const mt_event *event = &log->event[i];
    assert_ptr_equal(event->future, f);
    assert_string_equal(event->name, "watched");
    assert_true(i == 0 || event->now_ns >= log->event[i - 1].now_ns);
    assert_true(i == 0 || log->what[i] != SUBMITTED);
    assert_true(i == n - 1 || log->what[i] != SETTLED);
    if (log->what[i] == RESUMED) {
      assert_int_equal(log->what[i - 1], WAITING);
      assert_int_equal(event->wait, log->event[i - 1].wait);
      assert_int_equal(event->worker, log->event[i - 1].worker);
    }
    if (log->what[i] == WAITING) {
      assert_true(event->wait != MT_WAITS_NOT);
      assert_int_equal(log->what[i + 1], RESUMED);
    }
  }
  assert_int_equal(atomic_load(&wrong_arg), 0);
}

static void expect_events(const struct log *log, const enum what *what, unsigned n) {
  assert_int_equal(atomic_load(&log->n), n);
  for (unsigned i = 0; i < n; i++) assert_int_equal(log->what[i], what[i]);
}

static void a_task_is_submitted_started_settled(void) {
  mt_executor *ex = open_hooked(2);
  struct log good = {0}, bad = {0};
  int64_t before = mt_now_ns();
  mt_future *f[2] = {
      submit_as(ex, .fn = task_next, .arg = mt_int(1), .tag = &good, .name = "watched"),
      submit_as(ex, .fn = task_fail, .arg = mt_int(EIO), .tag = &bad, .name = "watched")};
  close_here(ex);
  int64_t after = mt_now_ns();
  static const enum what want[] = {SUBMITTED, STARTED, SETTLED};
  expect_events(&good, want, 3);
  expect_events(&bad, want, 3);
  expect_sane(&good, f[0]);
  expect_sane(&bad, f[1]);
  assert_int_equal(good.event[0].worker, -1); /* submitted from outside */
  assert_int_equal(good.event[0].attempt, 0);
  assert_int_equal(good.event[1].attempt, 1);
  assert_int_equal(good.event[2].status, 0);
  assert_int_equal(bad.event[2].status, EIO);
  assert_true(good.event[0].now_ns >= before && good.event[2].now_ns <= after);
  mt_unref(f[0]);
  mt_unref(f[1]);
}

static mt_value second_time_lucky(mt_value arg) {
  return mt_attempt() == 1 ? mt_fail(EAGAIN, "not yet") : arg;
}

static void a_retried_task_starts_again(void) {
  mt_executor *ex = open_hooked(2);
  struct log log = {0};
  const mt_retry retry = {.repeats = 3, .first_ns = 1};
  mt_future *f =
      submit_as(ex, .fn = second_time_lucky, .tag = &log, .name = "watched", .retry = &retry);
  close_here(ex);
  unsigned started = 0, settled = 0;
  for (unsigned i = 0; i < atomic_load(&log.n); i++) {
    if (log.what[i] == STARTED) assert_int_equal(log.event[i].attempt, ++started);
    settled += log.what[i] == SETTLED;
  }
  assert_int_equal(started, 2);
  assert_int_equal(settled, 1);
  expect_sane(&log, f);
  mt_unref(f);
}

static void one_cancelled_in_the_queue_never_starts(void) {
  mt_executor *ex = open_hooked(2);
  struct log log = {0};
  mt_future *f =
      submit_as(ex, .fn = task_next, .tag = &log, .name = "watched", .delay_ns = MT_SECONDS(3600));
  assert_true(mt_cancel(f));
  close_here(ex);
  static const enum what want[] = {SUBMITTED, SETTLED};
  expect_events(&log, want, 2);
  expect_sane(&log, f);
  assert_int_equal(log.event[1].status, MT_ECANCELED);
  mt_unref(f);
}

/* A task that waits in many ways, each of which has a kind. */
struct tour {
  struct log log;
  mt_executor *ex;
  struct gate gate;
  struct plug plug;
  mt_group *group;
  mt_stream *stream;
  int fd;
};

static mt_value goes_on_tour(mt_value arg) {
  struct tour *tour = arg.data;
  mt_future *f = NULL;
  (void)mt_sleep(MT_US(100));
  (void)gate_pass(&tour->gate);
  (void)plug_pass(&tour->plug);
  (void)mt_wait_fd(tour->fd, POLLIN, MT_MS(1));
  (void)mt_group_wait(tour->group, MT_MS(1));
  (void)mt_next(tour->stream, MT_MS(1), &f, NULL);
  (void)mt_block(task_next, mt_int(1));
  return mt_none();
}

static void a_wait_says_its_kind(void) {
  mt_executor *ex = open_hooked(4);
  static struct tour tour;
  memset(&tour, 0, sizeof tour);
  struct gate never;
  int fd[2];
  gate_init(&tour.gate);
  gate_init(&never);
  plug_init(&tour.plug);
  assert_int_equal(pipe(fd), 0);
  tour.fd = fd[0];
  tour.ex = ex;
  STATUS(mt_group_open(&tour.group), 0);
  mt_future *member = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&never), .group = tour.group);
  tour.stream = mt_as_completed(&never.future, 1);
  mt_future *f =
      submit_as(ex, .fn = goes_on_tour, .arg = mt_ptr(&tour), .tag = &tour.log, .name = "watched");
  UNTIL(atomic_load(&tour.log.n) >= 5 && suspended_in(ex) == 2); /* at the gate */
  gate_open(&tour.gate);
  UNTIL(atomic_load(&tour.log.n) >= 7 && suspended_in(ex) == 2);
  plug_pull(&tour.plug);
  GIVES(f, 0);
  gate_open(&never);
  STATUS(mt_group_close(tour.group), 0);
  mt_stream_close(tour.stream);
  close_here(ex);
  expect_sane(&tour.log, f);
  static const struct {
    mt_wait_kind kind;
    mt_status status;
  } want[] = {
      {MT_WAITS_SLEEP, 0},         {MT_WAITS_FUTURE, 0},           {MT_WAITS_LIMIT, 0},
      {MT_WAITS_FD, MT_ETIMEDOUT}, {MT_WAITS_GROUP, MT_ETIMEDOUT}, {MT_WAITS_STREAM, MT_ETIMEDOUT},
      {MT_WAITS_BLOCK, 0}};
  unsigned found = 0;
  for (unsigned i = 0; i < atomic_load(&tour.log.n); i++) {
    if (tour.log.what[i] != RESUMED || tour.log.event[i].wait == MT_WAITS_SLOT) continue;
    assert_true(found < sizeof want / sizeof *want);
    assert_int_equal(tour.log.event[i].wait, want[found].kind);
    STATUS(tour.log.event[i].status, want[found].status);
    found++;
  }
  assert_int_equal(found, sizeof want / sizeof *want);
  mt_unref(member);
  mt_unref(f);
  close(fd[0]);
  close(fd[1]);
  plug_fini(&tour.plug);
  gate_fini(&tour.gate);
  gate_fini(&never);
}

static void a_hook_must_not_wait(void) {
  mt_executor *ex = open_hooked(2);
  struct log log = {.wait_in_hook = true, .waited = 1};
  mt_future *f = submit_as(ex, .fn = task_next, .arg = mt_int(1), .tag = &log, .name = "watched");
  close_here(ex);
  STATUS(log.waited, MT_EDEADLK);
  GIVES(f, 2);
  mt_unref(f);
}

/* A table with one hook only, which keeps every future. */
struct keeper {
  atomic_uint n;
  mt_future *kept[100];
};

static void keeps(void *arg, const mt_event *event) {
  struct keeper *keeper = arg;
  unsigned n = atomic_fetch_add(&keeper->n, 1);
  if (n < 100) keeper->kept[n] = mt_ref(event->future);
}

static void a_hook_may_keep_the_future(void) {
  static const mt_hooks only_settled = {.settled = keeps};
  struct keeper keeper = {0};
  mt_executor *ex = open_here(&(mt_options){.hooks = &only_settled, .hooks_arg = &keeper});
  for (int i = 0; i < 100; i++) mt_unref(mt_submit(ex, task_next, mt_int(i)));
  close_here(ex);
  assert_int_equal(atomic_load(&keeper.n), 100);
  intptr_t sum = 0;
  for (int i = 0; i < 100; i++) {
    mt_value value;
    STATUS(mt_get(keeper.kept[i], 0, &value), 0);
    sum += mt_as_int(value);
    mt_unref(keeper.kept[i]);
  }
  assert_true(sum == 5050);
}

struct census {
  atomic_uint n[5];
};

static void counts(void *arg, enum what what) {
  atomic_fetch_add(&((struct census *)arg)->n[what], 1);
}
static void counts_submitted(void *arg, const mt_event *e) {
  (void)e, counts(arg, SUBMITTED);
}
static void counts_started(void *arg, const mt_event *e) {
  (void)e, counts(arg, STARTED);
}
static void counts_waiting(void *arg, const mt_event *e) {
  (void)e, counts(arg, WAITING);
}
static void counts_resumed(void *arg, const mt_event *e) {
  (void)e, counts(arg, RESUMED);
}
static void counts_settled(void *arg, const mt_event *e) {
  (void)e, counts(arg, SETTLED);
}

static mt_value naps(mt_value arg) {
  (void)mt_sleep(MT_US(10));
  return arg;
}

static void nothing_is_missed_under_load(void) {
  static const mt_hooks table = {counts_submitted, counts_started, counts_waiting, counts_resumed,
                                 counts_settled};
  struct census census = {0};
  mt_executor *ex =
      open_here(&(mt_options){.in_flight = 32, .hooks = &table, .hooks_arg = &census});
  for (int i = 0; i < 5000; i++) mt_unref(mt_submit(ex, naps, mt_int(i)));
  close_here(ex);
  assert_int_equal(atomic_load(&census.n[SUBMITTED]), 5000);
  assert_int_equal(atomic_load(&census.n[STARTED]), 5000);
  assert_int_equal(atomic_load(&census.n[SETTLED]), 5000);
  assert_int_equal(atomic_load(&census.n[WAITING]), atomic_load(&census.n[RESUMED]));
}

static const struct check checks[] = {
    CHECK(a_task_is_submitted_started_settled, SHARE),
    CHECK(a_retried_task_starts_again, SHARE),
    CHECK(one_cancelled_in_the_queue_never_starts, OVERLAP),
    CHECK(a_wait_says_its_kind, OVERLAP),
    CHECK(a_hook_must_not_wait, SHARE),
    CHECK(a_hook_may_keep_the_future, SHARE),
    CHECK(nothing_is_missed_under_load, SHARE),
};
CONTRACT(checks)
