/* SPDX-License-Identifier: MIT
 *
 * group: tasks that live and die together.
 *
 * Three readers wait for data on pipes that nobody will ever write to. A fourth member opens a file
 * that is not there and fails; that cancels the other three, whose waits return at once. No member
 * outlives mt_group_close, so the pipes can be closed right after it.
 */
#include <errno.h>
#include <fcntl.h>
#include <meantime.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { READERS = 3 };

static mt_value read_line(mt_value fd) {
  int ready = mt_wait_fd((int)mt_as_int(fd), POLLIN, MT_FOREVER);
  if (ready < 0) return mt_give_up(ready);
  return mt_fail(EIO, "data that nobody wrote");
}

static mt_value load_settings(mt_value path) {
  int fd = open(path.data, O_RDONLY);
  if (fd < 0) return mt_fail(errno, "cannot open %s: %s", (char *)path.data, strerror(errno));
  close(fd);
  return mt_none();
}

int main(void) {
  int pipes[READERS][2];
  mt_executor *ex;
  mt_group *g;
  if (mt_open("threads:2", &(mt_options){.in_flight = READERS + 1}, &ex) < 0) return 1;
  if (mt_group_open(&g) < 0) return 1;
  for (int i = 0; i < READERS; i++)
    if (pipe(pipes[i]) < 0 || mt_go(g, ex, read_line, mt_int(pipes[i][0])) < 0) return 1;
  if (mt_go(g, ex, load_settings, mt_ptr("/nonexistent/settings")) < 0) return 1;

  mt_status st = mt_group_wait(g, MT_FOREVER);
  const mt_error *e = mt_group_failure(g);
  int right = st == MT_FAILED && e && e->code == ENOENT;
  printf("%s: %s\n", mt_status_text(st), e ? e->message : "no error");
  mt_group_close(g);

  for (int i = 0; i < READERS; i++) close(pipes[i][0]), close(pipes[i][1]);
  mt_close(ex);
  return !right;
}
