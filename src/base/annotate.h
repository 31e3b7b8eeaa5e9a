/* SPDX-License-Identifier: MIT
 *
 * What the sanitizers and Valgrind must be told: which stack a thread is on, and which memory of a
 * slab is not in use. Everything here is nothing in an ordinary build. */
#ifndef MTI_ANNOTATE_H
#define MTI_ANNOTATE_H

#if defined(__SANITIZE_ADDRESS__)
#define MTI_ASAN 1
#endif
#if defined(__SANITIZE_THREAD__)
#define MTI_TSAN 1
#endif
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MTI_ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define MTI_TSAN 1
#endif
#endif

#ifdef MTI_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef MTI_TSAN
#include <sanitizer/tsan_interface.h>
#endif

#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define MTI_STACK_REGISTER(low, high) VALGRIND_STACK_REGISTER(low, high)
#define MTI_STACK_FORGET(id)          VALGRIND_STACK_DEREGISTER(id)
#endif
#endif
#ifndef MTI_STACK_REGISTER
#define MTI_STACK_REGISTER(low, high) 0U
#define MTI_STACK_FORGET(id)          ((void)(id))
#endif

#endif
