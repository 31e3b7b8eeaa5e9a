/* SPDX-License-Identifier: MIT
 *
 * suggest.h: the word that was probably meant. */
#ifndef CLI_SUGGEST_H
#define CLI_SUGGEST_H

#include <stddef.h>

/* The one of `words` that `word` begins, or that is nearest to it; NULL if none is near. */
const char *suggest(const char *word, const char *const *words, size_t n);

#endif
