/* SPDX-License-Identifier: MIT
 *
 * The memory of stacks.
 *
 *   chunk:  | guard |        stack        | guard |        stack        | ...
 *             page    <- grows down  [fiber]
 *
 * Stacks are cut from large mappings, without memory behind them until a page is touched. The guard
 * is one page that may not be touched: by MADV_GUARD_INSTALL where the kernel has it (Linux 6.13),
 * which needs no mapping of its own, else by mprotect, which stops at about 32,000 stacks
 * (vm.max_map_count). The fiber lies at the high end, in the page that the first frames touch, so a
 * suspended task can do with one page.
 *
 * Idle stacks are kept for reuse. Those beyond KEPT give their memory back once the worker has had
 * nothing to do for a second, and become "bare": an address only. The mappings stay until the pool
 * closes, so a fiber's address can always be read: a bare one reads as zeros, which is a fiber that
 * is not PARKED. */
#include "base/clock.h"
#include "threads/pool.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { KEPT = 64, FIRST_CHUNK = 16, MOST_CHUNK = 4096 };

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif

typedef struct mti_chunk {
  struct mti_chunk *next;
  char *base;
  size_t count;
  _Atomic size_t used;
} mti_chunk;

static mti_fiber *fiber_at(mti_worker *w, char *base) {
  uintptr_t high = (uintptr_t)base + w->pool->stack_size;
  return (mti_fiber *)((high - sizeof(mti_fiber)) & ~(uintptr_t)63);
}

static size_t page_size(void) {
  static _Atomic size_t size;
  size_t n = atomic_load_explicit(&size, memory_order_relaxed);
  if (n == 0) {
    n = (size_t)sysconf(_SC_PAGESIZE);
    atomic_store_explicit(&size, n, memory_order_relaxed);
  }
  return n;
}

static bool guard(char *base) {
  static _Atomic bool by_mprotect;
  if (!atomic_load_explicit(&by_mprotect, memory_order_relaxed)) {
    if (madvise(base, page_size(), MADV_GUARD_INSTALL) == 0) return true;
    atomic_store_explicit(&by_mprotect, true, memory_order_relaxed);
  }
  return mprotect(base, page_size(), PROT_NONE) == 0;
}

static bool add_chunk(mti_worker *w) {
  mti_chunk *newest = atomic_load_explicit(&w->stacks.chunks, memory_order_relaxed);
  size_t count = newest == NULL ? FIRST_CHUNK : newest->count * 2;
  if (count > MOST_CHUNK) count = MOST_CHUNK;
  mti_chunk *c = malloc(sizeof *c);
  if (c == NULL) return false;
  for (;; count /= 2) { /* perhaps there is room for a smaller one */
    c->base = count == 0 ? MAP_FAILED
                         : mmap(NULL, count * w->pool->stack_size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (c->base != MAP_FAILED) break;
    if (count == 0) {
      free(c);
      return false;
    }
  }
#ifdef MADV_NOHUGEPAGE
  madvise(c->base, count * w->pool->stack_size, MADV_NOHUGEPAGE);
#endif
  c->next = newest;
  c->count = count;
  atomic_init(&c->used, 0);
  /* Release: mti_stack_each reads the chunk. */
  atomic_store_explicit(&w->stacks.chunks, c, memory_order_release);
  return true;
}

/* The address of a stack without memory. NULL: none to be had. */
static char *get_bare(mti_worker *w) {
  mti_stacks *s = &w->stacks;
  if (s->bare_count > 0) return s->bare[--s->bare_count];
  mti_chunk *c = atomic_load_explicit(&s->chunks, memory_order_relaxed);
  if (c == NULL || atomic_load_explicit(&c->used, memory_order_relaxed) == c->count) {
    if (!add_chunk(w)) return NULL;
    c = atomic_load_explicit(&s->chunks, memory_order_relaxed);
  }
  size_t used = atomic_load_explicit(&c->used, memory_order_relaxed);
  char *base = c->base + used * w->pool->stack_size;
  if (!guard(base)) return NULL;
  atomic_store_explicit(&c->used, used + 1, memory_order_release);
  return base;
}

mti_fiber *mti_stack_get(mti_worker *w) {
  mti_stacks *s = &w->stacks;
  mti_fiber *f = s->idle;
  if (f != NULL) {
    s->idle = f->next;
    s->idle_count--;
    return f;
  }
  char *base = get_bare(w);
  if (base == NULL) return NULL;
  f = fiber_at(w, base);
  char *low = base + page_size();
#ifdef MTI_ASAN
  __asan_unpoison_memory_region(low, w->pool->stack_size - page_size());
#endif
  /* Fresh memory is zero; only what is not zero is written. */
  f->runner.ops = &mti_fiber_ops;
  f->runner.root = &f->runner;
  f->runner.limit_ns = MTI_NEVER;
  f->runner.worker = (int)w->index;
  f->worker = w;
  f->low = low;
  f->timer_ns = MTI_NEVER;
  f->stack_id = MTI_STACK_REGISTER(low, (char *)f);
  mti_context_init(&f->context, low, f, mti_fiber_enter, f);
  return f;
}

void mti_stack_put(mti_worker *w, mti_fiber *f) {
  mti_stacks *s = &w->stacks;
  f->next = s->idle;
  s->idle = f;
  s->idle_count++;
}

static void forget(mti_fiber *f) {
  MTI_STACK_FORGET(f->stack_id);
  mti_context_fini(&f->context);
}

static bool reserve_bare(mti_stacks *s) {
  if (s->bare_count < s->bare_capacity) return true;
  size_t capacity = s->bare_capacity > 0 ? 2 * s->bare_capacity : 64;
  char **bare = realloc(s->bare, capacity * sizeof *bare);
  if (bare == NULL) return false;
  s->bare = bare;
  s->bare_capacity = capacity;
  return true;
}

bool mti_stack_trim(mti_worker *w) {
  mti_stacks *s = &w->stacks;
  for (int i = 0; i < 64; i++) {
    if (s->idle_count <= KEPT || !reserve_bare(s)) return i > 0;
    mti_fiber *f = s->idle;
    s->idle = f->next;
    s->idle_count--;
    char *low = f->low;
    forget(f);
    madvise(low, w->pool->stack_size - page_size(), MADV_DONTNEED);
    s->bare[s->bare_count++] = low - page_size();
  }
  return true;
}

bool mti_stack_has_excess(mti_worker *w) {
  return w->stacks.idle_count > KEPT;
}

/* All fibers are idle, or (forked) their threads do not exist. */
void mti_stack_fini(mti_worker *w, bool forked) {
  mti_stacks *s = &w->stacks;
  for (mti_fiber *f = s->idle; f != NULL && !forked; f = f->next) forget(f);
  for (mti_chunk *c = atomic_load_explicit(&s->chunks, memory_order_relaxed); c != NULL;) {
    mti_chunk *next = c->next;
    /* A task that forked may be closing in the child, on this very stack: that one has to stay. */
    uintptr_t here = (uintptr_t)__builtin_frame_address(0), base = (uintptr_t)c->base;
    if (here >= base && here < base + c->count * w->pool->stack_size) {
      c = next;
      continue;
    }
#ifdef MTI_ASAN
    __asan_unpoison_memory_region(c->base, c->count * w->pool->stack_size);
#endif
    munmap(c->base, c->count * w->pool->stack_size);
    free(c);
    c = next;
  }
  free(s->bare);
  memset(s, 0, sizeof *s);
}

void mti_stack_each(mti_worker *w, void (*fn)(mti_fiber *f, void *arg), void *arg) {
  mti_chunk *c = atomic_load_explicit(&w->stacks.chunks, memory_order_acquire);
  for (; c != NULL; c = c->next) {
    size_t used = atomic_load_explicit(&c->used, memory_order_acquire);
    for (size_t i = 0; i < used; i++) fn(fiber_at(w, c->base + i * w->pool->stack_size), arg);
  }
}
