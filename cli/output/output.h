/* SPDX-License-Identifier: MIT
 *
 * output.h: rows of cells on stdout, in one of several formats behind one interface. A command says
 * once which columns it has, and then gives a cell for each column, row by row. */
#ifndef CLI_OUTPUT_OUTPUT_H
#define CLI_OUTPUT_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_format {
  OUTPUT_TABLE,  /* for people: at the end, since columns are as wide as their widest cell */
  OUTPUT_JSON,   /* one array */
  OUTPUT_NDJSON, /* one object a line */
  OUTPUT_CSV,    /* RFC 4180, but with LF */
  OUTPUT_TSV     /* no quotes: tabs, line ends and backslashes are written \t, \n, \\ */
};

#define OUTPUT_CHOICES "table|json|ndjson|csv|tsv"

enum cell_kind {
  CELL_ABSENT, /* JSON: the key is left out; elsewhere: empty */
  CELL_NULL,   /* JSON: null; elsewhere: empty */
  CELL_TEXT,   /* any bytes: what is no UTF-8 becomes U+FFFD in JSON */
  CELL_REAL,   /* the shortest decimal that reads back the same; not finite: as CELL_NULL */
  CELL_COUNT,
  CELL_JSON, /* a JSON text, as it is; elsewhere a string without its quotes, null as nothing */
  CELL_ERROR /* JSON: an object; elsewhere one text */
};

/* What went wrong with an item. Elsewhere than in JSON it reads "word: message", or, with a place,
 * "line 4, column 12: message" (4:12 in a table). */
struct cell_error {
  const char *key;     /* what the word is called in JSON: "code" or "kind" */
  const char *word;    /* for programs: "timeout" */
  const char *message; /* for people */
  bool has_place;      /* JSON has line and column, too */
  size_t line, column; /* from 1; 0: not known, null in JSON */
};

/* Texts and errors are the caller's, and need to live no longer than the call that takes them. */
struct cell {
  enum cell_kind kind;
  union {
    const char *text; /* CELL_TEXT, CELL_JSON */
    double real;
    uint64_t count;
    const struct cell_error *error;
  } as;
};

static inline struct cell cell_absent(void) {
  return (struct cell){.kind = CELL_ABSENT};
}

static inline struct cell cell_null(void) {
  return (struct cell){.kind = CELL_NULL};
}

/* NULL gives CELL_NULL; so do the next two. */
static inline struct cell cell_text(const char *text) {
  return text ? (struct cell){.kind = CELL_TEXT, .as.text = text} : cell_null();
}

static inline struct cell cell_json(const char *json) {
  return json ? (struct cell){.kind = CELL_JSON, .as.text = json} : cell_null();
}

static inline struct cell cell_error(const struct cell_error *error) {
  return error ? (struct cell){.kind = CELL_ERROR, .as.error = error} : cell_null();
}

static inline struct cell cell_real(double real) {
  return (struct cell){.kind = CELL_REAL, .as.real = real};
}

static inline struct cell cell_count(uint64_t count) {
  return (struct cell){.kind = CELL_COUNT, .as.count = count};
}

struct output_column {
  const char *name; /* in JSON, the key */
  bool right;       /* a table aligns it to the right: numbers */
  int places;       /* of a real in a table; -1: as many as it needs */
  bool late;        /* in a table only if some row has it, and then after all others */
  bool json_only;   /* in JSON alone */
  bool not_csv;     /* not in csv and tsv, whose columns people count on */
};

struct output {
  const struct output_format_ops *ops;
  FILE *to;
  const struct output_column *columns;
  size_t n;
  bool header;    /* csv, tsv: a header line */
  size_t records; /* so far */
  void *state;    /* the format's own */
};

/* Each returns false when `to` can no longer be written to (errno says why), or, with ENOMEM, when
 * memory ran out. The columns must live until output_end. */
bool output_begin(struct output *out, enum output_format format,
                  const struct output_column *columns, size_t n, bool header, FILE *to);
bool output_row(struct output *out, const struct cell *cells); /* out->n of them */
bool output_end(struct output *out); /* completes what was begun, also after failures */

#endif
