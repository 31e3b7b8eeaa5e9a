/* SPDX-License-Identifier: MIT
 *
 * origin.c: a hash table under a mutex. An origin is never moved nor given up while the table is
 * there, so what was found needs no lock: its limit has one of its own. */
#include "origin.h"

#include "hash.h"
#include "url.h"

#include <assert.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct origin {
  mt_limit *limit;
  _Atomic bool asked;              /* origin_first_time; publishes nothing */
  _Atomic int64_t paused_until_ns; /* the latest end of a pause; only compared with the clock */
  struct origin *next;             /* of the same slot */
  uint64_t hash;
  size_t size;
  char name[];
};

struct origins {
  struct hash_key key; /* never changes, as permits */
  unsigned permits;
  pthread_mutex_t mutex; /* guards what follows */
  struct origin **slots; /* a power of two of them */
  size_t slot_count, count;
};

enum { FIRST_SLOTS = 16 };

struct origins *origins_new(unsigned per_host) {
  struct origins *o = calloc(1, sizeof *o);
  if (!o) return NULL;
  o->slots = calloc(FIRST_SLOTS, sizeof(struct origin *));
  if (!o->slots) {
    free(o);
    return NULL;
  }
  o->slot_count = FIRST_SLOTS;
  o->key = hash_key_draw();
  /* A limit must have permits or a rate; this many are never out at once. */
  o->permits = per_host ? per_host : UINT_MAX;
  pthread_mutex_init(&o->mutex, NULL);
  return o;
}

void origins_free(struct origins *o) {
  if (!o) return;
  for (size_t i = 0; i < o->slot_count; i++) {
    for (struct origin *origin = o->slots[i]; origin;) {
      struct origin *next = origin->next;
      mt_limit_close(origin->limit);
      free(origin);
      origin = next;
    }
  }
  pthread_mutex_destroy(&o->mutex);
  free(o->slots);
  free(o);
}

static struct origin *look_up(const struct origins *o, uint64_t hash, const char *name,
                              size_t size) {
  struct origin *origin = o->slots[hash & (o->slot_count - 1)];
  while (origin &&
         !(origin->hash == hash && origin->size == size && memcmp(origin->name, name, size) == 0))
    origin = origin->next;
  return origin;
}

/* Without memory for more slots the old ones do: they are only slower. */
static void grow(struct origins *o) {
  size_t count = o->slot_count * 2;
  struct origin **slots = calloc(count, sizeof(struct origin *));
  if (!slots) return;
  for (size_t i = 0; i < o->slot_count; i++) {
    for (struct origin *origin = o->slots[i]; origin;) {
      struct origin *next = origin->next;
      struct origin **slot = &slots[origin->hash & (count - 1)];
      origin->next = *slot;
      *slot = origin;
      origin = next;
    }
  }
  free(o->slots);
  o->slots = slots;
  o->slot_count = count;
}

static struct origin *add(struct origins *o, uint64_t hash, const char *name, size_t size) {
  struct origin *origin = malloc(sizeof *origin + size + 1);
  if (!origin) return NULL;
  if (mt_limit_open(&(mt_limit_options){.permits = o->permits}, &origin->limit) < 0) {
    free(origin);
    return NULL;
  }
  memcpy(origin->name, name, size);
  origin->name[size] = 0;
  atomic_init(&origin->asked, false);
  atomic_init(&origin->paused_until_ns, 0);
  origin->size = size;
  origin->hash = hash;
  if (o->count >= o->slot_count) grow(o);
  struct origin **slot = &o->slots[hash & (o->slot_count - 1)];
  origin->next = *slot;
  *slot = origin;
  o->count++;
  return origin;
}

struct origin *origins_find(struct origins *o, const char *name, size_t size) {
  uint64_t hash = hash_of(o->key, name, size);
  pthread_mutex_lock(&o->mutex);
  struct origin *origin = look_up(o, hash, name, size);
  if (!origin) origin = add(o, hash, name, size);
  pthread_mutex_unlock(&o->mutex);
  return origin;
}

mt_limit *origin_limit(struct origin *origin) {
  return origin->limit;
}

void origin_pause(struct origin *origin, int64_t duration_ns) {
  int64_t until_ns = mt_now_ns() + duration_ns;
  int64_t was_ns = atomic_load_explicit(&origin->paused_until_ns, memory_order_relaxed);
  mt_limit_pause(origin->limit, duration_ns);
  while (was_ns < until_ns &&
         !atomic_compare_exchange_weak_explicit(&origin->paused_until_ns, &was_ns, until_ns,
                                                memory_order_relaxed, memory_order_relaxed)) {
  }
}

int64_t origin_pause_left_ns(const struct origin *origin) {
  int64_t until_ns = atomic_load_explicit(&origin->paused_until_ns, memory_order_relaxed);
  int64_t left_ns = until_ns > 0 ? until_ns - mt_now_ns() : 0;
  return left_ns > 0 ? left_ns : 0;
}

bool origin_first_time(struct origin *origin) {
  return !atomic_exchange_explicit(&origin->asked, true, memory_order_relaxed);
}

const char *origin_name(const struct origin *origin) {
  return origin->name;
}

bool origin_of(const char *url, char ret[ORIGIN_ROOM], char error[ORIGIN_ERROR]) {
  static_assert((int)ORIGIN_ERROR == (int)URL_ERROR, "url.c writes the message");
  struct url u;
  if (!url_read(url, &u, error)) return false;
  bool fits = u.host_size + sizeof "https://:65535" <= ORIGIN_ROOM;
  if (fits) {
    char host[ORIGIN_ROOM];
    for (size_t i = 0; i < u.host_size; i++) {
      char c = u.host[i];
      host[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    snprintf(ret, ORIGIN_ROOM, "%s://%.*s:%u", u.secure ? "https" : "http", (int)u.host_size, host,
             u.port);
  } else {
    snprintf(error, ORIGIN_ERROR, "no URL: the host's name has %zu bytes, and none has over 253",
             u.host_size);
  }
  url_fini(&u);
  return fits;
}
