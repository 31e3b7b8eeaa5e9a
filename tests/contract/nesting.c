/* SPDX-License-Identifier: MIT
 *
 * Tasks that submit to their own executor and wait, to any depth, however few the workers.
 */
#include "tasks.h"

#include <stdlib.h>

struct level {
  mt_executor *ex;
  intptr_t below;
};

static mt_value goes_deeper(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(0);
  struct level next = {level->ex, level->below - 1};
  mt_future *f = mt_submit(level->ex, goes_deeper, mt_ptr(&next));
  mt_value value = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &value);
  int code = st == MT_FAILED ? mt_failure(f)->code : st;
  mt_unref(f);
  return st < 0 ? mt_fail(code, "level %d", (int)level->below) : mt_int(mt_as_int(value) + 1);
}

static void descends(mt_executor *ex, intptr_t depth) {
  struct level top = {ex, depth};
  mt_future *f = mt_submit(ex, goes_deeper, mt_ptr(&top));
  GIVES(f, depth);
  mt_unref(f);
}

static void ten_thousand_levels_finish(void) {
  mt_executor *ex = open_here(NULL); /* threads:1 is one worker and one slot */
  bool overlap = (mt_capabilities(ex) & MT_CAN_OVERLAP) != 0;
  /* Without overlap every level is on the caller's own stack, which is as large as it is. */
  descends(ex, (intptr_t)shrunk(overlap ? 10000 : 2000));
  descends(ex, 100);
  close_here(ex);
}

#define FANOUT 8

static mt_value fans_out(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(1);
  struct level next = {level->ex, level->below - 1};
  mt_future *f[FANOUT];
  for (int i = 0; i < FANOUT; i++) f[i] = mt_submit(level->ex, fans_out, mt_ptr(&next));
  intptr_t sum = 0;
  for (int i = 0; i < FANOUT; i++) {
    mt_value value = mt_none();
    if (mt_get(f[i], MT_FOREVER, &value) == 0) sum += mt_as_int(value);
    mt_unref(f[i]);
  }
  return mt_int(sum);
}

static void a_tree_of_waiting_tasks_finishes(void) {
  mt_executor *ex = open_here(NULL);
  struct level top = {ex, 4};
  mt_future *f = mt_submit(ex, fans_out, mt_ptr(&top));
  GIVES(f, FANOUT * FANOUT * FANOUT * FANOUT);
  mt_unref(f);
  close_here(ex);
}

static mt_value waits_in_every_way(mt_value arg) {
  const struct level *level = arg.data;
  if (level->below == 0) return mt_int(1);
  struct level next = {level->ex, level->below - 1};
  intptr_t sum = 0;

  mt_stream *s = mt_map_array(level->ex, waits_in_every_way, &next, 1, sizeof next, NULL);
  mt_future *f;
  while (mt_next(s, MT_FOREVER, &f, NULL) == 0) {
    mt_value value = mt_none();
    if (mt_get(f, 0, &value) == 0) sum += mt_as_int(value);
    mt_unref(f);
  }
  mt_stream_close(s);

  mt_group *g;
  if (mt_group_open(&g) < 0) return mt_fail(MT_ENOMEM, "no group");
  f = submit_as(level->ex, .fn = waits_in_every_way, .arg = mt_ptr(&next), .group = g);
  mt_status st = mt_group_close(g);
  mt_value value = mt_none();
  if (st == 0 && mt_get(f, 0, &value) == 0) sum += mt_as_int(value);
  mt_unref(f);

  f = mt_submit(level->ex, waits_in_every_way, mt_ptr(&next));
  if (mt_wait_many(&f, 1, MT_ALL_DONE, MT_FOREVER) == 0 && mt_get(f, 0, &value) == 0)
    sum += mt_as_int(value);
  mt_unref(f);
  return mt_int(sum);
}

static void streams_groups_and_waits_nest(void) {
  mt_executor *ex = open_with(1);
  struct level top = {ex, 5};
  mt_future *f = mt_submit(ex, waits_in_every_way, mt_ptr(&top));
  GIVES(f, 3 * 3 * 3 * 3 * 3);
  mt_unref(f);
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
