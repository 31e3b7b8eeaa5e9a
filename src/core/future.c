/* SPDX-License-Identifier: MIT
 * A future's birth and death, its lock, its watchers, and what can be read from it. */
#include "core/future.h"
#include "base/clock.h"
#include "base/spin.h"
#include "core/executor.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

mt_future *mti_future_new(mt_executor *ex, mt_fn *fn, mt_value arg) {
  mt_future *f = mti_slab_alloc(MTI_SLAB_FUTURE);
  if (f == NULL) return NULL;
  atomic_init(&f->word, MTI_PENDING + MTI_BIRTH + 2 * MTI_REF);
  f->owner = (uintptr_t)ex;
  f->watchers = NULL;
  f->runner = NULL;
  f->arg = arg;
  f->fn = fn;
  f->link = NULL;
  return f;
}

bool mti_future_extend(mt_future *f) {
  mti_extra *x = mti_slab_alloc(MTI_SLAB_EXTRA);
  if (x == NULL) return false;
  *x = (mti_extra){.executor = (mt_executor *)f->owner, .deadline_at_ns = MTI_NEVER};
  f->owner = (uintptr_t)x | 1;
  return true;
}

/* For when there is no memory for a future: settled, and never freed, since its references are
 * plenty. */
static mt_error no_memory_error = {MT_ENOMEM, 0, "", "no memory for a future"};
static mt_future no_memory = {.word = (MTI_ERROR | MTI_PROMISE) + (MTI_REF << 30),
                              .error = &no_memory_error};

mt_future *mti_future_refused(mt_executor *ex, const mt_task *task, mt_status why) {
  mt_future *f = mti_future_new(ex, NULL, task->arg);
  if (f == NULL) return &no_memory;
  mti_extra *x = mti_future_extend(f) ? mti_extra_of(f) : NULL;
  if (x != NULL) {
    x->name = task->name;
    x->tag = task->tag;
    x->drop_arg = task->drop_arg;
  } else if (task->drop_arg != NULL) { /* no memory to remember it: now, then, and not again */
    task->drop_arg(task->arg);
    f->arg = mt_none();
  }
  f->error = mti_error_new(why, task->name, 0, mt_status_text(why));
  atomic_init(&f->word, MTI_ERROR + MTI_REF);
  return f;
}

uint64_t mti_lock(mt_future *f) {
  unsigned round = 0;
  for (;;) {
    uint64_t w = atomic_load_explicit(&f->word, memory_order_relaxed);
    /* Acquire: pairs with the release in mti_unlock and in the settling. */
    if (!(w & MTI_LOCKED) &&
        atomic_compare_exchange_weak_explicit(&f->word, &w, w | MTI_LOCKED, memory_order_acquire,
                                              memory_order_relaxed))
      return w | MTI_LOCKED;
    mti_spin(&round);
  }
}

void mti_unlock(mt_future *f) {
  atomic_fetch_and_explicit(&f->word, ~(uint64_t)MTI_LOCKED, memory_order_release);
}

bool mti_future_move(mt_future *f, unsigned from, unsigned to) {
  unsigned round = 0;
  uint64_t w = atomic_load_explicit(&f->word, memory_order_relaxed);
  for (;;) {
    if (w & MTI_LOCKED) {
      mti_spin(&round);
      w = atomic_load_explicit(&f->word, memory_order_relaxed);
      continue;
    }
    if (mti_phase(w) != from || (from == MTI_RUNNING && w & MTI_CANCEL)) return false;
    /* Release: whoever sees the new phase under LOCKED sees f->runner. */
    if (atomic_compare_exchange_weak_explicit(&f->word, &w, (w & ~(uint64_t)MTI_PHASE) | to,
                                              memory_order_acq_rel, memory_order_relaxed))
      return true;
  }
}

bool mti_watch(mt_future *f, mti_watcher *w) {
  uint64_t word = mti_lock(f);
  if (mti_is_settled(word)) {
    mti_unlock(f);
    return false;
  }
  w->next = f->watchers;
  w->link = &f->watchers;
  if (w->next != NULL) w->next->link = &w->next;
  f->watchers = w;
  atomic_fetch_or_explicit(&f->word, MTI_WATCHED, memory_order_relaxed);
  mti_unlock(f);
  return true;
}

void mti_unlink(mti_watcher *w) {
  *w->link = w->next;
  if (w->next != NULL) w->next->link = w->link;
  w->link = NULL;
}

bool mti_unwatch(mt_future *f, mti_watcher *w) {
  mti_lock(f);
  bool there = w->link != NULL;
  if (there) mti_unlink(w);
  mti_unlock(f);
  return there;
}

mt_future *mt_ref(mt_future *f) {
  atomic_fetch_add_explicit(&f->word, MTI_REF, memory_order_relaxed);
  return f;
}

static void free_future(mt_future *f) {
  mti_extra *x = mti_extra_of(f);
  switch (mti_phase(mti_word(f))) {
  case MTI_VALUE:
    if (f->value.size > 0)
      free(f->value.data);
    else if (x != NULL && x->drop_result != NULL)
      x->drop_result(f->value);
    break;
  case MTI_ERROR:
    mti_error_free(f->error);
    break;
  default:
    break;
  }
  if (x != NULL) {
    if (x->drop_arg != NULL) x->drop_arg(f->arg);
    mti_slab_free(MTI_SLAB_EXTRA, x);
  }
  mti_slab_free(MTI_SLAB_FUTURE, f);
}

/* A drop function may unref the next future, and that one's the next: they queue up instead of
 * recursing. Meanwhile nothing on this thread may wait, as in callbacks. */
static void destroy(mt_future *f) {
  mti_extra *x = mti_extra_of(f);
  mti_thread *here = &mti_here;
  if (x == NULL || (x->drop_arg == NULL && x->drop_result == NULL)) {
    free_future(f);
    return;
  }
  f->runner = (mti_runner *)(void *)here->dead; /* unused once it is settled */
  here->dead = f;
  if (here->in_drops) return;
  mti_runner *r = mti_runner_self();
  here->in_drops = true;
  r->nowait++;
  while ((f = here->dead) != NULL) {
    here->dead = (mt_future *)(void *)f->runner;
    free_future(f);
  }
  r->nowait--;
  here->in_drops = false;
}

mt_future *mt_unref(mt_future *f) {
  if (f == NULL) return NULL;
  uint64_t w = mti_word(f);
  if (w >> 32 != 1) {
    /* Release: what we did to the future happens before its end; acquire: and so does what others
     * did. */
    w = atomic_fetch_sub_explicit(&f->word, MTI_REF, memory_order_acq_rel);
    if (w >> 32 != 1) return NULL;
  }
  destroy(f);
  return NULL;
}

bool mt_done(const mt_future *f) {
  return mti_is_settled(mti_word(f));
}
bool mt_running(const mt_future *f) {
  return mti_phase(mti_word(f)) == MTI_RUNNING;
}

const mt_error *mt_failure(const mt_future *f) {
  return mti_phase(mti_word(f)) == MTI_ERROR ? f->error : NULL;
}

bool mt_was_cancelled(const mt_future *f) {
  const mt_error *error = mt_failure(f);
  return error != NULL && error->code == MT_ECANCELED;
}

mt_value mt_argument(const mt_future *f) {
  return f->arg;
}

void *mt_tag(const mt_future *f) {
  mti_extra *x = mti_extra_of(f);
  return x != NULL ? x->tag : NULL;
}

const char *mt_name(const mt_future *f) {
  mti_extra *x = mti_extra_of(f);
  return x != NULL && x->name != NULL ? x->name : "";
}

unsigned mt_attempts(const mt_future *f) {
  uint64_t w = mti_word(f);
  mti_extra *x = mti_extra_of(f);
  if (x != NULL) return atomic_load_explicit(&x->attempt, memory_order_relaxed);
  if (w & MTI_PROMISE) return 0;
  /* Without an extra there is no retry: it has run if it runs or holds a value or its own error. */
  unsigned phase = mti_phase(w);
  if (phase == MTI_ERROR) return f->error->attempt;
  return phase == MTI_RUNNING || mti_is_settled(w);
}

double mt_seconds(const mt_future *f) {
  uint64_t w = mti_word(f);
  mti_extra *x = mti_extra_of(f);
  if (x == NULL || !mti_is_settled(w)) return x == NULL ? (double)NAN : 0;
  if (atomic_load_explicit(&x->attempt, memory_order_relaxed) == 0) return 0;
  return x->ended_ns == 0 ? (double)NAN : (double)(x->ended_ns - x->started_ns) / 1e9;
}
