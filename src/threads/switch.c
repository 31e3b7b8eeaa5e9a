/* SPDX-License-Identifier: MIT
 * Contexts, and what the sanitizers are told of them. */
#include "threads/switch.h"
#include <stdint.h>

#ifdef MTI_ASM_SWITCH
/* In switch_x86_64.S or switch_aarch64.S. */
void mti_switch(void **save_sp, void *to_sp);
void mti_switch_start(void);

#if defined(__x86_64__)
/* What mti_switch takes from the stack: control words, r15 r14 r13 r12 rbx rbp, address. */
enum { WORDS = 8, AT_ENTRY = 4, AT_ARG = 3, AT_ADDRESS = 7 };
#else
/* d8-d15, x19-x28, x29, x30, fpcr and padding. */
enum { WORDS = 22, AT_ENTRY = 8, AT_ARG = 9, AT_ADDRESS = 19 };
#endif

static void make(mti_context *c, void *high, void (*entry)(void *), void *arg) {
  uintptr_t top = (uintptr_t)high & ~(uintptr_t)15;
  uintptr_t *frame = (uintptr_t *)(top - 16) - WORDS;
  for (int i = 0; i < WORDS; i++) frame[i] = 0;
#if defined(__x86_64__)
  uint32_t mxcsr;
  uint16_t x87;
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
  frame[0] = (uintptr_t)mxcsr | (uintptr_t)x87 << 32;
#else
  __asm__ volatile("mrs %0, fpcr" : "=r"(frame[20]));
#endif
  frame[AT_ENTRY] = (uintptr_t)entry;
  frame[AT_ARG] = (uintptr_t)arg;
  frame[AT_ADDRESS] = (uintptr_t)mti_switch_start;
  c->sp = frame;
}
#else
static void start(unsigned entry_high, unsigned entry_low, unsigned arg_high, unsigned arg_low) {
  void (*entry)(void *) = (void (*)(void *))(uintptr_t)((uint64_t)entry_high << 32 | entry_low);
  entry((void *)(uintptr_t)((uint64_t)arg_high << 32 | arg_low));
}

static void make(mti_context *c, void *low, void *high, void (*entry)(void *), void *arg) {
  uint64_t e = (uint64_t)(uintptr_t)entry, a = (uint64_t)(uintptr_t)arg;
  getcontext(&c->ucontext);
  c->ucontext.uc_stack.ss_sp = low;
  c->ucontext.uc_stack.ss_size = (size_t)((char *)high - (char *)low);
  c->ucontext.uc_link = NULL;
  /* makecontext passes ints only. */
  makecontext(&c->ucontext, (void (*)(void))start, 4, (unsigned)(e >> 32), (unsigned)e,
              (unsigned)(a >> 32), (unsigned)a);
}
#endif

void mti_context_init(mti_context *c, void *low, void *high, void (*entry)(void *), void *arg) {
#ifdef MTI_ASM_SWITCH
  make(c, high, entry, arg);
#else
  make(c, low, high, entry, arg);
#endif
#ifdef MTI_ASAN
  c->fake_stack = NULL;
  c->bottom = low;
  c->size = (size_t)((char *)high - (char *)low);
#endif
#ifdef MTI_TSAN
  c->tsan = __tsan_create_fiber(0);
#endif
  (void)low;
}

void mti_context_fini(mti_context *c) {
#ifdef MTI_TSAN
  __tsan_destroy_fiber(c->tsan);
#endif
  (void)c;
}

void mti_context_adopt(mti_context *c) {
#ifdef MTI_TSAN
  c->tsan = __tsan_get_current_fiber();
#endif
  (void)c;
}

/* Not instrumented for threads: between the announcement and the switch nothing may be recorded. */
__attribute__((no_sanitize("thread"), noinline)) void
mti_context_switch(mti_context *from, mti_context *to, int ending) {
#ifdef MTI_ASAN
  __sanitizer_start_switch_fiber(ending ? NULL : &from->fake_stack, to->bottom, to->size);
#endif
#ifdef MTI_TSAN
  __tsan_switch_to_fiber(to->tsan, 0);
#endif
#ifdef MTI_ASM_SWITCH
  mti_switch(&from->sp, to->sp);
#else
  swapcontext(&from->ucontext, &to->ucontext);
#endif
#ifdef MTI_ASAN
  __sanitizer_finish_switch_fiber(from->fake_stack, NULL, NULL);
#endif
  (void)ending;
}

void mti_context_entered(mti_context *origin) {
#ifdef MTI_ASAN
  const void *bottom;
  size_t size;
  __sanitizer_finish_switch_fiber(NULL, &bottom, &size);
  if (origin != NULL) {
    origin->bottom = bottom;
    origin->size = size;
  }
#endif
  (void)origin;
}
