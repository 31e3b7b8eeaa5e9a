/* SPDX-License-Identifier: MIT
 *
 * tests/support/gates.h: what situations are built from.
 *
 *              who waits at it    keeps its slot   holds its thread
 *   gate       tasks, threads     no               no                 a promise
 *   plug       tasks, threads     yes              no                 a limit's only permit
 *   latch      tasks, threads     yes              yes                a condition variable
 *   stall      an executor's workers, all of them: each is held at a latch
 */
#ifndef TESTS_SUPPORT_GATES_H
#define TESTS_SUPPORT_GATES_H

#include "contract.h"

#include <pthread.h>
#include <stdatomic.h>

struct gate {
  mt_promise *promise;
  mt_future *future;
};
void gate_init(struct gate *g);
mt_status gate_pass(struct gate *g); /* waits until it is open */
void gate_open(struct gate *g);
void gate_fini(struct gate *g); /* opens it if it is not */

struct plug {
  mt_limit *limit;
  bool pulled;
};
void plug_init(struct plug *p);
mt_status plug_pass(struct plug *p); /* waits until it is pulled */
void plug_pull(struct plug *p);
void plug_fini(struct plug *p); /* nobody may wait at it */

struct latch {
  pthread_mutex_t lock;
  pthread_cond_t changed;
  bool open;
  atomic_uint arrived; /* how many came to it so far */
};
void latch_init(struct latch *l);
void latch_pass(struct latch *l); /* blocks the thread until it is open */
void latch_open(struct latch *l);
void latch_fini(struct latch *l);

struct stall {
  struct latch latch;
  mt_future **blockers;
  unsigned n;
};
void stall_begin(struct stall *s, mt_executor *ex); /* returns when every worker is held */
void stall_end(struct stall *s);

#endif
