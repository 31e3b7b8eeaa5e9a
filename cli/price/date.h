/* SPDX-License-Identifier: MIT
 *
 * date.h: dates and times as price files write them. A moment is a count of microseconds since
 * 1970-01-01 00:00 of the file's own wall clock: offsets and zone names are accepted and ignored,
 * since a trading day is named by the exchange's local date. */
#ifndef CLI_PRICE_DATE_H
#define CLI_PRICE_DATE_H

#include "text.h"

#include <stdint.h>

#define DATE_DAY INT64_C(86400000000) /* microseconds in a day */

enum date_order { DATE_MONTH_FIRST, DATE_DAY_FIRST };

enum date_kind {
  DATE_FINE,    /* says nothing about the order of day and month */
  DATE_SETTLED, /* fine, and only so in this order: 12/31/2020 */
  DATE_SWAPPED, /* a date only in the other order */
  DATE_BAD
};

/* A date, with or without a time: 2020-01-31, 2020/1/31, 2020.01.31, 20200131, 01/31/2020 and
 * 31.01.2020 (by `order`), 31-Jan-2020, Jan 31, 2020, 2020-01-31T09:30:00Z, seconds or milliseconds
 * since 1970. Only dates that the calendar has. */
enum date_kind date_parse(struct text field, enum date_order order, int64_t *ret);

/* A time of day: 09:30, 09:30:15.5, 0930, 093015, 9:30 PM. */
bool date_time(struct text field, int64_t *ret);

/* Days since 1970-01-01, of the Gregorian calendar; and back. Years 1 to 9999. */
bool date_is_valid(int year, int month, int day);
int64_t date_days(int year, int month, int day);
void date_civil(int64_t days, int *ret_year, int *ret_month, int *ret_day);
int date_month_length(int year, int month);

/* Writes 2020-01-31, or 2020-01-31T09:30:00 if the moment is not midnight. */
#define DATE_SIZE 32
char *date_format(int64_t when, char out[DATE_SIZE]);

#endif
