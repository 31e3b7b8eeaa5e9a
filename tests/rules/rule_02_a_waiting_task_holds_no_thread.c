/* SPDX-License-Identifier: MIT
 *
 * Rule 2: a waiting task holds no thread. Tasks are ordinary sequential C on a stack of their own,
 * of which only touched pages are resident. A wait suspends the task, and its worker runs the next.
 */
#include "../scale/memory.h"

#include <dirent.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* How many threads this process has. */
static unsigned threads_now(void) {
  DIR *dir = opendir("/proc/self/task");
  if (dir == NULL) return 0;
  unsigned n = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;) n += entry->d_name[0] != '.';
  closedir(dir);
  return n;
}

struct situation {
  struct gate gate;
  struct plug plug;
  int fd;
};

/* One task in three kinds of waits, by its number. */
struct waiter {
  struct situation *situation;
  unsigned number;
};

static mt_value waits(mt_value arg) {
  const struct waiter *waiter = arg.data;
  struct situation *s = waiter->situation;
  int st = 0;
  switch (waiter->number % 4) {
  case 0:
    st = gate_pass(&s->gate);
    break;
  case 1:
    st = plug_pass(&s->plug);
    break;
  case 2:
    st = mt_wait_fd(s->fd, POLLIN, MT_FOREVER);
    break;
  default:
    st = mt_sleep(MT_FOREVER);
    break;
  }
  return st < 0 ? mt_give_up(st) : mt_int(1);
}

#define WAITERS 2000

static void thousands_wait_on_two_threads(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = WAITERS + 1});
  mt_future *first = mt_submit(ex, task_next, mt_int(1));
  GIVES(first, 2);
  mt_unref(first);
  unsigned before = threads_now();
  if (before == 0) skip(); /* no /proc here */
  struct situation s = {.fd = -1};
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  s.fd = fd[0];
  gate_init(&s.gate);
  plug_init(&s.plug);
  static struct waiter waiters[WAITERS];
  static mt_future *f[WAITERS];
  for (unsigned i = 0; i < WAITERS; i++) {
    waiters[i] = (struct waiter){&s, i};
    f[i] = mt_submit(ex, waits, mt_ptr(&waiters[i]));
  }
  UNTIL(suspended_in(ex) == WAITERS);
  assert_int_equal(threads_now(), before);
  assert_int_equal(workers_of(ex), 2);
  mt_future *next = mt_submit(ex, task_next, mt_int(1)); /* the workers run the next */
  GIVES(next, 2);
  mt_unref(next);

  gate_open(&s.gate);
  plug_pull(&s.plug);
  assert_int_equal(write(fd[1], "x", 1), 1);
  for (unsigned i = 0; i < WAITERS; i++) {
    if (i % 4 == 3) {
      assert_true(mt_cancel(f[i]));
      FAILS_WITH(f[i], MT_ECANCELED);
    } else {
      GIVES(f[i], 1);
    }
    mt_unref(f[i]);
  }
  close_here(ex);
  close(fd[0]);
  close(fd[1]);
  plug_fini(&s.plug);
  gate_fini(&s.gate);
}

static void only_touched_pages_are_resident(void) {
  if (shrunk(100) < 100) skip(); /* sanitizers and Valgrind keep books of their own */
  enum { N = 20000 };
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = N});
  mt_group *g;
  STATUS(mt_group_open(&g), 0);
  size_t before = resident_now();
  if (before == 0) skip();
  for (int i = 0; i < N; i++) STATUS(mt_go(g, ex, task_sleeper, mt_none()), 0);
  UNTIL(suspended_in(ex) == N);
  size_t each = (resident_now() - before) / N;
  print_message("%zu bytes resident for each of %d sleepers\n", each, N);
  mt_group_cancel(g);
  STATUS(mt_group_close(g), MT_ECANCELED);
  close_here(ex);
  assert_true(each < 16 * 1024); /* a few pages of a stack of 256 KiB */
}

/* Sequential code with locals on its stack, interleaved with others at every step. */
static mt_value is_sequential(mt_value arg) {
  char line[200];
  intptr_t n = mt_as_int(arg), sum = 0;
  for (intptr_t i = 0; i < 20; i++) {
    int length = snprintf(line, sizeof line, "%jd/%jd", (intmax_t)n, (intmax_t)i);
    mt_status st = mt_sleep(MT_US(10));
    if (st < 0) return mt_give_up(st);
    char again[200];
    (void)snprintf(again, sizeof again, "%jd/%jd", (intmax_t)n, (intmax_t)i);
    if (strcmp(line, again) != 0 || strlen(line) != (size_t)length) return mt_int(-1);
    sum += i;
  }
  return mt_int(sum);
}

static void each_has_a_stack_of_its_own(void) {
  mt_executor *ex = open_on("threads:2", &(mt_options){.in_flight = 200});
  mt_future *f[200];
  for (int i = 0; i < 200; i++) f[i] = mt_submit(ex, is_sequential, mt_int(i));
  for (int i = 0; i < 200; i++) {
    GIVES(f[i], 190);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(thousands_wait_on_two_threads, ALL),
    CHECK(only_touched_pages_are_resident, ALL),
    CHECK(each_has_a_stack_of_its_own, ALL),
};
RULE(checks)
