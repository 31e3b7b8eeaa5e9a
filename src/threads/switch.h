/* SPDX-License-Identifier: MIT
 *
 * Switching stacks.
 *
 * mti_switch saves what the ABI asks a function to preserve, on the stack it leaves, and goes on
 * where the other stack left off. In assembly (x86-64, aarch64) that is 3 to 5 ns, ending in an
 * indirect jump, since a `ret` to an address that the return predictor does not expect costs 5 ns
 * more; with ucontext it is a system call and 170 ns, for everything else. setjmp would do without
 * assembly, but erases AddressSanitizer's red zones, so that an overflow is missed.
 */
#ifndef MTI_SWITCH_H
#define MTI_SWITCH_H

#include "base/annotate.h"
#include <stddef.h>

#if !defined(MTI_UCONTEXT) && (defined(__x86_64__) || defined(__aarch64__)) && defined(__linux__)
#define MTI_ASM_SWITCH 1
#else
#include <ucontext.h>
#endif

typedef struct mti_context {
#ifdef MTI_ASM_SWITCH
  void *sp;
#else
  ucontext_t ucontext;
#endif
#ifdef MTI_ASAN
  void *fake_stack;
  const void *bottom;
  size_t size;
#endif
#ifdef MTI_TSAN
  void *tsan;
#endif
} mti_context;

/* A context that will call entry(arg), which never returns, on the stack low..high. */
void mti_context_init(mti_context *c, void *low, void *high, void (*entry)(void *), void *arg);
void mti_context_fini(mti_context *c);

/* The thread's own stack, before its first switch. */
void mti_context_adopt(mti_context *c);

/* Leaves `from`, goes on with `to`. Returns when something switches back. `ending`: it never will.
 */
void mti_context_switch(mti_context *from, mti_context *to, int ending);

/* To be called first on a new stack. `origin` is where the thread came from, if it is a first one.
 */
void mti_context_entered(mti_context *origin);

#endif
