/* SPDX-License-Identifier: MIT
 *
 * A worker's ring: first in, first out for its owner; what thieves take, they take from the front;
 * each item comes out exactly once. The items are numbers in the disguise of futures: a ring never
 * looks into one.
 */
#include "threads/ring.h"
#include "thieves.h"

#include <sched.h>

static mt_future *item(size_t number) {
  return (mt_future *)(uintptr_t)((number + 1) * 16);
}
static size_t number_of(mt_future *f) {
  return (size_t)(uintptr_t)f / 16 - 1;
}

static void at(mti_ring *r, uint32_t position) {
  atomic_store(&r->head, position);
  atomic_store(&r->tail, position);
}

/* Where counting begins: in the ordinary case, and where the counters overflow. */
static const uint32_t beginnings[] = {0, 200, UINT32_MAX - 100, UINT32_MAX};
#define BEGINNINGS (sizeof beginnings / sizeof *beginnings)

static void it_holds_256_and_no_more(void) {
  static mti_ring r;
  for (size_t b = 0; b < BEGINNINGS; b++) {
    at(&r, beginnings[b]);
    for (size_t i = 0; i < MTI_RING_SIZE; i++) {
      assert_int_equal(mti_ring_count(&r), i);
      assert_true(mti_ring_push(&r, item(i)));
    }
    assert_int_equal(mti_ring_count(&r), MTI_RING_SIZE);
    assert_false(mti_ring_push(&r, item(1000)));
    for (size_t i = 0; i < MTI_RING_SIZE; i++) assert_ptr_equal(mti_ring_pop(&r), item(i));
    assert_null(mti_ring_pop(&r));
    assert_int_equal(mti_ring_count(&r), 0);
  }
}

static void the_owner_gets_first_in_first_out(void) {
  static mti_ring r;
  for (size_t b = 0; b < BEGINNINGS; b++) {
    at(&r, beginnings[b]);
    size_t in = 0, out = 0;
    for (size_t round = 0; round < 100; round++) {
      for (size_t i = 0; i < round % 17; i++)
        if (mti_ring_push(&r, item(in))) in++;
      for (size_t i = 0; i < round % 13 && out < in; i++)
        assert_ptr_equal(mti_ring_pop(&r), item(out++));
    }
    while (out < in) assert_ptr_equal(mti_ring_pop(&r), item(out++));
    assert_null(mti_ring_pop(&r));
  }
}

static void a_thief_takes_the_first_half_rounded_up(void) {
  static mti_ring r;
  mt_future *to[MTI_RING_SIZE];
  for (size_t b = 0; b < BEGINNINGS; b++)
    for (uint32_t n = 0; n <= MTI_RING_SIZE; n += n < 10 ? 1 : 41) {
      at(&r, beginnings[b]);
      for (size_t i = 0; i < n; i++) mti_ring_push(&r, item(i));
      uint32_t half = n - n / 2;
      assert_int_equal(mti_ring_steal(&r, to, MTI_RING_SIZE), half);
      for (size_t i = 0; i < half; i++) assert_ptr_equal(to[i], item(i));
      assert_int_equal(mti_ring_count(&r), n - half);
      for (size_t i = half; i < n; i++) assert_ptr_equal(mti_ring_pop(&r), item(i));
      assert_null(mti_ring_pop(&r));
    }
}

static void a_thief_takes_no_more_than_it_has_room_for(void) {
  static mti_ring r;
  mt_future *to[4] = {0};
  at(&r, 0);
  for (size_t i = 0; i < 100; i++) mti_ring_push(&r, item(i));
  assert_int_equal(mti_ring_steal(&r, to, 3), 3);
  assert_ptr_equal(to[2], item(2));
  assert_null(to[3]);
  assert_int_equal(mti_ring_steal(&r, to, 0), 0);
  assert_ptr_equal(mti_ring_pop(&r), item(3));
}

/* What comes out of one end only ever grows. */
static void see(struct theft *t, unsigned who, mt_future *f, size_t *last) {
  size_t number = number_of(f);
  if (!theft_see(t, who, number)) return;
  if (*last != SIZE_MAX && number <= *last) theft_disorder(t);
  *last = number;
}

static void steals(struct theft *t, unsigned who) {
  mt_future *to[MTI_RING_SIZE / 2];
  size_t last = SIZE_MAX;
  for (uint32_t most = 1;; most = most % (MTI_RING_SIZE / 2) + 1) {
    bool over = atomic_load(&t->over);
    uint32_t n = mti_ring_steal(t->from, to, most);
    for (uint32_t i = 0; i < n; i++) see(t, who, to[i], &last);
    if (n == 0 && over) return;
    if (n == 0) sched_yield();
  }
}

static void owns(struct theft *t) {
  mti_ring *r = t->from;
  size_t last = SIZE_MAX, in = 0;
  for (unsigned seed = 1; in < t->n;) {
    seed = seed * 1103515245 + 12345;
    unsigned pushes = seed >> 8 & 63, pops = seed >> 16 & 31;
    while (pushes-- > 0 && in < t->n && mti_ring_push(r, item(in))) in++;
    if (seed >> 28 == 0) /* now and then the thieves must come */
      while (mti_ring_count(r) > MTI_RING_SIZE / 2) sched_yield();
    while (pops-- > 0) {
      mt_future *f = mti_ring_pop(r);
      if (f == NULL) break;
      see(t, OWNER, f, &last);
    }
  }
}

static void each_item_comes_out_exactly_once(void) {
  static mti_ring r;
  at(&r, UINT32_MAX - 5000); /* the counters overflow on the way */
  struct theft t = {.n = shrunk(1000000), .own = owns, .steal = steals, .from = &r};
  theft_run(&t);
}

static const struct check checks[] = {
    CHECK(it_holds_256_and_no_more, 0),
    CHECK(the_owner_gets_first_in_first_out, 0),
    CHECK(a_thief_takes_the_first_half_rounded_up, 0),
    CHECK(a_thief_takes_no_more_than_it_has_room_for, 0),
    CHECK(each_item_comes_out_exactly_once, 0),
};
RULE(checks)
