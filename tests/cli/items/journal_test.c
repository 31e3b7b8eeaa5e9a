/* SPDX-License-Identifier: MIT
 *
 * What the log says, and that a run that reads it knows what is done: after a crash at any byte, at
 * a full disk, and with items that are no text. */
#include "items.h"
#include "items/journal.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct journal *must_open(const char *path, bool resume) {
  struct journal *j;
  char error[JOURNAL_MESSAGE];
  if (!journal_open(path, resume, &j, error)) fail_msg("%s", error);
  return j;
}

static void must_refuse(const char *path, bool resume, const char *why) {
  struct journal *j = (struct journal *)0x1;
  char error[JOURNAL_MESSAGE] = "";
  assert_false(journal_open(path, resume, &j, error));
  assert_ptr_equal(j, 0x1); /* untouched */
  assert_memory_equal(error, path, strlen(path));
  assert_string_equal(error + strlen(path), why);
}

static struct journal_record record(const char *item, size_t size, const char *status) {
  return (struct journal_record){
      .index = 1, .item = item, .item_size = size, .status = status, .http = -1, .worker = -1};
}

static void write_item(struct journal *j, const char *item, size_t size, const char *status) {
  struct journal_record r = record(item, size, status);
  assert_true(journal_write(j, &r));
}

static void note(struct journal *j, const char *item, const char *status) {
  write_item(j, item, strlen(item), status);
}

static bool done(struct journal *j, const char *item) {
  return journal_done(j, item, strlen(item));
}

static void must_close(struct journal *j) {
  assert_int_equal(journal_close(j), 0);
}

/* -- the form --------------------------------------------------------------------------------- */

static void a_record_is_one_line_of_json(void **unused) {
  (void)unused;
  const char *path = in_folder("form");
  struct journal *j = must_open(path, false);
  struct journal_record r = {.index = 7,
                             .item = "https://a/\xc3\xa9\"\\\n",
                             .item_size = 15,
                             .status = "ok",
                             .http = 200,
                             .attempts = 2,
                             .start = 1700000000.1234567,
                             .seconds = 0.0125,
                             .worker = 3};
  assert_true(journal_write(j, &r));
  r = (struct journal_record){.index = 8,
                              .item = "b\xff\0",
                              .item_size = 3,
                              .status = "failed",
                              .start = NAN,
                              .seconds = -0.5,
                              .worker = -1,
                              .error_code = "dns",
                              .error_message = "no \"such\" host\x1b\xff",
                              .more = "\"bytes\":12"};
  assert_true(journal_write(j, &r));
  r = (struct journal_record){.item = "c",
                              .item_size = 1,
                              .status = "x",
                              .http = -1,
                              .start = INFINITY,
                              .error_code = "url"};
  assert_true(journal_write(j, &r));
  struct stat st;
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_size, 0); /* nothing is there before it is asked for */
  assert_int_equal(journal_flush(j), 0);
  char *text = read_file(path, NULL);
  assert_string_equal(
      text, "{\"index\":7,\"item\":\"https://a/\xc3\xa9\\\"\\\\\\u000a\",\"status\":\"ok\","
            "\"http\":200,\"attempts\":2,\"start\":1700000000.123457,\"seconds\":0.012500,"
            "\"worker\":3,\"error\":null}\n"
            "{\"index\":8,\"item\":\"b\xef\xbf\xbd\xef\xbf\xbd\",\"item_base64\":\"Yv8A\","
            "\"status\":\"failed\",\"http\":null,\"attempts\":0,\"start\":null,"
            "\"seconds\":-0.500000,\"worker\":null,\"bytes\":12,\"error\":{\"code\":\"dns\","
            "\"message\":\"no \\\"such\\\" host\\u001b\xef\xbf\xbd\"}}\n"
            "{\"index\":0,\"item\":\"c\",\"status\":\"x\",\"attempts\":0,\"start\":null,"
            "\"seconds\":0.000000,\"worker\":0,\"error\":{\"code\":\"url\",\"message\":\"\"}}\n");
  free(text);
  must_close(j);
}

/* -- resuming --------------------------------------------------------------------------------- */

static void what_is_ok_is_done_as_often_as_it_is_there(void **unused) {
  (void)unused;
  const char *path = in_folder("often");
  struct journal *j = must_open(path, true); /* nothing there yet: a new log */
  assert_false(done(j, "a"));
  note(j, "a", "ok");
  note(j, "b", "failed");
  note(j, "a", "ok");
  note(j, "c", "cancelled");
  must_close(j);
  j = must_open(path, true);
  assert_int_equal(journal_found(j)->records, 4);
  assert_int_equal(journal_found(j)->ok, 2);
  assert_int_equal(journal_found(j)->strange, 0);
  assert_false(journal_found(j)->torn);
  char remark[JOURNAL_MESSAGE];
  assert_false(journal_remark(j, remark));
  assert_true(done(j, "a"));
  assert_false(done(j, "b"));
  assert_true(done(j, "a"));
  assert_false(done(j, "a"));
  assert_false(done(j, "c"));
  assert_false(done(j, ""));
  note(j, "b", "ok");
  must_close(j);
  j = must_open(path, true);
  assert_int_equal(journal_found(j)->ok, 3);
  assert_true(done(j, "b"));
  must_close(j);
}

static void items_of_any_bytes_come_back(void **unused) {
  (void)unused;
  const char *path = in_folder("bytes");
  enum { KEYS = 10000 };
  static char keys[KEYS][12];
  static size_t sizes[KEYS];
  uint64_t seed = 3;
  struct journal *j = must_open(path, false);
  for (size_t i = 0; i < KEYS; i++) {
    sizes[i] = 4 + test_below(&seed, 9);
    for (size_t k = 4; k < sizes[i]; k++)
      keys[i][k] = (char)(i % 2 ? test_random(&seed) : 0x20 + test_below(&seed, 0x5f));
    memcpy(keys[i],
           (char[4]){(char)('a' + i % 26), (char)('a' + i / 26 % 26), (char)('a' + i / 676),
                     i % 3 ? 'x' : '"'},
           4);
    for (size_t n = 0; n <= i % 3; n++) write_item(j, keys[i], sizes[i], n < 2 ? "ok" : "failed");
  }
  must_close(j);
  j = must_open(path, true);
  assert_int_equal(journal_found(j)->strange, 0);
  for (int round = 0; round < 3; round++)
    for (size_t i = 0; i < KEYS; i++) {
      size_t often = i % 3 == 0 ? 1 : 2;
      assert_int_equal(journal_done(j, keys[i], sizes[i]), (size_t)round < often);
      assert_false(journal_done(j, keys[i], sizes[i] - 1));
    }
  must_close(j);
}

static void an_item_as_long_as_they_get_comes_back(void **unused) {
  (void)unused;
  const char *path = in_folder("long");
  char *item = malloc(ITEM_MOST);
  assert_non_null(item);
  for (int kind = 0; kind < 2; kind++) {
    memset(item, kind ? 0xff : 0x01, ITEM_MOST); /* the longest in JSON, and in base64 */
    struct journal *j = must_open(path, kind > 0);
    write_item(j, item, ITEM_MOST, "ok");
    must_close(j);
    j = must_open(path, true);
    assert_true(journal_done(j, item, ITEM_MOST));
    must_close(j);
  }
  free(item);
}

/* -- crashes ---------------------------------------------------------------------------------- */

static void a_log_torn_at_any_byte_is_gone_on_with(void **unused) {
  (void)unused;
  const char *path = in_folder("torn");
  struct journal *j = must_open(path, false);
  note(j, "a", "ok");
  note(j, "b\xff", "ok");
  must_close(j);
  size_t size, lines[2];
  char *whole = read_file(path, &size);
  lines[0] = (size_t)(strchr(whole, '\n') - whole);
  lines[1] = size - 1;
  for (size_t cut = 0; cut <= size; cut++) {
    write_file(path, whole, cut);
    j = must_open(path, true);
    /* A record counts from its last brace on, with or without its line end. */
    bool at_end = cut == 0 || cut == lines[0] + 1 || cut == size;
    bool complete = at_end || cut == lines[0] || cut == lines[1];
    assert_int_equal(journal_found(j)->records, (cut >= lines[0]) + (cut >= lines[1]));
    assert_int_equal(journal_found(j)->strange, 0);
    assert_int_equal(journal_found(j)->torn, !complete);
    assert_int_equal(done(j, "a"), cut >= lines[0]);
    assert_int_equal(done(j, "b\xff"), cut >= lines[1]);
    note(j, "c", "ok");
    must_close(j);
    char *now = read_file(path, NULL);
    assert_memory_equal(now, whole, cut);
    assert_int_equal(now[cut] == '\n', !at_end); /* it does not stick to the torn line */
    assert_memory_equal(now + cut + !at_end, "{\"index\":1,\"item\":\"c\"", 21);
    free(now);
    j = must_open(path, true);
    assert_int_equal(journal_found(j)->strange, !complete);
    assert_true(done(j, "c"));
    must_close(j);
  }
  free(whole);
}

static void nothing_is_written_by_resuming_alone(void **unused) {
  (void)unused;
  const char *path = in_folder("alone"), *text = "{\"item\":\"a\",\"status\":\"ok\"}\n{\"ite";
  write_file(path, text, strlen(text));
  struct journal *j = must_open(path, true);
  char remark[JOURNAL_MESSAGE];
  assert_true(journal_remark(j, remark));
  assert_string_equal(remark, "its last line was cut off: the item is done again");
  must_close(j);
  char *now = read_file(path, NULL);
  assert_string_equal(now, text);
  free(now);
}

static void what_is_forgotten_is_not_written(void **unused) {
  (void)unused;
  const char *path = in_folder("forgotten");
  write_file(path, "{\"ite", 5);
  struct journal *j = must_open(path, true);
  note(j, "a", "ok");
  journal_forget(j);
  assert_int_equal(journal_flush(j), 0);
  note(j, "b", "ok");
  must_close(j);
  journal_forget(NULL);
  j = must_open(path, true);
  assert_int_equal(journal_found(j)->strange, 1); /* the torn line; b has one of its own */
  assert_true(done(j, "b") && !done(j, "a"));
  must_close(j);
}

static void lines_that_are_no_records_are_counted_and_passed_over(void **unused) {
  (void)unused;
  const char *path = in_folder("strange");
  const char *text =
      "{\"item\":\"a\",\"status\":\"ok\"}\n\nhello\n{\"item\":\"b\"}\n"
      "{\"status\":\"ok\"}\n{\"item\":\"c\",\"item_base64\":\"YQ=\",\"status\":\"ok\"}\n"
      "{\"item\":\"d\",\"item_base64\":\"YQ=a\",\"status\":\"ok\"}\n"
      "{\"new\":[1],\"status\":\"ok\",\"item\":\"e\"}\r\n";
  write_file(path, text, strlen(text));
  struct journal *j = must_open(path, true);
  assert_int_equal(journal_found(j)->records, 2);
  assert_int_equal(journal_found(j)->strange, 5);
  char remark[JOURNAL_MESSAGE];
  assert_true(journal_remark(j, remark));
  assert_string_equal(remark, "5 lines of the log are no records, and were passed over");
  assert_true(done(j, "a"));
  assert_true(done(j, "e"));
  must_close(j);
}

static void a_line_of_any_length_is_passed_over(void **unused) {
  (void)unused;
  const char *path = in_folder("endless"), *last = "\n{\"item\":\"a\",\"status\":\"ok\"}";
  size_t size = (size_t)40 << 20;
  char *data = malloc(size);
  assert_non_null(data);
  memset(data, 'x', size);
  memcpy(data + size - strlen(last), last, strlen(last));
  write_file(path, data, size);
  struct journal *j = must_open(path, true);
  assert_int_equal(journal_found(j)->strange, 1);
  assert_true(done(j, "a"));
  must_close(j);
  write_file(path, data, size - strlen(last));
  j = must_open(path, true); /* all of it one torn line */
  assert_true(journal_found(j)->torn);
  must_close(j);
  free(data);
}

/* -- refusals --------------------------------------------------------------------------------- */

static void a_log_is_not_written_over(void **unused) {
  (void)unused;
  const char *path = in_folder("over");
  write_file(path, "", 0);
  struct journal *j = must_open(path, false); /* empty: nothing is lost */
  note(j, "a", "ok");
  must_close(j);
  must_refuse(
      path, false,
      ": there is a log already: --resume goes on with it; else remove it, or name another");
  write_file(path, "symbol,date\nA,1\n", 16);
  must_refuse(path, true,
              ": this is no log: none of its 2 lines is a record; nothing was written to it");
  char *now = read_file(path, NULL);
  assert_string_equal(now, "symbol,date\nA,1\n");
  free(now);
}

static void one_log_is_one_runs(void **unused) {
  (void)unused;
  const char *path = in_folder("two");
  struct journal *j = must_open(path, false);
  static const char why[] = ": it is in use: another run writes to it, or this one names it twice";
  must_refuse(path, false, why);
  must_refuse(path, true, why);
  must_close(j);
  must_close(must_open(path, true));
}

static void a_log_that_cannot_be_opened_says_why(void **unused) {
  (void)unused;
  must_refuse(in_folder("no/where"), false, ": No such file or directory: make its folder first");
  must_refuse("/", false, ": Is a directory: name a file in it");
  must_refuse("/dev/null", true, ": --resume needs a log that is an ordinary file");
}

/* -- full disks ------------------------------------------------------------------------------- */

static void a_full_disk_is_told_once_and_leaves_whole_lines(void **unused) {
  (void)unused;
  const char *path = in_folder("full");
  struct journal *j = must_open(path, false);
  struct rlimit before, tight;
  note(j, "first", "ok");
  assert_int_equal(journal_flush(j), 0);
  char *first = read_file(path, NULL);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, SIG_IGN);
  tight = before;
  tight.rlim_cur = strlen(first) * 5 / 2; /* a line more, and a half */
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
  for (int i = 0; i < 3; i++) note(j, "other", "ok");
  int error = journal_flush(j);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  assert_int_equal(error, EFBIG);
  note(j, "later", "ok");
  assert_int_equal(journal_flush(j), 0);
  must_close(j);
  j = must_open(path, true);
  assert_int_equal(journal_found(j)->ok, 2);
  assert_false(journal_found(j)->torn);
  assert_true(done(j, "first") && done(j, "other") && !done(j, "other") && !done(j, "later"));
  must_close(j);
  char *now = read_file(path, NULL);
  assert_int_equal(now[strlen(now) - 1], '\n');
  free(now);
  free(first);
}

static void closing_tells_what_was_not_told(void **unused) {
  (void)unused;
  struct journal *j = must_open("/dev/full", false);
  note(j, "a", "ok");
  assert_int_equal(journal_close(j), ENOSPC);
  j = must_open("/dev/full", false);
  note(j, "a", "ok");
  assert_int_equal(journal_flush(j), ENOSPC);
  assert_int_equal(journal_close(j), 0);
  assert_int_equal(journal_close(NULL), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_record_is_one_line_of_json),
      cmocka_unit_test(what_is_ok_is_done_as_often_as_it_is_there),
      cmocka_unit_test(items_of_any_bytes_come_back),
      cmocka_unit_test(an_item_as_long_as_they_get_comes_back),
      cmocka_unit_test(a_log_torn_at_any_byte_is_gone_on_with),
      cmocka_unit_test(nothing_is_written_by_resuming_alone),
      cmocka_unit_test(what_is_forgotten_is_not_written),
      cmocka_unit_test(lines_that_are_no_records_are_counted_and_passed_over),
      cmocka_unit_test(a_line_of_any_length_is_passed_over),
      cmocka_unit_test(a_log_is_not_written_over),
      cmocka_unit_test(one_log_is_one_runs),
      cmocka_unit_test(a_log_that_cannot_be_opened_says_why),
      cmocka_unit_test(a_full_disk_is_told_once_and_leaves_whole_lines),
      cmocka_unit_test(closing_tells_what_was_not_told),
  };
  return cmocka_run_group_tests_name("items: journal", tests, folder_make, folder_remove);
}
