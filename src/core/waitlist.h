/* SPDX-License-Identifier: MIT
 *
 * Runners that wait for something a mutex guards: a group's end, an executor's. Everything here is
 * done under that mutex. A runner stays in the list while it waits, and leaves by itself, so it can
 * be unparked under the mutex at any time. */
#ifndef MTI_WAITLIST_H
#define MTI_WAITLIST_H

#include "core/runner.h"

typedef struct mti_waitnode {
  mti_runner *runner;
  struct mti_waitnode *next, **link;
} mti_waitnode;

static inline void mti_waitlist_add(mti_waitnode **list, mti_waitnode *node, mti_runner *runner) {
  node->runner = runner;
  node->next = *list;
  node->link = list;
  if (node->next != NULL) node->next->link = &node->next;
  *list = node;
}

static inline void mti_waitlist_remove(mti_waitnode *node) {
  *node->link = node->next;
  if (node->next != NULL) node->next->link = node->link;
}

static inline void mti_waitlist_wake(mti_waitnode *list) {
  for (; list != NULL; list = list->next) list->runner->ops->unpark(list->runner, NULL);
}

#endif
