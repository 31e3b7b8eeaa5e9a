/* SPDX-License-Identifier: MIT
 * A stream, from the inside: shared by core/stream.c (handing out) and core/map.c (drawing in). */
#ifndef MTI_STREAM_H
#define MTI_STREAM_H

#include "core/future.h"
#include <pthread.h>

typedef struct mti_slot {
  mti_watcher watcher; /* first */
  mt_stream *stream;
  mt_future *future;
  size_t index;          /* of the item */
  bool done;             /* guarded by the mutex */
  struct mti_slot *next; /* in the list of done ones, guarded by the mutex, or of free ones */
} mti_slot;

struct mt_stream {
  /* Guarded by the mutex. */
  pthread_mutex_t mutex;
  mti_slot *done, **done_end; /* completion order: finished, not handed out */
  mti_runner *consumer;       /* waiting in mt_next */
  bool readable;              /* the descriptor is */

  /* Only touched by the consumer; `fd` is set once, under the mutex. */
  int fd, fd_write;
  mt_order order;
  mti_slot *slots, *free_slots;
  size_t capacity;
  size_t outstanding; /* slots in use: changed under the mutex, too */
  size_t next_in, next_out;

  /* Maps only; ex is NULL for others. */
  mt_executor *ex;
  mt_task task;
  mt_source *source;
  void *source_arg;
  bool ended;
  mt_status end; /* MT_END, or the source's trouble */
  const char *base;
  size_t size;
  intptr_t begin;
  size_t n;
};

mt_stream *mti_stream_new(size_t capacity, mt_order order);

/* Puts a future into a free slot and watches it. Takes the reference. */
void mti_stream_add(mt_stream *s, mt_future *f);

/* Draws items while there is room and the source has some (core/map.c). */
void mti_stream_fill(mt_stream *s);

/* Stands for a stream that there was no memory for. */
extern mt_stream mti_no_stream;

#endif
