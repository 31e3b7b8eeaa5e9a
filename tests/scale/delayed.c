/* SPDX-License-Identifier: MIT
 *
 * A million delayed tasks, all waiting for their time at once: they need no stack until they run,
 * so each takes at most 250 bytes, its future included.
 */
#include "memory.h"

static atomic_size_t ran;

static mt_value runs(mt_value arg) {
  (void)arg;
  atomic_fetch_add_explicit(&ran, 1, memory_order_relaxed);
  return mt_none();
}

/* Submits them with a delay; returns whether the last was in before the first was due. */
static bool submit_all(mt_executor *ex, size_t n, int64_t delay_ns) {
  int64_t begun_ns = mt_now_ns();
  for (size_t i = 0; i < n; i++) mt_unref(submit_as(ex, .fn = runs, .delay_ns = delay_ns));
  return mt_now_ns() - begun_ns < delay_ns;
}

static void wait_in_the_heap(struct taken *ret) {
  mt_executor *ex;
  if (mt_open("threads:2", NULL, &ex) < 0) return;
  ret->n = scale(1000000);
  mt_unref(submit_as(ex, .fn = runs, .delay_ns = 1)); /* what comes once is there */
  while (atomic_load(&ran) == 0) contract_pause();
  ret->before = resident_now();
  int64_t begun_ns = mt_now_ns();
  size_t want = 1;
  /* A slow machine needs a longer delay to have them all waiting at once. */
  for (int64_t delay_ns = MT_SECONDS(1);; delay_ns *= 4) {
    want += ret->n;
    bool at_once = submit_all(ex, ret->n, delay_ns);
    while (atomic_load(&ran) < want) contract_pause();
    if (at_once) break;
  }
  ret->seconds = (double)(mt_now_ns() - begun_ns) / 1e9;
  mt_counts counts;
  if (mt_shutdown(ex, 0, MT_FOREVER) < 0) return;
  mt_counters(ex, &counts);
  ret->after = resident_most();
  if (mt_close(ex) == 0 && counts.settled == want && counts.failed == 0 && counts.cancelled == 0)
    ret->good = ret->n;
}

static struct taken taken;
static bool lived;

static void a_million_delayed_tasks_take_250_bytes_each(void) {
  took_at_most(&taken, lived, 250);
}

static const struct check checks[] = {
    CHECK(a_million_delayed_tasks_take_250_bytes_each, 0),
};

int main(void) {
  lived = in_a_child(wait_in_the_heap, &taken);
  return rule_main(checks, sizeof checks / sizeof *checks);
}
