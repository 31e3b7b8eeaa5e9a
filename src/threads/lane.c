/* SPDX-License-Identifier: MIT
 *
 * The blocking lane: ordinary threads for foreign calls that block.
 *
 * A thread is started when a request comes and none sleeps, up to the limit; it ends after ten
 * seconds without work. If no thread can be started, the request waits for one of those there are,
 * or, if there is none at all, runs on the worker: slow, but it runs.
 *
 * A request lives on the stack of the task that waits for it. It is QUEUED, then TAKEN, then DONE;
 * only a QUEUED one can be taken back by its task. The thread's last touch of it is setting DONE;
 * the fiber that it wakes then belongs to the pool, which outlives the thread. */
#include "base/clock.h"
#include "threads/pool.h"
#include <errno.h>
#include <time.h>

enum { QUEUED, TAKEN, DONE };

typedef struct mti_request {
  mt_fn *fn;
  mt_value value; /* the argument, then the result */
  mt_error *failure;
  mti_runner *runner;
  mti_runner *thread; /* of the thread that has taken it; guarded by the lane's mutex */
  struct mti_request *next;
  _Atomic int state; /* written under the lane's mutex, but for DONE */
} mti_request;

void mti_lane_init(mti_pool *pool) {
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  pthread_mutex_init(&pool->lane.mutex, NULL);
  pthread_cond_init(&pool->lane.work, &attr);
  pthread_cond_init(&pool->lane.gone, NULL);
  pthread_condattr_destroy(&attr);
  pool->lane.end = &pool->lane.first;
  unsigned limit = pool->ex->options.block_threads;
  pool->lane.limit = limit > 0 ? limit : 512;
}

void mti_lane_fini(mti_pool *pool) {
  pthread_mutex_lock(&pool->lane.mutex);
  pool->lane.closing = true;
  pthread_cond_broadcast(&pool->lane.work);
  while (pool->lane.threads > 0) pthread_cond_wait(&pool->lane.gone, &pool->lane.mutex);
  pthread_mutex_unlock(&pool->lane.mutex);
  pthread_cond_destroy(&pool->lane.gone);
  pthread_cond_destroy(&pool->lane.work);
  pthread_mutex_destroy(&pool->lane.mutex);
}

static void serve(mti_request *q) {
  mti_runner *task = q->runner, *mine = mti_runner_self();
  mine->root = task->root; /* mt_self, mt_cancelled and the ends of waits are the task's */
  mine->shield = task->shield;
  q->value = q->fn(q->value);
  mine->root = mine;
  q->failure = mti_runner_take_failure(mine);
  atomic_store_explicit(&q->state, DONE, memory_order_release);
  task->ops->unpark(task, NULL);
}

/* Under the mutex. Sleeps until there is a request; NULL: it is time to go. */
static mti_request *next_request(mti_pool *pool) {
  struct timespec until = mti_timespec(mt_now_ns() + MT_SECONDS(10));
  int rc = 0;
  pool->lane.sleeping++;
  while (pool->lane.first == NULL && !pool->lane.closing && rc != ETIMEDOUT)
    rc = pthread_cond_timedwait(&pool->lane.work, &pool->lane.mutex, &until);
  pool->lane.sleeping--;
  mti_request *q = pool->lane.first;
  if (q == NULL) return NULL;
  if ((pool->lane.first = q->next) == NULL) pool->lane.end = &pool->lane.first;
  q->thread = mti_runner_self();
  atomic_store_explicit(&q->state, TAKEN, memory_order_relaxed);
  return q;
}

static void *run(void *arg) {
  mti_pool *pool = arg;
  mti_request *q;
  mti_here.serves = pool->ex;
  pthread_mutex_lock(&pool->lane.mutex);
  while ((q = next_request(pool)) != NULL) {
    pthread_mutex_unlock(&pool->lane.mutex);
    serve(q);
    pthread_mutex_lock(&pool->lane.mutex);
  }
  if (--pool->lane.threads == 0) pthread_cond_broadcast(&pool->lane.gone);
  pthread_mutex_unlock(&pool->lane.mutex);
  return NULL;
}

/* Under the mutex. Requests that sleeping threads will not take need a thread each. */
static bool add_thread(mti_pool *pool) {
  pthread_t thread;
  if (pool->lane.threads >= pool->lane.limit) return false;
  if (mti_thread_start(pool, &thread, run, pool, "block", pool->lane.threads) != 0) return false;
  pthread_detach(thread);
  pool->lane.threads++;
  return true;
}

static bool put(mti_pool *pool, mti_request *q) {
  unsigned waiting = 1;
  pthread_mutex_lock(&pool->lane.mutex);
  for (mti_request *other = pool->lane.first; other != NULL && waiting <= pool->lane.sleeping;
       other = other->next)
    waiting++;
  bool possible = waiting <= pool->lane.sleeping || add_thread(pool) || pool->lane.threads > 0;
  if (possible) {
    *pool->lane.end = q;
    pool->lane.end = &q->next;
    pthread_cond_signal(&pool->lane.work);
  }
  pthread_mutex_unlock(&pool->lane.mutex);
  return possible;
}

/* Takes a request back. If it has begun, the cut is passed on: the call's own wait is woken. The
 * thread cannot end without the mutex. */
static bool take_back(mti_pool *pool, mti_request *q) {
  bool taken_back = false;
  pthread_mutex_lock(&pool->lane.mutex);
  if (q->thread != NULL) q->thread->ops->unpark(q->thread, NULL);
  for (mti_request **at = &pool->lane.first; *at != NULL && !taken_back; at = &(*at)->next) {
    if (*at != q) continue;
    if (pool->lane.end == &q->next) pool->lane.end = at;
    *at = q->next;
    taken_back = true;
    if (*at == NULL) break;
  }
  pthread_mutex_unlock(&pool->lane.mutex);
  return taken_back;
}

mt_value mti_lane_block(mti_runner *r, mt_fn *fn, mt_value arg) {
  mti_pool *pool = ((mti_fiber *)r)->worker->pool;
  mti_request q = {.fn = fn, .value = arg, .runner = r};
  if (!put(pool, &q)) return fn(arg);
  bool may_give_up = true;
  while (atomic_load_explicit(&q.state, memory_order_acquire) != DONE) {
    mt_status cut = may_give_up ? mti_runner_cut(r) : MT_OK;
    if (cut != MT_OK) {
      if (take_back(pool, &q)) return mt_give_up(cut);
      may_give_up = false; /* it has begun: it is waited for */
    }
    int64_t until_ns = may_give_up ? mti_runner_limit(r) : MTI_NEVER;
    if (r->ops->park(r, until_ns, false) == MT_ENOMEM) /* no stack: the worker waits with us */
      nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
  }
  if (mt_is_failure(q.value))
    mti_runner_put_failure(r, q.failure);
  else
    mti_error_free(q.failure);
  return q.value;
}
