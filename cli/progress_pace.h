/* SPDX-License-Identifier: MIT
 *
 * progress_pace.h: how fast it goes just now, by counts looked at now and then. */
#ifndef CLI_PROGRESS_PACE_H
#define CLI_PROGRESS_PACE_H

#include <stddef.h>
#include <stdint.h>

/* Looks are kept STEP apart, so the ring reaches a bit further back than the window does. */
#define PACE_LOOKS  24
#define PACE_STEP   INT64_C(250000000)
#define PACE_WINDOW INT64_C(5000000000)

struct pace_look {
  int64_t at_ns;
  uint64_t items, bytes;
};

struct pace {
  struct pace_look looks[PACE_LOOKS]; /* a ring; looks[next - 1] is the latest */
  size_t next, count;
};

/* Notes where it stands. Calls may come as often as they like. */
void pace_note(struct pace *p, int64_t now_ns, uint64_t items, uint64_t bytes);

/* Per second over the last PACE_WINDOW, or since the first look. Both 0 before there is anything
 * to tell. */
void pace_tell(const struct pace *p, int64_t now_ns, uint64_t items, uint64_t bytes,
               double *ret_items, double *ret_bytes);

#endif
