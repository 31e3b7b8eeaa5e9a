/* SPDX-License-Identifier: MIT
 *
 * Very many tasks suspended at the same moment on two workers: all have started and wait, then all
 * sleep for a second. Each takes a page for its stack, and little else: 5.2 KiB at the most, page
 * tables included. MEANTIME_SCALE=1000000 makes it a million.
 */
#include "memory.h"

#include <stdlib.h>

static struct gate gate;
static atomic_size_t slept;

static mt_value sleeps_once_all_have_started(mt_value arg) {
  (void)arg;
  mt_status st = gate_pass(&gate);
  if (st == 0) st = mt_sleep(MT_SECONDS(1));
  if (st < 0) return mt_give_up(st);
  atomic_fetch_add_explicit(&slept, 1, memory_order_relaxed);
  return mt_none();
}

static void sleep_at_once(struct taken *ret) {
  size_t n = scale(200000);
  mt_executor *ex;
  if (mt_open("threads:2", &(mt_options){.in_flight = (unsigned)n}, &ex) < 0) return;
  if (mt_promise_open(0, &gate.promise, &gate.future) < 0) return;
  ret->n = n;
  ret->before = resident_now();
  int64_t begun_ns = mt_now_ns();
  for (size_t i = 0; i < n; i++) mt_unref(mt_submit(ex, sleeps_once_all_have_started, mt_none()));
  while (suspended_in(ex) < n) contract_pause(); /* all have started, and all wait */
  gate_open(&gate);
  mt_status st = mt_shutdown(ex, 0, MT_FOREVER);
  ret->seconds = (double)(mt_now_ns() - begun_ns) / 1e9;
  ret->after = resident_most();
  mt_counts counts;
  mt_counters(ex, &counts);
  if (st == 0 && mt_close(ex) == 0 && counts.settled == n && counts.failed == 0)
    ret->good = atomic_load(&slept);
  gate_fini(&gate);
}

static struct taken taken;
static bool lived;

static void sleepers_take_a_page_and_little_else(void) {
  took_at_most(&taken, lived, 5324);
}

static const struct check checks[] = {
    CHECK(sleepers_take_a_page_and_little_else, 0),
};

int main(void) {
  lived = in_a_child(sleep_at_once, &taken);
  return rule_main(checks, sizeof checks / sizeof *checks);
}
