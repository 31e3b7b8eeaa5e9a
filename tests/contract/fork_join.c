/* SPDX-License-Identifier: MIT
 *
 * Fork and join on the caller's storage.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static mt_value fib(mt_value arg) {
  intptr_t n = mt_as_int(arg);
  if (n < 2) return mt_int(n);
  mt_job job;
  mt_fork(&job, fib, mt_int(n - 1));
  intptr_t right = mt_as_int(fib(mt_int(n - 2)));
  return mt_int(mt_as_int(mt_join(&job)) + right);
}

static void recursion_gives_the_right_number(void) {
  mt_executor *ex = open_here(NULL);
  intptr_t n = shrunk(100) < 100 ? 15 : 22;
  mt_future *f = mt_submit(ex, fib, mt_int(n));
  GIVES(f, n == 22 ? 17711 : 610);
  mt_unref(f);
  close_here(ex);
}

static void several_recursions_at_once(void) {
  mt_executor *ex = open_with(8);
  mt_future *f[8];
  for (int i = 0; i < 8; i++) f[i] = mt_submit(ex, fib, mt_int(15));
  for (int i = 0; i < 8; i++) {
    GIVES(f[i], 610);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static mt_value says_thread(mt_value arg) {
  *(pthread_t *)arg.data = pthread_self();
  return mt_int(3);
}

static void outside_a_task_it_runs_at_the_fork(void) {
  pthread_t thread = 0;
  mt_job job;
  mt_fork(&job, says_thread, mt_ptr(&thread));
  assert_true(pthread_equal(thread, pthread_self()));
  assert_true(mt_as_int(mt_join(&job)) == 3);
  assert_true(mt_as_int(fib(mt_int(10))) == 55);
}

/* Many jobs at once, joined in reverse order. */
static mt_value sums_many(mt_value arg) {
  intptr_t n = mt_as_int(arg), sum = 0;
  mt_job *jobs = calloc((size_t)n, sizeof *jobs);
  if (jobs == NULL) return mt_fail(MT_ENOMEM, "no memory");
  for (intptr_t i = 0; i < n; i++) mt_fork(&jobs[i], task_next, mt_int(i));
  for (intptr_t i = n; i-- > 0;) sum += mt_as_int(mt_join(&jobs[i]));
  free(jobs);
  return mt_int(sum);
}

static void many_jobs_are_joined_in_reverse_order(void) {
  mt_executor *ex = open_here(NULL);
  for (intptr_t n = 0; n <= 5000; n = n * 3 + 1) {
    mt_future *f = mt_submit(ex, sums_many, mt_int(n));
    GIVES(f, n * (n + 1) / 2);
    mt_unref(f);
  }
  close_here(ex);
}

static mt_value joins_a_failure(mt_value arg) {
  mt_job job;
  mt_fork(&job, task_fail, arg);
  mt_value value = mt_join(&job);
  if (!mt_is_failure(value) || mt_failure_code(value) != mt_as_int(arg)) return mt_int(-1);
  return value;
}

static mt_value joins_a_failure_and_goes_on(mt_value arg) {
  return mt_int(mt_is_failure(joins_a_failure(arg)));
}

static void a_jobs_failure_is_a_value_to_look_at(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, joins_a_failure, mt_int(EIO));
  FAILS_WITH(f, EIO);
  mt_unref(f);
  f = mt_submit(ex, joins_a_failure_and_goes_on, mt_int(EIO));
  GIVES(f, 1);
  mt_unref(f);
  close_here(ex);
}

static mt_value changes_its_mind(mt_value arg) {
  (void)mt_fail(EIO, "a job's passing thought");
  return arg;
}

static mt_value joins_and_fails_as_planned(mt_value arg) {
  mt_value mine = mt_fail(ENOENT, "mine");
  mt_job job;
  mt_fork(&job, task_next, mt_int(1));
  mt_value joined = mt_join(&job);
  mt_fork(&job, changes_its_mind, arg); /* and what it does not return is freed */
  arg = mt_join(&job);
  if (mt_as_int(joined) != 2 || mt_is_failure(arg)) return mt_none();
  return mt_is_failure(mine) ? mt_fail(ENOENT, "mine") : mt_none();
}

static void a_jobs_unreturned_failure_is_nobodys(void) {
  mt_executor *ex = open_here(NULL);
  for (int i = 0; i < 50; i++) {
    mt_future *f = mt_submit(ex, joins_and_fails_as_planned, mt_int(3));
    FAILS_WITH(f, ENOENT);
    assert_string_equal(mt_failure(f)->message, "mine");
    mt_unref(f);
  }
  close_here(ex);
}

static mt_value joins_text(mt_value arg) {
  mt_job job;
  mt_fork(&job, task_echo, arg);
  mt_value value = mt_join(&job);
  return mt_text("%s, joined", (char *)value.data);
}

static void a_job_may_carry_anything(void) {
  mt_executor *ex = open_here(NULL);
  mt_future *f = mt_submit(ex, joins_text, mt_ptr("text"));
  mt_value value;
  STATUS(mt_get(f, MT_FOREVER, &value), 0);
  assert_string_equal(value.data, "text, joined");
  mt_unref(f);
  close_here(ex);
}

/* Jobs that wait: a joiner waits for them without running anybody else's work on its stack. */
static mt_value waits_and_counts(mt_value arg) {
  intptr_t depth = mt_as_int(arg);
  if (depth == 0) {
    mt_status st = mt_sleep(MT_US(50));
    return st < 0 ? mt_give_up(st) : mt_int(1);
  }
  mt_job job;
  mt_fork(&job, waits_and_counts, mt_int(depth - 1));
  mt_yield();
  intptr_t right = mt_as_int(waits_and_counts(mt_int(depth - 1)));
  return mt_int(mt_as_int(mt_join(&job)) + right);
}

static void jobs_may_wait(void) {
  mt_executor *ex = open_with(4);
  mt_future *f[4];
  for (int i = 0; i < 4; i++) f[i] = mt_submit(ex, waits_and_counts, mt_int(6));
  for (int i = 0; i < 4; i++) {
    GIVES(f[i], 64);
    mt_unref(f[i]);
  }
  close_here(ex);
}

struct nested {
  mt_executor *ex;
};

static mt_value waits_for_a_task(mt_value arg) {
  struct nested *nested = arg.data;
  mt_future *f = mt_submit(nested->ex, fib, mt_int(8));
  mt_value value = mt_none();
  mt_status st = mt_get(f, MT_FOREVER, &value);
  mt_unref(f);
  return st < 0 ? mt_give_up(st) : value;
}

static mt_value forks_waiting_jobs(mt_value arg) {
  mt_job jobs[10];
  intptr_t sum = 0;
  for (int i = 0; i < 10; i++) mt_fork(&jobs[i], waits_for_a_task, arg);
  for (int i = 10; i-- > 0;) sum += mt_as_int(mt_join(&jobs[i]));
  return mt_int(sum);
}

static void jobs_may_submit_and_wait(void) {
  mt_executor *ex = open_with(1);
  struct nested nested = {ex};
  mt_future *f = mt_submit(ex, forks_waiting_jobs, mt_ptr(&nested));
  GIVES(f, 210);
  mt_unref(f);
  close_here(ex);
}

/* A job shares its task's cancel, and the joiner waits for it though it is cancelled itself. */
struct shared_cancel {
  struct latch begun;
  atomic_bool job_saw_it, job_ended;
  bool ended_before_join;
  mt_status joiner;
};

static mt_value looks_for_cancel(mt_value arg) {
  struct shared_cancel *s = arg.data;
  while (!mt_cancelled()) mt_yield();
  atomic_store(&s->job_saw_it, true);
  mt_status st = mt_sleep(MT_SECONDS(1));
  for (int i = 0; i < 10; i++) mt_yield();
  atomic_store(&s->job_ended, true);
  return mt_int(st);
}

static mt_value forks_and_is_cancelled(mt_value arg) {
  struct shared_cancel *s = arg.data;
  mt_job job;
  mt_fork(&job, looks_for_cancel, mt_ptr(s));
  s->joiner = mt_sleep(MT_FOREVER);
  mt_value value = mt_join(&job);
  s->ended_before_join = atomic_load(&s->job_ended);
  return value;
}

static void jobs_share_their_tasks_cancel(void) {
  mt_executor *ex = open_with(2);
  struct shared_cancel s = {.joiner = 1};
  mt_future *f = mt_submit(ex, forks_and_is_cancelled, mt_ptr(&s));
  UNTIL(suspended_in(ex) >= 1);
  assert_true(mt_cancel(f));
  GIVES(f, MT_ECANCELED);
  STATUS(s.joiner, MT_ECANCELED);
  assert_true(atomic_load(&s.job_saw_it));
  assert_true(s.ended_before_join);
  mt_unref(f);
  close_here(ex);
}

/* Merge sort by fork and join, against qsort. */
struct part {
  int *items, *spare;
  size_t n;
};

static mt_value sorts(mt_value arg) {
  struct part *part = arg.data;
  if (part->n < 2) return mt_none();
  size_t half = part->n / 2;
  struct part left = {part->items, part->spare, half};
  struct part right = {part->items + half, part->spare + half, part->n - half};
  mt_job job;
  mt_fork(&job, sorts, mt_ptr(&left));
  (void)sorts(mt_ptr(&right));
  (void)mt_join(&job);
  size_t a = 0, b = half;
  for (size_t i = 0; i < part->n; i++) {
    bool from_left = b == part->n || (a < half && part->items[a] <= part->items[b]);
    part->spare[i] = part->items[from_left ? a++ : b++];
  }
  memcpy(part->items, part->spare, part->n * sizeof *part->items);
  return mt_none();
}

static int by_value(const void *a, const void *b) {
  int x = *(const int *)a, y = *(const int *)b;
  return (x > y) - (x < y);
}

static void a_parallel_sort_sorts(void) {
  size_t n = shrunk(200000);
  int *items = calloc(n, sizeof *items), *spare = calloc(n, sizeof *spare);
  int *wanted = calloc(n, sizeof *wanted);
  assert_true(items != NULL && spare != NULL && wanted != NULL);
  uint32_t seed = 12345;
  for (size_t i = 0; i < n; i++) {
    seed = seed * 1664525u + 1013904223u;
    items[i] = wanted[i] = (int)(seed >> 8);
  }
  qsort(wanted, n, sizeof *wanted, by_value);
  mt_executor *ex = open_here(NULL);
  struct part part = {items, spare, n};
  mt_future *f = mt_submit(ex, sorts, mt_ptr(&part));
  GIVES(f, 0);
  mt_unref(f);
  close_here(ex);
  assert_memory_equal(items, wanted, n * sizeof *items);
  free(items);
  free(spare);
  free(wanted);
}

static const struct check checks[] = {
    CHECK(recursion_gives_the_right_number, NEST),
    CHECK(several_recursions_at_once, NEST),
    CHECK(outside_a_task_it_runs_at_the_fork, 0),
    CHECK(many_jobs_are_joined_in_reverse_order, NEST),
    CHECK(a_jobs_failure_is_a_value_to_look_at, NEST),
    CHECK(a_jobs_unreturned_failure_is_nobodys, NEST),
    CHECK(a_job_may_carry_anything, NEST),
    CHECK(jobs_may_wait, NEST),
    CHECK(jobs_may_submit_and_wait, NEST),
    CHECK(jobs_share_their_tasks_cancel, ALL),
    CHECK(a_parallel_sort_sorts, NEST),
};
CONTRACT(checks)
