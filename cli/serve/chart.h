/* SPDX-License-Identifier: MIT
 *
 * chart.h: the body of /v8/finance/chart/SYMBOL in the shape of Yahoo's, daily. */
#ifndef CLI_SERVE_CHART_H
#define CLI_SERVE_CHART_H

#include "bytes.h"

#include <stddef.h>
#include <stdint.h>

/* The ranges there are, as JSON strings with commas between. */
extern const char chart_ranges[];

/* How many days a range such as "1y" or "5d" has; 0 if there is no such range. */
size_t chart_days(const char *range);

/* The chart of a symbol's last days. The prices in the arrays are those of quotes.h rounded to
 * 32-bit floats, as Yahoo's are; one day is null; chartPreviousClose is the close before the range.
 * A right client gets out of a year's chart what quotes_of tells. Breaks `out` if memory runs out.
 */
void chart_write(struct bytes *out, uint64_t seed, const char *symbol, const char *range);

#endif
