/* SPDX-License-Identifier: MIT
 *
 * sockets: an echo server and a hundred clients, all in one program on two threads.
 *
 * Every connection is a task that reads and writes in plain sequence (see loopback.h); none holds a
 * thread while it waits. The server opens a group for its connections, so that none outlives it.
 */
#include "loopback.h"
#include <stdio.h>

enum { CLIENTS = 100, ROUNDS = 10 };

static mt_executor *executor;
static uint16_t port;

static mt_value echo(mt_value connection) {
  int fd = (int)mt_as_int(connection), st = 0;
  char buffer[256];
  ssize_t n;
  while ((n = io_read(fd, buffer, sizeof buffer)) > 0 && st == 0)
    st = io_write_all(fd, buffer, (size_t)n);
  close(fd);
  /* A client that breaks off is no failure: it would cancel the other members of the group. */
  return mt_none();
}

static mt_value serve(mt_value listener) {
  mt_group *connections;
  mt_status st = mt_group_open(&connections);
  int fd = 0;
  while (st == 0 && (fd = io_accept((int)mt_as_int(listener))) >= 0) {
    st = mt_go(connections, executor, echo, mt_int(fd));
    if (st < 0) close(fd); /* refused: no task owns it */
  }
  mt_value why = fd < 0 ? io_failure(fd, "accept") : mt_give_up(st);
  mt_group_close(connections);
  return why;
}

static mt_value call(mt_value client) {
  char sent[64], received[64] = "";
  int fd = io_connect(port), st = 0;
  if (fd < 0) return io_failure(fd, "connect");
  for (int round = 0; round < ROUNDS && st == 0; round++) {
    int size = snprintf(sent, sizeof sent, "client %ld round %d", (long)mt_as_int(client), round);
    st = io_write_all(fd, sent, (size_t)size);
    for (ssize_t n = 0, got = 0; st == 0 && got < size; got += n)
      if ((n = io_read(fd, received + got, (size_t)(size - got))) <= 0) st = n ? (int)n : MT_END;
    if (st == 0 && memcmp(sent, received, (size_t)size) != 0) st = MT_EINVAL;
  }
  mt_value result = st == 0           ? mt_none()
                    : st == MT_END    ? mt_fail(EPIPE, "the server hung up")
                    : st == MT_EINVAL ? mt_fail(EBADMSG, "the echo differs from \"%s\"", sent)
                                      : io_failure(st, "echo");
  close(fd);
  return result;
}

int main(void) {
  mt_group *clients;
  int listener = io_listen(&port);
  if (listener < 0 || mt_group_open(&clients) < 0) return 1;
  if (mt_open("threads:2", &(mt_options){.in_flight = 2 * CLIENTS + 1}, &executor) < 0) return 1;

  mt_future *server = mt_submit(executor, serve, mt_int(listener));
  mt_status st = 0;
  for (int i = 0; i < CLIENTS && st == 0; i++) st = mt_go(clients, executor, call, mt_int(i));
  if (st == 0) st = mt_group_wait(clients, MT_FOREVER);
  if (st == 0)
    printf("%d clients heard %d echoes each\n", CLIENTS, ROUNDS);
  else if (mt_group_failure(clients))
    printf("%s\n", mt_group_failure(clients)->message);
  mt_group_close(clients);

  mt_cancel(server);
  mt_wait(server, MT_FOREVER);
  bool stopped = mt_was_cancelled(server);
  mt_unref(server);
  mt_close(executor);
  close(listener);
  return st < 0 || !stopped;
}
