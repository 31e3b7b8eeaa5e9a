/* SPDX-License-Identifier: MIT
 *
 * Cancelling one future.
 *
 * The flag and the wake-up are done under the future's lock. The runner cannot settle the future
 * meanwhile, so it cannot go away; and a wait that begins after the flag is set sees it. */
#include "core/executor.h"

/* A promise's future: it is only settled if its promise said that it may be. */
static bool cancel_promise(mt_future *f) {
  uint64_t w = atomic_fetch_or_explicit(&f->word, MTI_CANCEL, memory_order_acq_rel);
  if (mti_is_settled(w) || !(w & MTI_CANCELABLE)) return false;
  mt_error *error = mti_error_new(MT_ECANCELED, "", 0, mt_status_text(MT_ECANCELED));
  if (mti_settle_promise(f, MTI_ERROR, mt_none(), error)) return true;
  mti_error_free(error);
  return false;
}

bool mt_cancel(mt_future *f) {
  uint64_t w = mti_word(f);
  if (mti_is_settled(w)) return false;
  if (w & MTI_PROMISE) return cancel_promise(f);
  if (mti_born_elsewhere(w)) return false;
  w = mti_lock(f);
  bool pending = !mti_is_settled(w);
  if (pending) atomic_fetch_or_explicit(&f->word, MTI_CANCEL, memory_order_acq_rel);
  if (mti_phase(w) == MTI_RUNNING) {
    mti_runner *r = f->runner;
    r->ops->unpark(r, NULL);
  }
  mti_unlock(f);
  if (!pending) return false;
  if (mti_phase(w) == MTI_RUNNING) return true;
  /* If it has started meanwhile, it sees the flag at its first wait. */
  mti_settle_unstarted(f, MT_ECANCELED);
  return true;
}
