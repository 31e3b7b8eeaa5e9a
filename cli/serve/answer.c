/* SPDX-License-Identifier: MIT */
#include "answer.h"

#include <meantime.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

void answer_fini(struct answer *a) {
  if (a) bytes_fini(&a->body);
}

const char *answer_reason(int status) {
  switch (status) {
  case 200:
    return "OK";
  case 400:
    return "Bad Request";
  case 404:
    return "Not Found";
  case 405:
    return "Method Not Allowed";
  case 408:
    return "Request Timeout";
  case 413:
    return "Content Too Large";
  case 429:
    return "Too Many Requests";
  case 431:
    return "Request Header Fields Too Large";
  case 500:
    return "Internal Server Error";
  case 501:
    return "Not Implemented";
  case 503:
    return "Service Unavailable";
  case 505:
    return "HTTP Version Not Supported";
  default:
    return "";
  }
}

void answer_error(struct answer *a, int status, const char *format, ...) {
  char text[300];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  a->status = status;
  a->type = "text/plain; charset=utf-8";
  a->body.size = 0;
  a->pattern_size = 0;
  bytes_print(&a->body, "%d %s: %s\n", status, answer_reason(status), text);
}

uint64_t answer_size(const struct answer *a) {
  return a->pattern_size ? a->pattern_size : a->body.size;
}

/* "Date: Fri, 09 Oct 2026 20:00:01 GMT", with English names whatever the locale is. */
static void write_date(struct bytes *out) {
  static const char days[] = "SunMonTueWedThuFriSat";
  static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
  time_t now = time(NULL);
  struct tm t;
  gmtime_r(&now, &t);
  bytes_print(out, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n", days + 3 * t.tm_wday,
              t.tm_mday, months + 3 * t.tm_mon, t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

void answer_head(const struct answer *a, bool close, struct bytes *out) {
  bytes_print(out, "HTTP/1.1 %d %s\r\nServer: meantime/%s\r\n", a->status, answer_reason(a->status),
              mt_version());
  write_date(out);
  bytes_print(out, "Content-Type: %s\r\nContent-Length: %llu\r\n", a->type,
              (unsigned long long)answer_size(a));
  if (a->status == 405) bytes_text(out, "Allow: GET, HEAD\r\n");
  if (a->retry_after_s > 0) bytes_print(out, "Retry-After: %lld\r\n", (long long)a->retry_after_s);
  bytes_print(out, "Connection: %s\r\n\r\n", close ? "close" : "keep-alive");
}

/* Lines of 64 bytes, numbered by their letters, so that a piece that is lost shows. */
static char pattern[ANSWER_PATTERN];

static void make_pattern(void) {
  static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.";
  for (size_t i = 0; i < sizeof pattern; i++)
    pattern[i] = i % 64 == 63 ? '\n' : digits[(i / 64 + i) % 63];
}

const char *answer_pattern(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_pattern);
  return pattern;
}
