/* SPDX-License-Identifier: MIT
 * Whether, and after which wait, a failed task is repeated. */
#include "base/clock.h"
#include "core/executor.h"
#include <stdlib.h>

/* xorshift64* (Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled",
 * 2016), one for each thread: jitter needs to be uncorrelated, not secret. */
static uint64_t random_bits(void) {
  static _Thread_local uint64_t state;
  if (state == 0) state = (uint64_t)mt_now_ns() ^ (uint64_t)(uintptr_t)&state ^ 0x9e3779b97f4a7c15u;
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545f4914f6cdd1du;
}

/* The wait before repeat k = 1, 2, ... by the policy alone. */
static int64_t backoff(const mt_retry *p, unsigned k) {
  double most = p->max_ns > 0 ? (double)p->max_ns : (double)MT_SECONDS(30);
  double wait = p->first_ns > 0 ? (double)p->first_ns : (double)MT_MS(100);
  double factor = p->factor > 0 ? p->factor : 2;
  for (unsigned i = 1; i < k && wait < most && factor > 1; i++) wait *= factor;
  if (factor < 1)
    for (unsigned i = 1; i < k && wait > 1; i++) wait *= factor;
  if (wait > most) wait = most;
  if (!p->no_jitter) wait *= (double)(random_bits() >> 11) / 9007199254740992.0; /* / 2^53 */
  return wait >= 9.2e18 ? MTI_NEVER : (int64_t)wait;
}

int64_t mti_retry_delay(mt_future *f, mti_extra *x, const mt_error *error) {
  const mt_retry *p = x->retry;
  unsigned attempt = atomic_load_explicit(&x->attempt, memory_order_relaxed);
  if (p == NULL || attempt > p->repeats) return -1;
  if (error->code == MT_ECANCELED || error->code == MT_EDEADLINE) return -1;
  if (mti_word(f) & MTI_CANCEL) return -1;
  mt_executor *ex = x->executor;
  if (mti_state(ex) & (MTI_DROP_QUEUED | MTI_DROP_RUNNING)) return -1;
  if (x->group != NULL && mti_group_cancelled(x->group)) return -1;
  int64_t delay_ns = backoff(p, attempt);
  if (p->worth != NULL) {
    mti_runner *r = mti_runner_self();
    r->nowait++;
    bool worth = p->worth(p->worth_arg, error, &delay_ns);
    r->nowait--;
    if (!worth) return -1;
  }
  if (delay_ns < 0) delay_ns = 0;
  if (x->deadline_at_ns != MTI_NEVER && mti_after(mt_now_ns(), delay_ns) >= x->deadline_at_ns)
    return -1;
  return delay_ns;
}
