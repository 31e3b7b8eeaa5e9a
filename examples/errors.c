/* SPDX-License-Identifier: MIT
 *
 * errors: good and bad input mixed; every failure is data, and the good ones are not disturbed.
 *
 * A task fails by returning mt_fail(code, message). The code is the task's own (errno values fit);
 * negative codes are meantime's: here a task that is over its time.
 */
#include <ctype.h>
#include <errno.h>
#include <meantime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Reads "TICKER PRICE"; the result is the price in cents. */
static mt_value parse_quote(mt_value line) {
  const char *text = line.data;
  size_t letters = 0;
  while (isupper((unsigned char)text[letters])) letters++;
  if (letters < 1 || letters > 5 || (text[letters] && text[letters] != ' '))
    return mt_fail(EINVAL, "invalid ticker symbol: %.*s", (int)strcspn(text, " "), text);
  if (!text[letters]) return mt_fail(ENOENT, "no price for %s", text);
  if (strcmp(text + letters, " ?") == 0) { /* the price is still to come: wait for it */
    mt_status st = mt_sleep(MT_FOREVER);
    return mt_give_up(st);
  }
  char *end;
  errno = 0;
  double price = strtod(text + letters, &end);
  if (*end) return mt_fail(EINVAL, "not a price: %s", text + letters + 1);
  if (!(price > 0 && price < 1e6)) return mt_fail(ERANGE, "price out of range: %g", price);
  return mt_int((intptr_t)(price * 100 + 0.5));
}

int main(void) {
  char *lines[] = {"AAPL 189.30", "msft 411.22", "NVDA 1O3.5", "GOOG",
                   "AMZN 178.15", "BRKA 1e99",   "TSLA ?",     "IBM 168.91"};
  enum { N = sizeof lines / sizeof *lines };
  static const int expected[N] = {0, EINVAL, EINVAL, ENOENT, 0, ERANGE, MT_ETIMEDOUT, 0};
  mt_task attributes = {.name = "quote", .timeout_ns = MT_MS(200)};
  mt_executor *ex;
  if (mt_open("threads", NULL, &ex) < 0) return 1;
  mt_stream *s = mt_map_array(ex, parse_quote, lines, N, 0, &(mt_map_options){.task = &attributes});
  int good = 0, failed = 0, surprises = 0;
  size_t i;
  for (mt_future *f; mt_next(s, MT_FOREVER, &f, &i) == 0; mt_unref(f)) {
    const mt_error *e = mt_failure(f);
    mt_value cents;
    if (e)
      printf("%-12s %s: %s (code %d)\n", lines[i], e->task, e->message, e->code), failed++;
    else if (mt_get(f, 0, &cents) == 0)
      printf("%-12s %ld cents\n", lines[i], (long)mt_as_int(cents)), good++;
    surprises += (e ? e->code : 0) != expected[i];
  }
  printf("%d quotes, %d errors\n", good, failed);
  mt_stream_close(s);
  return mt_close(ex) < 0 || surprises || good != 3 || failed != 5;
}
