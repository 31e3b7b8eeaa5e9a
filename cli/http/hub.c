/* SPDX-License-Identifier: MIT
 *
 * hub.c: driving libcurl: see hub.h. */
#include "hub_sockets.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MOST_EVENTS = 128, PORTION = 8 };

/* -- libcurl ---------------------------------------------------------------------------------- */

static int on_timer(CURLM *multi, long timeout_ms, void *hub) {
  (void)multi;
  struct hub *h = hub;
  h->timer_ns = timeout_ms < 0 ? MT_FOREVER : timeout_ms == 0 ? 0 : mt_now_ns() + MT_MS(timeout_ms);
  return 0;
}

static void unlink_transfer(struct transfer *t) {
  if (!t->next) return;
  t->previous->next = t->next;
  t->next->previous = t->previous;
  t->previous = t->next = NULL;
}

/* Wakes the leader if it sleeps for longer than it should since another task was in libcurl:
 * libcurl wants to be called sooner, or its transfer has ended. */
static void nudge(struct hub *h) {
  if (h->leader_wakes_ns == 0) return;
  if (h->timer_ns >= h->leader_wakes_ns && !h->leader->done) return;
  uint64_t one = 1;
  while (write(h->nudge_fd, &one, sizeof one) < 0 && errno == EINTR) {
  }
  h->leader_wakes_ns = 0;
}

/* A follower's transfer has ended. The leader's gate is not to be touched: it leads, or its gate is
 * open since it was made leader. */
static void let_go(struct hub *h, struct transfer *t) {
  if (t == h->leader || !t->next) return;
  unlink_transfer(t);
  mt_release(t->gate);
}

/* Lets those go whose transfers have ended. */
static void reap(struct hub *h) {
  int left;
  for (CURLMsg *m; (m = curl_multi_info_read(h->multi, &left));) {
    struct transfer *t = NULL;
    if (m->msg != CURLMSG_DONE) continue;
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &t);
    t->result = m->data.result;
    t->done = true;
    let_go(h, t);
  }
}

/* There was no memory to watch a socket, so whoever waits for it would wait for ever: all end. */
static void fail_all(struct hub *h, struct transfer *self) {
  h->no_memory = false;
  for (struct transfer *t = h->followers.next, *next; t != &h->followers; t = next) {
    next = t->next;
    t->result = CURLE_OUT_OF_MEMORY;
    t->done = true;
    let_go(h, t);
  }
  struct transfer *ends[] = {self, h->leader};
  for (int i = 0; i < 2; i++) {
    if (!ends[i] || ends[i]->done) continue;
    ends[i]->result = CURLE_OUT_OF_MEMORY;
    ends[i]->done = true;
  }
}

/* What follows each visit to libcurl. */
static void settle(struct hub *h, struct transfer *self) {
  reap(h);
  hub_arm_changed(h);
  if (h->no_memory) fail_all(h, self);
  nudge(h);
}

/* Tells libcurl what happened to a socket. */
static void act(struct hub *h, curl_socket_t fd, int events) {
  int running;
  if (curl_multi_socket_action(h->multi, fd, events, &running) != CURLM_OK) h->no_memory = true;
}

/* Tells libcurl that time has passed. It calls on_timer only if its next time is another one than
 * before, which it is not if this comes a moment early; so it is asked. */
static void act_on_time(struct hub *h) {
  long left_ms = -1;
  act(h, CURL_SOCKET_TIMEOUT, 0);
  curl_multi_timeout(h->multi, &left_ms);
  on_timer(h->multi, left_ms == 0 ? 1 : left_ms, h);
}

static void act_on(struct hub *h, const struct epoll_event *e) {
  int fd = e->data.fd;
  uint64_t count;
  if (fd == h->nudge_fd) {
    while (read(fd, &count, sizeof count) < 0 && errno == EINTR) {
    }
    return;
  }
  if (!hub_is_wanted(h, fd)) return;
  int events = (e->events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (e->events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (e->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
  act(h, fd, events);
}

/* -- leading and following -------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b) {
  return a < b ? a : b;
}

/* Waits until there is something for libcurl. 0, or what cut the wait. */
static mt_status wait_for_events(struct hub *h, const struct transfer *t) {
  h->leader_wakes_ns = earlier(h->timer_ns, t->until_ns);
  int64_t left = h->leader_wakes_ns == MT_FOREVER ? MT_FOREVER : h->leader_wakes_ns - mt_now_ns();
  int got = mt_wait_fd(h->epoll_fd, POLLIN, left > 0 ? left : 0);
  h->leader_wakes_ns = 0; /* it looks at the timer before it waits again */
  return got >= 0 || got == MT_ETIMEDOUT ? 0 : got;
}

/* One round: what came, what is due. Whether there was something. */
static bool drive(struct hub *h, struct transfer *t) {
  struct epoll_event event[MOST_EVENTS];
  int n = epoll_wait(h->epoll_fd, event, MOST_EVENTS, 0);
  int64_t begin_ns = n > PORTION ? mt_now_ns() : 0;
  for (int i = 0; i < n; i++) {
    act_on(h, &event[i]);
    /* Large bodies take their time; what is left over comes again in the next round. */
    if (i % PORTION == PORTION - 1 && i + 1 < n && mt_now_ns() - begin_ns > MT_MS(10)) break;
  }
  bool due = h->timer_ns != MT_FOREVER && h->timer_ns <= mt_now_ns();
  if (due) act_on_time(h);
  settle(h, t);
  return n > 0 || due;
}

/* Events may come faster than they are driven: each round lets the worker's other tasks run, and
 * looks whether this one is to end. */
static mt_status lead(struct hub *h, struct transfer *t) {
  mt_status st = 0;
  h->leader = t;
  while (!t->done && st == 0) {
    bool busy = drive(h, t);
    if (t->done) break;
    if (!busy || mt_cancelled())
      st = wait_for_events(h, t);
    else
      mt_yield();
    if (st == 0 && t->until_ns != MT_FOREVER && mt_now_ns() >= t->until_ns) st = MT_ETIMEDOUT;
  }
  return t->done ? 0 : st;
}

/* The next leader is whoever has been following for the longest. */
static void hand_over(struct hub *h) {
  struct transfer *next = h->followers.next;
  h->leader = NULL;
  if (next == &h->followers) return;
  unlink_transfer(next);
  h->leader = next;
  mt_release(next->gate);
}

/* After a cut the gate may be open or not: another one takes its place. */
static void renew_gate(struct transfer *t) {
  mt_limit_close(t->gate);
  t->gate = gate_new();
}

/* Sleeps until its transfer has ended or it is to lead: both take it out of the ring. */
static mt_status follow(struct hub *h, struct transfer *t) {
  struct transfer *last = h->followers.previous;
  mt_status st = 0;
  t->previous = last;
  t->next = &h->followers;
  last->next = h->followers.previous = t;
  while (t->next && st == 0) {
    int64_t left = t->until_ns == MT_FOREVER ? MT_FOREVER : t->until_ns - mt_now_ns();
    st = mt_acquire(t->gate, left > 0 ? left : 0);
  }
  unlink_transfer(t);
  if (st < 0) renew_gate(t);
  return st;
}

mt_status hub_run(struct hub *h, struct transfer *t) {
  t->done = false;
  t->result = CURLE_OK;
  t->error[0] = 0;
  if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK) {
    t->result = CURLE_OUT_OF_MEMORY;
    return 0;
  }
  act_on_time(h); /* begins it: connects, or asks on a connection that is there */
  settle(h, t);
  mt_status st = 0;
  if (!t->done && h->leader) st = follow(h, t);
  if (!t->done && st == 0) st = lead(h, t);
  if (t->done) st = 0;
  curl_multi_remove_handle(h->multi, t->easy); /* which may begin others that waited for it */
  if (h->leader == t) hand_over(h);
  settle(h, NULL);
  return st;
}

/* -- beginning and end ------------------------------------------------------------------------ */

mt_limit *gate_new(void) {
  mt_limit *gate;
  if (mt_limit_open(&(mt_limit_options){.permits = 1}, &gate) < 0) return NULL;
  bool shielded = mt_shield(true); /* a task that is cut gets nothing otherwise */
  mt_status st = mt_acquire(gate, 0);
  mt_shield(shielded);
  if (st == 0) return gate;
  mt_limit_close(gate);
  return NULL;
}

void transfer_free(struct transfer *t) {
  if (t->inflater) inflate_fini(t->inflater);
  free(t->inflater);
  curl_easy_cleanup(t->easy);
  mt_limit_close(t->gate);
  free(t);
}

void hub_adopt(struct hub *h, struct transfer *t) {
  curl_easy_setopt(t->easy, CURLOPT_PRIVATE, t);
  curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETFUNCTION, hub_open_socket);
  curl_easy_setopt(t->easy, CURLOPT_OPENSOCKETDATA, h);
  curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETFUNCTION, hub_close_socket);
  curl_easy_setopt(t->easy, CURLOPT_CLOSESOCKETDATA, h);
}

bool hub_init(struct hub *h, unsigned keep) {
  *h = (struct hub){.epoll_fd = -1, .nudge_fd = -1, .timer_ns = MT_FOREVER};
  h->followers.previous = h->followers.next = &h->followers;
  h->multi = curl_multi_init();
  h->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  h->nudge_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  struct epoll_event e = {.events = EPOLLIN, .data = {.fd = h->nudge_fd}};
  if (!h->multi || h->epoll_fd < 0 || h->nudge_fd < 0 ||
      epoll_ctl(h->epoll_fd, EPOLL_CTL_ADD, h->nudge_fd, &e) < 0) {
    hub_fini(h);
    return false;
  }
  curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, hub_on_socket);
  curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
  curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
  /* libcurl's default goes by how many transfers there are just now, which may be few. */
  if (keep) curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)keep);
  return true;
}

void hub_fini(struct hub *h) {
  for (struct transfer *t = h->kept, *next; t; t = next) {
    next = t->next;
    transfer_free(t);
  }
  curl_multi_cleanup(h->multi); /* NULL is fine; closes the connections by hub_close_socket */
  if (h->epoll_fd >= 0) close(h->epoll_fd);
  if (h->nudge_fd >= 0) close(h->nudge_fd);
  free(h->sockets);
  free(h->changed);
  *h = (struct hub){.epoll_fd = -1, .nudge_fd = -1};
}
