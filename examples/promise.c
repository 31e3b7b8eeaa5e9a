/* SPDX-License-Identifier: MIT
 *
 * promise: makes a future of a foreign library's callback.
 *
 * The "library" here is a line reader with a thread of its own, that knows nothing of meantime: it
 * calls `done` when it is through. The callback settles a promise; a task waits for the promise's
 * future, and holds no thread meanwhile.
 */
#include <errno.h>
#include <meantime.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the foreign library --- */

typedef struct line_reader {
  FILE *from;
  void (*done)(void *arg, const char *line); /* NULL: no line */
  void *arg;
} line_reader;

static void *line_reader_main(void *p) {
  line_reader *r = p;
  char line[256];
  r->done(r->arg, fgets(line, sizeof line, r->from));
  return NULL;
}

/* --- the bridge --- */

static void on_line(void *promise, const char *line) {
  if (line)
    mt_settle(promise, mt_text("%.*s", (int)strcspn(line, "\n"), line));
  else
    mt_settle_error(promise, EPIPE, "end of input");
  mt_promise_close(promise);
}

static mt_value word_count(mt_value line_future) {
  mt_value line;
  mt_status st = mt_get(line_future.data, MT_FOREVER, &line);
  if (st == MT_FAILED) return mt_fail(EPIPE, "%s", mt_failure(line_future.data)->message);
  if (st < 0) return mt_give_up(st);
  intptr_t words = 0;
  for (char *at = line.data; *(at += strspn(at, " ")); at += strcspn(at, " ")) words++;
  return mt_int(words);
}

int main(void) {
  char text[] = "when waiting is the bottleneck do the rest in the meantime\n";
  mt_executor *ex;
  mt_promise *promise;
  mt_future *line;
  pthread_t thread;
  line_reader r = {.from = fmemopen(text, sizeof text - 1, "r"), .done = on_line};
  if (!r.from || mt_open("threads:1", NULL, &ex) < 0) return 1;
  if (mt_promise_open(0, &promise, &line) < 0) return 1;

  mt_future *count = mt_submit(ex, word_count, mt_ptr(line));
  r.arg = promise;
  if (pthread_create(&thread, NULL, line_reader_main, &r) != 0) return 1;

  mt_value words = mt_int(-1);
  mt_status st = mt_get(count, MT_FOREVER, &words);
  printf("%ld words\n", (long)mt_as_int(words));
  pthread_join(thread, NULL);
  fclose(r.from);
  mt_unref(count);
  mt_unref(line);
  return mt_close(ex) < 0 || st < 0 || mt_as_int(words) != 11;
}
