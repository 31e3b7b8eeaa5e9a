/* SPDX-License-Identifier: MIT
 *
 * Descriptors by epoll(7). Each is armed for one report (EPOLLONESHOT): after it the descriptor
 * stays known to the kernel but silent, and arming it again is one system call. */
#include "base/clock.h"
#include "threads/pool.h"
#include "threads/reactor.h"
#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

/* The bits of poll and epoll are the same on Linux. */
_Static_assert(POLLIN == (int)EPOLLIN && POLLOUT == (int)EPOLLOUT && POLLPRI == (int)EPOLLPRI &&
                   POLLERR == (int)EPOLLERR && POLLHUP == (int)EPOLLHUP,
               "poll and epoll name events alike");

int mti_reactor_arm(mti_reactor *r, int fd, int events) {
  if (r->fd < 0 && (r->fd = epoll_create1(EPOLL_CLOEXEC)) < 0) return MT_ESYSTEM;
  mti_fdslot *slot = &r->slot[fd];
  if (events == 0) {
    if (slot->armed != 0) epoll_ctl(r->fd, EPOLL_CTL_DEL, fd, NULL);
    slot->armed = 0;
    return 0;
  }
  unsigned mode = fd == r->wake_read ? 0 : (unsigned)EPOLLONESHOT;
  struct epoll_event e = {.events = (unsigned)events | mode, .data = {.fd = fd}};
  /* The descriptor may have been closed and opened since, which took it out of the set. */
  int rc = epoll_ctl(r->fd, EPOLL_CTL_MOD, fd, &e);
  if (rc < 0 && errno == ENOENT) rc = epoll_ctl(r->fd, EPOLL_CTL_ADD, fd, &e);
  if (rc < 0)
    return errno == EPERM ? events : MT_ESYSTEM; /* EPERM: a file, which is always ready */
  slot->armed = events;
  return 0;
}

void mti_reactor_wait(mti_reactor *r, int64_t timeout_ns) {
  struct epoll_event event[64];
  int n;
  if (r->fd < 0) return;
#if defined(__GLIBC__) && (__GLIBC__ > 2 || (__GLIBC__ == 2 && __GLIBC_MINOR__ >= 35))
  static _Atomic bool missing; /* in the kernel: it came with Linux 5.11 */
  struct timespec t = mti_timespec(timeout_ns < 0 ? 0 : timeout_ns);
  bool try = !atomic_load_explicit(&missing, memory_order_relaxed);
  n = try ? epoll_pwait2(r->fd, event, 64, timeout_ns < 0 ? NULL : &t, NULL) : -1;
  if (try && n < 0 && errno == ENOSYS) {
    atomic_store_explicit(&missing, true, memory_order_relaxed);
    try = false;
  }
  if (!try)
#endif
  {
    int64_t ms = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
    n = epoll_wait(r->fd, event, 64, ms > INT32_MAX ? INT32_MAX : (int)ms);
  }
  for (int i = 0; i < n; i++) {
    if (event[i].data.fd == r->wake_read)
      mti_reactor_drain(r);
    else
      mti_reactor_ready(r, event[i].data.fd, (int)event[i].events);
  }
}
