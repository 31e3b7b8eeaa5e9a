/* SPDX-License-Identifier: MIT
 *
 * tests/support/contract.h: the frame of the contract suite.
 *
 * A test program is a table of checks and a main made by CONTRACT(table). It is run as
 *
 *   PROGRAM WHERE        for example "inline" or "threads:2"
 *
 * and opens all its executors there. A check names what it needs as a mask of MT_CAN_ bits; where
 * the executor cannot do that, the check is skipped. No check asks for the kind of executor.
 *
 * A failing assertion of cmocka jumps out of the function, so assertions belong to the test's own
 * thread: a task, a callback or another thread records what it saw, and the test asserts later.
 * Nothing here measures how long something takes; what hangs is ended by a watchdog, which first
 * writes every task and what it waits for.
 */
#ifndef TESTS_SUPPORT_CONTRACT_H
#define TESTS_SUPPORT_CONTRACT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <meantime.h>

struct check {
  const char *name;
  void (*run)(void);
  unsigned needs; /* MT_CAN_ bits */
};

#define CHECK(function, needs)                                                                     \
  { #function, function, needs }

int contract_main(int argc, char **argv, const struct check *checks, size_t n);

#define CONTRACT(table)                                                                            \
  int main(int argc, char **argv) {                                                                \
    return contract_main(argc, argv, table, sizeof(table) / sizeof *(table));                      \
  }

/* The same frame for tests that choose their executors themselves: no WHERE on the command line. */
int rule_main(const struct check *checks, size_t n);

#define RULE(table)                                                                                \
  int main(void) {                                                                                 \
    return rule_main(table, sizeof(table) / sizeof *(table));                                      \
  }

/* The needs of most checks. */
#define SHARE   MT_CAN_SHARE
#define OVERLAP (MT_CAN_SHARE | MT_CAN_OVERLAP)
#define NEST    (MT_CAN_SHARE | MT_CAN_NEST)
#define ALL     (MT_CAN_SHARE | MT_CAN_OVERLAP | MT_CAN_NEST)

/* Opens an executor here (`options` may be NULL), or on `where`; the check fails if it cannot. */
const char *contract_where(void);
mt_executor *open_here(const mt_options *options);
mt_executor *open_with(unsigned in_flight);
mt_executor *open_on(const char *where, const mt_options *options);
void close_here(mt_executor *ex); /* mt_close, which must return 0 */

/* Counters of an executor, one by one. */
unsigned workers_of(mt_executor *ex);
unsigned queued_in(mt_executor *ex);
unsigned running_in(mt_executor *ex);
unsigned suspended_in(mt_executor *ex);

/* Fewer of a big number where every step is slow: sanitizers, Valgrind, emulation. The environment
 * variable MEANTIME_TEST_SHRINK says by how much, if it is set. */
size_t shrunk(size_t n);

/* Waits until a situation has come about, looking again and again. It does come about, or the
 * watchdog ends the program. */
#define UNTIL(condition)                                                                           \
  do {                                                                                             \
    while (!(condition)) contract_pause();                                                         \
  } while (0)
void contract_pause(void);

/* Asserts a status, naming both in words. */
#define STATUS(expression, want)                                                                   \
  contract_status((expression), (want), #expression, __FILE__, __LINE__)
void contract_status(mt_status got, mt_status want, const char *what, const char *file, int line);

/* Asserts that a future holds this error, or this bare integer. They wait for it to settle. */
#define FAILS_WITH(future, code) contract_error((future), (code), #future, __FILE__, __LINE__)
void contract_error(mt_future *f, int code, const char *what, const char *file, int line);
#define GIVES(future, number) contract_value((future), (number), #future, __FILE__, __LINE__)
void contract_value(mt_future *f, intptr_t number, const char *what, const char *file, int line);

#endif
