/* SPDX-License-Identifier: MIT
 * Waiting for another thread to finish a few instructions. */
#ifndef MTI_SPIN_H
#define MTI_SPIN_H

#include <sched.h>

/* Call with a counter that starts at 0. After some rounds it gives the processor away, since the
 * other thread may need this very one. */
static inline void mti_spin(unsigned *round) {
  if (++*round % 64 == 0) {
    sched_yield();
    return;
  }
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

#endif
