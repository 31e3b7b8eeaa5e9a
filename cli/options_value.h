/* SPDX-License-Identifier: MIT
 *
 * options_value.h: what the words after options mean: numbers, times, sizes, rates. Each returns
 * whether the whole word is one, and leaves *ret alone if it is not. No signs, exponents or spaces;
 * a decimal point is a point everywhere. */
#ifndef CLI_OPTIONS_VALUE_H
#define CLI_OPTIONS_VALUE_H

#include "options.h"

#include <stdbool.h>

/* The index of `text` among "a|b|c", or -1. */
int value_choice(const char *choices, const char *text);

bool value_count(const char *text, double least, unsigned long *ret);
bool value_seed(const char *text, unsigned long long *ret);          /* 0x1f, too */
bool value_real(const char *text, double above, double *ret);        /* signs and exponents, too */
bool value_seconds(const char *text, double above, int64_t *ret_ns); /* us ms s m min h d */
bool value_bytes(const char *text, double least, uint64_t *ret);     /* k M G T, KiB MiB GiB TiB */
bool value_rate(const char *text, struct option_rate *ret);          /* 10/s 8/min 500/hour */
bool value_share(const char *text, struct option_share *ret);        /* 10 or 5% */
bool value_range(const char *text, struct option_range *ret);        /* 100-500ms 1s-2m 200ms */

#endif
