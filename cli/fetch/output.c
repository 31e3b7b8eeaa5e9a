/* SPDX-License-Identifier: MIT
 *
 * output.c: outcomes, on the calling thread, in the order in which they are taken: bodies or
 * records to stdout, failures to stderr, and each to the log once its output is in place. */
#include "fetch.h"

#include "../message.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- records ---------------------------------------------------------------------------------- */

enum { INDEX, URL, STATUS, BYTES, ATTEMPTS, SECONDS, QUEUE_SECONDS, FIXED };

static const struct output_column fixed[FIXED] = {
    [INDEX] = {.name = "index", .right = true},
    [URL] = {.name = "url"},
    [STATUS] = {.name = "status", .right = true},
    [BYTES] = {.name = "bytes", .right = true},
    [ATTEMPTS] = {.name = "attempts", .right = true},
    [SECONDS] = {.name = "seconds", .right = true, .places = 3},
    [QUEUE_SECONDS] = {.name = "queue_seconds", .right = true, .places = 3},
};

/* The fixed columns, the file's name, what is picked, and the error. */
static bool begin_records(struct fetch *f) {
  size_t most = FIXED + 1 + f->pick_count + 1, n = FIXED;
  f->columns = calloc(most, sizeof *f->columns);
  f->cells = calloc(most, sizeof *f->cells);
  if (!f->columns || !f->cells) return false;
  memcpy(f->columns, fixed, sizeof fixed);
  if (f->dir) f->columns[n++] = (struct output_column){.name = "file"};
  for (size_t i = 0; i < f->pick_count; i++)
    f->columns[n++] = (struct output_column){.name = pick_name(f->picks[i]), .places = -1};
  f->columns[n++] = (struct output_column){.name = "error", .late = true};
  return output_begin(&f->output, (enum output_format)f->options->format, f->columns, n,
                      !f->options->no_header, f->to);
}

bool fetch_output_begin(struct fetch *f) {
  const char *path = f->options->output;
  f->to = path && strcmp(path, "-") != 0 ? fopen(path, "we") : stdout;
  if (!f->to) {
    message("fetch: --output: %s: %s", path, strerror(errno));
    return false;
  }
  if (f->options->format == FETCH_BODIES || begin_records(f)) return true;
  message("fetch: out of memory");
  return false;
}

/* To whole microseconds: more digits mean nothing. */
static struct cell seconds(double s) {
  return cell_real(s > 0 ? round(s * 1e6) / 1e6 : 0);
}

static bool write_record(struct fetch *f, const struct fetch_item *item,
                         const struct cell_error *error) {
  const struct http_response *r = &item->response;
  struct cell *c = f->cells;
  double waited = (double)(item->done_ns - item->drawn_ns) / 1e9 - item->transferring;
  c[INDEX] = cell_count(item->index);
  c[URL] = cell_text(item->url ? item->url : item->row->text);
  c[STATUS] = r->status ? cell_count((uint64_t)r->status) : cell_null();
  c[BYTES] = r->status ? cell_count(r->bytes) : cell_null();
  c[ATTEMPTS] = cell_count(item->attempts);
  c[SECONDS] = seconds(item->transferring);
  c[QUEUE_SECONDS] = seconds(waited);
  size_t n = FIXED;
  if (f->dir) c[n++] = error ? cell_null() : cell_text(item->name);
  for (size_t i = 0; i < f->pick_count; i++)
    c[n++] = item->picked && item->picked[i] ? cell_json(item->picked[i]) : cell_null();
  c[n] = error ? cell_error(error) : cell_absent();
  return output_row(&f->output, c);
}

/* -- bodies ----------------------------------------------------------------------------------- */

/* Small ones gather in the stream's buffer. */
static bool write_body(struct fetch *f, struct body *body) {
  if (!body->spilled) {
    const void *bytes = body_bytes(body);
    return body->size == 0 || (bytes && fwrite(bytes, 1, body->size, f->to) == body->size);
  }
  return fflush(f->to) == 0 && body_write_to(body, fileno(f->to));
}

/* -- outcomes --------------------------------------------------------------------------------- */

/* In our words: the task's own failure has told already; the library's has not. */
static void settle_error(struct fetch_item *item, const mt_error *error) {
  struct http_response *r = &item->response;
  if (error->code > 0 && error->code < HTTP_ERRORS) return;
  bool late = error->code == MT_EDEADLINE;
  if (item->done_ns == item->drawn_ns) item->done_ns = mt_now_ns();
  r->error = late ? HTTP_DEADLINE : HTTP_MEMORY;
  snprintf(r->message, sizeof r->message, "%s",
           late ? "the deadline passed before there was an answer" : error->message);
}

static void write_log(struct fetch *f, const struct fetch_item *item, const char *status,
                      const struct cell_error *error) {
  struct journal_record record = {
      .index = item->index,
      .item = item->row->text,
      .item_size = item->row->size,
      .status = status,
      .http = item->response.status,
      .attempts = item->attempts,
      .start = item->start,
      .seconds = item->transferring,
      .worker = item->worker,
      .error_code = error ? error->word : NULL,
      .error_message = error ? error->message : NULL,
  };
  if (f->journal && !journal_write(f->journal, &record))
    message("fetch: --log: no memory for the record of item %llu; --resume will do it again",
            (unsigned long long)item->index);
}

/* The log says what is in place, and is written in portions; after a table, which is printed at the
 * end, all at once. */
static bool flush_logs(struct fetch *f) {
  if (f->options->format == OUTPUT_TABLE && !f->dir && !f->over) return true;
  f->unflushed = 0;
  bool fine = fflush(f->to) == 0;
  int error = f->journal && fine ? journal_flush(f->journal) : 0;
  if (error)
    message("fetch: --log: %s; what is missing from it, --resume does again", strerror(error));
  return fine;
}

/* The first failure counts: what the stream could not write is gone from it afterwards. */
static void output_lost(struct fetch *f) {
  if (f->conduct.output_gone) return;
  f->conduct.output_gone = true;
  f->conduct.output_error = errno;
}

void fetch_idle(void *fetch) {
  struct fetch *f = fetch;
  if (f->unflushed > 0 && !flush_logs(f)) output_lost(f);
  /* Pairs with the release in pause_origin: the origin is to be read. */
  struct origin *o = atomic_exchange_explicit(&f->paused, NULL, memory_order_acquire);
  if (o && !f->options->quiet && origin_first_time(o))
    message("fetch: %s asks to be left alone for %.0f s (Retry-After); --deadline gives up sooner",
            origin_name(o), (double)origin_pause_left_ns(o) / 1e9);
}

void fetch_output_end(struct fetch *f) {
  bool fine = f->options->format == FETCH_BODIES || output_end(&f->output);
  f->over = true;
  fine = fine && !f->conduct.output_gone && flush_logs(f);
  if (f->to != stdout)
    fine = fclose(f->to) == 0 && fine;
  else
    fine = fflush(f->to) == 0 && fine;
  if (!fine) output_lost(f);
  if (f->conduct.output_gone) journal_forget(f->journal);
  free(f->columns);
  free(f->cells);
}

static void tell_failure(struct fetch *f, const struct fetch_item *item) {
  char place[ITEM_PLACE];
  const char *url = item->url ? item->url : item->row->text;
  int error = f->failed ? failed_write(f->failed, item->row) : 0;
  if (error) message("fetch: --failed: %s", strerror(error));
  if (f->options->format != FETCH_BODIES) return; /* its record tells */
  if (f->conduct.failed == FETCH_TOLD)
    message("fetch: further failures are counted; -f ndjson, --log and --failed have them all");
  if (f->conduct.failed >= FETCH_TOLD) return;
  if (item->broken) /* which names its place */
    message("%s", item->response.message);
  else if (*item->problem)
    message("%s: %s", item_row_place(item->row, place), item->response.message);
  else
    message("%s: %s", url, item->response.message);
}

bool fetch_take(void *fetch, void *item_, const mt_error *error, mt_future *future,
                enum conduct_outcome *ret) {
  enum { PORTION = 256 };
  struct fetch *f = fetch;
  struct fetch_item *item = item_;
  struct http_response *r = &item->response;
  (void)future;
  if (error && (error->code == MT_ECANCELED || error->code == MT_ESHUTDOWN)) {
    *ret = OUTCOME_CANCELLED;
    if (item->attempts > 0) write_log(f, item, "cancelled", NULL);
    return true;
  }
  struct cell_error told;
  if (error) {
    settle_error(item, error);
    told = (struct cell_error){
        .key = "code", .word = http_error_word(r->error), .message = r->message};
    f->errors[r->error]++;
    if (r->error == HTTP_STATUS && r->status < 400 + FETCH_STATUSES) f->statuses[r->status - 400]++;
    tell_failure(f, item);
  }
  *ret = error ? OUTCOME_FAILURE : OUTCOME_SUCCESS;
  bool fine = true;
  if (f->options->format != FETCH_BODIES)
    fine = write_record(f, item, error ? &told : NULL);
  else if (!error && f->keep_bodies)
    fine = write_body(f, &item->body);
  if (!fine) return false;
  write_log(f, item, error ? "failed" : "ok", error ? &told : NULL);
  return ++f->unflushed < PORTION || flush_logs(f);
}
