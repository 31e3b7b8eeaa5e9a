/* SPDX-License-Identifier: MIT
 *
 * Calls fn(arg) with the registers that a function must preserve set to `set`, and stores what they
 * hold afterwards in `got`. In assembly, registers_*.S; where there is none, no such test. */
#ifndef TESTS_THREADS_REGISTERS_H
#define TESTS_THREADS_REGISTERS_H

#include <stdint.h>

#if defined(__x86_64__)
enum { REGISTERS = 6 }; /* rbx rbp r12 r13 r14 r15 */
#elif defined(__aarch64__)
enum { REGISTERS = 18 }; /* x19-x28, d8-d15 */
#endif

#if defined(__x86_64__) || defined(__aarch64__)
#define HAVE_REGISTERS 1
void call_with_registers(void (*fn)(void *), void *arg, const uint64_t *set, uint64_t *got);
#endif

#endif
