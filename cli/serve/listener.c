/* SPDX-License-Identifier: MIT
 *
 * listener.c: taking connections in. Each needs a permit before it is accepted, and keeps it until
 * it is closed; there are fewer permits than descriptors. So when all are in use the task waits for
 * one, and clients wait in the kernel's queue meanwhile. Where descriptors or memory run out all
 * the same, for the whole machine, it pauses and tries again: it never turns in circles. */
#include "listener.h"

#include "../message.h"
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct address {
  union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
  } at;
  socklen_t size;
  bool loopback;
};

static bool parse(const char *host, unsigned long port, struct address *ret) {
  *ret = (struct address){0};
  if (inet_pton(AF_INET, host, &ret->at.v4.sin_addr) == 1) {
    ret->at.v4.sin_family = AF_INET;
    ret->at.v4.sin_port = htons((uint16_t)port);
    ret->size = sizeof ret->at.v4;
    ret->loopback = ntohl(ret->at.v4.sin_addr.s_addr) >> 24 == 127;
    return true;
  }
  if (inet_pton(AF_INET6, host, &ret->at.v6.sin6_addr) == 1) {
    ret->at.v6.sin6_family = AF_INET6;
    ret->at.v6.sin6_port = htons((uint16_t)port);
    ret->size = sizeof ret->at.v6;
    ret->loopback = IN6_IS_ADDR_LOOPBACK(&ret->at.v6.sin6_addr);
    return true;
  }
  return false;
}

static bool listen_at(int fd, struct address *a) {
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  /* Accepted sockets inherit it: an answer's last piece goes out without waiting for an echo. */
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return bind(fd, &a->at.any, a->size) == 0 && listen(fd, SOMAXCONN) == 0 &&
         getsockname(fd, &a->at.any, &a->size) == 0;
}

int listener_open(const struct serve_options *o, char *url, size_t room) {
  struct address a;
  if (!parse(o->host, o->port, &a)) {
    message("serve: --host needs an address such as 127.0.0.1 or ::1, not \"%s\"", o->host);
    return -1;
  }
  if (!a.loopback && !o->is_public) {
    message("serve: %s can be reached from other machines; if that is meant, add --public",
            o->host);
    return -1;
  }
  int family = a.at.any.sa_family;
  int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0 || !listen_at(fd, &a)) {
    const char *cure = errno == EADDRINUSE      ? "; --port 0 takes any free one"
                       : errno == EACCES        ? "; ports from 1024 on are free for all"
                       : errno == EADDRNOTAVAIL ? "; --host needs an address of this machine"
                                                : "";
    message("serve: port %lu of %s cannot be served: %s%s", o->port, o->host, strerror(errno),
            cure);
    if (fd >= 0) close(fd);
    return -1;
  }
  bool v6 = family == AF_INET6;
  unsigned port = ntohs(v6 ? a.at.v6.sin6_port : a.at.v4.sin_port);
  snprintf(url, room, v6 ? "http://[%s]:%u" : "http://%s:%u", o->host, port);
  return fd;
}

/* Whether a failed accept was one connection's own trouble, which it has taken with it. */
static bool is_passing(int error) {
  return error == EINTR || error == ECONNABORTED || error == EPROTO || error == EPERM;
}

static bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/* A connection; or a negative status: a cut wait, or MT_ESYSTEM with errno. */
static int accept_one(int listener) {
  for (;;) {
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) return fd;
    int status = 0;
    if (errno == EAGAIN)
      status = mt_wait_fd(listener, POLLIN, MT_FOREVER);
    else if (is_shortage(errno))
      status = mt_sleep(MT_MS(50));
    else if (!is_passing(errno))
      status = MT_ESYSTEM;
    if (status < 0) return status;
  }
}

mt_value listener_accept(mt_value arg) {
  enum { BATCH = 64 };
  struct server *s = arg.data;
  for (unsigned n = 1;; n++) {
    mt_status st = mt_acquire(s->room, MT_FOREVER);
    if (st < 0) return mt_give_up(st);
    int fd = accept_one(s->listener);
    if (fd < 0) {
      int error = errno;
      mt_release(s->room);
      return fd == MT_ESYSTEM ? mt_fail(error, "%s", strerror(error)) : mt_give_up(fd);
    }
    connection_start(s, fd);
    if (n % BATCH == 0) mt_yield(); /* those who came are served before all have come */
  }
}
