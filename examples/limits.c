/* SPDX-License-Identifier: MIT
 *
 * limits: at most three readers at once, and at most 500 started a second, whatever the number of
 * tasks. A task that waits for a limit holds no thread.
 */
#include <errno.h>
#include <meantime.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { TASKS = 40, AT_ONCE = 3, PER_SECOND = 500 };

typedef struct reader {
  mt_limit *limit; /* shared by all: permits and a rate in one */
  atomic_int at_it, most;
} reader;

/* Plain blocking code, for the lane of foreign calls: mt_block runs it on a thread of its own. */
static mt_value draw_megabyte(mt_value path) {
  FILE *file = fopen(path.data, "rb");
  if (!file) return mt_fail(errno, "%s: %s", (char *)path.data, strerror(errno));
  char buffer[4096];
  size_t size = 0;
  while (size < 1 << 20 && fread(buffer, 1, sizeof buffer, file) == sizeof buffer)
    size += sizeof buffer;
  fclose(file);
  return size < 1 << 20 ? mt_fail(EIO, "%s gives too little", (char *)path.data) : mt_none();
}

/* Counters only, which order nothing: relaxed. */
static void note_most(atomic_int *most, int now) {
  int seen = atomic_load_explicit(most, memory_order_relaxed);
  while (now > seen && !atomic_compare_exchange_weak_explicit(
                           most, &seen, now, memory_order_relaxed, memory_order_relaxed)) {
  }
}

static mt_value read_one(mt_value arg) {
  reader *r = arg.data;
  mt_status st = mt_acquire(r->limit, MT_FOREVER);
  if (st < 0) return mt_give_up(st); /* nothing was taken */
  int now = atomic_fetch_add_explicit(&r->at_it, 1, memory_order_relaxed) + 1;
  note_most(&r->most, now);
  mt_value result = mt_block(draw_megabyte, mt_ptr("/dev/urandom"));
  atomic_fetch_sub_explicit(&r->at_it, 1, memory_order_relaxed);
  mt_release(r->limit);
  return result;
}

int main(void) {
  reader r = {0};
  mt_executor *ex;
  mt_group *g;
  mt_limit_options both = {.permits = AT_ONCE, .rate = PER_SECOND};
  if (mt_limit_open(&both, &r.limit) < 0 || mt_group_open(&g) < 0) return 1;
  if (mt_open("threads:2", &(mt_options){.in_flight = TASKS}, &ex) < 0) return 1;

  int64_t start = mt_now_ns();
  for (int i = 0; i < TASKS; i++)
    if (mt_go(g, ex, read_one, mt_ptr(&r)) < 0) return 1;
  mt_status st = mt_group_close(g);
  int64_t took_ns = mt_now_ns() - start;

  int most = atomic_load_explicit(&r.most, memory_order_relaxed);
  printf("%d reads, never more than %d at once, in %.3f s\n", TASKS, most, (double)took_ns * 1e-9);
  mt_close(ex);
  mt_limit_close(r.limit);
  /* The first passes at once; each of the others takes its turn of the rate. */
  return st < 0 || most > AT_ONCE || took_ns < (TASKS - 1) * MT_SECONDS(1) / PER_SECOND;
}
