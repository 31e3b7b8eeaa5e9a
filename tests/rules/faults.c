/* SPDX-License-Identifier: MIT
 *
 * Calls that fail on purpose. What is armed is one word, so that a call sees all of it or nothing:
 * the kind, whether it goes on, and the number of the call that fails.
 */
#include "faults.h"

#ifdef FAULTS_WRAPPED

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

static _Atomic unsigned long long armed; /* kind << 33 | onward << 32 | nth */
static atomic_uint counted;

bool faults_work(void) {
  return true;
}

void faults_arm(enum fault kind, unsigned nth, bool onward) {
  atomic_store(&counted, 0);
  atomic_store(&armed, (unsigned long long)kind << 33 | (unsigned long long)onward << 32 | nth);
}

unsigned faults_disarm(void) {
  atomic_store(&armed, 0);
  return atomic_load(&counted);
}

static bool fails(enum fault kind) {
  unsigned long long now = atomic_load(&armed);
  if (now >> 33 != (unsigned long long)kind) return false;
  unsigned number = atomic_fetch_add(&counted, 1);
  unsigned nth = (unsigned)now;
  return number == nth || (number > nth && (now >> 32 & 1) != 0);
}

/* The names are the linker's: it calls these in place of the real ones. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __real_epoll_create1(int flags);
int __real_eventfd(unsigned value, int flags);
int __real_pipe(int ends[2]);
int __real_pipe2(int ends[2], int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *),
                          void *arg);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
int __wrap_epoll_create1(int flags);
int __wrap_eventfd(unsigned value, int flags);
int __wrap_pipe(int ends[2]);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *),
                          void *arg);

static void *no_memory(void) {
  errno = ENOMEM;
  return NULL;
}

static int no_descriptor(void) {
  errno = EMFILE;
  return -1;
}

void *__wrap_malloc(size_t size) {
  return fails(FAULT_MEMORY) ? no_memory() : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails(FAULT_MEMORY) ? no_memory() : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size) {
  return fails(FAULT_MEMORY) ? no_memory() : __real_realloc(old, size);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 || !fails(FAULT_MEMORY)) return __real_mmap(at, size, protection, flags, fd, offset);
  errno = ENOMEM;
  return MAP_FAILED;
}

int __wrap_epoll_create1(int flags) {
  return fails(FAULT_DESCRIPTOR) ? no_descriptor() : __real_epoll_create1(flags);
}

int __wrap_eventfd(unsigned value, int flags) {
  return fails(FAULT_DESCRIPTOR) ? no_descriptor() : __real_eventfd(value, flags);
}

int __wrap_pipe(int ends[2]) {
  return fails(FAULT_DESCRIPTOR) ? no_descriptor() : __real_pipe(ends);
}

int __wrap_pipe2(int ends[2], int flags) {
  return fails(FAULT_DESCRIPTOR) ? no_descriptor() : __real_pipe2(ends, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*run)(void *),
                          void *arg) {
  return fails(FAULT_THREAD) ? EAGAIN : __real_pthread_create(thread, how, run, arg);
}

#else

bool faults_work(void) {
  return false;
}

void faults_arm(enum fault kind, unsigned nth, bool onward) {
  (void)kind;
  (void)nth;
  (void)onward;
}

unsigned faults_disarm(void) {
  return 0;
}

#endif
