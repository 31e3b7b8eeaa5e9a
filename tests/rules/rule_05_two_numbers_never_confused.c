/* SPDX-License-Identifier: MIT
 *
 * Rule 5: two numbers, never confused: workers (threads; by default the CPUs this process may use)
 * and in_flight (tasks started and not finished; by default as many as workers). Waits on futures,
 * streams, groups or queue room give up the slot and retake it before running on, ahead of new
 * starts; sleeps, descriptors, mt_block and limits keep it.
 */
#include "tasks.h"

#include <errno.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static void by_default_workers_are_cpus_and_in_flight_is_workers(void) {
  mt_counts counts;
  mt_executor *ex = open_on("threads", NULL);
  mt_counters(ex, &counts);
  assert_int_equal(counts.workers, mt_cpus());
  assert_int_equal(counts.in_flight, mt_cpus());
  close_here(ex);
  ex = open_on("threads:5", NULL);
  mt_counters(ex, &counts);
  assert_int_equal(counts.workers, 5);
  assert_int_equal(counts.in_flight, 5);
  close_here(ex);
  ex = open_on("threads:2", &(mt_options){.in_flight = 100});
  mt_counters(ex, &counts);
  assert_int_equal(counts.workers, 2);
  assert_int_equal(counts.in_flight, 100);
  close_here(ex);
}

static void the_affinity_mask_counts(void) {
  fflush(NULL);
  pid_t child = fork(); /* so that the mask of this process stays */
  if (child == 0) {
    cpu_set_t set, one;
    CPU_ZERO(&one);
    if (sched_getaffinity(0, sizeof set, &set) != 0) _exit(3);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
      if (CPU_ISSET(i, &set)) CPU_SET(i, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) _exit(4);
    _exit(mt_cpus() == 1 ? 0 : 5);
  }
  assert_true(child > 0);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

/* "threads:8 bounds a server's load exactly as max_workers=8 does." */
struct server {
  atomic_uint now, most, served;
};

static mt_value asks_the_server(mt_value arg) {
  struct server *server = arg.data;
  unsigned now = atomic_fetch_add(&server->now, 1) + 1;
  unsigned most = atomic_load(&server->most);
  while (now > most && !atomic_compare_exchange_weak(&server->most, &most, now)) continue;
  (void)mt_sleep(MT_US(100));
  atomic_fetch_sub(&server->now, 1);
  atomic_fetch_add(&server->served, 1);
  return mt_none();
}

static void eight_threads_never_load_a_server_with_nine(void) {
  mt_executor *ex = open_on("threads:8", NULL);
  struct server server = {0};
  for (int i = 0; i < 500; i++) mt_unref(mt_submit(ex, asks_the_server, mt_ptr(&server)));
  close_here(ex);
  assert_int_equal(atomic_load(&server.served), 500);
  assert_true(atomic_load(&server.most) <= 8);
}

static void with_a_higher_in_flight_waits_overlap_without_more_threads(void) {
  enum { N = 300 };
  mt_executor *ex = open_on("threads:1", &(mt_options){.in_flight = N});
  struct plug plug;
  plug_init(&plug);
  for (int i = 0; i < N + 5; i++) mt_unref(mt_submit(ex, task_plug, mt_ptr(&plug)));
  UNTIL(suspended_in(ex) == N);
  assert_int_equal(running_in(ex), N);
  assert_int_equal(queued_in(ex), 5);
  plug_pull(&plug);
  close_here(ex);
  plug_fini(&plug);
}

static void in_flight_may_be_lower_than_workers(void) {
  mt_executor *ex = open_on("threads:4", &(mt_options){.in_flight = 2});
  struct server server = {0};
  for (int i = 0; i < 200; i++) mt_unref(mt_submit(ex, asks_the_server, mt_ptr(&server)));
  close_here(ex);
  assert_int_equal(atomic_load(&server.served), 200);
  assert_true(atomic_load(&server.most) <= 2);
}

/* One slot. A waits for a gate, and so gave it up; B runs, opens the gate and submits nothing more;
 * C has been queued before that. A retakes the slot ahead of C's start. */
struct order {
  struct gate gate;
  struct plug plug;
  atomic_uint next;
  unsigned place[3];
};

static mt_value a(mt_value arg) {
  struct order *order = arg.data;
  (void)gate_pass(&order->gate);
  order->place[0] = atomic_fetch_add(&order->next, 1);
  return mt_none();
}

static mt_value b(mt_value arg) {
  struct order *order = arg.data;
  (void)plug_pass(&order->plug);
  gate_open(&order->gate);
  order->place[1] = atomic_fetch_add(&order->next, 1); /* still has the slot */
  return mt_none();
}

static mt_value c(mt_value arg) {
  struct order *order = arg.data;
  order->place[2] = atomic_fetch_add(&order->next, 1);
  return mt_none();
}

static void the_slot_is_retaken_ahead_of_new_starts(void) {
  static const char *const places[] = {"threads:1", "threads:4"};
  for (int i = 0; i < 20; i++) {
    mt_executor *ex = open_on(places[i % 2], &(mt_options){.in_flight = 1});
    struct order order = {.next = 0};
    gate_init(&order.gate);
    plug_init(&order.plug);
    mt_future *first = mt_submit(ex, a, mt_ptr(&order));
    UNTIL(suspended_in(ex) == 1);
    mt_future *second = mt_submit(ex, b, mt_ptr(&order));
    UNTIL(suspended_in(ex) == 2);
    mt_unref(mt_submit(ex, c, mt_ptr(&order)));
    plug_pull(&order.plug);
    close_here(ex);
    assert_int_equal(order.place[1], 0);
    if (i % 2 == 1) {
      /* A's worker may be awake and busy looking for work: then the slot is not kept idle for it.
       */
      assert_int_equal(order.place[0] + order.place[2], 3);
    } else {
      assert_int_equal(order.place[0], 1);
      assert_int_equal(order.place[2], 2);
    }
    mt_unref(first);
    mt_unref(second);
    plug_fini(&order.plug);
    gate_fini(&order.gate);
  }
}

static mt_value blocks_at(mt_value arg) {
  return mt_block(task_latch, arg);
}

static void a_blocking_call_keeps_the_slot(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 1});
  struct latch latch;
  latch_init(&latch);
  mt_future *f = mt_submit(ex, blocks_at, mt_ptr(&latch));
  UNTIL(atomic_load(&latch.arrived) == 1);
  mt_future *next = mt_submit(ex, task_next, mt_int(1));
  for (int i = 0; i < 20; i++) contract_pause(); /* time enough to do it wrong */
  assert_int_equal(mt_attempts(next), 0);
  assert_int_equal(queued_in(ex), 1);
  latch_open(&latch);
  GIVES(f, 1);
  GIVES(next, 2);
  mt_unref(f);
  mt_unref(next);
  close_here(ex);
  latch_fini(&latch);
}

static const struct check checks[] = {
    CHECK(by_default_workers_are_cpus_and_in_flight_is_workers, ALL),
    CHECK(the_affinity_mask_counts, ALL),
    CHECK(eight_threads_never_load_a_server_with_nine, ALL),
    CHECK(with_a_higher_in_flight_waits_overlap_without_more_threads, ALL),
    CHECK(in_flight_may_be_lower_than_workers, ALL),
    CHECK(the_slot_is_retaken_ahead_of_new_starts, ALL),
    CHECK(a_blocking_call_keeps_the_slot, ALL),
};
RULE(checks)
