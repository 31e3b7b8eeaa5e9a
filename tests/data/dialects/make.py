#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""make.py: writes the series of stooq_daily.csv and MSFT's of kaggle_all_stocks_5yr_long.csv once
more, as other sources would. Run in its folder; what it writes is kept beside it."""
import csv
import datetime

NAMES = "January February March April May June July August September October November December"


def rows(path, name=None):
    with open(path, newline="") as f:
        for r in csv.DictReader(f):
            r = {k.lower(): v for k, v in r.items()}
            if name is None or r["name"] == name:
                yield r


AAPL = list(rows("stooq_daily.csv"))
MSFT = list(rows("kaggle_all_stocks_5yr_long.csv", "MSFT"))


def write(name, lines, end="\n", bom=False, last=True):
    text = end.join(lines) + (end if last else "")
    with open(name, "wb") as f:
        f.write((b"\xef\xbb\xbf" if bom else b"") + text.encode())


def day(r):
    return datetime.date.fromisoformat(r["date"])


def us(number, places):
    return f"{number:,.{places}f}"


def german(number, places):
    return us(number, places).translate(str.maketrans(",.", ".,"))


def hundredfold(r, key):
    return round(float(r[key]) * 100, 2)


def millions(r):
    return int(r["volume"]) / 1e6


def quoted(cells):
    return ",".join('"' + c + '"' for c in cells)


def change(i):
    last = float(AAPL[i - 1]["close"]) if i else float(AAPL[i]["close"])
    return (float(AAPL[i]["close"]) / last - 1) * 100


ORDER = range(len(AAPL) - 1, -1, -1)
OHL = ("open", "high", "low")

write("notebook.csv", ["date,close,volume"] +
      [f"{r['date']},{r['close']},{r['volume']}" for r in AAPL], last=False)

write("investing_us.csv", [quoted(["Date", "Price", "Open", "High", "Low", "Vol.", "Change %"])] +
      [quoted([f"{day(AAPL[i]):%m/%d/%Y}", us(hundredfold(AAPL[i], "close"), 2),
               *(us(hundredfold(AAPL[i], k), 2) for k in OHL),
               us(millions(AAPL[i]), 2) + "M", us(change(i), 2) + "%"]) for i in ORDER], bom=True)

write("investing_de.csv", [quoted(["Datum", "Zuletzt", "Eröffn.", "Hoch", "Tief", "Vol.", "+/- %"])] +
      [quoted([f"{day(AAPL[i]):%d.%m.%Y}", german(hundredfold(AAPL[i], "close"), 2),
               *(german(hundredfold(AAPL[i], k), 2) for k in OHL),
               german(millions(AAPL[i]), 2) + "M", german(change(i), 2) + "%"]) for i in ORDER],
      bom=True)

write("investing_old.csv", [quoted(["Date", "Price", "Open", "High", "Low", "Vol.", "Change %"])] +
      [quoted([f"{NAMES.split()[day(AAPL[i]).month - 1][:3]} {day(AAPL[i]):%d, %Y}",
               us(hundredfold(AAPL[i], "close"), 2), *(us(hundredfold(AAPL[i], k), 2) for k in OHL),
               "-", us(change(i), 2) + "%"]) for i in ORDER])

write("metatrader5.csv",
      ["\t".join(["<DATE>", "<OPEN>", "<HIGH>", "<LOW>", "<CLOSE>", "<TICKVOL>", "<VOL>", "<SPREAD>"])] +
      ["\t".join([f"{day(r):%Y.%m.%d}", r["open"], r["high"], r["low"], r["close"], r["volume"], "0",
                  "1"]) for r in AAPL], end="\r\n")

write("metatrader4.csv",
      [f"{day(r):%Y.%m.%d},00:00,{r['open']},{r['high']},{r['low']},{r['close']},{r['volume']}"
       for r in AAPL], end="\r\n")

write("semicolon_decimal_comma.csv", ["Datum;Erster;Hoch;Tief;Schlusskurs;Stuecke;Volumen"] +
      [f"{day(AAPL[i]):%d.%m.%Y};" +
       ";".join(AAPL[i][k].replace(".", ",") for k in OHL + ("close",)) +
       f";1;{german(int(AAPL[i]['volume']), 0)}" for i in ORDER])

write("stooq_polish.csv", ["Data,Otwarcie,Najwyzszy,Najnizszy,Zamkniecie,Wolumen"] +
      [",".join(r[k] for k in ("date", "open", "high", "low", "close", "volume")) for r in AAPL],
      end="\r\n")

with open("yahoo_classic.csv") as f:
    yahoo = f.read().splitlines()
nulls = [f"{datetime.date(2026, 7, 18) + datetime.timedelta(7 * i)},null,null,null,null,null,null"
         for i in range(5)]
write("yahoo_null.csv", yahoo[:1] + sorted(yahoo[1:] + nulls))

write("yfinance_two_tickers.csv",
      ["Price,Close,Close,Volume,Volume", "Ticker,AAPL,MSFT,AAPL,MSFT", "Date,,,,"] +
      [f"{a['date']},{a['close']},{b['close']},{a['volume']},{b['volume']}"
       for a, b in zip(AAPL, MSFT)])

write("pandas_index.csv", [",close,volume"] +
      [f"{r['date']} 00:00:00-04:00,{r['close']},{r['volume']}.0" for r in AAPL])

write("long_interleaved.csv", ["Symbol;Date;Close;Volume"] +
      [f"{n};{r['date']};{r['close']};{r['volume']}" for a, b in zip(AAPL, MSFT)
       for n, r in (("AAPL", a), ("MSFT", b))])

write("unix_milliseconds.csv", ["https://www.example.com/", "unix,symbol,open,high,low,close,Volume"] +
      [f"{(day(r) - datetime.date(1970, 1, 1)).days * 86400000},AAPL," +
       ",".join(r[k] for k in OHL + ("close", "volume")) for r in reversed(AAPL)])

write("exchange_india.csv", [quoted(["Date ", "series ", "OPEN ", "close ", "VOLUME "])] +
      [quoted([f"{day(r):%d}-{NAMES.split()[day(r).month - 1][:3]}-{day(r):%Y}", "EQ",
               us(hundredfold(r, "open"), 2), us(hundredfold(r, "close"), 2),
               us(int(r["volume"]), 0)]) for r in reversed(AAPL)])
