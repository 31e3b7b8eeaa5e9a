/* SPDX-License-Identifier: MIT
 *
 * fetch.h: meantime fetch: what its parts share.
 *
 *   command.c  options, and whether they make sense together
 *   request.c  what all requests are made of; files with secrets
 *   items.c    how a line of the input becomes an item
 *   run.c      what is opened for a run, and closed again
 *   task.c     one attempt, on a worker; whether another follows
 *   output.c   outcomes out: bodies, records, the log
 *   summary.c  how it went */
#ifndef CLI_FETCH_FETCH_H
#define CLI_FETCH_FETCH_H

#include "../conduct.h"
#include "../http/client.h"
#include "../http/name.h"
#include "../http/retry.h"
#include "../http/save.h"
#include "../http/traffic.h"
#include "../items/failed.h"
#include "../items/journal.h"
#include "../items/list.h"
#include "../items/template.h"
#include "../json/load.h"
#include "../json/pick.h"
#include "../output/output.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum {
  FETCH_BODIES = -1,             /* `format`: bodies, no records */
  FETCH_BODY_MEMORY = 64 * 1024, /* what is larger waits for its turn in a file */
  FETCH_STATUSES = 200,          /* 400 to 599 */
  FETCH_TOLD = 100               /* failures that are told one by one */
};

struct fetch_options {
  struct conduct_options run;
  struct option_list input, headers, picks;
  int input_format;
  bool null_separated;
  const char *url; /* a template */

  const char *method, *data, *user_agent, *netrc_file, *bearer_file, *proxy, *ca_file;
  bool head, netrc, compressed, insecure, location;
  int version;
  unsigned long max_redirects;

  unsigned long per_host;
  struct option_rate rate;
  int64_t timeout_ns, connect_timeout_ns, deadline_ns;
  uint64_t max_bytes;

  unsigned long retries;
  const char *retry_on;
  int64_t retry_delay_ns, retry_most_ns;
  bool retry_unsafe;

  const char *output, *output_dir, *name;
  int format;
  bool no_header;
  const char *log, *failed;
  bool resume, quiet;
};

struct fetch;

/* What all requests are made of, with the memory that holds it. */
struct fetch_request {
  struct http_settings settings;
  const char **headers; /* each in one of `held`, or a word of the command line */
  size_t header_count, header_room;
  char **held; /* contents of files */
  size_t held_count;
};

/* One item: the calling thread's until it is submitted and again once its future has settled; its
 * task's in between. */
struct fetch_item {
  struct fetch *fetch;
  uint64_t index; /* from 1 */
  struct item_row *row;
  const char *url; /* in the row, or `filled` */
  char *filled;
  char problem[ITEM_MESSAGE]; /* why there is nothing to ask for; "" if there is */
  enum http_error kind;       /* of that */
  bool broken;                /* it is the list's own: the item could not be read */
  struct origin *origin;
  struct http_response response; /* of the last attempt */
  struct body body;
  char *name; /* of its file */
  unsigned attempts;
  int worker;
  int64_t drawn_ns, done_ns;
  double transferring; /* seconds, of all attempts */
  double start;        /* Unix time of its first transfer; NAN: none began */
  char **picked;       /* JSON texts, NULL where there was nothing */
};

struct fetch {
  const struct fetch_options *options;
  struct conduct conduct;
  struct item_list list;
  struct template *url;
  struct name_template *name;
  struct save_dir *dir;
  struct fetch_request request;
  struct http_client *client;
  struct traffic traffic;
  struct retry_on retry_on;
  mt_retry retry;
  struct pick **picks;
  size_t pick_count;
  bool keep_bodies; /* for stdout: in memory or spilled until their turn */
  struct journal *journal;
  struct failed *failed;
  struct output output;
  struct output_column *columns;
  struct cell *cells;
  FILE *to;           /* where bodies or records go */
  bool over;          /* all of the output is out */
  unsigned unflushed; /* outcomes that are not in the log yet */
  uint64_t drawn, resumed;
  uint64_t errors[HTTP_ERRORS];      /* failures, by kind */
  uint64_t statuses[FETCH_STATUSES]; /* those of them by the status, from 400 */
  _Atomic(struct origin *) paused;   /* has asked for a long pause lately */
  _Atomic uint64_t bytes; /* of all transfers so far; counted by workers, only for progress */
};

/* -- run.c: runs it; returns the exit status. */
int fetch_run(struct fetch_options *o, char **urls, size_t n);

/* -- items.c: as conduct.h wants them */
enum conduct_drawn fetch_draw(void *fetch, void **ret_item);
int fetch_draw_fd(void *fetch);
uint64_t fetch_total(void *fetch);
void fetch_item_free(mt_value item);

/* -- request.c */

/* Reads the files that options name. False, with a message. */
bool fetch_request_init(struct fetch_request *r, const struct fetch_options *o);
void fetch_request_fini(struct fetch_request *r);

/* -- task.c */
mt_value fetch_task(mt_value item);
bool fetch_worth_it(void *fetch, const mt_error *error, int64_t *delay_ns);

/* -- output.c */

/* False, with a message: no memory, or a file that cannot be written. */
bool fetch_output_begin(struct fetch *f);
void fetch_output_end(struct fetch *f);
bool fetch_take(void *fetch, void *item, const mt_error *error, mt_future *future,
                enum conduct_outcome *ret);
void fetch_idle(void *fetch);

/* -- summary.c */
void fetch_summary(const struct fetch *f);

#endif
