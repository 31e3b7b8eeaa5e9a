/* SPDX-License-Identifier: MIT
 *
 * hub_sockets.h: which sockets libcurl waits for, and the hub's epoll set, kept alike: the first
 * three are libcurl's callbacks. */
#ifndef CLI_HTTP_HUB_SOCKETS_H
#define CLI_HTTP_HUB_SOCKETS_H

#include "hub.h"

int hub_on_socket(CURL *easy, curl_socket_t fd, int what, void *hub, void *unused);
curl_socket_t hub_open_socket(void *hub, curlsocktype purpose, struct curl_sockaddr *address);
int hub_close_socket(void *hub, curl_socket_t fd);

/* Before anybody waits for the set. */
void hub_arm_changed(struct hub *h);

/* Whether libcurl wants to hear of an event of this socket. If not, it is an idle connection that
 * its server has closed: it leaves the set, and libcurl will see. */
bool hub_is_wanted(struct hub *h, int fd);

#endif
