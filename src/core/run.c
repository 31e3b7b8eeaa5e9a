/* SPDX-License-Identifier: MIT
 *
 * One attempt: from QUEUED through the function to settled, or to DELAYED and another attempt. */
#include "base/clock.h"
#include "core/executor.h"
#include <stdlib.h>
#include <string.h>

/* A task that returns its own sized argument would have it freed twice: the result is a copy. */
static mt_value own(mt_value value, mt_value arg) {
  if (value.size == 0 || mt_is_failure(value) || value.data != arg.data || arg.size == 0)
    return value;
  return mt_bytes(value.data, value.size);
}

static mt_error *failure_of(mti_runner *r, mt_future *f, int code) {
  mt_error *error = mti_runner_take_failure(r);
  if (error != NULL && error->code == code) return error;
  /* A failure value whose message was replaced by a later mt_fail, or made by hand. */
  mti_error_free(error);
  return mti_error_new(code, mt_name(f), r->attempt, mt_status_text(code));
}

/* What the task's own limit makes of MT_EDEADLINE: its timeout is over, or its deadline. */
static mt_error *name_the_limit(mti_runner *r, mt_future *f, mt_error *error) {
  if (error->code != MT_EDEADLINE || r->limit_is_deadline || r->limit_ns == MTI_NEVER) return error;
  mt_error *timeout =
      mti_error_new(MT_ETIMEDOUT, mt_name(f), r->attempt, mt_status_text(MT_ETIMEDOUT));
  mti_error_free(error);
  return timeout;
}

static int64_t finish(mt_executor *ex, mt_future *f, mti_runner *r, mt_value value) {
  mti_extra *x = mti_extra_of(f);
  MTI_COUNT(ex, ended);
  if (x != NULL && ex->timed) x->ended_ns = mt_now_ns();
  value = own(value, f->arg);
  if (!mt_is_failure(value)) {
    mti_runner_end(r);
    mti_settle_ran(ex, f, MTI_VALUE, value, NULL);
    return -1;
  }
  mt_error *error = name_the_limit(r, f, failure_of(r, f, mt_failure_code(value)));
  int64_t delay_ns = x != NULL ? mti_retry_delay(f, x, error) : -1;
  mti_runner_end(r); /* not before: the policy may ask mt_self whose failure it is */
  /* The move fails if a cancel has come in meanwhile. */
  if (delay_ns >= 0 && mti_future_move(f, MTI_RUNNING, MTI_DELAYED)) {
    MTI_COUNT(ex, retried);
    mti_error_free(error);
    return mti_after(mt_now_ns(), delay_ns);
  }
  mti_settle_ran(ex, f, MTI_ERROR, mt_none(), error);
  return -1;
}

void mti_leave_room(mt_executor *ex, mt_future *f) {
  if (ex->room == NULL) return;
  uint64_t was = atomic_fetch_and_explicit(&f->word, ~(uint64_t)MTI_ROOM, memory_order_relaxed);
  if (was & MTI_ROOM) mt_release(ex->room);
}

int64_t mti_run_task(mt_executor *ex, mt_future *f, mti_runner *r) {
  if (mti_state(ex) & MTI_DROP_QUEUED) mti_settle_unstarted(f, MT_ECANCELED);
  f->runner = r;
  if (!mti_future_move(f, MTI_QUEUED, MTI_RUNNING)) {
    mt_unref(f); /* it was settled while it was queued */
    return -1;
  }
  mti_extra *x = mti_extra_of(f);
  mti_leave_room(ex, f);
  MTI_COUNT(ex, started);
  bool clock = ex->timed || (x != NULL && x->timeout_ns > 0);
  mti_runner_begin(r, f, clock ? mt_now_ns() : 0);
  MTI_HOOK(f, ex, started, MT_WAITS_NOT, MT_OK);
  return finish(ex, f, r, f->fn(f->arg));
}
