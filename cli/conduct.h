/* SPDX-License-Identifier: MIT
 *
 * conduct.h: the loop that all commands share: items are drawn, a task runs for each, outcomes are
 * taken in input or completion order, until the input ends or a rule says stop.
 *
 *   input --draw--> item --task--> outcome --take--> output, log
 *
 * Drawing and taking happen on the calling thread, tasks on the executor's workers. An item is its
 * task's argument, and its task's alone until its future has settled; after that it is the calling
 * thread's. Items are drawn a bounded number ahead, so a list of any length runs in constant
 * memory. An input that has nothing just now holds nobody up: what is under way comes out
 * meanwhile.
 *
 * Order of calls: conduct_open, conduct_run, conduct_close, conduct_verdict. */
#ifndef CLI_CONDUCT_H
#define CLI_CONDUCT_H

#include "options.h"
#include "progress.h"

#include <meantime.h>
#include <stdbool.h>
#include <stdint.h>

/* What the options of all commands say; zero means the command's default. */
struct conduct_options {
  const char *on;
  unsigned long jobs, workers, in_flight;
  int as_completed; /* 0: input order */
  int progress;
  bool fail_fast;
  struct option_share max_failures; /* more than that stop the run */
  unsigned long stop_after;         /* so many successes end it */
  int64_t run_deadline_ns;          /* for the whole run, from its beginning */
};

/* Rows of an option table, for a member `m` of the command's options that is a conduct_options. */
#define CONDUCT_AT(s, m, field) (offsetof(s, m) + offsetof(struct conduct_options, field))
#define CONDUCT_ORDER(s, m)                                                                        \
  {OPTION_CHOICE,                                                                                  \
   "order",                                                                                        \
   0,                                                                                              \
   CONDUCT_AT(s, m, as_completed),                                                                 \
   .value = "input|completion",                                                                    \
   .help = "in the order of the input, or as they finish"},                                        \
  {                                                                                                \
    OPTION_SET, "as-completed", 0, CONDUCT_AT(s, m, as_completed),                                 \
        .help = "the same as --order completion", .least = 1                                       \
  }
#define CONDUCT_STOPS(s, m, items)                                                                 \
  {OPTION_FLAG, "fail-fast", 0, CONDUCT_AT(s, m, fail_fast), .help = "stop at the first failure"}, \
      {OPTION_SHARE,                                                                               \
       "max-failures",                                                                             \
       0,                                                                                          \
       CONDUCT_AT(s, m, max_failures),                                                             \
       .value = "N|N%",                                                                            \
       .help = "stop once more than N " items " have failed, or more\nthan N% of at least 20"},    \
  {                                                                                                \
    OPTION_COUNT, "stop-after", 0, CONDUCT_AT(s, m, stop_after),                                   \
        .value = "N", .help = "stop after N " items " that succeeded", .least = 1                  \
  }
#define CONDUCT_WHERE(s, m, most)                                                                  \
  {OPTION_TEXT,                                                                                    \
   "on",                                                                                           \
   0,                                                                                              \
   CONDUCT_AT(s, m, on),                                                                           \
   .value = "WHERE",                                                                               \
   .help = "inline (one after another), threads or threads:N"},                                    \
  {                                                                                                \
    OPTION_COUNT, "workers", 0, CONDUCT_AT(s, m, workers),                                         \
        .value = "N", .help = "worker threads (" most ")", .least = 1                              \
  }
#define CONDUCT_IN_FLIGHT(s, m, note)                                                              \
  {                                                                                                \
    OPTION_COUNT, "in-flight", 0, CONDUCT_AT(s, m, in_flight),                                     \
        .value = "N", .help = "tasks begun and not ended " note, .least = 1                        \
  }
#define CONDUCT_PROGRESS(s, m)                                                                     \
  {                                                                                                \
    OPTION_CHOICE, "progress", 0, CONDUCT_AT(s, m, progress),                                      \
        .value = PROGRESS_CHOICES, .help = "how far it is, on stderr (auto: on a terminal)"        \
  }

enum conduct_drawn {
  DRAWN_ITEM,
  DRAWN_LATER, /* nothing just now: draw_fd tells when to ask again */
  DRAWN_END,
  DRAWN_NO_MEMORY
};

enum conduct_outcome {
  OUTCOME_SUCCESS,
  OUTCOME_FAILURE,
  OUTCOME_CANCELLED, /* not done: the run stopped before */
  OUTCOME_NONE       /* none of these: it does not count */
};

/* What a command is made of. `context` is given to all. */
struct conduct_job {
  const char *name; /* the command's: for messages and threads */
  const char *what; /* what is counted: "files" */
  void *context;
  mt_fn *run;    /* the task; its argument is mt_ptr(item) */
  mt_drop *drop; /* frees an item */
  const mt_retry *retry;
  int64_t deadline_ns; /* of an item, from when it was drawn */
  enum conduct_drawn (*draw)(void *context, void **ret_item);
  int (*draw_fd)(void *context); /* < 0: none */
  /* Prints an item; `error` as mt_failure. An item cut by the end of the run's time fails with
   * MT_EDEADLINE here. False, with errno, once stdout cannot be written. */
  bool (*take)(void *context, void *item, const mt_error *error, mt_future *f,
               enum conduct_outcome *ret);
  void (*idle)(void *context);      /* nothing to take just now: flush what waits; may be NULL */
  uint64_t (*total)(void *context); /* how many items there will be, 0: unknown; may be NULL */
  uint64_t (*bytes)(void *context); /* for progress; any thread's figures; may be NULL */
  size_t ahead;                     /* items drawn and not taken, at most */
};

struct conduct {
  const struct conduct_options *options;
  struct conduct_job job;
  const char *name;
  mt_executor *executor;
  unsigned workers;
  uint64_t succeeded, failed, cancelled;
  bool stopping;     /* nothing is drawn any more */
  bool enough;       /* ... and the rest of what came out is not wanted either */
  bool too_many;     /* because of --fail-fast or --max-failures */
  bool late;         /* because the run's time is over */
  bool waits;        /* the input had nothing when it was last asked */
  bool output_gone;  /* stdout takes nothing any more */
  int output_error;  /* errno of that */
  int64_t end_ns;    /* of the run's time */
  mt_status trouble; /* of the loop itself */
  int64_t looked_ns; /* when signals and progress were last looked at */
  unsigned burst;    /* items taken since the last pause */
  long nap_us;       /* the last one; 0: there was none */
};

/* Opens the executor: with `workers` (0: as many as CPUs) and `in_flight` unless the options say
 * other. 0, or an exit status, with a message. */
int conduct_open(struct conduct *c, const struct conduct_options *options, const char *name,
                 unsigned workers, unsigned in_flight);

void conduct_run(struct conduct *c, const struct conduct_job *job);

/* Waits for what still runs. */
void conduct_close(struct conduct *c);

/* What happened as an exit status; says on stderr what has no place of its own. Does not return
 * after a signal or into a closed pipe. */
int conduct_verdict(struct conduct *c);

#endif
