/* SPDX-License-Identifier: MIT
 *
 * The reader on small files written here, each a way in which price files differ or are broken; and
 * the fast path against the general reader on files that are damaged at random. */
#include "reader.h"
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct reader reader;

static int finish(void **unused) {
  (void)unused;
  reader_fini(&reader);
  return 0;
}

/* Reads from a copy that ends where the text ends, so that a sanitizer sees any look beyond it. */
static bool read_with(const char *text, size_t size, const struct reader_options *o,
                      struct reader *r, struct problem *p) {
  char *copy = malloc(size ? size : 1);
  if (!copy) fail_msg("out of memory");
  memcpy(copy, text, size);
  bool fine = reader_read(r, (struct text){copy, size}, o, p);
  free(copy);
  return fine;
}

static const struct series *only_series(const char *text, const struct reader_options *o) {
  struct problem p;
  if (!read_with(text, strlen(text), o, &reader, &p))
    fail_msg("%s at %zu:%zu: %s", problem_word(&p), p.line, p.column, p.message);
  assert_int_equal(reader.table.count, 1);
  return &reader.table.series[0];
}

/* "2020-01-02 101.5 1000|..." of a series, to compare with. */
static const char *rows_of(const struct series *s) {
  static char out[4096];
  size_t n = 0;
  out[0] = 0;
  for (size_t i = 0; i < s->count && n + 100 < sizeof out; i++) {
    char date[DATE_SIZE], volume[32] = "-";
    if (!isnan(s->volume[i])) snprintf(volume, sizeof volume, "%.10g", s->volume[i]);
    n += (size_t)snprintf(out + n, sizeof out - n, "%s%s %.10g %s", i ? "|" : "",
                          date_format(s->when[i], date), s->price[i], volume);
  }
  return out;
}

static void must_give(const char *text, const char *rows) {
  assert_string_equal(rows_of(only_series(text, NULL)), rows);
}

#define TWO "2020-01-02 101.5 1000|2020-01-03 102.25 2000"

static void the_notebooks_files_are_read(void **unused) {
  (void)unused;
  must_give("date,close,volume\n2020-01-02,101.5,1000\n2020-01-03,102.25,2000\n", TWO);
}

static void line_ends_blank_lines_and_quotes_do_not_matter(void **unused) {
  (void)unused;
  must_give("date,close,volume\r\n2020-01-02,101.5,1000\r\n2020-01-03,102.25,2000", TWO);
  must_give("date,close,volume\r2020-01-02,101.5,1000\r2020-01-03,102.25,2000\r", TWO);
  must_give("\n\ndate,close,volume\n\n2020-01-02,101.5,1000\n\n\n2020-01-03,102.25,2000\n\n", TWO);
  must_give("\"date\",\"close\",\"volume\"\n\"2020-01-02\",\"101.5\",\"1000\"\n2020-01-03,102.25,"
            "\"2000\"\n,,\n",
            TWO);
  must_give("date,note,close,volume\n2020-01-02,\"two\nlines, \"\"quoted\"\"\",101.5,1000\n"
            "2020-01-03,x,102.25,2000\n",
            TWO);
  must_give("\xef\xbb\xbf"
            "date,close,volume\n2020-01-02,101.5,1000\n2020-01-03,102.25,2000\n",
            TWO);
  must_give("\"date\" , \"close\", \"volume\"\n\"2020-01-02\" , \"101.5\" ,1000\n"
            "2020-01-03,\"102.25\"  , \"2000\" \n",
            TWO);
  must_give("date, close, volume\n2020-01-02, 101.5, 1000\n2020-01-03, 102.25, 2000\n", TWO);
}

static void delimiters_and_decimal_commas_are_recognised(void **unused) {
  (void)unused;
  must_give("date;close;volume\n2020-01-02;101.5;1000\n2020-01-03;102.25;2000\n", TWO);
  must_give("date;close;volume\n2020-01-02;101,5;1000\n2020-01-03;102,25;2000\n", TWO);
  must_give("date\tclose\tvolume\n2020-01-02\t101,5\t1.000\n2020-01-03\t102,25\t2.000\n", TWO);
  must_give("date|close|volume\n2020-01-02|101.5|1000\n2020-01-03|102.25|2000\n", TWO);
  must_give("sep=;\ndate;close;volume\n2020-01-02;101,5;1000\n2020-01-03;102,25;2000\n", TWO);
  must_give("date;close;volume\n02.01.2020;1.101,5;1.000\n03.01.2020;1.102,25;2.000\n",
            "2020-01-02 1101.5 1000|2020-01-03 1102.25 2000");
  /* Three digits after every separator: decimals, since all have it. */
  must_give("date;close\n2020-01-02;101.512\n2020-01-03;102.257\n",
            "2020-01-02 101.512 -|2020-01-03 102.257 -");
  must_give("date;close\n2020-01-02;101,512\n2020-01-03;102,257\n",
            "2020-01-02 101.512 -|2020-01-03 102.257 -");
  /* Here only some have one: thousands. */
  must_give("date;close\n2020-01-02;998\n2020-01-03;1.002\n", "2020-01-02 998 -|2020-01-03 1002 -");
  must_give("date,close\n2020-01-02,\"23,204\"\n2020-01-03,\"23,100\"\n",
            "2020-01-02 23204 -|2020-01-03 23100 -");
}

static void the_order_of_day_and_month_is_decided_by_the_whole_file(void **unused) {
  (void)unused;
  must_give("Date,Close\n01/02/2020,1\n01/03/2020,2\n", "2020-01-02 1 -|2020-01-03 2 -");
  must_give("Date,Close\n01/02/2020,1\n02/02/2020,2\n13/02/2020,3\n",
            "2020-02-01 1 -|2020-02-02 2 -|2020-02-13 3 -");
  must_give("Date,Close\n12-30-2020,1\n12-31-2020,2\n", "2020-12-30 1 -|2020-12-31 2 -");
  must_give("Date;Close\n01/02/2020;1,5\n02/02/2020;2,5\n", "2020-02-01 1.5 -|2020-02-02 2.5 -");
  struct problem p;
  const char *mixed = "Date,Close\n01/31/2020,1\n31/01/2020,2\n";
  assert_false(read_with(mixed, strlen(mixed), NULL, &reader, &p));
  assert_int_equal(p.code, PROBLEM_BAD_DATE);
  assert_int_equal(p.line, 3);
  assert_int_equal(p.column, 1);
}

static void missing_prices_drop_their_row_and_are_counted(void **unused) {
  (void)unused;
  const struct series *s = only_series(
      "date,close,volume\n2020-01-01,null,1\n2020-01-02,101.5,1000\n2020-01-04,,1\n2020-01-05,N/"
      "A,1\n"
      "2020-01-06,NaN,1\n2020-01-07,inf,1\n2020-01-08,-,1\n2020-01-09,0,1\n2020-01-10,-5,1\n"
      "2020-01-11,0.0,1\n2020-01-12,1e999,1\n2020-01-03,102.25,2000\n",
      NULL);
  assert_string_equal(rows_of(s), TWO);
  assert_int_equal(s->dropped, 10);
}

static void missing_volumes_do_not_matter(void **unused) {
  (void)unused;
  must_give("date,close,volume\n2020-01-02,1,null\n2020-01-03,2,\n2020-01-04,3\n2020-01-05,4,-\n"
            "2020-01-06,5,-1\n2020-01-07,6,12.5\n",
            "2020-01-02 1 -|2020-01-03 2 -|2020-01-04 3 -|2020-01-05 4 -|2020-01-06 5 -|2020-01-07 "
            "6 12.5");
  must_give("date,close,vol.\n2020-01-02,1,1.5M\n2020-01-03,2,2K\n",
            "2020-01-02 1 1500000|2020-01-03 2 2000");
}

static void rows_are_sorted_and_the_last_of_doubles_is_kept(void **unused) {
  (void)unused;
  must_give("date,close,volume\n2020-01-03,102.25,2000\n2020-01-02,101.5,1000\n", TWO);
  const struct series *s = only_series(
      "date,close,volume\n2020-01-03,7,7\n2020-01-02,101.5,1000\n2020-01-03,8,8\n2020-01-03,102.25,"
      "2000\n",
      NULL);
  assert_string_equal(rows_of(s), TWO);
  assert_int_equal(s->doubles, 2);
  s = only_series(
      "date,close,volume\n2020-01-02,1,1\n2020-01-02,101.5,1000\n2020-01-03,102.25,2000\n", NULL);
  assert_string_equal(rows_of(s), TWO);
  assert_int_equal(s->doubles, 1);
}

static void columns_are_found_by_many_names(void **unused) {
  (void)unused;
  static const char *const headers[] = {"Date,Close,Volume",
                                        "Datum,Schlusskurs,Volumen",
                                        "Data,Zamkniecie,Wolumen",
                                        "timestamp,close,volume",
                                        "Date,Price,Vol.",
                                        "<DATE>,<CLOSE>,<VOL>",
                                        "datetime,last,Volume BTC",
                                        "date,adjusted_close,VOLUME",
                                        "Date,Close/Last,Volume",
                                        "date,4. close,5. volume",
                                        "DATE,Adj Close**,Volume",
                                        "Date,Close (USD),Volume (shares)",
                                        ",close,volume",
                                        "Unnamed: 0,close,volume",
                                        "time,close,volume",
                                        "Trade Date,Closing Price,Shares Traded"};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    char text[200];
    snprintf(text, sizeof text, "%s\n2020-01-02,101.5,1000\n2020-01-03,102.25,2000\n", headers[i]);
    must_give(text, TWO);
  }
  must_give("Date,Close,Adj Close,Volume\n2020-01-02,9,101.5,1000\n2020-01-03,9,102.25,2000\n",
            TWO);
  assert_string_equal(reader.dialect.price_column, "Adj Close");
}

static void a_header_may_stand_below_other_lines(void **unused) {
  (void)unused;
  must_give(
      "https://example.com/data\n\ndate,close,volume\n2020-01-02,101.5,1000\n2020-01-03,102.25,"
      "2000\n",
      TWO);
  must_give("Symbol: AAPL\nExported on 2020-02-01\nDate;Close;Volume\n2020-01-02;101,5;1000\n"
            "2020-01-03;102,25;2000\n",
            TWO);
}

static void files_without_a_header_are_read_by_their_shape(void **unused) {
  (void)unused;
  must_give("2020-01-02,101.5,1000\n2020-01-03,102.25,2000\n", TWO);
  must_give("2020.01.02,00:00,1,1,1,101.5,1000\n2020.01.03,00:00,1,1,1,102.25,2000\n", TWO);
  must_give("20200102;1;1;1;101.5;1000\n20200103;1;1;1;102.25;2000\n", TWO);
}

static void a_time_column_belongs_to_the_date(void **unused) {
  (void)unused;
  must_give("<DATE>\t<TIME>\t<CLOSE>\t<TICKVOL>\t<VOL>\n2020.01.02\t09:30:00\t1\t5\t0\n"
            "2020.01.02\t10:30:00\t2\t6\t0\n",
            "2020-01-02T09:30:00 1 5|2020-01-02T10:30:00 2 6");
}

static void files_with_many_tickers_give_a_series_each(void **unused) {
  (void)unused;
  struct problem p;
  const char *text = "date,close,volume,Name\n2020-01-02,1,10,A\n2020-01-02,3,30,\"B, Inc\"\n"
                     "2020-01-03,2,20,A\n2020-01-03,4,40,\"B, Inc\"\n2020-01-04,null,1,C\n";
  assert_true(read_with(text, strlen(text), NULL, &reader, &p));
  assert_int_equal(reader.table.count, 3);
  assert_string_equal(reader.table.series[0].name, "A");
  assert_string_equal(rows_of(&reader.table.series[0]), "2020-01-02 1 10|2020-01-03 2 20");
  assert_string_equal(reader.table.series[1].name, "B, Inc");
  assert_string_equal(rows_of(&reader.table.series[1]), "2020-01-02 3 30|2020-01-03 4 40");
  assert_int_equal(reader.table.series[2].count, 0);
  assert_int_equal(reader.table.series[2].dropped, 1);
}

static void many_tickers_are_kept_apart(void **unused) {
  (void)unused;
  enum { TICKERS = 700, DAYS = 5 };
  struct problem p;
  char *text = malloc(TICKERS * DAYS * 40 + 100);
  if (!text) fail_msg("out of memory");
  size_t n = (size_t)sprintf(text, "date,symbol,close\n");
  for (int day = 1; day <= DAYS; day++)
    for (int t = 0; t < TICKERS; t++)
      n += (size_t)sprintf(text + n, "2020-01-0%d,T%d,%d.5\n", day, t, t * 10 + day);
  bool fine = read_with(text, n, NULL, &reader, &p);
  free(text);
  assert_true(fine);
  assert_int_equal(reader.table.count, TICKERS);
  for (size_t t = 0; t < TICKERS; t++) {
    const struct series *s = &reader.table.series[t];
    char name[16];
    snprintf(name, sizeof name, "T%zu", t);
    assert_string_equal(s->name, name);
    assert_int_equal(s->count, DAYS);
    for (size_t day = 0; day < DAYS; day++)
      assert_true(s->price[day] == (double)(t * 10 + day + 1) + 0.5);
  }
}

static void three_line_headers_give_a_series_a_ticker(void **unused) {
  (void)unused;
  static const char *const texts[] = {
      "Price,Close,Close,Volume,Volume\nTicker,A,B,A,B\nDate,,,,\n2020-01-02,1,3,10,30\n"
      "2020-01-03,2,4,20,40\n",
      "Ticker,A,A,B,B\nPrice,Close,Volume,Close,Volume\nDate,,,,\n2020-01-02,1,10,3,30\n"
      "2020-01-03,2,20,4,40\n",
      ",Adj Close,Adj Close,Close,Close,Volume,Volume\n,A,B,A,B,A,B\nDate,,,,,,\n"
      "2020-01-02,1,3,9,9,10,30\n2020-01-03,2,4,9,9,20,40\n"};
  struct problem p;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    if (!read_with(texts[i], strlen(texts[i]), NULL, &reader, &p)) fail_msg("%s", p.message);
    assert_int_equal(reader.table.count, 2);
    assert_string_equal(reader.table.series[0].name, "A");
    assert_string_equal(rows_of(&reader.table.series[0]), "2020-01-02 1 10|2020-01-03 2 20");
    assert_string_equal(rows_of(&reader.table.series[1]), "2020-01-02 3 30|2020-01-03 4 40");
  }
}

static void columns_can_be_named(void **unused) {
  (void)unused;
  const char *text = "Tag,Wert,Stueck,Close\n2020-01-02,101.5,1000,7\n2020-01-03,102.25,2000,8\n";
  struct reader_options o = {.wish = {"wert", "Tag", "STUECK"}};
  assert_string_equal(rows_of(only_series(text, &o)), TWO);
  assert_string_equal(reader.dialect.price_column, "Wert");
  o.wish = (struct dialect_wish){"2", "1", "3"};
  assert_string_equal(rows_of(only_series(text, &o)), TWO);
  struct problem p;
  o.wish = (struct dialect_wish){"Kurs", "Tag", NULL};
  assert_false(read_with(text, strlen(text), &o, &reader, &p));
  assert_int_equal(p.code, PROBLEM_NO_COLUMN);
  assert_non_null(strstr(p.message, "Kurs"));
}

struct broken {
  const char *text;
  size_t size; /* 0: as long as the string */
  enum problem_code code;
  size_t line, column;
};

static void broken_files_say_what_is_wrong_and_where(void **unused) {
  (void)unused;
#define HEAD "date,close,volume\n2020-01-02,101.5,1000\n"
  static const struct broken broken[] = {
      {"", 0, PROBLEM_EMPTY, 1, 1},
      {" \n\r\n\n", 0, PROBLEM_EMPTY, 1, 1},
      {"date,close\n2020-01-02,1\n\0", 25, PROBLEM_BINARY, 3, 1},
      {"\x1f\x8b\x08\x00stuff", 9, PROBLEM_BINARY, 1, 1},
      {"PK\x03\x04stuff", 9, PROBLEM_BINARY, 1, 1},
      {"\xff\xfe"
       "d\0a\0t\0e\0",
       10, PROBLEM_BINARY, 1, 1},
      {"<!DOCTYPE html><html>", 0, PROBLEM_HTML, 1, 1},
      {"\n <HTML>", 0, PROBLEM_HTML, 1, 1},
      {"{\"Information\": \"limit\"}", 0, PROBLEM_JSON, 1, 1},
      {"date,close,volume\n", 0, PROBLEM_NO_ROWS, 2, 1},
      {"date,close,volume", 0, PROBLEM_NO_ROWS, 2, 1},
      {"date,open,volume\n2020-01-02,1,2\n", 0, PROBLEM_NO_PRICE, 1, 1},
      {"name,age\nBob,7\n", 0, PROBLEM_NO_PRICE, 1, 1},
      {"hello\nworld\n", 0, PROBLEM_NO_PRICE, 1, 1},
      {"close,volume\n1,2\n", 0, PROBLEM_NO_DATE, 1, 1},
      {"2020-01-02,1,2,3,4,5,6,7\n", 0, PROBLEM_NO_HEADER, 1, 1},
      {HEAD "2020-01-03\n", 0, PROBLEM_SHORT_ROW, 3, 11},
      {HEAD "2020-01-03,\"1\"\n\nfoo\n", 0, PROBLEM_BAD_DATE, 5, 1},
      {HEAD "2020-01-03,12..5,1\n", 0, PROBLEM_BAD_PRICE, 3, 12},
      {HEAD "2020-01-03,abc,1\n", 0, PROBLEM_BAD_PRICE, 3, 12},
      {HEAD "2020-01-03,\"abc\",1\n", 0, PROBLEM_BAD_PRICE, 3, 12},
      {HEAD "2020-01-03,1,many\n", 0, PROBLEM_BAD_VOLUME, 3, 14},
      {HEAD "2020-02-30,1,1\n", 0, PROBLEM_BAD_DATE, 3, 1},
      {HEAD "2020-13-01,1,1\n", 0, PROBLEM_BAD_DATE, 3, 1},
      {HEAD ",1,1\n", 0, PROBLEM_BAD_DATE, 3, 1},
      {HEAD "2020-01-03,\"1,1\n2020-01-04,1,1\n", 0, PROBLEM_BAD_QUOTE, 3, 12},
      {"date,note,close\n2020-01-02,\"a\nb\",x\n", 0, PROBLEM_BAD_PRICE, 3, 4},
  };
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    const struct broken *b = &broken[i];
    struct problem p;
    size_t size = b->size ? b->size : strlen(b->text);
    if (read_with(b->text, size, NULL, &reader, &p)) fail_msg("case %zu was read", i);
    if (p.code != b->code || p.line != b->line || p.column != b->column)
      fail_msg("case %zu: %s at %zu:%zu: %s", i, problem_word(&p), p.line, p.column, p.message);
    assert_true(strlen(p.message) > 10);
  }
}

static void rows_of_a_million_fields_are_survived(void **unused) {
  (void)unused;
  enum { FIELDS = 1000000 };
  char *text = malloc(FIELDS + 100);
  struct problem p;
  if (!text) fail_msg("out of memory");
  memset(text, ',', FIELDS);
  strcpy(text + FIELDS, "\n2020-01-02,1\n");
  bool blank = read_with(text, strlen(text), NULL, &reader, &p);
  memset(text, 'x', 9);
  bool wrong = !read_with(text, strlen(text), NULL, &reader, &p);
  memcpy(text, "date,close,", 11);
  bool fine = read_with(text, strlen(text), NULL, &reader, &p);
  free(text);
  assert_true(blank && wrong && fine);
  assert_string_equal(rows_of(&reader.table.series[0]), "2020-01-02 1 -");
}

static bool at_once(void *unused) {
  (void)unused;
  return true;
}

static void a_reader_can_be_stopped(void **unused) {
  (void)unused;
  struct reader_options o = {.stop = at_once};
  struct problem p;
  const char *text = "date,close\n2020-01-02,1\n";
  assert_false(read_with(text, strlen(text), &o, &reader, &p));
  assert_int_equal(p.code, PROBLEM_STOPPED);
}

/* -- the fast path ---------------------------------------------------------------------------- */

static size_t put_number(char *out, uint64_t *seed) {
  static const char *const formats[] = {"%.2f",  "%.4f", "%.6f",  "%.0f",  "%.15g",
                                        "%.17g", "%.1f", "%.13f", "%.15f", "%g"};
  double d = (double)test_below(seed, 1000000) / (double)(1 + test_below(seed, 1000));
  char format[8];
  strcpy(format, formats[test_below(seed, sizeof formats / sizeof *formats)]);
  return (size_t)sprintf(out, format, d);
}

static size_t put_row(char *out, uint64_t *seed, int columns, int day, char delimiter, bool cr) {
  size_t n =
      (size_t)sprintf(out, "%04d-%02d-%02d", 1990 + day / 336, day / 28 % 12 + 1, day % 28 + 1);
  for (int c = 1; c < columns; c++) {
    out[n++] = delimiter;
    n += c == columns - 1 ? (size_t)sprintf(out + n, "%d", (int)test_below(seed, 100000000))
                          : put_number(out + n, seed);
  }
  if (cr) out[n++] = '\r';
  out[n++] = '\n';
  return n;
}

static size_t put_file(char *out, uint64_t *seed) {
  static const char *const headers[] = {"date,close,volume", "date,open,close,volume",
                                        "Date;volume;x;y;Close;z", "date,close",
                                        "Date,Open,High,Low,Close,Adj Close,Volume"};
  const char *header = headers[test_below(seed, 5)];
  int columns = 1, rows = (int)test_below(seed, 60);
  char delimiter = strchr(header, ';') ? ';' : ',';
  bool cr = test_below(seed, 3) == 0;
  for (const char *c = header; *c; c++) columns += *c == delimiter;
  size_t n = (size_t)sprintf(out, "%s%s\n", header, cr ? "\r" : "");
  for (int i = 0; i < rows; i++) n += put_row(out + n, seed, columns, i, delimiter, cr);
  return n;
}

/* Bytes that matter to a reader, put anywhere. */
static size_t damage(char *text, size_t n, uint64_t *seed) {
  static const char bytes[] = "\"\"\n\r,;.-+0123456789eE/ \tnull:$M'\x80\xff";
  for (uint64_t k = test_below(seed, 4); k > 0 && n > 0; k--) {
    size_t at = test_below(seed, n);
    char c = bytes[test_below(seed, sizeof bytes - 1)];
    switch (test_below(seed, 3)) {
    case 0:
      text[at] = c;
      break;
    case 1:
      memmove(text + at, text + at + 1, --n - at);
      break;
    default:
      memmove(text + at + 1, text + at, n++ - at), text[at] = c;
    }
  }
  return n;
}

/* Every day of some years, and days that no month has, each far enough from the file's end. */
static void the_fast_path_knows_the_calendar(void **unused) {
  (void)unused;
  static const int years[] = {1900, 2000, 2019, 2020, 2024, 2100};
  for (size_t i = 0; i < sizeof years / sizeof *years; i++) {
    for (int month = 0; month <= 13; month++) {
      for (int day = 0; day <= 33; day++) {
        char text[400];
        struct problem p;
        int n =
            sprintf(text, "date,close,volume\n%04d-%02d-%02d,101.5,1000\n", years[i], month, day);
        for (int k = 10; k < 22; k++) n += sprintf(text + n, "2200-01-%d,1,1\n", k);
        bool fine = read_with(text, (size_t)n, NULL, &reader, &p);
        if (fine != date_is_valid(years[i], month, day)) fail_msg("%.28s", text + 18);
        if (fine)
          assert_int_equal(reader.table.series[0].when[0],
                           date_days(years[i], month, day) * DATE_DAY);
        else
          assert_int_equal(p.line, 2);
      }
    }
  }
}

static bool same_doubles(const double *a, const double *b, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i]))) return false;
  return true;
}

static void the_fast_path_changes_nothing(void **unused) {
  (void)unused;
  struct reader plain = {0};
  struct reader_options slow = {.plain = true};
  uint64_t seed = 5, read = 0;
  char *text = malloc(1 << 16);
  for (int round = 0; text && round < 20000; round++) {
    size_t n = damage(text, put_file(text, &seed), &seed);
    struct problem p, q;
    bool fine = read_with(text, n, NULL, &reader, &p);
    bool same = fine == read_with(text, n, &slow, &plain, &q);
    if (same && fine) {
      read++;
      const struct series *a = &reader.table.series[0], *b = &plain.table.series[0];
      same = a->count == b->count && a->dropped == b->dropped && a->doubles == b->doubles &&
             memcmp(a->when, b->when, a->count * sizeof *a->when) == 0 &&
             same_doubles(a->price, b->price, a->count) &&
             same_doubles(a->volume, b->volume, a->count);
    } else if (same) {
      same = p.code == q.code && p.line == q.line && p.column == q.column &&
             strcmp(p.message, q.message) == 0;
    }
    if (!same) fail_msg("round %d:\n%.*s", round, (int)n, text);
  }
  free(text);
  reader_fini(&plain);
  assert_true(read > 5000); /* or the damage was too heavy to show anything */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_notebooks_files_are_read),
      cmocka_unit_test(line_ends_blank_lines_and_quotes_do_not_matter),
      cmocka_unit_test(delimiters_and_decimal_commas_are_recognised),
      cmocka_unit_test(the_order_of_day_and_month_is_decided_by_the_whole_file),
      cmocka_unit_test(missing_prices_drop_their_row_and_are_counted),
      cmocka_unit_test(missing_volumes_do_not_matter),
      cmocka_unit_test(rows_are_sorted_and_the_last_of_doubles_is_kept),
      cmocka_unit_test(columns_are_found_by_many_names),
      cmocka_unit_test(a_header_may_stand_below_other_lines),
      cmocka_unit_test(files_without_a_header_are_read_by_their_shape),
      cmocka_unit_test(a_time_column_belongs_to_the_date),
      cmocka_unit_test(files_with_many_tickers_give_a_series_each),
      cmocka_unit_test(many_tickers_are_kept_apart),
      cmocka_unit_test(three_line_headers_give_a_series_a_ticker),
      cmocka_unit_test(columns_can_be_named),
      cmocka_unit_test(broken_files_say_what_is_wrong_and_where),
      cmocka_unit_test(rows_of_a_million_fields_are_survived),
      cmocka_unit_test(a_reader_can_be_stopped),
      cmocka_unit_test(the_fast_path_knows_the_calendar),
      cmocka_unit_test(the_fast_path_changes_nothing),
  };
  return cmocka_run_group_tests_name("reader", tests, NULL, finish);
}
