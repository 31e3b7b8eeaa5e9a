/* SPDX-License-Identifier: MIT
 *
 * summary.c: how it went, in a line on stderr. */
#include "fetch.h"

#include "../message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The failures of each kind; those by status one by one: "3 timeout, 2 http 404, 1 http 503". */
static void print_kinds(const struct fetch *f, FILE *to) {
  const char *gap = ": ";
  for (int i = HTTP_FINE + 1; i < HTTP_ERRORS; i++) {
    uint64_t rest = f->errors[i];
    for (long k = 0; i == HTTP_STATUS && k < FETCH_STATUSES; k++) {
      if (f->statuses[k] == 0) continue;
      fprintf(to, "%s%" PRIu64 " http %ld", gap, f->statuses[k], 400 + k);
      rest -= f->statuses[k];
      gap = ", ";
    }
    if (rest == 0) continue;
    fprintf(to, "%s%" PRIu64 " %s", gap, rest, http_error_word((enum http_error)i));
    gap = ", ";
  }
}

static void print_line(const struct fetch *f, FILE *to) {
  const struct conduct *c = &f->conduct;
  fprintf(to, "%" PRIu64 " of %" PRIu64 " succeeded", c->succeeded, c->succeeded + c->failed);
  if (c->failed) {
    fprintf(to, ", %" PRIu64 " failed", c->failed);
    print_kinds(f, to);
  }
  if (c->cancelled) fprintf(to, "; %" PRIu64 " cancelled", c->cancelled);
  if (f->resumed) fprintf(to, "; %" PRIu64 " were done before", f->resumed);
}

void fetch_summary(const struct fetch *f) {
  const struct conduct *c = &f->conduct;
  char *text = NULL;
  size_t size;
  if (c->failed == 0 && c->succeeded + f->resumed <= 1) return;
  if (c->output_gone) return; /* a part would look like the whole */
  FILE *to = open_memstream(&text, &size);
  if (!to) return;
  print_line(f, to);
  if (fclose(to) == 0) message("fetch: %s", text);
  free(text);
  if (c->too_many)
    message("fetch: stopped %s; what is left was not asked for",
            f->options->run.fail_fast ? "at the first failure" : "after too many failures");
  if (c->late) message("fetch: stopped: the time of --run-deadline is over");
  if (f->failed && failed_left_out(f->failed))
    message("fetch: --failed: %" PRIu64 " items do not fit into that file, and are not in it",
            failed_left_out(f->failed));
}
