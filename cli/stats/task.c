/* SPDX-License-Identifier: MIT */
#include "task.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

static bool asked_to_stop(void *unused) {
  (void)unused;
  return mt_cancelled();
}

bool stats_tools_init(struct stats_tools *t, const struct stats_options *o, unsigned workers) {
  *t = (struct stats_tools){.reader = {.wish = {o->price_column, o->date_column, o->volume_column},
                                       .stop = asked_to_stop},
                            .statistics = {.rf = o->rf, .periods = o->periods, .all = o->all},
                            .desk_count = workers + 1};
  t->desks = calloc(t->desk_count, sizeof *t->desks);
  return t->desks;
}

void stats_tools_fini(struct stats_tools *t) {
  for (unsigned i = 0; t->desks && i < t->desk_count; i++) {
    file_fini(&t->desks[i].file);
    reader_fini(&t->desks[i].reader);
    free(t->desks[i].work);
  }
  free(t->desks);
  t->desks = NULL;
}

void stats_item_free(mt_value value) {
  struct stats_item *item = value.data;
  report_free(item->report);
  free(item->path);
  free(item);
}

static struct report *make_report(const struct stats_tools *tools, struct stats_desk *desk,
                                  struct problem *p) {
  const struct table *table = &desk->reader.table;
  size_t most = 0;
  for (size_t i = 0; i < table->count; i++)
    if (table->series[i].count > most) most = table->series[i].count;
  if (most > desk->room) {
    most += most / 8;
    double *more = realloc(desk->work, most * sizeof *more);
    if (!more) {
      problem_set(p, PROBLEM_MEMORY, 0, 0, "out of memory");
      return NULL;
    }
    desk->work = more;
    desk->room = most;
  }
  return report_new(&desk->reader, &tools->statistics, desk->work, p);
}

static void analyse(struct stats_item *item) {
  struct stats_tools *tools = item->tools;
  struct stats_desk *desk = &tools->desks[item->worker + 1];
  struct problem *p = &item->problem;
  struct text text;
  if (p->code == PROBLEM_NONE && file_read(&desk->file, item->path, &text, p) &&
      reader_read(&desk->reader, text, &tools->reader, p))
    item->report = make_report(tools, desk, p);
}

mt_value stats_task(mt_value arg) {
  struct stats_item *item = arg.data;
  const struct problem *p = &item->problem;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  item->begun = true;
  item->start = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
  item->worker = mt_worker();
  int64_t begin_ns = mt_now_ns();
  analyse(item);
  item->took_ns = mt_now_ns() - begin_ns;
  if (p->code == PROBLEM_STOPPED) return mt_give_up(MT_ECANCELED);
  if (!item->report)
    return mt_fail(p->code == PROBLEM_SYSTEM ? p->system : EINVAL, "%s", p->message);
  return mt_none();
}
