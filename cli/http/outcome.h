/* SPDX-License-Identifier: MIT
 *
 * outcome.h: what came of a transfer, in our own words. libcurl's codes are too few for some things
 * and too many for others; a status that is a failure counts before anything about its page. */
#ifndef CLI_HTTP_OUTCOME_H
#define CLI_HTTP_OUTCOME_H

#include "client.h"
#include "hub.h"

void outcome_set(struct http_response *r, enum http_error error, const char *text);

/* A transfer has ended by itself; r->status is set already. */
void outcome_of_transfer(struct transfer *t, struct http_response *r);

/* Its wait was cut, and the transfer with it. */
void outcome_of_cut(const struct http_request *request, mt_status st, struct http_response *r);

#endif
