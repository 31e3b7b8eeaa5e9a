/* SPDX-License-Identifier: MIT
 *
 * Task functions that many checks need.
 */
#include "tasks.h"

mt_value task_echo(mt_value arg) {
  return arg;
}

mt_value task_next(mt_value arg) {
  return mt_int(mt_as_int(arg) + 1);
}

mt_value task_fail(mt_value arg) {
  int code = (int)mt_as_int(arg);
  return mt_fail(code, "code %d", code);
}

mt_value task_count(mt_value arg) {
  atomic_fetch_add((atomic_uint *)arg.data, 1);
  return mt_none();
}

static mt_value one_or_give_up(mt_status st) {
  return st < 0 ? mt_give_up(st) : mt_int(1);
}

mt_value task_gate(mt_value arg) {
  return one_or_give_up(gate_pass(arg.data));
}

mt_value task_plug(mt_value arg) {
  return one_or_give_up(plug_pass(arg.data));
}

mt_value task_latch(mt_value arg) {
  latch_pass(arg.data);
  return mt_int(1);
}

mt_value task_sleeper(mt_value arg) {
  (void)arg;
  return one_or_give_up(mt_sleep(MT_FOREVER));
}

void drop_count(mt_value value) {
  atomic_fetch_add((atomic_uint *)value.data, 1);
}

void done_count(mt_future *f, void *arg) {
  (void)f;
  atomic_fetch_add((atomic_uint *)arg, 1);
}
