/* SPDX-License-Identifier: MIT
 *
 * Where items come from, lines, and what a row can be asked. */
#include "items.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- lines ------------------------------------------------------------------------------------ */

static void a_line_is_an_item_without_what_surrounds_it(void **unused) {
  (void)unused;
  must_give(ITEM_LINES, "a\n\tb c \r\n\nd", "1 [a] item=a\n2 [b c] item=b c\n4 [d] item=d\n");
  must_give(ITEM_AUTO, "", "");
  must_give(ITEM_AUTO, "\n \n\r\n", "");
  must_give(ITEM_AUTO, "\xef\xbb\xbfx\n", "1 [x] item=x\n");
  must_give(ITEM_AUTO, "\xef\xbb", "1 [\xef\xbb] item=\xef\xbb\n");
  must_give(ITEM_AUTO, "\xff\n\xfe x\n", "1 [\xff] item=\xff\n2 [\xfe x] item=\xfe x\n");
}

static void a_comment_is_a_hash_and_a_blank(void **unused) {
  (void)unused;
  must_give(ITEM_LINES, "# one\n#\n  #\ttwo\n#tag\na # b\n",
            "4 [#tag] item=#tag\n5 [a # b] item=a # b\n");
}

static void null_separated_items_are_left_as_they_are(void **unused) {
  (void)unused;
  static const char data[] = " a\n\0# b\r\0\0{}\0c";
  static const char rows[] = "1 [ a\\n] item= a\\n\n2 [# b\\r] item=# b\\r\n4 [{}] item={}\n"
                             "5 [c] item=c\n";
  must_give_bytes(ITEM_AUTO, true, data, sizeof data - 1, rows);
  must_give_bytes(ITEM_LINES, true, data, sizeof data - 1, rows);
  must_give_bytes(ITEM_NDJSON, true, "{\"a\":\n1}\0", 10, "1 [{\"a\":\\n1}] a=1\n");
  must_give_bytes(ITEM_CSV, true, "a\0b\0", 4,
                  "stdin [-] part ! CSV and TSV have lines: leave out --null\n");
}

static void a_nul_in_a_line_is_a_problem_of_that_line(void **unused) {
  (void)unused;
  must_give_bytes(ITEM_AUTO, false, "a\nb\0c\nd\n", 8,
                  "1 [a] item=a\n2 [b\\0c] ! a NUL byte: this is no text, or the list ends its "
                  "items with NUL, as find -print0 does, and needs --null\n3 [d] item=d\n");
}

static void what_is_no_text_is_said_to_be_so(void **unused) {
  (void)unused;
  must_give_bytes(ITEM_AUTO, false, "\xff\xfe\x61\x00\x0a\x00", 6,
                  "stdin [-] part ! UTF-16, not UTF-8: convert it with iconv -f UTF-16 -t UTF-8\n");
  must_give_bytes(ITEM_CSV, false, "\x1f\x8b\x08\x00", 4,
                  "stdin [-] part ! compressed: unpack it with gzip -dc, and read that from a "
                  "pipe\n");
  must_give(ITEM_AUTO, "(a)\n", "1 [(a)] item=(a)\n"); /* begins as zstd's mark does */
  must_give(ITEM_AUTO, "(", "1 [(] item=(\n");
}

static void columns_are_found_by_name_and_by_number(void **unused) {
  (void)unused;
  static char first[] = "x";
  char *args[] = {first};
  write_file(in_folder("n.csv"), "2,b\nv,w\n", 8);
  const char *files[] = {in_folder("n.csv")};
  struct item_list list;
  struct item_row *line, *row;
  char message[ITEM_MESSAGE];
  item_list_begin(&list, args, 1, files, 1, ITEM_AUTO, false);
  assert_int_equal(item_list_next(&list, &line, message), ITEM_ROW);
  assert_string_equal(item_row_get(line, "1"), "x");
  assert_string_equal(item_row_lookup("item", line), "x");
  assert_null(item_row_get(line, "2"));
  assert_null(item_row_get(line, "0"));
  assert_null(item_row_get(line, "1x"));
  assert_null(item_row_get(line, ""));
  assert_null(item_row_get(line, "99999999999999999999999999999999999999"));
  assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
  assert_string_equal(item_row_get(row, "2"), "v"); /* the name goes before the number */
  assert_string_equal(item_row_get(row, "1"), "v");
  assert_string_equal(item_row_get(row, "b"), "w");
  assert_ptr_equal(row->names, row->header->names);
  assert_string_equal(row->header->text, "2,b");
  item_row_free(line);
  item_row_free(row);
  item_list_end(&list);
}

/* -- where they come from --------------------------------------------------------------------- */

static void arguments_come_first_then_files_by_their_endings(void **unused) {
  (void)unused;
  static char a[] = " a ", empty[] = "", json[] = "{\"x\":1}";
  char *args[] = {a, empty, json};
  write_file(in_folder("1.CSV"), "{a}\nb\n", 6);
  write_file(in_folder("2.jsonl"), "{\"a\":1}\n", 8);
  write_file(in_folder("3.txt"), "{\"a\":2}\n", 8);
  write_file(in_folder("4.tsv"), "k\nv\n", 4);
  write_file(in_folder("5.txt"), "x,y\n", 4);
  const char *files[] = {in_folder("1.CSV"), in_folder("2.jsonl"), in_folder("3.txt"),
                         in_folder("4.tsv"), in_folder("5.txt")};
  struct item_list list;
  item_list_begin(&list, args, 3, NULL, 0, ITEM_CSV, false);
  assert_int_equal(item_list_total(&list), 3);
  item_list_end(&list);
  item_list_begin(&list, args, 3, files, 5, ITEM_AUTO, false);
  assert_int_equal(item_list_total(&list), 0);
  char *rows = rows_of_list(&list);
  assert_string_equal(rows, "1 [ a ] item= a \n2 [] ! it is empty: was a variable not set?\n"
                            "3 [{\"x\":1}] item={\"x\":1}\n2 [b] {a}=b\n1 [{\"a\":1}] a=1\n"
                            "1 [{\"a\":2}] a=2\n2 [v] k=v\n1 [x,y] item=x,y\n");
  free(rows);
  item_list_end(&list);
}

static void a_file_that_cannot_be_read_is_a_problem_in_its_place(void **unused) {
  (void)unused;
  write_file(in_folder("6.txt"), "x\n", 2);
  const char *files[] = {in_folder("nowhere"), "/", in_folder("6.txt")};
  struct item_list list;
  item_list_begin(&list, NULL, 0, files, 3, ITEM_AUTO, false);
  char *rows = rows_of_list(&list), *want;
  assert_true(asprintf(&want,
                       "%s [%s] part ! it cannot be opened: No such file or directory: check its "
                       "name\n/ [/] part ! it cannot be opened: Is a directory: name a file in "
                       "it\n1 [x] item=x\n",
                       files[0], files[0]) > 0);
  assert_string_equal(rows, want);
  free(want);
  free(rows);
  item_list_end(&list);
}

static void stdin_may_stand_among_the_arguments_or_be_closed(void **unused) {
  (void)unused;
  static char a[] = "a", in[] = "-", b[] = "b";
  char *args[] = {a, in, b};
  struct item_list list;
  int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), fds[2];
  assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
  assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  close(fds[0]);
  assert_int_equal(write(fds[1], "x\ny", 3), 3);
  close(fds[1]);
  item_list_begin(&list, args, 3, NULL, 0, ITEM_AUTO, false);
  assert_int_equal(item_list_total(&list), 0);
  char *rows = rows_of_list(&list);
  assert_string_equal(rows, "1 [a] item=a\n1 [x] item=x\n2 [y] item=y\n3 [b] item=b\n");
  free(rows);
  item_list_end(&list);
  close(STDIN_FILENO);
  item_list_begin(&list, args + 1, 1, NULL, 0, ITEM_AUTO, false);
  rows = rows_of_list(&list);
  assert_string_equal(rows, "stdin [-] part ! it cannot be opened: Bad file descriptor: it is "
                            "closed; redirect it from a file or a pipe\n");
  free(rows);
  item_list_end(&list);
  if (before >= 0) {
    dup2(before, STDIN_FILENO);
    close(before);
  }
}

/* Opening it must not wait for a writer, nor take its absence for the end. */
static void a_fifo_is_read_as_it_comes(void **unused) {
  (void)unused;
  const char *path = in_folder("fifo");
  assert_int_equal(mkfifo(path, 0600), 0);
  struct item_list list;
  struct item_row *row;
  char message[ITEM_MESSAGE];
  item_list_begin(&list, NULL, 0, &path, 1, ITEM_AUTO, false);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_LATER);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  assert_true(fd >= 0);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_LATER);
  assert_int_equal(write(fd, "one\ntw", 6), 6);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
  assert_string_equal(row->text, "one");
  item_row_free(row);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_LATER);
  close(fd);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_ROW);
  assert_string_equal(row->text, "tw");
  item_row_free(row);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_END);
  item_list_end(&list);
}

/* The flag would be seen by every process that shares the descriptor. */
static void stdin_is_not_made_non_blocking(void **unused) {
  (void)unused;
  static const char *const in[] = {"-"};
  int before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), fds[2];
  struct item_list list;
  struct item_row *row;
  char message[ITEM_MESSAGE];
  assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
  assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  item_list_begin(&list, NULL, 0, in, 1, ITEM_AUTO, false);
  assert_int_equal(item_list_next(&list, &row, message), ITEM_LATER);
  assert_int_equal(fcntl(fds[0], F_GETFL) & O_NONBLOCK, 0);
  item_list_end(&list);
  assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* nor is it closed */
  close(fds[0]);
  close(fds[1]);
  if (before >= 0) {
    dup2(before, STDIN_FILENO);
    close(before);
  }
}

static void a_place_shows_the_end_of_a_long_name_and_obeys_nobody(void **unused) {
  (void)unused;
  char name[400], place[ITEM_PLACE];
  memset(name, 'x', sizeof name);
  memcpy(name + sizeof name - 10, "end\x1b\xc2\x9b.t\xff", 10);
  name[sizeof name - 1] = 0;
  struct item_row row = {.source = name, .line = UINT64_MAX};
  item_row_place(&row, place);
  assert_memory_equal(place, "...xx", 5);
  assert_non_null(strstr(place, "xend??.t?:18446744073709551615"));
  row = (struct item_row){.line = 3};
  assert_string_equal(item_row_place(&row, place), "argument 3");
  row = (struct item_row){.source = "-", .line = 4};
  assert_string_equal(item_row_place(&row, place), "stdin:4");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_line_is_an_item_without_what_surrounds_it),
      cmocka_unit_test(a_comment_is_a_hash_and_a_blank),
      cmocka_unit_test(null_separated_items_are_left_as_they_are),
      cmocka_unit_test(a_nul_in_a_line_is_a_problem_of_that_line),
      cmocka_unit_test(what_is_no_text_is_said_to_be_so),
      cmocka_unit_test(columns_are_found_by_name_and_by_number),
      cmocka_unit_test(arguments_come_first_then_files_by_their_endings),
      cmocka_unit_test(a_file_that_cannot_be_read_is_a_problem_in_its_place),
      cmocka_unit_test(stdin_may_stand_among_the_arguments_or_be_closed),
      cmocka_unit_test(a_fifo_is_read_as_it_comes),
      cmocka_unit_test(stdin_is_not_made_non_blocking),
      cmocka_unit_test(a_place_shows_the_end_of_a_long_name_and_obeys_nobody),
  };
  return cmocka_run_group_tests_name("items: list", tests, folder_make, folder_remove);
}
