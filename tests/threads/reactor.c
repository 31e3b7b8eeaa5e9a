/* SPDX-License-Identifier: MIT
 *
 * A worker's descriptors, through reactor.h alone: the same tests hold for epoll and for poll. The
 * fibers that wait are empty ones: being woken leaves a token in them, and nothing is run.
 */
#include "threads/reactor.h"
#include "contract.h"
#include "threads/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* One who waits for a descriptor. */
struct party {
  mti_fiber *fiber;
  mti_fdwait wait;
  int fd;
};

static void come(struct party *p, int fd, int events) {
  p->fiber = aligned_alloc(64, (sizeof *p->fiber + 63) / 64 * 64);
  assert_non_null(p->fiber);
  *p->fiber = (mti_fiber){.needs_slot = false};
  p->wait = (mti_fdwait){.fiber = p->fiber, .events = events};
  p->fd = fd;
}

static void leave(struct party *p) {
  free(p->fiber);
}

static bool is_woken(const struct party *p) {
  return atomic_load(&p->fiber->park) == MTI_NOTIFIED;
}

static void add(mti_reactor *r, struct party *p) {
  assert_int_equal(mti_reactor_add(r, p->fd, &p->wait), 0);
}

/* Ready means: told which events, woken, and out of the table. */
static void ready(const struct party *p, int events) {
  assert_int_equal(p->wait.ready, events);
  assert_true(is_woken(p));
}
static void waits_still(const struct party *p) {
  assert_int_equal(p->wait.ready, 0);
  assert_false(is_woken(p));
}

static void put(int fd) {
  assert_int_equal(write(fd, "x", 1), 1);
}

static void a_pipe_becomes_readable(void) {
  mti_reactor r;
  int fd[2];
  struct party p;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  come(&p, fd[0], POLLIN);
  add(&r, &p);
  assert_int_equal(r.waiting, 1);
  mti_reactor_wait(&r, 0);
  waits_still(&p);
  put(fd[1]);
  mti_reactor_wait(&r, -1);
  ready(&p, POLLIN);
  assert_int_equal(r.waiting, 0);
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
  leave(&p);
}

static void readiness_from_before_counts(void) {
  mti_reactor r;
  int fd[2];
  struct party in, out;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  put(fd[1]);
  come(&in, fd[0], POLLIN);
  come(&out, fd[1], POLLOUT);
  add(&r, &in);
  add(&r, &out);
  while (r.waiting > 0) mti_reactor_wait(&r, -1);
  ready(&in, POLLIN);
  ready(&out, POLLOUT);
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
  leave(&in);
  leave(&out);
}

static void each_wait_is_told_once(void) {
  mti_reactor r;
  int fd[2];
  struct party p;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  put(fd[1]); /* stays readable */
  for (int i = 0; i < 100; i++) {
    come(&p, fd[0], POLLIN);
    add(&r, &p);
    mti_reactor_wait(&r, -1);
    ready(&p, POLLIN);
    assert_int_equal(r.waiting, 0);
    mti_reactor_wait(&r, 0); /* nobody is left who could be told */
    leave(&p);
  }
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
}

static void who_was_removed_is_not_told(void) {
  mti_reactor r;
  int fd[2];
  struct party p, other;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  come(&p, fd[0], POLLIN);
  come(&other, fd[0], POLLIN);
  add(&r, &p);
  mti_reactor_remove(&r, fd[0], &p.wait);
  assert_int_equal(r.waiting, 0);
  put(fd[1]);
  mti_reactor_wait(&r, 0);
  waits_still(&p);
  add(&r, &p); /* and comes back, with another beside it */
  add(&r, &other);
  mti_reactor_remove(&r, fd[0], &p.wait);
  assert_int_equal(r.waiting, 1);
  mti_reactor_wait(&r, -1);
  waits_still(&p);
  ready(&other, POLLIN);
  mti_reactor_remove(&r, fd[0], &other.wait); /* ready already: nothing to take back */
  assert_int_equal(r.waiting, 0);
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
  leave(&p);
  leave(&other);
}

static void hanging_up_ends_a_wait_for_anything(void) {
  for (int events = 0; events <= POLLIN; events += POLLIN) {
    mti_reactor r;
    int fd[2];
    struct party p;
    mti_reactor_init(&r);
    assert_int_equal(pipe(fd), 0);
    come(&p, fd[0], events | POLLPRI);
    add(&r, &p);
    mti_reactor_wait(&r, 0);
    waits_still(&p);
    close(fd[1]);
    mti_reactor_wait(&r, -1);
    assert_true(p.wait.ready & POLLHUP);
    assert_true(is_woken(&p));
    mti_reactor_fini(&r);
    close(fd[0]);
    leave(&p);
  }
}

static void a_pipe_without_a_reader_is_an_error(void) {
  mti_reactor r;
  int fd[2];
  struct party p;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  fcntl(fd[1], F_SETFL, O_NONBLOCK);
  static const char block[4096];
  while (write(fd[1], block, sizeof block) > 0) continue; /* full: not writable */
  come(&p, fd[1], POLLOUT);
  add(&r, &p);
  mti_reactor_wait(&r, 0);
  waits_still(&p);
  close(fd[0]);
  mti_reactor_wait(&r, -1);
  assert_true(p.wait.ready & POLLERR);
  assert_true(is_woken(&p));
  mti_reactor_fini(&r);
  close(fd[1]);
  leave(&p);
}

static void one_descriptor_may_have_many_waits(void) {
  mti_reactor r;
  int fd[2];
  struct party in[3], out;
  mti_reactor_init(&r);
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
  for (int i = 0; i < 3; i++) {
    come(&in[i], fd[0], POLLIN);
    add(&r, &in[i]);
  }
  come(&out, fd[0], POLLOUT);
  add(&r, &out);
  mti_reactor_wait(&r, -1);
  ready(&out, POLLOUT);
  for (int i = 0; i < 3; i++) waits_still(&in[i]);
  assert_int_equal(r.waiting, 3);
  put(fd[1]);
  mti_reactor_wait(&r, -1);
  for (int i = 0; i < 3; i++) ready(&in[i], POLLIN);
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
  for (int i = 0; i < 3; i++) leave(&in[i]);
  leave(&out);
}

static void of_many_descriptors_those_that_are_ready_are_told(void) {
  enum { N = 150 };
  static int fd[N][2];
  static struct party p[N];
  struct rlimit files;
  mti_reactor r;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 2 * N + 20) skip();
  mti_reactor_init(&r);
  for (int i = 0; i < N; i++) {
    assert_int_equal(pipe(fd[i]), 0);
    come(&p[i], fd[i][0], POLLIN);
    add(&r, &p[i]);
  }
  size_t left = N;
  for (int i = 0; i < N; i += 3, left--) put(fd[i][1]);
  while (r.waiting > left) mti_reactor_wait(&r, -1);
  mti_reactor_wait(&r, 0);
  assert_int_equal(r.waiting, left);
  for (int i = 0; i < N; i++) {
    if (i % 3 == 0)
      ready(&p[i], POLLIN);
    else
      waits_still(&p[i]);
  }
  for (int i = 0; i < N; i++) {
    if (i % 3 != 0) mti_reactor_remove(&r, fd[i][0], &p[i].wait);
    close(fd[i][0]);
    close(fd[i][1]);
    leave(&p[i]);
  }
  assert_int_equal(r.waiting, 0);
  mti_reactor_fini(&r);
}

static void a_number_may_be_another_descriptor_later(void) {
  mti_reactor r;
  int fd[2];
  mti_reactor_init(&r);
  for (int i = 0; i < 10; i++) { /* the numbers are the same each time */
    struct party p;
    assert_int_equal(pipe(fd), 0);
    come(&p, fd[0], POLLIN);
    add(&r, &p);
    if (i % 2 == 0) {
      put(fd[1]);
      mti_reactor_wait(&r, -1);
      ready(&p, POLLIN);
    } else {
      mti_reactor_remove(&r, fd[0], &p.wait);
    }
    close(fd[0]);
    close(fd[1]);
    leave(&p);
  }
  mti_reactor_fini(&r);
}

static void a_file_is_ready_at_once(void) {
  mti_reactor r;
  struct party p;
  FILE *file = tmpfile();
  if (file == NULL) skip();
  mti_reactor_init(&r);
  come(&p, fileno(file), POLLIN);
  assert_int_equal(mti_reactor_add(&r, p.fd, &p.wait), POLLIN);
  p.wait.events = POLLIN | POLLOUT;
  assert_int_equal(mti_reactor_add(&r, p.fd, &p.wait), POLLIN | POLLOUT);
  assert_int_equal(r.waiting, 0);
  mti_reactor_fini(&r);
  fclose(file);
  leave(&p);
}

static void what_is_no_descriptor_is_refused(void) {
  mti_reactor r;
  int fd[2];
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  close(fd[0]);
  close(fd[1]);
  static const int numbers[] = {-1, INT_MIN, INT_MAX, 1000000};
  struct party p;
  come(&p, fd[1], POLLIN);
  for (size_t i = 0; i < 5; i++) {
    errno = 0;
    assert_int_equal(mti_reactor_add(&r, i < 4 ? numbers[i] : p.fd, &p.wait), MT_ESYSTEM);
    assert_int_equal(errno, EBADF);
  }
  assert_int_equal(r.waiting, 0);
  assert_true(r.slots < 10000); /* a number alone does not make the table large */
  mti_reactor_fini(&r);
  leave(&p);
}

static void *wakes(void *arg) {
  mti_reactor_wake(arg);
  return NULL;
}

static void another_thread_can_wake_it(void) {
  mti_reactor r;
  pthread_t thread;
  mti_reactor_init(&r);
  assert_true(mti_reactor_prepare(&r));
  for (int i = 0; i < 100; i++) {
    assert_int_equal(pthread_create(&thread, NULL, wakes, &r), 0);
    mti_reactor_wait(&r, -1); /* before the wake-up or after it */
    pthread_join(thread, NULL);
  }
  for (int i = 0; i < 100000; i++) mti_reactor_wake(&r); /* more than the pipe holds */
  mti_reactor_wait(&r, -1);
  int64_t until_ns = mt_now_ns() + MT_MS(2);
  mti_reactor_wait(&r, MT_MS(2)); /* they counted as one */
  assert_true(mt_now_ns() >= until_ns);
  mti_reactor_fini(&r);
}

static void a_wait_with_a_time_is_not_early(void) {
  mti_reactor r;
  int fd[2];
  struct party p;
  mti_reactor_init(&r);
  assert_int_equal(pipe(fd), 0);
  come(&p, fd[0], POLLIN);
  add(&r, &p);
  static const int64_t waits[] = {1, MT_US(300), MT_MS(2)};
  for (int i = 0; i < 3; i++) {
    int64_t until_ns = mt_now_ns() + waits[i];
    mti_reactor_wait(&r, waits[i]);
    assert_true(mt_now_ns() >= until_ns);
    waits_still(&p);
  }
  mti_reactor_remove(&r, fd[0], &p.wait);
  mti_reactor_fini(&r);
  close(fd[0]);
  close(fd[1]);
  leave(&p);
}

static size_t open_descriptors(void) {
  size_t n = 0;
  for (int fd = 0; fd < 1024; fd++) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

static void it_opens_nothing_before_it_is_needed_and_closes_all(void) {
  mti_reactor r;
  size_t before = open_descriptors();
  mti_reactor_init(&r);
  assert_int_equal(open_descriptors(), before);
  assert_true(mti_reactor_prepare(&r));
  assert_true(mti_reactor_prepare(&r)); /* once is enough */
  assert_true(open_descriptors() > before);
  mti_reactor_fini(&r);
  assert_int_equal(open_descriptors(), before);
  mti_reactor_fini(&r);
}

static const struct check checks[] = {
    CHECK(a_pipe_becomes_readable, 0),
    CHECK(readiness_from_before_counts, 0),
    CHECK(each_wait_is_told_once, 0),
    CHECK(who_was_removed_is_not_told, 0),
    CHECK(hanging_up_ends_a_wait_for_anything, 0),
    CHECK(a_pipe_without_a_reader_is_an_error, 0),
    CHECK(one_descriptor_may_have_many_waits, 0),
    CHECK(of_many_descriptors_those_that_are_ready_are_told, 0),
    CHECK(a_number_may_be_another_descriptor_later, 0),
    CHECK(a_file_is_ready_at_once, 0),
    CHECK(what_is_no_descriptor_is_refused, 0),
    CHECK(another_thread_can_wake_it, 0),
    CHECK(a_wait_with_a_time_is_not_early, 0),
    CHECK(it_opens_nothing_before_it_is_needed_and_closes_all, 0),
};
RULE(checks)
