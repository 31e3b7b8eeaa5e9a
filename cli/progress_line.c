/* SPDX-License-Identifier: MIT */
#include "progress_line.h"

#include "message.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* -- numbers as people read them -------------------------------------------------------------- */

char *progress_count(uint64_t n, char out[PROGRESS_WORD]) {
  char digits[24];
  size_t size = (size_t)snprintf(digits, sizeof digits, "%" PRIu64, n), to = 0;
  for (size_t i = 0; i < size; i++) {
    if (i > 0 && (size - i) % 3 == 0) out[to++] = ',';
    out[to++] = digits[i];
  }
  out[to] = 0;
  return out;
}

char *progress_bytes(double n, char out[PROGRESS_WORD]) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  size_t i = 0;
  /* What would round to 1000.0 is one of the next unit. */
  for (; n >= 999.95 && i + 1 < sizeof units / sizeof *units; i++) n /= 1000;
  snprintf(out, PROGRESS_WORD, i == 0 ? "%.0f %s" : "%.1f %s", n, units[i]);
  return out;
}

/* Below ten with one place, unless that is a zero. */
static void put_rate(double n, const char *unit, char out[PROGRESS_WORD]) {
  char count[PROGRESS_WORD];
  double tenths = n * 10;
  bool whole = n >= 9.95 || (uint64_t)(tenths + 0.5) % 10 == 0;
  if (whole)
    snprintf(out, PROGRESS_WORD, "%s/%s", progress_count((uint64_t)(n + 0.5), count), unit);
  else
    snprintf(out, PROGRESS_WORD, "%.1f/%s", n, unit);
}

char *progress_rate(double per_s, char out[PROGRESS_WORD]) {
  if (per_s > 1e15) per_s = 1e15;
  if (per_s >= 1 || per_s <= 0)
    put_rate(per_s > 0 ? per_s : 0, "s", out);
  else if (per_s * 60 >= 1)
    put_rate(per_s * 60, "min", out);
  else
    put_rate(per_s * 3600, "hour", out);
  return out;
}

char *progress_time(double seconds, char out[PROGRESS_WORD]) {
  if (!(seconds < 1e9)) { /* 31 years, or no number at all */
    snprintf(out, PROGRESS_WORD, "years");
    return out;
  }
  uint64_t s = seconds > 0 ? (uint64_t)(seconds + 0.5) : 0;
  if (s < 60)
    snprintf(out, PROGRESS_WORD, "%" PRIu64 " s", s);
  else if (s < 3600)
    snprintf(out, PROGRESS_WORD, "%" PRIu64 " min %" PRIu64 " s", s / 60, s % 60);
  else if (s < 86400)
    snprintf(out, PROGRESS_WORD, "%" PRIu64 " h %" PRIu64 " min", s / 3600, s / 60 % 60);
  else
    snprintf(out, PROGRESS_WORD, "%" PRIu64 " d %" PRIu64 " h", s / 86400, s / 3600 % 24);
  return out;
}

/* -- the line --------------------------------------------------------------------------------- */

struct line {
  char *text;
  size_t size, columns;
  bool full; /* something did not fit: nothing that matters less follows */
};

/* Columns are counted as bytes: what goes in is ASCII, and where it is not, is shorter than that.
 */
__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *format, ...) {
  char part[PROGRESS_LINE];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(part, sizeof part, format, args);
  va_end(args);
  size_t size = n > 0 && (size_t)n < sizeof part ? (size_t)n : 0;
  if (l->full || l->size + size > l->columns) {
    l->full = true;
    return;
  }
  memcpy(l->text + l->size, part, size + 1);
  l->size += size;
}

/* How long the rest takes, if it goes on as in the last seconds; after a standstill, as on average.
 */
static double left(const struct progress_facts *f) {
  const struct progress_state *s = &f->state;
  double pace = f->items_per_s > 0 ? f->items_per_s : (double)s->done / f->elapsed_s;
  return (double)(s->total - s->done) / pace;
}

void progress_line(const struct progress_facts *f, size_t columns, char out[PROGRESS_LINE]) {
  const struct progress_state *s = &f->state;
  struct line l = {.text = out, .columns = columns < PROGRESS_LINE ? columns : PROGRESS_LINE - 1};
  char a[PROGRESS_WORD], b[PROGRESS_WORD], what[PROGRESS_WORD];
  out[0] = 0;
  message_escape(f->what, what, sizeof what);
  if (s->total) {
    uint64_t done = s->done < s->total ? s->done : s->total;
    /* Rounded down: 100% means all. */
    add(&l, "%3d%%", (int)(100 * (double)done / (double)s->total));
    add(&l, "  %s of %s %s", progress_count(done, a), progress_count(s->total, b), what);
  } else {
    add(&l, "%s %s", progress_count(s->done, a), what);
  }
  if (s->failed) add(&l, ", %s failed", progress_count(s->failed, a));
  if (s->total > s->done && s->done > 0 && f->elapsed_s > 0)
    add(&l, ", about %s left", progress_time(left(f), a));
  add(&l, ", %s", progress_rate(f->items_per_s, a));
  if (s->in_flight) add(&l, ", %s in flight", progress_count(s->in_flight, a));
  if (s->bytes)
    add(&l, ", %s (%s/s)", progress_bytes((double)s->bytes, a), progress_bytes(f->bytes_per_s, b));
  add(&l, ", %s", progress_time(f->elapsed_s, a));
}
