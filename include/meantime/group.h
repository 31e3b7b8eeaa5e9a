/* SPDX-License-Identifier: MIT
 *
 * meantime/group.h: tasks that live and die together.
 *
 *   mt_group *g;
 *   mt_group_open(&g);
 *   for (...) mt_go(g, ex, fn, arg);       or mt_submit_task with .group = g
 *   mt_status st = mt_group_close(g);      none outlives this line
 *
 * The first task of a group that fails for good (a retried failure is not one) cancels the rest.
 * Groups may span executors, and a task of one group may open another; they are not inherited by
 * the tasks that a member submits.
 */
#ifndef MEANTIME_GROUP_H
#define MEANTIME_GROUP_H

#include <meantime/task.h>

#ifdef __cplusplus
extern "C" {
#endif

MT_API mt_status mt_group_open(mt_group **ret); /* 0 or MT_ENOMEM */

/* Waits until no member is pending. 0 when all hold values; MT_FAILED when one failed first (see
 * mt_group_failure); MT_ECANCELED when the group, or a member, was cancelled; or the waiter's own
 * trouble, as mt_wait. The group stays open and may be given more tasks. */
MT_API mt_status mt_group_wait(mt_group *g, int64_t timeout_ns);

/* Cancels all members, now and to come. */
MT_API void mt_group_cancel(mt_group *g);

/* The first failure, or NULL. Borrowed until mt_group_close. */
MT_API const mt_error *mt_group_failure(mt_group *g);

/* Waits for all members to settle and frees the group. Guards the members' memory: in a task that
 * is cancelled or past its deadline it cancels the members, and still waits to the end. Returns as
 * mt_group_wait; MT_EDEADLK, with nothing done, from a callback or a hook. NULL is allowed. */
MT_API mt_status mt_group_close(mt_group *g);

#ifdef __cplusplus
}
#endif
#endif
