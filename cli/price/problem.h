/* SPDX-License-Identifier: MIT
 *
 * problem.h: why a file gave no prices, where, and what its reader can do about it. */
#ifndef CLI_PRICE_PROBLEM_H
#define CLI_PRICE_PROBLEM_H

#include "text.h"

enum problem_code {
  PROBLEM_NONE = 0,
  PROBLEM_SYSTEM,     /* missing, unreadable, a folder: errno says which */
  PROBLEM_MEMORY,     /* not enough of it */
  PROBLEM_STOPPED,    /* the reader was asked to stop */
  PROBLEM_EMPTY,      /* nothing in it */
  PROBLEM_BINARY,     /* not text: compressed, UTF-16, a picture */
  PROBLEM_HTML,       /* a page instead of data */
  PROBLEM_JSON,       /* often an error message of the server it came from */
  PROBLEM_NO_HEADER,  /* no line that names columns */
  PROBLEM_NO_PRICE,   /* no price column */
  PROBLEM_NO_DATE,    /* no date column */
  PROBLEM_NO_COLUMN,  /* a column named by an option does not exist */
  PROBLEM_NO_ROWS,    /* a header and nothing below it */
  PROBLEM_NO_PRICES,  /* rows, but none with a usable price */
  PROBLEM_SHORT_ROW,  /* fewer fields than the price needs */
  PROBLEM_BAD_DATE,   /* a date that is none */
  PROBLEM_BAD_PRICE,  /* a price that is none */
  PROBLEM_BAD_VOLUME, /* a volume that is none */
  PROBLEM_BAD_QUOTE,  /* a quoted field that does not end */
  PROBLEM_NO_FILES    /* a folder without price files */
};

struct problem {
  enum problem_code code;
  int system;          /* errno, of PROBLEM_SYSTEM */
  size_t line, column; /* both from 1; column counts bytes; 0 if there is no such place */
  char message[240];   /* says what is wrong and what to do; UTF-8 without control characters */
};

/* The word for the code that records carry: "bad_price"; errno's name for PROBLEM_SYSTEM. */
const char *problem_word(const struct problem *p);

/* Fills in a problem; returns false, so that a reader can `return problem_set(...)`. */
bool problem_set(struct problem *p, enum problem_code code, size_t line, size_t column,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The text for a message: at most 40 bytes of it, control characters and broken UTF-8 replaced. */
#define PROBLEM_QUOTE 160
char *problem_quote(struct text t, char out[PROBLEM_QUOTE]);

/* The length of the well-formed UTF-8 sequence at t, or 0. */
size_t problem_utf8(struct text t);

#endif
