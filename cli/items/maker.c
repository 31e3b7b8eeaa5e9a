/* SPDX-License-Identifier: MIT */
#include "maker.h"

#include <stdlib.h>
#include <string.h>

void maker_fini(struct item_maker *m) {
  free(m->bytes);
  free(m->cells);
  *m = (struct item_maker){0};
}

void maker_clear(struct item_maker *m) {
  m->filled = m->count = 0;
}

bool maker_put(struct item_maker *m, const char *data, size_t size) {
  if (size > m->room - m->filled) {
    size_t room = (m->filled + size) * 2;
    if (room < 256) room = 256;
    char *more = realloc(m->bytes, room);
    if (!more) return false;
    m->bytes = more;
    m->room = room;
  }
  if (size > 0) memcpy(m->bytes + m->filled, data, size);
  m->filled += size;
  return true;
}

bool maker_cell(struct item_maker *m, size_t name, size_t value) {
  if (m->count == m->cell_room) {
    size_t room = m->cell_room ? m->cell_room * 2 : 16;
    struct item_cell *more = realloc(m->cells, room * sizeof *more);
    if (!more) return false;
    m->cells = more;
    m->cell_room = room;
  }
  m->cells[m->count++] = (struct item_cell){name, value};
  return true;
}

const char *maker_find(const struct item_maker *m, const char *name) {
  for (size_t i = 0; i < m->count; i++)
    if (strcmp(maker_name(m, i), name) == 0) return maker_value(m, i);
  return NULL;
}
