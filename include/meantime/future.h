/* SPDX-License-Identifier: MIT
 *
 * meantime/future.h: a task's outcome: pending, or settled with a value or an error.
 *
 * A future settles exactly once, whatever happens. A started task's future settles only after its
 * function has returned. Futures are reference-counted; whoever got one from a call owns one
 * reference. Everything may be called from any thread. Waits may be called inside tasks (the task
 * is suspended, its worker runs others, its slot is free meanwhile) and outside (the thread blocks;
 * a signal does not end a wait).
 *
 * A future that is settled is read, not waited for: reading succeeds even in a cancelled task.
 */
#ifndef MEANTIME_FUTURE_H
#define MEANTIME_FUTURE_H

#include <meantime/hooks.h>
#include <meantime/value.h>

#ifdef __cplusplus
extern "C" {
#endif

MT_API mt_future *mt_ref(mt_future *f);   /* returns f */
MT_API mt_future *mt_unref(mt_future *f); /* returns NULL; NULL is allowed */

/* Waits until the future is settled. 0 when it is, however it settled; else the waiter's own
 * trouble: MT_ETIMEDOUT, MT_ECANCELED or MT_EDEADLINE (the waiting task was cut), MT_EDEADLK (a
 * callback or hook, the task's own future, or an inline task that could never see it settle),
 * MT_EFORKED, MT_ENOMEM (no stack to be had). Cancel outranks timeout outranks wake-up. */
MT_API mt_status mt_wait(mt_future *f, int64_t timeout_ns);

typedef enum mt_until {
  MT_FIRST_DONE,  /* one of them is settled */
  MT_FIRST_ERROR, /* one of them holds an error, or all are settled */
  MT_ALL_DONE     /* all are settled */
} mt_until;

/* Waits for many. Returns as mt_wait; mt_done tells which are settled. With n 0 it returns 0. */
MT_API mt_status mt_wait_many(mt_future *const *f, size_t n, mt_until until, int64_t timeout_ns);

/* Waits, and reads the value. 0: *ret_borrowed is the value, valid until the caller unrefs f.
 * MT_FAILED: the future holds an error, see mt_failure. MT_ETAKEN: mt_take moved it out. Otherwise
 * as mt_wait. *ret_borrowed is untouched unless 0 is returned, and may be NULL. */
MT_API mt_status mt_get(mt_future *f, int64_t timeout_ns, mt_value *ret_borrowed);

/* As mt_get, but moves the value out: the caller frees sized data. Only one caller succeeds; later
 * mt_get and mt_take return MT_ETAKEN. */
MT_API mt_status mt_take(mt_future *f, int64_t timeout_ns, mt_value *ret_owned);

/* The error of a settled future; NULL if it is pending or holds a value. Borrowed until unref. */
MT_API const mt_error *mt_failure(const mt_future *f);

MT_API bool mt_done(const mt_future *f);          /* settled, however */
MT_API bool mt_running(const mt_future *f);       /* started and not settled; false in a backoff */
MT_API bool mt_was_cancelled(const mt_future *f); /* settled with MT_ECANCELED */

/* Asks for an end. A task that has not started is settled as cancelled at once and never runs. A
 * running task's current wait, and every later one, returns MT_ECANCELED, and mt_cancelled() tells
 * it; what its function returns is still its outcome, so `mt_give_up` settles it as cancelled and a
 * value is kept. Returns whether the request came in time: false if the future was settled, or is a
 * promise's that nobody watches for cancels. */
MT_API bool mt_cancel(mt_future *f);

/* What the task was given: for a submitted task, its argument and tag; zero for a promise. Valid as
 * long as what they point to. */
MT_API mt_value mt_argument(const mt_future *f);
MT_API void *mt_tag(const mt_future *f);
MT_API const char *mt_name(const mt_future *f); /* "" if it has none */

/* Seconds the last attempt took, from its start to its return, its waits included; 0 if it has not
 * returned or never started. NAN if the executor does not read the clock (mt_options.timed). */
MT_API double mt_seconds(const mt_future *f);
MT_API unsigned mt_attempts(const mt_future *f); /* attempts started so far */

/* Calls fn(f, arg) once the future is settled, after its waiters were woken and in the order of
 * registration: on the settling thread, or at once on this one if it is settled. No lock is held. A
 * callback may do all that does not wait; a wait in it returns MT_EDEADLK. Callbacks that settle
 * futures whose callbacks settle futures do not recurse. mt_close waits for callbacks to return.
 * Returns 0 or MT_ENOMEM. */
typedef void mt_callback(mt_future *f, void *arg);
MT_API mt_status mt_on_done(mt_future *f, mt_callback *fn, void *arg);

/* Takes a registration back. True: it has not been called and never will be. */
MT_API bool mt_off_done(mt_future *f, mt_callback *fn, void *arg);

#ifdef __cplusplus
}
#endif
#endif
