/* SPDX-License-Identifier: MIT
 *
 * flaky.h: tasks that fail before they succeed, and what must hold of them on any executor. (Rule
 * 10's tests use them, too.)
 */
#ifndef TESTS_CONTRACT_FLAKY_H
#define TESTS_CONTRACT_FLAKY_H

#include "tasks.h"

/* Fails with EAGAIN, "attempt N", until the attempt of this number, which it gives. */
struct flaky {
  unsigned good;     /* the attempt that succeeds */
  unsigned attempts; /* as the task counts them */
  unsigned strange;  /* where mt_attempt() did not agree */
  int64_t begun_ns[32];
};
mt_value task_flaky(mt_value arg);

/* submit_flaky(ex, &flaky, &retry, .deadline_ns = ...) */
#define submit_flaky(ex, flaky, ...)                                                               \
  submit_as((ex), .fn = task_flaky, .arg = mt_ptr(flaky), .retry = __VA_ARGS__)

/* Each of the first n waits between attempts was at least so long. */
void flaky_waited(const struct flaky *flaky, const int64_t *least_ns, unsigned n);

/* Backoffs that are over at once, and that do not end while a test runs. */
extern const mt_retry quick, hourly;

/* Waits until the task is in its first backoff. */
void wait_for_backoff(mt_future *f);

/* Sleeps without end, and then fails as if it were worth another attempt. */
mt_value task_fails_when_cut(mt_value arg);

/* What must hold wherever tasks run. */
void expect_no_backoff_past_the_deadline(mt_executor *ex);
void expect_a_timeout_is_repeated(mt_executor *ex);
void expect_a_cancel_is_not_repeated(mt_executor *ex); /* nothing else runs in it */

#endif
