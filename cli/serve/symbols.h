/* SPDX-License-Identifier: MIT
 *
 * symbols.h: what can be a symbol, and lists of them. Letters count the same in either case. */
#ifndef CLI_SERVE_SYMBOLS_H
#define CLI_SERVE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>

enum { SYMBOL_ROOM = 24 }; /* its letters and a final NUL */

/* Copies with capital letters. False if it can be none: empty, too long, or other characters than
 * letters, digits and . - ^ = */
bool symbol_normalise(const char *text, char out[SYMBOL_ROOM]);

struct symbols {
  char (*sorted)[SYMBOL_ROOM];
  size_t n;
};

/* Reads "A,B,C"; "" is an empty list. False, and nothing to fini: then `wrong` is the part that is
 * no symbol, cut to fit, or says that memory ran out. */
bool symbols_init(struct symbols *list, const char *text, char wrong[SYMBOL_ROOM]);
void symbols_fini(struct symbols *list);

/* Whether a normalised symbol is in the list. */
bool symbols_have(const struct symbols *list, const char *symbol);

#endif
