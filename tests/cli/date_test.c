/* SPDX-License-Identifier: MIT */
#include "date.h"
#include "test.h"

#include <string.h>
#include <time.h>

static struct text text_of(const char *s) {
  return (struct text){s, strlen(s)};
}

/* Against the C library's calendar, day by day. */
static void days_agree_with_timegm(void **unused) {
  (void)unused;
  int64_t first = date_days(1, 1, 1), last = date_days(9999, 12, 31);
  for (int64_t day = first; day <= last; day++) {
    int y, m, d;
    date_civil(day, &y, &m, &d);
    if (!date_is_valid(y, m, d) || date_days(y, m, d) != day)
      fail_msg("day %lld is %d-%d-%d", (long long)day, y, m, d);
    if (day % 17 != 0) continue;
    struct tm tm = {.tm_year = y - 1900, .tm_mon = m - 1, .tm_mday = d};
    if (timegm(&tm) != day * 86400) fail_msg("timegm has %d-%d-%d elsewhere", y, m, d);
  }
}

struct example {
  const char *text;
  enum date_order order;
  enum date_kind kind;
  const char *iso;
};

static void dates_are_understood(void **unused) {
  (void)unused;
  static const struct example examples[] = {
      {"2020-01-31", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {" 2020-01-31 ", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"2020-1-3", DATE_MONTH_FIRST, DATE_FINE, "2020-01-03"},
      {"2020/01/31", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"2020.01.31", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"20200131", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"20200131 093000", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31T09:30:00"},
      {"20200131093000", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31T09:30:00"},
      {"2020-Jan-31", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"2020-01", DATE_MONTH_FIRST, DATE_FINE, "2020-01-01"},
      {"2020-02-29", DATE_MONTH_FIRST, DATE_FINE, "2020-02-29"},
      {"01/31/2020", DATE_MONTH_FIRST, DATE_SETTLED, "2020-01-31"},
      {"01/31/2020", DATE_DAY_FIRST, DATE_SWAPPED, NULL},
      {"31/01/2020", DATE_DAY_FIRST, DATE_SETTLED, "2020-01-31"},
      {"31/01/2020", DATE_MONTH_FIRST, DATE_SWAPPED, NULL},
      {"01/02/2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-02"},
      {"01/02/2020", DATE_DAY_FIRST, DATE_FINE, "2020-02-01"},
      {"1/2/20", DATE_MONTH_FIRST, DATE_FINE, "2020-01-02"},
      {"1/2/70", DATE_MONTH_FIRST, DATE_FINE, "1970-01-02"},
      {"31.01.2020", DATE_DAY_FIRST, DATE_SETTLED, "2020-01-31"},
      {"31-01-2020", DATE_DAY_FIRST, DATE_SETTLED, "2020-01-31"},
      {"31-Jan-2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"31-Jan-20", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"31 January 2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"Jan 31, 2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"Jan 31,2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"Sept 3, 2020", DATE_MONTH_FIRST, DATE_FINE, "2020-09-03"},
      {"January 31 2020", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"2020-01-31T09:30:15Z", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31T09:30:15"},
      {"2020-01-31 00:00:00-05:00", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"2020-01-31 09:30:00.000+0100", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31T09:30:00"},
      {"01/31/2020 4:00 PM", DATE_MONTH_FIRST, DATE_SETTLED, "2020-01-31T16:00:00"},
      {"1580463015", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31T09:30:15"},
      {"1580428800000", DATE_MONTH_FIRST, DATE_FINE, "2020-01-31"},
      {"0001-01-01", DATE_MONTH_FIRST, DATE_FINE, "0001-01-01"},
      {"9999-12-31", DATE_MONTH_FIRST, DATE_FINE, "9999-12-31"},
      {"2019-02-29", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"1900-02-29", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-04-31", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-13-01", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-00-01", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-01-00", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"0000-01-01", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-01-31x", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-01/31", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-001-31", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-01-31 25:00", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"2020-01-31 09:60", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"13/13/2020", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"20201331", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"Foo 31, 2020", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"31-Jon-2020", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"Date", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"249.12", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"123", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"", DATE_MONTH_FIRST, DATE_BAD, NULL},
      {"null", DATE_MONTH_FIRST, DATE_BAD, NULL},
  };
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    const struct example *e = &examples[i];
    int64_t when;
    char iso[DATE_SIZE];
    enum date_kind kind = date_parse(text_of(e->text), e->order, &when);
    if (kind != e->kind) fail_msg("\"%s\": kind %d, not %d", e->text, kind, e->kind);
    if (e->iso && strcmp(date_format(when, iso), e->iso) != 0)
      fail_msg("\"%s\" became %s", e->text, iso);
  }
}

static void times_are_understood(void **unused) {
  (void)unused;
  static const struct {
    const char *text;
    int seconds; /* -1: no time */
  } examples[] = {{"00:00", 0},       {"9:30", 34200},   {"09:30:15", 34215}, {"0930", 34200},
                  {"930", 34200},     {"093015", 34215}, {"9:30 PM", 77400},  {"12:00 AM", 0},
                  {"12:15pm", 44100}, {"9 PM", 75600},   {"9Z", -1},          {"24:00", -1},
                  {"9", -1},          {"9:3", -1},       {"13:00 PM", -1},    {"", -1},
                  {"09:30:61", -1},   {"12345", -1}};
  for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
    int64_t t;
    bool fine = date_time(text_of(examples[i].text), &t);
    if (fine != (examples[i].seconds >= 0)) fail_msg("\"%s\": %d", examples[i].text, fine);
    if (fine) assert_int_equal(t, examples[i].seconds * INT64_C(1000000));
  }
}

static void moments_before_1970_are_written_right(void **unused) {
  (void)unused;
  char out[DATE_SIZE];
  assert_string_equal(date_format(-1000000, out), "1969-12-31T23:59:59");
  assert_string_equal(date_format(-DATE_DAY, out), "1969-12-31");
  assert_string_equal(date_format(0, out), "1970-01-01");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(days_agree_with_timegm),
      cmocka_unit_test(dates_are_understood),
      cmocka_unit_test(times_are_understood),
      cmocka_unit_test(moments_before_1970_are_written_right),
  };
  return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
