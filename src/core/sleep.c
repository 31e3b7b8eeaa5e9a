/* SPDX-License-Identifier: MIT
 * The waits for time, descriptors and foreign calls. */
#include "base/clock.h"
#include "core/executor.h"
#include <errno.h>
#include <poll.h>

mt_status mt_sleep(int64_t ns) {
  mti_runner *r = mti_runner_self();
  if (r->nowait > 0) return MT_EDEADLK;
  if (ns <= 0) return mti_runner_cut(r);
  int64_t until_ns = mti_after(mt_now_ns(), ns);
  mt_status st;
  do st = mti_runner_wait(r, MT_WAITS_SLEEP, 0, until_ns, MTI_TURN);
  while (st == MT_OK); /* woken for nothing */
  return st == MT_ETIMEDOUT ? MT_OK : st;
}

int mt_wait_fd(int fd, int events, int64_t timeout_ns) {
  if (fd < 0 || (events & (POLLIN | POLLOUT | POLLPRI)) == 0 ||
      events & ~(POLLIN | POLLOUT | POLLPRI))
    return MT_EINVAL;
  mti_runner *r = mti_runner_self();
  int saved = errno;
  int64_t until_ns = mti_until(timeout_ns);
  for (;;) {
    if (r->nowait > 0) return MT_EDEADLK;
    mt_status cut = mti_runner_cut(r);
    if (cut != MT_OK) return cut;
    int64_t limit_ns = mti_runner_limit(r);
    if (r->task != NULL)
      atomic_store_explicit(&r->wait_since_ns, mt_now_ns(), memory_order_relaxed);
    mti_runner_waiting(r, MT_WAITS_FD, fd);
    int ready = r->ops->wait_fd(r, fd, events, until_ns < limit_ns ? until_ns : limit_ns);
    int why = errno;
    if ((cut = mti_runner_cut(r)) != MT_OK) ready = cut;
    mti_runner_resumed(r, MT_WAITS_FD, ready);
    errno = ready == MT_ESYSTEM ? why : saved;
    if (ready != 0) return ready;
  }
}

void mt_yield(void) {
  mti_runner *r = mti_runner_self();
  if (r->nowait > 0) return;
  int saved = errno;
  r->ops->yield(r);
  errno = saved;
}

mt_value mt_block(mt_fn *fn, mt_value arg) {
  mti_runner *r = mti_runner_self();
  if (r->root->task == NULL) return fn(arg);
  if (r->nowait > 0) return mt_give_up(MT_EDEADLK);
  mt_status cut = mti_runner_cut(r);
  if (cut != MT_OK) return mt_give_up(cut);
  int saved = errno;
  atomic_store_explicit(&r->wait_since_ns, mt_now_ns(), memory_order_relaxed);
  mti_runner_waiting(r, MT_WAITS_BLOCK, 0);
  mt_value value = r->ops->block(r, fn, arg);
  mti_runner_resumed(r, MT_WAITS_BLOCK, MT_OK);
  errno = saved;
  return value;
}
