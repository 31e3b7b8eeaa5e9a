/* SPDX-License-Identifier: MIT
 *
 * NDJSON, CSV and TSV: small lists, and what is wrong with some. Each is read from a file and
 * through pipes that give a byte at a time, or a few: the rows must be the same. */
#include "items.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- NDJSON ----------------------------------------------------------------------------------- */

static void members_are_columns(void **unused) {
  (void)unused;
  must_give(ITEM_AUTO, "\n# c\n {\"s\":\"A\",\"n\":1.10,\"big\":12345678901234567890}\n{}\n",
            "3 [{\"s\":\"A\",\"n\":1.10,\"big\":12345678901234567890}] "
            "s=A|n=1.10|big=12345678901234567890\n4 [{}]\n");
  must_give(ITEM_NDJSON, "{\"t\":true,\"f\":false,\"z\":null,\"e\":-1E+2}\r\n",
            "1 [{\"t\":true,\"f\":false,\"z\":null,\"e\":-1E+2}] t=true|f=false|e=-1E+2\n");
  must_give(ITEM_NDJSON, "{ \"o\" : { \"k\" : [ 1 , \"a b\" , { } , [ ] ] } , \"p\" : 2 }",
            "1 [{ \"o\" : { \"k\" : [ 1 , \"a b\" , { } , [ ] ] } , \"p\" : 2 }] "
            "o={\"k\":[1,\"a b\",{},[]]}|p=2\n");
}

static void strings_are_what_they_mean(void **unused) {
  (void)unused;
  must_give(ITEM_NDJSON, "{\"\\u0061\\n\":\"\\\"\\\\\\/\\t\\u00e9\\u20AC\\ud83d\\ude00 \xc3\xa9\"}",
            "1 [{\"\\u0061\\n\":\"\\\"\\\\\\/\\t\\u00e9\\u20AC\\ud83d\\ude00 \xc3\xa9\"}] "
            "a\n=\"\\/\\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 \xc3\xa9\n");
  must_give(ITEM_NDJSON, "[\"x\\u00e9\"]\n\"lone \\u0041\"\n",
            "1 [[\"x\\u00e9\"]] ! not a line of NDJSON: an array: one object a line is wanted, as "
            "`jq -c '.[]'` makes of it (byte 1 of the line)\n"
            "2 [\"lone \\u0041\"] item=lone A\n");
}

static void broken_ndjson_names_byte_and_cause(void **unused) {
  (void)unused;
  static const struct {
    const char *line, *cause;
    int byte;
  } cases[] = {
      {"{", "a member's name in double quotes is missing", 2},
      {"{\"a\"}", "a colon is missing", 5},
      {"{\"a\":}", "no value: strings need double quotes", 6},
      {"{\"a\":'x'}", "no value: strings need double quotes", 6},
      {"{\"a\":nul}", "no value: strings need double quotes", 6},
      {"{\"a\":1", "the text ends too early", 7},
      {"{\"a\":", "the text ends where a value should be", 6},
      {"{\"a\":1,}", "a member's name in double quotes is missing", 8},
      {"{\"a\":1 \"b\":2}", "a comma or } is missing", 8},
      {"{\"a\":[1 2]}", "a comma or ] is missing", 9},
      {"{\"a\":01}", "a number that begins with 0", 7},
      {"{\"a\":1.}", "a number without digits", 8},
      {"{\"a\":-}", "a number without digits", 7},
      {"{\"a\":1e}", "a number without digits", 8},
      {"{\"a\":\"x", "the text ends inside a string", 8},
      {"{\"a\":\"\tx\"}", "a control character inside a string", 7},
      {"{\"a\":\"\xff\"}", "bytes that are no UTF-8", 7},
      {"{\"a\":\"\\x\"}", "a backslash that begins no escape", 8},
      {"{\"a\":\"\\u12g4\"}", "\\u needs four hexadecimal digits", 11},
      {"{\"a\":\"\\u0000\"}", "\\u0000 cannot be part of an item", 7},
      {"{\"a\":\"\\udc00\"}", "half of a surrogate pair", 7},
      {"{\"a\":\"\\ud800\\u0041\"}", "half of a surrogate pair", 7},
      {"{\"a\":[\"\\ud800\"]}", "half of a surrogate pair", 8},
      {"{\"a\":1,\"\\u0061\":2}", "a name that the object has already", 8},
      {"{} {}", "something follows the end of the object", 4},
      {"17", "no JSON object", 1},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *data, *rows, shown[100] = "";
    for (const char *c = cases[i].line; *c; c++)
      snprintf(shown + strlen(shown), 10, *c == '\t' ? "\\t" : "%c", *c);
    assert_true(asprintf(&data, "{\"a\":1}\n%s\n{\"a\":2}\n", cases[i].line) > 0);
    assert_true(asprintf(&rows,
                         "1 [{\"a\":1}] a=1\n2 [%s] ! not a line of NDJSON: %s (byte %d of the "
                         "line)\n3 [{\"a\":2}] a=2\n",
                         shown, cases[i].cause, cases[i].byte) > 0);
    must_give(ITEM_NDJSON, data, rows);
    free(data);
    free(rows);
  }
}

static void nesting_and_members_have_a_limit(void **unused) {
  (void)unused;
  char data[32000];
  for (int depth = 200; depth <= 201; depth++) {
    size_t n = (size_t)snprintf(data, sizeof data, "{\"a\":");
    memset(data + n, '[', (size_t)depth);
    memset(data + n + depth, ']', (size_t)depth);
    n += 2 * (size_t)depth;
    data[n++] = '}';
    char *rows = rows_of_data(data, n, ITEM_NDJSON, false, 0);
    assert_int_equal(strstr(rows, "! not a line of NDJSON: nested more than 200 deep") != NULL,
                     depth > 200);
    free(rows);
  }
  for (int members = ITEM_COLUMNS; members <= ITEM_COLUMNS + 1; members++) {
    size_t n = 0;
    for (int i = 0; i < members; i++)
      n += (size_t)snprintf(data + n, sizeof data - n, "%c\"%d\":%d", i ? ',' : '{', i, i);
    data[n++] = '}';
    char *rows = rows_of_data(data, n, ITEM_NDJSON, false, 0);
    assert_int_equal(strstr(rows, "more than 1024 members") != NULL, members > ITEM_COLUMNS);
    free(rows);
  }
}

/* -- CSV and TSV ------------------------------------------------------------------------------ */

static void csv_is_rfc_4180(void **unused) {
  (void)unused;
  must_give(ITEM_CSV, "a,b\n1,2\n\n3,\n", "2 [1,2] a=1|b=2\n4 [3,] a=3|b=\n");
  must_give(ITEM_CSV, "\xef\xbb\xbf\"a\", b \r\n1, 2 \r\n", "2 [1, 2 ] a=1|b= 2 \n");
  must_give(ITEM_CSV, "a,b\n\"x \"\"y\"\"\",\"l1\r\nl2\"\n\"\",\"\"\"\"\nz,z",
            "2 [\"x \"\"y\"\"\",\"l1\\r\\nl2\"] a=x \"y\"|b=l1\\r\\nl2\n4 [\"\",\"\"\"\"] a=|b=\"\n"
            "5 [z,z] a=z|b=z\n");
  must_give(ITEM_CSV, "a,b\nx\"y,5\" z\n", "2 [x\"y,5\" z] a=x\"y|b=5\" z\n");
  must_give(ITEM_CSV, "\"two\nlines\",b\n1,2\n", "3 [1,2] two\nlines=1|b=2\n");
  must_give(ITEM_CSV, "one\nx\ny", "2 [x] one=x\n3 [y] one=y\n");
  must_give(ITEM_CSV, "", "");
  must_give(ITEM_CSV, "a,b", "");
}

static void a_broken_row_is_a_problem_and_the_next_is_not(void **unused) {
  (void)unused;
  must_give(ITEM_CSV, "a,b\n1\n1,2,3\n4,5\n",
            "2 [1] ! it has 1 field, and the header 2: check its commas and quotes\n"
            "3 [1,2,3] ! it has 3 fields, and the header 2: check its commas and quotes\n"
            "4 [4,5] a=4|b=5\n");
  must_give(ITEM_CSV, "a,b\n\"x\"y,1\n2,3\n",
            "2 [\"x\"y,1] ! something follows a closing quote; a quote inside a quoted field is "
            "written twice\n3 [2,3] a=2|b=3\n");
  must_give(ITEM_CSV, "a,b\n1,\"x\n2,3\n4,5",
            "2 [1,\"x] part ! a quote is not closed; a quote inside a quoted field is written "
            "twice\n3 [2,3] a=2|b=3\n4 [4,5] a=4|b=5\n");
  must_give(ITEM_CSV, "a,b\n1,\"x",
            "2 [1,\"x] part ! a quote is not closed; a quote inside a quoted field is written "
            "twice\n");
  must_give_bytes(ITEM_CSV, false, "a\n1\0\n2\n", 7,
                  "2 [1\\0] ! a NUL byte: this is no text\n3 [2] a=2\n");
}

static void a_header_that_names_nothing_ends_its_file(void **unused) {
  (void)unused;
  must_give(ITEM_CSV, "a,,c\n1,2,3\n",
            "1 [-] part ! column 2 has no name: the first line must name each\n");
  must_give(ITEM_CSV, "a,b, a\n1,2,3\n",
            "1 [-] part ! columns 1 and 3 are both named \"a\": rename one\n");
  must_give(ITEM_TSV, "a\ta\n1\t2\n",
            "1 [-] part ! columns 1 and 2 are both named \"a\": rename one\n");
  must_give(ITEM_CSV, "\"a,b\n1,2\n",
            "1 [-] part ! a quote is not closed; a quote inside a quoted field is written twice\n");
  must_give(ITEM_CSV, "\"a\"b\n1\n",
            "1 [-] part ! the header: something follows a closing quote; a quote inside a quoted "
            "field is written twice\n");
}

static void tsv_has_escapes_and_no_quotes(void **unused) {
  (void)unused;
  must_give(ITEM_TSV, "a\tb\r\n\"x\t\\t\\n\\r\\\\\\q\\\r\n\t\n1\n",
            "2 [\"x\\t\\t\\n\\r\\\\\\q\\] a=\"x|b=\\t\\n\\r\\\\q\\\n3 [\\t] a=|b=\n"
            "4 [1] ! it has 1 field, and the header 2: check its tabs\n");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(members_are_columns),
      cmocka_unit_test(strings_are_what_they_mean),
      cmocka_unit_test(broken_ndjson_names_byte_and_cause),
      cmocka_unit_test(nesting_and_members_have_a_limit),
      cmocka_unit_test(csv_is_rfc_4180),
      cmocka_unit_test(a_broken_row_is_a_problem_and_the_next_is_not),
      cmocka_unit_test(a_header_that_names_nothing_ends_its_file),
      cmocka_unit_test(tsv_has_escapes_and_no_quotes),
  };
  return cmocka_run_group_tests_name("items: formats", tests, NULL, NULL);
}
