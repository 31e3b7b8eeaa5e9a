/* SPDX-License-Identifier: MIT */
#include "turns.h"

#include <pthread.h>
#include <stdlib.h>

/* Rates of this stretch or longer are counts. */
#define DAY_NS MT_SECONDS(86400)

struct ring {
  int64_t stretch_ns; /* with the margin */
  unsigned n, next;   /* `next` is the oldest, once the ring is full */
  unsigned filled;
  int64_t *times;
};

struct turns {
  pthread_mutex_t mutex; /* guards all that follows; never held over a wait */
  struct ring rings[RATES_MOST];
  size_t ring_count;
  uint64_t left; /* of the day; UINT64_MAX: no limit */
  int64_t last_ns, closed_until_ns;
  bool spent;
};

struct turns *turns_new(const struct rates *rates) {
  struct turns *p = calloc(1, sizeof *p);
  if (!p) return NULL;
  pthread_mutex_init(&p->mutex, NULL);
  p->left = UINT64_MAX;
  for (size_t i = 0; i < rates->count; i++) {
    const struct rate *r = &rates->at[i];
    if (r->per_ns >= DAY_NS) {
      if (r->n < p->left) p->left = r->n;
      continue;
    }
    /* A ring larger than this is a rate that nobody reaches. */
    if (r->n > 1000000) continue;
    struct ring *ring = &p->rings[p->ring_count];
    *ring = (struct ring){.n = r->n, .stretch_ns = r->per_ns + r->per_ns / 50};
    ring->times = calloc(r->n, sizeof *ring->times);
    if (!ring->times) {
      turns_free(p);
      return NULL;
    }
    p->ring_count++;
  }
  return p;
}

void turns_free(struct turns *p) {
  if (!p) return;
  for (size_t i = 0; i < p->ring_count; i++) free(p->rings[i].times);
  pthread_mutex_destroy(&p->mutex);
  free(p);
}

static int64_t later(int64_t a, int64_t b) {
  return a > b ? a : b;
}

/* Under the mutex. */
static int64_t reserve(struct turns *p, int64_t now_ns) {
  int64_t t = later(later(now_ns, p->closed_until_ns), p->last_ns);
  for (size_t i = 0; i < p->ring_count; i++) {
    const struct ring *r = &p->rings[i];
    if (r->filled == r->n) t = later(t, r->times[r->next] + r->stretch_ns);
  }
  for (size_t i = 0; i < p->ring_count; i++) {
    struct ring *r = &p->rings[i];
    r->times[r->next] = t;
    r->next = (r->next + 1) % r->n;
    if (r->filled < r->n) r->filled++;
  }
  p->last_ns = t;
  return t;
}

/* Under the mutex: one of the day's requests. */
static bool take(struct turns *p) {
  if (p->spent || p->left == 0) return false;
  if (p->left != UINT64_MAX) p->left--;
  return true;
}

int64_t turns_reserve(struct turns *p, int64_t now_ns) {
  pthread_mutex_lock(&p->mutex);
  int64_t t = take(p) ? reserve(p, now_ns) : -1;
  pthread_mutex_unlock(&p->mutex);
  return t;
}

static void give_back(struct turns *p) {
  pthread_mutex_lock(&p->mutex);
  if (p->left != UINT64_MAX) p->left++;
  pthread_mutex_unlock(&p->mutex);
}

int turns_wait(struct turns *p) {
  int64_t t = turns_reserve(p, mt_now_ns());
  if (t < 0) return TURNS_SPENT;
  for (;;) {
    int64_t now_ns = mt_now_ns();
    if (t > now_ns) {
      mt_status st = mt_sleep(t - now_ns);
      if (st < 0) {
        give_back(p);
        return st;
      }
    }
    pthread_mutex_lock(&p->mutex);
    bool spent = p->spent;
    now_ns = mt_now_ns();
    bool closed = p->closed_until_ns > now_ns;
    if (closed && !spent) t = reserve(p, now_ns);
    pthread_mutex_unlock(&p->mutex);
    if (spent) return TURNS_SPENT;
    if (!closed) return 0;
  }
}

void turns_pause(struct turns *p, int64_t ns) {
  pthread_mutex_lock(&p->mutex);
  p->closed_until_ns = later(p->closed_until_ns, mt_now_ns() + ns);
  pthread_mutex_unlock(&p->mutex);
}

void turns_spend(struct turns *p) {
  pthread_mutex_lock(&p->mutex);
  p->spent = true;
  pthread_mutex_unlock(&p->mutex);
}

bool turns_are_closed(struct turns *p) {
  pthread_mutex_lock(&p->mutex);
  bool closed = p->spent || p->left == 0 || p->closed_until_ns > mt_now_ns();
  pthread_mutex_unlock(&p->mutex);
  return closed;
}
