/* SPDX-License-Identifier: MIT
 *
 * A bounded queue: it waits, it refuses, or it has the submitter run the task.
 */
#include "tasks.h"

#include <errno.h>

static mt_executor *open_bounded(unsigned in_flight, unsigned limit, mt_when_full when_full) {
  return open_here(
      &(mt_options){.in_flight = in_flight, .queue_limit = limit, .when_full = when_full});
}

/* One slot, held; and a queue filled to its limit. */
struct full {
  mt_executor *ex;
  struct plug plug;
  mt_future *holder, *queued[4];
  atomic_uint count;
};

static void full_init(struct full *full, mt_when_full when_full) {
  full->ex = open_bounded(1, 4, when_full);
  atomic_init(&full->count, 0);
  plug_init(&full->plug);
  full->holder = mt_submit(full->ex, task_plug, mt_ptr(&full->plug));
  UNTIL(suspended_in(full->ex) == 1);
  for (int i = 0; i < 4; i++)
    full->queued[i] = mt_submit(full->ex, task_count, mt_ptr(&full->count));
  assert_int_equal(queued_in(full->ex), 4);
}

static void full_fini(struct full *full) {
  plug_pull(&full->plug);
  GIVES(full->holder, 1);
  mt_unref(full->holder);
  for (int i = 0; i < 4; i++) {
    STATUS(mt_wait(full->queued[i], MT_FOREVER), 0);
    mt_unref(full->queued[i]);
  }
  close_here(full->ex);
  plug_fini(&full->plug);
}

static void full_it_refuses(void) {
  struct full full;
  full_init(&full, MT_FULL_REFUSE);
  for (int i = 0; i < 3; i++) {
    mt_future *f = mt_submit(full.ex, task_count, mt_ptr(&full.count));
    FAILS_WITH(f, MT_EFULL);
    assert_int_equal(mt_attempts(f), 0);
    mt_unref(f);
  }
  mt_group *g;
  STATUS(mt_group_open(&g), 0);
  STATUS(mt_go(g, full.ex, task_count, mt_ptr(&full.count)), MT_EFULL);
  STATUS(mt_group_close(g), 0);
  assert_true(mt_cancel(full.queued[0])); /* makes room for one */
  mt_future *f = mt_submit(full.ex, task_count, mt_ptr(&full.count));
  mt_future *g2 = mt_submit(full.ex, task_count, mt_ptr(&full.count));
  FAILS_WITH(g2, MT_EFULL);
  plug_pull(&full.plug);
  GIVES(f, 0);
  mt_unref(f);
  mt_unref(g2);
  full_fini(&full);
  assert_int_equal(atomic_load(&full.count), 4);
}

static void delayed_tasks_fill_it_too(void) {
  mt_executor *ex = open_bounded(1, 2, MT_FULL_REFUSE);
  mt_future *f[3];
  for (int i = 0; i < 3; i++) f[i] = submit_as(ex, .fn = task_next, .delay_ns = MT_SECONDS(3600));
  FAILS_WITH(f[2], MT_EFULL);
  for (int i = 0; i < 2; i++) assert_true(mt_cancel(f[i]));
  for (int i = 0; i < 3; i++) mt_unref(f[i]);
  close_here(ex);
}

struct submitter {
  struct full *full;
  mt_future *future;
  atomic_bool here, through;
};

static void *submits_outside(void *arg) {
  struct submitter *s = arg;
  atomic_store(&s->here, true);
  s->future = mt_submit(s->full->ex, task_count, mt_ptr(&s->full->count));
  atomic_store(&s->through, true);
  return NULL;
}

static void full_it_makes_a_thread_wait(void) {
  struct full full;
  full_init(&full, MT_FULL_WAIT);
  struct submitter s = {.full = &full};
  pthread_t thread;
  pthread_create(&thread, NULL, submits_outside, &s);
  UNTIL(atomic_load(&s.here));
  for (int i = 0; i < 20; i++) contract_pause(); /* time enough to do it wrong */
  assert_false(atomic_load(&s.through));
  assert_int_equal(queued_in(full.ex), 4);
  plug_pull(&full.plug);
  pthread_join(thread, NULL);
  GIVES(s.future, 0);
  mt_unref(s.future);
  full_fini(&full);
  assert_int_equal(atomic_load(&full.count), 5);
}

/* A task of one slot that submits more than fits: it gives up its slot while it waits for room. */
struct feeder {
  mt_executor *ex;
  unsigned n;
  atomic_uint count;
  unsigned most_queued;
};

static mt_value feeds(mt_value arg) {
  struct feeder *feeder = arg.data;
  for (unsigned i = 0; i < feeder->n; i++) {
    mt_future *f = mt_submit(feeder->ex, task_count, mt_ptr(&feeder->count));
    const mt_error *error = mt_failure(f);
    int code = error == NULL ? 0 : error->code;
    mt_unref(f);
    if (code != 0) return mt_fail(code, "refused");
    unsigned queued = queued_in(feeder->ex);
    if (queued > feeder->most_queued) feeder->most_queued = queued;
  }
  return mt_none();
}

static void a_task_may_overfill_its_own_queue(void) {
  for (int policy = MT_FULL_WAIT; policy <= MT_FULL_RUN; policy += MT_FULL_RUN) {
    mt_executor *ex = open_bounded(1, 3, (mt_when_full)policy);
    struct feeder feeder = {.ex = ex, .n = 500};
    mt_future *f = mt_submit(ex, feeds, mt_ptr(&feeder));
    GIVES(f, 0);
    mt_unref(f);
    close_here(ex);
    assert_int_equal(atomic_load(&feeder.count), 500);
    assert_true(feeder.most_queued <= 3);
  }
}

static void the_queue_never_holds_more_than_its_limit(void) {
  mt_executor *ex = open_bounded(2, 5, MT_FULL_WAIT);
  struct feeder feeder = {.ex = ex, .n = 2000};
  for (unsigned i = 0; i < feeder.n; i++) {
    mt_unref(mt_submit(ex, task_count, mt_ptr(&feeder.count)));
    assert_true(queued_in(ex) <= 5);
  }
  close_here(ex);
  assert_int_equal(atomic_load(&feeder.count), 2000);
}

struct cut {
  struct full *full;
  struct gate gate;
  mt_future *refused;
};

static mt_value waits_for_room(mt_value arg) {
  struct cut *cut = arg.data;
  cut->refused = mt_submit(cut->full->ex, task_count, mt_ptr(&cut->full->count));
  return mt_none();
}

static void a_wait_for_room_can_be_cut(void) {
  mt_executor *other = open_with(2);
  for (int deadline = 0; deadline <= 1; deadline++) {
    struct full full;
    full_init(&full, MT_FULL_WAIT);
    struct cut cut = {.full = &full};
    mt_future *f = submit_as(other, .fn = waits_for_room, .arg = mt_ptr(&cut),
                             .timeout_ns = deadline ? MT_MS(5) : 0);
    if (!deadline) {
      UNTIL(suspended_in(other) == 1);
      assert_true(mt_cancel(f));
    }
    STATUS(mt_wait(f, MT_FOREVER), 0);
    FAILS_WITH(cut.refused, deadline ? MT_EDEADLINE : MT_ECANCELED);
    assert_int_equal(mt_attempts(cut.refused), 0);
    mt_unref(cut.refused);
    mt_unref(f);
    full_fini(&full);
    assert_int_equal(atomic_load(&full.count), 4);
  }
  close_here(other);
}

static void a_shutdown_wakes_who_waits_for_room(void) {
  struct full full;
  full_init(&full, MT_FULL_WAIT);
  struct submitter s = {.full = &full};
  pthread_t thread;
  pthread_create(&thread, NULL, submits_outside, &s);
  UNTIL(atomic_load(&s.here));
  for (int i = 0; i < 5; i++) contract_pause();
  STATUS(mt_shutdown(full.ex, MT_CANCEL_QUEUED, 0), MT_ETIMEDOUT);
  pthread_join(thread, NULL); /* though no slot has come free */
  STATUS(mt_wait(s.future, MT_FOREVER), 0);
  assert_non_null(mt_failure(s.future));
  mt_unref(s.future);
  full_fini(&full);
  assert_int_equal(atomic_load(&full.count), 0);
}

struct here {
  pthread_t thread;
  mt_status slept;
  bool itself;
};

static mt_value says_where(mt_value arg) {
  struct here *here = arg.data;
  here->thread = pthread_self();
  here->slept = mt_sleep(1);
  here->itself = mt_self() != NULL;
  return mt_int(6);
}

static void full_it_has_the_submitter_run(void) {
  struct full full;
  full_init(&full, MT_FULL_RUN);
  struct here here = {.slept = 1};
  mt_future *f = mt_submit(full.ex, says_where, mt_ptr(&here));
  assert_true(mt_done(f)); /* though the slot is still taken */
  GIVES(f, 6);
  assert_true(pthread_equal(here.thread, pthread_self()));
  STATUS(here.slept, 0);
  assert_true(here.itself);
  assert_false(mt_done(full.holder));
  mt_unref(f);
  f = mt_submit(full.ex, task_fail, mt_int(EIO));
  FAILS_WITH(f, EIO);
  mt_unref(f);
  full_fini(&full);
  assert_int_equal(atomic_load(&full.count), 4);
}

#define FEEDERS 4

static void *feeds_outside(void *arg) {
  (void)feeds(mt_ptr(arg));
  return NULL;
}

static void many_threads_overfill_it(void) {
  for (int policy = MT_FULL_WAIT; policy <= MT_FULL_RUN; policy += MT_FULL_RUN) {
    mt_executor *ex = open_bounded(2, 3, (mt_when_full)policy);
    struct feeder feeders[FEEDERS];
    pthread_t threads[FEEDERS];
    for (int i = 0; i < FEEDERS; i++) {
      feeders[i] = (struct feeder){.ex = ex, .n = 500};
      pthread_create(&threads[i], NULL, feeds_outside, &feeders[i]);
    }
    for (int i = 0; i < FEEDERS; i++) pthread_join(threads[i], NULL);
    close_here(ex);
    for (int i = 0; i < FEEDERS; i++) {
      assert_int_equal(atomic_load(&feeders[i].count), 500);
      assert_true(feeders[i].most_queued <= 3);
    }
  }
}

static const struct check checks[] = {
    CHECK(full_it_refuses, OVERLAP),
    CHECK(delayed_tasks_fill_it_too, OVERLAP),
    CHECK(full_it_makes_a_thread_wait, OVERLAP),
    CHECK(a_task_may_overfill_its_own_queue, NEST),
    CHECK(the_queue_never_holds_more_than_its_limit, SHARE),
    CHECK(a_wait_for_room_can_be_cut, OVERLAP),
    CHECK(a_shutdown_wakes_who_waits_for_room, OVERLAP),
    CHECK(full_it_has_the_submitter_run, OVERLAP),
    CHECK(many_threads_overfill_it, SHARE),
};
CONTRACT(checks)
