/* SPDX-License-Identifier: MIT
 *
 * client.h: HTTP requests, each a plain call in a task that waits: no thread is held meanwhile.
 *
 * A client belongs to one executor. Each of its workers has connections of its own (hub.h), so a
 * request needs no lock; they are kept alive and used again by later requests of that worker. */
#ifndef CLI_HTTP_CLIENT_H
#define CLI_HTTP_CLIENT_H

#include "body.h"
#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum http_version { HTTP_VERSION_BEST, HTTP_VERSION_11, HTTP_VERSION_2 };

/* What all requests of a client have in common. Zero means none, or curl's default. Everything is
 * borrowed until http_client_close. */
struct http_settings {
  const char *method; /* default GET, or POST with data */
  bool head;
  const char *const *headers; /* "Name: value" lines */
  size_t header_count;
  const char *data; /* a request body, if not NULL */
  size_t data_size;
  const char *user_agent; /* default "meantime/VERSION" */
  const char *proxy;      /* default: http_proxy and the like in the environment */
  const char *ca_file;    /* certificates to trust instead of the system's */
  const char *bearer;     /* a token; never sent to another host by a redirect */
  const char *netrc_file;
  bool netrc;      /* names and passwords from ~/.netrc, or netrc_file */
  bool compressed; /* ask for a compressed body, and undo it */
  bool insecure;   /* do not verify certificates */
  bool location;   /* follow redirects */
  bool once; /* never send a request twice: libcurl does so if a connection that was kept turns
                out to be dead, and cannot know what its server made of it */
  unsigned long max_redirects;
  enum http_version version;
  int64_t connect_timeout_ns; /* 0: curl's default, 300 s */
  unsigned keep;              /* connections kept for later requests, a worker; 0: curl's default */
};

struct http_request {
  const char *url;
  const char *const *headers; /* beside those of the settings */
  size_t header_count;
  int64_t timeout_ns; /* of the transfer, from now; 0: none */
  struct body *body;  /* takes the response's body */
};

enum { HTTP_MESSAGE = 256 };

struct http_response {
  enum http_error error;
  long status;                /* 0: there was no answer */
  int64_t retry_after_ns;     /* what the answer asked for; -1: nothing */
  double seconds;             /* the transfer took */
  uint64_t bytes;             /* of the body, decompressed */
  char message[HTTP_MESSAGE]; /* what went wrong; "" if nothing did */
};

struct http_client;

/* For an executor of so many workers. NULL, with a message: no memory, or settings that libcurl
 * cannot do. */
struct http_client *http_client_open(const struct http_settings *settings, unsigned workers,
                                     char error[HTTP_MESSAGE]);

/* No request is under way: the executor has been closed. NULL is allowed. */
void http_client_close(struct http_client *client);

/* One attempt, in a task (or, with an inline executor, in the calling thread). Fills in all of
 * *ret; returns its error. A cancel or deadline of the task ends it as HTTP_CANCELLED or
 * HTTP_DEADLINE. */
enum http_error http_perform(struct http_client *client, const struct http_request *request,
                             struct http_response *ret);

#endif
