/* SPDX-License-Identifier: MIT
 *
 * row.c: outcomes, on the calling thread, in the order in which they are taken: a row each,
 * then a line of the log once the row is out. */
#include "quotes.h"

#include "../message.h"
#include "../quote/field.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
  TICKER,
  PRICE,
  PREVIOUS_CLOSE,
  CHANGE,
  CHANGE_PERCENT,
  VOLUME,
  HIGH_52W,
  LOW_52W,
  CURRENCY,
  TIME,
  FETCH_TIME,
  PROVIDER,
  NOTE,
  FAILURE,
  COLUMNS
};

static const struct output_column columns[COLUMNS] = {
    [TICKER] = {.name = "ticker"},
    [PRICE] = {.name = "price", .right = true, .places = -1},
    [PREVIOUS_CLOSE] = {.name = "previous_close", .right = true, .places = -1},
    [CHANGE] = {.name = "change", .right = true, .places = -1},
    [CHANGE_PERCENT] = {.name = "change_percent", .right = true, .places = 2},
    [VOLUME] = {.name = "volume", .right = true, .places = -1},
    [HIGH_52W] = {.name = "high_52w", .right = true, .places = -1},
    [LOW_52W] = {.name = "low_52w", .right = true, .places = -1},
    [CURRENCY] = {.name = "currency"},
    [TIME] = {.name = "time"},
    [FETCH_TIME] = {.name = "fetch_time", .right = true, .places = 3},
    [PROVIDER] = {.name = "provider"},
    [NOTE] = {.name = "note", .json_only = true},
    [FAILURE] = {.name = "error", .late = true},
};

bool quotes_output_begin(struct quotes *q) {
  const struct quotes_options *o = q->options;
  bool fine = output_begin(&q->output, (enum output_format)o->format, columns, COLUMNS,
                           !o->no_header, stdout);
  if (!fine) message("quotes: out of memory");
  return fine;
}

void quotes_output_end(struct quotes *q) {
  if (output_end(&q->output) || q->conduct.output_gone) return;
  q->conduct.output_gone = true;
  q->conduct.output_error = errno;
}

/* -- rows ------------------------------------------------------------------------------------- */

static struct cell number(double v) {
  return isnan(v) ? cell_null() : cell_real(v);
}

/* Most volumes are counts, and read better as such; those of currencies need not be. */
static struct cell volume(double v) {
  return v >= 0 && v < 9e15 && v == floor(v) ? cell_count((uint64_t)v) : number(v);
}

static struct cell text(const char *t) {
  return *t ? cell_text(t) : cell_null();
}

static bool write_quote(struct quotes *q, const struct quotes_item *item) {
  const struct quote *v = &item->quote;
  char note[2 * QUOTE_MESSAGE + 40] = "";
  if (*item->instead) snprintf(note, sizeof note, "asked before: %s", item->instead);
  if (*item->lacking) {
    size_t n = strlen(note);
    snprintf(note + n, sizeof note - n, "%sincomplete: %s", n ? "; " : "", item->lacking);
  }
  const struct cell cells[COLUMNS] = {
      [TICKER] = cell_text(item->ticker),
      [PRICE] = number(v->price),
      [PREVIOUS_CLOSE] = number(v->previous_close),
      [CHANGE] = number(v->change),
      [CHANGE_PERCENT] = number(v->change_percent),
      [VOLUME] = volume(v->volume),
      [HIGH_52W] = number(v->high_52w),
      [LOW_52W] = number(v->low_52w),
      [CURRENCY] = text(v->currency),
      [TIME] = text(v->time),
      [FETCH_TIME] = cell_real(round(item->seconds * 1000) / 1000),
      [PROVIDER] = cell_text(item->by->provider->name),
      [NOTE] = *note ? cell_text(note) : cell_absent(),
      [FAILURE] = cell_absent(),
  };
  return output_row(&q->output, cells);
}

static bool write_failure(struct quotes *q, const struct quotes_item *item,
                          const struct cell_error *error) {
  struct cell cells[COLUMNS];
  for (size_t i = 0; i < COLUMNS; i++) cells[i] = cell_absent();
  cells[TICKER] = cell_text(item->ticker);
  cells[FAILURE] = cell_error(error);
  return output_row(&q->output, cells);
}

/* -- outcomes --------------------------------------------------------------------------------- */

/* The task's own failure has told in the item; the library's has not. */
static void settle_fault(struct quotes_item *item, const mt_error *error) {
  if (error->code > 0 && error->code < QUOTE_KINDS) return;
  if (error->code == MT_EDEADLINE)
    quote_fail(&item->fault, QUOTE_THROTTLED, "the deadline passed before it was its turn");
  else
    quote_fail(&item->fault, QUOTE_PROVIDER_ERROR, "it could not be asked for: %s", error->message);
}

static void write_log(struct quotes *q, const struct quotes_item *item, const char *status,
                      const struct cell_error *error) {
  char more[300];
  if (!q->journal) return;
  /* Names of generic providers are a configuration's words: no quotes, no control characters. */
  if (item->by) snprintf(more, sizeof more, "\"provider\":\"%.200s\"", item->by->provider->name);
  struct journal_record record = {
      .index = item->index,
      .item = item->row->text,
      .item_size = item->row->size,
      .status = status,
      .http = item->status,
      .attempts = item->attempts,
      .start = item->start,
      .seconds = item->seconds,
      .worker = item->worker,
      .error_code = error ? error->word : NULL,
      .error_message = error ? error->message : NULL,
      .more = item->by ? more : NULL,
  };
  if (!journal_write(q->journal, &record))
    message("quotes: --log: no memory for the record of item %" PRIu64
            "; --resume will do it again",
            item->index);
}

/* The log says what is out, and is written in portions. */
static bool flush_logs(struct quotes *q) {
  q->unflushed = 0;
  bool fine = fflush(stdout) == 0;
  int error = q->journal && fine ? journal_flush(q->journal) : 0;
  if (error)
    message("quotes: --log: %s; what is missing from it, --resume does again", strerror(error));
  return fine;
}

void quotes_idle(void *quotes) {
  struct quotes *q = quotes;
  if (q->unflushed > 0) flush_logs(q);
}

static void note(struct quotes_note *n, const struct quotes_item *item, const char *what) {
  if (!*what || n->count++ > 0) return;
  snprintf(n->first, sizeof n->first, "%s: %s", item->ticker, what);
}

static bool take_failure(struct quotes *q, struct quotes_item *item, const mt_error *error) {
  settle_fault(item, error);
  const struct quote_fault *f = &item->fault;
  struct cell_error told = {.key = "kind", .word = quote_kind_word(f->kind), .message = f->message};
  q->faults[f->kind]++;
  int code = q->failed ? failed_write(q->failed, item->row) : 0;
  if (code) message("quotes: --failed: %s", strerror(code));
  if (!write_failure(q, item, &told)) return false;
  write_log(q, item, "failed", &told);
  return true;
}

static bool take_quote(struct quotes *q, const struct quotes_item *item) {
  note(&q->instead, item, item->instead);
  note(&q->lacking, item, item->lacking);
  if (!write_quote(q, item)) return false;
  write_log(q, item, "ok", NULL);
  return true;
}

bool quotes_take(void *quotes, void *taken, const mt_error *error, mt_future *future,
                 enum conduct_outcome *ret) {
  enum { PORTION = 64 };
  struct quotes *q = quotes;
  struct quotes_item *item = taken;
  (void)future;
  if (error && (error->code == MT_ECANCELED || error->code == MT_ESHUTDOWN)) {
    *ret = OUTCOME_CANCELLED;
    write_log(q, item, "cancelled", NULL);
    return true;
  }
  *ret = error ? OUTCOME_FAILURE : OUTCOME_SUCCESS;
  if (q->conduct.output_gone) return true;
  if (!(error ? take_failure(q, item, error) : take_quote(q, item))) return false;
  return ++q->unflushed < PORTION || flush_logs(q);
}

/* -- the last lines --------------------------------------------------------------------------- */

void quotes_summary(const struct quotes *q) {
  const struct conduct *c = &q->conduct;
  uint64_t done = c->succeeded + c->failed;
  char text[400];
  if (q->instead.count)
    message("quotes: %" PRIu64 " from another provider than the first, %s", q->instead.count,
            q->instead.first);
  if (q->lacking.count)
    message("quotes: %" PRIu64 " without all details, %s", q->lacking.count, q->lacking.first);
  size_t n = (size_t)snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64, c->succeeded, done);
  for (int i = QUOTE_FINE + 1; i < QUOTE_KINDS && n < sizeof text; i++)
    if (q->faults[i])
      n += (size_t)snprintf(text + n, sizeof text - n, ", %" PRIu64 " %s", q->faults[i],
                            quote_kind_word((enum quote_kind)i));
  if (c->cancelled && n < sizeof text)
    n += (size_t)snprintf(text + n, sizeof text - n, "; %" PRIu64 " cancelled", c->cancelled);
  if (q->resumed && n < sizeof text)
    snprintf(text + n, sizeof text - n, "; %" PRIu64 " were done before", q->resumed);
  if (done + q->resumed > 1 || c->failed || c->cancelled) message("quotes: %s", text);
  if (c->too_many) message("quotes: stopped: too many failures; what is left was not asked for");
  if (c->late) message("quotes: stopped: the time of --run-deadline is over");
  if (q->failed && failed_left_out(q->failed))
    message("quotes: --failed: %" PRIu64 " items do not fit into that file, and are not in it",
            failed_left_out(q->failed));
}
