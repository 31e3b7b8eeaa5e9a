/* SPDX-License-Identifier: MIT
 *
 * Ten thousand levels of submit and wait on one worker, which has one slot: every level gives its
 * slot to the next, and gets it back. Each takes one stack, and no more than sleepers do.
 */
#include "memory.h"

static mt_executor *the_executor;

static mt_value descends(mt_value arg) {
  intptr_t below = mt_as_int(arg);
  if (below == 0) return mt_int(0);
  mt_future *f = mt_submit(the_executor, descends, mt_int(below - 1));
  mt_value sum = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &sum);
  mt_unref(f);
  return st < 0 ? mt_fail(st, "level %jd", (intmax_t)below) : mt_int(mt_as_int(sum) + below);
}

static void nest(struct taken *ret) {
  if (mt_open("threads:1", NULL, &the_executor) < 0) return;
  size_t n = shrunk(10000);
  ret->n = n;
  ret->before = resident_now();
  int64_t begun_ns = mt_now_ns();
  mt_future *f = mt_submit(the_executor, descends, mt_int((intptr_t)n));
  mt_value sum = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &sum);
  mt_unref(f);
  ret->seconds = (double)(mt_now_ns() - begun_ns) / 1e9;
  ret->after = resident_most();
  if (mt_close(the_executor) == 0 && st == 0 && (size_t)mt_as_int(sum) == n * (n + 1) / 2)
    ret->good = n;
}

static struct taken taken;
static bool lived;

static void ten_thousand_levels_finish_on_one_worker(void) {
  took_at_most(&taken, lived, 5324);
}

static const struct check checks[] = {
    CHECK(ten_thousand_levels_finish_on_one_worker, 0),
};

int main(void) {
  lived = in_a_child(nest, &taken);
  return rule_main(checks, sizeof checks / sizeof *checks);
}
