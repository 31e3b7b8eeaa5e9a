/* SPDX-License-Identifier: MIT */
#include "decimal.h"
#include "number.h"
#include "test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct text text_of(const char *s) {
  return (struct text){s, strlen(s)};
}

static uint64_t bits(double d) {
  uint64_t b;
  memcpy(&b, &d, sizeof b);
  return b;
}

/* The reference must not depend on the locale that a test has set. */
static locale_t c_locale;
static double reference(const char *s) {
  if (!c_locale) c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
  return strtod_l(s, NULL, c_locale);
}

static void must_agree(const char *s) {
  double got;
  if (!decimal_parse(text_of(s), &got)) fail_msg("\"%s\" was not read", s);
  if (bits(got) != bits(reference(s)))
    fail_msg("\"%s\": %.17g instead of %.17g", s, got, reference(s));
}

static void edge_cases_are_read_as_strtod_reads_them(void **unused) {
  (void)unused;
  static const char *const cases[] = {"0",
                                      "-0",
                                      "0.0",
                                      "1",
                                      "1.",
                                      ".5",
                                      "+3",
                                      "-7.25",
                                      "00012.50",
                                      "123456789012345678",
                                      "9007199254740991",
                                      "9007199254740992",
                                      "9007199254740993",
                                      "9007199254740993.0",
                                      "9007199254740992.5",
                                      "0.1",
                                      "0.3",
                                      "2.2250738585072014e-308",
                                      "4.9e-324",
                                      "2.4e-324",
                                      "1.7976931348623157e308",
                                      "1.7976931348623159e308",
                                      "1e400",
                                      "-1e400",
                                      "1e-400",
                                      "1e22",
                                      "1e23",
                                      "8.5e22",
                                      "123456789.123456789123456789",
                                      "0.000000000000000000000000001",
                                      "1e-27",
                                      "3e-28",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "9223372036854775807.5",
                                      "1e0005",
                                      "1E+2",
                                      "179769313486231580793e289",
                                      "100.99342830602247",
                                      "5e-324",
                                      "0.500000000000000166533453693773",
                                      "3.5844466002796428e+298",
                                      "7.3177701707893310e+15",
                                      "1448997445238699",
                                      "0.99999999999999999",
                                      "6929495644600919.5",
                                      "6929495644600920.5",
                                      "45035996273704985",
                                      "45035996273704975.0000000"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) must_agree(cases[i]);
  char zeros[700] = "0.";
  memset(zeros + 2, '0', 400);
  strcpy(zeros + 402, "123e400");
  must_agree(zeros);
  memset(zeros, '9', 650);
  zeros[650] = 0;
  must_agree(zeros);
}

static void random_decimals_are_read_as_strtod_reads_them(void **unused) {
  (void)unused;
  uint64_t seed = 1;
  char s[64];
  for (int i = 0; i < 400000; i++) {
    unsigned whole = (unsigned)test_below(&seed, 11), part = (unsigned)test_below(&seed, 18);
    size_t n = 0;
    if (test_below(&seed, 4) == 0) s[n++] = '-';
    for (unsigned k = 0; k <= whole; k++) s[n++] = (char)('0' + test_below(&seed, 10));
    if (part) s[n++] = '.';
    for (unsigned k = 0; k < part; k++) s[n++] = (char)('0' + test_below(&seed, 10));
    s[n] = 0;
    if (test_below(&seed, 8) == 0)
      snprintf(s + n, sizeof s - n, "e%d", (int)test_below(&seed, 640) - 330);
    must_agree(s);
  }
}

static void printed_doubles_read_back_the_same(void **unused) {
  (void)unused;
  uint64_t seed = 2;
  char s[64];
  for (int i = 0; i < 400000; i++) {
    uint64_t b = test_random(&seed);
    double d, price = (double)(b >> 11) * 0x1p-53 * 1000;
    memcpy(&d, &b, sizeof d);
    if (i % 2 == 0) d = price;
    if (!isfinite(d)) continue;
    snprintf(s, sizeof s, "%.*g", i % 3 == 0 ? 16 : 17, d);
    must_agree(s);
  }
}

/* Decimals that lie exactly between two doubles: the even one is right. */
static void ties_go_to_even(void **unused) {
  (void)unused;
  uint64_t seed = 3;
  char s[80];
  for (int i = 0; i < 100000; i++) {
    uint64_t odd = ((test_random(&seed) >> 10) | (1ULL << 53)) | 1; /* 54 bits: one too many */
    int places = (int)test_below(&seed, 10);
    /* odd / 2^places, written out in full: 5^places * odd behind the point. */
    uint64_t whole = odd >> places, rest = odd & ((1ULL << places) - 1), scale = 1;
    for (int k = 0; k < places; k++) scale *= 5;
    snprintf(s, sizeof s, "%llu.%0*llu", (unsigned long long)whole, places > 0 ? places : 1,
             (unsigned long long)(rest * scale));
    must_agree(s);
  }
}

static void what_is_no_decimal_is_refused(void **unused) {
  (void)unused;
  static const char *const cases[] = {"",     "-",   "+",   ".",     "e5",   "1e",   "1e+",
                                      "0x10", "1,5", "1 2", "1.2.3", "--1",  "1e5.", "nan",
                                      "inf",  "1f",  " 1",  "1 ",    "1_000"};
  double d;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    if (decimal_parse(text_of(cases[i]), &d)) fail_msg("\"%s\" was read", cases[i]);
}

struct example {
  const char *text;
  char decimal;
  bool suffixes;
  enum number_kind kind;
  double value;
};

static void fields_are_understood(void **unused) {
  (void)unused;
  static const struct example examples[] = {
      {"249.12", '.', false, NUMBER_FINE, 249.12},
      {" 249.12 ", '.', false, NUMBER_FINE, 249.12},
      {"$249.12", '.', false, NUMBER_FINE, 249.12},
      {"-$1.50", '.', false, NUMBER_FINE, -1.5},
      {"249,12 \xe2\x82\xac", ',', false, NUMBER_FINE, 249.12},
      {"\xc2\xa3"
       "12",
       '.', false, NUMBER_FINE, 12},
      {"1,234.50", '.', false, NUMBER_FINE, 1234.5},
      {"12,34,567.89", '.', false, NUMBER_FINE, 1234567.89},
      {"1.234.567,5", ',', false, NUMBER_FINE, 1234567.5},
      {"1 234,5", ',', false, NUMBER_FINE, 1234.5},
      {"1\xc2\xa0"
       "234,5",
       ',', false, NUMBER_FINE, 1234.5},
      {"1\xe2\x80\xaf"
       "234,5",
       ',', false, NUMBER_FINE, 1234.5},
      {"1'234.5", '.', false, NUMBER_FINE, 1234.5},
      {"1,5", ',', false, NUMBER_FINE, 1.5},
      {",5", ',', false, NUMBER_FINE, 0.5},
      {"1,5e3", ',', false, NUMBER_FINE, 1500},
      {"12.34M", '.', true, NUMBER_FINE, 12340000},
      {"12,34M", ',', true, NUMBER_FINE, 12340000},
      {"1.1K", '.', true, NUMBER_FINE, 1100},
      {"2B", '.', true, NUMBER_FINE, 2e9},
      {"3.5 T", '.', true, NUMBER_FINE, 3.5e12},
      {"12.34M", '.', false, NUMBER_BAD, 0},
      {"1,2345", '.', false, NUMBER_BAD, 0},
      {"12,34.5", '.', false, NUMBER_BAD, 0},
      {"1,,234", '.', false, NUMBER_BAD, 0},
      {",123", '.', false, NUMBER_BAD, 0},
      {"12.50", ',', false, NUMBER_BAD, 0},
      {"1.234", ',', false, NUMBER_FINE, 1234},
      {"1,234,", '.', false, NUMBER_BAD, 0},
      {"abc", '.', false, NUMBER_BAD, 0},
      {"$", '.', false, NUMBER_BAD, 0},
      {"M", '.', true, NUMBER_BAD, 0},
      {"0x1p3", '.', false, NUMBER_BAD, 0},
      {"12-13", '.', false, NUMBER_BAD, 0},
      {"", '.', false, NUMBER_MISSING, 0},
      {"  ", '.', false, NUMBER_MISSING, 0},
      {"null", '.', false, NUMBER_MISSING, 0},
      {"NULL", ',', false, NUMBER_MISSING, 0},
      {"N/A", '.', false, NUMBER_MISSING, 0},
      {"NaN", '.', false, NUMBER_MISSING, 0},
      {"inf", '.', false, NUMBER_MISSING, 0},
      {"-inf", '.', false, NUMBER_MISSING, 0},
      {"Infinity", '.', false, NUMBER_MISSING, 0},
      {"-", '.', true, NUMBER_MISSING, 0},
      {"1e999", '.', false, NUMBER_MISSING, 0},
  };
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    const struct example *e = &examples[i];
    double d = 0;
    enum number_kind kind = number_parse(text_of(e->text), e->decimal, e->suffixes, &d);
    if (kind != e->kind) fail_msg("\"%s\" (%c): kind %d", e->text, e->decimal, kind);
    if (kind == NUMBER_FINE && d != e->value) fail_msg("\"%s\": %.17g", e->text, d);
  }
}

static void separators_tell_the_decimal_sign(void **unused) {
  (void)unused;
  assert_int_equal(number_decimal_evidence(text_of("1.234,56")), ',');
  assert_int_equal(number_decimal_evidence(text_of("1,234.56")), '.');
  assert_int_equal(number_decimal_evidence(text_of("12,5")), ',');
  assert_int_equal(number_decimal_evidence(text_of("12.5")), '.');
  assert_int_equal(number_decimal_evidence(text_of("1.234.567")), ',');
  assert_int_equal(number_decimal_evidence(text_of("1,234")), 0);
  assert_int_equal(number_decimal_evidence(text_of("1.234")), 0);
  assert_int_equal(number_decimal_evidence(text_of("1234")), 0);
}

/* Debian has no locale with a decimal comma: one is compiled into a folder of its own. */
static void a_comma_locale_changes_nothing(void **unused) {
  (void)unused;
  char folder[] = "/tmp/meantime-locale-XXXXXX", command[300];
  if (!mkdtemp(folder)) fail_msg("no temporary folder");
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1",
           folder);
  bool made = system(command) <= 256; /* status 1: warnings */
  setenv("LOCPATH", folder, 1);
  bool set = made && setlocale(LC_ALL, "de_DE.UTF-8");
  double d = 0;
  bool comma = set && strtod("1,5", NULL) == 1.5;
  bool fine = decimal_parse(text_of("1.5"), &d) && d == 1.5 &&
              decimal_parse(text_of("1.00000000000000000000001e300"), &d) && d == 1e300 &&
              !decimal_parse(text_of("1,00000000000000000000001e300"), &d);
  setlocale(LC_ALL, "C");
  snprintf(command, sizeof command, "rm -rf %s", folder);
  if (system(command) != 0) print_message("%s is left over\n", folder);
  assert_true(fine);
  if (!comma) {
    print_message("no comma locale: localedef or its sources are not installed\n");
    skip();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(edge_cases_are_read_as_strtod_reads_them),
      cmocka_unit_test(random_decimals_are_read_as_strtod_reads_them),
      cmocka_unit_test(printed_doubles_read_back_the_same),
      cmocka_unit_test(ties_go_to_even),
      cmocka_unit_test(what_is_no_decimal_is_refused),
      cmocka_unit_test(fields_are_understood),
      cmocka_unit_test(separators_tell_the_decimal_sign),
      cmocka_unit_test(a_comma_locale_changes_nothing),
  };
  return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
