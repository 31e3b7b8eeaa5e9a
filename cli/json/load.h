/* SPDX-License-Identifier: MIT
 *
 * load.h: JSON that somebody else wrote, from inside a task. jansson parses, prints and frees by
 * recursion, up to 2048 levels, which is more than a task's stack has room for: what is nested more
 * deeply than JSON_DEPTH is refused before. */
#ifndef CLI_JSON_LOAD_H
#define CLI_JSON_LOAD_H

#include <jansson.h>
#include <stddef.h>

enum { JSON_DEPTH = 256 };

/* As json_loadb, which it calls with these flags. */
json_t *json_load_bytes(const void *bytes, size_t size, size_t flags, json_error_t *ret_error);

#endif
