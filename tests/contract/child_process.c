/* SPDX-License-Identifier: MIT
 *
 * fork(2): the child's calls say MT_EFORKED, closing there only frees, and the parent goes on.
 *
 * A child asserts nothing: it counts what is wrong and ends with that count.
 */
#include "tasks.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_SECONDS 30

struct heirloom {
  mt_executor *ex;
  mt_future *settled, *pending, *running;
  mt_group *group;
};

static int wrong(mt_status got, mt_status want, const char *what) {
  if (got == want) return 0;
  fprintf(stderr, "in the child, %s gives %d (%s), not %d\n", what, got, mt_status_text(got), want);
  return 1;
}

static int refused(mt_future *f, const char *what) {
  const mt_error *error = mt_failure(f);
  int n = wrong(error == NULL ? 0 : error->code, MT_EFORKED, what);
  mt_unref(f);
  return n;
}

static int looks_around(const struct heirloom *h) {
  int n = 0;
  n += refused(mt_submit(h->ex, task_next, mt_int(1)), "mt_submit");
  n += refused(submit_as(h->ex, .fn = task_next, .delay_ns = 5), "mt_submit_task");
  n += wrong(mt_wait(h->pending, MT_FOREVER), MT_EFORKED, "mt_wait");
  n += wrong(mt_get(h->pending, MT_FOREVER, NULL), MT_EFORKED, "mt_get");
  n += wrong(mt_get(h->settled, MT_FOREVER, NULL), 0, "mt_get of a settled future");
  n += wrong(mt_shutdown(h->ex, 0, MT_FOREVER), MT_EFORKED, "mt_shutdown");
  n += wrong(mt_go(h->group, h->ex, task_next, mt_int(1)), MT_EFORKED, "mt_go");
  n += wrong(mt_close(h->ex), 0, "mt_close");
  return n;
}

/* An executor of the child's own works as anywhere. */
static int starts_anew(void) {
  mt_executor *ex;
  int n = wrong(mt_open(contract_where(), NULL, &ex), 0, "mt_open");
  if (n > 0) return n;
  mt_future *f = mt_submit(ex, task_next, mt_int(41));
  mt_value value = mt_none();
  n += wrong(mt_get(f, MT_FOREVER, &value), 0, "mt_get of a new future");
  n += mt_as_int(value) != 42;
  mt_unref(f);
  n += wrong(mt_close(ex), 0, "mt_close of a new executor");
  return n;
}

static int status_of_child(int (*what)(const struct heirloom *), const struct heirloom *h) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(CHILD_SECONDS); /* the watchdog has stayed with the parent */
    _exit(what(h));
  }
  int status = 0;
  while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void inherit(struct heirloom *h, struct gate *gate) {
  h->ex = open_with(4);
  gate_init(gate);
  h->settled = mt_submit(h->ex, task_next, mt_int(1));
  STATUS(mt_wait(h->settled, MT_FOREVER), 0);
  h->pending = submit_as(h->ex, .fn = task_next, .delay_ns = MT_SECONDS(3600));
  h->running = mt_submit(h->ex, task_gate, mt_ptr(gate));
  UNTIL(suspended_in(h->ex) == 1);
  STATUS(mt_group_open(&h->group), 0);
}

static void go_on(struct heirloom *h, struct gate *gate) {
  gate_open(gate);
  GIVES(h->running, 1);
  mt_future *f = mt_submit(h->ex, task_next, mt_int(1));
  GIVES(f, 2);
  mt_unref(f);
  assert_true(mt_cancel(h->pending));
  STATUS(mt_group_close(h->group), 0);
  mt_unref(h->settled);
  mt_unref(h->pending);
  mt_unref(h->running);
  close_here(h->ex);
  gate_fini(gate);
}

static void the_childs_calls_say_so_and_the_parent_goes_on(void) {
  struct heirloom h;
  struct gate gate;
  inherit(&h, &gate);
  for (int i = 0; i < 5; i++) assert_int_equal(status_of_child(looks_around, &h), 0);
  go_on(&h, &gate);
}

static int closes_only(const struct heirloom *h) {
  return wrong(mt_close(h->ex), 0, "mt_close");
}

static int waits_for_a_task_of_the_parent(const struct heirloom *h) {
  return wrong(mt_wait(h->running, MT_FOREVER), MT_EFORKED, "mt_wait");
}

static void closing_in_the_child_only_frees(void) {
  struct heirloom h;
  struct gate gate;
  inherit(&h, &gate);
  assert_int_equal(status_of_child(closes_only, &h), 0);
  assert_int_equal(status_of_child(waits_for_a_task_of_the_parent, &h), 0);
  go_on(&h, &gate);
}

#if defined(__SANITIZE_THREAD__)
#define NO_THREADS_AFTER_FORK 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define NO_THREADS_AFTER_FORK 1
#endif
#endif

static int opens_another(const struct heirloom *h) {
  (void)h;
  return starts_anew();
}

static void the_child_may_open_an_executor_of_its_own(void) {
#ifdef NO_THREADS_AFTER_FORK
  (void)opens_another;
  skip(); /* the sanitizer ends a forked child that starts a thread */
#else
  struct heirloom h;
  struct gate gate;
  inherit(&h, &gate);
  assert_int_equal(status_of_child(opens_another, &h), 0);
  go_on(&h, &gate);
#endif
}

/* A task that forks while another waits for its slot. In the child there are no workers: a wait
 * must not run the parent's tasks there. */
struct forking {
  mt_executor *ex;
  atomic_uint ran;
};

static int waits_in_the_child(const struct forking *forking) {
  int n = refused(mt_submit(forking->ex, task_next, mt_int(1)), "mt_submit in a task");
  mt_status st = mt_sleep(MT_MS(2));
  if (st != 0) n += wrong(st, MT_EFORKED, "mt_sleep in a task");
  if (atomic_load(&forking->ran) != 0) n += wrong(1, 0, "the number of tasks that ran");
  return n;
}

static mt_value forks_inside(mt_value arg) {
  struct forking *forking = arg.data;
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(CHILD_SECONDS);
    _exit(waits_in_the_child(forking));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  return mt_int(child > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

static void a_task_may_fork(void) {
  mt_executor *ex = open_with(1);
  struct forking forking = {.ex = ex};
  struct latch latch;
  latch_init(&latch);
  bool overlap = (mt_capabilities(ex) & MT_CAN_OVERLAP) != 0;
  mt_future *first = overlap ? mt_submit(ex, task_latch, mt_ptr(&latch)) : NULL;
  mt_future *f = mt_submit(ex, forks_inside, mt_ptr(&forking));
  mt_future *queued = mt_submit(ex, task_count, mt_ptr(&forking.ran));
  latch_open(&latch);
  GIVES(f, 0);
  STATUS(mt_wait(queued, MT_FOREVER), 0);
  assert_int_equal(atomic_load(&forking.ran), 1);
  mt_unref(first);
  mt_unref(f);
  mt_unref(queued);
  close_here(ex);
  latch_fini(&latch);
}

/* It forks while other threads are in the middle of opening and closing. */
static atomic_bool enough;

static void *opens_and_closes(void *arg) {
  while (!atomic_load(&enough)) {
    mt_executor *ex;
    if (mt_open(contract_where(), NULL, &ex) == 0) mt_close(ex);
  }
  return arg;
}

static int opens_inline(const struct heirloom *h) {
  (void)h;
  mt_executor *ex;
  int n = wrong(mt_open("inline", NULL, &ex), 0, "mt_open");
  if (n > 0) return n;
  mt_future *f = mt_submit(ex, task_next, mt_int(41));
  n += wrong(mt_get(f, MT_FOREVER, NULL), 0, "mt_get");
  mt_unref(f);
  return n + wrong(mt_close(ex), 0, "mt_close");
}

static void a_fork_finds_no_lock_taken(void) {
  pthread_t threads[2];
  atomic_store(&enough, false);
  for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, opens_and_closes, NULL);
  int bad = 0;
  for (int i = 0; i < 50 && bad == 0; i++) bad += status_of_child(opens_inline, NULL) != 0;
  atomic_store(&enough, true);
  for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
  assert_int_equal(bad, 0);
}

static const struct check checks[] = {
    CHECK(the_childs_calls_say_so_and_the_parent_goes_on, OVERLAP),
    CHECK(closing_in_the_child_only_frees, OVERLAP),
    CHECK(the_child_may_open_an_executor_of_its_own, OVERLAP),
    CHECK(a_task_may_fork, SHARE),
    CHECK(a_fork_finds_no_lock_taken, SHARE),
};
CONTRACT(checks)
