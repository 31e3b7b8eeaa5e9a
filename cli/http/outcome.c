/* SPDX-License-Identifier: MIT */
#include "outcome.h"

#include "retry.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Some of libcurl's codes stand for several things, which only its text tells apart (7.88 to 8.x:
 * url.c, http.c, http_chunks.c). */
static enum http_error classify(CURLcode code, const char *text, const struct reply *a) {
  switch (code) {
  case CURLE_OK:
    return HTTP_FINE;
  case CURLE_UNSUPPORTED_PROTOCOL: /* of the URL, or a version of HTTP */
    return strncmp(text, "Protocol ", 9) == 0 ? HTTP_URL : HTTP_PROTOCOL;
  case CURLE_URL_MALFORMAT:
    return HTTP_URL;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return HTTP_DNS;
  case CURLE_COULDNT_CONNECT:
  case CURLE_INTERFACE_FAILED:
  case CURLE_PROXY:
    return HTTP_CONNECT;
  case CURLE_OPERATION_TIMEDOUT:
    return HTTP_TIMEOUT;
  case CURLE_SSL_CONNECT_ERROR:
  case CURLE_PEER_FAILED_VERIFICATION:
  case CURLE_SSL_CERTPROBLEM:
  case CURLE_SSL_CIPHER:
  case CURLE_SSL_CACERT_BADFILE:
  case CURLE_SSL_ISSUER_ERROR:
  case CURLE_SSL_CRL_BADFILE:
  case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
  case CURLE_SSL_INVALIDCERTSTATUS:
  case CURLE_SSL_CLIENTCERT:
  case CURLE_USE_SSL_FAILED:
    return HTTP_TLS;
  case CURLE_RECV_ERROR: /* of the socket, or of what it brought */
    if (strstr(text, "chunked-encoding") || strstr(text, "response headers")) return HTTP_PROTOCOL;
    if (strstr(text, "from proxy after CONNECT")) return HTTP_CONNECT;
    return HTTP_RESET;
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM:
    return HTTP_RESET;
  case CURLE_PARTIAL_FILE:
    return HTTP_PARTIAL;
  case CURLE_FILESIZE_EXCEEDED:
    return HTTP_TOO_LARGE;
  case CURLE_TOO_MANY_REDIRECTS:
    return HTTP_REDIRECTS;
  case CURLE_BAD_CONTENT_ENCODING:
    return HTTP_ENCODING;
  case CURLE_OUT_OF_MEMORY: /* or a line of the header beyond 100 kB */
    return a->began && !a->whole ? HTTP_PROTOCOL : HTTP_MEMORY;
  default:
    return HTTP_PROTOCOL;
  }
}

static const char *reason(long status) {
  static const struct {
    long status;
    const char *text;
  } reasons[] = {
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {402, "Payment Required"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {407, "Proxy Authentication Required"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {425, "Too Early"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {451, "Unavailable For Legal Reasons"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
    if (reasons[i].status == status) return reasons[i].text;
  return "";
}

void outcome_set(struct http_response *r, enum http_error error, const char *text) {
  r->error = error;
  snprintf(r->message, sizeof r->message, "%.*s", HTTP_MESSAGE - 1, text);
}

/* "404 Not Found: no such symbol" */
static void tell_status(struct transfer *t, struct http_response *r) {
  char text[HTTP_MESSAGE];
  const char *why = reason(r->status), *line = reply_first_line(&t->reply);
  snprintf(text, sizeof text, "%ld%s%s%s%s", r->status, *why ? " " : "", why, *line ? ": " : "",
           line);
  outcome_set(r, HTTP_STATUS, text);
}

/* What could not be undone of a compressed body. */
static void tell_encoding(const struct transfer *t, struct http_response *r) {
  if (t->inflater->no_memory)
    outcome_set(r, HTTP_MEMORY, "out of memory");
  else if (t->inflater->invalid)
    outcome_set(r, HTTP_ENCODING, "the body is not compressed as its header says");
  else if (t->result == CURLE_OK && !inflate_is_whole(t->inflater))
    outcome_set(r, HTTP_ENCODING, "the compressed body is cut short");
  else if (t->result == CURLE_OK && t->reply.encoding == REPLY_STRANGE && t->body->size > 0)
    outcome_set(r, HTTP_ENCODING, "the body is compressed in a way that was not asked for");
}

/* Whether the header or the body is to blame: libcurl then calls it a write error, or nothing. */
static bool tell_reply(struct transfer *t, struct http_response *r) {
  char text[BODY_ERROR];
  if (t->body->error)
    outcome_set(r, t->body->error, body_explain(t->body, text));
  else if (t->reply.bad_length)
    outcome_set(r, HTTP_PROTOCOL, "its Content-Length is no length");
  else if (t->reply.huge)
    outcome_set(r, HTTP_TOO_LARGE, "its Content-Length is larger than any body");
  else if (t->inflater)
    tell_encoding(t, r);
  return r->error != HTTP_FINE;
}

void outcome_of_transfer(struct transfer *t, struct http_response *r) {
  struct curl_header *h;
  if (r->status >= 300 &&
      curl_easy_header(t->easy, "Retry-After", 0, CURLH_HEADER, -1, &h) == CURLHE_OK)
    r->retry_after_ns = retry_after_ns(h->value, MT_SECONDS(time(NULL)));
  if (r->status >= 400 && t->reply.whole && t->result != CURLE_TOO_MANY_REDIRECTS) {
    tell_status(t, r); /* whatever became of the page that explains it */
    return;
  }
  if (tell_reply(t, r)) return;
  enum http_error error = classify(t->result, t->error, &t->reply);
  if (error == HTTP_PROTOCOL && t->result == CURLE_OUT_OF_MEMORY)
    outcome_set(r, error, "a line of its header has no end");
  else if (error)
    outcome_set(r, error, *t->error ? t->error : curl_easy_strerror(t->result));
  else if (!t->reply.whole)
    outcome_set(r, HTTP_PARTIAL, "the connection was closed within the header");
}

void outcome_of_cut(const struct http_request *request, mt_status st, struct http_response *r) {
  char text[96];
  if (st == MT_ETIMEDOUT) {
    snprintf(text, sizeof text, "no complete answer within %g s",
             (double)request->timeout_ns / 1e9);
    outcome_set(r, HTTP_TIMEOUT, text);
  } else if (st == MT_EDEADLINE) {
    outcome_set(r, HTTP_DEADLINE, "the deadline passed before the answer was complete");
  } else if (st == MT_ECANCELED) {
    outcome_set(r, HTTP_CANCELLED, "cancelled");
  } else {
    outcome_set(r, HTTP_MEMORY, mt_status_text(st));
  }
}
