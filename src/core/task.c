/* SPDX-License-Identifier: MIT
 *
 * Submitting: from a task's attributes to an accepted future in the hands of a backend, or to a
 * refused one.
 *
 * A task is counted before the executor's state is looked at, and a shutdown sets the state before
 * it looks at the counts: so either the submit sees the shutdown, or the shutdown waits for the
 * task. */
#include "base/clock.h"
#include "core/blocking.h"
#include "core/executor.h"
#include "core/limit.h"

static bool needs_extra(mt_executor *ex, const mt_task *t) {
  return ex->timed || t->name != NULL || t->tag != NULL || t->drop_arg != NULL ||
         t->drop_result != NULL || t->group != NULL || t->retry != NULL || t->timeout_ns > 0 ||
         t->deadline_ns > 0;
}

static bool fill_extra(mt_future *f, const mt_task *t) {
  if (!mti_future_extend(f)) return false;
  mti_extra *x = mti_extra_of(f);
  x->name = t->name;
  x->tag = t->tag;
  x->drop_arg = t->drop_arg;
  x->drop_result = t->drop_result;
  x->retry = t->retry;
  x->group = t->group;
  x->timeout_ns = t->timeout_ns;
  if (t->deadline_ns > 0) x->deadline_at_ns = mti_after(mt_now_ns(), t->deadline_ns);
  return true;
}

/* Counts a task as accepted, unless the executor refuses. */
static mt_status admit(mt_executor *ex) {
  bool shared;
  mti_tally *tally = mti_tally_of(ex, &shared);
  /* Sequentially consistent, like the shutdown's setting of the state: see the top. A task that
   * submits keeps its executor from being drained, so its count needs no such order. */
  if (shared || mti_here.in_callbacks) /* whose task may be counted as settled already */
    atomic_fetch_add_explicit(&tally->submitted, 1, memory_order_seq_cst);
  else
    mti_count(&tally->submitted, false);
  unsigned state = atomic_load_explicit(&ex->state, memory_order_seq_cst);
  if (state == 0 || (!(state & (MTI_REFUSING | MTI_CLOSED)) && mti_inside(ex))) return MT_OK;
  if (shared)
    atomic_fetch_sub_explicit(&tally->submitted, 1, memory_order_seq_cst);
  else
    atomic_fetch_sub_explicit(&tally->submitted, 1, memory_order_release);
  mti_check_drained(ex);
  return MT_ESHUTDOWN;
}

static void unadmit(mt_executor *ex) {
  bool shared;
  atomic_fetch_sub_explicit(&mti_tally_of(ex, &shared)->submitted, 1, memory_order_seq_cst);
  mti_check_drained(ex);
}

/* Waits for room in the queue. *ret_run_here: there is none, and the submitter is to run it. */
static mt_status take_room(mt_executor *ex, bool *ret_run_here) {
  mti_runner *r = mti_runner_self();
  if (r->nowait > 0) { /* a callback neither waits nor runs tasks */
    mt_status at_once = mti_limit_take(ex->room, MT_WAITS_ROOM, 0, 0);
    return at_once == MT_OK ? MT_OK : MT_EFULL;
  }
  bool inside = r->root->task != NULL;
  bool wait =
      ex->options.when_full == MT_FULL_WAIT || (ex->options.when_full == MT_FULL_RUN && inside);
  mt_status st = mti_limit_take(ex->room, MT_WAITS_ROOM, wait ? MTI_NEVER : 0, MTI_GIVE_SLOT);
  if (st != MT_ETIMEDOUT) return st;
  *ret_run_here = ex->options.when_full == MT_FULL_RUN;
  return *ret_run_here ? MT_OK : MT_EFULL;
}

/* Hands an accepted future over. From here on it may be settled; the caller's reference holds. */
static void hand_over(mt_executor *ex, mt_future *f, int64_t delay_ns, bool run_here) {
  mti_extra *x = mti_extra_of(f);
  int64_t due_ns = delay_ns > 0 ? mti_after(mt_now_ns(), delay_ns) : -1;
  mti_future_move(f, MTI_PENDING, due_ns < 0 ? MTI_QUEUED : MTI_DELAYED);
  /* Its group may have been cancelled since it joined: until now nobody but us could settle it. */
  if (mti_word(f) & MTI_CANCEL && mti_settle_unstarted(f, MT_ECANCELED)) {
    mt_unref(f);
    return;
  }
  if (run_here) {
    mti_run_here(ex, f, due_ns);
    return;
  }
  bool handed = x == NULL || x->deadline_at_ns == MTI_NEVER ||
                ex->backend->expire_at(ex, f, x->deadline_at_ns);
  if (handed && due_ns < 0)
    ex->backend->submit(ex, f, mti_here.executor == ex);
  else
    handed = handed && ex->backend->submit_at(ex, f, due_ns);
  if (!handed) {
    mti_settle_unstarted(f, MT_ENOMEM);
    mt_unref(f);
  }
}

static mt_future *refuse(mt_executor *ex, mt_future *f, const mt_task *t, mt_status why,
                         mt_status *ret_why) {
  *ret_why = why;
  if (f != NULL) { /* nobody has seen it */
    mti_extra *x = mti_extra_of(f);
    if (x != NULL) x->drop_arg = NULL;
    atomic_init(&f->word, MTI_PENDING + MTI_REF);
    mt_unref(f);
  }
  return mti_future_refused(ex, t, why);
}

static mt_future *submit(mt_executor *ex, const mt_task *t, mt_status *ret_why) {
  bool run_here = false;
  if (ex == NULL || t->fn == NULL) return refuse(ex, NULL, t, MT_EINVAL, ret_why);
  if (mti_forked(ex)) return refuse(ex, NULL, t, MT_EFORKED, ret_why);
  mt_future *f = mti_future_new(ex, t->fn, t->arg);
  if (f == NULL || (needs_extra(ex, t) && !fill_extra(f, t)))
    return refuse(ex, f, t, MT_ENOMEM, ret_why);
  mt_status st = admit(ex);
  if (st != MT_OK) return refuse(ex, f, t, st, ret_why);
  if (ex->room != NULL) st = take_room(ex, &run_here);
  if (st == MT_OK && t->group != NULL && (st = mti_group_join(t->group, f)) != MT_OK)
    if (ex->room != NULL && !run_here) mt_release(ex->room);
  if (st != MT_OK) {
    unadmit(ex);
    return refuse(ex, f, t, st, ret_why);
  }
  if (ex->room != NULL && !run_here)
    atomic_fetch_or_explicit(&f->word, MTI_ROOM, memory_order_relaxed);
  MTI_HOOK(f, ex, submitted, MT_WAITS_NOT, MT_OK);
  hand_over(ex, f, t->delay_ns, run_here);
  return f;
}

mt_future *mt_submit(mt_executor *ex, mt_fn *fn, mt_value arg) {
  mt_task t = {.fn = fn, .arg = arg};
  mt_status why;
  return submit(ex, &t, &why);
}

mt_future *mt_submit_task(mt_executor *ex, const mt_task *task) {
  mt_status why;
  return submit(ex, task, &why);
}

mt_status mt_go(mt_group *group, mt_executor *ex, mt_fn *fn, mt_value arg) {
  mt_task t = {.fn = fn, .arg = arg, .group = group};
  mt_status why = MT_OK;
  if (group == NULL) return MT_EINVAL;
  mt_unref(submit(ex, &t, &why));
  return why;
}
