/* SPDX-License-Identifier: MIT
 *
 * csv.h: records of RFC 4180 and of TSV: where one ends, and what is in it. */
#ifndef CLI_ITEMS_CSV_H
#define CLI_ITEMS_CSV_H

#include <stdbool.h>
#include <stddef.h>

struct item_maker;

/* How far a record has been looked at; zeroed: not at all. */
struct csv_scan {
  size_t at;
  enum { CSV_FIELD, CSV_PLAIN, CSV_QUOTED, CSV_QUOTE } state;
};

/* Looks on for the line end that ends the record at `data`; true with the size before it. */
bool csv_find(struct csv_scan *scan, const char *data, size_t size, size_t *ret_size);

enum csv_result { CSV_FINE, CSV_BROKEN, CSV_NO_MEMORY };

/* Splits a record (without its line end) into the maker's values. CSV_BROKEN: *ret_cause says why.
 */
enum csv_result csv_split(struct item_maker *m, const char *data, size_t size,
                          const char **ret_cause);
enum csv_result tsv_split(struct item_maker *m, const char *data, size_t size,
                          const char **ret_cause);

#endif
