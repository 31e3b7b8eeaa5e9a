/* SPDX-License-Identifier: MIT
 *
 * Settling: the one moment at which a future's outcome becomes visible, and who is told.
 *
 * In this order, on the settling thread:
 *
 *   1. outcome and phase are set        readers see it
 *   2. the settled hook
 *   3. watchers: waits and streams wake
 *   4. callbacks                        (if this thread is in a callback already: after that one)
 *   5. its group is told
 *   6. its executor counts it           (close may free the executor from here on)
 *   7. the runtime's reference goes
 *
 * A task without watchers, extra and hooks takes the short way: one compare-exchange does 1 and 7.
 */
#include "base/spin.h"
#include "core/executor.h"
#include <stdlib.h>

/* Steps 5 to 7. */
void mti_settle_finally(mt_future *f) {
  uint64_t w = mti_word(f);
  if (!(w & MTI_PROMISE)) {
    mt_executor *ex = mti_executor_of(f);
    if (w & MTI_GROUPED) mti_group_leave(f, mti_extra_of(f));
    mti_task_over(ex);
  }
  mt_unref(f);
}

/* Step 1, under LOCKED, which it ends. Returns the watchers in order of registration. */
static mti_watcher *publish(mt_future *f, unsigned phase, mt_value value, mt_error *error) {
  if (phase == MTI_VALUE)
    f->value = value;
  else
    f->error = error;
  mti_watcher *newest = f->watchers, *oldest = NULL;
  f->watchers = NULL;
  while (newest != NULL) {
    mti_watcher *next = newest->next;
    newest->link = NULL;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  uint64_t w = atomic_load_explicit(&f->word, memory_order_relaxed);
  /* Others may change the references meanwhile. Release: pairs with the acquire in mti_word. */
  while (!atomic_compare_exchange_weak_explicit(
      &f->word, &w, (w & ~(uint64_t)(MTI_PHASE | MTI_LOCKED | MTI_WATCHED)) | phase,
      memory_order_release, memory_order_relaxed)) {
  }
  return oldest;
}

/* Steps 3 to 7. A watcher may be gone once it is told, so callbacks are picked out first. */
static void tell(mt_future *f, mti_watcher *w) {
  mti_watcher *waits = NULL, **waits_end = &waits, *callbacks = NULL, **callbacks_end = &callbacks;
  for (; w != NULL; w = w->next) {
    mti_watcher ***end = w->told != NULL ? &waits_end : &callbacks_end;
    **end = w;
    *end = &w->next;
  }
  *waits_end = *callbacks_end = NULL;
  while (waits != NULL) {
    mti_watcher *next = waits->next;
    waits->told(waits, f);
    waits = next;
  }
  mti_callbacks_run(f, callbacks);
}

static void count_outcome(mt_executor *ex, unsigned phase, const mt_error *error) {
  if (phase != MTI_ERROR) return;
  if (error->code == MT_ECANCELED)
    MTI_COUNT(ex, cancelled);
  else
    MTI_COUNT(ex, failed);
}

void mti_settle_ran(mt_executor *ex, mt_future *f, unsigned phase, mt_value value,
                    mt_error *error) {
  int code = phase == MTI_ERROR ? error->code : 0;
  count_outcome(ex, phase, error);
  if (!(f->owner & 1) && ex->options.hooks == NULL) {
    uint64_t w = atomic_load_explicit(&f->word, memory_order_relaxed);
    while (!(w & (MTI_LOCKED | MTI_WATCHED))) {
      /* f->value and f->error overlay words that nobody else reads while it is RUNNING. */
      if (phase == MTI_VALUE)
        f->value = value;
      else
        f->error = error;
      uint64_t settled = ((w & ~(uint64_t)MTI_PHASE) | phase) - MTI_REF;
      if (atomic_compare_exchange_weak_explicit(&f->word, &w, settled, memory_order_acq_rel,
                                                memory_order_relaxed)) {
        if (w >> 32 == 1) { /* nobody else holds it: it must be freed, with a reference to give */
          atomic_store_explicit(&f->word, settled + MTI_REF, memory_order_relaxed);
          mt_unref(f);
        }
        mti_task_over(ex);
        return;
      }
    }
  }
  mti_lock(f);
  mti_watcher *watchers = publish(f, phase, value, error);
  MTI_HOOK(f, ex, settled, MT_WAITS_NOT, code);
  tell(f, watchers);
}

bool mti_settle_unstarted(mt_future *f, mt_status why) {
  mti_extra *x = mti_extra_of(f);
  unsigned attempt = x != NULL ? atomic_load_explicit(&x->attempt, memory_order_relaxed) : 0;
  mt_error *error = mti_error_new(why, mt_name(f), attempt, mt_status_text(why));
  uint64_t w = mti_lock(f);
  if (mti_phase(w) >= MTI_RUNNING || mti_phase(w) == MTI_PENDING) {
    mti_unlock(f);
    mti_error_free(error);
    return false;
  }
  mt_executor *ex = mti_executor_of(f);
  MTI_COUNT(ex, dropped);
  mt_ref(f); /* the one that step 7 gives up */
  mti_watcher *watchers = publish(f, MTI_ERROR, mt_none(), error);
  count_outcome(ex, MTI_ERROR, error);
  mti_leave_room(ex, f);
  ex->backend->forget(ex);
  MTI_HOOK(f, ex, settled, MT_WAITS_NOT, why);
  tell(f, watchers);
  return true;
}

bool mti_settle_promise(mt_future *f, unsigned phase, mt_value value, mt_error *error) {
  uint64_t w = mti_lock(f);
  if (mti_is_settled(w)) {
    mti_unlock(f);
    return false;
  }
  mt_ref(f);
  tell(f, publish(f, phase, value, error));
  return true;
}

void mti_hook_call(mt_future *f, mti_hook *hook, mt_wait_kind wait, mt_status status) {
  mti_runner *r = mti_runner_self();
  mt_event event = {.now_ns = mt_now_ns(),
                    .future = f,
                    .name = mt_name(f),
                    .tag = mt_tag(f),
                    .worker = r->worker,
                    .attempt = mt_attempts(f),
                    .wait = wait,
                    .status = status};
  r->nowait++;
  hook(mti_executor_of(f)->options.hooks_arg, &event);
  r->nowait--;
}
