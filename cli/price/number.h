/* SPDX-License-Identifier: MIT
 *
 * number.h: numbers as price files write them, as far as they can be understood
 * without a doubt. What is, is read exactly: see decimal.h. */
#ifndef CLI_PRICE_NUMBER_H
#define CLI_PRICE_NUMBER_H

#include "text.h"

enum number_kind {
  NUMBER_FINE,
  NUMBER_MISSING, /* empty, "null", "N/A", "-", "NaN", an infinity and their like */
  NUMBER_BAD      /* neither a number nor a known way to say that there is none */
};

/* One number field. `decimal` is '.' or ','; the other one, spaces and apostrophes may group
 * digits. Currency signs may stand on either side. With `suffixes`, K, M, B and T multiply, as in
 * volumes. *ret is set for NUMBER_FINE only, and finite then. */
enum number_kind number_parse(struct text field, char decimal, bool suffixes, double *ret);

/* What a price field's separators say about the file's decimal sign: '.', ',' or 0 for nothing. */
char number_decimal_evidence(struct text field);

#endif
