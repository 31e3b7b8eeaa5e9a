/* SPDX-License-Identifier: MIT
 *
 * server.h: meantime serve, after its options have been read: what all its connections share. */
#ifndef CLI_SERVE_SERVER_H
#define CLI_SERVE_SERVER_H

#include "../options.h"
#include "symbols.h"

#include <meantime.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct serve_options {
  const char *host, *fail, *slow;
  unsigned long port, workers;
  struct option_range latency;
  struct option_rate rate_limit;
  double failure_rate;
  unsigned long long seed;
  int64_t idle_ns, seconds_ns; /* seconds 0: until a signal comes */
  bool is_public, quiet;
};

/* Serves until it is told to stop; returns the exit status. */
int serve_run(const struct serve_options *o);

/* How requests ended: by their status, or without any. */
enum { STATUS_LEAST = 200, STATUS_MOST = 599 };

struct server {
  /* Set before the first task begins, and constant then. */
  const struct serve_options *options;
  struct symbols unknown, slow;
  mt_executor *executor;
  mt_limit *room; /* a permit for each connection: there are only so many descriptors */
  mt_limit *rate; /* NULL: no --rate-limit */
  int listener;

  /* Counted by all workers; relaxed, for nothing is published by them. */
  _Atomic uint64_t quotes;      /* requests that got a fate: the next one's number */
  _Atomic uint64_t connections; /* accepted so far */
  _Atomic uint64_t open, most_open;
  _Atomic uint64_t by_status[STATUS_MOST - STATUS_LEAST + 1];
  _Atomic uint64_t resets;  /* broken off on purpose */
  _Atomic uint64_t unheard; /* whose client went, or was too slow, before the end of the answer */
};

#endif
