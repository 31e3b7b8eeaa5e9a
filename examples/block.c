/* SPDX-License-Identifier: MIT
 *
 * block: name look-ups beside other work, on one worker thread.
 *
 *   block [HOST...]
 *
 * getaddrinfo blocks its thread, and has no form that can be waited for. mt_block runs it on a lane
 * of ordinary threads; the task waits, and its worker is free for others.
 */
#include <errno.h>
#include <meantime.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* Runs on the lane. EAI_ codes are negative on many systems, so they travel in the message. */
static mt_value look_up(mt_value host) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
  char address[64];
  int trouble = getaddrinfo(host.data, NULL, &hints, &found);
  if (trouble) return mt_fail(ENOENT, "%s: %s", (char *)host.data, gai_strerror(trouble));
  trouble = getnameinfo(found->ai_addr, found->ai_addrlen, address, sizeof address, NULL, 0,
                        NI_NUMERICHOST);
  freeaddrinfo(found);
  if (trouble) return mt_fail(EINVAL, "%s: %s", (char *)host.data, gai_strerror(trouble));
  return mt_text("%s", address);
}

static mt_value resolve(mt_value host) {
  return mt_block(look_up, host); /* a failure there is a failure here */
}

int main(int argc, char **argv) {
  char *everyday[] = {"localhost", "127.0.0.1", "::1"};
  char **hosts = argc > 1 ? argv + 1 : everyday;
  size_t n = argc > 1 ? (size_t)(argc - 1) : sizeof everyday / sizeof *everyday, i;
  int failed = 0;
  mt_executor *ex;
  if (mt_open("threads:1", &(mt_options){.in_flight = 16}, &ex) < 0) return 1;

  mt_stream *s =
      mt_map_array(ex, resolve, hosts, n, 0, &(mt_map_options){.order = MT_ORDER_COMPLETION});
  for (mt_future *f; mt_next(s, MT_FOREVER, &f, &i) == 0; mt_unref(f)) {
    mt_value address;
    if (mt_get(f, 0, &address) == 0)
      printf("%-20s %s\n", hosts[i], (char *)address.data);
    else
      fprintf(stderr, "block: %s\n", mt_failure(f)->message), failed = 1;
  }
  mt_stream_close(s);
  return mt_close(ex) < 0 || failed;
}
