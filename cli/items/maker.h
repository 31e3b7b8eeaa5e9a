/* SPDX-License-Identifier: MIT
 *
 * maker.h: the columns of one row while they are found: how many there are, and how long, is known
 * only at the end. The memory is used again for each row. */
#ifndef CLI_ITEMS_MAKER_H
#define CLI_ITEMS_MAKER_H

#include <stdbool.h>
#include <stddef.h>

struct item_cell {
  size_t name, value; /* where they begin in `bytes` */
};

struct item_maker {
  char *bytes; /* names and values, a NUL behind each */
  size_t filled, room;
  struct item_cell *cells;
  size_t count, cell_room;
};

void maker_fini(struct item_maker *m);
void maker_clear(struct item_maker *m);

/* All false only without memory. */
bool maker_put(struct item_maker *m, const char *data, size_t size);
bool maker_cell(struct item_maker *m, size_t name, size_t value);

static inline const char *maker_name(const struct item_maker *m, size_t i) {
  return m->bytes + m->cells[i].name;
}

static inline const char *maker_value(const struct item_maker *m, size_t i) {
  return m->bytes + m->cells[i].value;
}

/* The value of a name, or NULL. */
const char *maker_find(const struct item_maker *m, const char *name);

#endif
