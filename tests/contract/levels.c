/* SPDX-License-Identifier: MIT
 *
 * Levels of tasks, and adding up what comes back.
 */
#include "levels.h"

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

void levels_expect(mt_executor *ex, mt_fn *fn, intptr_t depth, intptr_t number) {
  struct level top = {ex, depth};
  mt_future *f = mt_submit(ex, fn, mt_ptr(&top));
  GIVES(f, number);
  mt_unref(f);
}

void levels_descend(mt_executor *ex, intptr_t depth) {
  levels_expect(ex, goes_deeper, depth, depth);
}

intptr_t sum_of(mt_future **f, int n) {
  intptr_t sum = 0;
  for (int i = 0; i < n; i++) {
    mt_value value;
    if (mt_get(f[i], MT_FOREVER, &value) == 0) sum += mt_as_int(value);
    mt_unref(f[i]);
  }
  return sum;
}

intptr_t sum_of_map(mt_executor *ex, mt_fn *fn, void **items, int n) {
  mt_stream *s = mt_map_array(ex, fn, items, (size_t)n, 0, NULL);
  intptr_t sum = 0;
  mt_future *f;
  while (mt_next(s, MT_FOREVER, &f, NULL) == 0) sum += sum_of(&f, 1);
  mt_stream_close(s);
  return sum;
}
