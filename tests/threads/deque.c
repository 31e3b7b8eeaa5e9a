/* SPDX-License-Identifier: MIT
 *
 * The deque of forked jobs: last in, first out for its owner, who may name the job it wants; first
 * in, first out for thieves; each job comes out exactly once.
 */
#include "threads/deque.h"
#include "thieves.h"

#include <stdlib.h>

static void init(mti_deque *d) {
  assert_true(mti_deque_init(d));
}

static void the_owner_gets_last_in_first_out(void) {
  static mti_deque d;
  static mt_job job[5000]; /* it grows on the way */
  init(&d);
  for (size_t n = 1; n <= 5000; n *= 5) {
    for (size_t i = 0; i < n; i++) assert_true(mti_deque_push(&d, &job[i]));
    assert_true(mti_deque_has(&d));
    for (size_t i = n; i-- > 0;) assert_ptr_equal(mti_deque_pop(&d, NULL), &job[i]);
    assert_null(mti_deque_pop(&d, NULL));
    assert_false(mti_deque_has(&d));
  }
  mti_deque_fini(&d);
}

static void a_thief_gets_first_in_first_out(void) {
  static mti_deque d;
  static mt_job job[3000];
  init(&d);
  for (int i = 0; i < 3000; i++) assert_true(mti_deque_push(&d, &job[i]));
  for (int i = 0; i < 3000; i++) assert_ptr_equal(mti_deque_steal(&d), &job[i]);
  assert_null(mti_deque_steal(&d));
  mti_deque_fini(&d);
}

static void the_owner_gets_the_job_it_names_or_none(void) {
  static mti_deque d;
  mt_job job[3], stranger;
  init(&d);
  assert_null(mti_deque_pop(&d, &job[0]));
  for (int i = 0; i < 3; i++) mti_deque_push(&d, &job[i]);
  assert_null(mti_deque_pop(&d, &job[0])); /* not at the bottom: it stays */
  assert_null(mti_deque_pop(&d, &stranger));
  assert_ptr_equal(mti_deque_pop(&d, &job[2]), &job[2]);
  assert_ptr_equal(mti_deque_pop(&d, &job[1]), &job[1]);
  assert_ptr_equal(mti_deque_steal(&d), &job[0]);
  assert_null(mti_deque_pop(&d, &job[0])); /* stolen */
  mti_deque_push(&d, &job[1]);
  assert_ptr_equal(mti_deque_pop(&d, &job[1]), &job[1]);
  mti_deque_fini(&d);
}

static void growing_keeps_what_is_in_it(void) {
  static mti_deque d;
  static mt_job job[2000];
  init(&d);
  /* The first array is full of jobs that wrap around its end. */
  for (int i = 0; i < 200; i++) mti_deque_push(&d, &job[i]);
  for (int i = 0; i < 200; i++) assert_ptr_equal(mti_deque_steal(&d), &job[i]);
  for (int i = 0; i < 2000; i++) assert_true(mti_deque_push(&d, &job[i]));
  for (int i = 0; i < 700; i++) assert_ptr_equal(mti_deque_steal(&d), &job[i]);
  for (int i = 2000; i-- > 700;) assert_ptr_equal(mti_deque_pop(&d, &job[i]), &job[i]);
  assert_false(mti_deque_has(&d));
  mti_deque_fini(&d);
}

struct heist {
  struct theft theft;
  mti_deque deque;
  mt_job *job;
};

static size_t see(struct heist *h, unsigned who, mt_job *job) {
  size_t number = (size_t)(job - h->job);
  theft_see(&h->theft, who, number);
  return number;
}

static void steals(struct theft *t, unsigned who) {
  struct heist *h = t->from;
  for (;;) {
    bool over = atomic_load(&t->over);
    mt_job *job = mti_deque_steal(&h->deque);
    if (job != NULL)
      see(h, who, job);
    else if (over && !mti_deque_has(&h->deque))
      return;
  }
}

/* Bursts that are mostly short, so that the last job is fought for, and now and then longer than
 * the first array, so that it grows under the thieves' hands. */
static void owns(struct theft *t) {
  struct heist *h = t->from;
  size_t in = 0;
  for (unsigned seed = 1; in < t->n;) {
    seed = seed * 1103515245 + 12345;
    size_t most = (seed >> 20) % 64 == 0 ? 600 : 3, begin = in;
    for (size_t pushes = (seed >> 8) % most + 1; pushes > 0 && in < t->n; pushes--)
      if (mti_deque_push(&h->deque, &h->job[in])) in++;
    /* Joins in the reverse order of the forks, by name, as mt_join does; some are left. */
    size_t joins = (seed >> 16) % (in - begin + 1);
    for (size_t i = in; joins > 0; joins--) {
      i--;
      mt_job *job = mti_deque_pop(&h->deque, &h->job[i]);
      if (job == NULL) break; /* stolen, and so are all before it */
      if (see(h, OWNER, job) != i) theft_disorder(t);
    }
  }
  for (mt_job *job; (job = mti_deque_pop(&h->deque, NULL)) != NULL;) see(h, OWNER, job);
}

static void each_job_comes_out_exactly_once(void) {
  static struct heist h;
  h.theft = (struct theft){.n = shrunk(500000), .own = owns, .steal = steals, .from = &h};
  init(&h.deque);
  assert_non_null(h.job = calloc(h.theft.n, sizeof *h.job));
  theft_run(&h.theft);
  free(h.job);
  mti_deque_fini(&h.deque);
}

static const struct check checks[] = {
    CHECK(the_owner_gets_last_in_first_out, 0),        CHECK(a_thief_gets_first_in_first_out, 0),
    CHECK(the_owner_gets_the_job_it_names_or_none, 0), CHECK(growing_keeps_what_is_in_it, 0),
    CHECK(each_job_comes_out_exactly_once, 0),
};
RULE(checks)
