/* SPDX-License-Identifier: MIT
 *
 * What failed is written as it was given, at once, and comes back as the same items. */
#include "items.h"
#include "items/failed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct failed *must_open(const char *path) {
  struct failed *f;
  char error[ITEM_MESSAGE];
  if (!failed_open(path, NULL, 0, &f, error)) fail_msg("%s", error);
  return f;
}

/* Lets all items of the list fail; returns how many were left out. */
static uint64_t fail_all(struct item_list *list, const char *path) {
  struct failed *f = must_open(path);
  for (;;) {
    struct item_row *row;
    char message[ITEM_MESSAGE];
    enum item_kind kind = item_list_next(list, &row, message);
    if (kind != ITEM_ROW && kind != ITEM_PROBLEM) break;
    assert_int_equal(failed_write(f, row), 0);
    item_row_free(row);
  }
  uint64_t left_out = failed_left_out(f);
  failed_close(f);
  item_list_end(list);
  return left_out;
}

static uint64_t fail_data(const char *name, const char *data, size_t size, bool zero,
                          const char *to) {
  const char *path = in_folder(name);
  struct item_list list;
  write_file(path, data, size);
  item_list_begin(&list, NULL, 0, &path, 1, ITEM_AUTO, zero);
  return fail_all(&list, to);
}

static void must_hold(const char *path, const char *want, size_t size) {
  size_t got;
  char *text = read_file(path, &got);
  assert_int_equal(got, size);
  assert_memory_equal(text, want, size);
  free(text);
}

static void each_format_is_written_as_it_came(void **unused) {
  (void)unused;
  static const struct {
    const char *name, *data, *failed;
  } cases[] = {
      {"l.txt", "# c\n a\r\n\nb\xff\n{x}", "a\nb\xff\n{x}\n"},
      {"n.ndjson", "{ \"a\" : 1 }\n[broken\n", "{ \"a\" : 1 }\n[broken\n"},
      {"c.csv", "\xef\xbb\xbfk,\"v\"\r\n\"x\ny\", 1\r\n2\n", "k,\"v\"\n\"x\ny\", 1\n2\n"},
      {"r.tsv", "k\tv\r\r\n1\t2\r\r\n", "k\tv\r\r\n1\t2\r\r\n"},
      {"t.tsv", "k\tv\n\\t\t\\q\n", "k\tv\n\\t\t\\q\n"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[20];
    snprintf(name, sizeof name, "f%s", strchr(cases[i].name, '.'));
    const char *to = in_folder(name);
    assert_int_equal(fail_data(cases[i].name, cases[i].data, strlen(cases[i].data), false, to), 0);
    must_hold(to, cases[i].failed, strlen(cases[i].failed));
    /* Fed back, they fail into the same file. */
    const char *again = in_folder("again");
    assert_int_equal(fail_data(name, cases[i].failed, strlen(cases[i].failed), false, again), 0);
    must_hold(again, cases[i].failed, strlen(cases[i].failed));
  }
  assert_int_equal(fail_data("mark", " \xef\xbb\xbf\n", 5, false, in_folder("marked")), 0);
  must_hold(in_folder("marked"), "\n\xef\xbb\xbf\n", 5); /* the item, and no byte order mark */
  const char *to = in_folder("f0");
  assert_int_equal(fail_data("z", " a\n\0# b\0", 8, true, to), 0);
  must_hold(to, " a\n\0# b\0", 8);
}

static void an_item_is_there_before_the_next_one(void **unused) {
  (void)unused;
  static char a[] = "a", b[] = "b";
  char *args[] = {a, b};
  const char *to = in_folder("soon");
  write_file(to, "from another run\n", 17);
  struct item_list list;
  struct item_row *row;
  char message[ITEM_MESSAGE];
  item_list_begin(&list, args, 2, NULL, 0, ITEM_AUTO, false);
  struct failed *f = must_open(to);
  must_hold(to, "", 0);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
  assert_int_equal(failed_write(f, row), 0);
  item_row_free(row);
  must_hold(to, "a\n", 2);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
  assert_int_equal(failed_write(f, row), 0);
  item_row_free(row);
  must_hold(to, "a\nb\n", 4);
  failed_close(f);
  item_list_end(&list);
}

static void what_would_not_come_back_is_left_out_and_counted(void **unused) {
  (void)unused;
  static char line[] = "a\nb", blank[] = " a", cr[] = "a\r", comment[] = "# a", hash[] = "#",
              json[] = "{\"a\":1}", empty[] = "", fine[] = "#tag";
  char *args[] = {line, blank, cr, comment, hash, json, empty, fine};
  struct item_list list;
  const char *to = in_folder("left"), *nowhere = in_folder("nowhere");
  item_list_begin(&list, args, 8, &nowhere, 1, ITEM_AUTO, false);
  assert_int_equal(fail_all(&list, to), 8);
  must_hold(to, "#tag\n", 5);
  item_list_begin(&list, args, 5, NULL, 0, ITEM_AUTO, true);
  assert_int_equal(fail_all(&list, to), 0);
  must_hold(to, "a\nb\0 a\0a\r\0# a\0#\0", 16);
  static const char open_quote[] = "k,v\n1,\"x\n2,3\n";
  assert_int_equal(fail_data("q.csv", open_quote, strlen(open_quote), false, to), 1);
  must_hold(to, "k,v\n2,3\n", 8); /* the quote would swallow what follows it */
}

static void a_file_has_one_format(void **unused) {
  (void)unused;
  static char arg[] = "arg";
  char *args[] = {arg};
  write_file(in_folder("1.csv"), "a,b\n1,2\n", 8);
  write_file(in_folder("2.csv"), "a,c\n3,4\n", 8);
  write_file(in_folder("3.csv"), "a,b\n5,6\n", 8);
  write_file(in_folder("4.tsv"), "a\tb\n7\t8\n", 8);
  const char *files[] = {in_folder("1.csv"), in_folder("2.csv"), in_folder("3.csv"),
                         in_folder("4.tsv")};
  const char *to = in_folder("one");
  struct item_list list;
  item_list_begin(&list, NULL, 0, files, 4, ITEM_AUTO, false);
  assert_int_equal(fail_all(&list, to), 2);
  must_hold(to, "a,b\n1,2\n5,6\n", 12);
  item_list_begin(&list, args, 1, files, 4, ITEM_AUTO, false);
  assert_int_equal(fail_all(&list, to), 4);
  must_hold(to, "arg\n", 4);
}

static void an_input_is_not_emptied(void **unused) {
  (void)unused;
  const char *path = in_folder("input");
  struct failed *f = NULL;
  char error[ITEM_MESSAGE], *want;
  write_file(path, "a\n", 2);
  assert_int_equal(link(path, in_folder("same")), 0);
  assert_true(
      asprintf(&want, "%s: items are read from it: name another file for failed ones", path) > 0);
  const char *inputs[] = {in_folder("other"), in_folder("same")};
  assert_false(failed_open(path, inputs, 2, &f, error));
  assert_string_equal(error, want);
  int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), fd = open(path, O_RDONLY | O_CLOEXEC);
  assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
  close(fd);
  assert_false(failed_open(path, inputs, 1, &f, error));
  assert_string_equal(error, want);
  if (before >= 0) {
    dup2(before, STDIN_FILENO);
    close(before);
  }
  assert_null(f);
  must_hold(path, "a\n", 2);
  free(want);
}

static void a_full_disk_is_told_once(void **unused) {
  (void)unused;
  struct failed *f = must_open("/dev/full");
  struct item_row row = {.text = "a", .size = 1, .format = ITEM_LINES, .whole = true};
  assert_int_equal(failed_write(f, &row), ENOSPC);
  assert_int_equal(failed_write(f, &row), 0);
  failed_close(f);
  failed_close(NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_format_is_written_as_it_came),
      cmocka_unit_test(an_item_is_there_before_the_next_one),
      cmocka_unit_test(what_would_not_come_back_is_left_out_and_counted),
      cmocka_unit_test(a_file_has_one_format),
      cmocka_unit_test(an_input_is_not_emptied),
      cmocka_unit_test(a_full_disk_is_told_once),
  };
  return cmocka_run_group_tests_name("items: failed", tests, folder_make, folder_remove);
}
