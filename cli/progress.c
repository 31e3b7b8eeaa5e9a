/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <inttypes.h>
#include <meantime.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
  bool on, terminal, shown;
  const char *what;
  int64_t begin_ns, next_ns;
  int64_t step_ns; /* between two plain lines: it grows, so that a long run's log stays short */
} progress;

void progress_begin(enum progress_when when, const char *what) {
  progress.terminal = isatty(STDERR_FILENO) == 1;
  progress.on = when == PROGRESS_ALWAYS || (when == PROGRESS_AUTO && progress.terminal);
  progress.what = what;
  progress.begin_ns = mt_now_ns();
  progress.step_ns = MT_SECONDS(2);
  /* What is over at once needs no progress. */
  progress.next_ns = progress.begin_ns + (progress.terminal ? MT_MS(300) : progress.step_ns);
}

static int terminal_columns(void) {
  struct winsize size;
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

static void describe(const struct progress_state *s, char *out, size_t room) {
  double seconds = (double)(mt_now_ns() - progress.begin_ns) / 1e9;
  size_t n;
  if (s->total)
    n = (size_t)snprintf(out, room, "%3.0f%%  %" PRIu64 " of %" PRIu64 " %s",
                         100 * (double)s->done / (double)s->total, s->done, s->total,
                         progress.what);
  else
    n = (size_t)snprintf(out, room, "%" PRIu64 " %s", s->done, progress.what);
  if (s->failed && n < room)
    n += (size_t)snprintf(out + n, room - n, ", %" PRIu64 " failed", s->failed);
  if (n < room) n += (size_t)snprintf(out + n, room - n, ", %.0f s", seconds);
  if (n < room && s->total > s->done && s->done > 0)
    snprintf(out + n, room - n, ", about %.0f s left",
             seconds / (double)s->done * (double)(s->total - s->done));
}

void progress_update(const struct progress_state *s) {
  char line[200];
  if (!progress.on || mt_now_ns() < progress.next_ns) return;
  describe(s, line, sizeof line);
  if (progress.terminal) {
    int columns = terminal_columns();
    fprintf(stderr, "\r%.*s\033[K", columns - 1, line);
    fflush(stderr);
    progress.shown = true;
    progress.next_ns = mt_now_ns() + MT_MS(100);
    return;
  }
  fprintf(stderr, "meantime: %s\n", line + strspn(line, " "));
  progress.step_ns = progress.step_ns < MT_SECONDS(60) ? progress.step_ns * 2 : progress.step_ns;
  progress.next_ns = mt_now_ns() + progress.step_ns;
}

void progress_hide(void) {
  if (!progress.shown) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  progress.shown = false;
}

void progress_end(const struct progress_state *s) {
  progress_hide();
  if (progress.on && !progress.terminal) {
    progress.next_ns = 0;
    progress_update(s);
  }
  progress.on = false;
}
