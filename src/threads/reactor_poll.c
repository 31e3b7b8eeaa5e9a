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

enum { FEW = 16 };

/* Room for all, or, without memory, for a few. */
static struct pollfd *make_room(mti_reactor *r, struct pollfd *few, size_t *ret_room) {
  size_t needed = r->waiting + 1;
  if (needed > FEW && needed > r->polled_capacity) {
    struct pollfd *polled = realloc(r->polled, 2 * needed * sizeof *polled);
    if (polled != NULL) {
      r->polled = polled;
      r->polled_capacity = 2 * needed;
    }
  }
  bool many = r->polled_capacity > FEW;
  *ret_room = many ? r->polled_capacity : FEW;
  return many ? r->polled : few;
}

/* Fills the array: the wake-up, and descriptors in turn, beginning where the last call had no more
 * room. Returns how many; *ret_left_out: there were more. */
static size_t gather(mti_reactor *r, struct pollfd *polled, size_t room, bool *ret_left_out) {
  size_t n = 0, first = r->next_fd < r->slots ? r->next_fd : 0;
  *ret_left_out = false;
  polled[n++] = (struct pollfd){.fd = r->wake_read, .events = POLLIN};
  for (size_t i = 0; i < r->slots; i++) {
    size_t fd = (first + i) % r->slots;
    if (r->slot[fd].waits == NULL) continue;
    if (n == room) {
      *ret_left_out = true;
      r->next_fd = fd;
      break;
    }
    polled[n++] = (struct pollfd){.fd = (int)fd, .events = (short)r->slot[fd].armed};
  }
  return n;
}

void mti_reactor_wait(mti_reactor *r, int64_t timeout_ns) {
  struct pollfd few[FEW];
  size_t room;
  bool left_out;
  struct pollfd *polled = make_room(r, few, &room);
  size_t n = gather(r, polled, room, &left_out);
  int64_t ms = timeout_ns < 0 ? -1 : timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  if (left_out && (ms < 0 || ms > 10)) ms = 10; /* then it is the others' turn */
  int ready = poll(polled, (nfds_t)n, ms > INT32_MAX ? INT32_MAX : (int)ms);
  for (size_t i = 0; ready > 0 && i < n; i++) {
    if (polled[i].revents == 0) continue;
    if (polled[i].fd == r->wake_read)
      mti_reactor_drain(r);
    else
      mti_reactor_ready(r, polled[i].fd, polled[i].revents);
  }
}
