/* SPDX-License-Identifier: MIT
 *
 * The heap of points in time, against a sorted array.
 */
#include "threads/heap.h"
#include "contract.h"

#include <stdlib.h>

static unsigned drawn = 1;

static unsigned draw(unsigned below) {
  drawn = drawn * 1103515245 + 12345;
  return (drawn >> 8) % below;
}

static int by_time(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* An entry's `what` is its time in disguise, so that a mix-up is seen. */
static void *disguise(int64_t due_ns) {
  return (void *)(uintptr_t)(due_ns ^ 0x5a5a5a);
}

static void push(mti_heap *h, int64_t due_ns) {
  assert_true(mti_heap_push(h, due_ns, disguise(due_ns)));
}

static int64_t pop(mti_heap *h) {
  int64_t due_ns = mti_heap_due(h);
  assert_true(h->count > 0);
  assert_true(h->entry[0].due_ns == due_ns);
  assert_ptr_equal(h->entry[0].what, disguise(due_ns));
  mti_heap_pop(h);
  return due_ns;
}

static void what_was_pushed_comes_out_in_order(void) {
  enum { MOST = 3000 };
  static int64_t sorted[MOST];
  for (size_t n = 0; n <= MOST; n = n < 40 ? n + 1 : n * 3) {
    mti_heap h = {0};
    unsigned range = 1 + draw(n < 1000 ? 20 : 1000000); /* many alike, or few */
    for (size_t i = 0; i < n; i++) push(&h, sorted[i] = (int64_t)draw(range));
    qsort(sorted, n, sizeof *sorted, by_time);
    for (size_t i = 0; i < n; i++) assert_true(pop(&h) == sorted[i]);
    assert_int_equal(h.count, 0);
    mti_heap_fini(&h);
  }
}

static void pushes_and_pops_may_alternate(void) {
  enum { MOST = 200 };
  int64_t kept[MOST];
  size_t n = 0;
  mti_heap h = {0};
  for (size_t i = 0; i < shrunk(200000); i++) {
    if (n < MOST && (n == 0 || draw(2))) {
      int64_t due_ns = (int64_t)draw(1000);
      size_t at = n++;
      for (; at > 0 && kept[at - 1] < due_ns; at--) kept[at] = kept[at - 1];
      kept[at] = due_ns; /* the latest first */
      push(&h, due_ns);
    } else {
      assert_true(pop(&h) == kept[--n]);
    }
    assert_true(mti_heap_due(&h) == (n > 0 ? kept[n - 1] : INT64_MAX));
  }
  mti_heap_fini(&h);
}

static void an_empty_heap_is_never_due(void) {
  mti_heap h = {0};
  assert_true(mti_heap_due(&h) == INT64_MAX);
  push(&h, 3);
  mti_heap_pop(&h);
  assert_true(mti_heap_due(&h) == INT64_MAX);
  mti_heap_fini(&h);
  assert_true(mti_heap_due(&h) == INT64_MAX);
  push(&h, 4); /* and can be used again */
  assert_true(pop(&h) == 4);
  mti_heap_fini(&h);
}

static void the_ends_of_time_have_their_place(void) {
  mti_heap h = {0};
  static const int64_t points[] = {INT64_MAX, 0, INT64_MIN, -1, INT64_MAX - 1, 1};
  static const int64_t order[] = {INT64_MIN, -1, 0, 1, INT64_MAX - 1, INT64_MAX};
  for (int i = 0; i < 6; i++) push(&h, points[i]);
  for (int i = 0; i < 6; i++) assert_true(pop(&h) == order[i]);
  mti_heap_fini(&h);
}

static bool is_odd(const mti_entry *e) {
  return e->due_ns & 1;
}
static bool is_any(const mti_entry *e) {
  return e != NULL;
}
static bool is_none(const mti_entry *e) {
  return e == NULL;
}

static void a_filter_keeps_what_it_is_told_in_order(void) {
  enum { MOST = 500 };
  static int64_t odd[MOST];
  for (size_t n = 0; n < MOST; n += n < 40 ? 1 : 57) {
    mti_heap h = {0};
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
      int64_t due_ns = (int64_t)draw(2000);
      if (due_ns & 1) odd[kept++] = due_ns;
      push(&h, due_ns);
    }
    h.dead = n - kept;
    qsort(odd, kept, sizeof *odd, by_time);
    mti_heap_filter(&h, is_odd);
    assert_int_equal(h.count, kept);
    assert_int_equal(h.dead, 0);
    for (size_t i = 0; i < kept; i++) assert_true(pop(&h) == odd[i]);
    mti_heap_fini(&h);
  }
}

static void a_filter_may_keep_all_or_none(void) {
  mti_heap h = {0};
  for (int i = 0; i < 100; i++) push(&h, 100 - i);
  mti_heap_filter(&h, is_any);
  assert_int_equal(h.count, 100);
  for (int i = 1; i <= 50; i++) assert_true(pop(&h) == i);
  mti_heap_filter(&h, is_none);
  assert_int_equal(h.count, 0);
  assert_true(mti_heap_due(&h) == INT64_MAX);
  push(&h, 5);
  assert_true(pop(&h) == 5);
  mti_heap_fini(&h);
}

static void it_is_swept_only_when_most_are_dead(void) {
  mti_heap h = {0};
  for (int i = 0; i < 400; i++) push(&h, i);
  h.dead = 199; /* fewer than half */
  mti_heap_sweep(&h, is_odd);
  assert_int_equal(h.count, 400);
  h.dead = 200;
  mti_heap_sweep(&h, is_odd);
  assert_int_equal(h.count, 200);
  assert_int_equal(h.dead, 0);
  for (int i = 1; i < 400; i += 2) assert_true(pop(&h) == i);
  for (int i = 0; i < 40; i++) push(&h, i); /* too few to be worth it */
  h.dead = 40;
  mti_heap_sweep(&h, is_odd);
  assert_int_equal(h.count, 40);
  mti_heap_fini(&h);
}

static const struct check checks[] = {
    CHECK(what_was_pushed_comes_out_in_order, 0),
    CHECK(pushes_and_pops_may_alternate, 0),
    CHECK(an_empty_heap_is_never_due, 0),
    CHECK(the_ends_of_time_have_their_place, 0),
    CHECK(a_filter_keeps_what_it_is_told_in_order, 0),
    CHECK(a_filter_may_keep_all_or_none, 0),
    CHECK(it_is_swept_only_when_most_are_dead, 0),
};
RULE(checks)
