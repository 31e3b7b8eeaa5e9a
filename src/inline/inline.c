/* SPDX-License-Identifier: MIT
 *
 * The inline backend: a submit runs the task on the caller's own thread and returns its settled
 * future. Nothing overlaps; delays and backoff block there. It is the sequential baseline, and what
 * a debugger likes best. Its one worker is whoever calls: the init hook runs in mt_open, fini in
 * mt_close. */
#include "core/blocking.h"
#include "core/executor.h"

static mt_status open_inline(mt_executor *ex) {
  ex->workers = 1;
  ex->in_flight = 1;
  const mt_options *o = &ex->options;
  bool ok = o->worker_init == NULL || o->worker_init(o->worker_arg, 0) == 0;
  return ok ? MT_OK : MT_EBROKEN;
}

static void submit(mt_executor *ex, mt_future *f, bool inside) {
  (void)inside;
  mti_run_here(ex, f, -1);
}

static bool submit_at(mt_executor *ex, mt_future *f, int64_t due_ns) {
  mti_run_here(ex, f, due_ns);
  return true;
}

/* A task waits only in submit_at, which looks at the deadline itself. */
static bool expire_at(mt_executor *ex, mt_future *f, int64_t due_ns) {
  (void)ex;
  (void)f;
  (void)due_ns;
  return true;
}

static void nothing(mt_executor *ex) {
  (void)ex;
}

static void counters(mt_executor *ex, mt_counts *ret) {
  (void)ex;
  (void)ret;
}

static void dump(mt_executor *ex, FILE *to) {
  (void)ex;
  (void)to;
}

static void close_inline(mt_executor *ex, bool forked) {
  const mt_options *o = &ex->options;
  if (o->worker_fini != NULL && !forked) o->worker_fini(o->worker_arg, 0);
}

const mti_backend mti_inline_backend = {
    .name = "inline",
    .capabilities = MT_CAN_SHARE | MT_CAN_NEST,
    .open = open_inline,
    .submit = submit,
    .submit_at = submit_at,
    .expire_at = expire_at,
    .forget = nothing,
    .cancel_queued = nothing,
    .wake_running = mti_blocking_wake,
    .counters = counters,
    .dump = dump,
    .close = close_inline,
};
