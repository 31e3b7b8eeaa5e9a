/* SPDX-License-Identifier: MIT
 *
 * origin.h: the servers that requests go to (RFC 6454: scheme, host and port). Each has a limit of
 * its own: how many requests at once, and the pause that the server asked for. */
#ifndef CLI_HTTP_ORIGIN_H
#define CLI_HTTP_ORIGIN_H

#include <meantime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  ORIGIN_ROOM = 288, /* "https://" + the longest host name + ":65535", and room for IPv6 zones */
  ORIGIN_ERROR = 192,
};

struct origins;
struct origin;

/* `per_host`: how many requests to one origin at once, 0 for any number. NULL: no memory. */
struct origins *origins_new(unsigned per_host);

/* Nobody may hold or wait for a limit of them. NULL is allowed. */
void origins_free(struct origins *o);

/* The origin of that name, as origin_of writes it; made when it is asked for the first time, and
 * good until origins_free. NULL: no memory. Any thread may. */
struct origin *origins_find(struct origins *o, const char *name, size_t size);

/* To be acquired before a request and released after it; it passes nobody during a pause. */
mt_limit *origin_limit(struct origin *origin);

/* No request begins for so long from now. Pauses do not add up: the latest end counts. */
void origin_pause(struct origin *origin, int64_t duration_ns);

/* How long a pause goes on, or 0: for those who have passed its limit and waited for something else
 * since. */
int64_t origin_pause_left_ns(const struct origin *origin);

/* Whether nobody has asked this before: so that something is said once. */
bool origin_first_time(struct origin *origin);

/* As it was asked for. */
const char *origin_name(const struct origin *origin);

/* "https://host:443": lower case, with the port, without user and password; an IPv6 address in
 * brackets; an international name as ASCII. False, with a message that says why and what to write,
 * if the URL cannot be read or is not http or https. A URL without a scheme is not guessed at. */
bool origin_of(const char *url, char ret[ORIGIN_ROOM], char error[ORIGIN_ERROR]);

#endif
