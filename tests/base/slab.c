/* SPDX-License-Identifier: MIT
 *
 * The slab hands out each object to one owner at a time, wherever it was freed, and takes no more
 * memory than what is in use at once and a few magazines. (Under AddressSanitizer each object comes
 * from malloc, which reuses nothing soon: there only the ownership is checked.)
 */
#include "base/slab.h"
#include "base/annotate.h"
#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SPARE = 4 * 128 }; /* two magazines for each of two threads */

static const size_t size_of[MTI_SLAB_CLASSES] = {MTI_FUTURE_SIZE, MTI_EXTRA_SIZE};

static int by_address(const void *a, const void *b) {
  const char *x = *(char *const *)a, *y = *(char *const *)b;
  return (x > y) - (x < y);
}

static size_t distinct(void **at, size_t n) {
  qsort(at, n, sizeof *at, by_address);
  size_t different = n > 0;
  for (size_t i = 1; i < n; i++) different += at[i] != at[i - 1];
  return different;
}

static void objects_lie_apart_and_aligned(void) {
  enum { N = 10000 };
  static void *at[N];
  for (int c = 0; c < MTI_SLAB_CLASSES; c++) {
    for (int i = 0; i < N; i++) {
      at[i] = mti_slab_alloc((mti_slab_class)c);
      assert_non_null(at[i]);
      assert_int_equal((uintptr_t)at[i] % _Alignof(max_align_t), 0);
      memset(at[i], i & 255, size_of[c]);
    }
    for (int i = 0; i < N; i++)
      for (size_t k = 0; k < size_of[c]; k++)
        assert_int_equal(((unsigned char *)at[i])[k], i & 255);
    qsort(at, N, sizeof *at, by_address);
    for (int i = 1; i < N; i++) assert_true((char *)at[i] - (char *)at[i - 1] >= (long)size_of[c]);
    for (int i = 0; i < N; i++) mti_slab_free((mti_slab_class)c, at[i]);
  }
}

static void what_is_freed_is_used_again(void) {
#ifdef MTI_ASAN
  skip();
#endif
  enum { N = 1000, ROUNDS = 50 };
  static void *at[N * ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    void **mine = at + round * N;
    for (int i = 0; i < N; i++) assert_non_null(mine[i] = mti_slab_alloc(MTI_SLAB_EXTRA));
    for (int i = 0; i < N; i++) mti_slab_free(MTI_SLAB_EXTRA, mine[i]);
  }
  assert_in_range(distinct(at, N * ROUNDS), N, N + SPARE);
}

/* One thread allocates, the other frees, as callers and workers do with futures. */
struct handover {
  pthread_barrier_t barrier;
  void **at;
  int rounds, batch;
};

static void *frees(void *arg) {
  struct handover *h = arg;
  for (int round = 0; round < h->rounds; round++) {
    pthread_barrier_wait(&h->barrier);
    for (int i = 0; i < h->batch; i++) mti_slab_free(MTI_SLAB_FUTURE, h->at[round * h->batch + i]);
    pthread_barrier_wait(&h->barrier);
  }
  return NULL;
}

static void what_another_thread_frees_comes_back(void) {
  struct handover h = {.rounds = 100, .batch = 700};
  size_t n = (size_t)h.rounds * (size_t)h.batch;
  h.at = calloc(n, sizeof *h.at);
  assert_non_null(h.at);
  pthread_t thread;
  pthread_barrier_init(&h.barrier, NULL, 2);
  assert_int_equal(pthread_create(&thread, NULL, frees, &h), 0);
  for (int round = 0; round < h.rounds; round++) {
    for (int i = 0; i < h.batch; i++)
      if ((h.at[round * h.batch + i] = mti_slab_alloc(MTI_SLAB_FUTURE)) == NULL) abort();
    pthread_barrier_wait(&h.barrier);
    pthread_barrier_wait(&h.barrier);
  }
  pthread_join(thread, NULL);
  pthread_barrier_destroy(&h.barrier);
#ifndef MTI_ASAN
  assert_in_range(distinct(h.at, n), (size_t)h.batch, (size_t)h.batch + SPARE);
#endif
  free(h.at);
}

enum { PER_THREAD = 300 };

static void *allocates_and_ends(void *arg) {
  void **at = arg;
  for (int i = 0; i < PER_THREAD; i++)
    if ((at[i] = mti_slab_alloc(MTI_SLAB_FUTURE)) == NULL) abort();
  for (int i = 0; i < PER_THREAD; i++) mti_slab_free(MTI_SLAB_FUTURE, at[i]);
  return NULL;
}

static void a_thread_that_ends_gives_its_magazines_back(void) {
#ifdef MTI_ASAN
  skip();
#endif
  enum { THREADS = 200 };
  static void *at[THREADS * PER_THREAD];
  for (int i = 0; i < THREADS; i++) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, allocates_and_ends, at + i * PER_THREAD), 0);
    pthread_join(thread, NULL);
  }
  assert_in_range(distinct(at, THREADS * PER_THREAD), PER_THREAD, PER_THREAD + SPARE);
}

/* Threads swap objects through a table. An object that two owned at once would lose its stamp. */
struct swaps {
  _Atomic(uintptr_t *) place[256];
  size_t rounds;
  _Atomic unsigned seed, damaged;
};

static void stamp(uintptr_t *object) {
  for (size_t i = 0; i < MTI_FUTURE_SIZE / sizeof *object; i++) object[i] = (uintptr_t)object ^ i;
}

static bool is_stamped(const uintptr_t *object) {
  for (size_t i = 0; i < MTI_FUTURE_SIZE / sizeof *object; i++)
    if (object[i] != ((uintptr_t)object ^ i)) return false;
  return true;
}

static void discard(struct swaps *s, uintptr_t *object) {
  if (object == NULL) return;
  if (!is_stamped(object)) atomic_fetch_add(&s->damaged, 1);
  memset(object, 0, MTI_FUTURE_SIZE);
  mti_slab_free(MTI_SLAB_FUTURE, object);
}

static void *swaps_objects(void *arg) {
  struct swaps *s = arg;
  unsigned seed = atomic_fetch_add(&s->seed, 7919);
  for (size_t i = 0; i < s->rounds; i++) {
    seed = seed * 1103515245 + 12345;
    uintptr_t *object = NULL;
    if (seed >> 31) {
      if ((object = mti_slab_alloc(MTI_SLAB_FUTURE)) == NULL) abort();
      stamp(object);
    }
    discard(s, atomic_exchange(&s->place[seed >> 16 & 255], object));
  }
  return NULL;
}

static void no_object_has_two_owners(void) {
  enum { THREADS = 4 };
  struct swaps *s = calloc(1, sizeof *s);
  assert_non_null(s);
  s->rounds = shrunk(400000);
  pthread_t thread[THREADS];
  for (int i = 0; i < THREADS; i++)
    if (pthread_create(&thread[i], NULL, swaps_objects, s) != 0) abort();
  for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < 256; i++) discard(s, atomic_load(&s->place[i]));
  unsigned damaged = atomic_load(&s->damaged);
  free(s);
  assert_int_equal(damaged, 0);
}

static _Atomic bool enough;

/* Goes to the depot again and again, so that a fork meets its mutex locked. */
static void *keeps_the_depot_busy(void *unused) {
  (void)unused;
  enum { N = 512 };
  static void *at[N];
  while (!atomic_load(&enough)) {
    for (int i = 0; i < N; i++)
      if ((at[i] = mti_slab_alloc(MTI_SLAB_EXTRA)) == NULL) abort();
    for (int i = 0; i < N; i++) mti_slab_free(MTI_SLAB_EXTRA, at[i]);
  }
  return NULL;
}

static void a_forked_child_can_allocate(void) {
#ifdef MTI_ASAN
  skip(); /* its allocator leaves a child with locked mutexes, if another thread was in it */
#endif
  pthread_t thread;
  atomic_store(&enough, false);
  assert_int_equal(pthread_create(&thread, NULL, keeps_the_depot_busy, NULL), 0);
  int good = 0;
  for (int i = 0; i < 50; i++) {
    pid_t child = fork();
    if (child == 0) {
      alarm(60); /* one that hangs is a failure, not a hang of the test */
      for (int k = 0; k < 1000; k++)
        if (mti_slab_alloc(MTI_SLAB_EXTRA) == NULL) _exit(1);
      _exit(0);
    }
    int status = -1;
    if (child > 0 && waitpid(child, &status, 0) == child && status == 0) good++;
  }
  atomic_store(&enough, true);
  pthread_join(thread, NULL);
  assert_int_equal(good, 50);
}

static const struct check checks[] = {
    CHECK(objects_lie_apart_and_aligned, 0),
    CHECK(what_is_freed_is_used_again, 0),
    CHECK(what_another_thread_frees_comes_back, 0),
    CHECK(a_thread_that_ends_gives_its_magazines_back, 0),
    CHECK(no_object_has_two_owners, 0),
    CHECK(a_forked_child_can_allocate, 0),
};
RULE(checks)
