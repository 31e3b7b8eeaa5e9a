/* SPDX-License-Identifier: MIT
 * Promises: futures without a task. A promise is its future, with one reference of its own. */
#include "core/future.h"
#include <stdarg.h>

/* mt_promise is never defined: its pointer is the future's. */
static mt_future *future_of(const mt_promise *p) {
  return (mt_future *)(uintptr_t)p;
}

mt_status mt_promise_open(unsigned flags, mt_promise **ret, mt_future **ret_future) {
  if (flags & ~(unsigned)MT_PROMISE_CANCELABLE || ret == NULL || ret_future == NULL)
    return MT_EINVAL;
  mt_future *f = mti_future_new(NULL, NULL, mt_none());
  if (f == NULL) return MT_ENOMEM;
  uint64_t own = MTI_PROMISE | (flags & MT_PROMISE_CANCELABLE ? MTI_CANCELABLE : 0);
  atomic_init(&f->word, (MTI_PENDING | own) + 2 * MTI_REF);
  *ret = (mt_promise *)f;
  *ret_future = f;
  return MT_OK;
}

/* Takes the error. */
static mt_status settle_error(mt_future *f, mt_error *error) {
  if (mti_settle_promise(f, MTI_ERROR, mt_none(), error)) return MT_OK;
  mti_error_free(error);
  return MT_ESETTLED;
}

mt_status mt_settle(mt_promise *p, mt_value value) {
  mt_future *f = future_of(p);
  if (mt_done(f)) return MT_ESETTLED;
  if (!mt_is_failure(value))
    return mti_settle_promise(f, MTI_VALUE, value, NULL) ? MT_OK : MT_ESETTLED;
  int code = mt_failure_code(value);
  mt_error *last = mti_runner_self()->failure;
  const char *message = last != NULL && last->code == code ? last->message : mt_status_text(code);
  return settle_error(f, mti_error_new(code, "", 0, message));
}

mt_status mt_settle_error(mt_promise *p, int code, const char *format, ...) {
  va_list args;
  va_start(args, format);
  mt_error *error = mti_error_format(code != 0 ? code : MT_EINVAL, "", 0, format, args);
  va_end(args);
  return settle_error(future_of(p), error);
}

bool mt_promise_cancelled(const mt_promise *p) {
  return (mti_word(future_of(p)) & MTI_CANCEL) != 0;
}

void mt_promise_close(mt_promise *p) {
  if (p == NULL) return;
  if (!mt_done(future_of(p)))
    settle_error(future_of(p), mti_error_new(MT_EABANDONED, "", 0, mt_status_text(MT_EABANDONED)));
  mt_unref(future_of(p));
}
