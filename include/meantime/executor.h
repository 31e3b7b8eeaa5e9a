/* SPDX-License-Identifier: MIT
 *
 * meantime/executor.h: something that runs tasks.
 *
 *   mt_executor *ex;
 *   if (mt_open("threads:8", NULL, &ex) < 0) ...
 *   ... submit, map, wait ...
 *   mt_close(ex);
 *
 * Two numbers, never confused: `workers` is how many threads run tasks; `in_flight` is how many
 * tasks may be started and not finished at once. By default they are equal, so that threads:8
 * bounds the load on a server exactly as a pool of eight threads does. With a higher in_flight,
 * waits overlap without more threads.
 *
 * All functions here may be called from any thread. After fork(2), the child's calls return
 * MT_EFORKED, and mt_close in the child only frees memory.
 */
#ifndef MEANTIME_EXECUTOR_H
#define MEANTIME_EXECUTOR_H

#include <meantime/hooks.h>
#include <meantime/status.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_executor mt_executor;

/* What a submit does when `queue_limit` tasks are waiting to start. */
typedef enum mt_when_full {
  MT_FULL_WAIT = 0, /* wait for room; a task that submits gives up its slot meanwhile */
  MT_FULL_REFUSE,   /* return a future that failed with MT_EFULL */
  MT_FULL_RUN       /* outside a task, run it on the submitting thread; inside one, wait */
} mt_when_full;

/* Zero means the default, everywhere. Strings and tables are borrowed until mt_close. */
typedef struct mt_options {
  unsigned in_flight;     /* tasks started and not finished; default: the number of workers */
  unsigned queue_limit;   /* tasks accepted and not started; default: no limit */
  mt_when_full when_full; /* default: wait */
  size_t stack_size;      /* bytes of address space a task's stack gets; default 256 KiB.
                             Only touched pages use memory. At least 16 KiB, rounded up to pages. */
  unsigned block_threads; /* most threads for mt_block at once; default 512 */
  const char *name;       /* prefix of the threads' names; default "meantime" */
  bool timed;             /* read the clock around each task, for mt_seconds */

  /* Called once on each worker, with its index, before its first task; anything but 0 makes
   * mt_open fail with MT_EBROKEN. worker_fini is called on each worker whose init succeeded. */
  int (*worker_init)(void *worker_arg, unsigned worker);
  void (*worker_fini)(void *worker_arg, unsigned worker);
  void *worker_arg;

  const mt_hooks *hooks; /* see meantime/hooks.h */
  void *hooks_arg;
} mt_options;

/* Opens an executor. `where` is
 *
 *   "threads"     as many worker threads as this process may use CPUs (affinity and cgroup quota)
 *   "threads:N"   N worker threads, 1 to 4096
 *   "inline"      no thread at all: a submit runs the task and returns its settled future.
 *                 Nothing overlaps: delays and backoff block there. Its one worker is whoever
 *                 calls: worker_init runs in mt_open, worker_fini in mt_close.
 *
 * `options` may be NULL. On success, *ret is to be given to mt_close; on failure it is untouched.
 * Errors: MT_EINVAL (an unknown `where`, a senseless option), MT_EBROKEN (worker_init failed),
 * MT_ENOMEM (no memory, or not even one thread; with some threads it opens with fewer). */
MT_API mt_status mt_open(const char *where, const mt_options *options, mt_executor **ret);

enum {
  MT_CANCEL_QUEUED = 1, /* cancel what has not started, delayed tasks and backoffs included */
  MT_CANCEL_RUNNING = 2 /* cancel what runs (cooperatively: see mt_cancel) and what is queued */
};

/* Stops accepting tasks, and waits until all have settled and all callbacks have run.
 *
 * With `how` 0, outsiders are refused (their futures fail with MT_ESHUTDOWN) and the executor
 * drains: running tasks may still submit, and delayed tasks are waited for. With a cancel flag
 * every submit is refused. May be called again, to press harder or to go on waiting.
 *
 * Returns 0 when everything has settled; MT_ETIMEDOUT when `timeout_ns` ran out first (what is
 * pending stays pending, and goes on); MT_EDEADLK from one of its own tasks or from a callback;
 * MT_ECANCELED or MT_EDEADLINE when the calling task (of another executor) was cut. */
MT_API mt_status mt_shutdown(mt_executor *ex, unsigned how, int64_t timeout_ns);

/* mt_shutdown(ex, 0, MT_FOREVER), then ends the threads and frees the executor. Its futures and
 * groups stay valid until they are unreffed or closed; maps over it must be closed before, and no
 * other thread may be in a call on it when mt_close returns. Returns MT_EDEADLK, with nothing done,
 * from one of its own tasks or from a callback. NULL is allowed. */
MT_API mt_status mt_close(mt_executor *ex);

/* A snapshot; the numbers are read one after another while the tasks go on. */
typedef struct mt_counts {
  uint64_t submitted; /* accepted so far */
  uint64_t started;   /* attempts started so far */
  uint64_t settled;   /* tasks settled so far, however */
  uint64_t failed;    /* of these, with an error other than cancelled */
  uint64_t cancelled; /* of these, cancelled */
  uint64_t retried;   /* attempts that failed and were repeated */
  uint64_t queued;    /* waiting to start now, delayed ones included */
  uint64_t running;   /* started and not finished now */
  uint64_t suspended; /* of these, waiting without a thread now */
  unsigned workers;
  unsigned in_flight;
  unsigned block_threads; /* threads that serve mt_block now */
} mt_counts;
MT_API void mt_counters(mt_executor *ex, mt_counts *ret);

/* Writes a line for each executor and each of its tasks: its name, how far it is, what it waits for
 * and for how long. For people who debug: the format may change. Takes no lock a task can hold. */
MT_API void mt_dump(FILE *to);

/* What an executor can do: tests and generic code ask this instead of asking which kind it is. */
enum {
  MT_CAN_OVERLAP = 1, /* two tasks can be under way at once */
  MT_CAN_SHARE = 2,   /* tasks see the caller's memory */
  MT_CAN_NEST = 4,    /* tasks can submit to their own executor */
  MT_CAN_KILL = 8     /* a running task can be ended against its will */
};
MT_API unsigned mt_capabilities(const mt_executor *ex);

/* The CPUs this process may use: affinity mask and cgroup quota, at least 1. */
MT_API unsigned mt_cpus(void);

#ifdef __cplusplus
}
#endif
#endif
