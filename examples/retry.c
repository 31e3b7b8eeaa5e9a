/* SPDX-License-Identifier: MIT
 *
 * retry: a server that hangs up on its first two callers, and a client with a retry policy.
 *
 * The policy says which failures are worth another attempt and how long to wait before it; the wait
 * holds neither a thread nor a slot. The task itself just fails.
 */
#include "loopback.h"
#include <stdio.h>

static uint16_t port;

static mt_value serve_badly(mt_value listener) {
  static const char quote[] = "AAPL 189.30\n";
  for (int caller = 1; caller <= 3; caller++) {
    int fd = io_accept((int)mt_as_int(listener));
    if (fd < 0) return io_failure(fd, "accept");
    int st = caller < 3 ? 0 : io_write_all(fd, quote, sizeof quote - 1);
    close(fd);
    if (st < 0) return io_failure(st, "write");
  }
  return mt_none();
}

static mt_value fetch_quote(mt_value nothing) {
  (void)nothing;
  char line[64];
  int fd = io_connect(port);
  if (fd < 0) return io_failure(fd, "connect");
  ssize_t n = io_read(fd, line, sizeof line - 1);
  close(fd);
  if (n < 0) return io_failure((int)n, "read");
  if (n == 0) return mt_fail(ECONNRESET, "the server hung up");
  line[n] = '\0';
  return mt_text("%.*s", (int)strcspn(line, "\n"), line);
}

static bool worth_it(void *arg, const mt_error *e, int64_t *delay_ns) {
  (void)arg, (void)delay_ns; /* the policy's own delay is right */
  printf("attempt %u failed: %s\n", e->attempt, e->message);
  return e->code == ECONNRESET || e->code == ECONNREFUSED;
}

int main(void) {
  mt_retry policy = {.repeats = 5, .first_ns = MT_MS(10), .worth = worth_it};
  mt_executor *ex;
  int listener = io_listen(&port);
  if (listener < 0 || mt_open("threads:2", NULL, &ex) < 0) return 1;

  mt_future *server = mt_submit(ex, serve_badly, mt_int(listener));
  mt_future *quote = mt_submit_task(
      ex, &(mt_task){.fn = fetch_quote, .retry = &policy, .deadline_ns = MT_SECONDS(60)});
  mt_value line;
  mt_status st = mt_get(quote, MT_FOREVER, &line);
  if (st == 0)
    printf("%s (attempt %u)\n", (char *)line.data, mt_attempts(quote));
  else
    printf("gave up: %s\n", mt_failure(quote)->message);
  bool right = st == 0 && mt_attempts(quote) == 3 && mt_get(server, MT_FOREVER, NULL) == 0;

  mt_unref(quote);
  mt_cancel(server);
  mt_unref(server);
  mt_close(ex);
  close(listener);
  return !right;
}
