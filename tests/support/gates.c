/* SPDX-License-Identifier: MIT
 *
 * Gates, plugs, latches and stalls.
 */
#include "gates.h"

#include <stdlib.h>

void gate_init(struct gate *g) {
  STATUS(mt_promise_open(0, &g->promise, &g->future), 0);
}

mt_status gate_pass(struct gate *g) {
  return mt_wait(g->future, MT_FOREVER);
}

void gate_open(struct gate *g) {
  (void)mt_settle(g->promise, mt_none());
}

void gate_fini(struct gate *g) {
  gate_open(g);
  mt_promise_close(g->promise);
  mt_unref(g->future);
}

void plug_init(struct plug *p) {
  p->pulled = false;
  STATUS(mt_limit_open(&(mt_limit_options){.permits = 1}, &p->limit), 0);
  STATUS(mt_acquire(p->limit, 0), 0);
}

mt_status plug_pass(struct plug *p) {
  mt_status st = mt_acquire(p->limit, MT_FOREVER);
  if (st == 0) mt_release(p->limit);
  return st;
}

void plug_pull(struct plug *p) {
  if (!p->pulled) mt_release(p->limit);
  p->pulled = true;
}

void plug_fini(struct plug *p) {
  plug_pull(p);
  mt_limit_close(p->limit);
}

void latch_init(struct latch *l) {
  pthread_mutex_init(&l->lock, NULL);
  pthread_cond_init(&l->changed, NULL);
  l->open = false;
  atomic_init(&l->arrived, 0);
}

void latch_pass(struct latch *l) {
  pthread_mutex_lock(&l->lock);
  atomic_fetch_add(&l->arrived, 1);
  while (!l->open) pthread_cond_wait(&l->changed, &l->lock);
  pthread_mutex_unlock(&l->lock);
}

void latch_open(struct latch *l) {
  pthread_mutex_lock(&l->lock);
  l->open = true;
  pthread_cond_broadcast(&l->changed);
  pthread_mutex_unlock(&l->lock);
}

void latch_fini(struct latch *l) {
  pthread_cond_destroy(&l->changed);
  pthread_mutex_destroy(&l->lock);
}

static mt_value held(mt_value arg) {
  latch_pass(arg.data);
  return mt_none();
}

void stall_begin(struct stall *s, mt_executor *ex) {
  latch_init(&s->latch);
  s->n = workers_of(ex);
  s->blockers = calloc(s->n, sizeof(mt_future *));
  assert_non_null(s->blockers);
  for (unsigned i = 0; i < s->n; i++) s->blockers[i] = mt_submit(ex, held, mt_ptr(&s->latch));
  UNTIL(atomic_load(&s->latch.arrived) == s->n);
}

void stall_end(struct stall *s) {
  latch_open(&s->latch);
  for (unsigned i = 0; i < s->n; i++) {
    STATUS(mt_wait(s->blockers[i], MT_FOREVER), 0);
    mt_unref(s->blockers[i]);
  }
  free(s->blockers);
  latch_fini(&s->latch);
}
