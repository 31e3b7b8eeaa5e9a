/* SPDX-License-Identifier: MIT
 *
 * redact.h: text that may hold a key, made fit to be shown. */
#ifndef CLI_QUOTE_REDACT_H
#define CLI_QUOTE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

/* A copy, to be freed, in which *** stands for: each of the secrets, in letters of any case, as it
 * is and percent-encoded; the values of parameters that by their name hold one ("apikey=...",
 * "token=..."); what follows "API key as". NULL: no memory. */
char *redact(const char *text, char *const *secrets, size_t n);

/* Whether a URL or header line holds a secret by the look of it: such a parameter, a user's name
 * with a password, or a header that is made to carry one. */
bool redact_suspects_url(const char *url);
bool redact_suspects_header(const char *line);

#endif
