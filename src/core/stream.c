/* SPDX-License-Identifier: MIT
 *
 * Streams: handing futures out, in input order or as they finish.
 *
 * Each item in flight has a slot with a watcher on its future. When the future settles, the watcher
 * marks the slot done and, in completion order, appends it to a list: O(1) a completion. The
 * consumer takes from that list, or, in input order, waits for the slot of the next index.
 *
 * In input order the slots are a ring (index modulo capacity: at most `capacity` consecutive items
 * are in flight); in completion order any free slot will do.
 *
 * A stream that has not ended has a source to ask. It is asked on the way into mt_next, so once
 * nothing is outstanding there the source has said MT_LATER, and that is the answer. The descriptor
 * stays as it was: what it would announce is not the stream's to know. */
#include "core/stream.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "base/spin.h"
#include "core/executor.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

mt_stream mti_no_stream;

mt_stream *mti_stream_new(size_t capacity, mt_order order) {
  mt_stream *s = calloc(1, sizeof *s);
  mti_slot *slots = calloc(capacity > 0 ? capacity : 1, sizeof *slots);
  if (s == NULL || slots == NULL) {
    free(s);
    free(slots);
    return &mti_no_stream;
  }
  mti_mutex_init(&s->mutex);
  s->done_end = &s->done;
  s->order = order;
  s->slots = slots;
  s->capacity = capacity;
  s->fd = s->fd_write = -1;
  s->ended = true;
  s->end = MT_END;
  return s;
}

/* The slot that mt_next would hand out now, or NULL. Under the mutex. */
static mti_slot *ready_slot(mt_stream *s) {
  if (s->order == MT_ORDER_COMPLETION) return s->done;
  if (s->outstanding == 0) return NULL;
  mti_slot *slot = &s->slots[s->next_out % s->capacity];
  return slot->done ? slot : NULL;
}

/* Keeps the descriptor's state that of the stream. Under the mutex. */
static void show(mt_stream *s) {
  if (s->fd < 0) return;
  bool readable = ready_slot(s) != NULL || (s->outstanding == 0 && s->ended);
  if (readable == s->readable) return;
  char byte = 0;
  /* A pipe with at most one byte in it: neither call can block or fall short. */
  ssize_t n = readable ? write(s->fd_write, &byte, 1) : read(s->fd, &byte, 1);
  if (n == 1) s->readable = readable;
}

static void told(mti_watcher *w, mt_future *f) {
  (void)f;
  mti_slot *slot = (mti_slot *)w;
  mt_stream *s = slot->stream;
  pthread_mutex_lock(&s->mutex);
  slot->done = true;
  if (s->order == MT_ORDER_COMPLETION) {
    slot->next = NULL;
    *s->done_end = slot;
    s->done_end = &slot->next;
  }
  show(s);
  /* The consumer cannot leave without the mutex, so it is there to be woken. */
  if (s->consumer != NULL && ready_slot(s) != NULL) {
    mti_runner *r = s->consumer;
    r->ops->unpark(r, NULL);
  }
  pthread_mutex_unlock(&s->mutex);
}

void mti_stream_add(mt_stream *s, mt_future *f) {
  mti_slot *slot;
  pthread_mutex_lock(&s->mutex);
  if (s->order == MT_ORDER_INPUT) {
    slot = &s->slots[s->next_in % s->capacity];
  } else if (s->free_slots != NULL) {
    slot = s->free_slots;
    s->free_slots = slot->next;
  } else { /* none was given back yet: they are used one after another */
    slot = &s->slots[s->next_in];
  }
  *slot = (mti_slot){.stream = s, .future = f, .index = s->next_in++};
  slot->watcher.told = told;
  s->outstanding++;
  pthread_mutex_unlock(&s->mutex);
  if (!mti_watch(f, &slot->watcher)) told(&slot->watcher, f);
}

mt_stream *mt_as_completed(mt_future *const *f, size_t n) {
  mt_stream *s = mti_stream_new(n, MT_ORDER_COMPLETION);
  if (s == &mti_no_stream) return s;
  for (size_t i = 0; i < n; i++) mti_stream_add(s, mt_ref(f[i]));
  return s;
}

/* Hands the ready slot out. Under the mutex. */
static mt_future *hand_out(mt_stream *s, mti_slot *slot, size_t *ret_index) {
  mt_future *f = slot->future;
  if (ret_index != NULL) *ret_index = slot->index;
  if (s->order == MT_ORDER_COMPLETION) {
    if ((s->done = slot->next) == NULL) s->done_end = &s->done;
    slot->next = s->free_slots;
    s->free_slots = slot;
  }
  slot->future = NULL;
  slot->done = false;
  s->outstanding--;
  s->next_out++;
  return f;
}

/* One wait of the consumer. Under the mutex before and after. */
static mt_status wait_once(mt_stream *s, mti_runner *r, int64_t until_ns, unsigned flags) {
  s->consumer = r;
  pthread_mutex_unlock(&s->mutex);
  mt_status st = mti_runner_wait(r, MT_WAITS_STREAM, (intptr_t)s, until_ns, flags | MTI_GIVE_SLOT);
  pthread_mutex_lock(&s->mutex);
  s->consumer = NULL;
  return st;
}

mt_status mt_next(mt_stream *s, int64_t timeout_ns, mt_future **ret_ref, size_t *ret_index) {
  if (s == &mti_no_stream) return MT_ENOMEM;
  mti_runner *r = mti_runner_self();
  mt_status st = mti_runner_cut(r);
  if (st != MT_OK) return st;
  int64_t until_ns = mti_until(timeout_ns);
  mti_stream_fill(s);
  pthread_mutex_lock(&s->mutex);
  mti_slot *slot;
  while ((slot = ready_slot(s)) == NULL && st == MT_OK)
    st = s->outstanding > 0 ? wait_once(s, r, until_ns, 0) : s->ended ? s->end : MT_LATER;
  if (slot != NULL) {
    *ret_ref = hand_out(s, slot, ret_index);
    st = MT_OK;
  }
  show(s);
  bool watched = s->fd >= 0;
  pthread_mutex_unlock(&s->mutex);
  /* Who waits on the descriptor comes back only when it is readable: the room must be filled now.
   */
  if (slot != NULL && watched) {
    mti_stream_fill(s);
    pthread_mutex_lock(&s->mutex);
    show(s);
    pthread_mutex_unlock(&s->mutex);
  }
  return st;
}

int mt_stream_fd(mt_stream *s) {
  if (s == &mti_no_stream) return MT_ENOMEM;
  if (s->fd >= 0) return s->fd;
  int ends[2];
  if (pipe(ends) < 0) return MT_ESYSTEM;
  for (int i = 0; i < 2; i++) {
    fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[i], F_SETFL, O_NONBLOCK);
  }
  mti_stream_fill(s); /* with nothing under way, nothing would ever make it readable */
  pthread_mutex_lock(&s->mutex);
  s->fd_write = ends[1];
  s->fd = ends[0];
  show(s);
  pthread_mutex_unlock(&s->mutex);
  return s->fd;
}

/* Waits until the watcher of a slot is off its future, and its teller off the stream. */
static void stop_watching(mt_stream *s, mti_slot *slot) {
  if (mti_unwatch(slot->future, &slot->watcher)) return;
  unsigned round = 0;
  for (bool done = false; !done; mti_spin(&round)) {
    pthread_mutex_lock(&s->mutex);
    done = slot->done;
    pthread_mutex_unlock(&s->mutex);
  }
}

static bool has_running(const mt_stream *s) {
  for (size_t i = 0; i < s->capacity; i++)
    if (s->slots[i].future != NULL && mt_running(s->slots[i].future)) return true;
  return false;
}

/* Cancels what is not settled, or of that only what has not started; whether something is left. */
static bool cancel_items(mt_stream *s, bool running_too) {
  bool left = false;
  for (size_t i = 0; i < s->capacity; i++) {
    mt_future *f = s->slots[i].future;
    if (f == NULL || mt_done(f)) continue;
    if (running_too || !mt_running(f)) mt_cancel(f);
    left = left || !mt_done(f);
  }
  return left;
}

/* A map's items use the caller's memory: they are cancelled, and waited for. Those that have not
 * started come first, or they would start as the others end. False: a callback may not wait. */
static bool end_items(mt_stream *s, mti_runner *r) {
  if (r->nowait > 0 && has_running(s)) return false;
  bool busy = cancel_items(s, false) && cancel_items(s, true);
  if (busy && r->nowait > 0) return false; /* one has started just now */
  for (size_t i = 0; i < s->capacity; i++) {
    mti_slot *slot = &s->slots[i];
    if (slot->future == NULL) continue;
    while (mti_wait_settled(slot->future, MTI_NEVER, MTI_GUARD) != MT_OK) mt_sleep(MT_MS(1));
  }
  return true;
}

mt_stream *mt_stream_close(mt_stream *s) {
  if (s == NULL || s == &mti_no_stream) return NULL;
  if (s->ex != NULL && !mti_forked(s->ex) && !end_items(s, mti_runner_self())) return s;
  for (size_t i = 0; i < s->capacity; i++) {
    if (s->slots[i].future == NULL) continue;
    stop_watching(s, &s->slots[i]);
    mt_unref(s->slots[i].future);
  }
  if (s->fd >= 0) {
    close(s->fd);
    close(s->fd_write);
  }
  pthread_mutex_destroy(&s->mutex);
  free(s->slots);
  free(s);
  return NULL;
}
