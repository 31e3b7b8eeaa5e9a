/* SPDX-License-Identifier: MIT
 * A limit, for the executor's own use: room in its queue. */
#ifndef MTI_LIMIT_H
#define MTI_LIMIT_H

#include "core/runner.h"

mt_status mti_limit_take(mt_limit *l, mt_wait_kind kind, int64_t until_ns, unsigned flags);
unsigned mti_limit_used(mt_limit *l); /* permits taken */

#endif
