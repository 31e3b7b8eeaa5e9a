/* SPDX-License-Identifier: MIT
 * Maps: drawing items from a source, and a task for each, a bounded number ahead. */
#include "base/clock.h"
#include "core/executor.h"
#include "core/stream.h"
#include <string.h>

void mti_stream_fill(mt_stream *s) {
  while (!s->ended && s->outstanding < s->capacity) {
    mt_value item;
    mt_status st = s->source(s->source_arg, &item);
    if (st == MT_LATER) return;
    if (st != MT_OK) {
      s->end = st;
      s->ended = true;
      return;
    }
    mt_task t = s->task;
    t.arg = item;
    mti_stream_add(s, mt_submit_task(s->ex, &t));
  }
}

static mt_stream *open_map(mt_executor *ex, mt_fn *fn, const mt_map_options *options) {
  static const mt_map_options none;
  if (options == NULL) options = &none;
  if (ex == NULL || fn == NULL) { /* said by the first mt_next */
    mt_stream *none_to_come = mti_stream_new(1, options->order);
    if (none_to_come != &mti_no_stream) none_to_come->end = MT_EINVAL;
    return none_to_come;
  }
  bool overlaps = ex->backend->capabilities & MT_CAN_OVERLAP;
  size_t most = 1 << 16, twice = 2 * (size_t)ex->in_flight;
  size_t usual = !overlaps ? 1 : twice < most ? twice : most;
  size_t ahead = options->ahead > 0 ? options->ahead : usual;
  mt_stream *s = mti_stream_new(ahead, options->order);
  if (s == &mti_no_stream) return s;
  s->ex = ex;
  if (options->task != NULL) s->task = *options->task;
  s->task.fn = fn;
  s->ended = false;
  return s;
}

mt_stream *mt_map(mt_executor *ex, mt_fn *fn, mt_source *next, void *source,
                  const mt_map_options *options) {
  mt_stream *s = open_map(ex, fn, options);
  if (s == &mti_no_stream) return s;
  s->source = next;
  s->source_arg = source;
  if (next == NULL) {
    s->ended = true;
    s->end = MT_EINVAL;
  }
  mti_stream_fill(s);
  return s;
}

static mt_status next_element(void *source, mt_value *ret_item) {
  mt_stream *s = source;
  if (s->next_in == s->n) return MT_END;
  if (s->size > 0) {
    *ret_item = mt_view(s->base + s->next_in * s->size, s->size);
    return MT_OK;
  }
  void *item; /* the array's own type is the caller's: it is copied, not read through void ** */
  memcpy(&item, s->base + s->next_in * sizeof item, sizeof item);
  *ret_item = mt_ptr(item);
  return MT_OK;
}

static mt_status next_number(void *source, mt_value *ret_item) {
  mt_stream *s = source;
  if (s->next_in == s->n) return MT_END;
  *ret_item = mt_int(s->begin + (intptr_t)s->next_in);
  return MT_OK;
}

mt_stream *mt_map_array(mt_executor *ex, mt_fn *fn, const void *base, size_t n, size_t size,
                        const mt_map_options *options) {
  mt_stream *s = open_map(ex, fn, options);
  if (s == &mti_no_stream) return s;
  s->base = base;
  s->size = size;
  s->n = n;
  s->source = next_element;
  s->source_arg = s;
  mti_stream_fill(s);
  return s;
}

mt_stream *mt_map_range(mt_executor *ex, mt_fn *fn, intptr_t begin, intptr_t end,
                        const mt_map_options *options) {
  mt_stream *s = open_map(ex, fn, options);
  if (s == &mti_no_stream) return s;
  s->begin = begin;
  s->n = end > begin ? (size_t)end - (size_t)begin : 0;
  s->source = next_number;
  s->source_arg = s;
  mti_stream_fill(s);
  return s;
}
