/* SPDX-License-Identifier: MIT */
#include "sniff.h"

struct magic {
  const char *bytes;
  size_t size;
  const char *what;
};

static const struct magic magics[] = {
    {"\x1f\x8b", 2, "it is compressed by gzip: gunzip it first"},
    {"PK\x03\x04", 4, "it is a zip archive or a spreadsheet: save it as CSV"},
    {"\xd0\xcf\x11\xe0", 4, "it is an old Office document: save it as CSV"},
    {"\x28\xb5\x2f\xfd", 4, "it is compressed by zstd: unzstd it first"},
    {"\xfd"
     "7zXZ",
     5, "it is compressed by xz: unxz it first"},
    {"BZh", 3, "it is compressed by bzip2: bunzip2 it first"},
    {"\xff\xfe", 2, "it is UTF-16 text: save it as UTF-8"},
    {"\xfe\xff", 2, "it is UTF-16 text: save it as UTF-8"},
    {"%PDF", 4, "it is a PDF document: price files are text"},
    {"PAR1", 4, "it is a Parquet file: convert it to CSV"},
};

static bool is_binary(struct text t, size_t line, struct problem *p) {
  for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
    if (t.size >= magics[i].size && memcmp(t.at, magics[i].bytes, magics[i].size) == 0) {
      problem_set(p, PROBLEM_BINARY, 1, 1, "not text: %s", magics[i].what);
      return true;
    }
  }
  /* Text has no NUL. A stray one further down is its field's trouble. */
  size_t head = t.size < 4096 ? t.size : 4096, column = 1;
  for (size_t i = 0; i < head; i++, column++) {
    if (t.at[i] == '\n') line++, column = 0;
    if (t.at[i] != 0) continue;
    problem_set(p, PROBLEM_BINARY, line, column,
                "not text: there is a NUL byte; price files are text (CSV)");
    return true;
  }
  return false;
}

static bool is_page(struct text t) {
  static const char *const beginnings[] = {"<!doctype", "<html", "<head", "<body",  "<?xml",
                                           "<script",   "<!--",  "<div",  "<table", "<title"};
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
    if (text_begins(t, beginnings[i])) return true;
  return false;
}

/* sep=; as the first line tells a spreadsheet how the rest is delimited. */
static void take_separator(struct text *t, size_t *line, char *delimiter) {
  if (!text_begins(*t, "sep=") || t->size < 5) return;
  size_t i = 5;
  if (i < t->size && t->at[i] == '\r') i++;
  if (i < t->size && t->at[i] != '\n') return;
  *delimiter = t->at[4];
  if (i < t->size) i++, ++*line;
  *t = text_skip(*t, i);
}

bool sniff(struct text *text, size_t *line, char *delimiter, struct problem *p) {
  struct text t = *text;
  *line = 1, *delimiter = 0;
  if (t.size >= 3 && memcmp(t.at, "\xef\xbb\xbf", 3) == 0) t = text_skip(t, 3);
  if (is_binary(t, 1, p)) return false;
  take_separator(&t, line, delimiter);
  struct text rest = t;
  while (rest.size > 0 && strchr(" \t\r\n", rest.at[0])) rest = text_skip(rest, 1);
  if (rest.size == 0)
    return problem_set(p, PROBLEM_EMPTY, 1, 1, "the file is empty: download or export it again");
  if (is_page(rest))
    return problem_set(p, PROBLEM_HTML, 1, 1,
                       "it is a web page, not a price file: what it was downloaded from answered "
                       "with a page; look at it in a browser");
  if (rest.at[0] == '{' || (rest.at[0] == '[' && rest.size > 1 && strchr("{[\n\r ", rest.at[1])))
    return problem_set(p, PROBLEM_JSON, 1, 1,
                       "it is JSON, not a price file: often an error message of the server it came "
                       "from; look into it");
  *text = t;
  return true;
}
