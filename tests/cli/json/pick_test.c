/* SPDX-License-Identifier: MIT */
#include "pick.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char document[] =
    "{\"chart\":{\"result\":[{\"meta\":{\"price\":1.5,\"none\":null}},{\"meta\":{\"price\":2.5}}]},"
    "\"Global Quote\":{\"05. price\":\"249.12\"},\"items\":[1,2,3],\"\":\"empty\","
    "\"a\\\"b]\\\\\":\"hard\",\"\\u00e9\":\"accent\",\"-\":\"dash\",\"0\":\"a member\"}";

static json_t *root;

static int load(void **unused) {
  (void)unused;
  root = json_loads(document, 0, NULL);
  return root ? 0 : -1;
}

static int unload(void **unused) {
  (void)unused;
  json_decref(root);
  return 0;
}

/* The value at a path as JSON text, or "absent". */
static void picks(const char *path, const char *want) {
  char error[PICK_ROOM] = "";
  struct pick *p = pick_new(path, error);
  if (!p) fail_msg("%s: %s", path, error);
  assert_string_equal(pick_text(p), path);
  json_t *value = pick_get(p, root);
  char *text = value ? json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT) : strdup("absent");
  if (strcmp(text, want) != 0) fail_msg("%s: %s instead of %s", path, text, want);
  free(text);
  pick_free(p);
}

static void members_and_elements_are_found(void **unused) {
  (void)unused;
  picks(".chart.result[0].meta.price", "1.5");
  picks(".chart.result[1].meta.price", "2.5");
  picks(".chart.result[-1].meta.price", "2.5");
  picks(".chart.result[-2].meta.price", "1.5");
  picks(".items[0]", "1");
  picks(".items[-1]", "3");
  picks(".items", "[1,2,3]");
  picks(".chart.result[0].meta.none", "null");
  picks("[\"Global Quote\"][\"05. price\"]", "\"249.12\"");
  picks(".\"Global Quote\".\"05. price\"", "\"249.12\"");
  picks(".[\"Global Quote\"].[\"05. price\"]", "\"249.12\"");
  picks("[\"items\"][2]", "3");
  picks(".items.[1]", "2");
  picks(".-", "\"dash\"");
  picks(".0", "\"a member\"");
}

static void a_dot_is_the_whole_document(void **unused) {
  (void)unused;
  char error[PICK_ROOM];
  struct pick *p = pick_new(".", error);
  assert_ptr_equal(pick_get(p, root), root);
  assert_null(pick_get(p, NULL));
  pick_free(p);
}

static void quoted_names_may_be_any_string(void **unused) {
  (void)unused;
  picks("[\"\"]", "\"empty\"");
  picks("[\"a\\\"b]\\\\\"]", "\"hard\"");
  picks("[\"\\u00e9\"]", "\"accent\"");
  picks("[\"\xc3\xa9\"]", "\"accent\"");
  picks(".\xc3\xa9", "\"accent\"");
  picks("[\"items\\u0000x\"]", "absent"); /* the name has a NUL, and is not cut there */
}

static void places_that_do_not_exist_are_absent(void **unused) {
  (void)unused;
  picks(".nothing", "absent");
  picks(".items[3]", "absent");
  picks(".items[-4]", "absent");
  picks(".items[9223372036854775807]", "absent");
  picks(".items[-9223372036854775808]", "absent");
  picks(".items.length", "absent");
  picks(".chart[0]", "absent");
  picks(".chart.result[0].meta.price.deeper", "absent");
  picks(".chart.result[0].meta.none.deeper[1]", "absent");
}

static void names_for_columns(void **unused) {
  (void)unused;
  static const char *const cases[][2] = {
      {".meta.price", "price"},     {".", "."},
      {".items[-1]", ".items[-1]"}, {"[\"odd key\"]", "odd key"},
      {"[\"\"]", "[\"\"]"},         {"[\"nul\\u0000x\"]", "[\"nul\\u0000x\"]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char error[PICK_ROOM];
    struct pick *p = pick_new(cases[i][0], error);
    assert_non_null(p);
    assert_string_equal(pick_name(p), cases[i][1]);
    pick_free(p);
  }
}

static void what_is_no_path_is_refused_with_the_place(void **unused) {
  (void)unused;
  static const char *const cases[][2] = {
      {"", "no dot"},
      {"price", "no dot"},
      {"..a", "a name is missing"},
      {".a.", "a name is missing"},
      {".a..b", "a name is missing"},
      {". a", "a name is missing"},
      {".a b", "neither a dot nor a bracket"},
      {".a[", "neither an index nor a quoted name"},
      {".a[]", "neither an index nor a quoted name"},
      {".a[x]", "neither an index nor a quoted name"},
      {".a[+1]", "neither an index nor a quoted name"},
      {".a[ 1]", "neither an index nor a quoted name"},
      {".a[-]", "neither an index nor a quoted name"},
      {".a[-0]", "an index that cannot be"},
      {".a[99999999999999999999]", "an index that cannot be"},
      {".a[1", "\"]\" is missing"},
      {".a[1.5]", "\"]\" is missing"},
      {".a]", "neither a dot nor a bracket"},
      {"[\"a]", "does not end"},
      {"[\"\\x\"]", "does not end"},
      {"[\"\xff\"]", "does not end"},
      {".a\"b\"", "neither a dot nor a bracket"},
      {".'a'", "a name is missing"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char error[PICK_ROOM] = "";
    if (pick_new(cases[i][0], error)) fail_msg("\"%s\" was taken", cases[i][0]);
    if (!strstr(error, cases[i][1])) fail_msg("\"%s\": %s", cases[i][0], error);
  }
}

static void any_text_is_read_or_refused(void **unused) {
  (void)unused;
  static const char letters[] = ".[]\"\\-0129ae_ \n\xc3\xa9u";
  uint64_t seed = 4;
  for (int i = 0; i < 200000; i++) {
    char path[24], error[PICK_ROOM];
    size_t n = (size_t)test_below(&seed, sizeof path);
    for (size_t j = 0; j < n; j++) path[j] = letters[test_below(&seed, sizeof letters - 1)];
    path[n] = 0;
    struct pick *p = pick_new(path, error);
    if (!p) continue;
    json_t *value = pick_get(p, root);
    if (value) assert_true(json_typeof(value) <= JSON_NULL);
    assert_true(strlen(pick_name(p)) > 0);
    pick_free(p);
  }
}

static void long_paths_are_paths(void **unused) {
  (void)unused;
  enum { STEPS = 10000 };
  char *path = malloc(STEPS * 2 + 1), error[PICK_ROOM];
  for (size_t i = 0; i < STEPS; i++) memcpy(path + 2 * i, ".a", 3);
  struct pick *p = pick_new(path, error);
  assert_non_null(p);
  assert_null(pick_get(p, root));
  pick_free(p);
  free(path);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_and_elements_are_found),
      cmocka_unit_test(a_dot_is_the_whole_document),
      cmocka_unit_test(quoted_names_may_be_any_string),
      cmocka_unit_test(places_that_do_not_exist_are_absent),
      cmocka_unit_test(names_for_columns),
      cmocka_unit_test(what_is_no_path_is_refused_with_the_place),
      cmocka_unit_test(any_text_is_read_or_refused),
      cmocka_unit_test(long_paths_are_paths),
  };
  return cmocka_run_group_tests(tests, load, unload);
}
