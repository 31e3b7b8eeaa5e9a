/* SPDX-License-Identifier: MIT
 *
 * names.h: what a column is for, told from its name. */
#ifndef CLI_PRICE_NAMES_H
#define CLI_PRICE_NAMES_H

#include "text.h"

enum role { ROLE_NONE, ROLE_DATE, ROLE_TIME, ROLE_PRICE, ROLE_VOLUME, ROLE_SERIES };
enum { ROLES = ROLE_SERIES + 1 };

/* The role of a column with this name. Of several columns with one role, the lowest *ret_rank is
 * meant: an adjusted close before a close, a close before a last price. */
enum role names_role(struct text name, unsigned *ret_rank);

#endif
