/* SPDX-License-Identifier: MIT
 *
 * meantime/wait.h: inside a task: waiting without holding a thread.
 *
 * A wait suspends the task, on its own stack, and its worker runs other tasks meanwhile. The task
 * resumes on the same thread. errno is saved over a wait; hold no mutex over one. Outside a task
 * the same calls block the calling thread. Sleeps, descriptors, mt_block and limits keep the task's
 * slot (it counts as in flight); waits on futures, streams, groups and queue room give it up
 * meanwhile.
 *
 * Every wait returns MT_ECANCELED once the task is cancelled, MT_EDEADLINE once its timeout or
 * deadline is over, MT_EDEADLK in a callback or hook, and MT_ENOMEM if no stack could be had.
 * Cancel outranks timeout outranks wake-up.
 */
#ifndef MEANTIME_WAIT_H
#define MEANTIME_WAIT_H

#include <meantime/future.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sleeps at least so long. 0 when it slept through. 0 ns or less returns at once. */
MT_API mt_status mt_sleep(int64_t ns);

/* Waits until a descriptor is ready. `events` and the result are of poll(2): POLLIN, POLLOUT,
 * POLLPRI. > 0: the ready events, which may contain POLLERR and POLLHUP. < 0: MT_ETIMEDOUT, a cut,
 * MT_EINVAL, or MT_ESYSTEM with errno (EBADF). A regular file is always ready. The descriptor must
 * stay open. */
MT_API int mt_wait_fd(int fd, int events, int64_t timeout_ns);

/* Lets the other tasks of this worker that are ready run first. Never cut; outside a task it yields
 * the thread's processor. */
MT_API void mt_yield(void);

/* Runs fn(arg), a foreign call that blocks (getaddrinfo, a database driver), on an ordinary thread
 * of an elastic lane of its own, and returns its value; the task waits meanwhile. Once started it
 * is waited for to the end, whatever happens: mt_cancelled tells fn of a cut, and fn's own waits
 * end. Before that a cut gives mt_give_up(status). If no thread can be had at all, fn runs on the
 * worker itself. The task keeps its slot, so fn must not wait for what has yet to start. Outside a
 * task it is simply called. */
MT_API mt_value mt_block(mt_fn *fn, mt_value arg);

/* Whether the running task should stop: cancelled, or past its timeout or deadline. False outside a
 * task and under a shield. For tasks that compute. */
MT_API bool mt_cancelled(void);

/* Cleaning up: while the shield is on, waits are not cut by cancel, timeout or deadline. Returns
 * what it was before. Off at every attempt's start. */
MT_API bool mt_shield(bool on);

/* The running task's future (borrowed), or NULL outside a task; its attempt, 1 for the first, or 0;
 * the index of the worker that runs it, or -1. */
MT_API mt_future *mt_self(void);
MT_API unsigned mt_attempt(void);
MT_API int mt_worker(void);

#ifdef __cplusplus
}
#endif
#endif
