/* SPDX-License-Identifier: MIT */
#include <meantime.h>
#include <stdio.h>

static mt_value greet(mt_value name) {
  mt_status st = mt_sleep(MT_MS(100)); /* a hundred of these wait at once, on two threads */
  return st < 0 ? mt_give_up(st) : mt_text("hello %ld", (long)mt_as_int(name));
}

int main(void) {
  mt_executor *ex;
  if (mt_open("threads:2", &(mt_options){.in_flight = 100}, &ex) < 0) return 1;
  mt_stream *s = mt_map_range(ex, greet, 0, 100, NULL);
  mt_value text;
  for (mt_future *f; mt_next(s, MT_FOREVER, &f, NULL) == 0; mt_unref(f))
    if (mt_get(f, 0, &text) == 0) puts(text.data);
  mt_stream_close(s);
  return mt_close(ex) < 0;
}
