/* SPDX-License-Identifier: MIT
 *
 * parallel_for: the Mandelbrot set, rows in parallel, for a loop whose turns do not depend on each
 * other. Rows through the middle take far longer than others; small pieces even that out.
 */
#include <meantime.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 72, HEIGHT = 24, ROUNDS = 20000 };
typedef char picture[HEIGHT][WIDTH + 1];

static int draw_rows(size_t begin, size_t end, void *arg) {
  picture *p = arg;
  for (size_t row = begin; row < end; row++) {
    for (size_t column = 0; column < WIDTH; column++) {
      double cr = (double)column / WIDTH * 3.0 - 2.2, ci = (double)row / HEIGHT * 2.4 - 1.2;
      double zr = 0, zi = 0;
      int n = 0;
      for (; n < ROUNDS && zr * zr + zi * zi < 4; n++) {
        double next = zr * zr - zi * zi + cr;
        zi = 2 * zr * zi + ci;
        zr = next;
      }
      (*p)[row][column] = " .:-=+*%@#"[n == ROUNDS ? 9 : n < 36 ? n / 4 : 8];
    }
    (*p)[row][WIDTH] = '\0';
  }
  return 0; /* anything else would stop the pieces that have not started */
}

int main(void) {
  static picture sequential, parallel;
  draw_rows(0, HEIGHT, &sequential);

  mt_executor *ex;
  if (mt_open("threads", NULL, &ex) < 0) return 1;
  int st = mt_for(ex, HEIGHT, 1, draw_rows, &parallel);
  mt_close(ex);

  for (size_t row = 0; row < HEIGHT; row++) puts(parallel[row]);
  return st != 0 || memcmp(sequential, parallel, sizeof parallel) != 0;
}
