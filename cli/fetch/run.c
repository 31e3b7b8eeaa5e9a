/* SPDX-License-Identifier: MIT
 *
 * run.c: a run: what is opened for it, in which order, and closed again. */
#include "fetch.h"

#include "../command.h"
#include "../message.h"
#include "../signals.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

/* -- what the run needs ----------------------------------------------------------------------- */

static bool open_templates(struct fetch *f) {
  const struct fetch_options *o = f->options;
  char error[TEMPLATE_MESSAGE], name_error[NAME_ERROR], save_error[SAVE_ERROR];
  if (o->url && !(f->url = template_new(o->url, TEMPLATE_URL, error))) {
    message("fetch: --url: %s", error);
    return false;
  }
  if (f->url && template_count(f->url) == 0) {
    message("fetch: --url: \"%s\" names no column, so all items would be the same; write {item}, "
            "or the name of a column",
            o->url);
    return false;
  }
  if (!o->output_dir) return true;
  if (!(f->name = name_template_new(o->name ? o->name : NAME_DEFAULT, name_error))) {
    message("fetch: --name: %s", name_error);
    return false;
  }
  if (!(f->dir = save_dir_open(o->output_dir, save_error))) message("fetch: %s", save_error);
  return f->dir;
}

static bool open_picks(struct fetch *f) {
  const struct option_list *list = &f->options->picks;
  char error[PICK_ROOM];
  if (list->n == 0) return true;
  f->picks = calloc(list->n, sizeof *f->picks);
  if (!f->picks) {
    message("fetch: out of memory");
    return false;
  }
  for (; f->pick_count < list->n; f->pick_count++) {
    f->picks[f->pick_count] = pick_new(list->items[f->pick_count], error);
    if (f->picks[f->pick_count]) continue;
    message("fetch: --pick \"%s\": %s", list->items[f->pick_count], error);
    return false;
  }
  return true;
}

static bool open_logs(struct fetch *f) {
  const struct fetch_options *o = f->options;
  char error[JOURNAL_MESSAGE + ITEM_MESSAGE];
  if (o->log && !journal_open(o->log, o->resume, &f->journal, error)) {
    message("fetch: --log: %s", error);
    return false;
  }
  if (f->journal && journal_remark(f->journal, error)) message("fetch: --log: %s", error);
  if (o->failed && !failed_open(o->failed, o->input.items, o->input.n, &f->failed, error)) {
    message("fetch: --failed: %s", error);
    return false;
  }
  return true;
}

/* A descriptor a connection, and some for all else; fewer at once if there are not so many. */
static unsigned affordable_jobs(const struct fetch_options *o) {
  enum { OTHERS = 64 };
  struct rlimit limit;
  unsigned long jobs = o->run.jobs;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur != RLIM_INFINITY && jobs + OTHERS > limit.rlim_cur) {
      jobs = limit.rlim_cur > 2 * OTHERS ? limit.rlim_cur - OTHERS : OTHERS;
      message("fetch: -j %lu needs more descriptors than this process may have; going on with -j "
              "%lu (ulimit -n tells)",
              o->run.jobs, jobs);
    }
  }
  return jobs < UINT_MAX ? (unsigned)jobs : UINT_MAX;
}

/* Tasks beside those that transfer: they wait for their server or their turn. */
static unsigned in_flight_for(unsigned jobs) {
  enum { MOST_BESIDE = 1024, LEAST_BESIDE = 64 };
  unsigned beside = jobs > MOST_BESIDE ? MOST_BESIDE : jobs < LEAST_BESIDE ? LEAST_BESIDE : jobs;
  return jobs < UINT_MAX - beside ? jobs + beside : jobs;
}

static bool open_traffic(struct fetch *f, unsigned jobs) {
  const struct fetch_options *o = f->options;
  struct traffic_rate rate = {o->rate.n, o->rate.per_ns};
  unsigned per_host = o->per_host < UINT_MAX ? (unsigned)o->per_host : UINT_MAX;
  char error[HTTP_MESSAGE];
  mt_status st = traffic_open(&f->traffic, jobs, per_host, &rate, rate.n > 0);
  if (st < 0) {
    message("fetch: %s", mt_status_text(st));
    return false;
  }
  f->request.settings.keep = jobs;
  f->client = http_client_open(&f->request.settings, f->conduct.workers, error);
  if (!f->client) message("fetch: %s", error);
  return f->client;
}

static bool set_retry(struct fetch *f) {
  const struct fetch_options *o = f->options;
  char error[RETRY_ERROR];
  if (!retry_on_parse(o->retry_on, &f->retry_on, error)) {
    message("fetch: --retry-on: %s", error);
    return false;
  }
  const char *method = o->method ? o->method : o->data ? "POST" : "GET";
  bool may = o->retry_unsafe || method_is_idempotent(method);
  f->request.settings.once = !may;
  f->retry = (mt_retry){.repeats = !may                    ? 0
                                   : o->retries < UINT_MAX ? (unsigned)o->retries
                                                           : UINT_MAX,
                        .first_ns = o->retry_delay_ns,
                        .max_ns = o->retry_most_ns,
                        .worth = fetch_worth_it,
                        .worth_arg = f};
  return true;
}

/* One worker has ten thousand transfers under way as well as ten, and shares its connections with
 * nobody; more of them pay when bodies are decrypted, decompressed or picked from at a high rate.
 */
enum { WORKERS = 1 };

static uint64_t bytes_so_far(void *fetch) {
  return atomic_load_explicit(&((struct fetch *)fetch)->bytes, memory_order_relaxed);
}

/* -- the run ---------------------------------------------------------------------------------- */

static bool open_all(struct fetch *f, char **urls, size_t n, unsigned jobs) {
  const struct fetch_options *o = f->options;
  item_list_begin(&f->list, urls, n, o->input.items, o->input.n, (enum item_format)o->input_format,
                  o->null_separated);
  return open_templates(f) && open_picks(f) && open_logs(f) && open_traffic(f, jobs) &&
         fetch_output_begin(f);
}

/* The executor is closed: nothing runs any more. */
static void close_all(struct fetch *f) {
  int error = journal_close(f->journal);
  if (error) message("fetch: --log: %s", strerror(error));
  failed_close(f->failed);
  http_client_close(f->client);
  traffic_close(&f->traffic);
  for (size_t i = 0; i < f->pick_count; i++) pick_free(f->picks[i]);
  free(f->picks);
  save_dir_close(f->dir);
  name_template_free(f->name);
  template_free(f->url);
  fetch_request_fini(&f->request);
  item_list_end(&f->list);
}

/* How many items may be drawn before they are taken. A body that is not small waits for its turn in
 * a file, so there may be no more of them than descriptors beside those of connections. */
static size_t affordable_ahead(const struct fetch *f, unsigned jobs, unsigned in_flight) {
  enum { OTHERS = 64, LEAST = 32 };
  size_t ahead = 2 * (size_t)in_flight;
  struct rlimit limit;
  if (!f->keep_bodies || getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
    return ahead;
  size_t taken = (size_t)jobs + OTHERS + LEAST;
  size_t most = limit.rlim_cur > taken ? limit.rlim_cur - taken + LEAST : LEAST;
  return ahead < most ? ahead : most;
}

static void run(struct fetch *f, unsigned jobs, unsigned in_flight) {
  struct conduct_job job = {
      .name = "fetch",
      .what = "requests",
      .context = f,
      .run = fetch_task,
      .drop = fetch_item_free,
      .retry = f->retry.repeats ? &f->retry : NULL,
      .deadline_ns = f->options->deadline_ns,
      .draw = fetch_draw,
      .draw_fd = fetch_draw_fd,
      .take = fetch_take,
      .idle = fetch_idle,
      .total = fetch_total,
      .bytes = bytes_so_far,
      .ahead = affordable_ahead(f, jobs, in_flight),
  };
  conduct_run(&f->conduct, &job);
}

int fetch_run(struct fetch_options *o, char **urls, size_t n) {
  struct fetch f = {.options = o};
  signals_begin();
  if (!fetch_request_init(&f.request, o)) return EXIT_USAGE;
  unsigned jobs = affordable_jobs(o), in_flight = in_flight_for(jobs);
  f.keep_bodies = o->format == FETCH_BODIES && !o->output_dir;
  int status = set_retry(&f) ? 0 : EXIT_USAGE;
  if (!status) status = conduct_open(&f.conduct, &o->run, "fetch", WORKERS, in_flight);
  if (status) {
    fetch_request_fini(&f.request);
    return status;
  }
  bool opened = open_all(&f, urls, n, jobs);
  if (opened) {
    run(&f, jobs, in_flight);
    fetch_output_end(&f);
  }
  conduct_close(&f.conduct);
  if (opened && !o->quiet) fetch_summary(&f);
  close_all(&f);
  return opened ? conduct_verdict(&f.conduct) : EXIT_USAGE;
}
