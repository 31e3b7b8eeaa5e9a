/* SPDX-License-Identifier: MIT
 *
 * progress.h: how far it is, on stderr: one line that is rewritten on a terminal, a plain line now
 * and then elsewhere. All from one thread. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdint.h>

enum progress_when { PROGRESS_AUTO, PROGRESS_ALWAYS, PROGRESS_NEVER };

#define PROGRESS_CHOICES "auto|always|never"

struct progress_state {
  uint64_t done, failed; /* done counts those that failed, too */
  uint64_t total;        /* 0: not known yet */
  uint64_t in_flight;    /* begun and not done */
  uint64_t bytes;        /* so far; 0: not shown */
};

/* `what` is counted: "files". With auto, nothing is shown unless stderr is a terminal. */
void progress_begin(enum progress_when when, const char *what);

/* Shows the state if it is time to. */
void progress_update(const struct progress_state *s);

/* Takes the line off the terminal, so that something else can be written. */
void progress_hide(void);

/* Takes the line off; elsewhere writes the last one. */
void progress_end(const struct progress_state *s);

#endif
