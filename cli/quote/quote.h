/* SPDX-License-Identifier: MIT
 *
 * quote.h: what a provider is asked for, and the ways in which it can fail to answer. */
#ifndef CLI_QUOTE_QUOTE_H
#define CLI_QUOTE_QUOTE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum { QUOTE_TIME = 32, QUOTE_CURRENCY = 16, QUOTE_SYMBOL = 64 };

/* Numbers that a provider does not give are NAN, texts empty. Prices are in `currency` as the
 * provider names it: GBp, GBX, ZAc and ILA are hundredths, and nothing is converted. */
struct quote {
  double price;
  double previous_close; /* of the trading day before the price's */
  double change, change_percent;
  double volume; /* of the price's trading day */
  double high_52w, low_52w;
  char currency[QUOTE_CURRENCY];
  char time[QUOTE_TIME]; /* of the price: ISO 8601 in UTC; only the day, if that is all there is */
};

/* All of it absent. */
void quote_init(struct quote *q);

/* Completes change and change_percent from price and previous_close, rounded to the places that
 * these two have, or to 4 for percent: the same whichever provider the two are from. */
void quote_derive(struct quote *q);

enum quote_kind {
  QUOTE_FINE = 0,
  QUOTE_INVALID_SYMBOL, /* the provider knows no such symbol, or it can be none */
  QUOTE_NETWORK,        /* no answer came through */
  QUOTE_THROTTLED,      /* too many requests, in a moment or in a day */
  QUOTE_UNAUTHORIZED,   /* no key, a wrong one, or one that may not ask this */
  QUOTE_PROVIDER_ERROR, /* the provider says that it failed */
  QUOTE_BAD_RESPONSE,   /* an answer that proves nothing */
  QUOTE_KINDS
};

/* "invalid_symbol" and so on; "" for QUOTE_FINE. */
const char *quote_kind_word(enum quote_kind kind);

enum { QUOTE_MESSAGE = 400 };

struct quote_fault {
  enum quote_kind kind;
  bool again;       /* another attempt may do better */
  bool spent;       /* the provider has nothing more to give today, to anybody */
  int64_t pause_ns; /* for how long it wants no request; 0: not at all, -1: it does not say */
  char message[QUOTE_MESSAGE];
};

/* Fills in a fault of that kind, with what usually follows from it: network, throttled and
 * provider_error are worth another attempt, and throttled asks for a pause. Returns false, so that
 * a reader can `return quote_fail(...)`. Text of a server belongs into it only by way of
 * answer_says, which takes the keys out. */
bool quote_fail(struct quote_fault *f, enum quote_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
