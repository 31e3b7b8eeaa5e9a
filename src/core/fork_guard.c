/* SPDX-License-Identifier: MIT
 *
 * fork(2) copies one thread and all memory: an executor's workers are gone in the child, and its
 * locks are in whatever state they were. So each executor remembers the generation of its process,
 * and calls that would need a worker or a lock compare it first. */
#include "core/blocking.h"
#include "core/executor.h"
#include <pthread.h>

static unsigned generation;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void in_child(void) {
  generation++;
  /* The child's only thread may be a copy of a worker: it is one no more. */
  mti_here.executor = NULL;
  mti_here.serves = NULL;
  mti_here.runner = mti_blocking_alone(mti_here.runner);
  mti_here.callbacks = NULL;
  mti_here.in_callbacks = false;
  mti_here.dead = NULL;
  mti_here.in_drops = false;
  mti_here.worker = NULL;
  mti_here.tally = NULL;
}

/* Locks that the child needs, too, must not be inherited locked. */
static void before(void) {
  mti_executors_lock(true);
  mti_blocking_lock(true);
}

static void after(void) {
  mti_blocking_lock(false);
  mti_executors_lock(false);
}

static void after_in_child(void) {
  after();
  in_child();
}

static void prepare(void) {
  pthread_atfork(before, after, after_in_child);
}

/* Called by mt_open, so that the handler is there before the first executor. Only written in a
 * child, which has one thread: reading it needs no atomic. */
unsigned mti_generation(void) {
  return generation;
}

void mti_fork_guard(void) {
  pthread_once(&once, prepare);
}
