/* SPDX-License-Identifier: MIT
 *
 * Whichever allocation fails, it is said, nothing leaks (for a sanitizer to see), and nothing is
 * written by halves. The linker puts the allocators below in front of the real ones. */
#include "items.h"
#include "items/failed.h"
#include "items/journal.h"
#include "items/template.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *at, size_t size);

static long left = -1; /* allocations until one fails; negative: none does */

static bool fails(void) {
  return left >= 0 && left-- == 0;
}

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size) {
  return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *at, size_t size) {
  return fails() ? NULL : __real_realloc(at, size);
}

/* Runs it with the first allocation failing, with the second one, and so on, until all of them
 * succeed; it must be false each time but the last. */
static void try_all(bool (*run)(void)) {
  for (long n = 0;; n++) {
    left = n;
    bool fine = run();
    bool failed = left < 0;
    left = -1;
    assert_int_equal(fine, !failed);
    if (fine) {
      assert_true(n > 0); /* something was allocated at all */
      return;
    }
  }
}

static const char *list_file;
static size_t list_rows;

static bool read_list(void) {
  struct item_list list;
  struct item_row *row;
  char message[ITEM_MESSAGE];
  enum item_kind kind;
  size_t n = 0;
  item_list_begin(&list, NULL, 0, &list_file, 1, ITEM_AUTO, false);
  while ((kind = item_list_next(&list, &row, message)) == ITEM_ROW || kind == ITEM_PROBLEM) {
    item_row_free(row);
    n++;
  }
  item_list_end(&list);
  assert_true(kind == ITEM_NO_MEMORY || (kind == ITEM_END && n == list_rows));
  return kind == ITEM_END;
}

static void a_list_says_that_memory_is_out(void **unused) {
  (void)unused;
  static const struct {
    const char *name, *data;
    size_t rows;
  } lists[] = {
      {"l.txt", "a\nb\n", 2},
      {"n.ndjson", "{\"a\":\"x\",\"o\":[1]}\n\"s\"\n[\n", 3},
      {"c.csv", "a,b\n\"x\"\"y\",1\n2\n3,\"4\n", 3},
      {"d.csv", "a,a\n1,2\n", 1},
      {"t.tsv", "a\tb\n\\t\tx\n", 1},
      {"z.txt", "\xff\xfe", 1},
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    list_file = in_folder(lists[i].name);
    list_rows = lists[i].rows;
    write_file(list_file, lists[i].data, strlen(lists[i].data));
    try_all(read_list);
  }
}

static const char *lookup(const char *name, void *arg) {
  (void)arg;
  return name;
}

static bool use_template(void) {
  char error[TEMPLATE_MESSAGE] = "";
  const char *missing = "";
  struct template *t = template_new("a{b}c{+d}{{", TEMPLATE_URL, error);
  char *text = t ? template_fill(t, lookup, NULL, &missing) : NULL;
  if (!t) assert_string_equal(error, "the template: out of memory");
  if (text) assert_string_equal(text, "abcd{");
  assert_int_equal(missing == NULL, t != NULL);
  bool fine = text;
  free(text);
  template_free(t);
  return fine;
}

static void a_template_says_that_memory_is_out(void **unused) {
  (void)unused;
  try_all(use_template);
}

static bool use_journal(void) {
  struct journal *j;
  char error[JOURNAL_MESSAGE] = "", item[5000];
  memset(item, 'x', sizeof item);
  bool fine = true;
  if (!journal_open(in_folder("log"), true, &j, error)) {
    assert_non_null(strstr(error, "memory"));
    return false;
  }
  for (int i = 0; i < 3; i++) {
    struct journal_record r = {.item = item, .item_size = sizeof item, .status = "failed"};
    fine = journal_write(j, &r) && fine;
  }
  return journal_close(j) == 0 && fine;
}

static void a_log_has_whole_lines_whatever_memory_there_is(void **unused) {
  (void)unused;
  static const char before[] = "{\"item\":\"a\",\"status\":\"ok\"}\n"
                               "{\"item\":\"b\",\"item_base64\":\"YQ==\",\"status\":\"ok\"}\n";
  write_file(in_folder("log"), before, strlen(before));
  try_all(use_journal);
  struct journal *j;
  char error[JOURNAL_MESSAGE];
  assert_true(journal_open(in_folder("log"), true, &j, error));
  assert_int_equal(journal_found(j)->ok, 2);
  assert_int_equal(journal_found(j)->strange, 0);
  assert_false(journal_found(j)->torn);
  journal_close(j);
}

static bool use_failed(void) {
  static const char *const names[] = {"k"}, *const values[] = {"v"};
  static const struct item_header header = {.text = "k", .size = 1, .count = 1};
  struct item_row row = {.text = "v",
                         .size = 1,
                         .format = ITEM_CSV,
                         .whole = true,
                         .count = 1,
                         .names = names,
                         .values = values,
                         .header = &header};
  struct failed *f;
  char error[ITEM_MESSAGE] = "";
  size_t size;
  if (!failed_open(in_folder("failed"), NULL, 0, &f, error)) {
    assert_non_null(strstr(error, "out of memory"));
    return false;
  }
  int code = failed_write(f, &row);
  assert_true(code == 0 || code == ENOMEM);
  if (code) assert_int_equal(failed_write(f, &row), 0); /* told once */
  failed_close(f);
  long before = left;
  left = -1;
  char *text = read_file(in_folder("failed"), &size);
  assert_string_equal(text, code ? "" : "k\nv\n");
  free(text);
  left = before;
  return code == 0;
}

static void failed_items_are_whole_whatever_memory_there_is(void **unused) {
  (void)unused;
  try_all(use_failed);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_list_says_that_memory_is_out),
      cmocka_unit_test(a_template_says_that_memory_is_out),
      cmocka_unit_test(a_log_has_whole_lines_whatever_memory_there_is),
      cmocka_unit_test(failed_items_are_whole_whatever_memory_there_is),
  };
  return cmocka_run_group_tests_name("items: memory", tests, folder_make, folder_remove);
}
