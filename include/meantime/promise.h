/* SPDX-License-Identifier: MIT
 *
 * meantime/promise.h: a future that foreign code settles: a callback, another library, another
 * thread.
 *
 * The promise is the writing end, its future the reading end. A promise is settled once; closing it
 * unsettled settles the future with MT_EABANDONED, so no waiter is left behind.
 */
#ifndef MEANTIME_PROMISE_H
#define MEANTIME_PROMISE_H

#include <meantime/future.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_promise mt_promise;

enum {
  MT_PROMISE_CANCELABLE =
      1 /* mt_cancel settles the future at once; mt_settle then says MT_ESETTLED */
};

/* On success the caller owns the promise (mt_promise_close) and one reference to its future
 * (mt_unref). Errors: MT_ENOMEM, MT_EINVAL (unknown flags). */
MT_API mt_status mt_promise_open(unsigned flags, mt_promise **ret, mt_future **ret_future);

/* Settles the future with a value; a sized one must come from malloc and now belongs to the future.
 * MT_ESETTLED: it was settled or cancelled before; the value stays yours. A failure value of
 * mt_fail settles it with that error. */
MT_API mt_status mt_settle(mt_promise *p, mt_value value);
MT_API mt_status mt_settle_error(mt_promise *p, int code, const char *format, ...) MT_PRINTF(3, 4);

/* Whether somebody has asked for a cancel (also without MT_PROMISE_CANCELABLE). */
MT_API bool mt_promise_cancelled(const mt_promise *p);

/* Frees the promise; unsettled, its future fails with MT_EABANDONED. NULL is allowed. */
MT_API void mt_promise_close(mt_promise *p);

#ifdef __cplusplus
}
#endif
#endif
