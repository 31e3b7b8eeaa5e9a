/* SPDX-License-Identifier: MIT
 *
 * Whichever allocation fails, nothing leaks (for a sanitizer to see), no half-built thing is handed
 * out, and no key is shown. The linker puts the allocators below in front of the real ones. */
#include "provider.h"
#include "roster.h"
#include "test.h"
#include "turns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);
char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **ret, const char *format, ...) __attribute__((format(printf, 2, 3)));

static long left = -1; /* allocations until one fails; negative: none does */

static bool fails(void) {
  return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size) {
  return fails() ? NULL : __real_realloc(at, size);
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : __real_strdup(text);
}

int __wrap_asprintf(char **ret, const char *format, ...) {
  if (fails()) return -1;
  va_list args;
  va_start(args, format);
  int n = vasprintf(ret, format, args);
  va_end(args);
  return n;
}

/* Runs it with the first allocation failing, with the second one, and so on, until all of them
 * succeed; it must be false each time but the last. */
static void try_all(bool (*run)(void)) {
  for (long n = 0;; n++) {
    left = n;
    bool fine = run();
    bool failed = left < 0;
    left = -1;
    if (fine != !failed) fail_msg("allocation %ld", n);
    if (!fine) continue;
    assert_true(n > 0); /* something was allocated at all */
    return;
  }
}

static char path[400];

static const char config[] = "[alphavantage]\nkey = HUSH\nbase_url = https://example.org/\n"
                             "[finnhub]\nkey = HUSH2\n"
                             "[generic mine]\nurl = https://example.org/{symbol}?k={key}\n"
                             "key = HUSH3\nheader = Authorization: Bearer HUSH4\n"
                             "header = X-Key: {key}\nprice = .p\nsymbol = .s\n";

static bool open_roster(struct roster *r) {
  struct roster_options o = {.names = "yahoo,alphavantage,mine", .config = path};
  char error[ROSTER_ERROR] = "";
  bool fine = roster_open(&o, r, error);
  if (!fine && (!strstr(error, "out of memory") || strstr(error, "HUSH"))) fail_msg("%s", error);
  return fine;
}

static bool open_and_close(void) {
  struct roster r;
  bool fine = open_roster(&r);
  if (fine) roster_close(&r);
  return fine;
}

static void a_roster_is_whole_or_none(void **unused) {
  (void)unused;
  try_all(open_and_close);
}

static struct roster roster;

static bool compose_all(void) {
  bool fine = true;
  for (size_t i = 0; fine && i < roster.count; i++)
    for (unsigned step = 0; fine && step < provider_requests(roster.at[i]); step++) {
      struct provider_request r;
      fine = provider_request(roster.at[i], "AAPL", step, &r);
      if (fine) provider_request_fini(&r);
    }
  return fine;
}

static void requests_are_whole_or_none(void **unused) {
  (void)unused;
  assert_true(open_roster(&roster));
  try_all(compose_all);
  roster_close(&roster);
}

/* A good body is a quote or a fault; an error is one in any case, and shows no key. */
static void read_under_want(const struct provider *p, const char *body, bool good) {
  struct answer a = {.status = 200, .retry_after_ns = -1, .body = body, .size = strlen(body)};
  for (long n = 0;; n++) {
    struct quote q;
    struct quote_fault f = {.kind = QUOTE_FINE};
    quote_init(&q);
    left = n;
    bool fine = provider_read(p, "AAPL", 0, &a, &q, &f);
    bool failed = left < 0;
    left = -1;
    assert_true(fine ? q.price == 5 : f.kind != QUOTE_FINE && isnan(q.price));
    assert_null(strstr(f.message, "HUSH"));
    if (failed) continue;
    assert_int_equal(fine, good);
    assert_true(n > 0);
    return;
  }
}

static void answers_are_quotes_or_faults(void **unused) {
  (void)unused;
  json_set_alloc_funcs(malloc, free); /* the linker's, for jansson, too */
  assert_true(open_roster(&roster));
  read_under_want(roster.at[1], "{\"Global Quote\":{\"01. symbol\":\"AAPL\",\"05. price\":\"5\"}}",
                  true);
  read_under_want(roster.at[1], "{\"Information\":\"rate limit for HUSH and for HUSH3\"}", false);
  read_under_want(roster.at[1], "<html>HUSH", false);
  read_under_want(roster.at[1], "HUSH, in plain text", false);
  read_under_want(roster.at[2], "{\"s\":\"AAPL\",\"p\":5}", true);
  read_under_want(roster.at[2], "{\"s\":[\"HUSH4\"],\"p\":5}", false);
  roster_close(&roster);
}

static bool open_turns(void) {
  struct rates rates;
  char error[RATE_ROOM];
  if (!rates_parse("3/s, 4/min, 5/hour, 6/day", &rates, error)) return false;
  struct turns *t = turns_new(&rates);
  turns_free(t);
  return t;
}

static void turns_are_whole_or_none(void **unused) {
  (void)unused;
  try_all(open_turns);
}

static int begin(void **unused) {
  (void)unused;
  const char *place = getenv("TMPDIR");
  snprintf(path, sizeof path, "%.300s/meantime-memory-XXXXXX", place ? place : P_tmpdir);
  int fd = mkstemp(path); /* of mode 0600 */
  if (fd < 0) return -1;
  bool written = write(fd, config, sizeof config - 1) == (ssize_t)(sizeof config - 1);
  close(fd);
  unsetenv("ALPHAVANTAGE_API_KEY");
  return written ? 0 : -1;
}

static int end(void **unused) {
  (void)unused;
  return unlink(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_roster_is_whole_or_none),
      cmocka_unit_test(requests_are_whole_or_none),
      cmocka_unit_test(answers_are_quotes_or_faults),
      cmocka_unit_test(turns_are_whole_or_none),
  };
  return cmocka_run_group_tests(tests, begin, end);
}
