/* SPDX-License-Identifier: MIT
 *
 * fast.c: 2020-01-31,...,123.45,...,6789 with eight bytes looked at together.
 *
 * What makes it fast, measured on 64 files of 100,000 rows (see the commit that brought it):
 *   - the date's first eight bytes are compared with the last row's: only the first row of a month
 *     is parsed, and yet every date is checked
 *   - the length of a run of digits comes from one bit scan instead of a loop whose end the
 *     processor cannot predict, and eight digits become a number by three multiplications
 *
 * All loads stay inside the text: rows within SLACK bytes of its end are the general reader's.
 * Bytes are numbered from the low end of a word, so this is for little-endian machines; on others
 * fast_init says no. */
#include "fast.h"

#include "decimal.h"

#include <float.h>
#include <math.h>

enum { SLACK = 160 };

/* The compiler's own measure stops short of one straight loop, which costs a third. */
#define INLINE static inline __attribute__((always_inline))

#define EVERY(byte) (0x0101010101010101ULL * (byte))
#define HIGH        EVERY(0x80U)

static inline uint64_t load(const char *p) {
  uint64_t v;
  memcpy(&v, p, sizeof v);
  return v;
}

INLINE size_t first_byte(uint64_t marks) {
  return (size_t)__builtin_ctzll(marks) / 8;
}

/* Marks bytes equal to `byte`; exact up to the first mark, which is all that is used. */
INLINE uint64_t marks_of(uint64_t v, uint64_t every) {
  uint64_t x = v ^ every;
  return (x - EVERY(0x01U)) & ~x & HIGH;
}

/* Eight digit values, the first in the lowest byte, to a number: pairs, then fours, then all. */
INLINE uint64_t join_digits(uint64_t x) {
  x = x * 10 + (x >> 8);
  return (((x & 0x000000FF000000FFULL) * 0x000F424000000064ULL) +
          (((x >> 16) & 0x000000FF000000FFULL) * 0x0000271000000001ULL)) >>
         32;
}

static const uint64_t powers[] = {1ULL,
                                  10ULL,
                                  100ULL,
                                  1000ULL,
                                  10000ULL,
                                  100000ULL,
                                  1000000ULL,
                                  10000000ULL,
                                  100000000ULL,
                                  1000000000ULL,
                                  10000000000ULL,
                                  100000000000ULL,
                                  1000000000000ULL,
                                  10000000000000ULL,
                                  100000000000000ULL,
                                  1000000000000000ULL};

static const double exact[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                               1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* How many of the eight bytes at p are digits, up to the first that is none, and their value: a
 * shift moves what follows them out, and leaves zeros in front. */
INLINE size_t take_eight(const char *p, uint64_t *value) {
  uint64_t x = load(p) ^ EVERY(0x30U);
  uint64_t others = ((x + EVERY(0x76U)) | x) & HIGH;
  size_t n = others ? first_byte(others) : 8;
  *value = n == 0 ? 0 : join_digits(x << (64 - 8 * n));
  return n;
}

/* Up to 15 digits; 16 means too many. Seven or eight digits, as volumes have by turns, take the
 * same way: only a ninth one branches off, whence the & that is no &&. */
INLINE size_t take_run(const char *p, uint64_t *value) {
  size_t n = take_eight(p, value);
  if (!((n == 8) & ((unsigned char)(p[8] - '0') < 10))) return n;
  uint64_t more;
  size_t m = take_eight(p + 8, &more);
  *value = m == 8 ? 0 : *value * powers[m] + more;
  return 8 + m;
}

/* digits, or digits.digits; returns what follows, or NULL if this is for the general reader. */
INLINE const char *take_value(const char *p, double *ret) {
  uint64_t whole, part = 0;
  size_t n = take_run(p, &whole), m = 0;
  if (n == 0 || n > 15) return NULL;
  p += n;
  if (*p != '.') {
    *ret = (double)whole;
    return p;
  }
  m = take_run(p + 1, &part);
  if (m > 15 || n + m > 19) return NULL;
  uint64_t digits = whole * powers[m] + part;
  p += 1 + m;
#if FLT_EVAL_METHOD == 0
  if (digits < 1ULL << 53) {
    *ret = (double)digits / exact[m]; /* both are exact, so this rounds once: see decimal.c */
    return p;
  }
#endif
  return decimal_scale(digits, -(int)m, ret) ? p : NULL;
}

/* Past `count` delimiters, on the same line and outside quotes; NULL if that cannot be had. */
INLINE const char *skip_fields(const char *p, size_t count, char delimiter, const char *limit) {
  uint64_t every = EVERY((unsigned char)delimiter);
  while (count > 0) {
    if (p >= limit) return NULL;
    uint64_t v = load(p);
    uint64_t stops = marks_of(v, EVERY((unsigned char)'\n')) |
                     marks_of(v, EVERY((unsigned char)'"')) |
                     marks_of(v, EVERY((unsigned char)'\r'));
    uint64_t marks = marks_of(v, every) | stops;
    if (marks == 0) {
      p += 8;
      continue;
    }
    p += first_byte(marks);
    if (*p != delimiter) return NULL;
    p++, count--;
  }
  return p;
}

/* To the row after this one, from the end of a field. */
INLINE const char *skip_rest(const char *p, char delimiter, const char *limit) {
  if (*p == delimiter) {
    for (;; p += 8) {
      if (p >= limit) return NULL;
      uint64_t v = load(p);
      uint64_t marks = marks_of(v, EVERY((unsigned char)'\n')) |
                       marks_of(v, EVERY((unsigned char)'"')) |
                       marks_of(v, EVERY((unsigned char)'\r'));
      if (marks == 0) continue;
      p += first_byte(marks);
      break;
    }
  }
  if (*p == '\n') return p + 1;
  return *p == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

/* A new month: 2020-02- is parsed once, and known by its bytes from then on. */
static bool take_month(struct fast *f, const char *p) {
  int digits[8];
  for (int i = 0; i < 8; i++) digits[i] = p[i] - '0';
  for (int i = 0; i < 7; i++)
    if (i != 4 && (digits[i] < 0 || digits[i] > 9)) return false;
  if (p[4] != '-' || p[7] != '-') return false;
  int year = digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3];
  int month = digits[5] * 10 + digits[6];
  if (!date_is_valid(year, month, 1)) return false;
  f->month = load(p);
  f->month_base = (date_days(year, month, 1) - 1) * DATE_DAY;
  f->month_length = (unsigned)date_month_length(year, month);
  return true;
}

INLINE bool take_date(struct fast *f, const char *p, int64_t *ret) {
  if (load(p) != f->month && !take_month(f, p)) return false;
  unsigned tens = (unsigned)(unsigned char)p[8] - '0', ones = (unsigned)(unsigned char)p[9] - '0';
  unsigned day = tens * 10 + ones;
  if (tens > 9 || ones > 9 || day - 1 >= f->month_length || p[10] != f->delimiter) return false;
  *ret = f->month_base + day * DATE_DAY;
  return true;
}

bool fast_init(struct fast *f, const struct dialect *d) {
  *f = (struct fast){.delimiter = d->delimiter};
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
  return false;
#endif
  if (d->series_count != 1 || d->date != 0 || d->decimal != '.') return false;
  if (d->time != DIALECT_NONE || d->name != DIALECT_NONE || d->delimiter == '.') return false;
  size_t price = d->series[0].price, volume = d->series[0].volume;
  if (price == 0 || volume == 0 || price == volume) return false;
  f->volume = volume != DIALECT_NONE;
  f->volume_first = f->volume && volume < price;
  size_t first = f->volume_first ? volume : price;
  f->skip_first = first - 1;
  if (f->volume) f->skip_second = (f->volume_first ? price : volume) - first - 1;
  return true;
}

/* One row; NULL if it is not of the shape. */
INLINE const char *take_row(struct fast *f, const char *p, const char *limit, size_t skip_first,
                            size_t skip_second, bool volume, int64_t *when, double *a, double *b) {
  if (!take_date(f, p, when)) return NULL;
  p = skip_fields(p + 11, skip_first, f->delimiter, limit);
  if (!p || !(p = take_value(p, a))) return NULL;
  if (volume) {
    if (*p != f->delimiter || !(p = skip_fields(p + 1, skip_second, f->delimiter, limit)))
      return NULL;
    if (!(p = take_value(p, b))) return NULL;
  }
  return skip_rest(p, f->delimiter, limit);
}

/* The rows of a stretch. `adjacent` is a constant at each of its two calls: date,price,volume with
 * nothing between needs no skipping. Where the rows go is kept in locals, since the compiler must
 * otherwise take every store for one that may move it. */
INLINE const char *take_rows(struct fast *f, struct series *s, const char *at, const char *limit,
                             size_t most, bool adjacent) {
  int64_t *when = s->when + s->count;
  double *price = s->price + s->count, *volume = s->volume + s->count;
  size_t n = 0;
  for (; n < most && at < limit; n++) {
    int64_t moment;
    double a, b = NAN;
    const char *next = adjacent ? take_row(f, at, limit, 0, 0, true, &moment, &a, &b)
                                : take_row(f, at, limit, f->skip_first, f->skip_second, f->volume,
                                           &moment, &a, &b);
    bool swapped = !adjacent && f->volume_first;
    double p = swapped ? b : a;
    if (!next || !(p > 0)) break;
    when[n] = moment;
    price[n] = p;
    volume[n] = swapped ? a : b;
    at = next;
  }
  s->count += n;
  return at;
}

const char *fast_rows(struct fast *f, struct series *s, const char *at, const char *end,
                      size_t most) {
  if (end - at <= SLACK) return at;
  const char *limit = end - SLACK;
  bool adjacent = f->volume && !f->volume_first && f->skip_first == 0 && f->skip_second == 0;
  return adjacent ? take_rows(f, s, at, limit, most, true)
                  : take_rows(f, s, at, limit, most, false);
}
