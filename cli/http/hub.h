/* SPDX-License-Identifier: MIT
 *
 * hub.h: a worker's transfers: libcurl's multi interface under suspended tasks.
 *
 * libcurl tells by callbacks which sockets it waits for; they go into an epoll set of the hub,
 * whose own descriptor the worker's reactor waits for. Somebody has to wait for that descriptor and
 * hand what came to libcurl: one of the tasks whose transfers are under way. It leads; the others
 * sleep at a gate of their own, a limit with one permit that is taken.
 *
 *            mt_wait_fd(epoll)            libcurl finished C
 *   A leads ------------------> drives ----------------------> opens C's gate; C returns
 *   B, C sleep at their gates     |
 *                                 +-- A itself finished: makes B the leader, opens B's gate
 *
 * Invariants: while transfers are under way, exactly one of their tasks leads, or has been made
 * leader and has its gate open. A gate opens once for each transfer that did not lead from the
 * beginning: it is done, or it leads now. All of a hub is touched by its worker's thread alone, and
 * tasks change only where they wait, so there is no lock. */
#ifndef CLI_HTTP_HUB_H
#define CLI_HTTP_HUB_H

#include "inflate.h"
#include "reply.h"

#include <curl/curl.h>
#include <meantime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One transfer, under way or kept for the next request with all its settings. */
struct transfer {
  CURL *easy;
  mt_limit *gate;
  struct transfer *previous, *next; /* among the followers, or those that are kept */
  int64_t until_ns;                 /* no longer than this; MT_FOREVER */
  bool done;
  CURLcode result;
  char error[CURL_ERROR_SIZE];
  struct body *body;
  struct curl_slist *headers; /* of this request only */
  struct inflater *inflater;  /* NULL: bodies stay as they come */
  struct reply reply;         /* what its headers say */
};

/* What a hub knows of a socket. */
struct hub_socket {
  unsigned char wanted, armed; /* CURL_POLL_IN | CURL_POLL_OUT: asked for by libcurl, by epoll */
  bool changed;                /* is in the list of those to look at */
  bool ours;                   /* libcurl tells when it closes it */
};

struct hub {
  CURLM *multi;
  int epoll_fd, nudge_fd;
  int64_t timer_ns;        /* when libcurl wants to be called at the latest */
  int64_t leader_wakes_ns; /* when the leader wakes by itself */
  struct transfer *leader;
  struct transfer followers; /* head of a ring */
  struct transfer *kept;
  struct hub_socket *sockets; /* by descriptor */
  size_t socket_room;
  int *changed;
  size_t changed_count, changed_room;
  bool no_memory; /* a socket could not be noted */
};

/* A gate that is closed: its permit is taken. NULL: no memory. */
mt_limit *gate_new(void);

void transfer_free(struct transfer *t);

/* `keep` connections at most stay open for later transfers; 0: as libcurl sees fit. False: no
 * memory or descriptors. */
bool hub_init(struct hub *h, unsigned keep);
void hub_fini(struct hub *h);

/* Options of a new handle that belong to the hub. */
void hub_adopt(struct hub *h, struct transfer *t);

/* Runs a transfer whose handle is set up. 0: t->result tells how it ended; else the wait was cut
 * (MT_ETIMEDOUT: by until_ns), and the transfer with it. */
mt_status hub_run(struct hub *h, struct transfer *t);

#endif
