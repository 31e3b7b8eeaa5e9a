/* SPDX-License-Identifier: MIT
 *
 * floor_sleepers.c: what n sleeping tasks with stacks cannot cost less than on this machine.
 *
 * W threads share n stacks of 256 KiB of address space. For each stack a thread sets the guard page
 * below it and touches the page that its first frame would lie in; then it sleeps for the second
 * that the last task to start would sleep. There is no scheduler, no timer, no switch and no
 * result. A program that suspends n tasks on stacks of their own has to do at least this, so the
 * difference between `executor sleep:task` and this is what meantime itself costs.
 *
 * Memory that the machine has not used since it booted can cost several times as much to touch
 * (a virtual machine first has to be given it): run once before you measure, and alternate.
 */
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Linux 6.13; its value is part of the kernel's interface, older headers just lack the name. */
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

enum { stack_size = 256 * 1024, stacks_a_mapping = 4096 };

typedef enum guard { GUARD_NONE, GUARD_MADVISE, GUARD_MPROTECT } guard;

typedef struct share {
  pthread_t thread;
  size_t stacks;
  guard guard;
  int error; /* an errno value, or 0 */
} share;

static bool kernel_has_guards(size_t page) {
  void *p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  bool has = madvise(p, page, MADV_GUARD_INSTALL) == 0;
  munmap(p, page);
  return has;
}

static int set_guard(char *stack, size_t page, guard how) {
  if (how == GUARD_MADVISE) return madvise(stack, page, MADV_GUARD_INSTALL) ? errno : 0;
  if (how == GUARD_MPROTECT) return mprotect(stack, page, PROT_NONE) ? errno : 0;
  return 0;
}

/* Makes up to stacks_a_mapping stacks in one mapping, which lives as long as the process. */
static int make_stacks(size_t count, size_t page, guard how) {
  size_t size = count * stack_size;
  char *base = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (base == MAP_FAILED) return errno;
  /* Where huge pages are for everyone, the first touch would take 2 MiB. It is no error that a
   * kernel without them does not know the advice. */
  madvise(base, size, MADV_NOHUGEPAGE);
  for (size_t i = 0; i < count; i++) {
    char *stack = base + i * stack_size;
    int error = set_guard(stack, page, how);
    if (error) return error;
    *(volatile char *)(stack + stack_size - 64) = 1;
  }
  return 0;
}

static void *run_share(void *arg) {
  share *s = arg;
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  for (size_t done = 0; done < s->stacks && !s->error;) {
    size_t count = s->stacks - done < stacks_a_mapping ? s->stacks - done : stacks_a_mapping;
    s->error = make_stacks(count, page, s->guard);
    done += count;
  }
  struct timespec second = {.tv_sec = 1};
  if (!s->error) nanosleep(&second, NULL);
  return NULL;
}

static const char *run(unsigned workers, long n, guard how, bench_result *ret) {
  share *shares = calloc(workers, sizeof *shares);
  if (!shares) return "no memory";
  int error = 0;
  unsigned started = 0;
  int64_t begin = bench_now_ns();
  for (; started < workers && !error; started++) {
    share *s = &shares[started];
    s->stacks = (size_t)n * (started + 1) / workers - (size_t)n * started / workers;
    s->guard = how;
    error = pthread_create(&s->thread, NULL, run_share, s);
    if (error) break;
  }
  for (unsigned i = 0; i < started; i++) {
    pthread_join(shares[i].thread, NULL);
    if (!error) error = shares[i].error;
  }
  ret->wall_ns = bench_now_ns() - begin;
  ret->ops = n;
  ret->page_tables_kib = bench_page_tables_kib();
  free(shares);
  return error ? strerror(error) : NULL;
}

/* mprotect splits the mapping, two a stack: past about 32,000 the kernel answers ENOMEM. */
static const char *guarded(unsigned workers, long n, bench_result *ret) {
  bool has = kernel_has_guards((size_t)sysconf(_SC_PAGESIZE));
  return run(workers, n, has ? GUARD_MADVISE : GUARD_MPROTECT, ret);
}

static const char *mprotected(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, GUARD_MPROTECT, ret);
}

static const char *unguarded(unsigned workers, long n, bench_result *ret) {
  return run(workers, n, GUARD_NONE, ret);
}

int main(int argc, char **argv) {
  static const bench_case cases[] = {
      {"sleep:floor", 1000000, "a page and a guard for each stack, then one second", guarded},
      {"sleep:floor_unguarded", 1000000, "a page for each stack, then one second", unguarded},
      {"sleep:floor_mprotect", 30000, "guards by mprotect, then one second", mprotected},
  };
  return bench_main(argc, argv, cases, sizeof cases / sizeof *cases);
}
