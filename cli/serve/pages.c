/* SPDX-License-Identifier: MIT
 *
 * pages.c: a table of paths. Quotes and charts behave as a provider's interface does: the rate
 * limit comes first and is told at once; what it lets pass gets a number, and by it a latency and
 * perhaps a failure. The other pages are plain. */
#include "pages.h"

#include "chart.h"
#include "fate.h"
#include "quotes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOW_MS = 800, DELAY_MOST_MS = 60 * 60 * 1000 };
static const unsigned long long bytes_most = 1ULL << 40;

static const char json[] = "application/json;charset=utf-8";

struct page {
  const char *prefix;
  bool whole; /* the prefix is the whole path */
  void (*make)(struct server *s, struct text rest, struct text query, struct answer *ret);
};

/* -- quotes and charts ------------------------------------------------------------------------ */

/* As Yahoo tells errors, in an object of the name `key`. */
static void tell(struct answer *a, const char *key, int status, const char *text) {
  a->status = status;
  a->type = json;
  bytes_print(&a->body,
              "{\"%s\":{\"result\":null,\"error\":{\"code\":\"%s\",\"description\":\"%s\"}}}", key,
              answer_reason(status), text);
}

/* False if the request goes no further: it is over the limit, or fails. */
static bool pass(struct server *s, const char *symbol, struct answer *ret) {
  const struct serve_options *o = s->options;
  if (s->rate && mt_acquire(s->rate, 0) != 0) {
    ret->retry_after_s = (int64_t)ceil((double)o->rate_limit.per_ns / o->rate_limit.n / 1e9);
    answer_error(ret, 429, "ask again in %lld s", (long long)ret->retry_after_s);
    return false;
  }
  uint64_t number = atomic_fetch_add_explicit(&s->quotes, 1, memory_order_relaxed);
  struct fate f = fate_of(o->seed, number, o->latency, o->failure_rate);
  ret->wait_ns = symbols_have(&s->slow, symbol) ? MT_MS(SLOW_MS) : f.latency_ns;
  if (f.end == FATE_UNAVAILABLE) answer_error(ret, 503, "a failure, as --failure-rate asks for");
  ret->reset = f.end == FATE_RESET;
  return f.end == FATE_FINE;
}

/* The symbol at the end of a path; false, with the answer made, if there will be no quote. */
static bool find_symbol(struct server *s, const char *key, struct text rest, char *symbol,
                        struct answer *ret) {
  char text[64];
  *symbol = 0;
  bool is_symbol = request_decode(rest, text, sizeof text) && symbol_normalise(text, symbol);
  if (!is_symbol) *symbol = 0;
  if (!pass(s, symbol, ret)) return false;
  if (is_symbol && !symbols_have(&s->unknown, symbol)) return true;
  tell(ret, key, 404, "No data found, symbol may be delisted");
  return false;
}

static void write_number(struct bytes *out, const char *name, int64_t n, int places) {
  bytes_print(out, "\"%s\":", name);
  bytes_decimal(out, n, places);
  bytes_text(out, ",");
}

static void make_quote(struct server *s, struct text rest, struct text query, struct answer *ret) {
  char symbol[SYMBOL_ROOM];
  (void)query;
  if (!find_symbol(s, "quote", rest, symbol, ret)) return;
  struct bar *bars = malloc(QUOTES_YEAR * sizeof *bars);
  if (!bars) {
    ret->body.broken = true;
    return;
  }
  struct quote q;
  quotes_bars(s->options->seed, symbol, bars, QUOTES_YEAR);
  quotes_of(bars, &q);
  free(bars);
  int32_t change = q.price_cents - q.previous_close_cents;
  struct tm t;
  gmtime_r(&(time_t){q.time_s}, &t);
  struct bytes *out = &ret->body;
  ret->status = 200;
  ret->type = json;
  bytes_print(out, "{\"ticker\":\"%s\",", symbol);
  write_number(out, "price", q.price_cents, 2);
  write_number(out, "previous_close", q.previous_close_cents, 2);
  write_number(out, "change", change, 2);
  write_number(out, "change_percent", llround(1e6 * change / q.previous_close_cents), 4);
  write_number(out, "volume", q.volume, 0);
  write_number(out, "high_52w", q.high_52w_cents, 2);
  write_number(out, "low_52w", q.low_52w_cents, 2);
  bytes_print(out, "\"currency\":\"USD\",\"time\":\"%04d-%02d-%02dT%02d:%02d:%02dZ\"}\n",
              t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}

static void make_chart(struct server *s, struct text rest, struct text query, struct answer *ret) {
  char symbol[SYMBOL_ROOM], range[8] = "1y", interval[8] = "1d";
  struct text value;
  if (!find_symbol(s, "chart", rest, symbol, ret)) return;
  if (request_parameter(query, "range", &value) && !request_decode(value, range, sizeof range))
    *range = 0;
  if (request_parameter(query, "interval", &value) &&
      !request_decode(value, interval, sizeof interval))
    *interval = 0;
  if (strcmp(interval, "1d") != 0) {
    tell(ret, "chart", 400, "Invalid input - interval is not supported. Valid intervals: [1d]");
  } else if (request_parameter(query, "period1", &value) ||
             request_parameter(query, "period2", &value)) {
    tell(ret, "chart", 400, "Invalid input - period1 and period2 are not supported, range is");
  } else if (chart_days(range) == 0) {
    tell(ret, "chart", 400,
         "Invalid input - range is not supported. Valid ranges: [1d, 5d, 1mo, 3mo, 6mo, 1y, 2y, "
         "5y, 10y, ytd, max]");
  } else {
    ret->status = 200;
    ret->type = json;
    chart_write(&ret->body, s->options->seed, symbol, range);
  }
}

/* -- the plain pages -------------------------------------------------------------------------- */

/* A whole number, up to `most`; false, with the answer made, if it is none. */
static bool find_number(struct text rest, unsigned long long most, unsigned long long *ret_number,
                        struct answer *ret) {
  char text[24] = "", *end;
  bool fine = request_decode(rest, text, sizeof text) && text_is_digit(*text);
  unsigned long long n = fine ? strtoull(text, &end, 10) : 0;
  if (fine && !*end && n <= most) {
    *ret_number = n;
    return true;
  }
  answer_error(ret, 400, "what follows the last slash must be a whole number up to %llu", most);
  return false;
}

static void make_delay(struct server *s, struct text rest, struct text query, struct answer *ret) {
  unsigned long long ms;
  (void)s, (void)query;
  if (!find_number(rest, DELAY_MOST_MS, &ms, ret)) return;
  ret->status = 200;
  ret->type = json;
  ret->wait_ns = MT_MS((int64_t)ms);
  bytes_print(&ret->body, "{\"delay_ms\":%llu}\n", ms);
}

static void make_bytes(struct server *s, struct text rest, struct text query, struct answer *ret) {
  unsigned long long n;
  (void)s, (void)query;
  if (!find_number(rest, bytes_most, &n, ret)) return;
  ret->status = 200;
  ret->type = "application/octet-stream";
  ret->pattern_size = n;
}

static void make_health(struct server *s, struct text rest, struct text query, struct answer *ret) {
  (void)s, (void)rest, (void)query;
  ret->status = 200;
  ret->type = "text/plain; charset=utf-8";
  bytes_text(&ret->body, "ok\n");
}

static const struct page pages[] = {
    {"/quote/", false, make_quote},  {"/v8/finance/chart/", false, make_chart},
    {"/delay/", false, make_delay},  {"/bytes/", false, make_bytes},
    {"/healthz", true, make_health},
};

static const struct page *find_page(struct text path, struct text *ret_rest) {
  for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
    size_t n = strlen(pages[i].prefix);
    if (path.size < n || memcmp(path.at, pages[i].prefix, n) != 0) continue;
    if (pages[i].whole && path.size > n) continue;
    *ret_rest = text_skip(path, n);
    return &pages[i];
  }
  return NULL;
}

void pages_answer(struct server *server, const struct request *request, struct answer *ret) {
  struct text rest;
  const struct page *page = find_page(request->path, &rest);
  *ret = (struct answer){0};
  if (!page)
    answer_error(ret, 404,
                 "there are /quote/SYMBOL, /v8/finance/chart/SYMBOL, /delay/MS, /bytes/N and "
                 "/healthz");
  else if (request->method == METHOD_OTHER)
    answer_error(ret, 405, "GET and HEAD are answered here");
  else
    page->make(server, rest, request->query, ret);
}
