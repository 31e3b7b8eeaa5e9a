/* SPDX-License-Identifier: MIT
 *
 * connection.c: one client, one task, one loop:
 *
 *      .-> read a head -> make the answer -> wait -> send it -.     -> linger -> close
 *      '------------------------------------------------------'
 *
 * The time for a head runs from the moment the connection is ready for one, whatever arrives
 * meanwhile: bytes that trickle in gain a client nothing.
 *
 * A cancel tells the connection to come to an end. What waits for a request ends at once. What is
 * being answered is answered still: the first wait that is cut turns the shield on, and from then
 * on no wait goes beyond GRACE from there. Nothing more is read from the client then.
 *
 * The connection belongs to its task's future, which drops it: also when the task never began. */
#include "connection.h"

#include "answer.h"
#include "pages.h"
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

struct connection {
  struct server *server;
  int fd;
  char *in; /* what was read: [begin, end) is not yet used */
  size_t begin, end, room;
  bool answering; /* from the end of a head to the end of its answer */
  bool shielded;  /* a cancel came while answering: it ends at cut_ns */
  int64_t cut_ns;
};

/* -- waiting ---------------------------------------------------------------------------------- */

/* After a wait: whether it was a cancel that the answer under way may survive for a while. */
static bool may_finish(struct connection *c, int status) {
  if (status != MT_ECANCELED || !c->answering || c->shielded) return false;
  c->shielded = true;
  c->cut_ns = mt_now_ns() + GRACE_NS;
  mt_shield(true);
  return true;
}

static int64_t earlier(const struct connection *c, int64_t until_ns) {
  return c->shielded && c->cut_ns < until_ns ? c->cut_ns : until_ns;
}

static int wait_fd(struct connection *c, int events, int64_t until_ns) {
  int status;
  do status = mt_wait_fd(c->fd, events, earlier(c, until_ns) - mt_now_ns());
  while (may_finish(c, status));
  return status;
}

static mt_status sleep_until(struct connection *c, int64_t until_ns) {
  mt_status st;
  do st = mt_sleep(earlier(c, until_ns) - mt_now_ns());
  while (may_finish(c, st));
  return st == 0 && mt_now_ns() < until_ns ? MT_ECANCELED : st;
}

static int64_t idle_end(const struct connection *c) {
  return mt_now_ns() + c->server->options->idle_ns;
}

/* -- reading ---------------------------------------------------------------------------------- */

/* Room behind `end`; false if there is no memory. A head that fills REQUEST_MOST is refused before
 * more is read. */
static bool make_room(struct connection *c) {
  if (c->end < c->room) return true;
  if (c->begin > 0) {
    memmove(c->in, c->in + c->begin, c->end - c->begin);
    c->end -= c->begin;
    c->begin = 0;
    return true;
  }
  size_t room = c->room ? REQUEST_MOST : FIRST_ROOM;
  char *in = realloc(c->in, room);
  if (!in) return false;
  c->in = in;
  c->room = room;
  return true;
}

/* Reads what there is, at least a byte. 0: no more will come. < 0: a status, MT_ETIMEDOUT among
 * them. */
static int read_some(struct connection *c, int64_t until_ns) {
  if (!make_room(c)) return MT_ENOMEM;
  for (;;) {
    if (c->shielded || mt_cancelled()) return MT_ECANCELED;
    ssize_t n = recv(c->fd, c->in + c->end, c->room - c->end, 0);
    if (n > 0) c->end += (size_t)n;
    if (n >= 0) return n > 0;
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return MT_ESYSTEM;
    int ready = wait_fd(c, POLLIN, until_ns);
    if (ready < 0) return ready;
  }
}

/* The body of a request is read and forgotten, so that what follows it is found. */
static int skip_body(struct connection *c, uint64_t size) {
  int64_t until_ns = idle_end(c);
  for (;;) {
    size_t have = c->end - c->begin, n = size < have ? (size_t)size : have;
    c->begin += n;
    size -= n;
    if (size == 0) return 1;
    c->begin = c->end = 0;
    int got = read_some(c, until_ns);
    if (got <= 0) return got;
  }
}

/* -- writing ---------------------------------------------------------------------------------- */

static mt_status send_parts(struct connection *c, struct iovec *part, size_t n) {
  int64_t until_ns = idle_end(c);
  while (n > 0) {
    struct msghdr message = {.msg_iov = part, .msg_iovlen = n};
    ssize_t sent = sendmsg(c->fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return MT_ESYSTEM;
    if (sent < 0) {
      int ready = wait_fd(c, POLLOUT, until_ns);
      if (ready < 0) return ready;
      continue;
    }
    until_ns = idle_end(c); /* a client may be slow, but not stop */
    size_t done = (size_t)sent;
    for (; n > 0 && done >= part->iov_len; n--, part++) done -= part->iov_len;
    if (n > 0) *part = (struct iovec){(char *)part->iov_base + done, part->iov_len - done};
  }
  return 0;
}

static mt_status send_pattern(struct connection *c, uint64_t size) {
  mt_status st = 0;
  while (st == 0 && size > 0) {
    size_t n = size < ANSWER_PATTERN ? (size_t)size : ANSWER_PATTERN;
    st = send_parts(c, &(struct iovec){(void *)(uintptr_t)answer_pattern(), n}, 1);
    size -= n;
    /* Neither this client nor another: one that reads as fast as this writes must not keep all
     * others of this worker waiting, and an endless answer must see that it is cancelled. */
    mt_yield();
    if (st == 0 && size > 0 && (mt_cancelled() || c->shielded))
      st = sleep_until(c, mt_now_ns() + 1);
  }
  return st;
}

static mt_status send_answer(struct connection *c, const struct answer *a, bool body, bool close) {
  struct bytes head = {0};
  answer_head(a, close, &head);
  mt_status st = MT_ENOMEM;
  if (!head.broken && !a->body.broken) {
    struct iovec parts[] = {{head.at, head.size}, {a->body.at, a->body.size}};
    st = send_parts(c, parts, body && a->body.size > 0 ? 2 : 1);
  }
  bytes_fini(&head);
  return st == 0 && body ? send_pattern(c, a->pattern_size) : st;
}

/* -- a request -------------------------------------------------------------------------------- */

static void count(struct server *s, int status) {
  atomic_fetch_add_explicit(&s->by_status[status - STATUS_LEAST], 1, memory_order_relaxed);
}

/* With unread input, or with this, a close is a reset, which tears away what the client has not
 * read. */
static void reset_at_close(struct connection *c) {
  struct linger now = {.l_onoff = 1, .l_linger = 0};
  setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* Waits, and sends. Returns whether the client got all of it. */
static bool deliver(struct connection *c, const struct answer *a, bool body, bool *close) {
  struct server *s = c->server;
  mt_status st = a->wait_ns > 0 ? sleep_until(c, mt_now_ns() + a->wait_ns) : 0;
  if (st == 0 && a->reset) {
    reset_at_close(c);
    atomic_fetch_add_explicit(&s->resets, 1, memory_order_relaxed);
    return false;
  }
  *close |= c->shielded || mt_cancelled();
  if (st == 0) st = send_answer(c, a, body, *close);
  if (st == 0)
    count(s, a->status);
  else
    atomic_fetch_add_explicit(&s->unheard, 1, memory_order_relaxed);
  return st == 0;
}

/* Answers a head that is there. Returns whether the client got all of it. */
static bool answer_request(struct connection *c, const struct request *r, bool *close) {
  enum { BODY_MOST = 1024 * 1024 };
  struct answer a = {0};
  *close = !r->keep_alive;
  pages_answer(c->server, r, &a); /* before the body is read over it */
  bool too_large = r->body_size > BODY_MOST, held_back = r->expects_continue && r->body_size > 0;
  if (too_large) {
    a.wait_ns = 0;
    a.reset = false;
    answer_error(&a, 413, "a body is not looked at here");
  }
  c->begin += r->head_size;
  /* Whether a body that is held back will follow its answer, nobody knows: what comes next cannot
   * be read. */
  if (too_large || held_back) *close = true;
  bool heard =
      (*close || skip_body(c, r->body_size) > 0) && deliver(c, &a, r->method != METHOD_HEAD, close);
  answer_fini(&a);
  return heard;
}

static bool answer_mistake(struct connection *c, int status, const char *why) {
  struct answer a = {0};
  bool close = true;
  answer_error(&a, status, "%s", why);
  c->answering = true;
  bool heard = deliver(c, &a, true, &close);
  answer_fini(&a);
  return heard;
}

enum step {
  STEP_ON,    /* another request may follow */
  STEP_LAST,  /* the last answer was sent: the client shall get to read it */
  STEP_BROKEN /* there is nobody to talk to any more */
};

/* Reads one request and answers it. */
static enum step serve_one(struct connection *c) {
  int64_t until_ns = idle_end(c);
  if (!make_room(c)) return STEP_BROKEN;
  struct request r;
  enum request_state state;
  int status;
  const char *why;
  for (;;) {
    state = request_parse(c->in + c->begin, c->end - c->begin, &r, &status, &why);
    if (state != REQUEST_MORE) break;
    int got = read_some(c, until_ns);
    if (got == MT_ETIMEDOUT && c->end > c->begin) {
      bool heard = answer_mistake(c, 408, "the headers took too long");
      return heard ? STEP_LAST : STEP_BROKEN;
    }
    if (got <= 0) return STEP_BROKEN;
  }
  bool close = true;
  c->answering = true;
  bool heard =
      state == REQUEST_BAD ? answer_mistake(c, status, why) : answer_request(c, &r, &close);
  if (!heard) return STEP_BROKEN;
  if (close) return STEP_LAST;
  c->answering = false;
  mt_yield(); /* a client that always has another request ready is one among many */
  return STEP_ON;
}

/* A close while input is unread would be a reset: the client could lose the last answer. So: say
 * that no more will come, and read on for a while until the client closes, too. */
static void linger(struct connection *c) {
  char sink[1024];
  int64_t until_ns = mt_now_ns() + LINGER_NS;
  if (shutdown(c->fd, SHUT_WR) < 0) return;
  for (size_t left = LINGER_BYTES; left > 0;) {
    ssize_t n = recv(c->fd, sink, sizeof sink, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return;
    if (n > 0) left -= (size_t)n < left ? (size_t)n : left;
    if (n < 0 && errno == EAGAIN && wait_fd(c, POLLIN, until_ns) < 0) return;
  }
}

/* -- the task --------------------------------------------------------------------------------- */

static mt_value run(mt_value arg) {
  struct connection *c = arg.data;
  enum step step;
  do step = serve_one(c);
  while (step == STEP_ON);
  if (step == STEP_LAST) linger(c);
  /* However it ended: that a client has gone is no failure of the server. */
  return mt_none();
}

static void drop(mt_value arg) {
  struct connection *c = arg.data;
  struct server *s = c->server;
  close(c->fd);
  free(c->in);
  free(c);
  atomic_fetch_sub_explicit(&s->open, 1, memory_order_relaxed);
  mt_release(s->room);
}

static void count_open(struct server *s) {
  atomic_fetch_add_explicit(&s->connections, 1, memory_order_relaxed);
  uint64_t open = 1 + atomic_fetch_add_explicit(&s->open, 1, memory_order_relaxed);
  uint64_t most = atomic_load_explicit(&s->most_open, memory_order_relaxed);
  while (most < open && !atomic_compare_exchange_weak_explicit(
                            &s->most_open, &most, open, memory_order_relaxed, memory_order_relaxed))
    ;
}

void connection_start(struct server *server, int fd) {
  struct connection *c = calloc(1, sizeof *c);
  if (!c) {
    close(fd);
    mt_release(server->room);
    return;
  }
  c->server = server;
  c->fd = fd;
  count_open(server);
  mt_task task = {.fn = run, .arg = mt_ptr(c), .drop_arg = drop, .name = "connection"};
  mt_unref(mt_submit_task(server->executor, &task));
}
