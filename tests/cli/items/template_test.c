/* SPDX-License-Identifier: MIT */
#include "../test.h"
#include "items/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[][2] = {
    {"symbol", "BRK/B^ \xc3\xa9&=?"},
    {"date", "2024-01-02"},
    {"url", "http://h/a%20b c?x=[1]%"},
    {"odd name", "~._-"},
    {"empty", ""},
    {"+plus", "p"},
};

static const char *lookup(const char *name, void *arg) {
  (void)arg;
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
    if (strcmp(columns[i][0], name) == 0) return columns[i][1];
  return NULL;
}

static void must_fill(const char *text, enum template_escape escape, const char *want) {
  char error[TEMPLATE_MESSAGE];
  const char *missing = "untouched";
  struct template *t = template_new(text, escape, error);
  if (!t) fail_msg("%s: %s", text, error);
  char *got = template_fill(t, lookup, NULL, &missing);
  assert_non_null(got);
  assert_string_equal(got, want);
  assert_null(missing);
  free(got);
  template_free(t);
}

static void columns_stand_where_their_names_stood(void **unused) {
  (void)unused;
  must_fill("", TEMPLATE_RAW, "");
  must_fill("plain", TEMPLATE_URL, "plain");
  must_fill("{date}", TEMPLATE_RAW, "2024-01-02");
  must_fill("a{date}{date}b{empty}{odd name}", TEMPLATE_RAW, "a2024-01-022024-01-02b~._-");
  must_fill("{symbol}|{+symbol}", TEMPLATE_RAW, "BRK/B^ \xc3\xa9&=?|BRK/B^ \xc3\xa9&=?");
}

static void braces_are_written_twice(void **unused) {
  (void)unused;
  must_fill("{{}}", TEMPLATE_RAW, "{}");
  must_fill("{{{date}}}", TEMPLATE_RAW, "{2024-01-02}");
  must_fill("{{{{x}}}}", TEMPLATE_URL, "{{x}}");
  must_fill("{{date}}", TEMPLATE_RAW, "{date}");
}

static void values_in_a_url_are_percent_encoded(void **unused) {
  (void)unused;
  must_fill("https://h/{symbol}?d={date}", TEMPLATE_URL,
            "https://h/BRK%2FB%5E%20%C3%A9%26%3D%3F?d=2024-01-02");
  must_fill("{odd name}", TEMPLATE_URL, "~._-");
  must_fill("{url}", TEMPLATE_URL, "http%3A%2F%2Fh%2Fa%2520b%20c%3Fx%3D%5B1%5D%25");
}

/* RFC 6570, 3.2.3: what has a meaning in a URL stays; the rest, and a lone %, could not be sent. */
static void plus_keeps_what_has_a_meaning_in_a_url(void **unused) {
  (void)unused;
  must_fill("{+url}", TEMPLATE_URL, "http://h/a%20b%20c?x=[1]%25");
  must_fill("{+symbol}", TEMPLATE_URL, "BRK/B%5E%20%C3%A9&=?");
  must_fill("{++plus}", TEMPLATE_URL, "p");
}

static void what_is_no_template_is_told_with_its_place(void **unused) {
  (void)unused;
  static const struct {
    const char *text, *error;
  } cases[] = {
      {"a{b", "the template, at byte 2 (\"{b\"): a { without its }; a brace as such is written "
              "twice: {{"},
      {"a{b{c}", "the template, at byte 2 (\"{b{c}\"): a { without its }; a brace as such is "
                 "written twice: {{"},
      {"{", "the template, at byte 1 (\"{\"): a { without its }; a brace as such is written twice: "
            "{{"},
      {"a}b", "the template, at byte 2 (\"}b\"): a } without its {; a brace as such is written "
              "twice: }}"},
      {"x{}", "the template, at byte 2 (\"{}\"): braces without a name; {item} is the whole line"},
      {"{+}", "the template, at byte 1 (\"{+}\"): braces without a name; {item} is the whole line"},
      {"{date}}", "the template, at byte 7 (\"}\"): a } without its {; a brace as such is written "
                  "twice: }}"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char error[TEMPLATE_MESSAGE] = "";
    assert_null(template_new(cases[i].text, TEMPLATE_URL, error));
    assert_string_equal(error, cases[i].error);
  }
}

static void names_are_listed_once_in_their_order(void **unused) {
  (void)unused;
  char error[TEMPLATE_MESSAGE];
  struct template *t = template_new("{b}{+a}{b} {c d}{{e}}", TEMPLATE_URL, error);
  assert_non_null(t);
  assert_int_equal(template_count(t), 3);
  assert_string_equal(template_name(t, 0), "b");
  assert_string_equal(template_name(t, 1), "a");
  assert_string_equal(template_name(t, 2), "c d");
  template_free(t);
}

static void a_missing_column_is_named_with_those_there_are(void **unused) {
  (void)unused;
  char error[TEMPLATE_MESSAGE];
  const char *missing = NULL, *many[200];
  struct template *t = template_new("{date}{nope}{never}", TEMPLATE_URL, error);
  assert_non_null(t);
  assert_null(template_fill(t, lookup, NULL, &missing));
  assert_string_equal(missing, "nope");
  const char *names[] = {"a", "b\x1b[31m", "c"};
  template_missing(missing, names, 3, error);
  assert_string_equal(error, "there is no column \"nope\"; there are: a, b?[31m, c");
  template_missing(missing, names, 0, error);
  assert_string_equal(error, "there is no column \"nope\"; the item has none");
  for (size_t i = 0; i < 200; i++) many[i] = "seventeen letters";
  template_missing(missing, many, 200, error);
  size_t n = strlen(error);
  assert_true(n < TEMPLATE_MESSAGE);
  assert_string_equal(error + n - 9, "ters, ...");
  template_free(t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(columns_stand_where_their_names_stood),
      cmocka_unit_test(braces_are_written_twice),
      cmocka_unit_test(values_in_a_url_are_percent_encoded),
      cmocka_unit_test(plus_keeps_what_has_a_meaning_in_a_url),
      cmocka_unit_test(what_is_no_template_is_told_with_its_place),
      cmocka_unit_test(names_are_listed_once_in_their_order),
      cmocka_unit_test(a_missing_column_is_named_with_those_there_are),
  };
  return cmocka_run_group_tests_name("items: template", tests, NULL, NULL);
}
