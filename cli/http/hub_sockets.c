/* SPDX-License-Identifier: MIT
 *
 * See hub_sockets.h. What makes it cheap: libcurl takes a connection out of its set after each
 * request and puts it back for the next. The hub only notes that, and compares before it sleeps: an
 * idle connection stays in the epoll set, where it costs nothing as long as its server is silent.
 * If it is not (it closes the connection), the connection is taken out then. */
#include "hub_sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct hub_socket *socket_at(struct hub *h, curl_socket_t fd) {
  size_t at = (size_t)fd;
  if (at < h->socket_room) return &h->sockets[at];
  size_t room = h->socket_room ? h->socket_room : 64;
  while (room <= at) room *= 2;
  struct hub_socket *more = realloc(h->sockets, room * sizeof *more);
  if (!more) {
    h->no_memory = true;
    return NULL;
  }
  memset(more + h->socket_room, 0, (room - h->socket_room) * sizeof *more);
  h->sockets = more;
  h->socket_room = room;
  return &h->sockets[at];
}

static void arm(struct hub *h, int fd, struct hub_socket *s, unsigned char events) {
  struct epoll_event e = {
      .events = (events & CURL_POLL_IN ? (unsigned)EPOLLIN : 0U) |
                (events & CURL_POLL_OUT ? (unsigned)EPOLLOUT : 0U),
      .data = {.fd = fd},
  };
  if (events == 0)
    epoll_ctl(h->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  else if (epoll_ctl(h->epoll_fd, s->armed ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) < 0)
    epoll_ctl(h->epoll_fd, errno == EEXIST ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
  s->armed = events;
}

/* libcurl wants other events of a socket. To refuse would leave the whole multi handle dead: a
 * failure is noted, and ends the transfers soon (fail_all). */
int hub_on_socket(CURL *easy, curl_socket_t fd, int what, void *hub, void *unused) {
  struct hub *h = hub;
  (void)easy;
  (void)unused;
  struct hub_socket *s = socket_at(h, fd);
  if (!s) return 0;
  s->wanted = what == CURL_POLL_REMOVE ? 0 : (unsigned char)(what & CURL_POLL_INOUT);
  /* A descriptor that libcurl closes without a word (its resolver's) may be another one soon. */
  if (s->wanted == 0 && !s->ours && s->armed) arm(h, fd, s, 0);
  if (s->changed || s->wanted == s->armed) return 0;
  if (h->changed_count == h->changed_room) {
    size_t room = h->changed_room ? 2 * h->changed_room : 64;
    int *more = realloc(h->changed, room * sizeof *more);
    if (!more) {
      h->no_memory = true;
      return 0;
    }
    h->changed = more;
    h->changed_room = room;
  }
  h->changed[h->changed_count++] = fd;
  s->changed = true;
  return 0;
}

void hub_arm_changed(struct hub *h) {
  for (size_t i = 0; i < h->changed_count; i++) {
    struct hub_socket *s = &h->sockets[h->changed[i]];
    s->changed = false;
    if (s->wanted != 0 && s->wanted != s->armed) arm(h, h->changed[i], s, s->wanted);
  }
  h->changed_count = 0;
}

curl_socket_t hub_open_socket(void *hub, curlsocktype purpose, struct curl_sockaddr *address) {
  (void)purpose;
  curl_socket_t fd =
      socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
  if (fd < 0) return CURL_SOCKET_BAD;
  struct hub_socket *s = socket_at(hub, fd);
  if (!s) {
    close(fd);
    return CURL_SOCKET_BAD;
  }
  s->wanted = s->armed = 0;
  s->ours = true;
  return fd;
}

int hub_close_socket(void *hub, curl_socket_t fd) {
  struct hub_socket *s = socket_at(hub, fd);
  if (s) {
    s->wanted = s->armed = 0;
    s->ours = false;
  }
  return close(fd); /* which takes it out of the epoll set */
}

bool hub_is_wanted(struct hub *h, int fd) {
  struct hub_socket *s = &h->sockets[fd];
  if (s->wanted == 0 && s->armed) arm(h, fd, s, 0);
  return s->wanted != 0;
}
