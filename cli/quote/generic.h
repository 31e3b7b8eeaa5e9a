/* SPDX-License-Identifier: MIT
 *
 * generic.h: a provider that the configuration describes: a URL with {symbol} in it, and where in
 * the JSON that comes back the figures are. */
#ifndef CLI_QUOTE_GENERIC_H
#define CLI_QUOTE_GENERIC_H

#include <stdbool.h>

struct provider;
struct generic;

enum { GENERIC_ERROR = 320 };

struct generic *generic_new(void);
void generic_free(struct generic *g);

/* Whether a setting of the configuration has to do with a generic provider's description. */
bool generic_has(const char *name);

/* All names, separated by ", ": for messages. */
const char *generic_names(void);

/* Takes one setting: "url", "header" (as often as needed), or the place of a figure. False, with
 * what is wrong. */
bool generic_set(struct provider *p, const char *name, const char *value,
                 char error[GENERIC_ERROR]);

/* Whether the description is whole. False, with what is missing. */
bool generic_check(const struct provider *p, char error[GENERIC_ERROR]);

/* The URL as it was given, {symbol} and all; NULL: none yet. */
const char *generic_url(const struct provider *p);

/* Whether the key goes somewhere: into the URL or a header. */
bool generic_wants_key(const struct provider *p);

/* Whether a header was given. */
bool generic_has_headers(const struct provider *p);

#endif
