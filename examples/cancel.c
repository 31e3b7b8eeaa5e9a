/* SPDX-License-Identifier: MIT
 *
 * cancel: ends a task that would sleep for an hour, and lets it clean up first.
 *
 * A cancel makes the current wait, and every later one, return MT_ECANCELED at once. Under
 * mt_shield the clean-up may wait all the same. The future settles only when the function has
 * returned.
 */
#include <meantime.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct watch {
  char path[32];
  mt_promise *ready; /* settled once the lock file is there */
} watch;

static mt_value hold_lock(mt_value arg) {
  watch *w = arg.data;
  int fd = mkstemp(w->path);
  mt_settle(w->ready, mt_int(fd));

  mt_status st = mt_sleep(MT_SECONDS(3600));

  mt_shield(true);
  if (mt_sleep(MT_MS(1)) < 0) return mt_fail(1, "a shielded wait was cut");
  close(fd);
  unlink(w->path);
  mt_shield(false);
  return mt_give_up(st); /* a value here would be kept, in spite of the cancel */
}

int main(void) {
  watch w = {.path = "/tmp/meantime-lock-XXXXXX"};
  mt_executor *ex;
  mt_future *ready;
  mt_value fd;
  if (mt_open("threads:1", NULL, &ex) < 0) return 1;
  if (mt_promise_open(0, &w.ready, &ready) < 0) return 1;

  mt_future *f = mt_submit(ex, hold_lock, mt_ptr(&w));
  if (mt_get(ready, MT_FOREVER, &fd) < 0 || mt_as_int(fd) < 0) return 1;
  printf("lock file held, task running: %s\n", mt_running(f) ? "yes" : "no");
  bool in_time = mt_cancel(f);
  mt_wait(f, MT_FOREVER);
  bool gone = access(w.path, F_OK) < 0;
  printf("task %s, lock file %s\n", mt_failure(f) ? mt_failure(f)->message : "finished",
         gone ? "removed" : "still there");

  bool right = in_time && mt_was_cancelled(f) && gone;
  mt_unref(f);
  mt_unref(ready);
  mt_promise_close(w.ready);
  return mt_close(ex) < 0 || !right;
}
