/* SPDX-License-Identifier: MIT
 *
 * meantime/hooks.h: watching tasks: the ground that progress bars and timelines stand on.
 *
 * A constant table of functions, given at mt_open, NULL where nothing is wanted. They are called on
 * the thread that acts, in this order for each task:
 *
 *   submitted, ( started, ( waiting, resumed )*, )* settled
 *
 * (The waits of a task's forked jobs go on side by side, so theirs may overlap.) A task that is
 * retried starts again; one that is cancelled in the queue never starts. Hooks must not wait (a
 * wait in one returns MT_EDEADLK) and should be short. Calls for different tasks come from
 * different threads at once. Unused, they cost a predictable branch; the clock is read only when a
 * hook is set.
 */
#ifndef MEANTIME_HOOKS_H
#define MEANTIME_HOOKS_H

#include <meantime/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_future mt_future;

/* What a task waits for. */
typedef enum mt_wait_kind {
  MT_WAITS_NOT = 0,
  MT_WAITS_SLEEP,
  MT_WAITS_FD,
  MT_WAITS_FUTURE,
  MT_WAITS_STREAM,
  MT_WAITS_GROUP,
  MT_WAITS_LIMIT,
  MT_WAITS_ROOM,     /* room in a bounded queue */
  MT_WAITS_BLOCK,    /* mt_block */
  MT_WAITS_JOIN,     /* mt_join */
  MT_WAITS_SHUTDOWN, /* another executor's shutdown */
  MT_WAITS_SLOT      /* its turn to run on, within in_flight */
} mt_wait_kind;

typedef struct mt_event {
  int64_t now_ns;    /* mt_now_ns() */
  mt_future *future; /* borrowed for the call; mt_ref keeps it */
  const char *name;  /* the task's name, or "" */
  void *tag;         /* the task's tag */
  int worker;        /* index of the worker, or -1 outside workers */
  unsigned attempt;  /* 1 for the first; 0 before the task starts */
  mt_wait_kind wait; /* waiting and resumed only */
  mt_status status;  /* settled: 0 for a value, else the error's code; resumed: the wait's status */
} mt_event;

typedef struct mt_hooks {
  void (*submitted)(void *hooks_arg, const mt_event *event);
  void (*started)(void *hooks_arg, const mt_event *event);
  void (*waiting)(void *hooks_arg, const mt_event *event);
  void (*resumed)(void *hooks_arg, const mt_event *event);
  void (*settled)(void *hooks_arg, const mt_event *event);
} mt_hooks;

#ifdef __cplusplus
}
#endif
#endif
