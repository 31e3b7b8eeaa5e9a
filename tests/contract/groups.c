/* SPDX-License-Identifier: MIT
 *
 * Groups: none outlives the scope, the first failure cancels the rest.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static mt_group *open_group(void) {
  mt_group *g = NULL;
  STATUS(mt_group_open(&g), 0);
  assert_non_null(g);
  return g;
}

static void an_empty_group_closes(void) {
  mt_group *g = open_group();
  STATUS(mt_group_wait(g, 0), 0);
  assert_null(mt_group_failure(g));
  STATUS(mt_group_close(g), 0);
  STATUS(mt_group_close(NULL), 0);
}

static void close_waits_for_all_members(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  atomic_uint count = 0;
  for (int i = 0; i < 10000; i++) STATUS(mt_go(g, ex, task_count, mt_ptr(&count)), 0);
  STATUS(mt_group_close(g), 0);
  assert_int_equal(atomic_load(&count), 10000);
  close_here(ex);
}

static void a_group_may_be_waited_for_and_filled_again(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  atomic_uint count = 0;
  for (unsigned round = 1; round <= 5; round++) {
    for (int i = 0; i < 100; i++) STATUS(mt_go(g, ex, task_count, mt_ptr(&count)), 0);
    STATUS(mt_group_wait(g, MT_FOREVER), 0);
    assert_int_equal(atomic_load(&count), round * 100);
  }
  STATUS(mt_group_close(g), 0);
  close_here(ex);
}

static void a_failure_is_told(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  mt_future *f = submit_as(ex, .fn = task_fail, .arg = mt_int(EIO), .group = g, .name = "doomed");
  STATUS(mt_group_wait(g, MT_FOREVER), MT_FAILED);
  const mt_error *error = mt_group_failure(g);
  assert_non_null(error);
  assert_int_equal(error->code, EIO);
  assert_string_equal(error->message, "code 5");
  assert_string_equal(error->task, "doomed");
  mt_unref(f);
  assert_int_equal(mt_group_failure(g)->code, EIO); /* borrowed from the group, not the future */
  STATUS(mt_group_close(g), MT_FAILED);
  close_here(ex);
}

static mt_value fails_when_pulled(mt_value arg) {
  mt_status st = plug_pass(arg.data);
  return st < 0 ? mt_give_up(st) : mt_fail(EIO, "pulled");
}

static void a_failure_cancels_the_rest(void) {
  mt_executor *ex = open_with(9);
  mt_group *g = open_group();
  struct plug plug;
  plug_init(&plug);
  atomic_uint count = 0;
  mt_future *rest[24];
  for (int i = 0; i < 8; i++) rest[i] = submit_as(ex, .fn = task_sleeper, .group = g);
  mt_future *failed = submit_as(ex, .fn = fails_when_pulled, .arg = mt_ptr(&plug), .group = g);
  UNTIL(suspended_in(ex) == 9); /* every slot is taken, so these wait to start: */
  for (int i = 8; i < 16; i++) rest[i] = submit_as(ex, .fn = task_sleeper, .group = g);
  for (int i = 16; i < 24; i++)
    rest[i] = submit_as(ex, .fn = task_count, .arg = mt_ptr(&count), .group = g,
                        .delay_ns = MT_SECONDS(3600));
  plug_pull(&plug);
  STATUS(mt_group_close(g), MT_FAILED);
  FAILS_WITH(failed, EIO);
  mt_unref(failed);
  for (int i = 0; i < 24; i++) {
    FAILS_WITH(rest[i], MT_ECANCELED);
    mt_unref(rest[i]);
  }
  assert_int_equal(atomic_load(&count), 0);
  plug_fini(&plug);
  close_here(ex);
}

static void the_first_of_two_failures_counts(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  mt_future *first = submit_as(ex, .fn = task_fail, .arg = mt_int(EIO), .group = g);
  STATUS(mt_wait(first, MT_FOREVER), 0);
  STATUS(mt_group_wait(g, MT_FOREVER), MT_FAILED);
  mt_future *second = submit_as(ex, .fn = task_fail, .arg = mt_int(ENOENT), .group = g);
  STATUS(mt_wait(second, MT_FOREVER), 0);
  assert_non_null(mt_failure(second));
  assert_int_equal(mt_group_failure(g)->code, EIO);
  STATUS(mt_group_close(g), MT_FAILED);
  mt_unref(first);
  mt_unref(second);
  close_here(ex);
}

static void a_cancelled_group_cancels_now_and_to_come(void) {
  mt_executor *ex = open_with(4);
  mt_group *g = open_group();
  atomic_uint count = 0;
  mt_future *f = submit_as(ex, .fn = task_sleeper, .group = g);
  UNTIL(suspended_in(ex) == 1);
  mt_group_cancel(g);
  FAILS_WITH(f, MT_ECANCELED);
  mt_future *late = submit_as(ex, .fn = task_count, .arg = mt_ptr(&count), .group = g);
  FAILS_WITH(late, MT_ECANCELED);
  STATUS(mt_group_wait(g, MT_FOREVER), MT_ECANCELED);
  STATUS(mt_group_close(g), MT_ECANCELED);
  assert_int_equal(atomic_load(&count), 0);
  mt_unref(f);
  mt_unref(late);
  close_here(ex);
}

static void a_cancelled_member_is_told(void) {
  mt_executor *ex = open_with(4);
  struct gate gate;
  gate_init(&gate);
  mt_group *g = open_group();
  mt_future *cancelled = submit_as(ex, .fn = task_sleeper, .group = g);
  mt_future *other = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&gate), .group = g);
  UNTIL(suspended_in(ex) == 2);
  assert_true(mt_cancel(cancelled));
  FAILS_WITH(cancelled, MT_ECANCELED);
  assert_false(mt_done(other)); /* it is no failure: the rest goes on */
  assert_null(mt_group_failure(g));
  gate_open(&gate);
  STATUS(mt_group_wait(g, MT_FOREVER), MT_ECANCELED);
  GIVES(other, 1);
  STATUS(mt_group_close(g), MT_ECANCELED);
  mt_unref(cancelled);
  mt_unref(other);
  close_here(ex);
  gate_fini(&gate);
}

static void a_refused_member_does_not_count(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  STATUS(mt_go(g, ex, NULL, mt_none()), MT_EINVAL);
  STATUS(mt_go(g, NULL, task_echo, mt_none()), MT_EINVAL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  STATUS(mt_go(g, ex, task_echo, mt_none()), MT_ESHUTDOWN);
  assert_null(mt_group_failure(g));
  STATUS(mt_group_close(g), 0);
  close_here(ex);
}

static mt_value second_time_lucky(mt_value arg) {
  return mt_attempt() == 1 ? mt_fail(EAGAIN, "not yet") : arg;
}

static void a_retried_failure_is_not_a_failure(void) {
  mt_executor *ex = open_with(2);
  mt_group *g = open_group();
  const mt_retry retry = {.repeats = 3, .first_ns = 1};
  mt_future *f =
      submit_as(ex, .fn = second_time_lucky, .arg = mt_int(5), .retry = &retry, .group = g);
  STATUS(mt_group_wait(g, MT_FOREVER), 0);
  assert_null(mt_group_failure(g));
  STATUS(mt_group_close(g), 0);
  GIVES(f, 5);
  mt_unref(f);
  close_here(ex);
}

static void a_retried_failure_cancels_nobody(void) {
  mt_executor *ex = open_with(2);
  mt_group *g = open_group();
  struct gate gate;
  gate_init(&gate);
  const mt_retry retry = {.repeats = 3, .first_ns = 1};
  mt_future *bystander = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&gate), .group = g);
  mt_future *f =
      submit_as(ex, .fn = second_time_lucky, .arg = mt_int(5), .retry = &retry, .group = g);
  GIVES(f, 5);
  assert_false(mt_done(bystander));
  gate_open(&gate);
  GIVES(bystander, 1);
  STATUS(mt_group_close(g), 0);
  mt_unref(bystander);
  mt_unref(f);
  gate_fini(&gate);
  close_here(ex);
}

static void a_group_spans_executors(void) {
  mt_executor *a = open_with(2), *b = open_with(2);
  mt_group *g = open_group();
  mt_future *asleep = submit_as(a, .fn = task_sleeper, .group = g);
  UNTIL(suspended_in(a) == 1);
  STATUS(mt_go(g, b, task_fail, mt_int(ENOENT)), 0);
  FAILS_WITH(asleep, MT_ECANCELED);
  STATUS(mt_group_close(g), MT_FAILED);
  mt_unref(asleep);
  close_here(a);
  close_here(b);
}

/* A member that submits without naming the group: what it submits is nobody's member. */
struct heritage {
  mt_executor *ex;
  struct gate *gate;
  mt_future *child;
};

static mt_value has_a_child(mt_value arg) {
  struct heritage *h = arg.data;
  h->child = mt_submit(h->ex, task_gate, mt_ptr(h->gate));
  return mt_none();
}

static void a_group_is_not_inherited(void) {
  mt_executor *ex = open_with(4);
  struct gate gate;
  gate_init(&gate);
  struct heritage h = {.ex = ex, .gate = &gate};
  mt_group *g = open_group();
  STATUS(mt_go(g, ex, has_a_child, mt_ptr(&h)), 0);
  STATUS(mt_group_wait(g, MT_FOREVER), 0); /* though the child is pending */
  STATUS(mt_go(g, ex, task_fail, mt_int(EIO)), 0);
  STATUS(mt_group_close(g), MT_FAILED);
  gate_open(&gate);
  GIVES(h.child, 1); /* and the failure has not cancelled it */
  mt_unref(h.child);
  gate_fini(&gate);
  close_here(ex);
}

/* A task with a group of its own, whose members use the task's stack. */
struct owner {
  mt_executor *ex;
  unsigned members;
  atomic_uint gone; /* members that wrote after their owner left: must stay 0 */
  atomic_uint finished;
  mt_status wait, close;
  bool fail;
};

struct stack_user {
  struct owner *owner;
  atomic_bool *alive;
};

static mt_value uses_owners_stack(mt_value arg) {
  struct stack_user *user = arg.data;
  struct owner *owner = user->owner;
  mt_status st = mt_sleep(MT_FOREVER);
  mt_shield(true);
  for (int i = 0; i < 10; i++) mt_yield(); /* takes its time to end */
  if (!atomic_load(user->alive)) atomic_fetch_add(&owner->gone, 1);
  atomic_fetch_add(&owner->finished, 1);
  return mt_give_up(st);
}

static mt_value owns_a_group(mt_value arg) {
  struct owner *owner = arg.data;
  atomic_bool alive = true;
  struct stack_user user = {.owner = owner, .alive = &alive};
  mt_group *g;
  mt_status st = mt_group_open(&g);
  if (st < 0) return mt_give_up(st);
  for (unsigned i = 0; i < owner->members; i++)
    (void)mt_go(g, owner->ex, uses_owners_stack, mt_ptr(&user));
  owner->wait = mt_group_wait(g, MT_FOREVER);
  owner->close = mt_group_close(g);
  atomic_store(&alive, false);
  return mt_give_up(owner->wait);
}

static void close_in_a_cancelled_task_cancels_and_waits(void) {
  mt_executor *ex = open_with(16);
  struct owner owner = {.ex = ex, .members = 8};
  mt_future *f = mt_submit(ex, owns_a_group, mt_ptr(&owner));
  UNTIL(suspended_in(ex) == 9);
  assert_true(mt_cancel(f));
  FAILS_WITH(f, MT_ECANCELED);
  STATUS(owner.wait, MT_ECANCELED);
  STATUS(owner.close, MT_ECANCELED);
  assert_int_equal(atomic_load(&owner.finished), 8);
  assert_int_equal(atomic_load(&owner.gone), 0);
  mt_unref(f);
  close_here(ex);
}

static mt_value opens_groups(mt_value arg) {
  struct owner *owner = arg.data;
  mt_group *g;
  mt_status st = mt_group_open(&g);
  if (st < 0) return mt_give_up(st);
  for (int i = 0; i < 20; i++) (void)mt_go(g, owner->ex, task_count, mt_ptr(&owner->finished));
  st = mt_group_close(g);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static void groups_nest_on_one_slot(void) {
  mt_executor *ex = open_with(1);
  struct owner owner = {.ex = ex};
  mt_group *g = open_group();
  for (int i = 0; i < 20; i++) STATUS(mt_go(g, ex, opens_groups, mt_ptr(&owner)), 0);
  STATUS(mt_group_close(g), 0);
  assert_int_equal(atomic_load(&owner.finished), 400);
  close_here(ex);
}

static mt_value waits_for_its_group(mt_value arg) {
  mt_group *g = arg.data;
  mt_status wait = mt_group_wait(g, MT_FOREVER), close = mt_group_close(g);
  return mt_int(wait == MT_EDEADLK && close == MT_EDEADLK);
}

static void a_member_cannot_wait_for_its_group(void) {
  mt_executor *ex = open_here(NULL);
  mt_group *g = open_group();
  mt_future *f = submit_as(ex, .fn = waits_for_its_group, .arg = mt_ptr(g), .group = g);
  GIVES(f, 1);
  STATUS(mt_group_close(g), 0);
  mt_unref(f);
  close_here(ex);
}

struct in_callback {
  mt_group *group;
  mt_status wait, close;
};

static void closes_group(mt_future *f, void *arg) {
  struct in_callback *c = arg;
  (void)f;
  c->wait = mt_group_wait(c->group, MT_FOREVER);
  c->close = mt_group_close(c->group);
}

static void a_callback_cannot_close_a_group(void) {
  mt_executor *ex = open_with(2);
  struct gate gate;
  gate_init(&gate);
  struct in_callback c = {.group = open_group(), .wait = 1, .close = 1};
  mt_future *member = submit_as(ex, .fn = task_gate, .arg = mt_ptr(&gate), .group = c.group);
  mt_future *other = mt_submit(ex, task_next, mt_int(1));
  GIVES(other, 2);
  STATUS(mt_on_done(other, closes_group, &c), 0);
  STATUS(c.wait, MT_EDEADLK);
  STATUS(c.close, MT_EDEADLK);
  gate_open(&gate);
  STATUS(mt_group_close(c.group), 0); /* nothing was done */
  GIVES(member, 1);
  mt_unref(member);
  mt_unref(other);
  gate_fini(&gate);
  close_here(ex);
}

static void shutting_down_cancels_members(void) {
  mt_executor *ex = open_with(4);
  mt_group *g = open_group();
  for (int i = 0; i < 4; i++) STATUS(mt_go(g, ex, task_sleeper, mt_none()), 0);
  UNTIL(suspended_in(ex) == 4);
  STATUS(mt_shutdown(ex, MT_CANCEL_QUEUED | MT_CANCEL_RUNNING, MT_FOREVER), 0);
  assert_true(mt_group_wait(g, 0) != MT_ETIMEDOUT); /* nobody is pending */
  (void)mt_group_close(g);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(an_empty_group_closes, 0),
    CHECK(close_waits_for_all_members, SHARE),
    CHECK(a_group_may_be_waited_for_and_filled_again, SHARE),
    CHECK(a_failure_is_told, 0),
    CHECK(a_failure_cancels_the_rest, OVERLAP),
    CHECK(the_first_of_two_failures_counts, 0),
    CHECK(a_cancelled_group_cancels_now_and_to_come, OVERLAP),
    CHECK(a_cancelled_member_is_told, OVERLAP),
    CHECK(a_refused_member_does_not_count, 0),
    CHECK(a_retried_failure_is_not_a_failure, SHARE),
    CHECK(a_retried_failure_cancels_nobody, OVERLAP),
    CHECK(a_group_spans_executors, OVERLAP),
    CHECK(a_group_is_not_inherited, ALL),
    CHECK(close_in_a_cancelled_task_cancels_and_waits, ALL),
    CHECK(groups_nest_on_one_slot, NEST),
    CHECK(a_member_cannot_wait_for_its_group, SHARE),
    CHECK(a_callback_cannot_close_a_group, OVERLAP),
    CHECK(shutting_down_cancels_members, OVERLAP),
};
CONTRACT(checks)
