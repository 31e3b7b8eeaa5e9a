/* SPDX-License-Identifier: MIT
 *
 * meantime/stream.h: futures coming out one by one, in input order or as they finish.
 *
 *   mt_stream *s = mt_map_array(ex, fetch, tickers, n, sizeof *tickers, NULL);
 *   mt_future *f;
 *   while (mt_next(s, MT_FOREVER, &f, NULL) == 0) { ...; mt_unref(f); }
 *   mt_stream_close(s);
 *
 * A stream has one consumer at a time. It looks a bounded number of items ahead (`ahead`), so an
 * endless source runs in constant memory: an item is drawn from the source, on the consumer's
 * thread, only when there is room for it.
 */
#ifndef MEANTIME_STREAM_H
#define MEANTIME_STREAM_H

#include <meantime/future.h>
#include <meantime/task.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct mt_stream mt_stream;

/* Draws the next item: 0 with *ret_item set; MT_LATER when there is nothing yet; MT_END when there
 * are no more, or another negative status, which mt_next then returns once what was submitted
 * before has come out. Called by mt_map, mt_next and mt_stream_fd, on their thread, while there is
 * room: after MT_LATER the next of these calls asks again, after MT_END or an error none does. May
 * wait, if its caller may. */
typedef mt_status mt_source(void *source, mt_value *ret_item);

typedef enum mt_order { MT_ORDER_INPUT = 0, MT_ORDER_COMPLETION } mt_order;

typedef struct mt_map_options {
  mt_order order; /* default: input order */
  size_t ahead; /* items submitted and not yet handed out; default 2 * in_flight (at most 65,536), 1
                   if inline */
  const mt_task *task; /* attributes for every item's task: all but fn and arg. Copied. */
} mt_map_options;

/* One task fn(item) for each item of a source. `options` may be NULL. Never returns NULL: trouble
 * comes out of the first mt_next. The source and the executor must outlive the stream. */
MT_API mt_stream *mt_map(mt_executor *ex, mt_fn *fn, mt_source *next, void *source,
                         const mt_map_options *options);

/* Over an array: item i is a view of element i, { (char *)base + i * size, size }; with size 0,
 * base is an array of pointers (void *const *) and item i is the bare pointer base[i]. */
MT_API mt_stream *mt_map_array(mt_executor *ex, mt_fn *fn, const void *base, size_t n, size_t size,
                               const mt_map_options *options);

/* Over begin, begin + 1, ..., end - 1, as bare integers. */
MT_API mt_stream *mt_map_range(mt_executor *ex, mt_fn *fn, intptr_t begin, intptr_t end,
                               const mt_map_options *options);

/* Any futures of any executors, in completion order, each costing O(1). The stream takes references
 * of its own; the futures stay the caller's, and closing the stream cancels none of them. A future
 * that is in the array twice comes out twice. Never returns NULL. */
MT_API mt_stream *mt_as_completed(mt_future *const *f, size_t n);

/* The next settled future. 0: the caller owns a reference in *ret_ref, and *ret_index (may be NULL)
 * is the item's index in the input. MT_END: no more. MT_LATER, at once: the source has nothing yet,
 * and nothing is under way. Otherwise the source's status, MT_ENOMEM, or the waiter's own trouble
 * as in mt_wait; then nothing is lost and mt_next may be called again.
 *
 * Each call first asks the source for as much as there is room for. While it waits for what is
 * under way it does not ask again: who wants an item started as soon as the source has it polls the
 * source's descriptor beside the stream's, and calls mt_next(s, 0, ...) when either is readable. */
MT_API mt_status mt_next(mt_stream *s, int64_t timeout_ns, mt_future **ret_ref, size_t *ret_index);

/* A descriptor that is readable while mt_next(s, 0, ...) would give a future, MT_END or the
 * source's error, and not for MT_LATER: for event loops (poll, epoll, libuv). Only wait on it:
 * never read or close it. < 0: MT_ESYSTEM, MT_ENOMEM. */
MT_API int mt_stream_fd(mt_stream *s);

/* Closes: a map's items that have not come out are cancelled and, if they run, waited for, since
 * they may use the caller's memory (also in a task that is cancelled itself). Returns NULL; NULL is
 * allowed. From a callback or a hook, while items run, it returns s, with nothing closed. */
MT_API mt_stream *mt_stream_close(mt_stream *s);

#ifdef __cplusplus
}
#endif
#endif
