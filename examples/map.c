/* SPDX-License-Identifier: MIT
 *
 * map: counts the lines and bytes of many files at once; results come out in input order.
 *
 *   map FILE...
 *
 * What Python writes as `for r in executor.map(count, paths)`. A file that cannot be read is an
 * error of its own future and leaves the others alone.
 */
#include <errno.h>
#include <meantime.h>
#include <stdio.h>
#include <string.h>

typedef struct counts {
  size_t lines, bytes;
} counts;

static mt_value count_file(mt_value path) {
  FILE *file = fopen(path.data, "rb");
  if (!file) return mt_fail(errno, "%s: %s", (char *)path.data, strerror(errno));
  counts c = {0, 0};
  char buffer[65536];
  for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0; c.bytes += n)
    for (char *p = buffer; (p = memchr(p, '\n', n - (size_t)(p - buffer))); p++) c.lines++;
  int trouble = ferror(file) ? errno : 0;
  fclose(file);
  if (trouble) return mt_fail(trouble, "%s: %s", (char *)path.data, strerror(trouble));
  return mt_bytes(&c, sizeof c); /* a copy that belongs to the future */
}

int main(int argc, char **argv) {
  mt_executor *ex;
  mt_status st = mt_open("threads", NULL, &ex);
  if (st < 0) {
    fprintf(stderr, "cannot start: %s\n", mt_status_text(st));
    return 2;
  }
  /* Size 0: the array holds pointers, and each item is one of them. */
  mt_stream *s = mt_map_array(ex, count_file, argv + 1, (size_t)(argc - 1), 0, NULL);
  int failed = 0;
  mt_future *f;
  while ((st = mt_next(s, MT_FOREVER, &f, NULL)) == 0) {
    mt_value v;
    if (mt_get(f, 0, &v) == 0) {
      const counts *c = v.data;
      printf("%zu %zu %s\n", c->lines, c->bytes, (char *)mt_argument(f).data);
    } else {
      fprintf(stderr, "map: %s\n", mt_failure(f)->message);
      failed = 1;
    }
    mt_unref(f);
  }
  mt_stream_close(s);
  mt_close(ex);
  return st == MT_END ? failed : 2;
}
