/* SPDX-License-Identifier: MIT
 *
 * pages.h: which path gives which answer. */
#ifndef CLI_SERVE_PAGES_H
#define CLI_SERVE_PAGES_H

#include "answer.h"
#include "request.h"
#include "server.h"

/* Makes the answer to a request; it is the caller's to fini. Never waits: what the client shall
 * wait for is told by the answer. */
void pages_answer(struct server *server, const struct request *request, struct answer *ret);

#endif
