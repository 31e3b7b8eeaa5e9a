/* SPDX-License-Identifier: MIT
 *
 * tests/support/tasks.h: the task functions that many checks need.
 */
#ifndef TESTS_SUPPORT_TASKS_H
#define TESTS_SUPPORT_TASKS_H

#include "gates.h"

/* The argument itself. */
mt_value task_echo(mt_value arg);

/* The argument, an integer, plus one. */
mt_value task_next(mt_value arg);

/* Fails with the integer as its code, and the message "code N". */
mt_value task_fail(mt_value arg);

/* Adds one to an atomic_uint. */
mt_value task_count(mt_value arg);

/* Waits at a gate, at a plug, or at a latch; gives 1, or gives up as it was told. */
mt_value task_gate(mt_value arg);
mt_value task_plug(mt_value arg);
mt_value task_latch(mt_value arg);

/* Sleeps without end until it is cut, and gives up. */
mt_value task_sleeper(mt_value arg);

/* A drop function that adds one to the atomic_uint its value points to. */
void drop_count(mt_value value);

/* A done-callback that adds one to the atomic_uint it is given. */
void done_count(mt_future *f, void *arg);

/* Submits all of a task's attributes in one expression: submit_as(ex, .fn = ..., .arg = ...). */
#define submit_as(ex, ...) mt_submit_task((ex), &(mt_task){__VA_ARGS__})

#endif
