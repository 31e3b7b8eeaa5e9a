/* SPDX-License-Identifier: MIT
 *
 * Callbacks.
 *
 * A thread runs callbacks from a queue of its own. What a callback settles adds to the queue
 * instead of recursing, so a chain of a million promises needs no more stack than one. Each entry
 * holds a reference to its future; the last one of a future also ends its settling (group,
 * executor), so that mt_close waits for callbacks. */
#include "core/executor.h"
#include <stdlib.h>

typedef struct mti_callback {
  mti_watcher watcher; /* first; its told is NULL */
  mt_callback *fn;
  void *arg;
  mt_future *future;
  struct mti_callback *next;
  bool last; /* of this settling: mti_settle_finally is due */
} mti_callback;

static void enqueue(mti_callback *c) {
  mti_thread *here = &mti_here;
  c->next = NULL;
  if (here->callbacks == NULL) here->callbacks_end = &here->callbacks;
  *here->callbacks_end = c;
  here->callbacks_end = &c->next;
}

static void drain(void) {
  mti_thread *here = &mti_here;
  if (here->in_callbacks) return;
  mti_runner *r = mti_runner_self();
  here->in_callbacks = true;
  r->nowait++;
  for (mti_callback *c; (c = here->callbacks) != NULL;) {
    here->callbacks = c->next;
    mt_future *f = c->future;
    bool last = c->last;
    c->fn(f, c->arg);
    free(c);
    if (last) mti_settle_finally(f);
    mt_unref(f);
  }
  r->nowait--;
  here->in_callbacks = false;
}

void mti_callbacks_run(mt_future *f, mti_watcher *first) {
  if (first == NULL) {
    mti_settle_finally(f);
    return;
  }
  while (first != NULL) {
    mti_callback *c = (mti_callback *)first;
    first = first->next;
    c->future = mt_ref(f);
    c->last = first == NULL;
    enqueue(c);
  }
  drain();
}

mt_status mt_on_done(mt_future *f, mt_callback *fn, void *arg) {
  mti_callback *c = calloc(1, sizeof *c);
  if (c == NULL) return MT_ENOMEM;
  c->fn = fn;
  c->arg = arg;
  if (mti_watch(f, &c->watcher)) return MT_OK;
  c->future = mt_ref(f);
  enqueue(c);
  drain();
  return MT_OK;
}

bool mt_off_done(mt_future *f, mt_callback *fn, void *arg) {
  mti_lock(f);
  mti_watcher *w = f->watchers;
  for (; w != NULL; w = w->next) {
    mti_callback *c = (mti_callback *)w;
    if (w->told == NULL && c->fn == fn && c->arg == arg) break;
  }
  /* Under the same lock: once it is let go, it may be told and freed. */
  if (w != NULL) mti_unlink(w);
  mti_unlock(f);
  bool found = w != NULL;
  free(w);
  return found;
}
