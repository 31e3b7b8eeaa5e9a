/* SPDX-License-Identifier: MIT
 *
 * Descriptors by poll(2), for systems without epoll. The array is made anew for each call, so a
 * call costs as much as there are descriptors: right, not fast. */
#include "base/clock.h"
#include "threads/pool.h"
#include "threads/reactor.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>

int mti_reactor_arm(mti_reactor *r, int fd, int events) {
  struct stat st;
  if (events != 0 && fstat(fd, &st) < 0) return MT_ESYSTEM;
  if (events != 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))) return events;
  r->slot[fd].armed = events;
  return 0;
}

/* Room for all, or for as many as there is memory: the wake-up, which comes first, always has some.
 */
static struct pollfd *make_room(mti_reactor *r, struct pollfd *one, size_t *ret_room) {
  size_t needed = r->waiting + 1;
  if (needed > r->polled_capacity) {
    struct pollfd *polled = realloc(r->polled, 2 * needed * sizeof *polled);
    if (polled != NULL) {
      r->polled = polled;
      r->polled_capacity = 2 * needed;
    }
  }
  *ret_room = r->polled_capacity > 0 ? r->polled_capacity : 1;
  return r->polled_capacity > 0 ? r->polled : one;
}

void mti_reactor_wait(mti_reactor *r, int64_t timeout_ns) {
  struct pollfd one;
  size_t room, n = 0, left_out = 0;
  struct pollfd *polled = make_room(r, &one, &room);
  polled[n++] = (struct pollfd){.fd = r->wake_read, .events = POLLIN};
  for (size_t fd = 0; fd < r->slots; fd++) {
    if (r->slot[fd].waits == NULL) continue;
    if (n == room)
      left_out++;
    else
      polled[n++] = (struct pollfd){.fd = (int)fd, .events = (short)r->slot[fd].armed};
  }
  int64_t ms = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  if (left_out > 0 && (ms < 0 || ms > 10)) ms = 10; /* perhaps there is memory then */
  int ready = poll(polled, (nfds_t)n, ms > INT32_MAX ? INT32_MAX : (int)ms);
  for (size_t i = 0; ready > 0 && i < n; i++) {
    if (polled[i].revents == 0) continue;
    if (polled[i].fd == r->wake_read)
      mti_reactor_drain(r);
    else
      mti_reactor_ready(r, polled[i].fd, polled[i].revents);
  }
}
