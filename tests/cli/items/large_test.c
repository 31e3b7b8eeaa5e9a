/* SPDX-License-Identifier: MIT
 *
 * Lists that are long, and items that are. */
#include "items.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FREED_MEMORY_IS_KEPT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define FREED_MEMORY_IS_KEPT 1
#endif
#endif
#ifndef FREED_MEMORY_IS_KEPT
#define FREED_MEMORY_IS_KEPT 0
#endif

static long most_memory_kib(void) {
  struct rusage usage;
  assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

/* Draws what is there; every row must be the one that its number says. */
static enum item_kind draw(struct item_list *list, uint64_t *count) {
  for (;;) {
    struct item_row *row;
    char message[ITEM_MESSAGE], want[40];
    enum item_kind kind = item_list_next(list, &row, message);
    if (kind != ITEM_ROW) return kind;
    snprintf(want, sizeof want, "%llu", (unsigned long long)++*count);
    assert_string_equal(row->values[0], want);
    item_row_free(row);
  }
}

static void stream(enum item_format format, const char *header, const char *line, uint64_t lines) {
  int fds[2], before = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
  static const char *const in[] = {"-"};
  struct item_list list;
  uint64_t count = 0;
  assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
  assert_int_equal(dup2(fds[0], STDIN_FILENO), STDIN_FILENO);
  close(fds[0]);
  FILE *to = fdopen(fds[1], "w");
  assert_non_null(to);
  fputs(header, to);
  item_list_begin(&list, NULL, 0, in, 1, format, false);
  for (uint64_t i = 1; i <= lines; i++) {
    fprintf(to, line, (unsigned long long)i);
    if (i % 300) continue; /* less than a pipe holds */
    fflush(to);
    assert_int_equal(draw(&list, &count), ITEM_LATER);
  }
  fclose(to);
  assert_int_equal(draw(&list, &count), ITEM_END);
  assert_int_equal(count, lines);
  item_list_end(&list);
  if (before >= 0) {
    dup2(before, STDIN_FILENO);
    close(before);
  }
}

#define PADDING "https://example.org/a/path/that/makes/a/line/about/as/long/as/they/are/index.html"

static void a_million_lines_take_no_more_memory_than_a_few(void **unused) {
  (void)unused;
  static const struct {
    enum item_format format;
    const char *header, *line;
  } lists[] = {
      {ITEM_CSV, "n,url\n", "%llu,\"" PADDING "\"\n"},
      {ITEM_NDJSON, "", "{\"n\":%llu,\"url\":\"" PADDING "\"}\n"},
      {ITEM_TSV, "n\turl\n", "%llu\t" PADDING "\n"},
      {ITEM_LINES, "", "%llu\n"},
  };
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    stream(lists[i].format, lists[i].header, lists[i].line, 1000);
  long before = most_memory_kib();
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
    stream(lists[i].format, lists[i].header, lists[i].line, i ? 100000 : 1000000);
  /* They have 130 MB; a tool that looks at memory may keep some of what was freed. */
  if (!FREED_MEMORY_IS_KEPT) assert_true(most_memory_kib() - before < 48 * 1024);
}

/* A list of one item of so many bytes, and one after it. */
static char *list_with(const char *header, size_t item, const char *end, size_t *ret_size) {
  size_t n = strlen(header), size = n + item + strlen(end);
  char *data = malloc(size + 1);
  assert_non_null(data);
  memcpy(data, header, n);
  memset(data + n, 'x', item);
  memcpy(data + n + item, end, strlen(end) + 1);
  *ret_size = size;
  return data;
}

static void check_long(enum item_format format, const char *header, size_t item, size_t chunk,
                       bool fits) {
  size_t size;
  char *data = list_with(header, item, "\r\nlast\n", &size);
  char *rows = rows_of_data(data, size, format, false, chunk);
  const char *problem = strstr(rows, "] part ! an item of more than 1 MiB: is this a list?\n");
  assert_int_equal(problem == NULL, fits);
  if (!fits) assert_int_equal(problem - rows, strlen("2 [") + 1024); /* only its beginning */
  const char *last = strrchr(rows, '[');
  assert_memory_equal(last, "[last] ", 7);
  assert_int_equal(atoi(last - 2), *header ? 3 : 2); /* its line is still counted right */
  free(rows);
  free(data);
}

static void an_item_of_a_mebibyte_fits_and_a_longer_one_is_skipped(void **unused) {
  (void)unused;
  for (size_t chunk = 0; chunk <= 5000; chunk += 5000) {
    check_long(ITEM_LINES, "", ITEM_MOST, chunk, true);
    check_long(ITEM_LINES, "", ITEM_MOST + 2, chunk, false);
    check_long(ITEM_LINES, "", 5 * ITEM_MOST, chunk, false);
    check_long(ITEM_AUTO, "", 2 * ITEM_MOST, chunk, false);
    check_long(ITEM_CSV, "a\n", ITEM_MOST, chunk, true);
    check_long(ITEM_CSV, "a\n", 3 * ITEM_MOST, chunk, false);
    check_long(ITEM_TSV, "a\n", 3 * ITEM_MOST, chunk, false);
  }
}

/* A quote that nothing closes costs its line, and the others are as they should be. */
static void an_open_quote_does_not_swallow_the_list(void **unused) {
  (void)unused;
  size_t size, rows = 0;
  char *data = malloc(4 * ITEM_MOST);
  assert_non_null(data);
  size = (size_t)sprintf(data, "a,b\n1,\"2\n");
  for (int i = 0; size < 3 * ITEM_MOST; i++) size += (size_t)sprintf(data + size, "%d,y\n", i);
  char *text = rows_of_data(data, size, ITEM_CSV, false, 0), *at;
  char *end = text + strlen(text);
  assert_ptr_equal(strstr(text, "part ! a quote is not closed"), text + strlen("2 [1,\"2] "));
  at = strchr(text, '\n') + 1;
  assert_memory_equal(at, "3 [0,y] a=0|b=y\n4 [1,y] a=1|b=y\n", 32);
  for (; (at = memchr(at, '\n', (size_t)(end - at))); at++) rows++;
  for (size_t i = 0; i < size; i++) rows -= data[i] == '\n';
  assert_int_equal(rows + 2, 0); /* every line but the header and the broken one */
  free(text);
  free(data);
}

static void an_endless_line_takes_no_more_than_a_mebibyte(void **unused) {
  (void)unused;
  size_t size;
  char *data = list_with("", 40 * ITEM_MOST, "", &size);
  char *rows = rows_of_data(data, size, ITEM_AUTO, false, 4096);
  assert_string_equal(rows + strlen("1 [") + 1024,
                      "] part ! an item of more than 1 MiB: is this a list?\n");
  free(rows);
  free(data);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_million_lines_take_no_more_memory_than_a_few),
      cmocka_unit_test(an_item_of_a_mebibyte_fits_and_a_longer_one_is_skipped),
      cmocka_unit_test(an_open_quote_does_not_swallow_the_list),
      cmocka_unit_test(an_endless_line_takes_no_more_than_a_mebibyte),
  };
  return cmocka_run_group_tests_name("items: large", tests, NULL, NULL);
}
