/* SPDX-License-Identifier: MIT
 *
 * claims.c: an open-addressed table that is at most three quarters full, with linear probing. */
#include "claims.h"

#include "hash.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct entry {
  uint64_t hash; /* 0: nothing here */
  uint64_t owner;
};

struct claims {
  struct hash_key key;   /* never changes */
  pthread_mutex_t mutex; /* guards what follows */
  struct entry *entries;
  size_t room, count; /* room: a power of two, or 0 */
};

enum { FIRST_ROOM = 1024 };

struct claims *claims_new(void) {
  struct claims *c = calloc(1, sizeof *c);
  if (!c) return NULL;
  c->key = hash_key_draw();
  pthread_mutex_init(&c->mutex, NULL);
  return c;
}

void claims_free(struct claims *c) {
  if (!c) return;
  pthread_mutex_destroy(&c->mutex);
  free(c->entries);
  free(c);
}

/* The entry of that hash, or the free one where it would be. */
static struct entry *entry_of(struct entry *entries, size_t room, uint64_t hash) {
  size_t at = hash & (room - 1);
  while (entries[at].hash != 0 && entries[at].hash != hash) at = (at + 1) & (room - 1);
  return &entries[at];
}

static bool reserve(struct claims *c) {
  if (c->count < c->room / 4 * 3) return true;
  size_t room = c->room ? 2 * c->room : FIRST_ROOM;
  struct entry *entries = calloc(room, sizeof *entries);
  if (!entries) return false;
  for (size_t i = 0; i < c->room; i++)
    if (c->entries[i].hash != 0) *entry_of(entries, room, c->entries[i].hash) = c->entries[i];
  free(c->entries);
  c->entries = entries;
  c->room = room;
  return true;
}

enum claim claims_take(struct claims *c, const char *name, uint64_t owner, uint64_t *ret_owner) {
  uint64_t hash = hash_of(c->key, name, strlen(name));
  enum claim claim = CLAIM_NO_MEMORY;
  if (hash == 0) hash = 1;
  pthread_mutex_lock(&c->mutex);
  if (reserve(c)) {
    struct entry *e = entry_of(c->entries, c->room, hash);
    claim = e->hash == 0 || e->owner == owner ? CLAIM_TAKEN : CLAIM_CLASH;
    if (e->hash == 0) {
      *e = (struct entry){hash, owner};
      c->count++;
    } else if (claim == CLAIM_CLASH) {
      *ret_owner = e->owner;
    }
  }
  pthread_mutex_unlock(&c->mutex);
  return claim;
}
