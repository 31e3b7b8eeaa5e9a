/* SPDX-License-Identifier: MIT
 *
 * output_test.c: rows of cells in each format, byte for byte. */
#include "test.h"

#include "../../../cli/output/output.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is printed, and the output that prints it. */
struct sheet {
  struct output output;
  char *text;
  size_t size;
  FILE *to;
};

static void begin(struct sheet *s, enum output_format format, const struct output_column *columns,
                  size_t n) {
  s->to = open_memstream(&s->text, &s->size);
  assert_non_null(s->to);
  assert_true(output_begin(&s->output, format, columns, n, true, s->to));
}

static void end(struct sheet *s) {
  assert_true(output_end(&s->output));
  fclose(s->to);
}

static void ends_as(struct sheet *s, const char *want) {
  end(s);
  assert_string_equal(s->text, want);
  free(s->text);
}

/* The whole output of one row of one cell, in `ret`'s stead the caller's to free. */
static char *single(enum output_format format, struct cell cell) {
  static const struct output_column column = {.name = "x", .places = 2};
  struct sheet s;
  begin(&s, format, &column, 1);
  assert_true(output_row(&s.output, &cell));
  end(&s);
  return s.text;
}

static void shows(enum output_format format, struct cell cell, const char *want) {
  char *text = single(format, cell);
  assert_string_equal(text, want);
  free(text);
}

static const struct output_column columns[] = {
    {.name = "name"},
    {.name = "price", .right = true, .places = 2},
    {.name = "n", .right = true},
    {.name = "note", .json_only = true},
    {.name = "why", .late = true},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void print_rows(struct sheet *s, enum output_format format) {
  static const struct cell_error error = {
      .key = "code", .word = "timeout", .message = "no answer within 5 s"};
  begin(s, format, columns, COLUMNS);
  assert_true(output_row(&s->output, (struct cell[]){cell_text("A"), cell_real(0.1), cell_count(7),
                                                     cell_text("hidden"), cell_absent()}));
  assert_true(output_row(&s->output, (struct cell[]){cell_text("B"), cell_absent(), cell_null(),
                                                     cell_absent(), cell_error(&error)}));
}

static void each_format_shows_the_same_rows(void **state) {
  (void)state;
  struct sheet s;
  print_rows(&s, OUTPUT_JSON);
  ends_as(&s, "[\n  {\"name\": \"A\", \"price\": 0.1, \"n\": 7, \"note\": \"hidden\"},\n"
              "  {\"name\": \"B\", \"n\": null, \"why\": {\"code\": \"timeout\", \"message\": \"no "
              "answer within 5 s\"}}\n]\n");
  print_rows(&s, OUTPUT_NDJSON);
  ends_as(&s, "{\"name\": \"A\", \"price\": 0.1, \"n\": 7, \"note\": \"hidden\"}\n"
              "{\"name\": \"B\", \"n\": null, \"why\": {\"code\": \"timeout\", \"message\": \"no "
              "answer within 5 s\"}}\n");
  print_rows(&s, OUTPUT_CSV);
  ends_as(&s, "name,price,n,why\nA,0.1,7,\nB,,,timeout: no answer within 5 s\n");
  print_rows(&s, OUTPUT_TSV);
  ends_as(&s, "name\tprice\tn\twhy\nA\t0.1\t7\t\nB\t\t\ttimeout: no answer within 5 s\n");
  print_rows(&s, OUTPUT_TABLE);
  ends_as(&s, "name price n why\nA     0.10 7 \nB            timeout: no answer within 5 s\n");
}

static void no_row_is_still_whole(void **state) {
  (void)state;
  static const char *const want[] = {[OUTPUT_TABLE] = "",
                                     [OUTPUT_JSON] = "[]\n",
                                     [OUTPUT_NDJSON] = "",
                                     [OUTPUT_CSV] = "name,price,n,why\n",
                                     [OUTPUT_TSV] = "name\tprice\tn\twhy\n"};
  for (enum output_format f = OUTPUT_TABLE; f <= OUTPUT_TSV; f++) {
    struct sheet s;
    begin(&s, f, columns, COLUMNS);
    ends_as(&s, want[f]);
  }
}

static void late_columns_come_last_and_only_if_needed(void **state) {
  (void)state;
  static const struct output_column late[] = {
      {.name = "a", .late = true}, {.name = "b", .late = true}, {.name = "c"}};
  struct sheet s;
  begin(&s, OUTPUT_TABLE, late, 3);
  output_row(&s.output, (struct cell[]){cell_null(), cell_json("null"), cell_text("1")});
  output_row(&s.output, (struct cell[]){cell_real(NAN), cell_text("x"), cell_text("2")});
  ends_as(&s, "c b\n1 \n2 x\n");
}

static void a_column_may_be_kept_out_of_csv(void **state) {
  (void)state;
  static const struct output_column kept[] = {{.name = "a"}, {.name = "b", .not_csv = true}};
  for (enum output_format f = OUTPUT_TABLE; f <= OUTPUT_TSV; f++) {
    struct sheet s;
    begin(&s, f, kept, 2);
    output_row(&s.output, (struct cell[]){cell_text("1"), cell_text("2")});
    end(&s);
    assert_int_equal(strchr(s.text, '2') != NULL, f != OUTPUT_CSV && f != OUTPUT_TSV);
    free(s.text);
  }
}

static void reals_read_back_the_same(void **state) {
  (void)state;
  shows(OUTPUT_NDJSON, cell_real(0.1), "{\"x\": 0.1}\n");
  shows(OUTPUT_NDJSON, cell_real(1e22), "{\"x\": 1e+22}\n");
  shows(OUTPUT_NDJSON, cell_real(5), "{\"x\": 5}\n");
  shows(OUTPUT_NDJSON, cell_real(NAN), "{\"x\": null}\n");
  shows(OUTPUT_NDJSON, cell_real(-INFINITY), "{\"x\": null}\n");
  shows(OUTPUT_CSV, cell_real(INFINITY), "x\n\n");
  uint64_t seed = 3;
  for (int i = 0; i < 20000; i++) {
    uint64_t bits = test_random(&seed);
    double d, back;
    memcpy(&d, &bits, sizeof d);
    if (!isfinite(d)) continue;
    char *text = single(OUTPUT_NDJSON, cell_real(d));
    assert_int_equal(sscanf(text, "{\"x\": %lf}", &back), 1);
    assert_memory_equal(&back, &d, sizeof d);
    free(text);
  }
}

static void tables_round(void **state) {
  (void)state;
  shows(OUTPUT_TABLE, cell_real(2.345678), "x\n2.35\n");
  shows(OUTPUT_TABLE, cell_real(-0.001), "x\n0.00\n");
  shows(OUTPUT_TABLE, cell_real(1e300), "x\n1e+300\n");
  shows(OUTPUT_TABLE, cell_count(UINT64_MAX), "x\n18446744073709551615\n");
  static const struct output_column whole = {.name = "x"}, full = {.name = "x", .places = -1};
  struct cell cell = cell_real(2.5625);
  struct sheet s;
  begin(&s, OUTPUT_TABLE, &whole, 1);
  output_row(&s.output, &cell);
  ends_as(&s, "x\n3\n");
  begin(&s, OUTPUT_TABLE, &full, 1);
  output_row(&s.output, &cell);
  ends_as(&s, "x\n2.5625\n");
}

static void delimited_texts_come_back(void **state) {
  (void)state;
  struct cell odd = cell_text("a,\"b\"\r\n\tc\\");
  shows(OUTPUT_CSV, odd, "x\n\"a,\"\"b\"\"\r\n\tc\\\"\n");
  shows(OUTPUT_TSV, odd, "x\na,\"b\"\\r\\n\\tc\\\\\n");
}

static void json_is_always_utf8(void **state) {
  (void)state;
  shows(OUTPUT_NDJSON, cell_text("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"),
        "{\"x\": \"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"}\n");
  shows(OUTPUT_NDJSON, cell_text("\xff \xc3 \xed\xa0\x80"),
        "{\"x\": \"\xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}\n");
  shows(OUTPUT_NDJSON, cell_text("\"\\\n\x1b\x7f"), "{\"x\": \"\\\"\\\\\\u000a\\u001b\\u007f\"}\n");
  shows(OUTPUT_NDJSON, cell_json("\"\xff\""), "{\"x\": \"\xef\xbf\xbd\"}\n");
  /* Names of columns come from users and from files. */
  static const struct output_column odd = {.name = "a\"\n\xff"};
  struct sheet s;
  struct cell cell = cell_count(1);
  begin(&s, OUTPUT_NDJSON, &odd, 1);
  output_row(&s.output, &cell);
  ends_as(&s, "{\"a\\\"\\u000a\xef\xbf\xbd\": 1}\n");
}

static void json_texts_stay_in_json_and_are_read_elsewhere(void **state) {
  (void)state;
  static const struct {
    const char *json, *csv;
  } cases[] = {
      {"12.50", "12.50"},
      {"true", "true"},
      {"null", ""},
      {"\"\"", ""},
      {"\"plain\"", "plain"},
      {"\"a\\/b\\\\c\"", "a/b\\c"},
      {"\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"\"\\ud83d!\"", "\xef\xbf\xbd!"},
      {"\"\\ude00\\u0000\"", "\xef\xbf\xbd\xef\xbf\xbd"},
      {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                             "A"},
      {"[1]", "[1]"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char want[200];
    snprintf(want, sizeof want, "{\"x\": %s}\n", cases[i].json);
    shows(OUTPUT_NDJSON, cell_json(cases[i].json), want);
    snprintf(want, sizeof want, "x\n%s\n", cases[i].csv);
    shows(OUTPUT_CSV, cell_json(cases[i].json), want);
  }
  shows(OUTPUT_CSV, cell_json("\"\\\"\\b\\f\\n\\r\\t\""), "x\n\"\"\"\b\f\n\r\t\"\n");
  shows(OUTPUT_CSV, cell_json("{\"a\": 1}"), "x\n\"{\"\"a\"\": 1}\"\n");
  shows(OUTPUT_NDJSON, cell_json("[1,\n\t2]"), "{\"x\": [1,  2]}\n");
  /* No JSON; what is wanted is that no byte behind it is touched. */
  static const char *const broken[] = {"\"",      "\"\\",         "\"\\u",        "\"\\u\\u\\u\\u",
                                       "\"\\ud8", "\"\\ud83d\\u", "\"\\ud83d\\ud"};
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    char *exact = strdup(broken[i]); /* so that sanitizers see its end */
    free(single(OUTPUT_CSV, cell_json(exact)));
    free(exact);
  }
}

static void errors_with_a_place_say_it(void **state) {
  (void)state;
  struct cell_error e = {"code", "bad_price", "no number", true, 4, 12};
  shows(OUTPUT_NDJSON, cell_error(&e),
        "{\"x\": {\"code\": \"bad_price\", \"message\": \"no number\", \"line\": 4, \"column\": "
        "12}}\n");
  shows(OUTPUT_CSV, cell_error(&e), "x\n\"line 4, column 12: no number\"\n");
  shows(OUTPUT_TABLE, cell_error(&e), "x\n4:12: no number\n");
  e.line = e.column = 0;
  shows(OUTPUT_NDJSON, cell_error(&e),
        "{\"x\": {\"code\": \"bad_price\", \"message\": \"no number\", \"line\": null, \"column\": "
        "null}}\n");
  shows(OUTPUT_TABLE, cell_error(&e), "x\nno number\n");
}

/* In every locale that a table may meet, no byte of a text commands the terminal. */
static void tables_do_not_command_terminals(void **state) {
  (void)state;
  static const char text[] = "a\x1b[31m\r\n\x07\x7f \xc2\x9b"
                             "5A \x9b"
                             "5A \xc3\xa9 \\x1b \xf3\xa0\x80\x81";
  static const char *const locales[] = {"C", "C.UTF-8"};
  static const struct output_column odd = {.name = "n\x1b[0m"};
  for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
    setenv("LC_ALL", locales[i], 1);
    struct cell cells[] = {cell_text(text), cell_json("\"\\u001b[31m\\u009b\"")};
    for (size_t k = 0; k < 2; k++) {
      struct sheet s;
      begin(&s, OUTPUT_TABLE, &odd, 1);
      assert_true(output_row(&s.output, &cells[k]));
      end(&s);
      assert_non_null(strstr(s.text, "\\x1b[31m"));
      size_t lines = 0;
      for (const char *c = s.text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        lines += byte == '\n';
        assert_false((byte < 0x20 && byte != '\n') || byte == 0x7f);
        assert_false(byte >= 0x80 && byte < 0xa0 && (c == s.text || (unsigned char)c[-1] == 0xc2));
      }
      assert_int_equal(lines, 2);
      free(s.text);
    }
  }
  unsetenv("LC_ALL");
  setlocale(LC_CTYPE, "C");
}

static void a_file_that_takes_no_more_is_told(void **state) {
  (void)state;
  FILE *full = fopen("/dev/full", "w");
  if (!full) skip();
  struct output out;
  struct cell cell = cell_count(1);
  assert_true(output_begin(&out, OUTPUT_NDJSON, columns, 1, true, full));
  bool fine = true;
  for (int i = 0; i < 100000 && fine; i++) fine = output_row(&out, &cell);
  assert_false(fine);
  assert_false(output_end(&out));
  fclose(full);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_format_shows_the_same_rows),
      cmocka_unit_test(no_row_is_still_whole),
      cmocka_unit_test(late_columns_come_last_and_only_if_needed),
      cmocka_unit_test(a_column_may_be_kept_out_of_csv),
      cmocka_unit_test(reals_read_back_the_same),
      cmocka_unit_test(tables_round),
      cmocka_unit_test(delimited_texts_come_back),
      cmocka_unit_test(json_is_always_utf8),
      cmocka_unit_test(json_texts_stay_in_json_and_are_read_elsewhere),
      cmocka_unit_test(errors_with_a_place_say_it),
      cmocka_unit_test(tables_do_not_command_terminals),
      cmocka_unit_test(a_file_that_takes_no_more_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
