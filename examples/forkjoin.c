/* SPDX-License-Identifier: MIT
 *
 * forkjoin: parallel recursion without an allocation: Fibonacci, a sum, and a merge sort.
 *
 * A job lives in the frame of the function that forks it. It is joined before that function
 * returns, in reverse order, and most jobs are never taken by another worker: then a fork costs
 * little more than a call.
 */
#include <meantime.h>
#include <stdio.h>
#include <string.h>

enum { N = 1 << 17, GRAIN = 1 << 10 };
static int32_t numbers[N], scratch[N];

typedef struct range {
  size_t begin, end;
} range;

static mt_value fib(mt_value n) {
  if (mt_as_int(n) < 2) return n;
  mt_job left;
  mt_fork(&left, fib, mt_int(mt_as_int(n) - 1));
  mt_value right = fib(mt_int(mt_as_int(n) - 2));
  return mt_int(mt_as_int(mt_join(&left)) + mt_as_int(right));
}

static mt_value sum(mt_value arg) {
  const range *r = arg.data;
  intptr_t total = 0;
  if (r->end - r->begin <= GRAIN) {
    for (size_t i = r->begin; i < r->end; i++) total += numbers[i];
    return mt_int(total);
  }
  size_t middle = r->begin + (r->end - r->begin) / 2;
  range low = {r->begin, middle}, high = {middle, r->end};
  mt_job left;
  mt_fork(&left, sum, mt_ptr(&low));
  total = mt_as_int(sum(mt_ptr(&high)));
  return mt_int(total + mt_as_int(mt_join(&left)));
}

static mt_value sort(mt_value arg) {
  const range *r = arg.data;
  if (r->end - r->begin < 2) return mt_none();
  size_t middle = r->begin + (r->end - r->begin) / 2;
  range low = {r->begin, middle}, high = {middle, r->end};
  mt_job left;
  mt_fork(&left, sort, mt_ptr(&low));
  sort(mt_ptr(&high));
  mt_join(&left);
  size_t i = low.begin, j = high.begin;
  for (size_t k = r->begin; k < r->end; k++)
    scratch[k] =
        j == high.end || (i < middle && numbers[i] <= numbers[j]) ? numbers[i++] : numbers[j++];
  memcpy(numbers + r->begin, scratch + r->begin, (r->end - r->begin) * sizeof *numbers);
  return mt_none();
}

static intptr_t run(mt_executor *ex, mt_fn *fn, mt_value arg) {
  mt_value v = mt_int(-1);
  mt_future *f = mt_submit(ex, fn, arg); /* jobs are forked inside tasks */
  mt_get(f, MT_FOREVER, &v);
  mt_unref(f);
  return mt_as_int(v);
}

int main(void) {
  range all = {0, N};
  uint32_t seed = 1;
  intptr_t expected = 0;
  for (size_t i = 0; i < N; i++) {
    seed = seed * 1664525u + 1013904223u;
    numbers[i] = (int32_t)(seed >> 8);
    expected += numbers[i];
  }
  mt_executor *ex;
  if (mt_open("threads", NULL, &ex) < 0) return 1;
  intptr_t f = run(ex, fib, mt_int(25)), s = run(ex, sum, mt_ptr(&all));
  intptr_t sorted = run(ex, sort, mt_ptr(&all)) == 0;
  for (size_t i = 1; i < N; i++) sorted &= numbers[i - 1] <= numbers[i];
  printf("fib(25) = %ld, sum = %ld, sorted: %s\n", (long)f, (long)s, sorted ? "yes" : "no");
  return mt_close(ex) < 0 || f != 75025 || s != expected || !sorted;
}
