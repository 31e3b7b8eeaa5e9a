/* SPDX-License-Identifier: MIT
 *
 * Rule 4: waiting inside a task cannot starve the pool. Submit and wait, nested to any depth, on
 * one worker. The two examples with which the documentation of Python's concurrent.futures shows
 * how a pool deadlocks are here, and end.
 */
#include "../contract/levels.h"

static void ten_thousand_levels_on_one_worker_and_one_slot(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  levels_descend(ex, (intptr_t)shrunk(10000));
  close_here(ex);
}

static mt_value waits_for_gate_of_other(mt_value arg) {
  mt_future **other = arg.data;
  mt_value value = mt_none();
  mt_status st = mt_get(*other, MT_FOREVER, &value);
  return st < 0 ? mt_give_up(st) : mt_int(mt_as_int(value) + 1);
}

/* def wait_on_future(): f = executor.submit(pow, 5, 2); print(f.result()), with one worker */
static mt_value waits_on_future(mt_value arg) {
  mt_future *f = mt_submit(arg.data, task_next, mt_int(24));
  mt_value value = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &value);
  mt_unref(f);
  return st < 0 ? mt_give_up(st) : value;
}

static void pythons_second_example_ends(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  mt_future *f = mt_submit(ex, waits_on_future, mt_ptr(ex));
  GIVES(f, 25);
  mt_unref(f);
  close_here(ex);
}

/* wait_on_b() and wait_on_a() wait for each other's result: no pool can end that, but a time limit
 * or a cancel can, and the pool is alive meanwhile. */
static void pythons_first_example_can_be_ended(void) {
  mt_executor *ex = open_on("threads:2", NULL);
  mt_future *a = NULL, *b = NULL;
  struct latch latch;
  latch_init(&latch);
  mt_future *held[2] = {mt_submit(ex, task_latch, mt_ptr(&latch)),
                        mt_submit(ex, task_latch, mt_ptr(&latch))};
  UNTIL(atomic_load(&latch.arrived) == 2);
  a = mt_submit(ex, waits_for_gate_of_other, mt_ptr(&b));
  b = mt_submit(ex, waits_for_gate_of_other, mt_ptr(&a));
  latch_open(&latch);
  UNTIL(suspended_in(ex) == 2);
  mt_future *alive = mt_submit(ex, task_next, mt_int(1));
  GIVES(alive, 2);
  assert_true(mt_cancel(a));
  FAILS_WITH(a, MT_ECANCELED);
  STATUS(mt_wait(b, MT_FOREVER), 0);
  assert_non_null(mt_failure(b));
  for (int i = 0; i < 2; i++) mt_unref(held[i]);
  mt_unref(alive);
  mt_unref(a);
  mt_unref(b);
  close_here(ex);
  latch_fini(&latch);
}

/* Every task waits for all of its children, breadth and depth at once, in each way there is. */
enum { FANOUT = 5 };

static mt_value leaf_or_branch(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(1);
  struct level next = {level->ex, level->below - 1};
  if (level->below % 2 == 0) {
    void *items[FANOUT];
    for (int i = 0; i < FANOUT; i++) items[i] = &next;
    return mt_int(sum_of_map(level->ex, leaf_or_branch, items, FANOUT));
  }
  mt_group *g = NULL;
  mt_future *children[FANOUT];
  if (mt_group_open(&g) < 0) return mt_give_up(MT_ENOMEM);
  for (int i = 0; i < FANOUT; i++)
    children[i] = submit_as(level->ex, .fn = leaf_or_branch, .arg = mt_ptr(&next), .group = g);
  (void)mt_group_close(g);
  return mt_int(sum_of(children, FANOUT));
}

static void wide_and_deep_in_streams_and_groups(void) {
  mt_executor *ex = open_on("threads:1", NULL);
  levels_expect(ex, leaf_or_branch, 4, FANOUT * FANOUT * FANOUT * FANOUT);
  close_here(ex);
}

/* A queue that is full, filled by the only task that could empty it. */
static mt_value overfills(mt_value arg) {
  mt_future *f[50];
  for (int i = 0; i < 50; i++) f[i] = mt_submit(arg.data, task_next, mt_int(i));
  return mt_int(sum_of(f, 50));
}

static void a_full_queue_does_not_starve_it_either(void) {
  mt_executor *ex = open_on("threads:1", &(mt_options){.queue_limit = 1});
  mt_future *f = mt_submit(ex, overfills, mt_ptr(ex));
  GIVES(f, 50 * 51 / 2);
  mt_unref(f);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(ten_thousand_levels_on_one_worker_and_one_slot, ALL),
    CHECK(pythons_second_example_ends, ALL),
    CHECK(pythons_first_example_can_be_ended, ALL),
    CHECK(wide_and_deep_in_streams_and_groups, ALL),
    CHECK(a_full_queue_does_not_starve_it_either, ALL),
};
RULE(checks)
