/* SPDX-License-Identifier: MIT
 *
 * meantime/value.h: what goes into a task and what comes out: values and errors.
 *
 * A value is two machine words, passed and returned in registers.
 *
 *   size == 0   bare: a pointer or an integer in `data`, handed along untouched.
 *   size  > 0   sized: `size` bytes at `data`, which another process could be given.
 *
 * Ownership. Arguments, bare or sized, are borrowed: they must stay valid until the future settles.
 * A sized result must come from malloc; it belongs to the task's future, which frees it. Readers of
 * a result borrow it until they unref the future; mt_take moves it out once. Bare values are never
 * freed unless the task names drop_arg or drop_result (see meantime/task.h).
 */
#ifndef MEANTIME_VALUE_H
#define MEANTIME_VALUE_H

#include <meantime/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_value {
  void *data;
  size_t size;
} mt_value;

/* A task: one call of one plain C function. */
typedef mt_value mt_fn(mt_value arg);

/* Frees what a bare value stands for; see mt_task. */
typedef void mt_drop(mt_value value);

/* Bare values. */
static inline mt_value mt_ptr(const void *pointer) {
  mt_value v;
  v.data = (void *)(uintptr_t)pointer;
  v.size = 0;
  return v;
}
static inline mt_value mt_int(intptr_t number) {
  mt_value v;
  v.data = (void *)number;
  v.size = 0;
  return v;
}
static inline mt_value mt_none(void) {
  return mt_int(0);
}
static inline intptr_t mt_as_int(mt_value value) {
  return (intptr_t)value.data;
}

/* A sized value that borrows `size` bytes at `data`: an argument for a task. */
static inline mt_value mt_view(const void *data, size_t size) {
  mt_value v;
  v.data = (void *)(uintptr_t)data;
  v.size = size;
  return v;
}

/* A sized value with a malloced copy of `size` bytes: a result. If there is no memory, it is the
 * failure value of mt_fail(MT_ENOMEM). A size of 0 gives mt_none(). */
MT_API mt_value mt_bytes(const void *data, size_t size);

/* A sized value with malloced text, formatted as by printf; its size counts the final NUL. */
MT_API mt_value mt_text(const char *format, ...) MT_PRINTF(1, 2);

/* free() as a drop function, for bare results that came from malloc. */
MT_API void mt_drop_free(mt_value value);

/* Why a future holds no value. The future owns it: it is valid until the future is unreffed. */
typedef struct mt_error {
  int code;            /* > 0 the task's own (errno values fit); < 0 one of meantime's statuses */
  unsigned attempt;    /* 1 for the first attempt; 0 if the task never started */
  const char *task;    /* the task's name, or "" */
  const char *message; /* for a person; never NULL */
} mt_error;

/* Makes a task fail: `return mt_fail(EINVAL, "invalid ticker symbol: %s", ticker);`
 *
 * The value fails the task only if the task returns it. The message is kept with whoever runs (one
 * per task, the last one counts), so nothing leaks if it is not returned. A code of 0 counts as
 * MT_EINVAL. Outside a task it may be used too, with the thread in the task's place. */
MT_API mt_value mt_fail(int code, const char *format, ...) MT_PRINTF(2, 3);

/* Passes a cut wait on: `if ((st = mt_sleep(ns)) < 0) return mt_give_up(st);` The task's outcome is
 * then that status: cancelled, past its deadline, and so on. */
MT_API mt_value mt_give_up(mt_status why);

/* Whether a value came from mt_fail or mt_give_up, and its code (0 if it is an ordinary value): for
 * code that calls task functions itself, as after mt_block and mt_join. */
MT_API bool mt_is_failure(mt_value value);
MT_API int mt_failure_code(mt_value value);

#ifdef __cplusplus
}
#endif
#endif
