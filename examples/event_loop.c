/* SPDX-License-Identifier: MIT
 *
 * event_loop: a program with a poll loop of its own, and results that arrive in it.
 *
 * mt_stream_fd gives a descriptor that is readable while a future can be taken out of the stream.
 * It goes into the set like any other: here beside standard input, where "q" and Enter quits. Fits
 * epoll, libuv or a toolkit's main loop in the same way; no thread is needed to carry results over.
 */
#include <meantime.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { RANGES = 40, WIDTH = 5000 };

/* How many primes there are among the `range`th WIDTH numbers. */
static mt_value count_primes(mt_value range) {
  intptr_t first = mt_as_int(range) * WIDTH, primes = 0;
  for (intptr_t n = first < 2 ? 2 : first; n < first + WIDTH; n++) {
    intptr_t d = 2;
    while (d * d <= n && n % d) d++;
    primes += d * d > n;
  }
  return mt_int(primes);
}

/* Takes out what is there, without waiting. Returns MT_ETIMEDOUT when there will be more. */
static mt_status take_results(mt_stream *s, intptr_t *total) {
  mt_future *f;
  mt_status st;
  while ((st = mt_next(s, 0, &f, NULL)) == 0) {
    mt_value primes;
    if (mt_get(f, 0, &primes) == 0) *total += mt_as_int(primes);
    mt_unref(f);
  }
  return st;
}

int main(void) {
  mt_executor *ex;
  if (mt_open("threads", NULL, &ex) < 0) return 1;
  mt_stream *s =
      mt_map_range(ex, count_primes, 0, RANGES, &(mt_map_options){.order = MT_ORDER_COMPLETION});
  struct pollfd set[] = {{.fd = mt_stream_fd(s), .events = POLLIN},
                         {.fd = STDIN_FILENO, .events = POLLIN}};
  intptr_t total = 0;
  mt_status st = set[0].fd < 0 ? set[0].fd : MT_ETIMEDOUT;
  bool quit = false;
  while (st == MT_ETIMEDOUT && !quit) {
    if (poll(set, 2, -1) < 0) continue; /* a signal */
    if (set[0].revents) st = take_results(s, &total);
    if (set[1].revents) {
      char line[64];
      ssize_t n = read(STDIN_FILENO, line, sizeof line);
      if (n <= 0) set[1].fd = -1; /* end of input: poll leaves a negative one out */
      quit = n > 0 && line[0] == 'q';
    }
  }
  mt_stream_close(s); /* cancels what is left */
  mt_close(ex);
  if (quit) return puts("stopped"), 0;
  printf("%ld primes below %d\n", (long)total, RANGES * WIDTH);
  return st != MT_END || total != 17984;
}
