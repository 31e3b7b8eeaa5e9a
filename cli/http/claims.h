/* SPDX-License-Identifier: MIT
 *
 * claims.h: which item has which name: a set of hashes, so that a name costs as much as any other.
 *
 * Two different names with equal hashes would be taken for one; among ten million names that has a
 * chance of three in a million. */
#ifndef CLI_HTTP_CLAIMS_H
#define CLI_HTTP_CLAIMS_H

#include <stdint.h>

enum claim { CLAIM_TAKEN, CLAIM_CLASH, CLAIM_NO_MEMORY };

struct claims; /* any thread may use it */

/* NULL: no memory. */
struct claims *claims_new(void);
void claims_free(struct claims *c);

/* CLAIM_CLASH: *ret_owner has that name already. An owner may ask again for its own. */
enum claim claims_take(struct claims *c, const char *name, uint64_t owner, uint64_t *ret_owner);

#endif
