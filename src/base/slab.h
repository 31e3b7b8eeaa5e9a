/* SPDX-License-Identifier: MIT
 *
 * Objects of one size, quickly: futures and their extras.
 *
 *   thread:  loaded magazine (a list of up to 128 objects), spare magazine (full or empty)
 *   depot:   full magazines, under a mutex, and chunks of fresh memory
 *
 * A thread allocates from and frees to its own magazines, without an atomic operation; only every
 * 128th call may go to the depot, to exchange a whole magazine. (The scheme is Bonwick and Adams',
 * "Magazines and Vmem", USENIX 2001.) The first chunk is small; later ones are 2 MiB on huge pages,
 * which saves page faults and TLB misses: submit-to-result costs 90 ns with them against 126 with
 * malloc. Memory stays with the process. Under AddressSanitizer each object comes from malloc, so
 * that use after free is seen. */
#ifndef MTI_SLAB_H
#define MTI_SLAB_H

#include <stddef.h>

typedef enum mti_slab_class {
  MTI_SLAB_FUTURE = 0,
  MTI_SLAB_EXTRA,
  MTI_SLAB_CLASSES
} mti_slab_class;

/* The sizes of the classes: slab.c knows nothing else of what it keeps. */
enum { MTI_FUTURE_SIZE = 64, MTI_EXTRA_SIZE = 192 };

void *mti_slab_alloc(mti_slab_class c); /* NULL if there is no memory; contents are undefined */
void mti_slab_free(mti_slab_class c, void *object);

#endif
