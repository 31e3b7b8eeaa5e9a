/* SPDX-License-Identifier: MIT
 *
 * sniff.h: whether a file is text that could hold prices at all. */
#ifndef CLI_PRICE_SNIFF_H
#define CLI_PRICE_SNIFF_H

#include "problem.h"

/* Takes the byte order mark and a spreadsheet's "sep=;" line off (*delimiter is that sign, or 0;
 * *line the line that *text begins with). False, with the problem, for what is no such text. */
bool sniff(struct text *text, size_t *line, char *delimiter, struct problem *p);

#endif
