/* SPDX-License-Identifier: MIT
 *
 * Made-up and damaged lists against what must hold of any: the rows do not depend on how the bytes
 * arrive, nothing is lost, and what was written comes back. NDJSON is judged by another reader,
 * jansson. */
#include "items.h"
#include "items/json_object.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t seed = 7;

static size_t damage(char *data, size_t size) {
  static const char bytes[] = "\"\"\n\n\r,\t\\{}[]:# 0.eE-nut\x00\x80\xc3\xa9\xef\xbb\xbf";
  for (uint64_t k = 1 + test_below(&seed, 4); k > 0 && size > 1; k--) {
    size_t at = test_below(&seed, size);
    char c = bytes[test_below(&seed, sizeof bytes - 1)];
    if (test_below(&seed, 3) == 0)
      memmove(data + at, data + at + 1, --size - at);
    else
      data[at] = c;
    if (test_below(&seed, 30) == 0) size = at + 1;
  }
  return size;
}

static void rows_do_not_depend_on_how_bytes_arrive(void **unused) {
  (void)unused;
  static const char *const lists[] = {
      "\xef\xbb\xbf# c\n a b\r\n\n#t\n{x\n",
      "{\"a\":\"x\\u00e9\\ud83d\\ude00\",\"n\":[1,{\"k\":null}]}\n\"s\"\n{\"b\":-1.5e3}\n",
      "\xef\xbb\xbf\"a\",b\n\"x\"\"\ny\",1\n\n2,\"\"\n\"q,\n,\n3,4\r\n",
      "a\tb\n1\\t\t2\n\n3\t4\n",
  };
  for (int round = 0; round < 4000; round++) {
    size_t which = test_below(&seed, 4);
    enum item_format format =
        (enum item_format)(test_below(&seed, 3) ? (int)which + 1 : (int)test_below(&seed, 5));
    bool zero = test_below(&seed, 10) == 0;
    char data[200];
    size_t size = strlen(lists[which]);
    memcpy(data, lists[which], size);
    size = damage(data, size);
    char *want = rows_of_data(data, size, format, zero, 0);
    char *got = rows_of_data(data, size, format, zero, 1 + test_below(&seed, 5));
    assert_string_equal(got, want);
    free(want);
    free(got);
  }
}

/* Every line with something in it is a row, whatever else the line may be. */
static void no_line_is_lost(void **unused) {
  (void)unused;
  for (int round = 0; round < 2000; round++) {
    char data[400];
    size_t size = 0, wanted = 0, rows = 0;
    while (size < 300) {
      size_t from = size, n = test_below(&seed, 8);
      for (size_t i = 0; i < n; i++) data[size++] = "ab#{\" \r\xff"[test_below(&seed, 8)];
      data[size++] = '\n';
      size_t a = from, b = size - 1;
      while (a < b && data[a] == ' ') a++;
      while (b > a && (data[b - 1] == ' ' || data[b - 1] == '\r')) b--;
      wanted += b > a && !(data[a] == '#' && (b == a + 1 || data[a + 1] == ' '));
    }
    enum item_format format = test_below(&seed, 2) ? ITEM_AUTO : ITEM_NDJSON;
    char *text = rows_of_data(data, size, format, false, 0);
    for (char *at = text; (at = strchr(at, '\n')); at++) rows++;
    assert_int_equal(rows, wanted);
    free(text);
  }
}

/* -- CSV -------------------------------------------------------------------------------------- */

static size_t made_up_field(char *out) {
  size_t n = test_below(&seed, 6);
  for (size_t i = 0; i < n; i++) out[i] = "ab,\"\n\r \t\\\xc3"[test_below(&seed, 10)];
  out[n] = 0;
  return n;
}

static void put_csv(FILE *to, const char *field) {
  bool quoted = strpbrk(field, ",\"\n\r") || *field == 0 || test_below(&seed, 4) == 0;
  if (quoted) putc('"', to);
  for (; *field; field++) {
    if (*field == '"') putc('"', to);
    putc(*field, to);
  }
  if (quoted) putc('"', to);
}

static void put_tsv(FILE *to, const char *field) {
  for (; *field; field++) {
    const char *at = strchr("\t\n\r\\", *field);
    if (at)
      fprintf(to, "\\%c", "tnr\\"[at - "\t\n\r\\"]);
    else
      putc(*field, to);
  }
}

static void what_was_written_comes_back(void **unused) {
  (void)unused;
  static char fields[300][8];
  for (int round = 0; round < 200; round++) {
    bool tabs = round % 2;
    const char *path = in_folder(tabs ? "back.tsv" : "back.csv");
    FILE *to = fopen(path, "wb");
    assert_non_null(to);
    fputs(tabs ? "x\ty\tz\n" : "x,y,z\r\n", to);
    for (size_t i = 0; i < 300; i++) {
      made_up_field(fields[i]);
      (tabs ? put_tsv : put_csv)(to, fields[i]);
      fputs(i % 3 < 2 ? (tabs ? "\t" : ",") : (round % 4 < 2 ? "\n" : "\r\n"), to);
    }
    fclose(to);
    struct item_list list;
    struct item_row *row;
    char message[ITEM_MESSAGE] = "";
    item_list_begin(&list, NULL, 0, &path, 1, ITEM_AUTO, false);
    for (size_t i = 0; i < 300; i += 3) {
      assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
      assert_int_equal(row->count, 3);
      for (size_t k = 0; k < 3; k++) assert_string_equal(row->values[k], fields[i + k]);
      item_row_free(row);
    }
    assert_int_equal(item_list_next(&list, &row, message), ITEM_END);
    item_list_end(&list);
  }
}

/* -- NDJSON ----------------------------------------------------------------------------------- */

/* Where jansson is known to see it otherwise: it wants numbers that fit, and looks for names given
 * twice inside nested objects, too, and for a null's. */
static bool is_difference(const json_error_t *error) {
  enum json_error_code code = json_error_code(error);
  return code == json_error_numeric_overflow || code == json_error_duplicate_key;
}

static bool has_blanks(const char *json) {
  bool inside = false;
  for (; *json; json++) {
    if (!inside && strchr(" \t\n\r", *json)) return true;
    if (*json == '"') inside = !inside;
    if (*json == '\\') json++;
  }
  return false;
}

static void compare(const char *line, size_t size) {
  struct item_maker m = {0};
  json_error_t error;
  const char *cause = "", *key;
  size_t column;
  json_t *member, *want = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
  bool fine = json_object_read(&m, line, size, &cause, &column) == JSON_FINE;
  if (!want && is_difference(&error)) {
    maker_fini(&m);
    return;
  }
  if (fine != json_is_object(want))
    fail_msg("%.*s: %s, and jansson: %s", (int)size, line, cause, want ? "fine" : error.text);
  size_t members = 0;
  json_object_foreach(want, key, member) {
    const char *got = maker_find(&m, key);
    members += !json_is_null(member);
    if (json_is_null(member)) {
      assert_null(got);
      continue;
    }
    assert_non_null(got);
    if (json_is_string(member)) {
      assert_string_equal(got, json_string_value(member));
      continue;
    }
    json_t *again = json_loads(got, JSON_DECODE_ANY, &error);
    assert_true(json_equal(again, member));
    assert_false(has_blanks(got));
    json_decref(again);
  }
  if (fine) assert_int_equal(m.count, members);
  json_decref(want);
  maker_fini(&m);
}

static void another_reader_finds_the_same_members(void **unused) {
  (void)unused;
  static const char *const lines[] = {
      "{\"a\":\"x\\u00e9\\ud83d\\ude00\\n\",\"n\":[1,2.50,{\"k\":null}],\"b\":true}",
      "{\"\\u0061b\" : \"\xc3\xa9\", \"c\": -0.5e+3 , \"d\":{ },\"e\":[ ],\"f\":null}",
      "{\"long name\":[[[]],[{\"x\":[false]}]],\"g\":0,\"h\":\"\\\"\\\\\\/\\b\\f\\r\\t\"}",
  };
  for (int round = 0; round < 60000; round++) {
    char line[200], *copy;
    const char *from = lines[test_below(&seed, 3)];
    size_t size = strlen(from);
    memcpy(line, from, size);
    if (round > 2) size = damage(line, size);
    if (memchr(line, 0, size)) continue; /* jansson passes over some */
    if (*line != '{') *line = '{';       /* a lone string is an item, too; an array is none */
    copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, line, size); /* exactly as long as it is, for a sanitizer to see */
    compare(copy, size);
    free(copy);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_do_not_depend_on_how_bytes_arrive),
      cmocka_unit_test(no_line_is_lost),
      cmocka_unit_test(what_was_written_comes_back),
      cmocka_unit_test(another_reader_finds_the_same_members),
  };
  return cmocka_run_group_tests_name("items: damaged", tests, folder_make, folder_remove);
}
