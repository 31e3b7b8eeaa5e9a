/* SPDX-License-Identifier: MIT
 *
 * symbol.h: the names of what is quoted, as people type them: AAPL, BRK-B, ^GSPC, VOD.L, EURUSD=X,
 * EUR/USD, BINANCE:BTCUSDT. They are handed on as given; which of them exist, a provider knows. */
#ifndef CLI_QUOTE_SYMBOL_H
#define CLI_QUOTE_SYMBOL_H

#include "quote.h"

#include <stddef.h>

/* Whether it is worth a request. False, with a fault that says why not: empty, too long, blanks or
 * control characters in it, or "." and "..", which servers take for steps in a path. */
bool symbol_check(const char *symbol, size_t size, struct quote_fault *f);

/* Percent-encoded, all but RFC 3986's unreserved characters; to be freed. NULL: no memory. */
char *symbol_encode(const char *text);

#endif
