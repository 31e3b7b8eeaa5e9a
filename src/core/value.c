/* SPDX-License-Identifier: MIT
 *
 * Values and errors.
 *
 * A failure value is tagged by a size that no memory can have, and carries only the code; the
 * message stays with the runner until the task returns, when both become the future's error. So a
 * failure value can be dropped without leaking. */
#include "core/future.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURE SIZE_MAX

bool mt_is_failure(mt_value value) {
  return value.size == FAILURE;
}
int mt_failure_code(mt_value value) {
  return mt_is_failure(value) ? (int)mt_as_int(value) : 0;
}

mt_value mt_bytes(const void *data, size_t size) {
  if (size == 0) return mt_none();
  void *copy = size < FAILURE ? malloc(size) : NULL;
  if (copy == NULL) return mt_fail(MT_ENOMEM, "no memory for a result of %zu bytes", size);
  memcpy(copy, data, size);
  return (mt_value){copy, size};
}

mt_value mt_text(const char *format, ...) {
  va_list args, again;
  va_start(args, format);
  va_copy(again, args);
  int length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  char *text = length < 0 ? NULL : malloc((size_t)length + 1);
  if (text != NULL) vsnprintf(text, (size_t)length + 1, format, again);
  va_end(again);
  if (length < 0) return mt_fail(MT_EINVAL, "the text \"%s\" cannot be formatted", format);
  if (text == NULL) return mt_fail(MT_ENOMEM, "no memory for a text of %d bytes", length + 1);
  return (mt_value){text, (size_t)length + 1};
}

void mt_drop_free(mt_value value) {
  free(value.data);
}

/* Records for when there is no memory: one for each status, and one for all codes of tasks. */
#define RECORD(status, text)                                                                       \
  { status, 0, "", text }
static mt_error constant[] = {
    RECORD(MT_ENOMEM, "out of memory"),
    RECORD(MT_FAILED, "failed"),
    RECORD(MT_ECANCELED, "cancelled"),
    RECORD(MT_ETIMEDOUT, "timed out"),
    RECORD(MT_EDEADLINE, "past its deadline"),
    RECORD(MT_EDEADLK, "this wait could never end"),
    RECORD(MT_EFULL, "the executor's queue is full"),
    RECORD(MT_ESHUTDOWN, "the executor is shut down"),
    RECORD(MT_EABANDONED, "the promise was closed unsettled"),
    RECORD(MT_EFORKED, "the executor belongs to the parent process"),
};

static bool is_constant(const mt_error *error) {
  for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
    if (error == &constant[i]) return true;
  return false;
}

mt_error *mti_error_new(int code, const char *task, unsigned attempt, const char *message) {
  if (task == NULL) task = "";
  size_t task_size = strlen(task) + 1, message_size = strlen(message) + 1;
  mt_error *error = malloc(sizeof *error + task_size + message_size);
  if (error == NULL) {
    for (size_t i = 0; i < sizeof constant / sizeof *constant; i++)
      if (constant[i].code == code) return &constant[i];
    return &constant[0];
  }
  char *text = (char *)(error + 1);
  memcpy(text, task, task_size);
  memcpy(text + task_size, message, message_size);
  *error = (mt_error){code, attempt, text, text + task_size};
  return error;
}

void mti_error_free(mt_error *error) {
  if (error != NULL && !is_constant(error)) free(error);
}

mt_error *mti_error_format(int code, const char *task, unsigned attempt, const char *format,
                           va_list args) {
  char small[256], *message = small;
  va_list again;
  va_copy(again, args);
  int length = vsnprintf(small, sizeof small, format, args);
  if (length >= (int)sizeof small && (message = malloc((size_t)length + 1)) != NULL)
    vsnprintf(message, (size_t)length + 1, format, again);
  va_end(again);
  if (message == NULL) message = small; /* cut short, rather than none */
  mt_error *error = mti_error_new(code, task, attempt, length < 0 ? format : message);
  if (message != small) free(message);
  return error;
}

mt_value mt_fail(int code, const char *format, ...) {
  if (code == 0) code = MT_EINVAL;
  mti_runner *r = mti_runner_self();
  mt_future *task = r->root->task;
  va_list args;
  va_start(args, format);
  mt_error *failure = mti_error_format(code, task != NULL ? mt_name(task) : "",
                                       task != NULL ? r->root->attempt : 0, format, args);
  va_end(args);
  mti_runner_put_failure(r, failure);
  return (mt_value){(void *)(intptr_t)code, FAILURE};
}

mt_value mt_give_up(mt_status why) {
  if (why == MT_OK) why = MT_ECANCELED;
  return mt_fail(why, "%s", mt_status_text(why));
}
