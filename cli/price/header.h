/* SPDX-License-Identifier: MIT
 *
 * header.h: the parts of recognising a dialect; see dialect.h for the whole. */
#ifndef CLI_PRICE_HEADER_H
#define CLI_PRICE_HEADER_H

#include "dialect.h"

/* The part of a file that is looked at: a place, its line, and how rows are delimited there. */
struct header_place {
  const char *at, *end;
  size_t line;
  char delimiter;
};

/* Splits the row at a place, with room for all its fields, up to 65,536. False: no memory. */
bool header_row(struct dialect *d, const struct header_place *place, struct row *ret);

/* The delimiter that a line has most of; a comma if it has none. */
char header_delimiter(const char *at, const char *end);

/* Makes room for the series. False: no memory. */
bool header_series(struct dialect *d, size_t count);

/* Whether the row at `place` is a header line; if so, fills in the columns and the body. */
bool header_plain(struct dialect *d, const struct header_place *place,
                  const struct dialect_wish *wish);

/* Whether a three-line header begins at `place`: fields, tickers, and the date's name, as yfinance
 * and pandas-datareader write it; one series for each ticker. */
bool header_wide(struct dialect *d, const struct header_place *place,
                 const struct dialect_wish *wish);

/* Whether the row at `place` is data of a file without a header: a date, perhaps a time, then
 * close; close, volume; open, high, low, close; or these and volume. */
bool header_absent(struct dialect *d, const struct header_place *place,
                   const struct dialect_wish *wish);

/* The column that the user named, by its header or its number from 1; DIALECT_NONE if there is no
 * such column. */
size_t header_wished(const struct row *row, const char *wish);

/* What the first rows tell: decimal sign, order of day and month, whether the time column holds
 * times, and which of two volume columns is used. */
bool header_conventions(struct dialect *d, const char *end, size_t other_volume);

#endif
