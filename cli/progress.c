/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include "progress_line.h"
#include "progress_pace.h"

#include <meantime.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
  bool on, terminal, shown;
  const char *what;
  int64_t begin_ns, next_ns;
  int64_t step_ns; /* between two plain lines: it grows, so that a long run's log stays short */
  struct pace pace;
} progress;

/* Whether stderr can rewrite a line. */
static bool is_terminal(void) {
  const char *kind = getenv("TERM");
  return isatty(STDERR_FILENO) == 1 && !(kind && strcmp(kind, "dumb") == 0);
}

void progress_begin(enum progress_when when, const char *what) {
  progress.terminal = is_terminal();
  progress.on = when == PROGRESS_ALWAYS || (when == PROGRESS_AUTO && progress.terminal);
  progress.what = what;
  progress.begin_ns = mt_now_ns();
  progress.step_ns = MT_SECONDS(2);
  /* What is over at once needs no progress. */
  progress.next_ns = progress.begin_ns + (progress.terminal ? MT_MS(300) : progress.step_ns);
  progress.pace = (struct pace){0};
  pace_note(&progress.pace, progress.begin_ns, 0, 0);
}

/* Asked anew for each line, since windows are resized. The last column stays free: a terminal that
 * has just written there is of two minds about where its cursor is. */
static size_t terminal_columns(void) {
  struct winsize size;
  bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col - 1U : 79;
}

/* At the end, the pace is that of the whole run. */
static void show(const struct progress_state *s, int64_t now_ns, bool over) {
  char line[PROGRESS_LINE];
  struct progress_facts f = {
      .what = progress.what, .state = *s, .elapsed_s = (double)(now_ns - progress.begin_ns) / 1e9};
  if (over) progress.pace.count = 0, pace_note(&progress.pace, progress.begin_ns, 0, 0);
  pace_tell(&progress.pace, now_ns, s->done, s->bytes, &f.items_per_s, &f.bytes_per_s);
  progress_line(&f, progress.terminal ? terminal_columns() : PROGRESS_LINE, line);
  if (progress.terminal) {
    fprintf(stderr, "\r%s\033[K", line);
    fflush(stderr);
    progress.shown = true;
  } else {
    fprintf(stderr, "meantime: %s\n", line + strspn(line, " "));
  }
}

void progress_update(const struct progress_state *s) {
  if (!progress.on) return;
  int64_t now_ns = mt_now_ns();
  pace_note(&progress.pace, now_ns, s->done, s->bytes);
  if (now_ns < progress.next_ns) return;
  show(s, now_ns, false);
  if (!progress.terminal && progress.step_ns < MT_SECONDS(60)) progress.step_ns *= 2;
  progress.next_ns = now_ns + (progress.terminal ? MT_MS(100) : progress.step_ns);
}

void progress_hide(void) {
  if (!progress.shown) return;
  fputs("\r\033[K", stderr);
  fflush(stderr);
  progress.shown = false;
}

void progress_end(const struct progress_state *s) {
  progress_hide();
  if (progress.on && !progress.terminal) show(s, mt_now_ns(), true);
  progress.on = false;
}
