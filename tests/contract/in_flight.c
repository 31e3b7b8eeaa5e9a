/* SPDX-License-Identifier: MIT
 *
 * in_flight: how many tasks are started and not finished, exactly; which waits keep the slot, and
 * which give it up and retake it.
 */
#include "tasks.h"

#include <poll.h>
#include <unistd.h>

struct crowd {
  atomic_uint now, most, done;
};

static void comes(struct crowd *crowd) {
  unsigned now = atomic_fetch_add(&crowd->now, 1) + 1;
  unsigned most = atomic_load(&crowd->most);
  while (now > most && !atomic_compare_exchange_weak(&crowd->most, &most, now)) continue;
}

static void goes(struct crowd *crowd) {
  atomic_fetch_sub(&crowd->now, 1);
}

static mt_value stays_a_while(mt_value arg) {
  struct crowd *crowd = arg.data;
  comes(crowd);
  mt_yield();
  (void)mt_sleep(MT_US(20));
  (void)mt_block(task_next, mt_int(1));
  mt_yield();
  atomic_fetch_add(&crowd->done, 1);
  goes(crowd);
  return mt_none();
}

static void never_are_more_started_than_in_flight(void) {
  static const unsigned limits[] = {1, 2, 3, 10, 50};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    mt_executor *ex = open_with(limits[i]);
    struct crowd crowd = {0};
    for (int k = 0; k < 600; k++) mt_unref(mt_submit(ex, stays_a_while, mt_ptr(&crowd)));
    close_here(ex);
    assert_int_equal(atomic_load(&crowd.done), 600);
    assert_true(atomic_load(&crowd.most) <= limits[i]);
  }
}

static void as_many_are_started_as_in_flight(void) {
  static const unsigned limits[] = {1, 2, 5, 100, 1000};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    mt_executor *ex = open_with(limits[i]);
    struct plug plug;
    plug_init(&plug);
    for (unsigned k = 0; k < limits[i] + 10; k++) mt_unref(mt_submit(ex, task_plug, mt_ptr(&plug)));
    UNTIL(suspended_in(ex) == limits[i]); /* all of them, on however few workers */
    assert_int_equal(running_in(ex), limits[i]);
    assert_int_equal(queued_in(ex), 10);
    plug_pull(&plug);
    close_here(ex);
    plug_fini(&plug);
  }
}

/* With one slot, what can the second task do while the first waits? */
struct slot {
  struct gate gate;
  struct plug plug;
  mt_stream *stream;
  mt_group *group;
  int fd;
  atomic_bool over, second_ran_meanwhile;
};

typedef mt_status wait_fn(struct slot *slot);

static mt_status at_gate(struct slot *slot) {
  return gate_pass(&slot->gate);
}
static mt_status at_many(struct slot *slot) {
  return mt_wait_many(&slot->gate.future, 1, MT_ALL_DONE, MT_FOREVER);
}
static mt_status at_get(struct slot *slot) {
  return mt_get(slot->gate.future, MT_FOREVER, NULL);
}
static mt_status at_stream(struct slot *slot) {
  mt_future *f;
  mt_status st = mt_next(slot->stream, MT_FOREVER, &f, NULL);
  if (st == 0) mt_unref(f);
  return st;
}
static mt_status at_group(struct slot *slot) {
  return mt_group_wait(slot->group, MT_FOREVER);
}
static mt_status at_plug(struct slot *slot) {
  return plug_pass(&slot->plug);
}
static mt_status at_fd(struct slot *slot) {
  int got = mt_wait_fd(slot->fd, POLLIN, MT_FOREVER);
  return got < 0 ? got : 0;
}

struct first {
  struct slot *slot;
  wait_fn *wait;
};

static mt_value waits_first(mt_value arg) {
  const struct first *first = arg.data;
  mt_status st = first->wait(first->slot);
  atomic_store(&first->slot->over, true);
  return st < 0 ? mt_give_up(st) : mt_int(1);
}

static mt_value looks_second(mt_value arg) {
  struct slot *slot = arg.data;
  atomic_store(&slot->second_ran_meanwhile, !atomic_load(&slot->over));
  return mt_int(2);
}

/* Runs the two on one slot; whether the second ran while the first waited. */
static bool gives_up_its_slot(wait_fn *wait) {
  mt_executor *ex = open_with(1), *other = open_with(4);
  struct slot slot = {.over = false};
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  slot.fd = fd[0];
  gate_init(&slot.gate);
  plug_init(&slot.plug);
  slot.stream = mt_as_completed(&slot.gate.future, 1);
  STATUS(mt_group_open(&slot.group), 0);
  STATUS(mt_go(slot.group, other, task_gate, mt_ptr(&slot.gate)), 0);
  struct first first = {&slot, wait};
  mt_future *a = mt_submit(ex, waits_first, mt_ptr(&first));
  UNTIL(suspended_in(ex) == 1);
  mt_future *b = mt_submit(ex, looks_second, mt_ptr(&slot));
  if (wait == at_plug || wait == at_fd) {
    for (int i = 0; i < 10; i++) contract_pause(); /* time enough to do it wrong */
  } else {
    GIVES(b, 2);
  }
  assert_int_equal(write(fd[1], "x", 1), 1);
  gate_open(&slot.gate);
  plug_pull(&slot.plug);
  GIVES(a, 1);
  GIVES(b, 2);
  mt_unref(a);
  mt_unref(b);
  mt_stream_close(slot.stream);
  STATUS(mt_group_close(slot.group), 0);
  close_here(ex);
  close_here(other);
  close(fd[0]);
  close(fd[1]);
  plug_fini(&slot.plug);
  gate_fini(&slot.gate);
  return atomic_load(&slot.second_ran_meanwhile);
}

static void waits_on_outcomes_give_up_the_slot(void) {
  assert_true(gives_up_its_slot(at_gate));
  assert_true(gives_up_its_slot(at_many));
  assert_true(gives_up_its_slot(at_get));
  assert_true(gives_up_its_slot(at_stream));
  assert_true(gives_up_its_slot(at_group));
}

static void waits_on_the_world_keep_the_slot(void) {
  assert_false(gives_up_its_slot(at_plug));
  assert_false(gives_up_its_slot(at_fd));
}

/* Tasks that wait for others count only while they run: never more than the slots. */
struct family {
  mt_executor *ex;
  struct crowd crowd;
};

static mt_value parent(mt_value arg) {
  struct family *family = arg.data;
  comes(&family->crowd);
  for (int i = 0; i < 5; i++) {
    mt_future *f = mt_submit(family->ex, task_next, mt_int(i));
    goes(&family->crowd); /* for a wait that gives up the slot */
    mt_status st = mt_wait(f, MT_FOREVER);
    comes(&family->crowd); /* and has retaken it */
    mt_unref(f);
    if (st < 0) break;
    mt_yield();
  }
  atomic_fetch_add(&family->crowd.done, 1);
  goes(&family->crowd);
  return mt_none();
}

static void a_slot_is_retaken_before_running_on(void) {
  for (unsigned slots = 1; slots <= 4; slots++) {
    mt_executor *ex = open_with(slots);
    struct family family = {.ex = ex};
    for (int i = 0; i < 200; i++) mt_unref(mt_submit(ex, parent, mt_ptr(&family)));
    close_here(ex);
    assert_int_equal(atomic_load(&family.crowd.done), 200);
    assert_true(atomic_load(&family.crowd.most) <= slots);
  }
}

/* One slot. A waits for a gate; B opens it; C was submitted before that. A goes before C. */
struct order {
  struct gate gate;
  struct plug plug;
  atomic_uint next;
  unsigned a, c;
};

static mt_value order_a(mt_value arg) {
  struct order *order = arg.data;
  (void)gate_pass(&order->gate);
  order->a = atomic_fetch_add(&order->next, 1);
  return mt_none();
}

static mt_value order_b(mt_value arg) {
  struct order *order = arg.data;
  (void)plug_pass(&order->plug);
  gate_open(&order->gate);
  return mt_none();
}

static mt_value order_c(mt_value arg) {
  struct order *order = arg.data;
  order->c = atomic_fetch_add(&order->next, 1);
  return mt_none();
}

static void who_resumes_goes_before_who_starts(void) {
  mt_executor *ex = open_with(1);
  struct order order = {.a = 7, .c = 7};
  gate_init(&order.gate);
  plug_init(&order.plug);
  mt_future *a = mt_submit(ex, order_a, mt_ptr(&order));
  UNTIL(suspended_in(ex) == 1);
  mt_future *b = mt_submit(ex, order_b, mt_ptr(&order));
  UNTIL(suspended_in(ex) == 2);
  mt_future *c = mt_submit(ex, order_c, mt_ptr(&order));
  plug_pull(&order.plug);
  GIVES(a, 0);
  GIVES(b, 0);
  GIVES(c, 0);
  assert_int_equal(order.a + order.c, 1);
  if (workers_of(ex) == 1) assert_int_equal(order.a, 0); /* of several, one may be quicker */
  mt_unref(a);
  mt_unref(b);
  mt_unref(c);
  close_here(ex);
  plug_fini(&order.plug);
  gate_fini(&order.gate);
}

static void without_overlap_there_is_one_at_a_time(void) {
  mt_executor *ex = open_here(NULL);
  struct crowd crowd = {0};
  mt_counts counts;
  mt_counters(ex, &counts);
  for (int i = 0; i < 100; i++) mt_unref(mt_submit(ex, stays_a_while, mt_ptr(&crowd)));
  close_here(ex);
  assert_int_equal(atomic_load(&crowd.done), 100);
  assert_true(atomic_load(&crowd.most) <= (counts.in_flight > 0 ? counts.in_flight : 1));
}

static const struct check checks[] = {
    CHECK(never_are_more_started_than_in_flight, OVERLAP),
    CHECK(as_many_are_started_as_in_flight, OVERLAP),
    CHECK(waits_on_outcomes_give_up_the_slot, OVERLAP),
    CHECK(waits_on_the_world_keep_the_slot, OVERLAP),
    CHECK(a_slot_is_retaken_before_running_on, NEST),
    CHECK(who_resumes_goes_before_who_starts, OVERLAP),
    CHECK(without_overlap_there_is_one_at_a_time, SHARE),
};
CONTRACT(checks)
