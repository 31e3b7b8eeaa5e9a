/* SPDX-License-Identifier: MIT */
#include "signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

static atomic_int caught; /* the first signal; lock-free, so handlers may use it */
static int wake[2] = {-1, -1};
static bool pipe_ignored;

static void die_of(int number) {
  sigset_t only;
  signal(number, SIG_DFL);
  sigemptyset(&only);
  sigaddset(&only, number);
  raise(number);
  sigprocmask(SIG_UNBLOCK, &only, NULL); /* in its handler a signal is blocked until here */
}

static void handle(int number) {
  int before = 0, saved = errno;
  /* Nothing else is published by it: the readers only ask whether it is set. */
  if (!atomic_compare_exchange_strong_explicit(&caught, &before, number, memory_order_relaxed,
                                               memory_order_relaxed))
    die_of(number);
  if (write(wake[1], "", 1) < 0) errno = saved;
  errno = saved;
}

void signals_begin(void) {
  static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction action = {.sa_handler = handle}, old;
  sigemptyset(&action.sa_mask);
  if (pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0) wake[0] = wake[1] = -1;
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    /* What the parent had ignored, as nohup does, stays ignored. */
    if (sigaction(numbers[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN) continue;
    sigaction(numbers[i], &action, NULL);
  }
  sigaction(SIGPIPE, NULL, &old);
  pipe_ignored = old.sa_handler == SIG_IGN;
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN); /* a file that may grow no more shows as EFBIG */
}

bool signals_interrupted(void) {
  return atomic_load_explicit(&caught, memory_order_relaxed) != 0;
}

int signals_fd(void) {
  return wake[0];
}

void signals_die_if_interrupted(void) {
  int number = atomic_load_explicit(&caught, memory_order_relaxed);
  if (number) die_of(number);
}

void signals_die_of_pipe(void) {
  if (!pipe_ignored) die_of(SIGPIPE);
}
