/* SPDX-License-Identifier: MIT */
#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

size_t scale(size_t usual) {
  const char *told = getenv("MEANTIME_SCALE");
  size_t n = told != NULL ? strtoul(told, NULL, 10) : 0;
  return n > 0 ? n : shrunk(usual);
}

/* A line of /proc/self/status, in bytes; 0 if there is none. */
static size_t status_line(const char *name) {
  FILE *file = fopen("/proc/self/status", "r");
  if (file == NULL) return 0;
  char line[256];
  size_t kib = 0, length = strlen(name);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, name, length) == 0) kib = strtoul(line + length, NULL, 10);
  fclose(file);
  return kib * 1024;
}

size_t resident_now(void) {
  size_t resident = status_line("VmRSS:");
  return resident > 0 ? resident + status_line("VmPTE:") : 0;
}

size_t resident_most(void) {
  size_t resident = status_line("VmHWM:");
  return resident > 0 ? resident + status_line("VmPTE:") : 0;
}

bool in_a_child(void (*run)(struct taken *ret), struct taken *ret) {
  int fd[2], status = -1;
  fflush(NULL);
  if (pipe(fd) != 0) return false;
  pid_t child = fork();
  if (child == 0) {
    struct taken taken = {0};
    alarm(shrunk(100) == 100 ? 170 : 700); /* what hangs is ended */
    run(&taken);
    _exit(write(fd[1], &taken, sizeof taken) == sizeof taken ? 0 : 1);
  }
  close(fd[1]);
  bool told = child > 0 && read(fd[0], ret, sizeof *ret) == sizeof *ret;
  close(fd[0]);
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 && told;
}

void took_at_most(const struct taken *t, bool lived, size_t most) {
  assert_true(lived);
  assert_true(t->n > 0);
  assert_int_equal(t->good, t->n);
  size_t each = t->after > t->before ? (t->after - t->before) / t->n : 0;
  print_message("%zu tasks in %.1f s, %zu bytes each\n", t->n, t->seconds, each);
  bool seems = shrunk(100) == 100 && t->before > 0;
  if (seems && t->n >= 10000) assert_in_range(each, 1, most);
}
