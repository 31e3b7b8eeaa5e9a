/* SPDX-License-Identifier: MIT
 *
 * as_completed: tasks of very different lengths, each printed when it finishes.
 *
 * Each task looks for the number below a limit whose Collatz chain (n -> n/2 if even, 3n+1 if odd)
 * is the longest. The longest job is submitted first; with two CPUs or more it comes out last. The
 * tag tells which future belongs to what: there is no dictionary to keep.
 */
#include <meantime.h>
#include <stdio.h>

typedef struct job {
  intptr_t limit;
  intptr_t known; /* the answer, from the literature (OEIS A006877) */
} job;

static mt_value longest_chain(mt_value limit) {
  intptr_t best = 1;
  unsigned longest = 0;
  for (intptr_t start = 1; start < mt_as_int(limit); start++) {
    unsigned length = 0;
    for (uint64_t n = (uint64_t)start; n != 1; length++) n = n % 2 ? 3 * n + 1 : n / 2;
    if (length > longest) longest = length, best = start;
  }
  return mt_int(best);
}

int main(void) {
  static job jobs[] = {{1000000, 837799}, {100000, 77031}, {10000, 6171}, {1000, 871}, {100, 97}};
  enum { N = sizeof jobs / sizeof *jobs };
  mt_executor *ex;
  if (mt_open("threads", &(mt_options){.timed = true}, &ex) < 0) return 1;

  mt_future *futures[N];
  for (size_t i = 0; i < N; i++)
    futures[i] = mt_submit_task(
        ex, &(mt_task){.fn = longest_chain, .arg = mt_int(jobs[i].limit), .tag = &jobs[i]});

  int right = 0;
  mt_stream *s = mt_as_completed(futures, N);
  for (mt_future *f; mt_next(s, MT_FOREVER, &f, NULL) == 0; mt_unref(f)) {
    const job *j = mt_tag(f);
    mt_value v;
    if (mt_get(f, 0, &v) < 0) continue;
    printf("below %7ld: %6ld  (%.3f s)\n", (long)j->limit, (long)mt_as_int(v), mt_seconds(f));
    right += mt_as_int(v) == j->known;
  }
  mt_stream_close(s);
  for (size_t i = 0; i < N; i++) mt_unref(futures[i]);
  return mt_close(ex) < 0 || right != N;
}
