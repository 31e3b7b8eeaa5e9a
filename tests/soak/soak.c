/* SPDX-License-Identifier: MIT
 *
 * soak [SECONDS [SEED]]: rounds until the time is over. See soak.h.
 *
 * A round that does not end within a minute is taken for hung: all tasks are dumped, and the
 * program aborts. */
#include "soak.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

soak_round now;
static _Atomic unsigned rounds;

uint64_t draw(uint64_t *seed) {
  uint64_t z = *seed += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
unsigned below(uint64_t *seed, unsigned n) {
  return (unsigned)(draw(seed) >> 33) % n;
}
int64_t draw_ns(uint64_t *seed, unsigned us) {
  return MT_US(below(seed, us + 1));
}

/* NULL: a promise's future, which is in no books but the round's count. */
void count_settled(mt_future *f, void *arg) {
  item *it = arg;
  if (it == NULL) {
    atomic_fetch_add(&now.closed, 1);
    return;
  }
  if (!mt_done(f) || atomic_load(&it->inside) > 0) atomic_fetch_add(&now.early, 1);
  atomic_fetch_add(&it->settled, 1);
}

static mt_future *send_to(place *at, uint64_t *seed, unsigned depth, mt_group *group,
                          mt_promise *promise);

static void count_and_send(mt_future *f, void *arg) {
  item *it = arg;
  uint64_t seed = it->seed ^ 1;
  count_settled(f, it);
  /* What an inline executor ran here could not wait, and this task knows nothing of that. */
  if (it->at->in_flight > 0 && below(&seed, 2) > 0)
    mt_unref(send_to(it->at, &seed, it->depth + 1, NULL, NULL));
}

static void nothing(mt_future *f, void *arg) {
  (void)f;
  (void)arg;
}

static void drop_arg(mt_value arg) {
  item *it = arg.data;
  atomic_fetch_add(&it->dropped, 1);
  mt_promise_close(it->promise);
}

static void drop_result(mt_value value) {
  atomic_fetch_add(&now.freed, 1);
  free(value.data);
}

static bool worth(void *arg, const mt_error *error, int64_t *delay_ns) {
  (void)arg;
  if (error->code == 7 && *delay_ns > MT_US(50)) *delay_ns = MT_US(50);
  return true;
}

static item *new_item(place *at, uint64_t *seed, unsigned depth, mt_promise *promise) {
  if (depth > 9 || atomic_fetch_sub(&now.budget, 1) <= 0) return NULL;
  item *it = calloc(1, sizeof *it);
  if (it == NULL) return NULL;
  it->at = at;
  it->seed = draw(seed);
  it->depth = depth;
  it->promise = promise;
  it->next = atomic_load(&now.items);
  while (!atomic_compare_exchange_weak(&now.items, &it->next, it)) {
  }
  return it;
}

static mt_future *send_to(place *at, uint64_t *seed, unsigned depth, mt_group *group,
                          mt_promise *promise) {
  static const mt_retry retry = {.repeats = 2, .first_ns = 20000, .max_ns = 100000, .worth = worth};
  item *it = new_item(at, seed, depth, promise);
  if (it == NULL) return NULL;
  mt_task t = {.fn = act, .arg = mt_ptr(it), .group = group, .drop_arg = drop_arg};
  t.drop_result = drop_result;
  if (below(seed, 4) == 0) t.retry = &retry;
  if (below(seed, 4) == 0) t.delay_ns = draw_ns(seed, 200);
  if (below(seed, 5) == 0) t.timeout_ns = 1 + draw_ns(seed, 500);
  if (below(seed, 5) == 0) t.deadline_ns = 1 + draw_ns(seed, 1000);
  if (below(seed, 3) == 0) t.name = "item";
  mt_future *f = mt_submit_task(it->at->ex, &t);
  bool takes_back = below(seed, 3) == 0;
  if (takes_back) mt_on_done(f, nothing, it);
  mt_on_done(f, below(seed, 8) == 0 ? count_and_send : count_settled, it);
  if (takes_back) mt_off_done(f, nothing, it);
  return f;
}

mt_future *send(uint64_t *seed, unsigned depth, mt_group *group, mt_promise *promise) {
  return send_to(&now.place[below(seed, 4) == 0], seed, depth, group, promise);
}

/* A thread outside: it keeps a few futures, waits for some, cancels some. */
static void *outsider(void *arg) {
  uint64_t seed = *(uint64_t *)arg;
  mt_future *kept[8] = {0};
  for (int i = 0; i < 60; i++) {
    mt_future **f = &kept[below(&seed, 8)];
    if (below(&seed, 4) == 0 && *f != NULL) mt_cancel(*f);
    if (below(&seed, 8) == 0 && *f != NULL) mt_wait(*f, draw_ns(&seed, 500));
    mt_unref(*f);
    *f = send(&seed, 0, NULL, NULL);
  }
  bool patient = below(&seed, 2) > 0;
  for (int i = 0; i < 8; i++) {
    if (patient && kept[i] != NULL) mt_wait(kept[i], MT_FOREVER);
    mt_unref(kept[i]);
  }
  return NULL;
}

static void *watch(void *arg) {
  for (unsigned seen = 0;; seen = atomic_load(&rounds)) {
    for (int i = 0; i < 60 && seen == atomic_load(&rounds); i++) sleep(1);
    if (seen != atomic_load(&rounds)) continue;
    fprintf(stderr, "soak: round %u hangs\n", seen);
    mt_dump(stderr);
    abort();
  }
  return arg;
}

static bool open_place(place *at, uint64_t *seed) {
  mt_options o = {.in_flight = below(seed, 3) > 0 ? 1 + below(seed, 8) : 0};
  if (below(seed, 3) == 0) {
    o.queue_limit = 1 + below(seed, 20);
    o.when_full = (mt_when_full)below(seed, 3);
  }
  o.timed = below(seed, 4) == 0;
  char where[16] = "inline";
  if (below(seed, 12) > 0) snprintf(where, sizeof where, "threads:%u", 1 + below(seed, 4));
  if (mt_open(where, &o, &at->ex) != MT_OK) return false;
  mt_counts c;
  mt_counters(at->ex, &c);
  at->in_flight = mt_capabilities(at->ex) & MT_CAN_OVERLAP ? c.in_flight : 0;
  return true;
}

static bool is(const char *what, bool ok) {
  if (!ok) fprintf(stderr, "soak: %s\n", what);
  return ok;
}

static bool books_balance(void) {
  bool once = true, dropped = true;
  for (item *it = atomic_load(&now.items), *next; it != NULL; it = next) {
    next = it->next;
    once = once && atomic_load(&it->settled) == 1;
    dropped = dropped && atomic_load(&it->dropped) == 1;
    free(it);
  }
  bool ok = is("a future did not settle exactly once", once);
  ok = is("an argument was not dropped exactly once", dropped) && ok;
  ok = is("more tasks than in_flight", atomic_load(&now.overfull) == 0) && ok;
  ok = is("a future settled while its function ran", atomic_load(&now.early) == 0) && ok;
  ok = is("a call did what it must not", atomic_load(&now.odd) == 0) && ok;
  ok = is("a result leaked", atomic_load(&now.made) == atomic_load(&now.freed)) && ok;
  return is("a promise did not settle once",
            atomic_load(&now.opened) == atomic_load(&now.closed)) &&
         ok;
}

static bool shut_down(uint64_t *seed) {
  static const unsigned how[] = {0, MT_CANCEL_QUEUED, MT_CANCEL_RUNNING,
                                 MT_CANCEL_QUEUED | MT_CANCEL_RUNNING};
  for (int i = 0; i < 2; i++) mt_shutdown(now.place[i].ex, how[below(seed, 4)], 0);
  /* Tasks of one submit to the other: neither is closed before both are drained. */
  bool ok = true;
  for (int i = 0; i < 2; i++) {
    mt_counts c;
    ok = is("a shutdown failed", mt_shutdown(now.place[i].ex, 0, MT_FOREVER) == MT_OK) && ok;
    mt_counters(now.place[i].ex, &c);
    ok = is("counts differ after the drain", c.submitted == c.settled && c.queued == 0) && ok;
  }
  for (int i = 0; i < 2; i++) ok = is("a close failed", mt_close(now.place[i].ex) == MT_OK) && ok;
  return ok;
}

static bool run_round(uint64_t seed) {
  memset(&now, 0, sizeof now);
  atomic_store(&now.budget, 100 + (int)below(&seed, 1000));
  mt_limit_options l = {.permits = 1 + below(&seed, 3), .rate = below(&seed, 2) > 0 ? 50000 : 0};
  if (!open_place(&now.place[0], &seed) || !open_place(&now.place[1], &seed) ||
      mt_limit_open(&l, &now.limit) != MT_OK)
    return is("cannot open", false);
  uint64_t seeds[2] = {draw(&seed), draw(&seed)};
  pthread_t thread[2];
  for (int i = 0; i < 2; i++) pthread_create(&thread[i], NULL, outsider, &seeds[i]);
  bool ok = true, in_between = below(&seed, 3) == 0;
  if (in_between) mt_shutdown(now.place[below(&seed, 2)].ex, below(&seed, 4), draw_ns(&seed, 300));
  for (int i = 0; i < 2; i++) pthread_join(thread[i], NULL);
  ok = shut_down(&seed);
  mt_limit_close(now.limit);
  return books_balance() && ok;
}

int main(int argc, char **argv) {
  double seconds = argc > 1 ? atof(argv[1]) : 10;
  uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
  int64_t end_ns = mt_now_ns() + (int64_t)(seconds * 1e9);
  pthread_t watcher;
  pthread_create(&watcher, NULL, watch, NULL);
  pthread_detach(watcher);
  for (; mt_now_ns() < end_ns; seed++) {
    if (!run_round(seed)) {
      fprintf(stderr, "soak: the round of seed %llu\n", (unsigned long long)seed);
      return 1;
    }
    atomic_fetch_add(&rounds, 1);
  }
  printf("%u rounds\n", atomic_load(&rounds));
  return 0;
}
