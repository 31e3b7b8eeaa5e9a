/* SPDX-License-Identifier: MIT
 *
 * Tasks that submit to their own executor and wait, to any depth, however few the workers.
 */
#include "levels.h"

static void ten_thousand_levels_finish(void) {
  mt_executor *ex = open_here(NULL); /* threads:1 is one worker and one slot */
  bool overlap = (mt_capabilities(ex) & MT_CAN_OVERLAP) != 0;
  /* Without overlap every level is on the caller's own stack, which is as large as it is. */
  levels_descend(ex, (intptr_t)shrunk(overlap ? 10000 : 2000));
  levels_descend(ex, 100);
  close_here(ex);
}

enum { FANOUT = 8 };

static mt_value fans_out(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(1);
  struct level next = {level->ex, level->below - 1};
  mt_future *f[FANOUT];
  for (int i = 0; i < FANOUT; i++) f[i] = mt_submit(level->ex, fans_out, mt_ptr(&next));
  return mt_int(sum_of(f, FANOUT));
}

static void a_tree_of_waiting_tasks_finishes(void) {
  mt_executor *ex = open_here(NULL);
  levels_expect(ex, fans_out, 4, FANOUT * FANOUT * FANOUT * FANOUT);
  close_here(ex);
}

static mt_value waits_in_every_way(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(1);
  struct level next = {level->ex, level->below - 1};
  void *item = &next;
  intptr_t sum = sum_of_map(level->ex, waits_in_every_way, &item, 1);

  mt_group *g;
  if (mt_group_open(&g) < 0) return mt_fail(MT_ENOMEM, "no group");
  mt_future *f = submit_as(level->ex, .fn = waits_in_every_way, .arg = mt_ptr(&next), .group = g);
  if (mt_group_close(g) == 0 && mt_done(f)) sum += sum_of(&f, 1);

  f = mt_submit(level->ex, waits_in_every_way, mt_ptr(&next));
  if (mt_wait_many(&f, 1, MT_ALL_DONE, MT_FOREVER) == 0 && mt_done(f)) sum += sum_of(&f, 1);
  return mt_int(sum);
}

static void streams_groups_and_waits_nest(void) {
  mt_executor *ex = open_with(1);
  levels_expect(ex, waits_in_every_way, 5, 3 * 3 * 3 * 3 * 3);
  close_here(ex);
}

/* Two executors whose tasks wait for each other's. */
struct ping {
  mt_executor *here, *there;
  intptr_t below;
};

static mt_value pings(mt_value arg) {
  const struct ping *ping = arg.data;
  if (ping->below == 0) return mt_int(0);
  struct ping pong = {ping->there, ping->here, ping->below - 1};
  mt_future *f = mt_submit(ping->there, pings, mt_ptr(&pong));
  mt_value value = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &value);
  mt_unref(f);
  return st < 0 ? mt_give_up(st) : mt_int(mt_as_int(value) + 1);
}

static void two_executors_may_wait_for_each_other(void) {
  mt_executor *a = open_with(1), *b = open_with(1);
  struct ping ping = {a, b, 300};
  mt_future *f = mt_submit(a, pings, mt_ptr(&ping));
  GIVES(f, 300);
  mt_unref(f);
  close_here(a);
  close_here(b);
}

struct later {
  mt_executor *ex;
  struct gate gate;
  mt_status st;
};

static mt_value opens_later(mt_value arg) {
  struct later *later = arg.data;
  gate_open(&later->gate);
  return mt_none();
}

/* It waits for what only a later submit can bring about: where tasks overlap that is fine, where
 * they do not it must say so and not hang. */
static mt_value waits_for_later(mt_value arg) {
  struct later *later = arg.data;
  mt_future *f = submit_as(later->ex, .fn = opens_later, .arg = arg, .delay_ns = MT_MS(1));
  later->st = gate_pass(&later->gate);
  mt_unref(f);
  return mt_none();
}

static void a_wait_for_a_later_task_ends_one_way_or_the_other(void) {
  mt_executor *ex = open_with(2);
  struct later later = {.ex = ex, .st = 1};
  gate_init(&later.gate);
  mt_future *f = mt_submit(ex, waits_for_later, mt_ptr(&later));
  GIVES(f, 0);
  if ((mt_capabilities(ex) & MT_CAN_OVERLAP) != 0 || later.st != MT_EDEADLK) STATUS(later.st, 0);
  mt_unref(f);
  close_here(ex);
  gate_fini(&later.gate);
}

static const struct check checks[] = {
    CHECK(ten_thousand_levels_finish, NEST),
    CHECK(a_tree_of_waiting_tasks_finishes, NEST),
    CHECK(streams_groups_and_waits_nest, NEST),
    CHECK(two_executors_may_wait_for_each_other, NEST),
    CHECK(a_wait_for_a_later_task_ends_one_way_or_the_other, NEST),
};
CONTRACT(checks)
