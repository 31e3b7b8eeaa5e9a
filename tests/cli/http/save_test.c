/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "claims.h"
#include "folder.h"
#include "folders.h"
#include "save.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* A folder with DIR and OUTSIDE side by side. */
struct place {
  char top[FOLDER_PATH], path[FOLDER_PATH + 8], outside[FOLDER_PATH + 8];
  struct save_dir *dir;
};

static int set_up(void **state) {
  static struct place p;
  char error[SAVE_ERROR];
  if (!folder_make(p.top)) return -1;
  snprintf(p.path, sizeof p.path, "%s/dir", p.top);
  snprintf(p.outside, sizeof p.outside, "%s/outside", p.top);
  if (mkdir(p.outside, 0777) < 0) return -1;
  p.dir = save_dir_open(p.path, error);
  *state = &p;
  return p.dir ? 0 : -1;
}

static int tear_down(void **state) {
  struct place *p = *state;
  save_dir_close(p->dir);
  folder_remove(AT_FDCWD, p->top);
  return 0;
}

static void put(struct place *p, const char *name, const char *text) {
  char error[SAVE_ERROR] = "";
  if (!save_put(p->dir, name, text, strlen(text), error)) fail_msg("%s", error);
}

static void put_fails(struct place *p, const char *name, const char *why) {
  char error[SAVE_ERROR] = "";
  assert_false(save_put(p->dir, name, "x", 1, error));
  if (!strstr(error, why)) fail_msg("\"%s\": %s", name, error);
}

static void a_file_is_there_under_its_name_and_no_other(void **state) {
  struct place *p = *state;
  put(p, "a", "one");
  assert_string_equal(folder_text(p->path, "a"), "one");
  put(p, "a", "");
  assert_string_equal(folder_text(p->path, "a"), "");
  put(p, "a", "two");
  assert_string_equal(folder_text(p->path, "a"), "two");
  put(p, "sub/deep/er/b.json", "three");
  assert_string_equal(folder_text(p->path, "sub/deep/er/b.json"), "three");
  put(p, "sub/c", "four");
  assert_string_equal(folder_text(p->path, "sub/c"), "four");
  assert_int_equal(folder_count(p->path), 2);
}

static void modes_are_those_of_the_umask(void **state) {
  struct place *p = *state;
  struct stat st;
  char path[600];
  mode_t before = umask(027);
  put(p, "fresh/a", "x");
  umask(before);
  snprintf(path, sizeof path, "%s/fresh/a", p->path);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0640);
  *strrchr(path, '/') = 0;
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 0777, 0750);
}

static void a_name_never_leads_out(void **state) {
  struct place *p = *state;
  static const char *const bad[] = {
      "",      "/",   "..",  "../outside/x", "a/../../outside/x", "/etc/x", ".",  "./x",
      "a//b",  "a/",  "a/.", "a/..",         ".hidden",           "a/.b/c", "//", "a/./b",
      ".../x", "..a",
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) put_fails(p, bad[i], "begins with a dot");
  assert_int_equal(folder_count(p->path), 0);
  assert_int_equal(folder_count(p->outside), 0);
}

static void links_are_not_followed(void **state) {
  struct place *p = *state;
  char link_path[600];
  snprintf(link_path, sizeof link_path, "%s/link", p->path);
  assert_int_equal(symlink(p->outside, link_path), 0);
  put_fails(p, "link/x", "symbolic link");
  put_fails(p, "link/deeper/x", "symbolic link");
  put(p, "real/y", "fine");
  snprintf(link_path, sizeof link_path, "%s/real/link", p->path);
  assert_int_equal(symlink("../../outside", link_path), 0);
  put_fails(p, "real/link/x", "symbolic link");
  snprintf(link_path, sizeof link_path, "%s/dangling", p->path);
  assert_int_equal(symlink("../outside/made", link_path), 0);
  put_fails(p, "dangling/x", "symbolic link");
  assert_int_equal(folder_count(p->outside), 0);
}

/* A link where the file is to be is replaced; what it points to is not touched. */
static void a_link_in_the_files_place_is_replaced(void **state) {
  struct place *p = *state;
  char link_path[600];
  struct stat st;
  folder_put(p->outside, "precious", "old");
  snprintf(link_path, sizeof link_path, "%s/x", p->path);
  assert_int_equal(symlink("../outside/precious", link_path), 0);
  put(p, "x", "new");
  assert_string_equal(folder_text(p->outside, "precious"), "old");
  assert_int_equal(lstat(link_path, &st), 0);
  assert_true(S_ISREG(st.st_mode));
}

/* The descriptors of folders that are kept do not follow what is put in their place. */
static void a_folder_that_becomes_a_link_is_not_followed(void **state) {
  struct place *p = *state;
  char folder[600], moved[600];
  put(p, "sub/a", "1");
  snprintf(folder, sizeof folder, "%s/sub", p->path);
  snprintf(moved, sizeof moved, "%s/moved", p->path);
  assert_int_equal(rename(folder, moved), 0);
  assert_int_equal(symlink("../outside", folder), 0);
  char error[SAVE_ERROR];
  save_put(p->dir, "sub/b", "2", 1, error);
  assert_int_equal(folder_count(p->outside), 0);
}

static void a_file_and_a_folder_of_one_name_are_told(void **state) {
  struct place *p = *state;
  put(p, "a", "1");
  put_fails(p, "a/b", "there is a file of that name");
  put(p, "c/d", "1");
  put_fails(p, "c", "there is a folder of that name");
  assert_int_equal(folder_count(p->path), 2);
}

static void names_may_be_long_but_not_too_long(void **state) {
  struct place *p = *state;
  char name[300 * 20];
  memset(name, 'n', 255);
  name[255] = 0;
  put(p, name, "x");
  name[255] = 'n', name[256] = 0;
  put_fails(p, name, strerror(ENAMETOOLONG));
  memcpy(name + 256, "/x", 3);
  put_fails(p, name, strerror(ENAMETOOLONG));

  /* Far longer than PATH_MAX, which only counts for a single system call. */
  size_t n = 0;
  for (int i = 0; i < 20; i++) {
    memset(name + n, 'a' + i, 250);
    name[n + 250] = '/';
    n += 251;
  }
  memcpy(name + n, "leaf", 5);
  put(p, name, "x");
}

static void a_message_ends_between_characters(void **state) {
  struct place *p = *state;
  char name[200] = "", error[SAVE_ERROR];
  for (int i = 0; i < 9; i++)
    strcat(name, i == 0 ? "/abc" : "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac");
  assert_false(save_put(p->dir, name, "", 0, error));
  for (const char *s = error; (s = strchr(s, '\xe2')); s += 3)
    assert_memory_equal(s, "\xe2\x82\xac", 3);
}

static void what_is_not_committed_leaves_nothing(void **state) {
  struct place *p = *state;
  struct save s;
  put(p, "a", "old");
  save_init(&s, p->dir, "a");
  assert_true(save_append(&s, "ne", 2));
  assert_int_equal(folder_count(p->path), 2);
  assert_string_equal(folder_text(p->path, "a"), "old");
  save_fini(&s);
  save_fini(&s);
  assert_int_equal(folder_count(p->path), 1);
  assert_string_equal(folder_text(p->path, "a"), "old");

  save_init(&s, p->dir, "a");
  save_fini(&s); /* nothing had begun */
  save_init(&s, p->dir, "b/c");
  assert_true(save_append(&s, "12", 2) && save_append(&s, "", 0) && save_append(&s, "345", 3));
  assert_true(save_commit(&s));
  save_fini(&s);
  assert_string_equal(folder_text(p->path, "b/c"), "12345");
  save_fini(NULL);
}

/* A file-size limit does what a full disk does: a short write, then an error. */
static void a_full_disk_is_told_and_leaves_nothing(void **state) {
  struct place *p = *state;
  struct rlimit before, little;
  static char bytes[8192];
  struct save s;
  put(p, "a", "old");
  signal(SIGXFSZ, SIG_IGN);
  getrlimit(RLIMIT_FSIZE, &before);
  little = before;
  little.rlim_cur = 5000;
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
  save_init(&s, p->dir, "a");
  bool fine = save_append(&s, bytes, sizeof bytes);
  bool again = save_append(&s, bytes, 1), committed = save_commit(&s);
  setrlimit(RLIMIT_FSIZE, &before);
  assert_false(fine || again || committed);
  assert_int_equal(s.system, EFBIG);
  assert_non_null(strstr(s.error, "a in "));
  assert_non_null(strstr(s.error, strerror(EFBIG)));
  save_fini(&s);
  assert_int_equal(folder_count(p->path), 1);
  assert_string_equal(folder_text(p->path, "a"), "old");
}

static void no_descriptors_is_told_with_the_cure(void **state) {
  struct place *p = *state;
  struct rlimit before, none;
  char error[SAVE_ERROR] = "";
  getrlimit(RLIMIT_NOFILE, &before);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  bool fine = save_put(p->dir, "a", "x", 1, error);
  setrlimit(RLIMIT_NOFILE, &before);
  assert_false(fine);
  assert_non_null(strstr(error, "--jobs"));
}

static void descriptors_do_not_grow(void **state) {
  struct place *p = *state;
  char name[64];
  for (int i = 0; i < 40; i++) {
    snprintf(name, sizeof name, "folder-%d/x", i);
    put(p, name, "x");
  }
  int before = folder_descriptors();
  for (int i = 0; i < 400; i++) {
    snprintf(name, sizeof name, "folder-%d/%d/x", i % 50, i);
    put(p, name, "x");
  }
  assert_int_equal(folder_descriptors(), before);
}

/* -- opening ---------------------------------------------------------------------------------- */

static void a_folder_is_made_with_those_above_it(void **state) {
  struct place *p = *state;
  char path[600], error[SAVE_ERROR];
  snprintf(path, sizeof path, "%s/x/y//z/", p->path);
  struct save_dir *d = save_dir_open(path, error);
  assert_non_null(d);
  assert_true(save_put(d, "a", "1", 1, error));
  save_dir_close(d);
  assert_string_equal(folder_text(p->path, "x/y/z/a"), "1");
  save_dir_close(NULL);
}

/* The person who runs the command may well have a link to where there is room. */
static void the_folder_itself_may_be_a_link(void **state) {
  struct place *p = *state;
  char path[600], error[SAVE_ERROR];
  snprintf(path, sizeof path, "%s/link", p->top);
  assert_int_equal(symlink("outside", path), 0);
  struct save_dir *d = save_dir_open(path, error);
  assert_non_null(d);
  assert_true(save_put(d, "a", "1", 1, error));
  save_dir_close(d);
  assert_string_equal(folder_text(p->outside, "a"), "1");
}

static void a_folder_that_cannot_be_is_told(void **state) {
  struct place *p = *state;
  char path[600], error[SAVE_ERROR] = "";
  folder_put(p->path, "file", "x");
  snprintf(path, sizeof path, "%s/file", p->path);
  assert_null(save_dir_open(path, error));
  assert_non_null(strstr(error, "there is a file of that name"));
  strcat(path, "/below");
  assert_null(save_dir_open(path, error));
  assert_non_null(strstr(error, "file of that name"));
  assert_null(save_dir_open("", error));
  assert_non_null(strstr(error, strerror(ENOENT)));
}

static void leftovers_of_a_killed_run_are_removed(void **state) {
  struct place *p = *state;
  char error[SAVE_ERROR];
  pid_t child = fork();
  if (child == 0) {
    struct save s;
    save_init(&s, p->dir, "never");
    save_append(&s, "half", 4);
    raise(SIGKILL);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFSIGNALED(status));
  static const char *const others[] = {
      ".meantime-0123456789abcde.part",
      ".meantime-0123456789abcdef0.part",
      ".meantime-0123456789abcdeg.part",
      ".meantime-0123456789abcdef.par",
      ".meantime-0123456789abcdef.part2",
      "meantime-0123456789abcdef.part",
      ".part",
      "x.part",
  };
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) folder_put(p->path, others[i], "x");
  folder_put(p->path, ".meantime-0123456789abcdef.part", "x");
  int n = (int)(sizeof others / sizeof *others);
  assert_int_equal(folder_count(p->path), n + 2);

  /* While another run is there, nothing is removed: it might be that run's. */
  struct save_dir *second = save_dir_open(p->path, error);
  assert_non_null(second);
  save_dir_close(second);
  assert_int_equal(folder_count(p->path), n + 2);

  save_dir_close(p->dir);
  p->dir = save_dir_open(p->path, error);
  assert_non_null(p->dir);
  assert_int_equal(folder_count(p->path), n);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    assert_non_null(folder_text(p->path, others[i]));
}

/* -- claims ----------------------------------------------------------------------------------- */

static void two_items_with_one_name_are_both_named(void **state) {
  struct place *p = *state;
  char error[SAVE_ERROR] = "";
  assert_true(save_claim(p->dir, "a/b.json", 3, error));
  assert_true(save_claim(p->dir, "a/c.json", 4, error));
  assert_true(save_claim(p->dir, "a/b.json", 3, error)); /* another attempt */
  assert_false(save_claim(p->dir, "a/b.json", 17, error));
  assert_non_null(strstr(error, "items 3 and 17"));
  assert_non_null(strstr(error, "a/b.json"));
  assert_non_null(strstr(error, "{index}"));
  assert_false(save_claim(p->dir, "a/b.json", 18, error));
}

static void many_names_are_kept_apart(void **unused) {
  (void)unused;
  enum { MANY = 200000 };
  struct claims *c = claims_new();
  char name[32];
  uint64_t owner;
  for (int round = 0; round < 2; round++)
    for (uint64_t i = 0; i < MANY; i++) {
      snprintf(name, sizeof name, "%llu.json", (unsigned long long)i);
      assert_int_equal(claims_take(c, name, i, &owner), CLAIM_TAKEN);
    }
  for (uint64_t i = 0; i < MANY; i += 7) {
    snprintf(name, sizeof name, "%llu.json", (unsigned long long)i);
    assert_int_equal(claims_take(c, name, MANY + i, &owner), CLAIM_CLASH);
    assert_true(owner == i);
  }
  claims_free(c);
  claims_free(NULL);
}

/* -- threads ---------------------------------------------------------------------------------- */

enum { THREADS = 4, FILES = 200 };
struct writer {
  struct save_dir *dir;
  pthread_barrier_t *begin;
  int number, failures;
};

static void *write_files(void *arg) {
  struct writer *w = arg;
  char name[64], error[SAVE_ERROR];
  pthread_barrier_wait(w->begin);
  for (int i = 0; i < FILES; i++) {
    /* The same folders, made by whoever is first; more of them than are kept. */
    snprintf(name, sizeof name, "f%d/g%d/%d-%d", i % 7, i % 40, w->number, i);
    w->failures += !save_put(w->dir, name, name, strlen(name), error);
  }
  return NULL;
}

static void threads_write_beside_each_other(void **state) {
  struct place *p = *state;
  struct writer writer[THREADS];
  pthread_t thread[THREADS];
  pthread_barrier_t begin;
  pthread_barrier_init(&begin, NULL, THREADS);
  for (int t = 0; t < THREADS; t++) {
    writer[t] = (struct writer){.dir = p->dir, .begin = &begin, .number = t};
    assert_int_equal(pthread_create(&thread[t], NULL, write_files, &writer[t]), 0);
  }
  for (int t = 0; t < THREADS; t++) pthread_join(thread[t], NULL);
  for (int t = 0; t < THREADS; t++) {
    assert_int_equal(writer[t].failures, 0);
    for (int i = 0; i < FILES; i++) {
      char name[64];
      snprintf(name, sizeof name, "f%d/g%d/%d-%d", i % 7, i % 40, t, i);
      const char *text = folder_text(p->path, name);
      assert_non_null(text);
      assert_string_equal(text, name);
    }
  }
  assert_int_equal(folder_count(p->path), 7);
  pthread_barrier_destroy(&begin);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      IN_A_PLACE(a_file_is_there_under_its_name_and_no_other),
      IN_A_PLACE(modes_are_those_of_the_umask),
      IN_A_PLACE(a_name_never_leads_out),
      IN_A_PLACE(links_are_not_followed),
      IN_A_PLACE(a_link_in_the_files_place_is_replaced),
      IN_A_PLACE(a_folder_that_becomes_a_link_is_not_followed),
      IN_A_PLACE(a_file_and_a_folder_of_one_name_are_told),
      IN_A_PLACE(names_may_be_long_but_not_too_long),
      IN_A_PLACE(a_message_ends_between_characters),
      IN_A_PLACE(what_is_not_committed_leaves_nothing),
      IN_A_PLACE(a_full_disk_is_told_and_leaves_nothing),
      IN_A_PLACE(no_descriptors_is_told_with_the_cure),
      IN_A_PLACE(descriptors_do_not_grow),
      IN_A_PLACE(a_folder_is_made_with_those_above_it),
      IN_A_PLACE(the_folder_itself_may_be_a_link),
      IN_A_PLACE(a_folder_that_cannot_be_is_told),
      IN_A_PLACE(leftovers_of_a_killed_run_are_removed),
      IN_A_PLACE(two_items_with_one_name_are_both_named),
      cmocka_unit_test(many_names_are_kept_apart),
      IN_A_PLACE(threads_write_beside_each_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
