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
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* One who waits for a descriptor. */
struct party {
  mti_fiber fiber;
  mti_fdwait wait;
  int fd;
};

static void come(struct party *p, int fd, int events) {
  *p = (struct party){.fd = fd, .wait = {.fiber = &p->fiber, .events = events}};
}

static bool is_woken(const struct party *p) {
  return atomic_load(&p->fiber.park) == MTI_NOTIFIED;
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

/* A reactor, and a pipe or a pair of sockets. */
struct scene {
  mti_reactor r;
  int in, out;
};

static void shut(int *fd) {
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

static void begin_with(struct scene *s, const int fd[2]) {
  mti_reactor_init(&s->r);
  s->in = fd[0];
  s->out = fd[1];
}

static void begin(struct scene *s) {
  int fd[2];
  assert_int_equal(pipe(fd), 0);
  begin_with(s, fd);
}

static void end(struct scene *s) {
  assert_int_equal(s->r.waiting, 0);
  mti_reactor_fini(&s->r);
  shut(&s->in);
  shut(&s->out);
}

static void add(struct scene *s, struct party *p, int fd, int events) {
  come(p, fd, events);
  assert_int_equal(mti_reactor_add(&s->r, fd, &p->wait), 0);
}

static void withdraw(struct scene *s, struct party *p) {
  mti_reactor_remove(&s->r, p->fd, &p->wait);
}

static void a_pipe_becomes_readable(void) {
  struct scene s;
  struct party p;
  begin(&s);
  add(&s, &p, s.in, POLLIN);
  assert_int_equal(s.r.waiting, 1);
  mti_reactor_wait(&s.r, 0);
  waits_still(&p);
  put(s.out);
  mti_reactor_wait(&s.r, -1);
  ready(&p, POLLIN);
  end(&s);
}

static void readiness_from_before_counts(void) {
  struct scene s;
  struct party in, out;
  begin(&s);
  put(s.out);
  add(&s, &in, s.in, POLLIN);
  add(&s, &out, s.out, POLLOUT);
  while (s.r.waiting > 0) mti_reactor_wait(&s.r, -1);
  ready(&in, POLLIN);
  ready(&out, POLLOUT);
  end(&s);
}

static void each_wait_is_told_once(void) {
  struct scene s;
  struct party p;
  begin(&s);
  put(s.out); /* stays readable */
  for (int i = 0; i < 100; i++) {
    add(&s, &p, s.in, POLLIN);
    mti_reactor_wait(&s.r, -1);
    ready(&p, POLLIN);
    assert_int_equal(s.r.waiting, 0);
    mti_reactor_wait(&s.r, 0); /* nobody is left who could be told */
  }
  end(&s);
}

static void who_was_removed_is_not_told(void) {
  struct scene s;
  struct party p, other;
  begin(&s);
  add(&s, &p, s.in, POLLIN);
  withdraw(&s, &p);
  assert_int_equal(s.r.waiting, 0);
  put(s.out);
  mti_reactor_wait(&s.r, 0);
  waits_still(&p);
  add(&s, &p, s.in, POLLIN); /* comes back, with another beside it */
  add(&s, &other, s.in, POLLIN);
  withdraw(&s, &p);
  assert_int_equal(s.r.waiting, 1);
  mti_reactor_wait(&s.r, -1);
  waits_still(&p);
  ready(&other, POLLIN);
  withdraw(&s, &other); /* ready already: nothing to take back */
  end(&s);
}

static void hanging_up_ends_a_wait_for_anything(void) {
  for (int events = 0; events <= POLLIN; events += POLLIN) {
    struct scene s;
    struct party p;
    begin(&s);
    add(&s, &p, s.in, events | POLLPRI);
    mti_reactor_wait(&s.r, 0);
    waits_still(&p);
    shut(&s.out);
    mti_reactor_wait(&s.r, -1);
    assert_true(p.wait.ready & POLLHUP);
    assert_true(is_woken(&p));
    end(&s);
  }
}

static void a_pipe_without_a_reader_is_an_error(void) {
  struct scene s;
  struct party p;
  begin(&s);
  fcntl(s.out, F_SETFL, O_NONBLOCK);
  static const char block[4096];
  while (write(s.out, block, sizeof block) > 0) continue; /* full: not writable */
  add(&s, &p, s.out, POLLOUT);
  mti_reactor_wait(&s.r, 0);
  waits_still(&p);
  shut(&s.in);
  mti_reactor_wait(&s.r, -1);
  assert_true(p.wait.ready & POLLERR);
  assert_true(is_woken(&p));
  end(&s);
}

static void one_descriptor_may_have_many_waits(void) {
  struct scene s;
  int fd[2];
  struct party in[3], out;
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
  begin_with(&s, fd);
  for (int i = 0; i < 3; i++) add(&s, &in[i], s.in, POLLIN);
  add(&s, &out, s.in, POLLOUT);
  mti_reactor_wait(&s.r, -1);
  ready(&out, POLLOUT);
  for (int i = 0; i < 3; i++) waits_still(&in[i]);
  assert_int_equal(s.r.waiting, 3);
  put(s.out);
  mti_reactor_wait(&s.r, -1);
  for (int i = 0; i < 3; i++) ready(&in[i], POLLIN);
  end(&s);
}

static void of_many_descriptors_those_that_are_ready_are_told(void) {
  enum { N = 150 };
  static int fd[N][2];
  static struct party p[N];
  struct rlimit files;
  struct scene s;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 2 * N + 20) skip();
  begin(&s);
  for (int i = 0; i < N; i++) {
    assert_int_equal(pipe(fd[i]), 0);
    add(&s, &p[i], fd[i][0], POLLIN);
  }
  size_t left = N;
  for (int i = 0; i < N; i += 3, left--) put(fd[i][1]);
  while (s.r.waiting > left) mti_reactor_wait(&s.r, -1);
  mti_reactor_wait(&s.r, 0);
  assert_int_equal(s.r.waiting, left);
  for (int i = 0; i < N; i++) {
    if (i % 3 == 0)
      ready(&p[i], POLLIN);
    else
      waits_still(&p[i]);
  }
  for (int i = 0; i < N; i++) {
    if (i % 3 != 0) withdraw(&s, &p[i]);
    close(fd[i][0]);
    close(fd[i][1]);
  }
  end(&s);
}

static void a_number_may_be_another_descriptor_later(void) {
  mti_reactor r;
  mti_reactor_init(&r);
  for (int i = 0; i < 10; i++) { /* the numbers are the same each time */
    int fd[2];
    struct party p;
    assert_int_equal(pipe(fd), 0);
    come(&p, fd[0], POLLIN);
    assert_int_equal(mti_reactor_add(&r, p.fd, &p.wait), 0);
    if (i % 2 == 0) {
      put(fd[1]);
      mti_reactor_wait(&r, -1);
      ready(&p, POLLIN);
    } else {
      mti_reactor_remove(&r, p.fd, &p.wait);
    }
    close(fd[0]);
    close(fd[1]);
  }
  mti_reactor_fini(&r);
}

static void a_file_is_ready_at_once(void) {
  struct scene s;
  struct party p;
  FILE *file = tmpfile();
  if (file == NULL) skip();
  begin(&s);
  come(&p, fileno(file), POLLIN);
  assert_int_equal(mti_reactor_add(&s.r, p.fd, &p.wait), POLLIN);
  p.wait.events = POLLIN | POLLOUT;
  assert_int_equal(mti_reactor_add(&s.r, p.fd, &p.wait), POLLIN | POLLOUT);
  end(&s);
  fclose(file);
}

static void what_is_no_descriptor_is_refused(void) {
  struct scene s;
  begin(&s);
  int closed = s.in;
  shut(&s.in);
  const int numbers[] = {-1, INT_MIN, INT_MAX, 1000000, closed};
  struct party p;
  come(&p, closed, POLLIN);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    errno = 0;
    assert_int_equal(mti_reactor_add(&s.r, numbers[i], &p.wait), MT_ESYSTEM);
    assert_int_equal(errno, EBADF);
  }
  assert_true(s.r.slots < 10000); /* a number alone does not make the table large */
  end(&s);
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
  struct scene s;
  struct party p;
  begin(&s);
  add(&s, &p, s.in, POLLIN);
  static const int64_t waits[] = {1, MT_US(300), MT_MS(2)};
  for (int i = 0; i < 3; i++) {
    int64_t until_ns = mt_now_ns() + waits[i];
    mti_reactor_wait(&s.r, waits[i]);
    assert_true(mt_now_ns() >= until_ns);
    waits_still(&p);
  }
  withdraw(&s, &p);
  end(&s);
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
