/* SPDX-License-Identifier: MIT
 *
 * mt_wait_fd: pipes, sockets, regular files, bad descriptors, several tasks on one.
 */
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct ask {
  int fd, events;
  int64_t timeout_ns;
  int got, error;
};

static void asks(struct ask *ask) {
  errno = 0;
  ask->got = mt_wait_fd(ask->fd, ask->events, ask->timeout_ns);
  ask->error = errno;
}

static mt_value asks_inside(mt_value arg) {
  asks(arg.data);
  return mt_none();
}

/* Asks in a task, or on this thread. */
static struct ask answer(mt_executor *ex, bool inside, int fd, int events, int64_t timeout_ns) {
  struct ask ask = {.fd = fd, .events = events, .timeout_ns = timeout_ns};
  if (inside) {
    mt_future *f = mt_submit(ex, asks_inside, mt_ptr(&ask));
    STATUS(mt_wait(f, MT_FOREVER), 0);
    mt_unref(f);
  } else {
    asks(&ask);
  }
  return ask;
}

static void open_pipe(int fd[2]) {
  assert_int_equal(pipe(fd), 0);
}

static void close_pipe(const int fd[2]) {
  close(fd[0]);
  close(fd[1]);
}

static void what_is_ready_is_told(void) {
  mt_executor *ex = open_here(NULL);
  for (int inside = 0; inside <= 1; inside++) {
    int fd[2];
    open_pipe(fd);
    assert_int_equal(answer(ex, inside, fd[1], POLLOUT, MT_FOREVER).got, POLLOUT);
    STATUS(answer(ex, inside, fd[0], POLLIN, 0).got, MT_ETIMEDOUT);
    STATUS(answer(ex, inside, fd[0], POLLIN, MT_MS(1)).got, MT_ETIMEDOUT);
    assert_int_equal(write(fd[1], "x", 1), 1);
    assert_int_equal(answer(ex, inside, fd[0], POLLIN, MT_FOREVER).got, POLLIN);
    assert_int_equal(answer(ex, inside, fd[0], POLLIN, 0).got, POLLIN); /* still */
    close_pipe(fd);
  }
  close_here(ex);
}

static void a_hang_up_wakes(void) {
  mt_executor *ex = open_here(NULL);
  for (int inside = 0; inside <= 1; inside++) {
    int fd[2];
    open_pipe(fd);
    close(fd[1]);
    assert_true((answer(ex, inside, fd[0], POLLIN, MT_FOREVER).got & POLLHUP) != 0);
    close(fd[0]);
    open_pipe(fd);
    close(fd[0]);
    assert_true((answer(ex, inside, fd[1], POLLOUT, MT_FOREVER).got & POLLERR) != 0);
    close(fd[1]);
  }
  close_here(ex);
}

static void a_hang_up_wakes_who_waits_already(void) {
  mt_executor *ex = open_with(2);
  int fd[2];
  open_pipe(fd);
  struct ask ask = {.fd = fd[0], .events = POLLIN, .timeout_ns = MT_FOREVER};
  mt_future *f = mt_submit(ex, asks_inside, mt_ptr(&ask));
  UNTIL(suspended_in(ex) == 1);
  close(fd[1]);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  assert_true((ask.got & POLLHUP) != 0);
  mt_unref(f);
  close(fd[0]);
  close_here(ex);
}

static void a_bad_descriptor_is_told(void) {
  mt_executor *ex = open_here(NULL);
  int fd[2];
  open_pipe(fd);
  close_pipe(fd);
  for (int inside = 0; inside <= 1; inside++) {
    struct ask ask = answer(ex, inside, fd[0], POLLIN, MT_FOREVER);
    STATUS(ask.got, MT_ESYSTEM);
    assert_int_equal(ask.error, EBADF);
    ask = answer(ex, inside, -1, POLLIN, MT_FOREVER);
    if (ask.got == MT_ESYSTEM)
      assert_int_equal(ask.error, EBADF);
    else
      STATUS(ask.got, MT_EINVAL);
  }
  close_here(ex);
}

static void a_regular_file_is_always_ready(void) {
  mt_executor *ex = open_here(NULL);
  FILE *file = tmpfile();
  assert_non_null(file);
  for (int inside = 0; inside <= 1; inside++) {
    assert_int_equal(answer(ex, inside, fileno(file), POLLIN, MT_FOREVER).got, POLLIN);
    assert_int_equal(answer(ex, inside, fileno(file), POLLIN | POLLOUT, MT_FOREVER).got,
                     POLLIN | POLLOUT);
  }
  fclose(file);
  close_here(ex);
}

/* Several readers of one pipe: each takes one byte. */
static mt_value reads_a_byte(mt_value arg) {
  int fd = (int)mt_as_int(arg);
  for (;;) {
    char byte;
    if (read(fd, &byte, 1) == 1) return mt_int(byte);
    if (errno != EAGAIN) return mt_fail(errno, "read");
    int got = mt_wait_fd(fd, POLLIN, MT_FOREVER);
    if (got < 0) return mt_give_up(got);
  }
}

static void several_tasks_wait_for_one_descriptor(void) {
  mt_executor *ex = open_with(16);
  int fd[2];
  open_pipe(fd);
  fcntl(fd[0], F_SETFL, O_NONBLOCK);
  mt_future *f[16];
  for (int i = 0; i < 16; i++) f[i] = mt_submit(ex, reads_a_byte, mt_int(fd[0]));
  UNTIL(suspended_in(ex) == 16);
  for (int i = 0; i < 16; i++) assert_int_equal(write(fd[1], &"abcdefghijklmnop"[i], 1), 1);
  int seen[16] = {0};
  for (int i = 0; i < 16; i++) {
    mt_value byte;
    STATUS(mt_get(f[i], MT_FOREVER, &byte), 0);
    assert_true(mt_as_int(byte) >= 'a' && mt_as_int(byte) <= 'p');
    seen[mt_as_int(byte) - 'a']++;
    mt_unref(f[i]);
  }
  for (int i = 0; i < 16; i++) assert_int_equal(seen[i], 1);
  close_pipe(fd);
  close_here(ex);
}

static void reader_and_writer_wait_for_one_socket(void) {
  mt_executor *ex = open_with(4);
  int fd[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
  char chunk[4096] = {0};
  ssize_t filled = 0, n;
  while ((n = write(fd[0], chunk, sizeof chunk)) > 0) filled += n;
  struct ask reader = {.fd = fd[0], .events = POLLIN, .timeout_ns = MT_FOREVER};
  struct ask writer = {.fd = fd[0], .events = POLLOUT, .timeout_ns = MT_FOREVER};
  mt_future *f[2] = {mt_submit(ex, asks_inside, mt_ptr(&reader)),
                     mt_submit(ex, asks_inside, mt_ptr(&writer))};
  UNTIL(suspended_in(ex) == 2);
  while (filled > 0) { /* makes room: the writer may go, and only he */
    n = read(fd[1], chunk, sizeof chunk);
    assert_true(n > 0);
    filled -= n;
  }
  STATUS(mt_wait(f[1], MT_FOREVER), 0);
  assert_int_equal(writer.got, POLLOUT);
  assert_false(mt_done(f[0]));
  assert_int_equal(write(fd[1], "x", 1), 1);
  STATUS(mt_wait(f[0], MT_FOREVER), 0);
  assert_true((reader.got & POLLIN) != 0);
  mt_unref(f[0]);
  mt_unref(f[1]);
  close_pipe(fd);
  close_here(ex);
}

static void a_number_may_be_used_again_for_another_pipe(void) {
  mt_executor *ex = open_with(4);
  for (int round = 0; round < 50; round++) {
    int fd[2];
    open_pipe(fd); /* mostly the same two numbers */
    struct ask ask = {.fd = fd[0], .events = POLLIN, .timeout_ns = MT_FOREVER};
    mt_future *f = mt_submit(ex, asks_inside, mt_ptr(&ask));
    if (round % 2 == 0 || round % 5 == 4) UNTIL(suspended_in(ex) == 1);
    if (round % 5 == 4) {
      assert_true(mt_cancel(f));
      STATUS(mt_wait(f, MT_FOREVER), 0);
      STATUS(ask.got, MT_ECANCELED);
    } else {
      assert_int_equal(write(fd[1], "x", 1), 1);
      STATUS(mt_wait(f, MT_FOREVER), 0);
      assert_int_equal(ask.got, POLLIN);
    }
    mt_unref(f);
    close_pipe(fd);
  }
  close_here(ex);
}

static void a_duplicate_is_a_descriptor_of_its_own(void) {
  mt_executor *ex = open_with(4);
  int fd[2];
  open_pipe(fd);
  int twin = dup(fd[0]);
  assert_true(twin >= 0);
  struct ask a = {.fd = fd[0], .events = POLLIN, .timeout_ns = MT_FOREVER};
  struct ask b = {.fd = twin, .events = POLLIN, .timeout_ns = MT_FOREVER};
  mt_future *f[2] = {mt_submit(ex, asks_inside, mt_ptr(&a)),
                     mt_submit(ex, asks_inside, mt_ptr(&b))};
  UNTIL(suspended_in(ex) == 2);
  assert_int_equal(write(fd[1], "x", 1), 1);
  STATUS(mt_wait(f[0], MT_FOREVER), 0);
  STATUS(mt_wait(f[1], MT_FOREVER), 0);
  assert_int_equal(a.got, POLLIN);
  assert_int_equal(b.got, POLLIN);
  mt_unref(f[0]);
  mt_unref(f[1]);
  close(twin);
  close_pipe(fd);
  close_here(ex);
}

/* Tokens go round a ring of pipes. */
#define RING 20

struct station {
  int in, out;
  int rounds;
};

static mt_value passes_on(mt_value arg) {
  const struct station *s = arg.data;
  for (int i = 0; i < s->rounds; i++) {
    int got = mt_wait_fd(s->in, POLLIN, MT_FOREVER);
    if (got < 0) return mt_give_up(got);
    char token;
    if (read(s->in, &token, 1) != 1) return mt_fail(EIO, "read");
    if (write(s->out, &token, 1) != 1) return mt_fail(EIO, "write");
  }
  return mt_none();
}

static void a_token_goes_round_a_ring(void) {
  mt_executor *ex = open_with(RING);
  int fd[RING][2];
  struct station stations[RING];
  mt_future *f[RING];
  for (int i = 0; i < RING; i++) open_pipe(fd[i]);
  for (int i = 0; i < RING; i++) {
    stations[i] = (struct station){fd[i][0], fd[(i + 1) % RING][1], 50};
    f[i] = mt_submit(ex, passes_on, mt_ptr(&stations[i]));
  }
  assert_int_equal(write(fd[0][1], "t", 1), 1);
  for (int i = 0; i < RING; i++) {
    GIVES(f[i], 0);
    mt_unref(f[i]);
  }
  for (int i = 0; i < RING; i++) close_pipe(fd[i]);
  close_here(ex);
}

static const struct check checks[] = {
    CHECK(what_is_ready_is_told, SHARE),
    CHECK(a_hang_up_wakes, SHARE),
    CHECK(a_hang_up_wakes_who_waits_already, OVERLAP),
    CHECK(a_bad_descriptor_is_told, SHARE),
    CHECK(a_regular_file_is_always_ready, SHARE),
    CHECK(several_tasks_wait_for_one_descriptor, OVERLAP),
    CHECK(reader_and_writer_wait_for_one_socket, OVERLAP),
    CHECK(a_number_may_be_used_again_for_another_pipe, OVERLAP),
    CHECK(a_duplicate_is_a_descriptor_of_its_own, OVERLAP),
    CHECK(a_token_goes_round_a_ring, OVERLAP),
};
CONTRACT(checks)
