/* SPDX-License-Identifier: MIT */
#include "wire.h"

#include "request.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define GRACE_NS  MT_SECONDS(1)
#define LINGER_NS MT_SECONDS(1)

enum { FIRST_ROOM = 2048, LINGER_BYTES = 256 * 1024 };

void wire_fini(struct wire *w) {
  if (!w) return;
  close(w->fd);
  free(w->in);
}

/* -- waiting ---------------------------------------------------------------------------------- */

/* After a wait: whether it was a cancel that the answer under way may survive for a while. */
static bool may_finish(struct wire *w, int status) {
  if (status != MT_ECANCELED || !w->answering || w->shielded) return false;
  w->shielded = true;
  w->cut_ns = mt_now_ns() + GRACE_NS;
  mt_shield(true);
  return true;
}

static int64_t earlier(const struct wire *w, int64_t until_ns) {
  return w->shielded && w->cut_ns < until_ns ? w->cut_ns : until_ns;
}

static int wait_fd(struct wire *w, int events, int64_t until_ns) {
  int status;
  do status = mt_wait_fd(w->fd, events, earlier(w, until_ns) - mt_now_ns());
  while (may_finish(w, status));
  return status;
}

mt_status wire_sleep(struct wire *w, int64_t ns) {
  int64_t until_ns = mt_now_ns() + ns;
  mt_status st;
  do st = mt_sleep(earlier(w, until_ns) - mt_now_ns());
  while (may_finish(w, st));
  return st == 0 && earlier(w, until_ns) < until_ns ? MT_ECANCELED : st;
}

/* What a wait would say, for where none is needed. */
static mt_status look(struct wire *w) {
  if (mt_cancelled() && !may_finish(w, MT_ECANCELED)) return MT_ECANCELED;
  return w->shielded && mt_now_ns() >= w->cut_ns ? MT_ECANCELED : 0;
}

bool wire_is_ending(const struct wire *w) {
  return w->shielded || mt_cancelled();
}

int64_t wire_idle_end(const struct wire *w) {
  return mt_now_ns() + w->idle_ns;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* A head that fills REQUEST_MOST is refused before more is read, so that is room enough. */
bool wire_make_room(struct wire *w) {
  if (w->end < w->room) return true;
  if (w->begin > 0) {
    memmove(w->in, w->in + w->begin, w->end - w->begin);
    w->end -= w->begin;
    w->begin = 0;
    return true;
  }
  size_t room = w->room ? REQUEST_MOST : FIRST_ROOM;
  char *in = realloc(w->in, room);
  if (!in) return false;
  w->in = in;
  w->room = room;
  return true;
}

int wire_read(struct wire *w, int64_t until_ns) {
  if (!wire_make_room(w)) return MT_ENOMEM;
  for (;;) {
    if (wire_is_ending(w)) return MT_ECANCELED;
    ssize_t n = recv(w->fd, w->in + w->end, w->room - w->end, 0);
    if (n > 0) w->end += (size_t)n;
    if (n >= 0) return n > 0;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return MT_ESYSTEM;
    int ready = wait_fd(w, POLLIN, until_ns);
    if (ready < 0) return ready;
  }
}

int wire_skip(struct wire *w, uint64_t size) {
  int64_t until_ns = wire_idle_end(w);
  for (;;) {
    size_t have = w->end - w->begin, n = size < have ? (size_t)size : have;
    w->begin += n;
    size -= n;
    if (size == 0) return 1;
    w->begin = w->end = 0;
    int got = wire_read(w, until_ns);
    if (got <= 0) return got;
  }
}

/* -- writing ---------------------------------------------------------------------------------- */

static mt_status send_parts(struct wire *w, struct iovec *part, size_t n) {
  int64_t until_ns = wire_idle_end(w);
  while (n > 0) {
    struct msghdr message = {.msg_iov = part, .msg_iovlen = n};
    ssize_t sent = sendmsg(w->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return MT_ESYSTEM;
    if (sent < 0) {
      int ready = wait_fd(w, POLLOUT, until_ns);
      if (ready < 0) return ready;
      continue;
    }
    until_ns = wire_idle_end(w); /* a client may be slow, but not stop */
    size_t done = (size_t)sent;
    for (; n > 0 && done >= part->iov_len; n--, part++) done -= part->iov_len;
    if (n > 0) *part = (struct iovec){(char *)part->iov_base + done, part->iov_len - done};
  }
  return 0;
}

/* A client that reads as fast as this writes never makes it wait: it gives way to others, and looks
 * for a cancel, by itself. */
static mt_status send_pattern(struct wire *w, uint64_t size) {
  mt_status st = 0;
  while (st == 0 && size > 0) {
    size_t n = size < ANSWER_PATTERN ? (size_t)size : ANSWER_PATTERN;
    st = send_parts(w, &(struct iovec){(void *)(uintptr_t)answer_pattern(), n}, 1);
    size -= n;
    if (st == 0 && size > 0) st = look(w);
    mt_yield();
  }
  return st;
}

mt_status wire_send(struct wire *w, const struct answer *a, bool body, bool close) {
  struct bytes head = {0};
  answer_head(a, close, &head);
  mt_status st = MT_ENOMEM;
  if (!head.broken && !a->body.broken) {
    struct iovec parts[] = {{head.at, head.size}, {a->body.at, a->body.size}};
    st = send_parts(w, parts, body && a->body.size > 0 ? 2 : 1);
  }
  bytes_fini(&head);
  return st == 0 && body ? send_pattern(w, a->pattern_size) : st;
}

/* -- the end ---------------------------------------------------------------------------------- */

void wire_linger(struct wire *w) {
  char sink[1024];
  int64_t until_ns = mt_now_ns() + LINGER_NS;
  if (shutdown(w->fd, SHUT_WR) < 0) return;
  for (size_t left = LINGER_BYTES; left > 0;) {
    ssize_t n = recv(w->fd, sink, sizeof sink, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (n > 0) left -= (size_t)n < left ? (size_t)n : left;
    if (n < 0 && errno == EAGAIN && wait_fd(w, POLLIN, until_ns) < 0) return;
  }
}

void wire_break(struct wire *w) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}
