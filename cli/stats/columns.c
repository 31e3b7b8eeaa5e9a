/* SPDX-License-Identifier: MIT
 *
 * columns.c: which column shows what of a record. The first seven are the notebook's, and in
 * csv and tsv they stay seven: there a failed file's row has empty cells, and only --all has a
 * column that says what is wrong. */
#include "columns.h"

#include "../price/date.h"

#include <string.h>

enum column_kind {
  COLUMN_TEXT,   /* a const char * of the record, also of a failure */
  COLUMN_REAL,   /* a double of the statistics */
  COLUMN_COUNT,  /* a size_t of the statistics */
  COLUMN_SOME,   /* the same, but only if it is not 0 */
  COLUMN_DATE,   /* a moment of the statistics */
  COLUMN_FAILED, /* a const char * of the record, only of a failure */
  COLUMN_PROBLEM
};

struct column {
  const char *name;
  enum column_kind kind;
  size_t offset;
};

#define TEXT(name)  #name, COLUMN_TEXT, offsetof(struct record, name)
#define REAL(name)  #name, COLUMN_REAL, offsetof(struct statistics, name)
#define COUNT(name) #name, COLUMN_COUNT, offsetof(struct statistics, name)
#define DATE(name)  #name, COLUMN_DATE, offsetof(struct statistics, name)

static const struct column seven[] = {
    {TEXT(ticker)},
    {REAL(start_price)},
    {REAL(end_price)},
    {REAL(total_return)},
    {REAL(volatility)},
    {REAL(avg_volume)},
    {REAL(sharpe)},
    {"path", COLUMN_FAILED, offsetof(struct record, path)},
    {"error", COLUMN_PROBLEM, 0},
};

static const struct column everything[] = {
    {TEXT(ticker)},
    {REAL(start_price)},
    {REAL(end_price)},
    {REAL(total_return)},
    {REAL(volatility)},
    {REAL(avg_volume)},
    {REAL(sharpe)},
    {TEXT(path)},
    {COUNT(rows)},
    {COUNT(dropped)},
    {DATE(start_date)},
    {DATE(end_date)},
    {REAL(cagr)},
    {REAL(sortino)},
    {REAL(max_drawdown)},
    {DATE(peak_date)},
    {DATE(trough_date)},
    {REAL(calmar)},
    {REAL(var95)},
    {REAL(cvar95)},
    {REAL(skew)},
    {REAL(excess_kurtosis)},
    {REAL(best_day)},
    {REAL(worst_day)},
    {TEXT(price_column)},
    {REAL(periods)},
    {"doubles", COLUMN_SOME, offsetof(struct statistics, doubles)},
    {"error", COLUMN_PROBLEM, 0},
};

static size_t choose(bool all, const struct column **ret) {
  *ret = all ? everything : seven;
  return all ? sizeof everything / sizeof *everything : sizeof seven / sizeof *seven;
}

size_t stats_columns(bool all, struct output_column ret[STATS_COLUMNS_MOST]) {
  const struct column *c;
  size_t n = choose(all, &c);
  for (size_t i = 0; i < n; i++) {
    enum column_kind kind = c[i].kind;
    ret[i] = (struct output_column){
        .name = c[i].name,
        .right = kind != COLUMN_TEXT && kind != COLUMN_PROBLEM,
        .places = strcmp(c[i].name, "periods") == 0 ? -1 : 2,
        .late = kind == COLUMN_PROBLEM,
        .json_only = kind == COLUMN_FAILED || kind == COLUMN_SOME,
        .not_csv = kind == COLUMN_PROBLEM && !all,
    };
  }
  return n;
}

static const char *text_at(const void *base, size_t offset) {
  const char *text;
  memcpy(&text, (const char *)base + offset, sizeof text);
  return text;
}

static struct cell number_cell(const struct column *c, const struct statistics *s,
                               char date[DATE_SIZE]) {
  const void *at = (const char *)s + c->offset;
  if (c->kind == COLUMN_REAL) return cell_real(*(const double *)at);
  if (c->kind == COLUMN_DATE) {
    int64_t when = *(const int64_t *)at;
    return when == STATISTICS_NO_DATE ? cell_null() : cell_text(date_format(when, date));
  }
  size_t count = *(const size_t *)at;
  return c->kind == COLUMN_SOME && count == 0 ? cell_absent() : cell_count(count);
}

bool stats_columns_print(struct output *out, bool all, const struct record *r) {
  struct cell cells[STATS_COLUMNS_MOST];
  char dates[STATS_COLUMNS_MOST][DATE_SIZE];
  struct cell_error error = {.key = "code", .has_place = true};
  if (r->problem) {
    error.word = problem_word(r->problem);
    error.message = r->problem->message;
    error.line = r->problem->line;
    error.column = r->problem->column;
  }
  const struct column *c;
  size_t n = choose(all, &c);
  for (size_t i = 0; i < n; i++) {
    bool is_text = c[i].kind == COLUMN_TEXT || (c[i].kind == COLUMN_FAILED && r->problem);
    const char *text = is_text ? text_at(r, c[i].offset) : NULL;
    cells[i] = cell_absent();
    if (text)
      cells[i] = cell_text(text);
    else if (c[i].kind == COLUMN_PROBLEM && r->problem)
      cells[i] = cell_error(&error);
    else if (is_text && r->statistics)
      cells[i] = cell_null();
    else if (r->statistics && c[i].kind < COLUMN_FAILED)
      cells[i] = number_cell(&c[i], r->statistics, dates[i]);
  }
  return output_row(out, cells);
}
