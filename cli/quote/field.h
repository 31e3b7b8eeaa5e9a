/* SPDX-License-Identifier: MIT
 *
 * field.h: values out of a provider's JSON. Some write numbers as numbers, some as strings, and all
 * have ways to say that there is none. */
#ifndef CLI_QUOTE_FIELD_H
#define CLI_QUOTE_FIELD_H

#include "quote.h"

#include <jansson.h>
#include <stddef.h>

enum field_kind {
  FIELD_GOOD,
  FIELD_MISSING, /* no such member, null, "", "None", "-", "N/A", "null" */
  FIELD_BAD      /* there is something, and it is no number */
};

/* A finite number; a string may end in %. *ret is set for FIELD_GOOD alone. */
enum field_kind field_number(json_t *value, double *ret);

/* A number that must be above zero to mean anything, as prices: NAN if it is missing, bad or not.
 */
double field_positive(json_t *value);

/* The same, but zero counts: volumes. */
double field_not_negative(json_t *value);

/* A string's text without blanks around it, copied if it fits and says something; else empty. */
void field_text(json_t *value, char *out, size_t room);

/* A string that may be borrowed, or "" */
const char *field_string(json_t *value);

/* When, as a quote has it: seconds or milliseconds since 1970, or ISO 8601; a time without a zone
 * is taken as UTC. Empty if it is none of these. */
void field_time(json_t *value, char out[QUOTE_TIME]);

/* Writes a time in seconds since 1970. Empty if it has no year of four digits after 1970. */
void field_time_of(double unix_seconds, char out[QUOTE_TIME]);

/* The double with the fewest digits that the same float stands for, if it is a float: some
 * providers compute in floats, and 246.43 comes as 246.42999267578125. */
double field_unfloat(double value);

/* Whether two symbols are the same but for the case of ASCII letters. */
bool field_same_symbol(const char *a, const char *b);

#endif
