/* SPDX-License-Identifier: MIT
 *
 * The memory of stacks: each has a guard below it, whichever way the kernel offers, and memory that
 * is given back leaves an address that can be read.
 *
 * A task that overflows its stack must die of SIGSEGV, and not write on its neighbour's. It dies in
 * a child process, which is forked before there is any thread; what became of it is asserted later.
 */
#include "contract.h"
#include "threads/pool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__linux__) && defined(__has_include)
#if __has_include(<linux/seccomp.h>)
#include <linux/filter.h>
#include <linux/seccomp.h>
#define CAN_FILTER 1
#endif
#endif

/* Exit codes of a child that did not die. */
enum { SURVIVED = 1, WITHOUT_FILTER = 2 };

static int fate_by_madvise, fate_by_mprotect; /* as waitpid tells it */

static bool refuse_guards_by_madvise(void) {
#ifdef CAN_FILTER
  enum { MADV_GUARD_INSTALL_ = 102 };
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MADV_GUARD_INSTALL_, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
#else
  return false;
#endif
}

static mt_value waits(mt_value arg) {
  mt_status st = mt_wait(arg.data, MT_FOREVER);
  return st < 0 ? mt_give_up(st) : mt_none();
}

static __attribute__((noinline)) size_t falls(volatile char *above, size_t depth) {
  volatile char frame[256];
  frame[0] = above[0];
  frame[255] = (char)depth;
  size_t below = depth > 0 ? falls(frame, depth - 1) : 0;
  return below + (unsigned char)frame[255]; /* so that it is no loop */
}

static mt_value overflows(mt_value arg) {
  (void)arg;
  volatile char top[256] = {0};
  return mt_int((intptr_t)falls(top, (size_t)1 << 20));
}

/* Stacks of tasks that wait lie on both sides of the one that overflows. */
static int overflow(bool by_mprotect) {
  signal(SIGSEGV, SIG_DFL); /* a sanitizer would make something else of it */
  setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
  if (by_mprotect && !refuse_guards_by_madvise()) return WITHOUT_FILTER;
  mt_executor *ex;
  mt_options options = {.in_flight = 9, .stack_size = (size_t)256 * 1024};
  mt_promise *promise;
  mt_future *gate, *f[5];
  if (mt_open("threads:1", &options, &ex) < 0 || mt_promise_open(0, &promise, &gate) < 0) abort();
  for (int i = 0; i < 4; i++) f[i] = mt_submit(ex, waits, mt_ptr(gate));
  while (suspended_in(ex) < 4) contract_pause();
  f[4] = mt_submit(ex, overflows, mt_none());
  mt_wait(f[4], MT_FOREVER);
  return SURVIVED;
}

static int fate_of_a_child(bool by_mprotect) {
  fflush(NULL);
  pid_t child = fork();
  if (child == 0) _exit(overflow(by_mprotect));
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static void is_killed_by_its_guard(int fate) {
  if (WIFEXITED(fate) && WEXITSTATUS(fate) == WITHOUT_FILTER) skip();
  assert_true(WIFSIGNALED(fate));
  assert_int_equal(WTERMSIG(fate), SIGSEGV);
}

static void an_overflow_dies_of_sigsegv(void) {
  is_killed_by_its_guard(fate_by_madvise);
}

static void also_where_guards_are_made_by_mprotect(void) {
  is_killed_by_its_guard(fate_by_mprotect);
}

/* A worker that has stacks, and nothing else. */
static mti_pool pool;
static mti_worker worker;

static mti_worker *begin(size_t stack_size) {
  memset(&pool, 0, sizeof pool);
  memset(&worker, 0, sizeof worker);
  pool.stack_size = stack_size;
  worker.pool = &pool;
  return &worker;
}

static size_t page(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

static mti_fiber *get(mti_worker *w) {
  mti_fiber *f = mti_stack_get(w);
  assert_non_null(f);
  return f;
}

/* Whether the kernel may read a byte there: asking kills nobody. */
static bool readable(const char *at) {
  static int fd[2] = {-1, -1};
  if (fd[0] < 0) assert_int_equal(pipe(fd), 0);
  ssize_t n = write(fd[1], at, 1);
  char byte;
  if (n == 1) assert_int_equal(read(fd[0], &byte, 1), 1);
  if (n < 0) assert_int_equal(errno, EFAULT);
  return n == 1;
}

static int by_address(const void *a, const void *b) {
  const char *x = (*(mti_fiber *const *)a)->low, *y = (*(mti_fiber *const *)b)->low;
  return (x > y) - (x < y);
}

static void stacks_lie_apart_each_above_its_guard(void) {
  enum { N = 100 };
  static const size_t sizes[] = {16 * 1024, 64 * 1024, 256 * 1024};
  for (size_t k = 0; k < 3; k++) {
    mti_worker *w = begin(sizes[k] + page());
    mti_fiber *f[N];
    for (int i = 0; i < N; i++) {
      f[i] = get(w);
      assert_true((size_t)((char *)f[i] - f[i]->low) >= sizes[k] - sizeof(mti_fiber) - 64);
      assert_false(readable(f[i]->low - 1));
      assert_false(readable(f[i]->low - page()));
      f[i]->low[0] = (char)i;
      assert_true(readable(f[i]->low));
      assert_int_equal((uintptr_t)f[i] % 64, 0);
    }
    for (int i = 0; i < N; i++) {
      assert_int_equal(f[i]->low[0], i);
      assert_ptr_equal(f[i]->worker, w);
      mti_stack_put(w, f[i]);
    }
    qsort(f, N, sizeof *f, by_address);
    for (int i = 1; i < N; i++)
      assert_true(f[i]->low - (char *)(f[i - 1] + 1) >= (ptrdiff_t)page());
    mti_stack_fini(w, false);
  }
}

static void the_stack_that_was_used_last_is_used_next(void) {
  mti_worker *w = begin(64 * 1024);
  mti_fiber *f[10];
  for (int i = 0; i < 10; i++) f[i] = get(w);
  for (int i = 0; i < 10; i++) mti_stack_put(w, f[i]);
  for (int i = 10; i-- > 0;) assert_ptr_equal(get(w), f[i]);
  for (int i = 0; i < 10; i++) mti_stack_put(w, f[i]);
  mti_stack_fini(w, false);
}

static void collect(mti_fiber *f, void *arg) {
  mti_fiber ***end = arg;
  *(*end)++ = f;
}

static size_t mapped(mti_worker *w, mti_fiber **all) {
  mti_fiber **end = all;
  mti_stack_each(w, collect, &end);
  return (size_t)(end - all);
}

static void each_stack_is_visited_once(void) {
  enum { N = 300 };
  static mti_fiber *f[N], *all[2 * N];
  mti_worker *w = begin(64 * 1024);
  assert_int_equal(mapped(w, all), 0);
  for (int i = 0; i < N; i++) f[i] = get(w);
  assert_int_equal(mapped(w, all), N);
  qsort(f, N, sizeof *f, by_address);
  qsort(all, N, sizeof *all, by_address);
  assert_memory_equal(f, all, sizeof f);
  for (int i = 0; i < N; i++) mti_stack_put(w, f[i]);
  mti_stack_fini(w, false);
}

static void what_is_idle_beyond_need_gives_its_memory_back(void) {
  enum { N = 300 };
  static mti_fiber *f[N], *all[2 * N];
  mti_worker *w = begin(64 * 1024);
  for (int round = 0; round < 3; round++) {
    for (int i = 0; i < N; i++) {
      f[i] = get(w);
      assert_int_equal(f[i]->low[100], 0); /* no task sees what another left there */
      f[i]->low[100] = 'x';
    }
    for (int i = 0; i < N; i++) f[i]->low[100] = 0;
    assert_int_equal(mapped(w, all), N); /* from the second round on, addresses are used again */
    for (int i = 0; i < N; i++) mti_stack_put(w, f[i]);
    while (mti_stack_trim(w)) continue;
    assert_int_equal(w->stacks.idle_count + w->stacks.bare_count, N);
    assert_in_range(w->stacks.idle_count, 1, 64);
    assert_false(mti_stack_trim(w));
    /* A bare fiber reads as zeros: one that is not parked. */
    size_t bare = 0;
    for (int i = 0; i < N; i++)
      bare += atomic_load(&f[i]->park) == MTI_EMPTY && f[i]->worker == NULL;
    assert_int_equal(bare, w->stacks.bare_count);
  }
  mti_stack_fini(w, false);
}

static void memory_that_was_given_back_is_not_resident(void) {
  enum { N = 200 };
  static mti_fiber *f[N];
  mti_worker *w = begin(64 * 1024);
  for (int i = 0; i < N; i++) memset((f[i] = get(w))->low, 1, 8 * page());
  for (int i = 0; i < N; i++) mti_stack_put(w, f[i]);
  char *low[N];
  for (int i = 0; i < N; i++) low[i] = f[i]->low;
  while (mti_stack_trim(w)) continue;
  size_t resident = 0;
  for (int i = 0; i < N; i++) {
    unsigned char pages[8];
    if (mincore(low[i], 8 * page(), pages) != 0) skip();
    resident += (pages[0] & 1) != 0;
  }
  size_t kept = w->stacks.idle_count;
  mti_stack_fini(w, false);
  assert_int_equal(resident, kept);
}

static const struct check checks[] = {
    CHECK(an_overflow_dies_of_sigsegv, 0),
    CHECK(also_where_guards_are_made_by_mprotect, 0),
    CHECK(stacks_lie_apart_each_above_its_guard, 0),
    CHECK(the_stack_that_was_used_last_is_used_next, 0),
    CHECK(each_stack_is_visited_once, 0),
    CHECK(what_is_idle_beyond_need_gives_its_memory_back, 0),
    CHECK(memory_that_was_given_back_is_not_resident, 0),
};

int main(void) {
  fate_by_madvise = fate_of_a_child(false);
  fate_by_mprotect = fate_of_a_child(true);
  return rule_main(checks, sizeof checks / sizeof *checks);
}
