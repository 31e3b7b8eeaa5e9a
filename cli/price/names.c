/* SPDX-License-Identifier: MIT
 *
 * names.c: the names of columns in the wild: Yahoo, yfinance, Stooq (English and Polish), Alpha
 * Vantage, Nasdaq, Investing.com (several languages), MetaTrader, CryptoDataDownload, exchanges.
 * Compared in lower case, without blanks and punctuation, without "4. " before and "(USD)" after.
 */
#include "names.h"

struct known {
  const char *name;
  enum role role;
  unsigned rank;
};

/* Ranks within a role follow the order of the lines. */
static const struct known known[] = {
    {"date", ROLE_DATE, 0},
    {"datetime", ROLE_DATE, 1},
    {"tradedate", ROLE_DATE, 1},
    {"tradingdate", ROLE_DATE, 1},
    {"tradingday", ROLE_DATE, 1},
    {"pricedate", ROLE_DATE, 1},
    {"quotedate", ROLE_DATE, 1},
    {"observationdate", ROLE_DATE, 1},
    {"datadate", ROLE_DATE, 1},
    {"day", ROLE_DATE, 2},
    {"datum", ROLE_DATE, 2},
    {"data", ROLE_DATE, 2},
    {"fecha", ROLE_DATE, 2},
    {"timestamp", ROLE_DATE, 3},
    {"opentime", ROLE_DATE, 4},
    {"unix", ROLE_DATE, 5},
    {"unixtime", ROLE_DATE, 5},
    {"unixtimestamp", ROLE_DATE, 5},
    {"time", ROLE_TIME, 0},
    {"adjclose", ROLE_PRICE, 0},
    {"adjustedclose", ROLE_PRICE, 0},
    {"adjcloseprice", ROLE_PRICE, 0},
    {"adjustedcloseprice", ROLE_PRICE, 0},
    {"adjclosingprice", ROLE_PRICE, 0},
    {"closeadjusted", ROLE_PRICE, 0},
    {"closeadj", ROLE_PRICE, 0},
    {"close", ROLE_PRICE, 1},
    {"closelast", ROLE_PRICE, 1},
    {"closeprice", ROLE_PRICE, 1},
    {"closingprice", ROLE_PRICE, 1},
    {"zamkniecie", ROLE_PRICE, 1},
    {"schluss", ROLE_PRICE, 1},
    {"schlusskurs", ROLE_PRICE, 1},
    {"cierre", ROLE_PRICE, 1},
    {"fechamento", ROLE_PRICE, 1},
    {"chiusura", ROLE_PRICE, 1},
    {"cl\xc3\xb4ture", ROLE_PRICE, 1},
    {"cloture", ROLE_PRICE, 1},
    {"zuletzt", ROLE_PRICE, 2},
    {"dernier", ROLE_PRICE, 2},
    {"\xc3\xbaltimo", ROLE_PRICE, 2},
    {"ultimo", ROLE_PRICE, 2},
    {"last", ROLE_PRICE, 2},
    {"lastprice", ROLE_PRICE, 2},
    {"pxlast", ROLE_PRICE, 2},
    {"settle", ROLE_PRICE, 3},
    {"settlement", ROLE_PRICE, 3},
    {"settleprice", ROLE_PRICE, 3},
    {"price", ROLE_PRICE, 4},
    {"kurs", ROLE_PRICE, 4},
    {"nav", ROLE_PRICE, 4},
    {"prc", ROLE_PRICE, 4},
    {"volume", ROLE_VOLUME, 0},
    {"vol", ROLE_VOLUME, 0},
    {"wolumen", ROLE_VOLUME, 0},
    {"volumen", ROLE_VOLUME, 0},
    {"sharevolume", ROLE_VOLUME, 0},
    {"tradedvolume", ROLE_VOLUME, 0},
    {"sharestraded", ROLE_VOLUME, 0},
    {"totaltradedquantity", ROLE_VOLUME, 0},
    {"tickvol", ROLE_VOLUME, 2},
    {"tickvolume", ROLE_VOLUME, 2},
    {"ticker", ROLE_SERIES, 0},
    {"symbol", ROLE_SERIES, 1},
    {"tic", ROLE_SERIES, 1},
    {"actsymbol", ROLE_SERIES, 1},
    {"secid", ROLE_SERIES, 2},
    {"instrument", ROLE_SERIES, 2},
    {"stock", ROLE_SERIES, 2},
    {"name", ROLE_SERIES, 3},
};

/* Lower case, without what names are decorated with; cut to the room, since no known name is long.
 */
static size_t simplify(struct text name, char *out, size_t room) {
  struct text t = text_trim(name);
  size_t i = 0, n = 0;
  while (i < t.size && text_is_digit(t.at[i])) i++;
  if (i == 0 || i + 1 >= t.size || t.at[i] != '.') i = 0;
  for (; i < t.size && n < room; i++) {
    char c = text_lower(t.at[i]);
    if (c == '(' && n > 0) break;
    if ((c >= 'a' && c <= 'z') || text_is_digit(c) || (unsigned char)c >= 0x80) out[n++] = c;
  }
  return n;
}

enum role names_role(struct text name, unsigned *ret_rank) {
  char simple[24] = "";
  struct text t = {simple, simplify(name, simple, sizeof simple)};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    if (known[i].name[0] == *simple && text_is(t, known[i].name)) {
      *ret_rank = known[i].rank;
      return known[i].role;
    }
  }
  if (t.size < sizeof simple && text_begins(t, "volume")) { /* "Volume BTC" */
    *ret_rank = 1;
    return ROLE_VOLUME;
  }
  return ROLE_NONE;
}
