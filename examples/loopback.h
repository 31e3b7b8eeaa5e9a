/* SPDX-License-Identifier: MIT
 *
 * loopback.h: sockets for tasks, as the examples use them. Every function reads like blocking code;
 * mt_wait_fd suspends the task, and its worker runs others meanwhile.
 *
 * The rule everywhere: try first, and wait only if it would block. Functions return a negative
 * status on failure: a cut wait, or MT_ESYSTEM with errno.
 */
#ifndef EXAMPLES_LOOPBACK_H
#define EXAMPLES_LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <meantime.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What a task returns after one of these has failed. */
static inline mt_value io_failure(int status, const char *what) {
  if (status != MT_ESYSTEM) return mt_give_up(status);
  return mt_fail(errno, "%s: %s", what, strerror(errno));
}

static inline struct sockaddr_in loopback_address(uint16_t port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return a;
}

static inline int close_and_fail(int fd) {
  int saved = errno;
  close(fd);
  errno = saved;
  return MT_ESYSTEM;
}

/* A listening socket on a free port. */
static inline int io_listen(uint16_t *ret_port) {
  struct sockaddr_in a = loopback_address(0);
  socklen_t size = sizeof a;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return MT_ESYSTEM;
  if (bind(fd, (struct sockaddr *)&a, size) < 0 || listen(fd, SOMAXCONN) < 0 ||
      getsockname(fd, (struct sockaddr *)&a, &size) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
    return close_and_fail(fd);
  *ret_port = ntohs(a.sin_port);
  return fd;
}

static inline int io_accept(int listener) {
  for (;;) {
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) return fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? close_and_fail(fd) : fd;
    if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) return MT_ESYSTEM;
    int ready = mt_wait_fd(listener, POLLIN, MT_FOREVER);
    if (ready < 0) return ready;
  }
}

static inline int io_connect(uint16_t port) {
  struct sockaddr_in a = loopback_address(port);
  int fd = socket(AF_INET, SOCK_STREAM, 0), trouble = 0;
  socklen_t size = sizeof trouble;
  if (fd < 0) return MT_ESYSTEM;
  if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) return close_and_fail(fd);
  if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) return fd;
  if (errno != EINPROGRESS) return close_and_fail(fd);
  int ready = mt_wait_fd(fd, POLLOUT, MT_FOREVER);
  if (ready < 0) return close_and_fail(fd), ready;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &trouble, &size) == 0 && trouble == 0) return fd;
  if (trouble) errno = trouble;
  return close_and_fail(fd);
}

/* Reads what there is, at least a byte; 0 at the end. */
static inline ssize_t io_read(int fd, void *buffer, size_t size) {
  for (;;) {
    ssize_t n = read(fd, buffer, size);
    if (n >= 0) return n;
    if (errno != EAGAIN && errno != EINTR) return MT_ESYSTEM;
    int ready = mt_wait_fd(fd, POLLIN, MT_FOREVER);
    if (ready < 0) return ready;
  }
}

static inline int io_write_all(int fd, const void *data, size_t size) {
  for (size_t done = 0; done < size;) {
    ssize_t n = send(fd, (const char *)data + done, size - done, MSG_NOSIGNAL);
    if (n >= 0) {
      done += (size_t)n;
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return MT_ESYSTEM;
    int ready = mt_wait_fd(fd, POLLOUT, MT_FOREVER);
    if (ready < 0) return ready;
  }
  return 0;
}

#endif
