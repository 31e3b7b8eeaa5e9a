/* SPDX-License-Identifier: MIT
 *
 * signals.h: being interrupted. SIGINT, SIGTERM and SIGHUP once: the command stops starting, prints
 * what there is, and then dies of that signal, so that a shell's loop stops, too. Twice: it dies at
 * once. SIGPIPE and SIGXFSZ are ignored: a closed stdout shows as EPIPE, a file that may not grow
 * as EFBIG. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

void signals_begin(void);

bool signals_interrupted(void);

/* Readable once interrupted: for poll(2) beside a descriptor that may block. */
int signals_fd(void);

/* Dies of the signal that interrupted; returns if none did. */
void signals_die_if_interrupted(void);

/* Dies of SIGPIPE, as programs do whose reader has gone; returns if it is ignored here. */
void signals_die_of_pipe(void);

#endif
