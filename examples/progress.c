/* SPDX-License-Identifier: MIT
 *
 * progress: a progress bar that stands on the hooks.
 *
 * The hooks count, on whatever thread a task starts or ends; they must not wait, so they draw
 * nothing. The consumer draws: at most ten times a second on a terminal, else a plain line a
 * second. The work: the least factor of each of some large numbers. A prime has none, so its task
 * fails.
 */
#include <errno.h>
#include <meantime.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define FIRST INT64_C(100000000000000)
enum { NUMBERS = 400, PRIMES = 11, BAR = 30 };

typedef struct progress {
  atomic_uint good, failed, in_flight; /* relaxed everywhere: a bar may be a moment behind */
  unsigned total;
  int64_t start_ns, drawn_ns; /* the consumer's own, as is `terminal` */
  bool terminal;
} progress;

static void on_started(void *arg, const mt_event *e) {
  progress *p = arg;
  if (e->attempt == 1) atomic_fetch_add_explicit(&p->in_flight, 1, memory_order_relaxed);
}

static void on_settled(void *arg, const mt_event *e) {
  progress *p = arg;
  if (e->attempt) atomic_fetch_sub_explicit(&p->in_flight, 1, memory_order_relaxed);
  atomic_fetch_add_explicit(e->status ? &p->failed : &p->good, 1, memory_order_relaxed);
}

static void draw(progress *p, bool last) {
  int64_t now_ns = mt_now_ns();
  if (!last && now_ns - p->drawn_ns < (p->terminal ? MT_MS(100) : MT_SECONDS(1))) return;
  p->drawn_ns = now_ns;
  unsigned failed = atomic_load_explicit(&p->failed, memory_order_relaxed);
  unsigned done = atomic_load_explicit(&p->good, memory_order_relaxed) + failed;
  unsigned running = atomic_load_explicit(&p->in_flight, memory_order_relaxed);
  double rate = (double)done / ((double)(now_ns - p->start_ns) * 1e-9);
  if (p->terminal)
    fprintf(stderr, "\r\033[K[%-*.*s] ", BAR, (int)(done * BAR / p->total),
            "##############################");
  fprintf(stderr, "%u/%u, %u failed, %u in flight, %.0f/s%s", done, p->total, failed, running, rate,
          p->terminal && !last ? "" : "\n");
}

static mt_value least_factor(mt_value number) {
  int64_t n = FIRST + mt_as_int(number);
  if (n % 2 == 0) return mt_int(2);
  for (int64_t d = 3; d * d <= n; d += 2)
    if (n % d == 0) return mt_int((intptr_t)d);
  return mt_fail(EDOM, "%lld is prime", (long long)n);
}

int main(void) {
  static const mt_hooks hooks = {.started = on_started, .settled = on_settled};
  progress p = {.total = NUMBERS, .terminal = isatty(STDERR_FILENO)};
  p.start_ns = p.drawn_ns = mt_now_ns();
  mt_executor *ex;
  if (mt_open("threads", &(mt_options){.hooks = &hooks, .hooks_arg = &p}, &ex) < 0) return 1;
  mt_stream *s = mt_map_range(ex, least_factor, 0, NUMBERS, NULL);
  mt_future *f;
  mt_status st;
  /* A wait that times out loses nothing; it only gives the bar its turn. */
  while ((st = mt_next(s, MT_MS(100), &f, NULL)) == 0 || st == MT_ETIMEDOUT) {
    draw(&p, false);
    if (st == MT_ETIMEDOUT) continue;
    if (mt_failure(f) && !p.terminal) puts(mt_failure(f)->message);
    mt_unref(f);
  }
  mt_stream_close(s);
  mt_close(ex);
  draw(&p, true);
  unsigned good = atomic_load_explicit(&p.good, memory_order_relaxed);
  unsigned failed = atomic_load_explicit(&p.failed, memory_order_relaxed);
  unsigned left = atomic_load_explicit(&p.in_flight, memory_order_relaxed);
  return good != NUMBERS - PRIMES || failed != PRIMES || left != 0;
}
