/* SPDX-License-Identifier: MIT
 *
 * task.c: one attempt at an item, as a plain sequence of calls, some of which wait.
 *
 * Its failure's code is an enum http_error; all else that is to be told lies in the item. The
 * library repeats the task if fetch_worth_it says so, and neither a thread nor a slot is held
 * meanwhile. */
#include "fetch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double unix_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static mt_value fails(struct fetch_item *item, enum http_error error, const char *message) {
  struct http_response *r = &item->response;
  if (message != r->message)
    snprintf(r->message, sizeof r->message, "%.*s", HTTP_MESSAGE - 1, message);
  r->error = error;
  return mt_fail((int)error, "%s", r->message);
}

/* The wait for a turn was cut. */
static mt_value cut(struct fetch_item *item, mt_status st) {
  item->done_ns = mt_now_ns();
  if (st == MT_ECANCELED) return mt_give_up(st);
  if (st == MT_EDEADLINE)
    return fails(item, HTTP_DEADLINE, "the deadline passed before it was its turn");
  return fails(item, HTTP_MEMORY, mt_status_text(st));
}

/* A value as JSON, its numbers with as few digits as read back the same. NULL: no memory. */
static char *text_of(const json_t *value) {
  for (size_t digits = 15;; digits++) {
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(digits));
    if (!text || digits == 17) return text;
    json_t *again = json_loads(text, JSON_DECODE_ANY, NULL);
    bool same = again && json_equal(value, again);
    json_decref(again);
    if (same) return text;
    free(text);
  }
}

/* Keeps the texts of what is picked. */
static mt_value pick(struct fetch_item *item) {
  const struct fetch *f = item->fetch;
  json_error_t why;
  char text[HTTP_MESSAGE];
  const char *bytes = body_bytes(&item->body);
  if (!bytes && item->body.size > 0) return fails(item, HTTP_MEMORY, "out of memory");
  json_t *root = json_load_bytes(bytes ? bytes : "", item->body.size, JSON_DECODE_ANY, &why);
  if (!root) {
    snprintf(text, sizeof text, "the body cannot be read as JSON: line %d, column %d: %.100s",
             why.line, why.column, why.text);
    return fails(item, HTTP_PICK, text);
  }
  item->picked = calloc(f->pick_count, sizeof *item->picked);
  bool fine = item->picked;
  for (size_t i = 0; fine && i < f->pick_count; i++) {
    json_t *value = pick_get(f->picks[i], root);
    if (value) fine = (item->picked[i] = text_of(value));
  }
  json_decref(root);
  return fine ? mt_none() : fails(item, HTTP_MEMORY, "out of memory");
}

/* Puts the body where it is to be; what is not needed later goes now. */
static mt_value finish(struct fetch_item *item) {
  const struct fetch *f = item->fetch;
  mt_value v = mt_none();
  if (f->pick_count > 0) v = pick(item);
  if (!mt_is_failure(v) && f->dir && !body_save(&item->body)) {
    char text[BODY_ERROR];
    v = fails(item, item->body.error, body_explain(&item->body, text));
  }
  return v;
}

static mt_value transfer(struct fetch_item *item) {
  struct fetch *f = item->fetch;
  struct http_request request = {
      .url = item->url, .timeout_ns = f->options->timeout_ns, .body = &item->body};
  struct save save;
  if (isnan(item->start)) item->start = unix_now();
  if (f->dir) {
    save_init(&save, f->dir, item->name);
    body_target(&item->body, &save);
  } else if (!f->keep_bodies && f->pick_count == 0) {
    body_discard(&item->body);
  }
  enum http_error error = http_perform(f->client, &request, &item->response);
  item->transferring += item->response.seconds;
  atomic_fetch_add_explicit(&f->bytes, item->response.bytes, memory_order_relaxed);
  mt_value v;
  if (error == HTTP_CANCELLED)
    v = mt_give_up(MT_ECANCELED);
  else if (error)
    v = fails(item, error, item->response.message);
  else
    v = finish(item);
  /* What is not going to be printed is not kept until its turn, nor over a backoff. */
  if (!f->keep_bodies || mt_is_failure(v)) body_fini(&item->body);
  if (f->dir) save_fini(&save);
  return v;
}

/* For all who ask that server. A person who waits for it is told, by the calling thread. */
static void pause_origin(struct fetch_item *item) {
  struct fetch *f = item->fetch;
  int64_t pause_ns = item->response.retry_after_ns;
  origin_pause(item->origin, pause_ns);
  if (pause_ns >= MT_SECONDS(10))
    atomic_store_explicit(&f->paused, item->origin, memory_order_release); /* fetch_idle */
}

mt_value fetch_task(mt_value arg) {
  struct fetch_item *item = arg.data;
  struct fetch *f = item->fetch;
  item->response = (struct http_response){.retry_after_ns = -1};
  if (*item->problem) return fails(item, item->kind, item->problem);
  item->attempts = mt_attempt();
  item->worker = mt_worker();
  mt_status st = traffic_enter(&f->traffic, item->origin);
  if (st < 0) return cut(item, st);
  body_reset(&item->body);
  mt_value v = transfer(item);
  if (item->response.retry_after_ns > 0) pause_origin(item);
  traffic_leave(&f->traffic, item->origin);
  item->done_ns = mt_now_ns();
  return v;
}

/* A method that is not idempotent has a policy without repeats, unless --retry-unsafe. */
bool fetch_worth_it(void *fetch, const mt_error *error, int64_t *delay_ns) {
  const struct fetch *f = fetch;
  const struct fetch_item *item = mt_argument(mt_self()).data;
  if (error->code <= 0 || error->code >= HTTP_ERRORS) return false;
  if (error->code == HTTP_STATUS ? !retry_on_status(&f->retry_on, item->response.status)
                                 : !retry_on_error(&f->retry_on, (enum http_error)error->code))
    return false;
  if (item->response.retry_after_ns >= 0 && item->response.retry_after_ns > *delay_ns)
    *delay_ns = item->response.retry_after_ns;
  return true;
}
