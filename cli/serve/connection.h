/* SPDX-License-Identifier: MIT
 *
 * connection.h: one client's connection: a task that reads, waits and writes in plain sequence. */
#ifndef CLI_SERVE_CONNECTION_H
#define CLI_SERVE_CONNECTION_H

#include "server.h"

/* Hands the descriptor to a task of its own. It is closed, and its permit of server->room given
 * back, when that task is over, or at once if there can be none. */
void connection_start(struct server *server, int fd);

#endif
