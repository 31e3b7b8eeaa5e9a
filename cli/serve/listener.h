/* SPDX-License-Identifier: MIT
 *
 * listener.h: the socket that clients connect to, and the task that takes them in. */
#ifndef CLI_SERVE_LISTENER_H
#define CLI_SERVE_LISTENER_H

#include "server.h"

#include <stddef.h>

/* A listening socket, and its URL as "http://127.0.0.1:8765". -1, with a message, if there can be
 * none. */
int listener_open(const struct serve_options *o, char *url, size_t room);

/* A task: takes connections in until it is cancelled. arg: the server. */
mt_value listener_accept(mt_value arg);

#endif
