/* SPDX-License-Identifier: MIT */
#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A field, copied. `hidden` is a NUL inside: no number, no date and no word has one. */
struct cell {
  char *text;
  const char *origin, *end; /* end: of what is between the quotes */
  bool quoted, hidden;
};

struct line {
  struct cell *cells;
  size_t count;
  const char *open_quote;
  const char *begin, *stop, *next; /* stop: before the line end */
};

static void *must(void *p) {
  if (!p) abort();
  return p;
}

static void add_cell(struct line *l, const char *from, const char *to, const char *origin,
                     bool quoted) {
  size_t n = (size_t)(to - from);
  struct cell c = {.text = must(malloc(n + 1)), .origin = origin, .quoted = quoted};
  c.end = to;
  memcpy(c.text, from, n);
  c.text[n] = 0;
  c.hidden = memchr(from, 0, n) != NULL;
  l->cells = must(realloc(l->cells, (l->count + 1) * sizeof c));
  l->cells[l->count++] = c;
}

static bool is_end(const char *at, const char *end, char delimiter) {
  return at == end || *at == delimiter || *at == '\n' || *at == '\r';
}

/* One row, character by character. */
static void split(struct line *l, const char *at, const char *end, char delimiter) {
  *l = (struct line){.begin = at};
  for (;;) {
    const char *from = at, *to, *open = at;
    while (open < end && *open == ' ') open++;
    bool quoted = open < end && *open == '"';
    const char *origin = quoted ? open : from;
    if (quoted) {
      for (to = open + 1; to < end; to++) {
        if (*to != '"') continue;
        if (to + 1 < end && to[1] == '"')
          to++;
        else
          break;
      }
      if (to == end) {
        l->open_quote = open;
        add_cell(l, open, end, open, true);
        l->stop = l->next = end;
        return;
      }
      at = to + 1;
      while (at < end && *at == ' ') at++;
      from = open + 1;
      if (!is_end(at, end, delimiter)) quoted = false, from = open;
    }
    if (!quoted) {
      while (!is_end(at, end, delimiter)) at++;
      to = at;
    }
    add_cell(l, from, to, origin, quoted);
    if (at == end || *at != delimiter) break;
    at++;
  }
  l->stop = at;
  if (at < end && *at == '\r') at++;
  if (at < end && *at == '\n') at++;
  l->next = at;
}

static void release(struct line *l) {
  for (size_t i = 0; i < l->count; i++) free(l->cells[i].text);
  free(l->cells);
}

static bool is_blank(const struct line *l, char delimiter) {
  for (const char *c = l->begin; c < l->next; c++)
    if (*c == 0 || (!strchr(" \t\r\n\"", *c) && *c != delimiter)) return false;
  return true;
}

struct state {
  struct oracle *o;
  const struct dialect *d;
  const struct line *l;
  size_t line;
  int order; /* of day and month; -1: nothing has settled it */
};

static bool wrong(struct state *s, enum problem_code code, const char *at) {
  s->o->code = code;
  s->o->line = s->line;
  s->o->column = 1;
  for (const char *c = s->l->begin; c < at; c++) {
    s->o->column++;
    if (*c == '\n') s->o->line++, s->o->column = 1;
  }
  return false;
}

static bool too_short(struct state *s) {
  s->o->code = PROBLEM_SHORT_ROW;
  s->o->line = s->line;
  s->o->column = (size_t)(s->l->cells[s->l->count - 1].end - s->l->begin) + 1;
  return false;
}

static bool moment(struct state *s, int64_t *when) {
  const struct cell *c = &s->l->cells[s->d->date];
  struct oracle_date date;
  oracle_date(c->text, &date);
  if (c->hidden || (!date.valid[0] && !date.valid[1])) return wrong(s, PROBLEM_BAD_DATE, c->origin);
  if (date.valid[0] != date.valid[1]) {
    int order = date.valid[DATE_DAY_FIRST] ? DATE_DAY_FIRST : DATE_MONTH_FIRST;
    if (s->order >= 0 && s->order != order) return wrong(s, PROBLEM_BAD_DATE, c->origin);
    s->order = order;
  }
  int order = s->order >= 0 ? s->order : (int)s->d->order;
  *when = date.when[order];
  if (s->d->time >= s->l->count) return true;
  const struct cell *t = &s->l->cells[s->d->time];
  int64_t time;
  if (t->hidden || !oracle_time(t->text, &time)) return wrong(s, PROBLEM_BAD_DATE, t->origin);
  *when += time;
  return true;
}

static struct oracle_series *named(struct oracle *o, const char *name) {
  for (size_t i = 0; i < o->count; i++)
    if (strcmp(o->series[i].name, name) == 0) return &o->series[i];
  o->series = must(realloc(o->series, (o->count + 1) * sizeof *o->series));
  o->series[o->count] = (struct oracle_series){.name = must(strdup(name))};
  return &o->series[o->count++];
}

static enum oracle_kind number(const struct cell *c, char decimal, bool suffixes, double *ret) {
  return c->hidden ? ORACLE_BAD : oracle_number(c->text, decimal, suffixes, ret);
}

static bool values(struct state *s, const struct dialect_series *columns, struct oracle_series *to,
                   int64_t when) {
  double price = 0, volume = NAN;
  if (columns->price >= s->l->count) return too_short(s);
  const struct cell *p = &s->l->cells[columns->price];
  enum oracle_kind kind = number(p, s->d->decimal, false, &price);
  if (kind == ORACLE_BAD) return wrong(s, PROBLEM_BAD_PRICE, p->origin);
  if (columns->volume < s->l->count) {
    const struct cell *v = &s->l->cells[columns->volume];
    enum oracle_kind has = number(v, s->d->decimal, true, &volume);
    if (has == ORACLE_BAD) return wrong(s, PROBLEM_BAD_VOLUME, v->origin);
    if (has == ORACLE_MISSING || volume < 0) volume = NAN;
  }
  if (kind == ORACLE_MISSING || price <= 0) {
    to->dropped++;
    return true;
  }
  to->rows = must(realloc(to->rows, (to->count + 1) * sizeof *to->rows));
  to->rows[to->count++] = (struct oracle_row){when, price, volume};
  return true;
}

/* A ticker: the field without its blanks, with doubled quotes undone; at most 255 bytes. */
static void ticker_of(const struct cell *c, char *out) {
  const char *from = c->text;
  size_t n = 0, size = strlen(from);
  for (;;) {
    if (size > 0 && (*from == ' ' || *from == '\t'))
      from++, size--;
    else if (size > 1 && memcmp(from, "\xc2\xa0", 2) == 0)
      from += 2, size -= 2;
    else
      break;
  }
  for (;;) {
    if (size > 0 && (from[size - 1] == ' ' || from[size - 1] == '\t'))
      size--;
    else if (size > 1 && memcmp(from + size - 2, "\xc2\xa0", 2) == 0)
      size -= 2;
    else
      break;
  }
  for (size_t i = 0; i < size && n < 255; i++) {
    if (c->quoted && from[i] == '"' && i + 1 < size) i++;
    out[n++] = from[i];
  }
  out[n] = 0;
}

static bool take(struct state *s) {
  const struct dialect *d = s->d;
  int64_t when;
  if (s->l->open_quote) return wrong(s, PROBLEM_BAD_QUOTE, s->l->open_quote);
  if (d->date >= s->l->count) return too_short(s);
  if (!moment(s, &when)) return false;
  if (d->name != DIALECT_NONE) {
    char ticker[256];
    if (d->name >= s->l->count) return too_short(s);
    ticker_of(&s->l->cells[d->name], ticker);
    return values(s, &d->series[0], named(s->o, ticker), when);
  }
  for (size_t i = 0; i < d->series_count; i++)
    if (!values(s, &d->series[i], &s->o->series[i], when)) return false;
  return true;
}

/* Insertion sort, which keeps the order of equals; then of equals the last one stays. */
static void arrange(struct oracle_series *s) {
  for (size_t i = 1; i < s->count; i++) {
    struct oracle_row row = s->rows[i];
    size_t j = i;
    for (; j > 0 && s->rows[j - 1].when > row.when; j--) s->rows[j] = s->rows[j - 1];
    s->rows[j] = row;
  }
  size_t kept = 0;
  for (size_t i = 0; i < s->count; i++)
    if (i + 1 == s->count || s->rows[i + 1].when != s->rows[i].when) s->rows[kept++] = s->rows[i];
  s->doubles = s->count - kept;
  s->count = kept;
}

static void clear(struct oracle *o) {
  for (size_t i = 0; i < o->count; i++) {
    free(o->series[i].name);
    free(o->series[i].rows);
  }
  free(o->series);
  *o = (struct oracle){0};
}

/* All rows, in the order of day and month that `known` says, if any. Returns what was settled. */
static int read_all(struct oracle *o, const char *end, const struct dialect *d, int known,
                    size_t *rows) {
  struct state s = {.o = o, .d = d, .line = d->body_line, .order = known};
  *rows = 0;
  for (size_t i = 0; d->name == DIALECT_NONE && i < d->series_count; i++) {
    size_t size = d->series[i].name.size;
    char *name = must(calloc(1, size + 1));
    if (size > 0) memcpy(name, d->series[i].name.at, size);
    named(o, name);
    free(name);
  }
  for (const char *at = d->body; at < end;) {
    struct line l;
    split(&l, at, end, d->delimiter);
    s.l = &l;
    bool fine = true;
    if (l.open_quote || !is_blank(&l, d->delimiter)) {
      ++*rows;
      fine = take(&s);
    }
    s.line++;
    for (const char *c = at; c < l.stop; c++) s.line += *c == '\n'; /* inside quotes */
    at = l.next;
    release(&l);
    if (!fine) break;
  }
  return s.order;
}

void oracle_read(struct oracle *o, const char *end, const struct dialect *d) {
  size_t rows;
  *o = (struct oracle){0};
  int order = read_all(o, end, d, -1, &rows);
  if (order >= 0 && order != (int)d->order) {
    clear(o); /* the rows before the one that settled it were read the wrong way */
    read_all(o, end, d, order, &rows);
  }
  if (o->code == PROBLEM_NONE && rows == 0) {
    o->code = PROBLEM_NO_ROWS;
    o->line = d->body_line;
    o->column = 1;
  }
  for (size_t i = 0; o->code == PROBLEM_NONE && i < o->count; i++) arrange(&o->series[i]);
}

void oracle_fini(struct oracle *o) {
  clear(o);
}
