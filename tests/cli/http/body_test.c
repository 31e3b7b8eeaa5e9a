/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "body.h"
#include "folder.h"
#include "save.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

enum { MEMORY = 1000 };

/* The byte of a made-up body at that place. */
static unsigned char byte_at(size_t i) {
  return (unsigned char)(i * 131 + (i >> 8) * 17 + (i >> 16));
}

/* Appends up to a size, in pieces of another. */
static bool grow_to(struct body *b, size_t size, size_t piece) {
  unsigned char bytes[70000];
  while (b->size < size) {
    size_t n = size - b->size < piece ? (size_t)(size - b->size) : piece;
    for (size_t i = 0; i < n; i++) bytes[i] = byte_at((size_t)b->size + i);
    if (!body_append(b, bytes, n)) return false;
  }
  return true;
}

static void must_be(const unsigned char *bytes, size_t size) {
  assert_non_null(bytes);
  for (size_t i = 0; i < size; i++)
    if (bytes[i] != byte_at(i)) fail_msg("another byte at %zu of %zu", i, size);
}

static const size_t sizes[] = {0, 1, MEMORY - 1, MEMORY, MEMORY + 1, 4096, 200000};
static const size_t pieces[] = {1, 7, MEMORY, 65536};

static void what_goes_in_comes_out(void **unused) {
  (void)unused;
  struct body b;
  body_init(&b, 0, MEMORY);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++) {
      assert_true(grow_to(&b, sizes[i], pieces[k]));
      assert_int_equal(b.size, sizes[i]);
      assert_int_equal(b.spilled, sizes[i] > MEMORY);
      must_be(body_bytes(&b), sizes[i]);
      must_be(body_bytes(&b), sizes[i]);
      body_reset(&b);
      assert_int_equal(b.size, 0);
      assert_non_null(body_bytes(&b));
    }
  body_fini(&b);
  body_fini(NULL);
}

static void it_may_go_on_after_it_was_looked_at(void **unused) {
  (void)unused;
  struct body b;
  body_init(&b, 0, MEMORY);
  for (size_t n = 100; n < 50000; n += n / 2) {
    assert_true(grow_to(&b, n, 333));
    must_be(body_bytes(&b), n);
  }
  body_fini(&b);
}

/* Also one that comes in many pieces, and the next ones after it. */
static void small_bodies_take_no_new_memory(void **unused) {
  (void)unused;
  struct body b;
  body_init(&b, 0, MEMORY);
  assert_true(body_expect(&b, 700));
  const char *memory = b.bytes;
  assert_int_equal(b.room, 700);
  for (int i = 0; i < 100; i++) {
    assert_true(body_expect(&b, 700));
    assert_true(grow_to(&b, 700, 13));
    assert_ptr_equal(b.bytes, memory);
    body_reset(&b);
  }
  assert_true(body_expect(&b, UINT64_MAX)); /* a promise that costs nothing */
  assert_true(b.room <= MEMORY);
  body_fini(&b);
}

static void large_bodies_hold_no_memory_and_leave_no_file(void **unused) {
  (void)unused;
  char folder[FOLDER_PATH];
  assert_true(folder_make(folder));
  setenv("TMPDIR", folder, 1);
  struct body b;
  int descriptors = folder_descriptors();
  body_init(&b, 0, MEMORY);
  bool fine = grow_to(&b, 100000, 5000);
  int names = folder_count(folder);
  size_t room = b.room;
  const void *bytes = body_bytes(&b);
  body_fini(&b);
  unsetenv("TMPDIR");
  folder_remove(AT_FDCWD, folder);
  assert_true(fine && bytes);
  assert_int_equal(room, 0);
  assert_int_equal(names, 0);
  assert_int_equal(folder_descriptors(), descriptors);
}

static void the_limit_is_kept_to_the_byte(void **unused) {
  (void)unused;
  char text[BODY_ERROR];
  static const size_t limits[] = {1, 999, MEMORY, 5000};
  for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
    struct body b;
    body_init(&b, limits[i], MEMORY);
    assert_true(body_expect(&b, limits[i]));
    assert_true(grow_to(&b, limits[i], 64));
    assert_string_equal(body_explain(&b, text), "");
    assert_false(body_append(&b, "x", 1));
    assert_int_equal(b.error, HTTP_TOO_LARGE);
    assert_false(body_append(&b, "", 0));
    char number[32];
    snprintf(number, sizeof number, "%zu bytes", limits[i]);
    assert_non_null(strstr(body_explain(&b, text), number));
    body_reset(&b);
    assert_int_equal(b.error, HTTP_FINE);
    assert_false(body_expect(&b, limits[i] + 1));
    assert_int_equal(b.error, HTTP_TOO_LARGE);
    body_reset(&b);
    assert_false(grow_to(&b, limits[i] + 1, limits[i] + 1));
    assert_int_equal(b.size, 0);
    body_fini(&b);
  }
}

static void what_is_discarded_is_counted(void **unused) {
  (void)unused;
  struct body b;
  body_init(&b, 100000, MEMORY);
  body_discard(&b);
  assert_true(body_expect(&b, 500));
  assert_true(grow_to(&b, 100000, 3000));
  assert_null(b.bytes);
  assert_false(b.spilled);
  assert_false(body_append(&b, "x", 1));
  assert_int_equal(b.error, HTTP_TOO_LARGE);
  body_reset(&b);
  assert_true(grow_to(&b, 10, 3)); /* it is kept again */
  must_be(body_bytes(&b), 10);
  body_fini(&b);
}

static void a_temporary_folder_that_is_none_is_told(void **unused) {
  (void)unused;
  struct body b;
  char text[BODY_ERROR];
  body_init(&b, 0, MEMORY);
  setenv("TMPDIR", "/nowhere/at/all", 1);
  bool fine = grow_to(&b, MEMORY + 1, 64);
  body_explain(&b, text);
  unsetenv("TMPDIR");
  assert_false(fine);
  assert_int_equal(b.error, HTTP_FILE);
  assert_int_equal(b.system, ENOENT);
  assert_non_null(strstr(text, "/nowhere/at/all"));
  assert_non_null(strstr(text, "TMPDIR"));
  body_fini(&b);
}

static void a_full_disk_is_told(void **unused) {
  (void)unused;
  struct rlimit before, little;
  struct body b;
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &before);
  little = before;
  little.rlim_cur = 5000;
  body_init(&b, 0, MEMORY);
  setrlimit(RLIMIT_FSIZE, &little);
  bool fine = grow_to(&b, 20000, 3000);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_false(fine);
  assert_int_equal(b.error, HTTP_FILE);
  assert_int_equal(b.system, EFBIG);
  body_reset(&b); /* the next attempt has room again */
  assert_true(grow_to(&b, 20000, 3000));
  must_be(body_bytes(&b), 20000);
  body_fini(&b);
}

/* -- writing ---------------------------------------------------------------------------------- */

static void written_to_a_file_it_is_all_there(void **unused) {
  (void)unused;
  static const int flags[] = {0, O_APPEND}; /* the kernel does not copy to what is appended to */
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (size_t k = 0; k < 2; k++) {
      char path[FOLDER_PATH];
      struct body b;
      assert_true(folder_make(path));
      strcat(path, "/out");
      int fd = open(path, O_RDWR | O_CREAT | flags[k], 0600);
      assert_true(fd >= 0 && write(fd, "before", 6) == 6);
      body_init(&b, 0, MEMORY);
      assert_true(grow_to(&b, sizes[i], 900));
      assert_true(body_write_to(&b, fd));
      assert_true(body_write_to(&b, fd)); /* any number of times */
      body_fini(&b);
      off_t size = lseek(fd, 0, SEEK_END);
      assert_int_equal(size, 6 + 2 * sizes[i]);
      unsigned char *bytes = malloc((size_t)size);
      assert_int_equal(pread(fd, bytes, (size_t)size, 0), size);
      must_be(bytes + 6, sizes[i]);
      must_be(bytes + 6 + sizes[i], sizes[i]);
      free(bytes);
      close(fd);
      unlink(path);
      *strrchr(path, '/') = 0;
      rmdir(path);
    }
}

struct reader {
  int fd;
  size_t wanted;
  bool fine;
};

static void *read_all(void *arg) {
  struct reader *r = arg;
  unsigned char bytes[777];
  size_t at = 0;
  r->fine = true;
  for (ssize_t n; (n = read(r->fd, bytes, sizeof bytes)) > 0; at += (size_t)n)
    for (size_t i = 0; i < (size_t)n; i++) r->fine &= bytes[i] == byte_at(at + i);
  r->fine &= at == r->wanted;
  return NULL;
}

/* Far more than a pipe holds, so that it is full again and again; also one that does not block. */
static void written_to_a_pipe_it_is_all_there(void **unused) {
  (void)unused;
  static const size_t all[] = {MEMORY, 1000000};
  for (int k = 0; k < 4; k++) {
    int fds[2];
    struct body b;
    assert_int_equal(pipe2(fds, k & 1 ? O_NONBLOCK : 0), 0);
    assert_int_equal(fcntl(fds[0], F_SETFL, 0), 0);
    body_init(&b, 0, k & 2 ? 2000000 : MEMORY);
    for (int i = 0; i < 2; i++) assert_true(grow_to(&b, all[i], 60000));
    struct reader r = {.fd = fds[0], .wanted = all[1]};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, read_all, &r), 0);
    bool fine = body_write_to(&b, fds[1]);
    close(fds[1]);
    pthread_join(thread, NULL);
    close(fds[0]);
    body_fini(&b);
    assert_true(fine && r.fine);
  }
}

static void a_reader_that_has_gone_is_told(void **unused) {
  (void)unused;
  signal(SIGPIPE, SIG_IGN);
  static const size_t all[] = {10, 100000};
  for (int i = 0; i < 2; i++) {
    int fds[2];
    struct body b;
    assert_int_equal(pipe(fds), 0);
    close(fds[0]);
    body_init(&b, 0, MEMORY);
    assert_true(grow_to(&b, all[i], 60000));
    errno = 0;
    assert_false(body_write_to(&b, fds[1]));
    assert_int_equal(errno, EPIPE);
    assert_int_equal(b.error, HTTP_FINE);
    close(fds[1]);
    body_fini(&b);
  }
}

/* -- a file of its own ------------------------------------------------------------------------ */

static void saved_it_is_all_there(void **unused) {
  (void)unused;
  char folder[FOLDER_PATH], error[SAVE_ERROR];
  assert_true(folder_make(folder));
  struct save_dir *dir = save_dir_open(folder, error);
  assert_non_null(dir);
  struct body b;
  body_init(&b, 0, MEMORY);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct save s;
    char name[64], path[FOLDER_PATH + 80];
    snprintf(name, sizeof name, "sub/%zu", sizes[i]);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    save_init(&s, dir, name);
    body_target(&b, &s);
    assert_true(grow_to(&b, sizes[i], 800));
    assert_int_equal(s.file >= 0, sizes[i] > MEMORY); /* it went there at once */
    must_be(body_bytes(&b), sizes[i]);
    assert_int_equal(access(path, F_OK), -1);
    assert_true(body_save(&b));
    body_reset(&b);
    save_fini(&s);

    int fd = open(path, O_RDONLY);
    unsigned char *bytes = malloc(sizes[i] + 1);
    assert_int_equal(read(fd, bytes, sizes[i] + 1), sizes[i]);
    must_be(bytes, sizes[i]);
    free(bytes);
    close(fd);
  }
  assert_int_equal(folder_count(folder), 1);
  body_fini(&b);
  save_dir_close(dir);
  folder_remove(AT_FDCWD, folder);
}

static void a_file_that_cannot_be_saved_is_told(void **unused) {
  (void)unused;
  char folder[FOLDER_PATH], error[SAVE_ERROR], text[BODY_ERROR];
  assert_true(folder_make(folder));
  struct save_dir *dir = save_dir_open(folder, error);
  struct body b;
  body_init(&b, 0, MEMORY);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct save s;
    assert_true(save_put(dir, "file", "", 0, error));
    save_init(&s, dir, "file/x");
    body_target(&b, &s);
    assert_true(grow_to(&b, sizes[i], 800));
    assert_false(body_save(&b));
    assert_int_equal(b.error, HTTP_FILE);
    assert_string_equal(body_explain(&b, text), s.error);
    assert_non_null(strstr(text, "file/x"));
    body_reset(&b);
    save_fini(&s);
    assert_int_equal(folder_count(folder), 1);
  }
  body_fini(&b);
  save_dir_close(dir);
  folder_remove(AT_FDCWD, folder);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_goes_in_comes_out),
      cmocka_unit_test(it_may_go_on_after_it_was_looked_at),
      cmocka_unit_test(small_bodies_take_no_new_memory),
      cmocka_unit_test(large_bodies_hold_no_memory_and_leave_no_file),
      cmocka_unit_test(the_limit_is_kept_to_the_byte),
      cmocka_unit_test(what_is_discarded_is_counted),
      cmocka_unit_test(a_temporary_folder_that_is_none_is_told),
      cmocka_unit_test(a_full_disk_is_told),
      cmocka_unit_test(written_to_a_file_it_is_all_there),
      cmocka_unit_test(written_to_a_pipe_it_is_all_there),
      cmocka_unit_test(a_reader_that_has_gone_is_told),
      cmocka_unit_test(saved_it_is_all_there),
      cmocka_unit_test(a_file_that_cannot_be_saved_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
