/* SPDX-License-Identifier: MIT
 *
 * The frame of a fight: threads, and counting what everybody saw.
 */
#include "thieves.h"

#include <pthread.h>
#include <stdlib.h>

void theft_disorder(struct theft *t) {
  atomic_fetch_add(&t->disorder, 1);
}

bool theft_see(struct theft *t, unsigned who, size_t number) {
  if (number >= t->n) {
    theft_disorder(t);
    return false;
  }
  t->seen[who][number]++;
  return true;
}

static void *steals(void *arg) {
  struct theft *t = arg;
  t->steal(t, atomic_fetch_add(&t->arrived, 1));
  return NULL;
}

void theft_run(struct theft *t) {
  for (int i = 0; i <= THIEVES; i++) assert_non_null(t->seen[i] = calloc(t->n, 1));
  pthread_t thief[THIEVES];
  for (int i = 0; i < THIEVES; i++)
    if (pthread_create(&thief[i], NULL, steals, t) != 0) abort();
  UNTIL(atomic_load(&t->arrived) == THIEVES); /* they are at it */
  t->own(t);
  atomic_store(&t->over, true);
  for (int i = 0; i < THIEVES; i++) pthread_join(thief[i], NULL);
  size_t wrong = 0, stolen = 0;
  for (size_t k = 0; k < t->n; k++) {
    unsigned times = 0;
    for (int i = 0; i <= THIEVES; i++) times += t->seen[i][k];
    wrong += times != 1;
    stolen += times - t->seen[OWNER][k];
  }
  print_message("%zu of %zu stolen\n", stolen, t->n);
  for (int i = 0; i <= THIEVES; i++) free(t->seen[i]);
  assert_int_equal(wrong, 0);
  assert_int_equal(atomic_load(&t->disorder), 0);
}
