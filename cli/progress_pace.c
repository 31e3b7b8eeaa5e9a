/* SPDX-License-Identifier: MIT */
#include "progress_pace.h"

/* The i-th latest, from 0. */
static const struct pace_look *look(const struct pace *p, size_t i) {
  return &p->looks[(p->next + PACE_LOOKS - 1 - i) % PACE_LOOKS];
}

void pace_note(struct pace *p, int64_t now_ns, uint64_t items, uint64_t bytes) {
  if (p->count > 0 && now_ns - look(p, 0)->at_ns < PACE_STEP) return;
  p->looks[p->next] = (struct pace_look){now_ns, items, bytes};
  p->next = (p->next + 1) % PACE_LOOKS;
  if (p->count < PACE_LOOKS) p->count++;
}

/* Counts that other threads move may seem to step back; that is no pace. */
static double per_second(uint64_t then, uint64_t now, int64_t elapsed_ns) {
  return now > then ? (double)(now - then) / ((double)elapsed_ns / 1e9) : 0;
}

void pace_tell(const struct pace *p, int64_t now_ns, uint64_t items, uint64_t bytes,
               double *ret_items, double *ret_bytes) {
  const struct pace_look *from = NULL;
  for (size_t i = 0; i < p->count; i++) {
    from = look(p, i);
    if (now_ns - from->at_ns >= PACE_WINDOW) break;
  }
  *ret_items = *ret_bytes = 0;
  if (!from || now_ns <= from->at_ns) return;
  *ret_items = per_second(from->items, items, now_ns - from->at_ns);
  *ret_bytes = per_second(from->bytes, bytes, now_ns - from->at_ns);
}
