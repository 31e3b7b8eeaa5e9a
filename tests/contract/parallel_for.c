/* SPDX-License-Identifier: MIT
 *
 * mt_for: pieces of a range, each index once, no piece longer than the grain.
 */
#include "tasks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sheet {
  unsigned char *touched;
  size_t n, grain;
  atomic_uint pieces, wrong;
};

static int touches(size_t begin, size_t end, void *arg) {
  struct sheet *sheet = arg;
  atomic_fetch_add(&sheet->pieces, 1);
  if (begin >= end || end > sheet->n || (sheet->grain != 0 && end - begin > sheet->grain)) {
    atomic_fetch_add(&sheet->wrong, 1);
    return 0;
  }
  for (size_t i = begin; i < end; i++) sheet->touched[i]++;
  return 0;
}

static bool each_touched_once(const struct sheet *sheet) {
  for (size_t i = 0; i < sheet->n; i++)
    if (sheet->touched[i] != 1) return false;
  return true;
}

static struct sheet sheet_of(size_t n, size_t grain) {
  struct sheet sheet = {.touched = calloc(n + 1, 1), .n = n, .grain = grain};
  assert_non_null(sheet.touched);
  return sheet;
}

static const size_t sizes[] = {1, 2, 3, 10, 1000, 4097};
static const size_t grains[] = {0, 1, 7, 1000, 1000000};

static void every_index_is_visited_once(void) {
  mt_executor *ex = open_here(NULL);
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t k = 0; k < sizeof grains / sizeof *grains; k++) {
      struct sheet sheet = sheet_of(sizes[i], grains[k]);
      assert_int_equal(mt_for(ex, sizes[i], grains[k], touches, &sheet), 0);
      assert_int_equal(atomic_load(&sheet.wrong), 0);
      assert_true(each_touched_once(&sheet));
      if (grains[k] != 0)
        assert_true(atomic_load(&sheet.pieces) >= (sizes[i] + grains[k] - 1) / grains[k]);
      free(sheet.touched);
    }
  }
  close_here(ex);
}

static void of_nothing_nothing_is_called(void) {
  mt_executor *ex = open_here(NULL);
  struct sheet sheet = sheet_of(0, 0);
  assert_int_equal(mt_for(ex, 0, 0, touches, &sheet), 0);
  assert_int_equal(mt_for(ex, 0, 5, touches, &sheet), 0);
  assert_int_equal(atomic_load(&sheet.pieces), 0);
  free(sheet.touched);
  close_here(ex);
}

static int stops_at_500(size_t begin, size_t end, void *arg) {
  atomic_fetch_add((atomic_uint *)arg, 1);
  return begin <= 500 && 500 < end ? ERANGE : 0;
}

static void the_first_code_is_returned(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint calls = 0;
  assert_int_equal(mt_for(ex, 1000, 1, stops_at_500, &calls), ERANGE);
  assert_true(atomic_load(&calls) >= 1 && atomic_load(&calls) <= 1000);
  atomic_store(&calls, 0);
  assert_int_equal(mt_for(ex, 500, 1, stops_at_500, &calls), 0);
  assert_int_equal(atomic_load(&calls), 500);
  close_here(ex);
}

static int fails_at_once(size_t begin, size_t end, void *arg) {
  (void)begin;
  (void)end;
  atomic_fetch_add((atomic_uint *)arg, 1);
  return -77;
}

static void a_code_stops_what_has_not_started(void) {
  mt_executor *ex = open_here(NULL);
  atomic_uint calls = 0;
  assert_int_equal(mt_for(ex, 100000, 1, fails_at_once, &calls), -77);
  assert_true(atomic_load(&calls) <= workers_of(ex) + 1);
  close_here(ex);
}

static void trouble_is_told(void) {
  mt_executor *ex = open_here(NULL);
  struct sheet sheet = sheet_of(10, 0);
  STATUS(mt_for(NULL, 10, 0, touches, &sheet), MT_EINVAL);
  STATUS(mt_for(ex, 10, 0, NULL, &sheet), MT_EINVAL);
  STATUS(mt_shutdown(ex, 0, MT_FOREVER), 0);
  STATUS(mt_for(ex, 10, 0, touches, &sheet), MT_ESHUTDOWN);
  assert_int_equal(atomic_load(&sheet.pieces), 0);
  free(sheet.touched);
  close_here(ex);
}

struct inner {
  mt_executor *ex;
  struct sheet sheet;
};

static mt_value uses_for(mt_value arg) {
  struct inner *inner = arg.data;
  return mt_int(mt_for(inner->ex, inner->sheet.n, inner->sheet.grain, touches, &inner->sheet));
}

static void it_works_inside_tasks(void) {
  mt_executor *ex = open_with(4);
  struct inner inner[4];
  mt_future *f[4];
  for (int i = 0; i < 4; i++) {
    inner[i] = (struct inner){ex, sheet_of(3000, 10)};
    f[i] = mt_submit(ex, uses_for, mt_ptr(&inner[i]));
  }
  for (int i = 0; i < 4; i++) {
    GIVES(f[i], 0);
    assert_true(each_touched_once(&inner[i].sheet));
    free(inner[i].sheet.touched);
    mt_unref(f[i]);
  }
  close_here(ex);
}

static void it_works_inside_tasks_of_another_executor(void) {
  mt_executor *a = open_here(NULL), *b = open_here(NULL);
  struct inner inner = {b, sheet_of(1000, 0)};
  mt_future *f = mt_submit(a, uses_for, mt_ptr(&inner));
  GIVES(f, 0);
  assert_true(each_touched_once(&inner.sheet));
  free(inner.sheet.touched);
  mt_unref(f);
  close_here(a);
  close_here(b);
}

struct grid {
  mt_executor *ex;
  struct sheet *rows;
};

static int does_rows(size_t begin, size_t end, void *arg) {
  struct grid *grid = arg;
  for (size_t i = begin; i < end; i++) {
    int code = mt_for(grid->ex, grid->rows[i].n, 8, touches, &grid->rows[i]);
    if (code != 0) return code;
  }
  return 0;
}

static void loops_nest(void) {
  mt_executor *ex = open_here(NULL);
  struct sheet rows[20];
  for (size_t i = 0; i < 20; i++) rows[i] = sheet_of(100 + i, 8);
  struct grid grid = {ex, rows};
  assert_int_equal(mt_for(ex, 20, 1, does_rows, &grid), 0);
  for (size_t i = 0; i < 20; i++) {
    assert_true(each_touched_once(&rows[i]));
    free(rows[i].touched);
  }
  close_here(ex);
}

/* Pieces that use their caller's memory, in a task that is cancelled meanwhile. */
struct careful {
  mt_executor *ex;
  struct gate gate;
  atomic_bool alive;
  atomic_uint waiting, gone;
};

static int uses_memory(size_t begin, size_t end, void *arg) {
  struct careful *c = arg;
  (void)begin;
  (void)end;
  atomic_fetch_add(&c->waiting, 1);
  mt_shield(true);
  (void)gate_pass(&c->gate);
  mt_shield(false);
  if (!atomic_load(&c->alive)) atomic_fetch_add(&c->gone, 1);
  return 0;
}

static mt_value loops_carefully(mt_value arg) {
  struct careful *c = arg.data;
  (void)mt_for(c->ex, 4, 1, uses_memory, c);
  atomic_store(&c->alive, false);
  return mt_none();
}

static void it_waits_to_the_end_even_if_cut(void) {
  mt_executor *ex = open_with(4);
  struct careful c = {.ex = ex, .alive = true};
  gate_init(&c.gate);
  mt_future *f = mt_submit(ex, loops_carefully, mt_ptr(&c));
  UNTIL(atomic_load(&c.waiting) >= 1);
  assert_true(mt_cancel(f));
  gate_open(&c.gate);
  STATUS(mt_wait(f, MT_FOREVER), 0);
  close_here(ex);
  assert_int_equal(atomic_load(&c.gone), 0);
  mt_unref(f);
  gate_fini(&c.gate);
}

static const struct check checks[] = {
    CHECK(every_index_is_visited_once, SHARE),
    CHECK(of_nothing_nothing_is_called, SHARE),
    CHECK(the_first_code_is_returned, SHARE),
    CHECK(a_code_stops_what_has_not_started, SHARE),
    CHECK(trouble_is_told, SHARE),
    CHECK(it_works_inside_tasks, NEST),
    CHECK(it_works_inside_tasks_of_another_executor, NEST),
    CHECK(loops_nest, NEST),
    CHECK(it_waits_to_the_end_even_if_cut, ALL),
};
CONTRACT(checks)
