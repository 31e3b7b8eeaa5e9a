/* SPDX-License-Identifier: MIT
 *
 * decimal.h: decimal text to the nearest double, exactly as strtod does it in the C locale,
 * whatever the process's locale is; many times faster for what prices look like. */
#ifndef CLI_PRICE_DECIMAL_H
#define CLI_PRICE_DECIMAL_H

#include "text.h"

#include <stdint.h>

/* digits * 10^exponent, exactly rounded, where that can be had without arbitrary precision (all
 * prices that people write); false where it cannot. */
bool decimal_scale(uint64_t digits, int exponent, double *ret);

/* Plain decimal text: sign, digits, '.', digits, exponent; all of it, and nothing else. Overflow
 * gives an infinity, as strtod does. */
bool decimal_parse(struct text t, double *ret);

#endif
