/* SPDX-License-Identifier: MIT
 *
 * wire.h: reading from and writing to one client, inside its task.
 *
 * A cancel tells the task to come to an end. What waits for a request ends at once. What is being
 * answered is answered still: the first wait that is cut turns the shield on, and from then on no
 * wait goes beyond a second from there. Nothing more is read from the client then. */
#ifndef CLI_SERVE_WIRE_H
#define CLI_SERVE_WIRE_H

#include "answer.h"

#include <meantime.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Belongs to one task. */
struct wire {
  int fd;
  int64_t idle_ns; /* a client may stop for that long */
  char *in;        /* what was read: [begin, end) is not yet used */
  size_t begin, end, room;
  bool answering; /* from the end of a head to the end of its answer */
  bool shielded;  /* a cancel came while answering: it ends at cut_ns */
  int64_t cut_ns;
};

/* Closes the descriptor. */
void wire_fini(struct wire *w);

/* When the client will have been idle for too long. */
int64_t wire_idle_end(const struct wire *w);

/* Room to read into, where [begin, end) is not full of it: false if there is no memory. */
bool wire_make_room(struct wire *w);

/* Reads what there is, at least a byte. 1: it is there. 0: no more will come. < 0: a status,
 * MT_ETIMEDOUT among them. */
int wire_read(struct wire *w, int64_t until_ns);

/* Reads so many bytes and forgets them. 1, or as wire_read. */
int wire_skip(struct wire *w, uint64_t size);

mt_status wire_sleep(struct wire *w, int64_t ns);

/* Sends the answer, its body only if `body`. 0, or why the client did not get all of it. */
mt_status wire_send(struct wire *w, const struct answer *a, bool body, bool close);

/* Whether a cancel was seen, so that an answer had better be the last. */
bool wire_is_ending(const struct wire *w);

/* A close while input is unread would be a reset: the client could lose the last answer. So this
 * says that no more will come, and reads on for a while until the client closes, too. */
void wire_linger(struct wire *w);

/* Makes the close a reset. */
void wire_break(struct wire *w);

#endif
