/* SPDX-License-Identifier: MIT
 *
 * Rule 6: cancel and deadline reach into waits: the current one, and every later one, returns at
 * once. Cancel outranks timeout outranks wake-up. What guards the caller's memory passes the cancel
 * on but waits to the end. A started task's future settles only once its function has returned.
 */
#include "tasks.h"

#include <poll.h>
#include <unistd.h>

struct waits {
  struct gate never;
  struct plug plug;
  mt_stream *stream;
  mt_group *group;
  mt_executor *other, *full;
  int fd[2];
  mt_future *member, *holder, *filler;
};

typedef mt_status wait_fn(struct waits *w);

static mt_status asleep(struct waits *w) {
  (void)w;
  return mt_sleep(MT_FOREVER);
}
static mt_status at_future(struct waits *w) {
  return gate_pass(&w->never);
}
static mt_status at_many(struct waits *w) {
  return mt_wait_many(&w->never.future, 1, MT_FIRST_DONE, MT_FOREVER);
}
static mt_status at_stream(struct waits *w) {
  mt_future *f;
  return mt_next(w->stream, MT_FOREVER, &f, NULL);
}
static mt_status at_group(struct waits *w) {
  return mt_group_wait(w->group, MT_FOREVER);
}
static mt_status at_limit(struct waits *w) {
  return plug_pass(&w->plug);
}
static mt_status at_fd(struct waits *w) {
  return mt_wait_fd(w->fd[0], POLLIN, MT_FOREVER);
}
static mt_status at_shutdown(struct waits *w) {
  return mt_shutdown(w->other, 0, MT_FOREVER);
}
static mt_status at_full_queue(struct waits *w) {
  mt_future *f = mt_submit(w->full, task_next, mt_int(1));
  const mt_error *error = mt_failure(f);
  mt_status st = error == NULL ? 0 : error->code;
  mt_unref(f);
  return st;
}

static wait_fn *const kinds[] = {asleep,   at_future, at_many,     at_stream,    at_group,
                                 at_limit, at_fd,     at_shutdown, at_full_queue};
#define KINDS (sizeof kinds / sizeof *kinds)

static void waits_init(struct waits *w) {
  gate_init(&w->never);
  plug_init(&w->plug);
  assert_int_equal(pipe(w->fd), 0);
  w->stream = mt_as_completed(&w->never.future, 1);
  w->other = open_on("threads:1", NULL);
  w->full = open_on("threads:1", &(mt_options){.queue_limit = 1});
  STATUS(mt_group_open(&w->group), 0);
  w->member = submit_as(w->other, .fn = task_gate, .arg = mt_ptr(&w->never), .group = w->group);
  w->holder = mt_submit(w->full, task_plug, mt_ptr(&w->plug));
  UNTIL(suspended_in(w->full) == 1 && suspended_in(w->other) == 1);
  w->filler = mt_submit(w->full, task_next, mt_int(1));
}

static void waits_fini(struct waits *w) {
  gate_open(&w->never);
  plug_pull(&w->plug);
  GIVES(w->member, 1);
  GIVES(w->holder, 1);
  GIVES(w->filler, 2);
  mt_unref(w->member);
  mt_unref(w->holder);
  mt_unref(w->filler);
  mt_stream_close(w->stream);
  STATUS(mt_group_close(w->group), 0);
  close_here(w->other);
  close_here(w->full);
  close(w->fd[0]);
  close(w->fd[1]);
  plug_fini(&w->plug);
  gate_fini(&w->never);
}

struct cut {
  struct waits *waits;
  wait_fn *kind;
  mt_status first, later[KINDS];
  bool asked;
};

static mt_value is_cut(mt_value arg) {
  struct cut *cut = arg.data;
  cut->first = cut->kind(cut->waits);
  cut->asked = mt_cancelled();
  for (size_t i = 0; i < KINDS; i++) cut->later[i] = kinds[i](cut->waits);
  return mt_give_up(cut->first);
}

static void cut_all(mt_status by) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 4});
  struct waits w;
  waits_init(&w);
  for (size_t i = 0; i < KINDS; i++) {
    struct cut cut = {.waits = &w, .kind = kinds[i], .first = 1};
    mt_future *f = submit_as(ex, .fn = is_cut, .arg = mt_ptr(&cut),
                             .timeout_ns = by == MT_EDEADLINE ? MT_MS(2) : 0);
    if (by == MT_ECANCELED) {
      UNTIL(suspended_in(ex) == 1);
      assert_true(mt_cancel(f));
    }
    STATUS(mt_wait(f, MT_FOREVER), 0);
    STATUS(cut.first, by);
    assert_true(cut.asked);
    for (size_t k = 0; k < KINDS; k++) STATUS(cut.later[k], by);
    assert_non_null(mt_failure(f));
    mt_unref(f);
  }
  waits_fini(&w);
  close_here(ex);
}

static void a_cancel_cuts_every_kind_of_wait(void) {
  cut_all(MT_ECANCELED);
}
static void a_timeout_cuts_every_kind_of_wait(void) {
  cut_all(MT_EDEADLINE);
}

/* All three at once: while the workers are held, the wait's own time runs out, what it waits for
 * happens, and the task is cancelled. */
struct three {
  struct gate gate;
  int64_t limit_ns;
  mt_status st;
};

static mt_value waits_for_one_of_three(mt_value arg) {
  struct three *three = arg.data;
  three->st = mt_wait(three->gate.future, three->limit_ns);
  return mt_none();
}

static void cancel_outranks_timeout_outranks_wake_up(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 8});
  for (int cancel = 0; cancel <= 1; cancel++) {
    struct three three = {.limit_ns = MT_MS(300), .st = 1};
    gate_init(&three.gate);
    mt_future *f = mt_submit(ex, waits_for_one_of_three, mt_ptr(&three));
    UNTIL(suspended_in(ex) == 1);
    struct stall stall;
    stall_begin(&stall, ex);
    STATUS(mt_sleep(MT_MS(310)), 0); /* more than the limit: its time is over */
    bool over = !mt_done(f);
    if (cancel) assert_true(mt_cancel(f));
    gate_open(&three.gate);
    stall_end(&stall);
    GIVES(f, 0);
    /* Where it had gone on before the workers were held, there was nothing to rank. */
    if (over && cancel) STATUS(three.st, MT_ECANCELED);
    if (over && !cancel) STATUS(three.st, MT_ETIMEDOUT);
    mt_unref(f);
    gate_fini(&three.gate);
  }
  close_here(ex);
}

/* Its function has been asked to stop, and has not returned. */
static void a_running_tasks_future_settles_with_its_return(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  struct latch latch;
  latch_init(&latch);
  atomic_uint called = 0;
  mt_future *f = submit_as(ex, .fn = task_latch, .arg = mt_ptr(&latch), .timeout_ns = MT_MS(1));
  STATUS(mt_on_done(f, done_count, &called), 0);
  UNTIL(atomic_load(&latch.arrived) == 1);
  assert_true(mt_cancel(f));
  STATUS(mt_shutdown(ex, MT_CANCEL_QUEUED | MT_CANCEL_RUNNING, MT_MS(5)), MT_ETIMEDOUT);
  STATUS(mt_wait(f, 0), MT_ETIMEDOUT);
  assert_false(mt_done(f));
  assert_true(mt_running(f));
  assert_int_equal(atomic_load(&called), 0);
  latch_open(&latch);
  GIVES(f, 1); /* what it returned is its outcome */
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  assert_int_equal(atomic_load(&called), 1);
  mt_unref(f);
  close_here(ex);
  latch_fini(&latch);
}

/* What guards memory: joins, groups, streams and started blocking calls, in a cancelled task. */
struct guarded {
  mt_executor *ex;
  struct latch latch;
  atomic_bool alive;
  atomic_uint users, told, gone;
};

static mt_value uses(mt_value arg) {
  struct guarded *g = arg.data;
  atomic_fetch_add(&g->users, 1);
  mt_status st = mt_sleep(MT_FOREVER); /* the cancel is passed on */
  if (st == MT_ECANCELED) atomic_fetch_add(&g->told, 1);
  mt_shield(true);
  for (int i = 0; i < 5; i++) mt_yield();
  if (!atomic_load(&g->alive)) atomic_fetch_add(&g->gone, 1);
  return mt_give_up(st);
}

static mt_value joins(mt_value arg) {
  struct guarded *g = arg.data;
  mt_job job;
  mt_fork(&job, uses, arg);
  (void)mt_join(&job);
  atomic_store(&g->alive, false);
  return mt_none();
}

static mt_value closes_group(mt_value arg) {
  struct guarded *g = arg.data;
  mt_group *group;
  if (mt_group_open(&group) < 0) return mt_none();
  (void)mt_go(group, g->ex, uses, arg);
  (void)mt_group_close(group);
  atomic_store(&g->alive, false);
  return mt_none();
}

static mt_value closes_stream(mt_value arg) {
  struct guarded *g = arg.data;
  mt_stream *s = mt_map_array(g->ex, uses, (const void *)&g, 1, 0, NULL);
  mt_future *f;
  if (mt_next(s, MT_FOREVER, &f, NULL) == 0) mt_unref(f);
  mt_stream_close(s);
  atomic_store(&g->alive, false);
  return mt_none();
}

static void what_guards_memory_passes_it_on_and_waits_to_the_end(void) {
  static mt_fn *const guards[] = {joins, closes_group, closes_stream};
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 8});
  for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
    struct guarded g = {.ex = ex, .alive = true};
    mt_future *f = mt_submit(ex, guards[i], mt_ptr(&g));
    UNTIL(atomic_load(&g.users) == 1);
    assert_true(mt_cancel(f));
    STATUS(mt_wait(f, MT_FOREVER), 0);
    assert_int_equal(atomic_load(&g.told), 1);
    assert_int_equal(atomic_load(&g.gone), 0);
    mt_unref(f);
  }
  close_here(ex);
}

static mt_value blocks(mt_value arg) {
  struct guarded *g = arg.data;
  mt_value value = mt_block(task_latch, mt_ptr(&g->latch));
  atomic_store(&g->alive, false);
  return value;
}

static void a_started_blocking_call_is_waited_for(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  struct guarded g = {.ex = ex, .alive = true};
  latch_init(&g.latch);
  mt_future *f = mt_submit(ex, blocks, mt_ptr(&g));
  UNTIL(atomic_load(&g.latch.arrived) == 1);
  assert_true(mt_cancel(f));
  STATUS(mt_wait(f, MT_MS(1)), MT_ETIMEDOUT);
  assert_true(atomic_load(&g.alive));
  latch_open(&g.latch);
  GIVES(f, 1);
  mt_unref(f);
  close_here(ex);
  latch_fini(&g.latch);
}

struct cleaning {
  struct gate gate;
  mt_status cut, shielded, after;
};

static mt_value cleans_up(mt_value arg) {
  struct cleaning *c = arg.data;
  c->cut = mt_sleep(MT_FOREVER);
  bool was = mt_shield(true);
  c->shielded = gate_pass(&c->gate);
  mt_shield(was);
  c->after = mt_sleep(MT_FOREVER);
  return mt_give_up(c->cut);
}

static void a_shield_lets_clean_up_wait(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  struct cleaning c = {.cut = 1};
  gate_init(&c.gate);
  mt_future *f = mt_submit(ex, cleans_up, mt_ptr(&c));
  UNTIL(suspended_in(ex) == 1);
  assert_true(mt_cancel(f));
  gate_open(&c.gate);
  FAILS_WITH(f, MT_ECANCELED);
  STATUS(c.cut, MT_ECANCELED);
  STATUS(c.shielded, 0);
  STATUS(c.after, MT_ECANCELED);
  mt_unref(f);
  close_here(ex);
  gate_fini(&c.gate);
}

static const struct check checks[] = {
    CHECK(a_cancel_cuts_every_kind_of_wait, ALL),
    CHECK(a_timeout_cuts_every_kind_of_wait, ALL),
    CHECK(cancel_outranks_timeout_outranks_wake_up, ALL),
    CHECK(a_running_tasks_future_settles_with_its_return, ALL),
    CHECK(what_guards_memory_passes_it_on_and_waits_to_the_end, ALL),
    CHECK(a_started_blocking_call_is_waited_for, ALL),
    CHECK(a_shield_lets_clean_up_wait, ALL),
};
RULE(checks)
