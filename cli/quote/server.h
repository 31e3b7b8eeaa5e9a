/* SPDX-License-Identifier: MIT
 *
 * server.h: whether a URL of the configuration or of --base-url may be asked, and told a key. */
#ifndef CLI_QUOTE_SERVER_H
#define CLI_QUOTE_SERVER_H

#include <stdbool.h>

enum { SERVER_ERROR = 200 };

/* http or https, a host (no user before it: that is a way to make a URL look like another), perhaps
 * a port. With `secret`, a key goes there: only by https, or to this machine. Only a `whole` URL
 * may have a query. False, with what is wrong and what to do; the URL itself is not repeated there.
 */
bool server_check(const char *url, bool whole, bool secret, char error[SERVER_ERROR]);

/* Whether its host is this machine: 127.0.0.0/8, ::1, localhost. Of a URL that server_check takes.
 */
bool server_is_here(const char *url);

#endif
