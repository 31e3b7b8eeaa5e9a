/* SPDX-License-Identifier: MIT
 *
 * retry.h: whether another attempt is worth it, and when (RFC 9110, 9.2.2, 10.2.3 and 5.6.7). */
#ifndef CLI_HTTP_RETRY_H
#define CLI_HTTP_RETRY_H

#include "error.h"

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_ERROR = 256, RETRY_STATUS_FIRST = 400, RETRY_STATUS_LAST = 999 };

#define RETRY_ON_DEFAULT "408,429,500,502,503,504,timeout,connect,dns,reset,partial"

/* A day: longer is not waited for, whatever a server asks. */
#define RETRY_AFTER_MOST_NS (INT64_C(86400) * 1000000000)

/* How long a Retry-After asks to wait, from `now_unix_ns` (nanoseconds since 1970): its value is
 * seconds or one of HTTP's three forms of a date. 0 if the date is past, at most
 * RETRY_AFTER_MOST_NS, -1 if it is neither. */
int64_t retry_after_ns(const char *value, int64_t now_unix_ns);

/* Which failures are worth another attempt. */
struct retry_on {
  uint64_t statuses[(RETRY_STATUS_LAST - RETRY_STATUS_FIRST) / 64 + 1];
  unsigned errors; /* bit 1 << enum http_error */
};

/* A list: statuses ("429"), classes ("5xx"), words of http_error_word ("timeout"; "http" is any
 * status that is a failure), "default" (RETRY_ON_DEFAULT), "none", "all". False, with a message
 * that names the part, if one is none of these or no attempt can mend it. */
bool retry_on_parse(const char *text, struct retry_on *ret, char error[RETRY_ERROR]);
bool retry_on_status(const struct retry_on *r, long status);
bool retry_on_error(const struct retry_on *r, enum http_error error);

/* Whether doing it twice is the same as doing it once. Method names have upper case. */
bool method_is_idempotent(const char *method);

#endif
