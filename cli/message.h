/* SPDX-License-Identifier: MIT
 *
 * message.h: what is said on stderr. A message names the item, the cause and what to do. */
#ifndef CLI_MESSAGE_H
#define CLI_MESSAGE_H

#include <stddef.h>

/* "meantime: ...", one line; control characters in it are shown as \n, \x1b and the like. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Copies text with control characters and broken UTF-8 escaped; cut to fit, NUL-terminated. */
void message_escape(const char *text, char *out, size_t room);

#endif
