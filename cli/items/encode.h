/* SPDX-License-Identifier: MIT
 *
 * encode.h: texts that may be anything, in a log that is JSON. */
#ifndef CLI_ITEMS_ENCODE_H
#define CLI_ITEMS_ENCODE_H

#include "appender.h"

/* Whether the text is UTF-8 without a NUL: then a JSON string brings it back as it was. */
bool encode_is_text(const char *data, size_t size);

/* A JSON string with its quotes. What is no UTF-8 becomes U+FFFD, and so does a NUL,
 * which few readers take. */
void encode_string(struct appender *a, const char *data, size_t size);

/* Base64 (RFC 4648), without quotes; and back, in its own place; false: it is none. */
void encode_base64(struct appender *a, const char *data, size_t size);
bool decode_base64(char *text, size_t *ret_size);

#endif
