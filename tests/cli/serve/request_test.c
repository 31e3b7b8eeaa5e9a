/* SPDX-License-Identifier: MIT
 *
 * What comes out of a buffer of requests, whole, in pieces, and damaged. */
#include "../test.h"

#include "../../../cli/serve/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HOST "Host: x\r\n"

/* What a connection makes of its input: each request's outline, and how it ended. */
struct outline {
  char text[4096];
  size_t size;
};

static void note(struct outline *o, const char *format, ...) {
  va_list args;
  va_start(args, format);
  int n = vsnprintf(o->text + o->size, sizeof o->text - o->size, format, args);
  va_end(args);
  assert_true(n >= 0 && (size_t)n < sizeof o->text - o->size);
  o->size += (size_t)n;
}

static void note_request(struct outline *o, const struct request *r) {
  note(o, "%d %.*s ? %.*s %s%s body %llu\n", (int)r->method, (int)r->path.size, r->path.at,
       (int)r->query.size, r->query.size ? r->query.at : "", r->keep_alive ? "keep" : "close",
       r->expects_continue ? " expects" : "", (unsigned long long)r->body_size);
}

/* Feeds the input as it would arrive if it were cut at the n places. */
static void feed(const char *input, size_t size, const size_t *cuts, size_t n,
                 struct outline *ret) {
  size_t begin = 0;
  *ret = (struct outline){.text = ""};
  for (size_t piece = 0; piece <= n; piece++) {
    size_t have = piece < n ? cuts[piece] : size;
    struct request r;
    int status = 0;
    const char *why = NULL;
    enum request_state state = REQUEST_READY;
    while (begin <= have && state == REQUEST_READY) {
      state = request_parse(input + begin, have - begin, &r, &status, &why);
      if (state != REQUEST_READY) break;
      note_request(ret, &r);
      begin += r.head_size + (size_t)r.body_size;
    }
    if (state == REQUEST_BAD) {
      note(ret, "%d %s\n", status, why);
      return;
    }
  }
  note(ret, "%s\n", begin < size ? "more" : begin > size ? "body" : "end");
}

static const char stream[] =
    "GET /quote/AAPL HTTP/1.1\r\n" HOST "\r\n"
    "HEAD /a%20b?x=1&y HTTP/1.1\r\nhOsT:x\r\nConnection: foo, close\r\n\r\n"
    "\r\n\nGET / HTTP/1.0\n\n"
    "POST /p HTTP/1.1\r\n" HOST "Content-Length:  5 \r\n\r\nGET /"
    "GET http://h:80/v8?r HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n\r\n"
    "GET /keep HTTP/1.0\r\nConnection: Keep-Alive\r\nX:\r\n\r\n";

static const char stream_outline[] = "0 /quote/AAPL ?  keep body 0\n"
                                     "1 /a%20b ? x=1&y close body 0\n"
                                     "0 / ?  close body 0\n"
                                     "2 /p ?  keep body 5\n"
                                     "0 /v8 ? r keep expects body 0\n"
                                     "0 /keep ?  keep body 0\n"
                                     "end\n";

static void requests_come_out_one_after_another(void **state) {
  (void)state;
  struct outline o;
  feed(stream, sizeof stream - 1, NULL, 0, &o);
  assert_string_equal(o.text, stream_outline);
}

static void every_split_gives_the_same_requests(void **state) {
  (void)state;
  size_t size = sizeof stream - 1;
  struct outline o;
  for (size_t i = 0; i <= size; i++)
    for (size_t j = i; j <= size; j++) {
      feed(stream, size, (size_t[]){i, j}, 2, &o);
      if (strcmp(o.text, stream_outline) != 0) fail_msg("cut at %zu and %zu:\n%s", i, j, o.text);
    }
}

static void damaged_input_ends_alike_whole_and_byte_by_byte(void **state) {
  (void)state;
  enum { ROUNDS = 20000 };
  static const char bytes[] = "\r\n\t :/?%HT1.0\x01\x7f\xff,5";
  uint64_t random = 4;
  size_t size = sizeof stream - 1, cuts[sizeof stream], refused = 0;
  for (size_t i = 0; i < size; i++) cuts[i] = i;
  for (int round = 0; round < ROUNDS; round++) {
    char damaged[sizeof stream];
    struct outline whole, bytewise;
    memcpy(damaged, stream, sizeof stream);
    for (uint64_t n = 1 + test_below(&random, 3); n > 0; n--)
      damaged[test_below(&random, size)] = bytes[test_below(&random, sizeof bytes)];
    feed(damaged, size, NULL, 0, &whole);
    feed(damaged, size, cuts, size, &bytewise);
    if (strcmp(whole.text, bytewise.text) != 0)
      fail_msg("round %d:\n%s\nbyte by byte:\n%s", round, whole.text, bytewise.text);
    refused += strstr(whole.text, "400 ") != NULL;
  }
  assert_true(refused > ROUNDS / 4 && refused < ROUNDS);
}

static void refused(const char *input, size_t size, int status) {
  struct request r;
  int told = 0;
  const char *why = NULL;
  enum request_state state = request_parse(input, size, &r, &told, &why);
  if (state != REQUEST_BAD || told != status || !why || !*why)
    fail_msg("state %d, status %d, not %d: %.*s", (int)state, told, status, (int)size, input);
}

static void mistakes_have_their_status(void **state) {
  (void)state;
  static const struct {
    int status;
    const char *input;
  } mistakes[] = {
      {400, "GET /\r\n"},
      {400, "GET  / HTTP/1.1\r\n"},
      {400, "GET / HTTP/1.1 \r\n"},
      {400, "GET / http/1.1\r\n"},
      {400, "GET / HTTP/1.10\r\n"},
      {400, "GET x HTTP/1.1\r\n"},
      {400, "GET * HTTP/1.1\r\n"},
      {400, "GET /a#b HTTP/1.1\r\n"},
      {400, "GET /\xc3\xa4 HTTP/1.1\r\n"},
      {400, "G@T / HTTP/1.1\r\n"},
      {400, " GET / HTTP/1.1\r\n"},
      {400, "\x16\x03\x01"},
      {400, "GET / HTTP/1.1\rX"},
      {400, "GET / HTTP/1.1\r\n\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST HOST "\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST " folded\r\n"},
      {400, "GET / HTTP/1.1\r\nHost : x\r\n"},
      {400, "GET / HTTP/1.1\r\nHost\r\n"},
      {400, "GET / HTTP/1.1\r\n: x\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "A: \x01"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: -1\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n"},
      {400, "GET / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {501, "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"},
      {505, "PRI * HTTP/2.0\r\n"},
  };
  for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++)
    refused(mistakes[i].input, strlen(mistakes[i].input), mistakes[i].status);
  refused("GET / HTTP/1.1\r\nA: \0", 20, 400);
}

static void heads_have_16_KiB_and_no_byte_more(void **state) {
  (void)state;
  static const char begin[] = "GET / HTTP/1.1\r\n" HOST "X: ";
  char *input = malloc(REQUEST_MOST + 1);
  assert_non_null(input);
  memset(input, 'x', REQUEST_MOST + 1);
  memcpy(input, begin, strlen(begin));
  struct request r;
  int status;
  const char *why;
  assert_int_equal(request_parse(input, REQUEST_MOST - 1, &r, &status, &why), REQUEST_MORE);
  refused(input, REQUEST_MOST, 431);
  memcpy(input + REQUEST_MOST - 4, "\r\n\r\n", 4);
  assert_int_equal(request_parse(input, REQUEST_MOST, &r, &status, &why), REQUEST_READY);
  assert_int_equal(r.head_size, REQUEST_MOST);
  memcpy(input + REQUEST_MOST - 4, "x\r\n\r\n", 5);
  refused(input, REQUEST_MOST + 1, 431);
  memset(input, '\n', REQUEST_MOST);
  refused(input, REQUEST_MOST, 431);
  free(input);
}

static struct text text(const char *s) {
  return (struct text){s, strlen(s)};
}

static void targets_are_decoded(void **state) {
  (void)state;
  char out[8];
  assert_true(request_decode(text("%5EGSPC"), out, sizeof out));
  assert_string_equal(out, "^GSPC");
  assert_true(request_decode(text("1234567"), out, sizeof out));
  assert_true(request_decode(text(""), out, sizeof out));
  assert_string_equal(out, "");
  static const char *const wrong[] = {"12345678", "%", "%4", "%4g", "%00", "a%0ab", "%7f"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    assert_false(request_decode(text(wrong[i]), out, sizeof out));
}

static void parameters_are_found_by_their_whole_name(void **state) {
  (void)state;
  struct text value = {0};
  assert_true(request_parameter(text("xrange=2&range=1y&a"), "range", &value));
  assert_true(text_same(value, text("1y")));
  assert_true(request_parameter(text("range="), "range", &value));
  assert_int_equal(value.size, 0);
  assert_false(request_parameter(text("range"), "range", &value));
  assert_false(request_parameter(text("ranges=1"), "range", &value));
  assert_false(request_parameter((struct text){0}, "range", &value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(requests_come_out_one_after_another),
      cmocka_unit_test(every_split_gives_the_same_requests),
      cmocka_unit_test(damaged_input_ends_alike_whole_and_byte_by_byte),
      cmocka_unit_test(mistakes_have_their_status),
      cmocka_unit_test(heads_have_16_KiB_and_no_byte_more),
      cmocka_unit_test(targets_are_decoded),
      cmocka_unit_test(parameters_are_found_by_their_whole_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
