/* SPDX-License-Identifier: MIT
 *
 * meantime/status.h: what a call returns, and how time is written.
 *
 * A status is an int. 0 is success. A negative status is this call's own trouble, one of the codes
 * below. Positive numbers are never statuses of meantime: they are left to tasks, as the codes of
 * their errors (errno values fit; see meantime/value.h).
 */
#ifndef MEANTIME_STATUS_H
#define MEANTIME_STATUS_H

#include <limits.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define MT_API             __attribute__((visibility("default")))
#define MT_PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#else
#define MT_API
#define MT_PRINTF(fmt, va)
#endif

typedef int mt_status;

enum {
  MT_OK = 0,
  MT_FAILED = -1,      /* the future or group holds an error: ask mt_failure, mt_group_failure */
  MT_ECANCELED = -2,   /* the waiting task, or the task whose outcome this is, was cancelled */
  MT_ETIMEDOUT = -3,   /* the time given to this call, or to a task's attempt, is over */
  MT_EDEADLINE = -4,   /* the task's own timeout or deadline is over */
  MT_EDEADLK = -5,     /* this wait could never end (a callback, the task's own future, inline) */
  MT_EFULL = -6,       /* the executor's queue is full and its policy is to refuse */
  MT_ESHUTDOWN = -7,   /* the executor accepts no more tasks */
  MT_ELOST = -8,       /* the worker died while it ran the task */
  MT_EBROKEN = -9,     /* a worker could not be made ready: its init hook failed */
  MT_EABANDONED = -10, /* the promise was closed without being settled */
  MT_ESETTLED = -11,   /* the promise is settled already (invalid state) */
  MT_ETAKEN = -12,     /* the result was moved out by mt_take already */
  MT_EFORKED = -13,    /* this executor belongs to the parent process: see fork(2) */
  MT_ENOMEM = -14,     /* no memory, no stack or no thread to be had */
  MT_EINVAL = -15,     /* an argument makes no sense */
  MT_ENOTSUP = -16,    /* not in this kind of executor, or not here (e.g. outside a task) */
  MT_END = -17,        /* a stream has no more items: not an error */
  MT_ESYSTEM = -18,    /* a system call failed: errno says how */
  MT_LATER = -19       /* a stream's source has nothing yet: ask again. Not an error */
};

/* A short English text for a status, e.g. "cancelled". Never NULL; a positive number gives
 * "task error". The text is constant and may be kept. Any thread. */
MT_API const char *mt_status_text(mt_status status);

/* Durations are int64_t nanoseconds, and every name that holds one ends in _ns. As a timeout, 0 (or
 * less) polls and MT_FOREVER waits without limit. */
#define MT_FOREVER    INT64_MAX
#define MT_US(n)      ((int64_t)(n)*1000)
#define MT_MS(n)      ((int64_t)(n)*1000000)
#define MT_SECONDS(n) ((int64_t)(n)*1000000000)

/* Nanoseconds on the monotonic clock (CLOCK_MONOTONIC): the clock of every time in meantime. */
MT_API int64_t mt_now_ns(void);

/* The version of the library, "0.1.0": of the header at compile time, of the code at run time. */
#define MT_VERSION "0.1.0"
MT_API const char *mt_version(void);

#ifdef __cplusplus
}
#endif
#endif
