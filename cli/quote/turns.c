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

/* Decides what comes next for a request whose turn is *turn_ns, or that has none yet (-1): 0, and
 * how long it still has to wait, or why it will have none. The day's count has it from its first
 * turn on, until it goes away without one. */
static int decide(struct turns *p, bool patient, int64_t now_ns, int64_t *turn_ns) {
  bool first = *turn_ns<0, paused = p->closed_until_ns> now_ns;
  int refusal = p->spent || (first && p->left == 0) ? TURNS_SPENT
                : paused && !patient                ? TURNS_PAUSED
                                                    : 0;
  if (p->left != UINT64_MAX) {
    if (first && !refusal) p->left--;
    if (!first && refusal) p->left++;
  }
  if (!refusal && (first || (paused && *turn_ns <= now_ns))) *turn_ns = reserve(p, now_ns);
  return refusal;
}

static void give_back(struct turns *p) {
  pthread_mutex_lock(&p->mutex);
  if (p->left != UINT64_MAX) p->left++;
  pthread_mutex_unlock(&p->mutex);
}

int64_t turns_reserve(struct turns *p, int64_t now_ns) {
  int64_t turn_ns = -1;
  pthread_mutex_lock(&p->mutex);
  int refusal = decide(p, true, now_ns, &turn_ns);
  pthread_mutex_unlock(&p->mutex);
  return refusal ? -1 : turn_ns;
}

int turns_wait(struct turns *p, bool patient) {
  int64_t turn_ns = -1;
  for (;;) {
    pthread_mutex_lock(&p->mutex);
    int64_t now_ns = mt_now_ns();
    int refusal = decide(p, patient, now_ns, &turn_ns);
    pthread_mutex_unlock(&p->mutex);
    if (refusal || turn_ns <= now_ns) return refusal;
    mt_status st = mt_sleep(turn_ns - now_ns);
    if (st < 0) {
      give_back(p);
      return st;
    }
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
