/* SPDX-License-Identifier: MIT
 *
 * format.h: what a format is, and the texts of cells that formats share. */
#ifndef CLI_OUTPUT_FORMAT_H
#define CLI_OUTPUT_FORMAT_H

#include "output.h"

/* As output_begin, output_row and output_end. Any may be NULL but row. */
struct output_format_ops {
  bool (*begin)(struct output *out);
  bool (*row)(struct output *out, const struct cell *cells);
  bool (*end)(struct output *out);
};

extern const struct output_format_ops output_table, output_json, output_ndjson, output_csv,
    output_tsv;

/* Whether there is nothing to show: absent, null, no number, JSON's null. */
bool cell_is_empty(const struct cell *c);

#define CELL_NUMBER 64

/* The shortest decimal that reads back as the same double, of a finite one. */
char *cell_shortest(double d, char out[CELL_NUMBER]);

/* A JSON string without quotes and escapes. What no C string can hold, NUL and halves of surrogate
 * pairs, becomes U+FFFD. malloc'd; NULL without memory. */
char *cell_decode(const char *json);

/* A cell as text. */
struct cell_words {
  const char *text;
  char *owned, number[CELL_NUMBER];
};

/* How an error's place is written: "line 4, column 12: ..." or "4:12: ...". */
enum cell_place { CELL_PLACE_LONG, CELL_PLACE_SHORT };

/* `places` are those of a real, -1 for the shortest. False without memory; fini is allowed then. */
bool cell_words_init(struct cell_words *w, const struct cell *c, int places, enum cell_place place);
void cell_words_fini(struct cell_words *w);

#endif
