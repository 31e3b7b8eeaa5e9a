/* SPDX-License-Identifier: MIT
 *
 * items.c: how a line of the input becomes an item: what it asks for, from which server, and what
 * its file is called. What cannot be asked for is an item, too: its task fails with the problem. */
#include "fetch.h"

#include "../signals.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The URL of an item: of the template, of its column, or the item itself. False with a problem;
 * without one, memory is out. */
static bool find_url(struct fetch_item *item) {
  const struct fetch *f = item->fetch;
  struct item_row *row = item->row;
  if (f->url) {
    const char *missing;
    item->url = item->filled = template_fill(f->url, item_row_lookup, row, &missing);
    if (!item->url && missing) template_missing(missing, row->names, row->count, item->problem);
    size_t n = strlen(item->problem);
    if (n > 0 && row->format == ITEM_LINES && row->source)
      snprintf(item->problem + n, sizeof item->problem - n,
               " (read as lines: --input-format csv reads columns)");
    return item->url;
  }
  item->url = item_row_get(row, "url");
  if (!item->url) item->url = item_row_get(row, "item");
  if (!item->url)
    snprintf(item->problem, sizeof item->problem,
             "there is no column \"url\"; say by --url how the columns make one");
  return item->url;
}

static bool find_name(struct fetch_item *item) {
  const struct fetch *f = item->fetch;
  struct name_source source = {.index = item->index,
                               .url = item->url,
                               .column = item_row_lookup,
                               .arg = item->row,
                               .columns = item->row->names,
                               .column_count = item->row->count};
  char error[SAVE_ERROR + NAME_ERROR];
  item->name = name_make(f->name, &source, error);
  bool fine = item->name;
  if (fine && !name_is_unique(f->name)) fine = save_claim(f->dir, item->name, item->index, error);
  if (fine) return true;
  snprintf(item->problem, sizeof item->problem, "%.*s", ITEM_MESSAGE - 1, error);
  item->kind = HTTP_FILE;
  return false;
}

static bool find_origin(struct fetch_item *item) {
  char origin[ORIGIN_ROOM], error[ORIGIN_ERROR];
  if (!origin_of(item->url, origin, error)) {
    snprintf(item->problem, sizeof item->problem, "%s", error);
    return false;
  }
  item->origin = origins_find(item->fetch->traffic.origins, origin, strlen(origin));
  return item->origin;
}

void fetch_item_free(mt_value arg) {
  struct fetch_item *item = arg.data;
  body_fini(&item->body);
  if (item->picked)
    for (size_t i = 0; i < item->fetch->pick_count; i++) free(item->picked[i]);
  free(item->picked);
  free(item->name);
  free(item->filled);
  item_row_free(item->row);
  free(item);
}

static struct fetch_item *item_new(struct fetch *f, struct item_row *row, const char *problem) {
  struct fetch_item *item = calloc(1, sizeof *item);
  if (!item) {
    item_row_free(row);
    return NULL;
  }
  item->fetch = f;
  item->index = f->drawn;
  item->row = row;
  item->worker = -1;
  item->kind = HTTP_URL;
  item->start = (double)NAN;
  item->drawn_ns = item->done_ns = mt_now_ns();
  body_init(&item->body, f->options->max_bytes, FETCH_BODY_MEMORY);
  bool fine = false;
  item->broken = problem;
  if (problem)
    snprintf(item->problem, sizeof item->problem, "%s", problem);
  else
    fine = find_url(item) && find_origin(item) && (!f->dir || find_name(item));
  if (fine || *item->problem) return item;
  fetch_item_free(mt_ptr(item));
  return NULL;
}

enum conduct_drawn fetch_draw(void *fetch, void **ret) {
  struct fetch *f = fetch;
  for (;;) {
    struct item_row *row;
    char problem[ITEM_MESSAGE];
    if (signals_interrupted()) return DRAWN_END;
    enum item_kind kind = item_list_next(&f->list, &row, problem);
    if (kind == ITEM_LATER) return DRAWN_LATER;
    if (kind == ITEM_END) return DRAWN_END;
    if (kind == ITEM_NO_MEMORY) return DRAWN_NO_MEMORY;
    f->drawn++;
    if (kind == ITEM_ROW && f->journal && f->options->resume &&
        journal_done(f->journal, row->text, row->size)) {
      f->resumed++;
      item_row_free(row);
      continue;
    }
    *ret = item_new(f, row, kind == ITEM_PROBLEM ? problem : NULL);
    return *ret ? DRAWN_ITEM : DRAWN_NO_MEMORY;
  }
}

int fetch_draw_fd(void *fetch) {
  return item_list_fd(&((struct fetch *)fetch)->list);
}

uint64_t fetch_total(void *fetch) {
  return item_list_total(&((struct fetch *)fetch)->list);
}
