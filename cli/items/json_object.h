/* SPDX-License-Identifier: MIT
 *
 * json_object.h: one line of NDJSON as names and values. Written for this alone, because a JSON
 * library keeps a number's value and not how it is written: 1.10 would come back as 1.1, and
 * 12345678901234567890 not at all. */
#ifndef CLI_ITEMS_JSON_OBJECT_H
#define CLI_ITEMS_JSON_OBJECT_H

#include "maker.h"

enum json_result { JSON_FINE, JSON_BROKEN, JSON_NO_MEMORY };

/* Reads `{"name": value, ...}` (RFC 8259): strings as what they mean, numbers, true and false as
 * they are written, arrays and objects without blanks; members that are null are left out. A lone
 * string is the value of "item". JSON_BROKEN: *ret_cause, and the byte, from 1, at which the text
 * stops being that. */
enum json_result json_object_read(struct item_maker *m, const char *data, size_t size,
                                  const char **ret_cause, size_t *ret_column);

#endif
