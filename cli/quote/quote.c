/* SPDX-License-Identifier: MIT */
#include "quote.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void quote_init(struct quote *q) {
  *q = (struct quote){NAN, NAN, NAN, NAN, NAN, NAN, NAN, "", ""};
}

/* How many places the shortest decimal has that reads back as the same double. */
static int places(double value) {
  char text[40];
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, value);
    if (strtod(text, NULL) == value) break;
  }
  const char *exponent = strchr(text, 'e');
  size_t end = exponent ? (size_t)(exponent - text) : strlen(text);
  size_t whole = strspn(text, "-0123456789");
  int fraction = whole < end ? (int)(end - whole - 1) : 0;
  int shift = exponent ? atoi(exponent + 1) : 0;
  return fraction > shift ? fraction - shift : 0;
}

/* By way of text, since printf rounds decimal places exactly and multiplying by 100 does not. */
static double rounded(double value, int to_places) {
  char text[400];
  snprintf(text, sizeof text, "%.*f", to_places < 20 ? to_places : 20, value);
  double v = strtod(text, NULL);
  return v == 0 ? 0 : v; /* no minus zero */
}

void quote_derive(struct quote *q) {
  if (!isfinite(q->price) || !(q->previous_close > 0)) return;
  int a = places(q->price), b = places(q->previous_close);
  q->change = rounded(q->price - q->previous_close, a > b ? a : b);
  q->change_percent = rounded(100 * (q->price / q->previous_close - 1), 4);
}

const char *quote_kind_word(enum quote_kind kind) {
  static const char *const words[QUOTE_KINDS] = {
      [QUOTE_FINE] = "",
      [QUOTE_INVALID_SYMBOL] = "invalid_symbol",
      [QUOTE_NETWORK] = "network",
      [QUOTE_THROTTLED] = "throttled",
      [QUOTE_UNAUTHORIZED] = "unauthorized",
      [QUOTE_PROVIDER_ERROR] = "provider_error",
      [QUOTE_BAD_RESPONSE] = "bad_response",
  };
  return (unsigned)kind < QUOTE_KINDS ? words[kind] : "";
}

bool quote_fail(struct quote_fault *f, enum quote_kind kind, const char *format, ...) {
  bool again = kind == QUOTE_NETWORK || kind == QUOTE_THROTTLED || kind == QUOTE_PROVIDER_ERROR;
  *f = (struct quote_fault){
      .kind = kind, .again = again, .pause_ns = kind == QUOTE_THROTTLED ? -1 : 0};
  va_list args;
  va_start(args, format);
  vsnprintf(f->message, sizeof f->message, format, args);
  va_end(args);
  return false;
}
