/* SPDX-License-Identifier: MIT */
#include "inflate.h"

void inflate_reset(struct inflater *i) {
  if (i->ready && inflateReset(&i->stream) != Z_OK) inflate_fini(i);
  i->began = i->ended = i->invalid = i->no_memory = false;
}

void inflate_fini(struct inflater *i) {
  if (i->ready) inflateEnd(&i->stream);
  *i = (struct inflater){0};
}

static bool get_ready(struct inflater *i) {
  enum { ANY_WINDOW = 15, GZIP_OR_ZLIB = 32 };
  if (i->ready) return true;
  i->ready = inflateInit2(&i->stream, ANY_WINDOW + GZIP_OR_ZLIB) == Z_OK;
  i->no_memory = !i->ready;
  return i->ready;
}

/* Another member may follow the first (RFC 1952, 2.2). */
static bool next_member(struct inflater *i) {
  if (!i->ended) return true;
  i->ended = false;
  return inflateReset(&i->stream) == Z_OK;
}

bool inflate_append(struct inflater *i, const char *bytes, size_t size, struct body *body) {
  char out[8192];
  if (!get_ready(i)) return false;
  i->began = i->began || size > 0;
  i->stream.next_in = (z_const Bytef *)bytes;
  i->stream.avail_in = (uInt)size; /* libcurl's buffers are small */
  do {
    if (i->stream.avail_in == 0 && i->ended) break;
    if (!next_member(i)) return false;
    i->stream.next_out = (Bytef *)out;
    i->stream.avail_out = sizeof out;
    int result = inflate(&i->stream, Z_NO_FLUSH);
    i->ended = result == Z_STREAM_END;
    i->no_memory = result == Z_MEM_ERROR;
    i->invalid = result == Z_DATA_ERROR || result == Z_NEED_DICT || result == Z_STREAM_ERROR;
    if (i->invalid || i->no_memory) return false;
    if (!body_append(body, out, sizeof out - i->stream.avail_out)) return false;
  } while (i->stream.avail_in > 0 || i->stream.avail_out == 0);
  return true;
}

bool inflate_is_whole(const struct inflater *i) {
  return !i->began || i->ended;
}
