/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "../../../cli/http/hash.h"
#include "origin.h"
#include "url.h"

#include <curl/curl.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* -- agreement with libcurl ------------------------------------------------------------------- */

/* What libcurl makes of a URL; false if it refuses it, or it is not http or https. */
struct reference {
  bool secure;
  char *host, *path;
  unsigned port;
};

static CURLUcode host_of(CURLU *u, char **ret) {
  if (curl_url_get(u, CURLUPART_HOST, ret, CURLU_PUNYCODE) == CURLUE_OK) return CURLUE_OK;
  curl_free(*ret);
  return curl_url_get(u, CURLUPART_HOST, ret, 0);
}

static bool ask_libcurl(const char *text, struct reference *r) {
  CURLU *u = curl_url();
  char *scheme = NULL, *port = NULL;
  *r = (struct reference){0};
  bool fine = curl_url_set(u, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
              (strcasecmp(scheme, "http") == 0 || strcasecmp(scheme, "https") == 0) &&
              host_of(u, &r->host) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_PATH, &r->path, 0) == CURLUE_OK &&
              curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK;
  if (fine) {
    r->secure = strcasecmp(scheme, "https") == 0;
    r->port = (unsigned)strtoul(port, NULL, 10);
  }
  curl_free(scheme);
  curl_free(port);
  curl_url_cleanup(u);
  return fine;
}

static bool agrees(const struct url *u, const struct reference *r) {
  bool no_path = u->path_size == 0 && strcmp(r->path, "/") == 0;
  return u->secure == r->secure && u->port == r->port && u->host_size == strlen(r->host) &&
         strncasecmp(u->host, r->host, u->host_size) == 0 &&
         (no_path ||
          (u->path_size == strlen(r->path) && memcmp(u->path, r->path, u->path_size) == 0));
}

static void must_agree(const char *text) {
  struct reference r;
  struct url u;
  char error[URL_ERROR] = "";
  bool wanted = ask_libcurl(text, &r), got = url_read(text, &u, error);
  bool same = wanted == got && (!got || agrees(&u, &r));
  bool told = got || *error;
  if (!same && got && wanted)
    print_error("%s: host %.*s, port %u, path %.*s; libcurl: %s %u %s\n", text, (int)u.host_size,
                u.host, u.port, (int)u.path_size, u.path, r.host, r.port, r.path);
  curl_free(r.host);
  curl_free(r.path);
  if (got) url_fini(&u);
  if (!same)
    fail_msg("\"%s\" is %s here, and %s for libcurl", text, got ? "read" : "refused",
             wanted ? "read" : "refused");
  if (!told) fail_msg("\"%s\" is refused without a word", text);
}

static const char *const odd[] = {
    "http://example.org",
    "https://example.org/",
    "HTTP://EXAMPLE.ORG/A",
    "hTTps://Example.Org:8443/a/b?c#d",
    "http://example.org?x=/y",
    "http://example.org#x/y",
    "http://example.org:80",
    "http://example.org:/",
    "http://example.org:0/",
    "http://example.org:00080/",
    "http://example.org:65535/",
    "http://example.org:65536/",
    "http://example.org:99999999999/",
    "http://example.org:8a/",
    "http://example.org:-1/",
    "http://example.org: 80/",
    "http://user@example.org/",
    "http://user:secret@example.org:81/",
    "http://user:p@ss@example.org/",
    "http://@example.org/",
    "http://:@example.org/",
    "http://example.org/@x",
    "http://a/b@c",
    "http://example.org\\@evil.example/",
    "http://example.org\\evil/",
    "http:\\\\example.org/",
    "http:/example.org/",
    "http:///example.org/",
    "http:////example.org/",
    "http:example.org/",
    "//example.org/",
    "://example.org/",
    "example.org/",
    "example.org:80/",
    "localhost",
    "",
    " ",
    "http",
    "http:",
    "http:/",
    "http://",
    "http:///",
    "http://?",
    "http://#",
    "http://:80/",
    "http://.",
    "http://./",
    "http://../",
    "http://.example.org/",
    "http://example.org./",
    "http://example..org/",
    "http://-example.org/",
    "http://exam_ple.org/",
    "http://exam ple.org/",
    "http://exam\tple.org/",
    "http://example.org/a b",
    "http://example.org/a\tb",
    "http://example.org/a\x7f",
    "http://example.org/a\x01",
    "http://example.org/\r\nHost: evil",
    " http://example.org/",
    "http://example.org/ ",
    "\thttp://example.org/",
    "http://ex%61mple.org/",
    "http://example%2eorg/",
    "http://example.org%2f/",
    "http://example.org%00/",
    "http://example.org%20/",
    "http://example.org%zz/",
    "http://%65xample.org/",
    "http://b\xc3\xbc"
    "cher.example/",
    "http://B\xc3\x9c"
    "CHER.example/",
    "http://xn--bcher-kva.example/",
    "http://b\xfc"
    "cher.example/",
    "http://example\xe3\x80\x82org/",
    "http://\xef\xbc\xa1.example/",
    "http://127.0.0.1/",
    "http://127.0.0.1:8080/x",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.01/",
    "http://127.0.0.256/",
    "http://127.0.0.1.1/",
    "http://127.0.0.1./",
    "http://127.0.0./",
    "http://1/",
    "http://1e3/",
    "http://4294967296/",
    "http://3com.example/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::1]/",
    "http://[::1]:8080/x",
    "http://[0:0:0:0:0:0:0:1]/",
    "http://[FE80::1%25eth0]/",
    "http://[fe80::1%eth0]/",
    "http://[::1/",
    "http://::1/",
    "http://[::1]x/",
    "http://[]/",
    "http://[127.0.0.1]/",
    "http://[::ffff:1.2.3.4]/",
    "http://example.org/.",
    "http://example.org/..",
    "http://example.org/a/../b",
    "http://example.org/a/./b",
    "http://example.org/../../etc/passwd",
    "http://example.org/.htaccess",
    "http://example.org/a/.../b",
    "http://example.org/%2e%2e/b",
    "http://example.org/a//b",
    "http://example.org//",
    "http://example.org/a\\..\\b",
    "http://example.org/a;b=c",
    "http://example.org/\xc3\xbc",
    "http://example.org/\xff",
    "http://example.org/a?b=../c#../d",
    "http://example.org/a#b?c",
    "http://exa[mple.org/",
    "http://exa]mple.org/",
    "http://exa{mple.org/",
    "http://exa|mple.org/",
    "http://exa\"mple.org/",
    "http://exa<mple.org/",
    "http://exa'mple.org/",
    "http://exa*mple.org/",
    "http://exa,mple.org/",
    "http://exa;mple.org/",
    "http://exa=mple.org/",
    "http://exa&mple.org/",
    "http://exa+mple.org/",
    "http://exa!mple.org/",
    "http://exa~mple.org/",
    "http://$x/",
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://example.org/",
    "mailto:a@example.org",
    "javascript:alert(1)",
    "data:text/plain,x",
    "https+x://example.org/",
    "httpss://example.org/",
    "htt://example.org/",
    "1http://example.org/",
    "ht tp://example.org/",
};

static void odd_urls_are_read_as_libcurl_reads_them(void **unused) {
  (void)unused;
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) must_agree(odd[i]);
  setlocale(LC_ALL, "C.UTF-8"); /* which international names are converted in */
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) must_agree(odd[i]);
  setlocale(LC_ALL, "C");
}

static void made_up_urls_are_read_as_libcurl_reads_them(void **unused) {
  (void)unused;
  static const char *const parts[] = {
      "http", "https", "://", ":",       "/",  "//",       "example", ".",   "..",   "org",
      "@",    "user",  "80",  "65536",   "0",  "127",      "1",       "256", "0x7f", "[",
      "]",    "::1",   "%",   "2e",      "00", "?",        "#",       "\\",  " ",    "\t",
      "-",    "_",     "a",   "Z",       "~",  "\xc3\xbc", "\xff",    "=",   "&",    "010",
      "..",   "/.",    "/..", "1.2.3.4", "x",  "xn--",     "+",       "{",   "'",    "\x7f"};
  uint64_t seed = 4;
  for (int i = 0; i < 200000; i++) {
    char text[256] = "";
    size_t n = test_below(&seed, 9);
    if (test_below(&seed, 8) > 0) strcat(text, test_below(&seed, 2) ? "http://" : "https://");
    for (size_t k = 0; k < n; k++)
      strcat(text, parts[test_below(&seed, sizeof parts / sizeof *parts)]);
    must_agree(text);
  }
}

static void a_message_says_what_to_write(void **unused) {
  (void)unused;
  struct url u;
  char error[URL_ERROR];
  assert_false(url_read("example.org/x", &u, error));
  assert_non_null(strstr(error, "http://"));
  assert_false(url_read("ftp://example.org/x", &u, error));
  assert_non_null(strstr(error, "ftp"));
  assert_non_null(strstr(error, "only http and https"));
  assert_false(url_read("http://example.org/a b", &u, error));
  assert_non_null(strstr(error, "%20"));
  assert_false(url_read("http://example.org:99999/", &u, error));
  assert_non_null(strcasestr(error, "port"));
  url_fini(NULL);
}

/* -- origins ---------------------------------------------------------------------------------- */

static void an_origin_is_scheme_host_and_port(void **unused) {
  (void)unused;
  static const struct {
    const char *url, *origin;
  } cases[] = {
      {"http://example.org", "http://example.org:80"},
      {"https://example.org/a?b", "https://example.org:443"},
      {"HTTPS://User:Secret@EXAMPLE.org:443/", "https://example.org:443"},
      {"http://Example.ORG:8080#x", "http://example.org:8080"},
      {"http://[::1]:81/", "http://[::1]:81"},
      {"http://[2001:DB8::1]/", "http://[2001:db8::1]:80"},
      {"http://127.1/", "http://127.0.0.1:80"},
      {"http://ex%61mple.org/", "http://example.org:80"},
  };
  char name[ORIGIN_ROOM], error[ORIGIN_ERROR];
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    if (!origin_of(cases[i].url, name, error)) fail_msg("%s: %s", cases[i].url, error);
    assert_string_equal(name, cases[i].origin);
  }
  setlocale(LC_ALL, "C.UTF-8");
  assert_true(origin_of("http://B\xc3\x9c"
                        "CHER.example/",
                        name, error));
  assert_string_equal(name, "http://xn--bcher-kva.example:80");
  setlocale(LC_ALL, "C");
  snprintf(name, sizeof name, "untouched");
  assert_false(origin_of("example.org", name, error));
  assert_string_equal(name, "untouched");
}

static void a_host_of_any_length_fits_or_is_refused(void **unused) {
  (void)unused;
  for (size_t n = 1; n < 2000; n++) {
    char url[2100], name[ORIGIN_ROOM], error[ORIGIN_ERROR] = "";
    memcpy(url, "http://", 7);
    memset(url + 7, 'a', n);
    memcpy(url + 7 + n, ":12345/", 8);
    bool fine = origin_of(url, name, error);
    if (n <= 253) assert_true(fine);
    if (fine)
      assert_int_equal(strlen(name), 7 + n + 6);
    else
      assert_non_null(strstr(error, "253"));
  }
}

static void one_name_is_one_origin(void **unused) {
  (void)unused;
  enum { MANY = 5000 };
  struct origins *o = origins_new(3);
  struct origin *found[MANY];
  char name[64];
  assert_non_null(o);
  for (int i = 0; i < MANY; i++) {
    int n = snprintf(name, sizeof name, "http://host-%d:80", i);
    found[i] = origins_find(o, name, (size_t)n);
    assert_non_null(found[i]);
  }
  for (int i = 0; i < MANY; i++) {
    int n = snprintf(name, sizeof name, "http://host-%d:80 and more", i);
    assert_ptr_equal(origins_find(o, name, (size_t)n - 9), found[i]);
    for (int k = 0; k < 3; k++) assert_ptr_not_equal(found[i], found[(i + 1 + k) % MANY]);
  }
  origins_free(o);
  origins_free(NULL);
}

static void an_origin_has_its_permits_and_pauses(void **unused) {
  (void)unused;
  struct origins *two = origins_new(2), *any = origins_new(0);
  struct origin *a = origins_find(two, "a", 1), *b = origins_find(two, "b", 1),
                *c = origins_find(any, "c", 1);
  assert_int_equal(mt_acquire(origin_limit(a), 0), 0);
  assert_int_equal(mt_acquire(origin_limit(a), 0), 0);
  assert_int_equal(mt_acquire(origin_limit(a), 0), MT_ETIMEDOUT);
  assert_int_equal(mt_acquire(origin_limit(b), 0), 0);
  for (int i = 0; i < 10000; i++) assert_int_equal(mt_acquire(origin_limit(c), 0), 0);

  assert_true(origin_pause_left_ns(b) == 0);
  origin_pause(b, MT_SECONDS(3600));
  origin_pause(b, MT_MS(1)); /* does not shorten it */
  assert_true(origin_pause_left_ns(b) > 0);
  assert_int_equal(mt_acquire(origin_limit(b), 0), MT_ETIMEDOUT);
  assert_true(origin_pause_left_ns(c) == 0);
  assert_int_equal(mt_acquire(origin_limit(c), 0), 0);

  mt_release(origin_limit(a));
  assert_int_equal(mt_acquire(origin_limit(a), 0), 0);
  origins_free(two);
  origins_free(any);
}

enum { THREADS = 4, NAMES = 300 };
struct searcher {
  struct origins *origins;
  pthread_barrier_t *begin;
  struct origin *found[NAMES];
};

static void *search_all(void *arg) {
  struct searcher *s = arg;
  char name[32];
  pthread_barrier_wait(s->begin);
  for (int i = 0; i < NAMES; i++) {
    int n = snprintf(name, sizeof name, "https://%d:443", i);
    s->found[i] = origins_find(s->origins, name, (size_t)n);
  }
  return NULL;
}

static void threads_find_the_same_origins(void **unused) {
  (void)unused;
  struct origins *o = origins_new(0);
  pthread_barrier_t begin;
  pthread_t thread[THREADS];
  static struct searcher searcher[THREADS];
  pthread_barrier_init(&begin, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) {
    searcher[i].origins = o;
    searcher[i].begin = &begin;
    assert_int_equal(pthread_create(&thread[i], NULL, search_all, &searcher[i]), 0);
  }
  for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
  for (int i = 1; i < THREADS; i++)
    assert_memory_equal(searcher[0].found, searcher[i].found, sizeof searcher[0].found);
  assert_non_null(searcher[0].found[0]);
  pthread_barrier_destroy(&begin);
  origins_free(o);
}

/* -- the hash --------------------------------------------------------------------------------- */

/* The vectors of the reference implementation: key 00 01 .. 0f, message 00 01 .. (n - 1). */
static void the_hash_is_siphash(void **unused) {
  (void)unused;
  static const struct {
    size_t size;
    uint64_t hash;
  } vectors[] = {{0, 0x726fdb47dd0e0e31},
                 {1, 0x74f839c593dc67fd},
                 {8, 0x93f5f5799a932462},
                 {15, 0xa129ca6149be45e5}};
  struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
  unsigned char message[16];
  for (unsigned char i = 0; i < 16; i++) message[i] = i;
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++)
    assert_true(hash_of(key, message, vectors[i].size) == vectors[i].hash);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(odd_urls_are_read_as_libcurl_reads_them),
      cmocka_unit_test(made_up_urls_are_read_as_libcurl_reads_them),
      cmocka_unit_test(a_message_says_what_to_write),
      cmocka_unit_test(an_origin_is_scheme_host_and_port),
      cmocka_unit_test(a_host_of_any_length_fits_or_is_refused),
      cmocka_unit_test(one_name_is_one_origin),
      cmocka_unit_test(an_origin_has_its_permits_and_pauses),
      cmocka_unit_test(threads_find_the_same_origins),
      cmocka_unit_test(the_hash_is_siphash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
