/* SPDX-License-Identifier: MIT
 * The table of waiters, and the wake-up, which both versions share. */
#include "threads/reactor.h"
#include "threads/pool.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void mti_reactor_init(mti_reactor *r) {
  *r = (mti_reactor){.fd = -1, .wake_read = -1, .wake_write = -1};
}

void mti_reactor_fini(mti_reactor *r) {
  if (r->fd >= 0) close(r->fd);
  if (r->wake_read >= 0) close(r->wake_read);
  if (r->wake_write >= 0) close(r->wake_write);
  free(r->polled);
  free(r->slot);
  mti_reactor_init(r);
}

static bool fits(mti_reactor *r, int fd) {
  if ((size_t)fd < r->slots) return true;
  size_t slots = (size_t)fd + (size_t)fd / 2 + 16;
  mti_fdslot *slot = realloc(r->slot, slots * sizeof *slot);
  if (slot == NULL) return false;
  memset(slot + r->slots, 0, (slots - r->slots) * sizeof *slot);
  r->slot = slot;
  r->slots = slots;
  return true;
}

static int wanted(const mti_fdslot *slot) {
  int events = 0;
  for (mti_fdwait *w = slot->waits; w != NULL; w = w->next) events |= w->events;
  return events;
}

int mti_reactor_add(mti_reactor *r, int fd, mti_fdwait *wait) {
  /* A number that is no descriptor must not make the table large. */
  if ((size_t)fd >= r->slots && fcntl(fd, F_GETFD) < 0) return MT_ESYSTEM;
  if (!fits(r, fd)) return MT_ENOMEM;
  if (!mti_reactor_prepare(r)) return MT_ESYSTEM;
  mti_fdslot *slot = &r->slot[fd];
  int rc = mti_reactor_arm(r, fd, wanted(slot) | wait->events);
  if (rc != 0) return rc;
  wait->ready = 0;
  wait->next = slot->waits;
  slot->waits = wait;
  r->waiting++;
  return 0;
}

void mti_reactor_remove(mti_reactor *r, int fd, mti_fdwait *wait) {
  mti_fdslot *slot = &r->slot[fd];
  for (mti_fdwait **at = &slot->waits; *at != NULL; at = &(*at)->next) {
    if (*at != wait) continue;
    *at = wait->next;
    r->waiting--;
    int saved = errno;
    mti_reactor_arm(r, fd, wanted(slot)); /* if this fails, a wake-up for nobody is the worst */
    errno = saved;
    return;
  }
}

void mti_reactor_ready(mti_reactor *r, int fd, int events) {
  if ((size_t)fd >= r->slots) return;
  mti_fdslot *slot = &r->slot[fd];
  slot->armed = 0; /* both versions ask for one report */
  for (mti_fdwait **at = &slot->waits; *at != NULL;) {
    mti_fdwait *w = *at;
    int ready = events & (w->events | POLLERR | POLLHUP | POLLNVAL);
    if (ready == 0) {
      at = &w->next;
      continue;
    }
    *at = w->next;
    r->waiting--;
    w->ready = ready;
    mti_fiber_unpark(w->fiber);
  }
  if (slot->waits != NULL && mti_reactor_arm(r, fd, wanted(slot)) != 0)
    mti_reactor_ready(r, fd, POLLERR); /* it cannot be waited for any more */
}

bool mti_reactor_prepare(mti_reactor *r) {
  if (r->wake_read >= 0) return true;
  int ends[2];
  if (pipe(ends) < 0) return false;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  r->wake_read = ends[0];
  r->wake_write = ends[1];
  if (fits(r, ends[0]) && mti_reactor_arm(r, ends[0], POLLIN) == 0) return true;
  close(ends[0]);
  close(ends[1]);
  r->wake_read = r->wake_write = -1;
  return false;
}

void mti_reactor_wake(mti_reactor *r) {
  char byte = 0;
  /* A full pipe is as good: it will be readable. */
  ssize_t n = write(r->wake_write, &byte, 1);
  (void)n;
}

void mti_reactor_drain(mti_reactor *r) {
  char bytes[64];
  while (read(r->wake_read, bytes, sizeof bytes) > 0) {
  }
}
