/* SPDX-License-Identifier: MIT
 *
 * connection.c: one client, one task, one loop:
 *
 *      .-> read a head -> make the answer -> wait -> send it -.     -> linger -> close
 *      '------------------------------------------------------'
 *
 * The time for a head runs from the moment the connection is ready for one, whatever arrives
 * meanwhile: bytes that trickle in gain a client nothing. What a cancel does, wire.h says.
 *
 * The connection belongs to its task's future, which drops it: also when the task never began. */
#include "connection.h"

#include "pages.h"
#include "request.h"
#include "wire.h"

#include <stdlib.h>
#include <unistd.h>

struct connection {
  struct server *server;
  struct wire wire;
};

enum step {
  STEP_ON,    /* another request may follow */
  STEP_LAST,  /* the last answer was sent: the client shall get to read it */
  STEP_BROKEN /* there is nobody to talk to any more */
};

/* -- a request -------------------------------------------------------------------------------- */

static void count(_Atomic uint64_t *n) {
  atomic_fetch_add_explicit(n, 1, memory_order_relaxed);
}

/* Waits as the answer says, and sends it. */
static enum step deliver(struct connection *c, const struct answer *a, bool body, bool close) {
  struct server *s = c->server;
  mt_status st = a->wait_ns > 0 ? wire_sleep(&c->wire, a->wait_ns) : 0;
  if (st == 0 && a->reset) {
    wire_break(&c->wire);
    count(&s->resets);
    return STEP_BROKEN;
  }
  close = close || wire_is_ending(&c->wire);
  if (st == 0) st = wire_send(&c->wire, a, body, close);
  count(st == 0 ? &s->by_status[a->status - STATUS_LEAST] : &s->unheard);
  return st < 0 ? STEP_BROKEN : close ? STEP_LAST : STEP_ON;
}

static enum step refuse(struct connection *c, int status, const char *why) {
  struct answer a = {0};
  answer_error(&a, status, "%s", why);
  enum step step = deliver(c, &a, true, true);
  answer_fini(&a);
  return step;
}

static enum step answer(struct connection *c, const struct request *r) {
  enum { BODY_MOST = 1024 * 1024 };
  if (r->body_size > BODY_MOST) return refuse(c, 413, "a body is not looked at here");
  struct answer a;
  pages_answer(c->server, r, &a); /* now: reading on may move what `r` points to */
  c->wire.begin += r->head_size;
  /* Whether a body that is held back will follow its answer, nobody knows: what comes next cannot
   * be read. */
  bool held_back = r->expects_continue && r->body_size > 0;
  enum step step = STEP_BROKEN;
  if (held_back || wire_skip(&c->wire, r->body_size) > 0)
    step = deliver(c, &a, r->method != METHOD_HEAD, held_back || !r->keep_alive);
  answer_fini(&a);
  return step;
}

/* Reads one request and answers it. */
static enum step serve_one(struct connection *c) {
  struct wire *w = &c->wire;
  int64_t until_ns = wire_idle_end(w);
  if (!wire_make_room(w)) return STEP_BROKEN;
  for (;;) {
    struct request r;
    int status;
    const char *why;
    enum request_state state =
        request_parse(w->in + w->begin, w->end - w->begin, &r, &status, &why);
    int got = state == REQUEST_MORE ? wire_read(w, until_ns) : 1;
    bool too_slow = got == MT_ETIMEDOUT && w->end > w->begin;
    if (got <= 0 && !too_slow) return STEP_BROKEN;
    if (state == REQUEST_MORE && !too_slow) continue;
    w->answering = true;
    enum step step = state == REQUEST_READY ? answer(c, &r)
                     : too_slow             ? refuse(c, 408, "the headers took too long")
                                            : refuse(c, status, why);
    w->answering = step == STEP_LAST; /* lingering belongs to it */
    return step;
  }
}

/* -- the task --------------------------------------------------------------------------------- */

static mt_value run(mt_value arg) {
  struct connection *c = arg.data;
  enum step step;
  while ((step = serve_one(c)) == STEP_ON)
    mt_yield(); /* a client that always has another request ready is one among many */
  if (step == STEP_LAST) wire_linger(&c->wire);
  /* However it ended: that a client has gone is no failure of the server. */
  return mt_none();
}

static void drop(mt_value arg) {
  struct connection *c = arg.data;
  struct server *s = c->server;
  wire_fini(&c->wire);
  free(c);
  atomic_fetch_sub_explicit(&s->open, 1, memory_order_relaxed);
  mt_release(s->room);
}

static void count_open(struct server *s) {
  count(&s->connections);
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
  *c = (struct connection){server, {.fd = fd, .idle_ns = server->options->idle_ns}};
  count_open(server);
  mt_task task = {.fn = run, .arg = mt_ptr(c), .drop_arg = drop, .name = "connection"};
  mt_unref(mt_submit_task(server->executor, &task));
}
