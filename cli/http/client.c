/* SPDX-License-Identifier: MIT
 *
 * client.c: a request: a libcurl handle set up, and run by the worker's hub.
 *
 * Handles are kept with all settings of the client, and each is used by one request at a time of
 * one worker, so that a request only sets what is its own. */
#include "client.h"

#include "hub.h"
#include "outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct http_client {
  const struct http_settings *settings;
  struct curl_slist *headers; /* of the settings */
  char user_agent[64];
  unsigned hub_count;
  struct {
    bool open;
    struct hub hub;
  } worker[]; /* [0] for no worker (inline), [i + 1] for worker i; only touched by it */
};

/* -- handles ---------------------------------------------------------------------------------- */

static size_t on_body(char *data, size_t one, size_t size, void *transfer) {
  struct transfer *t = transfer;
  (void)one;
  bool undo = t->inflater && t->reply.encoding == REPLY_COMPRESSED;
  if (!undo) reply_body(&t->reply, data, size);
  bool fine =
      undo ? inflate_append(t->inflater, data, size, t->body) : body_append(t->body, data, size);
  return fine ? size : 0;
}

static size_t on_header(char *line, size_t one, size_t size, void *transfer) {
  struct transfer *t = transfer;
  (void)one;
  return reply_header(&t->reply, line, size) ? size : 0;
}

static void set_method(CURL *e, const struct http_settings *s) {
  if (s->data) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, s->data);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)s->data_size);
  }
  if (s->head || (s->method && strcmp(s->method, "HEAD") == 0))
    curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
  else if (s->method)
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, s->method);
}

static void set_once(CURL *e) {
  curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 1L);
  curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
}

static void set_credentials(CURL *e, const struct http_settings *s) {
  if (s->bearer) {
    curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, s->bearer);
  }
  if (s->netrc || s->netrc_file) curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
  if (s->netrc_file) curl_easy_setopt(e, CURLOPT_NETRC_FILE, s->netrc_file);
}

static void set_connection(CURL *e, const struct http_settings *s) {
  static const long versions[] = {
      [HTTP_VERSION_BEST] = CURL_HTTP_VERSION_2TLS,
      [HTTP_VERSION_11] = CURL_HTTP_VERSION_1_1,
      [HTTP_VERSION_2] = CURL_HTTP_VERSION_2_0,
  };
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, versions[s->version]);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L); /* a slow resolver's thread is not waited for */
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  if (s->proxy) curl_easy_setopt(e, CURLOPT_PROXY, s->proxy);
  if (s->ca_file) curl_easy_setopt(e, CURLOPT_CAINFO, s->ca_file);
  if (s->insecure) {
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (s->connect_timeout_ns > 0)
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(s->connect_timeout_ns / 1000000 + 1));
}

static void set_up(const struct http_client *c, struct transfer *t) {
  const struct http_settings *s = c->settings;
  CURL *e = t->easy;
  set_connection(e, s);
  set_method(e, s);
  set_credentials(e, s);
  if (s->once) set_once(e);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, c->headers);
  curl_easy_setopt(e, CURLOPT_USERAGENT, s->user_agent ? s->user_agent : c->user_agent);
  if (s->location) {
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, (long)s->max_redirects);
  }
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
}

static struct transfer *transfer_new(const struct http_client *c, struct hub *h) {
  struct transfer *t = calloc(1, sizeof *t);
  if (!t) return NULL;
  t->easy = curl_easy_init();
  t->gate = gate_new();
  if (c->settings->compressed) t->inflater = calloc(1, sizeof *t->inflater);
  if (!t->easy || !t->gate || (c->settings->compressed && !t->inflater)) {
    transfer_free(t);
    return NULL;
  }
  set_up(c, t);
  hub_adopt(h, t);
  return t;
}

static struct transfer *take(const struct http_client *c, struct hub *h) {
  struct transfer *t = h->kept;
  if (!t) return transfer_new(c, h);
  h->kept = t->next;
  t->next = NULL;
  return t;
}

static void keep(const struct http_client *c, struct hub *h, struct transfer *t) {
  if (t->headers) {
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, c->headers);
    curl_slist_free_all(t->headers);
    t->headers = NULL;
  }
  t->body = NULL;
  if (!t->gate) { /* there was no memory for a new one */
    transfer_free(t);
    return;
  }
  t->next = h->kept;
  h->kept = t;
}

/* Adds lines to a list; on failure the list is freed, and NULL returned. */
static struct curl_slist *add_headers(struct curl_slist *list, const char *const *lines,
                                      size_t count) {
  for (size_t i = 0; i < count; i++) {
    struct curl_slist *more = curl_slist_append(list, lines[i]);
    if (!more) {
      curl_slist_free_all(list);
      return NULL;
    }
    list = more;
  }
  return list;
}

/* Asks for what can be undone here. Not for "deflate", which means two things to servers (RFC 9110,
 * 8.4.1.2). NULL: no memory. */
static struct curl_slist *accept_compressed(struct curl_slist *list) {
  static const char *const line = "Accept-Encoding: gzip";
  return add_headers(list, &line, 1);
}

/* -- the public face -------------------------------------------------------------------------- */

struct http_client *http_client_open(const struct http_settings *settings, unsigned workers,
                                     char error[HTTP_MESSAGE]) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    snprintf(error, HTTP_MESSAGE, "libcurl cannot be set up");
    return NULL;
  }
  unsigned n = workers + 1;
  struct http_client *c = calloc(1, sizeof *c + n * sizeof c->worker[0]);
  if (!c) {
    snprintf(error, HTTP_MESSAGE, "out of memory");
    return NULL;
  }
  c->settings = settings;
  c->hub_count = n;
  snprintf(c->user_agent, sizeof c->user_agent, "meantime/%s", mt_version());
  c->headers = add_headers(NULL, settings->headers, settings->header_count);
  if (settings->compressed) c->headers = accept_compressed(c->headers);
  if (!c->headers && (settings->header_count > 0 || settings->compressed)) {
    snprintf(error, HTTP_MESSAGE, "out of memory");
    http_client_close(c);
    return NULL;
  }
  return c;
}

void http_client_close(struct http_client *c) {
  if (!c) return;
  for (unsigned i = 0; i < c->hub_count; i++)
    if (c->worker[i].open) hub_fini(&c->worker[i].hub);
  curl_slist_free_all(c->headers);
  free(c);
  curl_global_cleanup();
}

static struct hub *my_hub(struct http_client *c) {
  unsigned at = (unsigned)(mt_worker() + 1);
  if (at >= c->hub_count) return NULL;
  if (!c->worker[at].open) c->worker[at].open = hub_init(&c->worker[at].hub, c->settings->keep);
  return c->worker[at].open ? &c->worker[at].hub : NULL;
}

/* What is this request's own. */
static bool prepare(const struct http_client *c, struct transfer *t,
                    const struct http_request *request) {
  t->body = request->body;
  t->reply = (struct reply){0};
  if (t->inflater) inflate_reset(t->inflater);
  t->until_ns = request->timeout_ns > 0 ? mt_now_ns() + request->timeout_ns : MT_FOREVER;
  if (curl_easy_setopt(t->easy, CURLOPT_URL, request->url) != CURLE_OK) return false;
  /* Many requests to one server share a connection, if it turns out to speak HTTP/2. */
  bool tls = strncmp(request->url, "https", 5) == 0;
  curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, tls ? 1L : 0L);
  if (request->header_count == 0) return true;
  for (const struct curl_slist *l = c->headers; l; l = l->next) {
    struct curl_slist *more = curl_slist_append(t->headers, l->data);
    if (!more) return false;
    t->headers = more;
  }
  t->headers = add_headers(t->headers, request->headers, request->header_count);
  return t->headers && curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, t->headers) == CURLE_OK;
}

/* A server may end its connections after so many requests, which libcurl puts up with five times in
 * a row. The server has not seen such a request (RFC 9113, 6.8), so a connection of its own is
 * worth a try. */
static mt_status run(struct hub *h, struct transfer *t, bool once) {
  mt_status st = hub_run(h, t);
  bool died = !once && st == 0 && t->result == CURLE_SEND_ERROR && !t->reply.began &&
              strstr(t->error, "Connection died, tried");
  if (!died) return st;
  curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
  st = hub_run(h, t);
  curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 0L);
  return st;
}

enum http_error http_perform(struct http_client *c, const struct http_request *request,
                             struct http_response *ret) {
  int64_t begin_ns = mt_now_ns();
  *ret = (struct http_response){.retry_after_ns = -1};
  struct hub *h = my_hub(c);
  struct transfer *t = h ? take(c, h) : NULL;
  if (!t) {
    outcome_set(ret, HTTP_MEMORY, "no memory, or no descriptors, for another request");
    return ret->error;
  }
  if (prepare(c, t, request)) {
    mt_status st = run(h, t, c->settings->once);
    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &ret->status);
    ret->bytes = request->body->size;
    if (st == 0)
      outcome_of_transfer(t, ret);
    else
      outcome_of_cut(request, st, ret);
  } else {
    outcome_set(ret, HTTP_MEMORY, "out of memory");
  }
  ret->seconds = (double)(mt_now_ns() - begin_ns) / 1e9;
  keep(c, h, t);
  return ret->error;
}
