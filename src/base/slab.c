/* SPDX-License-Identifier: MIT */
#include "base/slab.h"
#include "base/annotate.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#ifdef MTI_ASAN

static const size_t size_of[MTI_SLAB_CLASSES] = {MTI_FUTURE_SIZE, MTI_EXTRA_SIZE};

void *mti_slab_alloc(mti_slab_class c) {
  return malloc(size_of[c]);
}
void mti_slab_free(mti_slab_class c, void *object) {
  (void)c;
  free(object);
}

#else

enum { MAGAZINE = 128, FIRST_CHUNK = 64 * 1024, CHUNK = 2 * 1024 * 1024 };

typedef struct object {
  struct object *next;      /* in its magazine */
  struct object *magazines; /* of a magazine's first object, in the depot: the next magazine */
} object;

typedef struct magazine {
  object *top;
  unsigned count;
} magazine;

/* Only touched by its thread. */
typedef struct cache {
  magazine loaded, spare;
} cache;

/* Guarded by its mutex. */
typedef struct depot {
  pthread_mutex_t mutex;
  object *full;
  char *fresh, *fresh_end;
  size_t size;
  bool big;
} depot;

static depot depots[MTI_SLAB_CLASSES] = {
    {PTHREAD_MUTEX_INITIALIZER, NULL, NULL, NULL, MTI_FUTURE_SIZE, false},
    {PTHREAD_MUTEX_INITIALIZER, NULL, NULL, NULL, MTI_EXTRA_SIZE, false},
};
static _Thread_local cache caches[MTI_SLAB_CLASSES] __attribute__((tls_model("initial-exec")));
static _Thread_local bool registered;
static pthread_key_t at_exit;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void put_full(depot *d, object *first) {
  pthread_mutex_lock(&d->mutex);
  first->magazines = d->full;
  d->full = first;
  pthread_mutex_unlock(&d->mutex);
}

/* A thread ends: what its magazines hold goes back, full or not. */
static void flush(void *unused) {
  (void)unused;
  for (int c = 0; c < MTI_SLAB_CLASSES; c++) {
    cache *mine = &caches[c];
    if (mine->loaded.top != NULL) put_full(&depots[c], mine->loaded.top);
    if (mine->spare.top != NULL) put_full(&depots[c], mine->spare.top);
    mine->loaded = mine->spare = (magazine){NULL, 0};
  }
  registered = false;
}

/* fork(2): the child must not inherit a locked depot. */
static void lock_all(void) {
  for (int c = 0; c < MTI_SLAB_CLASSES; c++) pthread_mutex_lock(&depots[c].mutex);
}
static void unlock_all(void) {
  for (int c = MTI_SLAB_CLASSES; c-- > 0;) pthread_mutex_unlock(&depots[c].mutex);
}

static void prepare(void) {
  pthread_key_create(&at_exit, flush);
  pthread_atfork(lock_all, unlock_all, unlock_all);
}

static void register_thread(void) {
  if (registered) return;
  pthread_once(&once, prepare);
  /* Without a key value the magazines would be lost with the thread: a leak, not an error. */
  registered = pthread_setspecific(at_exit, caches) == 0;
}

/* Maps a chunk. A big one is aligned to its size, as a huge page must be. */
static bool map_chunk(depot *d) {
  size_t size = d->big ? CHUNK : FIRST_CHUNK, slack = d->big ? CHUNK : 0;
  char *at = mmap(NULL, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) return false;
  if (slack != 0) {
    char *aligned = (char *)(((uintptr_t)at + slack - 1) & ~(uintptr_t)(slack - 1));
    if (aligned > at) munmap(at, (size_t)(aligned - at));
    if (at + slack > aligned) munmap(aligned + size, (size_t)(at + slack - aligned));
    at = aligned;
#ifdef MADV_HUGEPAGE
    madvise(at, size, MADV_HUGEPAGE);
#endif
  }
  d->fresh = at;
  d->fresh_end = at + size;
  d->big = true;
  return true;
}

/* Loads a magazine from the depot: a full one, or one strung from fresh memory. */
static bool load(depot *d, magazine *m) {
  pthread_mutex_lock(&d->mutex);
  object *first = d->full;
  if (first != NULL) {
    d->full = first->magazines;
    pthread_mutex_unlock(&d->mutex);
    unsigned count = 0;
    for (object *o = first; o != NULL; o = o->next) count++;
    *m = (magazine){first, count};
    return true;
  }
  if ((size_t)(d->fresh_end - d->fresh) < d->size && !map_chunk(d)) {
    pthread_mutex_unlock(&d->mutex);
    return false;
  }
  char *from = d->fresh;
  size_t room = (size_t)(d->fresh_end - from) / d->size;
  unsigned count = room < MAGAZINE ? (unsigned)room : MAGAZINE;
  d->fresh += count * d->size;
  pthread_mutex_unlock(&d->mutex);
  *m = (magazine){NULL, count};
  for (unsigned i = count;
       i-- > 0;) { /* so that objects come out in the order of their addresses */
    object *o = (object *)(void *)(from + i * d->size);
    o->next = m->top;
    m->top = o;
  }
  return true;
}

static __attribute__((noinline)) void *alloc_slow(mti_slab_class c) {
  cache *mine = &caches[c];
  register_thread();
  if (mine->spare.count > 0) {
    magazine m = mine->loaded;
    mine->loaded = mine->spare;
    mine->spare = m;
  } else if (!load(&depots[c], &mine->loaded)) {
    return NULL;
  }
  object *o = mine->loaded.top;
  mine->loaded.top = o->next;
  mine->loaded.count--;
  return o;
}

void *mti_slab_alloc(mti_slab_class c) {
  magazine *m = &caches[c].loaded;
  object *o = m->top;
  if (o == NULL) return alloc_slow(c);
  m->top = o->next;
  m->count--;
  return o;
}

static __attribute__((noinline)) void first_or_full(mti_slab_class c) {
  cache *mine = &caches[c];
  register_thread();
  if (mine->loaded.count == 0) return;
  if (mine->spare.top != NULL) put_full(&depots[c], mine->spare.top);
  mine->spare = mine->loaded;
  mine->loaded = (magazine){NULL, 0};
}

void mti_slab_free(mti_slab_class c, void *freed) {
  magazine *m = &caches[c].loaded;
  /* An empty one counts, too: a thread that only frees must be known, so that its end gives all
   * back. (0 - 1 is large: one comparison for both.) */
  if (m->count - 1u >= MAGAZINE - 1u) first_or_full(c);
  object *o = freed;
  o->next = m->top;
  m->top = o;
  m->count++;
}
#endif
