/* SPDX-License-Identifier: MIT */
#include "traffic.h"

void traffic_close(struct traffic *t) {
  origins_free(t->origins);
  for (size_t i = 0; i < t->rate_count; i++) mt_limit_close(t->rates[i]);
  mt_limit_close(t->jobs);
  *t = (struct traffic){0};
}

mt_status traffic_open(struct traffic *t, unsigned jobs, unsigned per_host,
                       const struct traffic_rate *rates, size_t rate_count) {
  *t = (struct traffic){.origins = origins_new(per_host)};
  mt_status st = t->origins ? 0 : MT_ENOMEM;
  for (size_t i = 0; i < rate_count && st == 0; i++) {
    mt_limit_options rate = {.rate = rates[i].n, .per_ns = rates[i].per_ns};
    st = t->rate_count < TRAFFIC_RATES ? mt_limit_open(&rate, &t->rates[t->rate_count]) : MT_EINVAL;
    if (st == 0) t->rate_count++;
  }
  if (st == 0) st = mt_limit_open(&(mt_limit_options){.permits = jobs}, &t->jobs);
  if (st < 0) traffic_close(t);
  return st;
}

static mt_status enter_once(struct traffic *t, struct origin *origin, bool first) {
  mt_status st = mt_acquire(origin_limit(origin), MT_FOREVER);
  if (st < 0) return st;
  for (size_t i = 0; i < t->rate_count && st == 0 && first; i++)
    st = mt_acquire(t->rates[i], MT_FOREVER);
  if (st == 0) st = mt_acquire(t->jobs, MT_FOREVER);
  if (st < 0) mt_release(origin_limit(origin));
  return st;
}

/* Its server may have asked for a pause since it passed there. Its turn by the rates is kept. */
mt_status traffic_enter(struct traffic *t, struct origin *origin) {
  mt_status st = enter_once(t, origin, true);
  while (st == 0 && origin_pause_left_ns(origin) > 0) {
    traffic_leave(t, origin);
    st = enter_once(t, origin, false);
  }
  return st;
}

void traffic_leave(struct traffic *t, struct origin *origin) {
  mt_release(t->jobs);
  mt_release(origin_limit(origin));
}
