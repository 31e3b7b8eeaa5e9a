/* SPDX-License-Identifier: MIT */
#include "base/parker.h"
#include "base/clock.h"
#include <errno.h>

#ifdef MTI_FUTEX
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

void mti_parker_init(mti_parker *p) {
  atomic_init(&p->word, MTI_EMPTY);
}
void mti_parker_fini(mti_parker *p) {
  (void)p;
}

bool mti_park(mti_parker *p, int64_t until_ns) {
  uint32_t seen = MTI_EMPTY;
  /* Acquire on success and failure: pairs with the exchange in mti_unpark. */
  if (!atomic_compare_exchange_strong_explicit(&p->word, &seen, MTI_PARKED, memory_order_acq_rel,
                                               memory_order_acquire)) {
    atomic_exchange_explicit(&p->word, MTI_EMPTY, memory_order_acquire);
    return true;
  }
  struct timespec until = mti_timespec(until_ns);
  for (;;) {
    /* FUTEX_WAIT_BITSET takes an absolute time on the monotonic clock. */
    long rc = syscall(SYS_futex, &p->word, FUTEX_WAIT_BITSET_PRIVATE, MTI_PARKED,
                      until_ns == MTI_NEVER ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    int why = rc < 0 ? errno : 0;
    if (atomic_load_explicit(&p->word, memory_order_acquire) == MTI_NOTIFIED) break;
    if (why == ETIMEDOUT) {
      /* An unpark may come in right now: then it counts, so that it is not left over. */
      return atomic_exchange_explicit(&p->word, MTI_EMPTY, memory_order_acq_rel) == MTI_NOTIFIED;
    }
  }
  /* An exchange, not a store: it acquires from an unpark that came after the load above, too, so
   * that its condition is seen by the caller's next look. */
  atomic_exchange_explicit(&p->word, MTI_EMPTY, memory_order_acquire);
  return true;
}

uint32_t mti_unpark(mti_parker *p, _Atomic uint32_t *gone) {
  uint32_t was = atomic_exchange_explicit(&p->word, MTI_NOTIFIED, memory_order_seq_cst);
  if (gone != NULL) atomic_store_explicit(gone, 1, memory_order_release);
  /* From here on only the address is used: waking one that is gone does nothing, or wakes somebody
   * for no reason, which every futex user must bear. */
  if (was == MTI_PARKED) syscall(SYS_futex, &p->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
  return was;
}

#else

void mti_parker_init(mti_parker *p) {
  atomic_init(&p->word, MTI_EMPTY);
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&p->mutex, NULL);
  pthread_cond_init(&p->condition, &attr);
  pthread_condattr_destroy(&attr);
}

void mti_parker_fini(mti_parker *p) {
  pthread_cond_destroy(&p->condition);
  pthread_mutex_destroy(&p->mutex);
}

bool mti_park(mti_parker *p, int64_t until_ns) {
  struct timespec until = mti_timespec(until_ns);
  int rc = 0;
  pthread_mutex_lock(&p->mutex);
  uint32_t seen = MTI_EMPTY;
  if (atomic_compare_exchange_strong_explicit(&p->word, &seen, MTI_PARKED, memory_order_acq_rel,
                                              memory_order_acquire)) {
    while (atomic_load_explicit(&p->word, memory_order_acquire) == MTI_PARKED && rc != ETIMEDOUT)
      rc = until_ns == MTI_NEVER ? pthread_cond_wait(&p->condition, &p->mutex)
                                 : pthread_cond_timedwait(&p->condition, &p->mutex, &until);
  }
  bool notified =
      atomic_exchange_explicit(&p->word, MTI_EMPTY, memory_order_acq_rel) == MTI_NOTIFIED;
  pthread_mutex_unlock(&p->mutex);
  return notified;
}

uint32_t mti_unpark(mti_parker *p, _Atomic uint32_t *gone) {
  pthread_mutex_lock(&p->mutex);
  uint32_t was = atomic_exchange_explicit(&p->word, MTI_NOTIFIED, memory_order_seq_cst);
  if (was == MTI_PARKED) pthread_cond_signal(&p->condition);
  pthread_mutex_unlock(&p->mutex);
  if (gone != NULL) atomic_store_explicit(gone, 1, memory_order_release);
  return was;
}
#endif
