/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "folders.h"
#include "name.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row of two columns. */
struct row {
  const char *symbol, *note;
};

static const char *column_of(const char *name, void *arg) {
  const struct row *row = arg;
  if (strcmp(name, "symbol") == 0) return row->symbol;
  if (strcmp(name, "note") == 0) return row->note;
  if (strcmp(name, "index") == 0 || strcmp(name, "host") == 0) return "a column";
  return NULL;
}

static const char *const columns[] = {"symbol", "note"};

static char *make(const char *template, const char *url, struct row row, char error[NAME_ERROR]) {
  struct name_template *t = name_template_new(template, error);
  if (!t) fail_msg("%s: %s", template, error);
  struct name_source source = {.index = 17,
                               .url = url,
                               .column = column_of,
                               .arg = &row,
                               .columns = columns,
                               .column_count = 2};
  char *name = name_make(t, &source, error);
  name_template_free(t);
  if (name && !folders_path_is_safe(name)) fail_msg("\"%s\" is not safe", name);
  return name;
}

static void must_be(const char *template, const char *url, struct row row, const char *wanted) {
  char error[NAME_ERROR];
  char *name = make(template, url, row, error);
  if (!name) fail_msg("%s: %s", template, error);
  if (strcmp(name, wanted) != 0)
    fail_msg("%s, %s: \"%s\" instead of \"%s\"", template, url, name, wanted);
  free(name);
}

static void of_url(const char *template, const char *url, const char *wanted) {
  must_be(template, url, (struct row){"AAPL", "x"}, wanted);
}

static void of_column(const char *value, const char *wanted) {
  must_be("{symbol}", "http://a/", (struct row){value, "x"}, wanted);
}

static void fields_are_filled_in(void **unused) {
  (void)unused;
  of_url(NAME_DEFAULT, "https://example.org/a/b.json?x=/y#z", "17-b.json");
  of_url("{host}/{index}.json", "https://Example.ORG:8443/", "example.org/17.json");
  of_url("{host}", "http://user:secret@example.org/", "example.org");
  of_url("{host}", "http://[::1]:80/", "::1");
  of_url("{host}", "http://127.1/", "127.0.0.1");
  of_url("{symbol}/{note}/{symbol}", "http://a/", "AAPL/x/AAPL");
  of_url("{{{index}}}", "http://a/", "{17}");
  of_url("plain", "http://a/", "plain");
}

static void the_basename_is_the_last_part_of_the_path(void **unused) {
  (void)unused;
  static const char *const cases[][2] = {
      {"http://a", "index.html"},
      {"http://a/", "index.html"},
      {"http://a?b/c", "index.html"},
      {"http://a/b/", "index.html"},
      {"http://a/b", "b"},
      {"http://a/b/c.tar.gz", "c.tar.gz"},
      {"http://a/b/c?d/e.f", "c"},
      {"http://a/b#c/d", "b"},
      {"http://a/b%20c", "b c"},
      {"http://a/%C3%BC", "\xc3\xbc"},
      {"http://a/100%", "100%"},
      {"http://a/100%2", "100%2"},
      {"http://a/100%zz", "100%zz"},
      {"http://a/x/..", "index.html"},
      {"http://a/x/../y", "y"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    of_url("{basename}", cases[i][0], cases[i][1]);
}

static void the_ending_has_no_dot(void **unused) {
  (void)unused;
  of_url("{index}.{ext}", "http://a/b/c.json?x", "17.json");
  of_url("{index}.{ext}", "http://a/b/c.tar.gz", "17.gz");
  of_url("{index}.{ext}", "http://a/b/c", "17"); /* nor is one left over */
  of_url("{index}.{ext}", "http://a/b/c.", "17");
  of_url("{index}.{ext}", "http://a/b/.profile", "17");
  of_url("{index}.{ext}", "http://a/", "17.html");
  of_url("{ext}", "http://a/b", "_");
}

static void what_has_a_meaning_in_paths_loses_it(void **unused) {
  (void)unused;
  of_column("BRK/B", "BRK%2FB");
  of_column("..", "_");
  of_column(".", "_");
  of_column("...", "_");
  of_column("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd");
  of_column("/etc/passwd", "%2Fetc%2Fpasswd");
  of_column(".hidden", "%2Ehidden");
  of_column("", "_");
  of_column("a\nb\tc\x7f", "a%0Ab%09c%7F");
  of_column("trailing...", "trailing");
  of_column("back\\slash C:", "back\\slash C:");
  of_column("~", "~");
  of_column("-rf", "-rf");
  of_url("{basename}", "http://a/%2e%2e", "_");
  of_url("{basename}", "http://a/%2e%2e%2fx", "%2E.%2Fx");
  of_url("{basename}", "http://a/%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd");
  of_url("{basename}", "http://a/x%00.json", "x%00.json");
  of_url("{basename}", "http://a/%0d%0a", "%0D%0A");
  must_be("{symbol}/{note}", "http://a/", (struct row){"..", ".."}, "_/_");
  must_be("{symbol}{note}/x", "http://a/", (struct row){".", "."}, "_/x");
  must_be("{symbol}{note}", "http://a/", (struct row){".", "./x"}, "%2E.%2Fx");
  must_be("x{symbol}", "http://a/", (struct row){"/../y", "x"}, "x%2F..%2Fy");
}

static void only_utf_8_is_left(void **unused) {
  (void)unused;
  of_column("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80");
  of_column("a\xff", "a%FF");
  of_column("\xc3", "%C3");
  of_column("\xc3/", "%C3%2F");
  of_column("\xe2\x82", "%E2%82");
  of_column("\xc0\xaf", "%C0%AF");               /* an overlong slash */
  of_column("\xe0\x80\xaf", "%E0%80%AF");        /* another */
  of_column("\xc0\xae\xc0\xae", "%C0%AE%C0%AE"); /* overlong dots */
  of_column("\xed\xa0\x80", "%ED%A0%80");        /* half of a surrogate pair */
  of_column("\xf4\x90\x80\x80", "%F4%90%80%80");
  of_column("\xc2\x85", "%C2%85"); /* a control character */
  of_column("\xc2\xa0", "\xc2\xa0");
}

/* Cut, but still different, and the same in every run. */
static void long_names_are_cut(void **unused) {
  (void)unused;
  char value[2000], error[NAME_ERROR];
  for (size_t n = 240; n < 300; n++) {
    memset(value, 'a', n);
    strcpy(value + n, ".json");
    char *one = make("{symbol}", "http://a/", (struct row){value, "x"}, error);
    char *same = make("{symbol}", "http://a/", (struct row){value, "x"}, error);
    value[n - 1] = 'b';
    char *other = make("{symbol}", "http://a/", (struct row){value, "x"}, error);
    assert_non_null(one);
    assert_string_equal(one, same);
    assert_string_not_equal(one, other);
    assert_int_equal(strlen(one), n + 5 <= 255 ? n + 5 : 255);
    assert_string_equal(one + strlen(one) - 5, ".json");
    free(one);
    free(same);
    free(other);
  }
  /* No character is cut in two, wherever the cut is; an endless ending is none. */
  for (size_t n = 0; n < 4; n++) {
    memset(value, 'a', n);
    value[n] = 0;
    for (int i = 0; i < 300; i++) strcat(value, "\xe2\x82\xac");
    strcat(value, ".");
    for (int i = 0; i < 20; i++) strcat(value, "x");
    char *name = make("{symbol}/{index}", "http://a/", (struct row){value, "x"}, error);
    assert_non_null(name);
    char *tilde = strchr(name, '~');
    assert_true(tilde && tilde - name <= 255 - 17 && tilde - name > 255 - 17 - 3);
    assert_int_equal((tilde - name - (long)n) % 3, 0);
    assert_string_equal(tilde + 17, "/17");
    free(name);
  }
}

static void a_template_that_cannot_be_is_told(void **unused) {
  (void)unused;
  static const char *const bad[][2] = {
      {"", "empty"},
      {"/x", "begins with a slash"},
      {"/", "begins with a slash"},
      {"x/", "ends with a slash"},
      {"{index}/", "ends with a slash"},
      {"a//b", "two slashes"},
      {"..", "begins with a dot"},
      {"../{index}", "begins with a dot"},
      {"a/../{index}", "begins with a dot"},
      {"a/./{index}", "begins with a dot"},
      {".{index}", "begins with a dot"},
      {"{host}/.cache/{index}", "begins with a dot"},
      {"{index", "{"},
      {"index}", "}"},
      {"{}", "{"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char error[NAME_ERROR] = "";
    struct name_template *t = name_template_new(bad[i][0], error);
    if (t) fail_msg("\"%s\" was taken", bad[i][0]);
    if (!strstr(error, bad[i][1])) fail_msg("\"%s\": %s", bad[i][0], error);
  }
  name_template_free(NULL);
}

static void what_is_missing_is_named(void **unused) {
  (void)unused;
  char error[NAME_ERROR] = "";
  assert_null(make("{date}.json", "http://a/", (struct row){"x", "y"}, error));
  assert_non_null(strstr(error, "date"));
  assert_non_null(strstr(error, "symbol"));
  assert_null(make("{basename}", "no url", (struct row){"x", "y"}, error));
  assert_non_null(strstr(error, "http://"));
  assert_null(make("{host}", "ftp://a/", (struct row){"x", "y"}, error));
  assert_non_null(strstr(error, "ftp"));
  char *name =
      make("{index}", "no url", (struct row){"x", "y"}, error); /* which it does not need */
  assert_string_equal(name, "17");
  free(name);
  struct name_template *t = name_template_new("{symbol}", error);
  assert_null(name_make(t, &(struct name_source){.index = 1, .url = "http://a/"}, error));
  assert_non_null(strstr(error, "symbol"));
  name_template_free(t);
}

static void the_templates_that_keep_items_apart_are_known(void **unused) {
  (void)unused;
  static const char *const unique[] = {
      NAME_DEFAULT,          "{index}",          "{host}/{index}",
      "{index}/{basename}",  "{+index}.json",    "{host}/{index}.json",
      "x{index}-{host}",     "x-{index}",        "{host}-{index}",
      "{host}-{index}.json", "{index}{{{host}",  "7{index}",
      "{index}-{index}",     "{host}{{{index}}}"};
  static const char *const not [] = {
      "{basename}",    "{host}/{basename}",    "{{index}}",      "{index}{host}",
      "{host}{index}", "{host}7{index}",       "{index}7{host}", "{host}-{index}{ext}",
      "index",         "{host}-{index}-{ext}", "{Index}",        "{index}{index}{host}"};
  char error[NAME_ERROR];
  for (size_t i = 0; i < sizeof unique / sizeof *unique; i++) {
    struct name_template *t = name_template_new(unique[i], error);
    if (!t || !name_is_unique(t)) fail_msg("%s", unique[i]);
    name_template_free(t);
  }
  for (size_t i = 0; i < sizeof not / sizeof *not ; i++) {
    struct name_template *t = name_template_new(not [i], error);
    if (!t || name_is_unique(t)) fail_msg("%s", not [i]);
    name_template_free(t);
  }
}

/* Bytes of all kinds in all fields: whatever comes out is a path of safe names. */
static void made_up_values_stay_inside(void **unused) {
  (void)unused;
  static const char *const parts[] = {
      "/",
      ".",
      "..",
      "%2f",
      "%2E",
      "%00",
      "\\",
      "\xc0\xaf",
      "\xff",
      "a",
      "\n",
      "~",
      "?",
      "#",
      "%",
      "\xe2\x82\xac",
      "long-long-long-long-long-long-long-long-long-long-long-long"};
  static const char *const templates[] = {"{symbol}", "{symbol}/{note}", "{basename}",
                                          "{ext}",    "x{note}.{ext}",   "{host}/{symbol}{note}"};
  uint64_t seed = 9;
  for (int i = 0; i < 50000; i++) {
    char value[3][1400];
    strcpy(value[0], "http://host/");
    value[1][0] = value[2][0] = 0;
    for (int v = 0; v < 3; v++)
      for (uint64_t k = test_below(&seed, 20); k > 0; k--)
        strcat(value[v], parts[test_below(&seed, sizeof parts / sizeof *parts)]);
    char error[NAME_ERROR] = "";
    const char *template = templates[test_below(&seed, sizeof templates / sizeof *templates)];
    char *name = make(template, value[0], (struct row){value[1], value[2]}, error);
    if (!name && !strstr(error, "no URL")) fail_msg("%s: %s", value[0], error);
    if (!name) continue;
    size_t slashes = 0, in_template = 0;
    for (const char *s = name; *s; s += strcspn(s, "/"), s += *s == '/') {
      slashes += s[strcspn(s, "/")] == '/';
      if (strcspn(s, "/") > 255) fail_msg("%s is too long", s);
    }
    for (const char *s = template; *s; s++) in_template += *s == '/';
    assert_int_equal(slashes, in_template);
    free(name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(fields_are_filled_in),
      cmocka_unit_test(the_basename_is_the_last_part_of_the_path),
      cmocka_unit_test(the_ending_has_no_dot),
      cmocka_unit_test(what_has_a_meaning_in_paths_loses_it),
      cmocka_unit_test(only_utf_8_is_left),
      cmocka_unit_test(long_names_are_cut),
      cmocka_unit_test(a_template_that_cannot_be_is_told),
      cmocka_unit_test(what_is_missing_is_named),
      cmocka_unit_test(the_templates_that_keep_items_apart_are_known),
      cmocka_unit_test(made_up_values_stay_inside),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
