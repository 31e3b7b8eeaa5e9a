/* SPDX-License-Identifier: MIT
 *
 * Cancelling: before the start, while running, in each kind of wait, and what outranks what.
 */
#include "tasks.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static void a_queued_task_never_runs(void) {
  mt_executor *ex = open_with(1);
  struct plug plug;
  plug_init(&plug);
  atomic_uint count = 0;
  mt_future *holder = mt_submit(ex, task_plug, mt_ptr(&plug));
  mt_future *queued[100];
  for (int i = 0; i < 100; i++) queued[i] = mt_submit(ex, task_count, mt_ptr(&count));
  for (int i = 0; i < 100; i++) assert_true(mt_cancel(queued[i]));
  for (int i = 0; i < 100; i++) {
    assert_true(mt_was_cancelled(queued[i])); /* at once, while the slot is still taken */
    mt_unref(queued[i]);
  }
  plug_pull(&plug);
  GIVES(holder, 1);
  mt_unref(holder);
  close_here(ex);
  plug_fini(&plug);
  assert_int_equal(atomic_load(&count), 0);
}

static void a_delayed_task_is_cancelled_at_once(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint count = 0;
  mt_future *f =
      submit_as(ex, .fn = task_count, .arg = mt_ptr(&count), .delay_ns = MT_SECONDS(3600));
  assert_true(mt_cancel(f));
  assert_true(mt_was_cancelled(f));
  mt_unref(f);
  close_here(ex);
  assert_int_equal(atomic_load(&count), 0);
}

static void too_late_is_false(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, task_next, mt_int(1));
  GIVES(f, 2);
  assert_false(mt_cancel(f));
  GIVES(f, 2);
  mt_unref(f);
  close_here(ex);
}

/* A task that computes, and looks whether it should stop. */
struct computing {
  atomic_bool begun;
  bool keep_value;
  bool before;
};

static mt_value computes(mt_value arg) {
  struct computing *c = arg.data;
  c->before = mt_cancelled();
  atomic_store(&c->begun, true);
  while (!mt_cancelled()) mt_yield();
  return c->keep_value ? mt_int(9) : mt_give_up(MT_ECANCELED);
}

static void a_computing_task_asks(void) {
  mt_executor *ex = open_here(NULL);
  for (int keep = 0; keep <= 1; keep++) {
    struct computing c = {.keep_value = keep == 1, .before = true};
    mt_future *f = mt_submit(ex, computes, mt_ptr(&c));
    UNTIL(atomic_load(&c.begun));
    assert_true(mt_cancel(f));
    if (keep == 1) {
      GIVES(f, 9); /* what its function returns is its outcome */
      assert_false(mt_was_cancelled(f));
    } else {
      FAILS_WITH(f, MT_ECANCELED);
      assert_true(mt_was_cancelled(f));
      assert_int_equal(mt_failure(f)->attempt, 1);
    }
    assert_false(c.before);
    mt_unref(f);
  }
  close_here(ex);
}

static void outside_a_task_nothing_is_cancelled(void) {
  assert_false(mt_cancelled());
}

/* Every kind of wait, in a task that is cancelled while in it, and again afterwards. */
struct waits {
  mt_future *never;
  mt_stream *stream;
  mt_group *group;
  mt_limit *limit;
  mt_executor *other;
  int fd;
};

typedef mt_status wait_fn(struct waits *w);

static mt_status in_sleep(struct waits *w) {
  (void)w;
  return mt_sleep(MT_FOREVER);
}
static mt_status in_wait(struct waits *w) {
  return mt_wait(w->never, MT_FOREVER);
}
static mt_status in_get(struct waits *w) {
  return mt_get(w->never, MT_FOREVER, NULL);
}
static mt_status in_wait_many(struct waits *w) {
  return mt_wait_many(&w->never, 1, MT_FIRST_DONE, MT_FOREVER);
}
static mt_status in_next(struct waits *w) {
  mt_future *f;
  return mt_next(w->stream, MT_FOREVER, &f, NULL);
}
static mt_status in_group(struct waits *w) {
  return mt_group_wait(w->group, MT_FOREVER);
}
static mt_status in_acquire(struct waits *w) {
  return mt_acquire(w->limit, MT_FOREVER);
}
static mt_status in_fd(struct waits *w) {
  return mt_wait_fd(w->fd, POLLIN, MT_FOREVER);
}
static mt_status in_shutdown(struct waits *w) {
  return mt_shutdown(w->other, 0, MT_FOREVER);
}
static mt_status in_poll(struct waits *w) {
  return mt_wait(w->never, 0);
}

static wait_fn *const kinds[] = {in_sleep, in_wait, in_get,     in_wait_many, in_next,
                                 in_group, in_fd,   in_acquire, in_shutdown};
#define KINDS (sizeof kinds / sizeof *kinds)

struct cut {
  struct waits *waits;
  wait_fn *kind;
  mt_status first, later[KINDS], poll;
};

static mt_value waits_and_is_cut(mt_value arg) {
  struct cut *cut = arg.data;
  cut->first = cut->kind(cut->waits);
  for (size_t i = 0; i < KINDS; i++) cut->later[i] = kinds[i](cut->waits);
  cut->poll = in_poll(cut->waits); /* cancel outranks timeout */
  return mt_give_up(cut->first);
}

static void every_wait_is_cut_and_every_later_one(void) {
  mt_executor *ex = open_with(8);
  struct waits w = {.other = open_with(2)};
  struct gate never;
  struct plug plug;
  gate_init(&never);
  plug_init(&plug);
  w.never = never.future;
  w.limit = plug.limit;
  w.stream = mt_as_completed(&w.never, 1);
  STATUS(mt_group_open(&w.group), 0);
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  w.fd = fd[0];
  mt_future *member = submit_as(w.other, .fn = task_gate, .arg = mt_ptr(&never), .group = w.group);
  UNTIL(suspended_in(w.other) == 1);
  for (size_t i = 0; i < KINDS; i++) {
    struct cut cut = {.waits = &w, .kind = kinds[i], .first = 1};
    mt_future *f = mt_submit(ex, waits_and_is_cut, mt_ptr(&cut));
    UNTIL(suspended_in(ex) == 1);
    assert_true(mt_cancel(f));
    FAILS_WITH(f, MT_ECANCELED);
    STATUS(cut.first, MT_ECANCELED);
    for (size_t k = 0; k < KINDS; k++) STATUS(cut.later[k], MT_ECANCELED);
    STATUS(cut.poll, MT_ECANCELED);
    mt_unref(f);
  }
  gate_open(&never);
  GIVES(member, 1); /* the waiters' cancel was theirs, not what they waited for */
  mt_unref(member);
  mt_stream_close(w.stream);
  STATUS(mt_group_close(w.group), 0);
  close_here(ex);
  close_here(w.other);
  close(fd[0]);
  close(fd[1]);
  plug_fini(&plug);
  gate_fini(&never);
}

struct self_cancel {
  mt_future *settled;
  bool in_time, cancelled;
  mt_status sleep, read, wait;
  mt_value value;
};

static mt_value cancels_itself(mt_value arg) {
  struct self_cancel *s = arg.data;
  s->in_time = mt_cancel(mt_self());
  s->cancelled = mt_cancelled();
  s->sleep = mt_sleep(MT_SECONDS(1));
  s->wait = mt_wait(s->settled, MT_FOREVER);
  s->read = mt_get(s->settled, MT_FOREVER, &s->value);
  return mt_give_up(s->sleep);
}

static void a_cancelled_task_still_reads_what_is_settled(void) {
  mt_executor *ex = open_here(NULL);
  struct self_cancel s = {.settled = mt_submit(ex, task_next, mt_int(6))};
  STATUS(mt_wait(s.settled, MT_FOREVER), 0);
  mt_future *f = mt_submit(ex, cancels_itself, mt_ptr(&s));
  FAILS_WITH(f, MT_ECANCELED);
  assert_true(s.in_time);
  assert_true(s.cancelled);
  STATUS(s.sleep, MT_ECANCELED);
  STATUS(s.wait, 0);
  STATUS(s.read, 0);
  assert_true(mt_as_int(s.value) == 7);
  mt_unref(f);
  mt_unref(s.settled);
  close_here(ex);
}

/* A task waits; while all workers are held, what it waits for happens and it is cancelled, in
 * either order. */
struct both {
  struct gate gate;
  mt_status st;
};

static mt_value waits_at_gate(mt_value arg) {
  struct both *both = arg.data;
  both->st = gate_pass(&both->gate);
  return mt_none();
}

static void cancel_outranks_a_wake_up(void) {
  mt_executor *ex = open_with(64);
  for (int order = 0; order <= 1; order++) {
    struct both both = {.st = 1};
    gate_init(&both.gate);
    mt_future *f = mt_submit(ex, waits_at_gate, mt_ptr(&both));
    UNTIL(suspended_in(ex) == 1);
    struct stall stall;
    stall_begin(&stall, ex);
    if (order == 0) gate_open(&both.gate);
    assert_true(mt_cancel(f));
    if (order == 1) gate_open(&both.gate);
    stall_end(&stall);
    STATUS(mt_wait(f, MT_FOREVER), 0);
    STATUS(both.st, MT_ECANCELED);
    mt_unref(f);
    gate_fini(&both.gate);
  }
  close_here(ex);
}

static mt_value takes_permit(mt_value arg) {
  struct plug *plug = arg.data;
  mt_status first = mt_acquire(plug->limit, MT_FOREVER);
  mt_status later = mt_sleep(1);
  if (later != MT_ECANCELED) return mt_int(-1); /* the cancel shows at the next wait */
  return mt_int(first);
}

static void a_wait_that_took_a_permit_reports_it(void) {
  mt_executor *ex = open_with(64);
  struct plug plug;
  plug_init(&plug);
  mt_future *f = mt_submit(ex, takes_permit, mt_ptr(&plug));
  UNTIL(suspended_in(ex) == 1);
  struct stall stall;
  stall_begin(&stall, ex);
  plug_pull(&plug);
  assert_true(mt_cancel(f));
  stall_end(&stall);
  mt_value first;
  STATUS(mt_get(f, MT_FOREVER, &first), 0);
  assert_true(mt_as_int(first) == 0 || mt_as_int(first) == MT_ECANCELED);
  /* Took it, or not: the permit is somewhere, and only once. */
  STATUS(mt_acquire(plug.limit, 0), mt_as_int(first) == 0 ? MT_ETIMEDOUT : 0);
  mt_release(plug.limit);
  mt_unref(f);
  close_here(ex);
  plug_fini(&plug);
}

static void a_cancel_before_the_wait_is_not_lost(void) {
  mt_executor *ex = open_with(4);
  for (int i = 0; i < 300; i++) {
    mt_future *f = mt_submit(ex, task_sleeper, mt_none());
    if (i % 3 == 0) UNTIL(running_in(ex) == 1);
    if (i % 3 == 1) UNTIL(suspended_in(ex) == 1);
    assert_true(mt_cancel(f)); /* queued, just starting, or asleep */
    FAILS_WITH(f, MT_ECANCELED);
    mt_unref(f);
  }
  close_here(ex);
}

/* A hook holds the task at the very edge: it has looked whether it is cut, and does not sleep yet.
 */
struct edge {
  struct latch latch;
  struct gate gate;
};

static void holds_at_the_edge(void *arg, const mt_event *event) {
  struct edge *edge = arg;
  if (event->tag == edge) latch_pass(&edge->latch);
}

static void by_cancel(mt_executor *ex, mt_future *f, struct edge *edge) {
  (void)ex;
  (void)edge;
  mt_cancel(f);
}

static void by_shutdown(mt_executor *ex, mt_future *f, struct edge *edge) {
  (void)f;
  (void)edge;
  mt_shutdown(ex, MT_CANCEL_RUNNING, 0);
}

static void by_settling(mt_executor *ex, mt_future *f, struct edge *edge) {
  (void)ex;
  (void)f;
  gate_open(&edge->gate);
}

static mt_value waits_at_the_edge(mt_value arg) {
  struct edge *edge = arg.data;
  mt_status st = gate_pass(&edge->gate);
  return st < 0 ? mt_give_up(st) : mt_int(1);
}

static void what_happens_just_before_a_wait_is_not_lost(void) {
  static const mt_hooks hooks = {.waiting = holds_at_the_edge};
  void (*const ways[])(mt_executor *, mt_future *, struct edge *) = {by_cancel, by_shutdown,
                                                                     by_settling};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct edge edge;
    latch_init(&edge.latch);
    gate_init(&edge.gate);
    mt_executor *ex = open_here(&(mt_options){.in_flight = 2, .hooks = &hooks, .hooks_arg = &edge});
    mt_future *f = submit_as(ex, .fn = waits_at_the_edge, .arg = mt_ptr(&edge), .tag = &edge);
    UNTIL(atomic_load(&edge.latch.arrived) == 1);
    ways[i](ex, f, &edge);
    latch_open(&edge.latch);
    if (ways[i] == by_settling)
      GIVES(f, 1);
    else
      FAILS_WITH(f, MT_ECANCELED);
    mt_unref(f);
    close_here(ex);
    gate_fini(&edge.gate);
    latch_fini(&edge.latch);
  }
}

struct cleaning {
  struct gate gate;
  bool was, now, cancelled;
  mt_status shielded, after;
};

static mt_value cleans_up(mt_value arg) {
  struct cleaning *c = arg.data;
  (void)mt_sleep(MT_FOREVER);
  c->was = mt_shield(true);
  c->now = mt_shield(true);
  c->cancelled = mt_cancelled();
  c->shielded = gate_pass(&c->gate);
  mt_shield(false);
  c->after = mt_sleep(MT_SECONDS(1));
  return mt_give_up(c->after);
}

static void a_shield_lets_clean_up_wait(void) {
  mt_executor *ex = open_with(2);
  struct cleaning c = {.was = true, .cancelled = true, .shielded = 1};
  gate_init(&c.gate);
  mt_future *f = mt_submit(ex, cleans_up, mt_ptr(&c));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_cancel(f));
  assert_true(mt_cancel(f)); /* it is still running: in time again */
  gate_open(&c.gate);
  FAILS_WITH(f, MT_ECANCELED);
  assert_false(c.was);
  assert_true(c.now);
  assert_false(c.cancelled);
  STATUS(c.shielded, 0);
  STATUS(c.after, MT_ECANCELED);
  mt_unref(f);
  gate_fini(&c.gate);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(a_queued_task_never_runs, OVERLAP),
    CHECK(a_delayed_task_is_cancelled_at_once, OVERLAP),
    CHECK(too_late_is_false, 0),
    CHECK(a_computing_task_asks, OVERLAP),
    CHECK(outside_a_task_nothing_is_cancelled, 0),
    CHECK(every_wait_is_cut_and_every_later_one, OVERLAP),
    CHECK(a_cancelled_task_still_reads_what_is_settled, SHARE),
    CHECK(cancel_outranks_a_wake_up, OVERLAP),
    CHECK(a_wait_that_took_a_permit_reports_it, OVERLAP),
    CHECK(a_cancel_before_the_wait_is_not_lost, OVERLAP),
    CHECK(what_happens_just_before_a_wait_is_not_lost, OVERLAP),
    CHECK(a_shield_lets_clean_up_wait, OVERLAP),
};
CONTRACT(checks)
