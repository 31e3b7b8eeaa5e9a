/* SPDX-License-Identifier: MIT
 * Texts of the statuses, the version, the clock. */
#include "base/clock.h"

const char *mt_status_text(mt_status status) {
  static const char *const text[] = {
      [-MT_OK] = "done",
      [-MT_FAILED] = "failed",
      [-MT_ECANCELED] = "cancelled",
      [-MT_ETIMEDOUT] = "timed out",
      [-MT_EDEADLINE] = "past its deadline",
      [-MT_EDEADLK] = "this wait could never end",
      [-MT_EFULL] = "the executor's queue is full",
      [-MT_ESHUTDOWN] = "the executor is shut down",
      [-MT_ELOST] = "the worker died",
      [-MT_EBROKEN] = "a worker's init hook failed",
      [-MT_EABANDONED] = "the promise was closed unsettled",
      [-MT_ESETTLED] = "settled already",
      [-MT_ETAKEN] = "the result was taken already",
      [-MT_EFORKED] = "the executor belongs to the parent process",
      [-MT_ENOMEM] = "out of memory",
      [-MT_EINVAL] = "invalid argument",
      [-MT_ENOTSUP] = "not supported here",
      [-MT_END] = "no more items",
      [-MT_ESYSTEM] = "a system call failed",
      [-MT_LATER] = "nothing yet: ask again",
  };
  if (status > 0) return "task error";
  if (status < MT_LATER) return "unknown status";
  return text[-status];
}

const char *mt_version(void) {
  return MT_VERSION;
}

int64_t mt_now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
