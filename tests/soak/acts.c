/* SPDX-License-Identifier: MIT
 *
 * What a task of the soak does: a few random acts, each using one part of the library. An act
 * returns 0, or why the task was cut.
 *
 * No act may wait for what only another waiting act could give: a permit is held over sleeps only,
 * and a promise is settled or abandoned by an item whose end nobody but itself can hold up. */
#include "soak.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct self {
  item *item;
  uint64_t *seed;
  bool counted; /* in item->at->active */
} self;

/* Called before a wait that may give the slot up, and after: the count is that of tasks which
 * surely have a slot. */
static void away(self *s) {
  if (s->counted) atomic_fetch_sub(&s->item->at->active, 1);
}
static void back(self *s) {
  if (!s->counted) return;
  unsigned active = atomic_fetch_add(&s->item->at->active, 1) + 1;
  if (active > s->item->at->in_flight) atomic_fetch_add(&now.overfull, 1);
}

/* A full queue may make a submit wait. */
static mt_future *send_child(self *s, mt_promise *promise) {
  away(s);
  mt_future *f = send(s->seed, s->item->depth + 1, NULL, promise);
  back(s);
  return f;
}

static int64_t patience(self *s) {
  return below(s->seed, 3) > 0 ? MT_FOREVER : draw_ns(s->seed, 300);
}

/* A timeout is nothing to end a task for; whatever else is not expected is written down. */
static mt_status cut(mt_status st) {
  if (st == MT_OK || st == MT_ETIMEDOUT || st == MT_FAILED || st == MT_ETAKEN || st == MT_END)
    return MT_OK;
  if (st != MT_ECANCELED && st != MT_EDEADLINE && st != MT_ENOMEM) atomic_fetch_add(&now.odd, 1);
  return st;
}

static mt_status compute(self *s) {
  for (volatile unsigned n = below(s->seed, 20000); n > 0; n--) {
    if (n % 4096 == 0 && mt_cancelled()) return MT_ECANCELED;
  }
  return MT_OK;
}

static mt_status nap(self *s) {
  return cut(mt_sleep(draw_ns(s->seed, 300)));
}

static mt_status step_aside(self *s) {
  for (unsigned n = below(s->seed, 4) + 1; n > 0; n--) mt_yield();
  return MT_OK;
}

static void take(mt_future *f) {
  mt_value value;
  if (mt_take(f, 0, &value) != MT_OK) return;
  if (value.size == 0) atomic_fetch_add(&now.freed, 1);
  free(value.data);
}

static mt_status wait_for_child(self *s) {
  mt_future *f = send_child(s, NULL);
  if (f == NULL) return MT_OK;
  if (below(s->seed, 5) == 0) mt_cancel(f);
  away(s);
  mt_status st = mt_wait(f, patience(s));
  back(s);
  if (st == MT_OK && !mt_done(f)) atomic_fetch_add(&now.odd, 1);
  if (below(s->seed, 2) > 0) take(f);
  mt_unref(f);
  return cut(st);
}

static size_t send_some(self *s, mt_future **f, size_t most) {
  size_t n = 0;
  while (n < most && (f[n] = send_child(s, NULL)) != NULL) n++;
  return n;
}

static mt_status wait_for_many(self *s) {
  mt_future *f[20];
  size_t n = send_some(s, f, 1 + below(s->seed, 20));
  away(s);
  mt_status st = mt_wait_many(f, n, (mt_until)below(s->seed, 3), patience(s));
  back(s);
  for (size_t i = 0; i < n; i++) {
    if (below(s->seed, 4) == 0) mt_cancel(f[i]);
    mt_unref(f[i]);
  }
  return cut(st);
}

static mt_status as_they_finish(self *s) {
  mt_future *f[8], *next;
  size_t n = send_some(s, f, 8), left = n - (n > 0 ? below(s->seed, (unsigned)n) : 0);
  mt_stream *stream = mt_as_completed(f, n);
  mt_status st = MT_OK;
  while (left > 0 && st == MT_OK) {
    away(s);
    st = mt_next(stream, patience(s), &next, NULL);
    back(s);
    if (st != MT_OK) break;
    if (!mt_done(next)) atomic_fetch_add(&now.odd, 1);
    mt_unref(next);
    left--;
  }
  mt_stream_close(stream);
  for (size_t i = 0; i < n; i++) mt_unref(f[i]);
  return cut(st);
}

static mt_value small(mt_value arg) {
  if (mt_as_int(arg) % 5 == 0) mt_yield();
  if (mt_as_int(arg) % 7 == 0) mt_sleep(MT_US(20));
  return mt_as_int(arg) % 11 == 0 ? mt_fail(11, "eleven") : arg;
}

/* Items of a map are not in the books: what comes out is looked at here. */
static mt_status map(self *s) {
  mt_map_options o = {.order = (mt_order)below(s->seed, 2), .ahead = below(s->seed, 6)};
  intptr_t n = (intptr_t)below(s->seed, 20);
  place *at = &now.place[below(s->seed, 2)];
  away(s); /* a full queue, too, may make it wait */
  mt_stream *stream = mt_map_range(at->ex, small, 0, n, &o);
  mt_status st = MT_OK;
  mt_future *f;
  for (intptr_t left = below(s->seed, 2) > 0 ? n + 1 : n / 2, i = 0; left > 0; left--, i++) {
    size_t index = 0;
    if ((st = mt_next(stream, patience(s), &f, &index)) != MT_OK) break;
    if (o.order == MT_ORDER_INPUT && index != (size_t)i) atomic_fetch_add(&now.odd, 1);
    if (!mt_done(f) || (index % 11 == 0 && mt_failure(f) == NULL)) atomic_fetch_add(&now.odd, 1);
    mt_unref(f);
  }
  mt_stream_close(stream);
  back(s);
  return cut(st);
}

static mt_status together(self *s) {
  mt_group *g;
  if (mt_group_open(&g) != MT_OK) return MT_ENOMEM;
  mt_status st = MT_OK;
  away(s);
  for (unsigned n = below(s->seed, 8); n > 0; n--)
    mt_unref(send(s->seed, s->item->depth + 1, g, NULL));
  if (below(s->seed, 6) == 0) mt_group_cancel(g);
  if (below(s->seed, 4) == 0) st = mt_group_wait(g, patience(s));
  mt_group_close(g);
  back(s);
  return mt_cancelled() ? cut(st) : MT_OK;
}

static mt_status permit(self *s) {
  mt_status st = mt_acquire(now.limit, patience(s));
  if (st != MT_OK) return cut(st);
  if (below(s->seed, 2) > 0) mt_sleep(draw_ns(s->seed, 50));
  mt_release(now.limit);
  return MT_OK;
}

static mt_value foreign(mt_value arg) {
  usleep((useconds_t)mt_as_int(arg));
  return mt_cancelled() ? mt_fail(4, "cut in a foreign call") : arg;
}

static mt_status block(self *s) {
  mt_value us = mt_int((intptr_t)below(s->seed, 100)), value = mt_block(foreign, us);
  int code = mt_failure_code(value);
  if (code == 0 && mt_as_int(value) != mt_as_int(us)) atomic_fetch_add(&now.odd, 1);
  return code < 0 ? cut(code) : MT_OK;
}

typedef struct sum {
  unsigned n;
  uint64_t seed;
} sum;

/* Counts its own calls: 2^n of them. Jobs wait in all ways, submits included. */
static mt_value branch(mt_value arg) {
  sum *s = arg.data;
  if (below(&s->seed, 16) == 0) mt_yield();
  if (below(&s->seed, 32) == 0) mt_sleep(MT_US(30));
  if (below(&s->seed, 32) == 0) mt_fail(1, "said, and not returned");
  if (below(&s->seed, 48) == 0) {
    mt_future *f = send(&s->seed, 9, NULL, NULL);
    if (f != NULL) mt_wait(f, MT_FOREVER);
    mt_unref(f);
  }
  if (s->n == 0) return mt_int(1);
  sum left = {s->n - 1, draw(&s->seed)}, right = {s->n - 1, draw(&s->seed)};
  mt_job job;
  mt_fork(&job, branch, mt_ptr(&left));
  intptr_t here = mt_as_int(branch(mt_ptr(&right)));
  return mt_int(here + mt_as_int(mt_join(&job)));
}

static mt_status fork_and_join(self *s) {
  sum whole = {below(s->seed, 6), draw(s->seed)};
  intptr_t wanted = (intptr_t)1 << whole.n;
  away(s);
  intptr_t calls = mt_as_int(branch(mt_ptr(&whole)));
  back(s);
  if (calls != wanted) atomic_fetch_add(&now.odd, 1);
  return MT_OK;
}

static int add_up(size_t begin, size_t end, void *total) {
  atomic_fetch_add((_Atomic size_t *)total, end - begin);
  return 0;
}

static mt_status loop(self *s) {
  _Atomic size_t total = 0;
  size_t n = below(s->seed, 200);
  away(s);
  int code = mt_for(now.place[below(s->seed, 2)].ex, n, below(s->seed, 10), add_up, &total);
  back(s);
  if (code == 0 && atomic_load(&total) != n) atomic_fetch_add(&now.odd, 1);
  return mt_cancelled() ? MT_ECANCELED : MT_OK;
}

static mt_status promise(self *s) {
  mt_promise *p;
  mt_future *f;
  unsigned flags = below(s->seed, 2) > 0 ? MT_PROMISE_CANCELABLE : 0;
  if (mt_promise_open(flags, &p, &f) != MT_OK) return MT_ENOMEM;
  atomic_fetch_add(&now.opened, 1);
  mt_on_done(f, count_settled, NULL);
  mt_future *child = send_child(s, p);
  if (child == NULL) mt_promise_close(p);
  mt_unref(child);
  if (below(s->seed, 4) == 0) mt_cancel(f);
  away(s);
  mt_status st = mt_wait(f, MT_FOREVER);
  back(s);
  mt_unref(f);
  return cut(st);
}

static mt_status descriptor(self *s) {
  int ends[2];
  char byte = 0;
  if (pipe(ends) < 0) return MT_OK;
  bool filled = below(s->seed, 2) > 0 && write(ends[1], &byte, 1) == 1;
  int ready = mt_wait_fd(ends[0], POLLIN, draw_ns(s->seed, 200));
  if (filled && (ready == MT_ETIMEDOUT || ready == 0)) ready = mt_wait_fd(ends[0], POLLIN, 0);
  if (!filled && ready > 0) atomic_fetch_add(&now.odd, 1);
  close(ends[0]);
  close(ends[1]);
  return ready < 0 ? cut(ready) : MT_OK;
}

static mt_status clean_up(self *s) {
  bool was = mt_shield(true);
  mt_status st = mt_sleep(draw_ns(s->seed, 100));
  mt_shield(was);
  if (st != MT_OK) atomic_fetch_add(&now.odd, 1);
  return MT_OK;
}

static mt_status (*const acts[])(self *) = {
    compute,        nap,     step_aside, wait_for_child, wait_for_child, wait_for_many,
    as_they_finish, map,     together,   permit,         block,          fork_and_join,
    loop,           promise, descriptor, clean_up,
};

static mt_value result(self *s) {
  if (below(s->seed, 6) == 0) return mt_fail(7, "seven of item %p", (void *)s->item);
  if (below(s->seed, 2) == 0) return mt_text("%u", s->item->depth);
  void *memory = malloc(16);
  if (memory != NULL) atomic_fetch_add(&now.made, 1);
  return mt_ptr(memory);
}

mt_value act(mt_value arg) {
  item *it = arg.data;
  uint64_t seed = it->seed + atomic_fetch_add(&it->entered, 1);
  /* Who submits to a full queue may have to run the task: that one is beyond in_flight. */
  self s = {it, &seed, it->at->in_flight > 0 && mt_worker() >= 0};
  if (atomic_fetch_add(&it->inside, 1) > 0) atomic_fetch_add(&now.odd, 1);
  if (atomic_load(&it->settled) > 0) atomic_fetch_add(&now.early, 1);
  back(&s);
  mt_status st = MT_OK;
  for (unsigned n = below(&seed, 4); n > 0 && st == MT_OK; n--)
    st = acts[below(&seed, sizeof acts / sizeof *acts)](&s);
  if (it->promise != NULL && below(&seed, 3) > 0) mt_settle(it->promise, mt_int(1));
  away(&s);
  atomic_fetch_sub(&it->inside, 1);
  return st < 0 ? mt_give_up(st) : result(&s);
}
