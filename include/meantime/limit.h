/* SPDX-License-Identifier: MIT
 *
 * meantime/limit.h: how much at once, and how often.
 *
 * A limit has permits ("at most 8 connections to this host"), a rate ("10 a second"), or both.
 * Those who wait are served first come, first served; a task that waits holds no thread. A limit
 * belongs to no executor: tasks of several, and threads outside, may share it.
 */
#ifndef MEANTIME_LIMIT_H
#define MEANTIME_LIMIT_H

#include <meantime/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_limit mt_limit;

/* Zero means no such limit; one of `permits` and `rate` must be set. */
typedef struct mt_limit_options {
  unsigned permits; /* how many may hold it at once */
  double rate;      /* acquisitions per `per_ns`, spaced evenly (a token bucket of `burst`) */
  int64_t per_ns;   /* default one second */
  unsigned burst;   /* how many may pass at once after a pause; default 1 */
} mt_limit_options;

/* Errors: MT_EINVAL (no limit at all, a negative rate), MT_ENOMEM. */
MT_API mt_status mt_limit_open(const mt_limit_options *options, mt_limit **ret);

/* Waits for a permit and for the rate's turn. 0: it is taken, and mt_release gives the permit back.
 * If the wait is cut (MT_ETIMEDOUT, MT_ECANCELED, MT_EDEADLINE, as mt_wait) nothing was taken. A
 * wait that took its permit just when it was cut reports success; the cut shows at the next wait.
 */
MT_API mt_status mt_acquire(mt_limit *l, int64_t timeout_ns);

/* Gives a permit back; without permits (a rate only) it does nothing. Any thread may. */
MT_API void mt_release(mt_limit *l);

/* Lets nobody pass for so long from now, as a server asks that answers "429, Retry-After". Pauses
 * do not add up: the latest end counts. */
MT_API void mt_limit_pause(mt_limit *l, int64_t duration_ns);

/* Nobody may hold or wait for it. NULL is allowed. */
MT_API void mt_limit_close(mt_limit *l);

#ifdef __cplusplus
}
#endif
#endif
