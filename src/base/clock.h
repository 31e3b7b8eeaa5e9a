/* SPDX-License-Identifier: MIT
 *
 * Points in time on the monotonic clock, in nanoseconds. A point is computed once from a timeout
 * and then carried along, so that a wait interrupted many times still ends when it should. */
#ifndef MTI_CLOCK_H
#define MTI_CLOCK_H

#include <meantime/status.h>
#include <time.h>

#define MTI_NEVER INT64_MAX

/* now + duration without overflow; a duration of MT_FOREVER gives MTI_NEVER. */
static inline int64_t mti_after(int64_t now_ns, int64_t duration_ns) {
  if (duration_ns <= 0) return now_ns;
  return duration_ns > MTI_NEVER - now_ns ? MTI_NEVER : now_ns + duration_ns;
}

/* The point at which a timeout given to a call is over. It costs no clock reading to wait forever
 * or to poll: 0 lies before every point in time. */
static inline int64_t mti_until(int64_t timeout_ns) {
  if (timeout_ns <= 0) return 0;
  return timeout_ns == MT_FOREVER ? MTI_NEVER : mti_after(mt_now_ns(), timeout_ns);
}

static inline struct timespec mti_timespec(int64_t ns) {
  struct timespec t;
  t.tv_sec = (time_t)(ns / 1000000000);
  t.tv_nsec = (long)(ns % 1000000000);
  return t;
}

#endif
