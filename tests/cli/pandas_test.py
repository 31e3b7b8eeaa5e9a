#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""pandas_test.py MEANTIME DIALECTS/golden.json: `meantime stats` against pandas, to 1e-9 relative: on every
dialect, read by pandas as its source intends; on sample files; on prices with 17 digits; weekly and
monthly. Exit status 77 (skipped) without pandas."""
import json
import math
import os
import subprocess
import sys
import tempfile

try:
    import numpy as np
    import pandas as pd
except ImportError as error:
    print(f"skipped: {error}; Debian's package is python3-pandas")
    sys.exit(77)

MEANTIME, DIALECTS = sys.argv[1], os.path.dirname(sys.argv[2])
TOLERANCE = 1e-9
failures = []


def stats(*arguments):
    run = subprocess.run([MEANTIME, "stats", "--all", "--format", "json", *arguments],
                         capture_output=True, text=True)
    if run.returncode != 0:
        raise SystemExit(f"stats {arguments}: status {run.returncode}: {run.stderr}")
    return json.loads(run.stdout)


def expected(dates, prices, volumes, rf=0.0, periods=None):
    """The definitions of --explain, in pandas."""
    d = pd.DataFrame({"price": np.asarray(prices, float), "volume": np.asarray(volumes, float)},
                     index=pd.DatetimeIndex(dates))
    d = d[np.isfinite(d.price) & (d.price > 0)].sort_index(kind="stable")
    d = d[~d.index.duplicated(keep="last")]
    p = d.price
    r = p.pct_change().dropna()
    n = len(r)
    gap = np.median(np.diff(d.index.values).astype("timedelta64[s]").astype(float)) / 86400
    P = periods or (252 if gap < 5 else 52 if gap < 18 else 12)
    q = (1 + rf) ** (1 / P) - 1
    peaks = p.cummax()
    falls = p / peaks - 1
    days = (d.index[-1] - d.index[0]).total_seconds() / 86400
    e = {
        "start_price": p.iloc[0],
        "end_price": p.iloc[-1],
        "total_return": (p.iloc[-1] / p.iloc[0] - 1) * 100,
        "volatility": r.std() * math.sqrt(P) * 100,
        "avg_volume": d.volume.mean(),
        "sharpe": (r - q).mean() / (r - q).std() * math.sqrt(P),
        "rows": len(p),
        "start_date": str(d.index[0].date()),
        "end_date": str(d.index[-1].date()),
        "cagr": ((p.iloc[-1] / p.iloc[0]) ** (365.25 / days) - 1) * 100,
        "sortino": (r - q).mean() / math.sqrt((np.minimum(r - q, 0) ** 2).sum() / n) * math.sqrt(P),
        "max_drawdown": falls.min() * 100,
        "trough_date": str(falls.idxmin().date()),
        "peak_date": str(p[:falls.idxmin()].idxmax().date()),
        "var95": np.percentile(r, 5) * 100,
        "cvar95": r[r <= np.percentile(r, 5)].mean() * 100,
        "skew": r.skew(),
        "excess_kurtosis": r.kurt(),
        "best_day": r.max() * 100,
        "worst_day": r.min() * 100,
        "periods": P,
    }
    e["calmar"] = e["cagr"] / -e["max_drawdown"]
    return e


def same(got, want):
    if isinstance(want, str):
        return got == want
    if want is None or (isinstance(want, float) and not math.isfinite(want)):
        return got is None
    return got is not None and abs(got - want) <= TOLERANCE * abs(want)


def compare(what, record, want):
    for key, value in want.items():
        if not same(record.get(key), value):
            failures.append(f"{what}: {key} is {record.get(key)!r}, pandas has {value!r}")


def check(what, path, series, *arguments, **options):
    """series: name -> (dates, prices, volumes), in the order of the records."""
    records = stats(*arguments, path)
    if len(records) != len(series):
        failures.append(f"{what}: {len(records)} records instead of {len(series)}")
        return
    for record, (name, columns) in zip(records, series.items()):
        if name and record["ticker"] != name:
            failures.append(f"{what}: ticker {record['ticker']} instead of {name}")
        compare(f"{what} {name or ''}", record, expected(*columns, **options))


def read(name, **options):
    # pandas rounds decimals wrongly in the last place unless it is told not to.
    return pd.read_csv(os.path.join(DIALECTS, name), float_precision="round_trip", **options)


def simple(name, date, price, volume, form=None, unit=None, **options):
    d = read(name, **options)
    return {"": (pd.to_datetime(d[date], format=form, unit=unit), d[price],
                 d[volume] if volume else np.full(len(d), np.nan))}


def suffixed(texts, decimal):
    scale = {"K": 1e3, "M": 1e6, "B": 1e9}
    return [float(t[:-1].replace("." if decimal == "," else ",", "").replace(decimal, ".")) *
            scale[t[-1]] for t in texts]


def investing(name, date, price, form, decimal):
    thousands = "." if decimal == "," else ","
    d = read(name, encoding="utf-8-sig", thousands=thousands, decimal=decimal, dtype={date: str})
    missing = (d["Vol."] == "-").all()
    volumes = np.full(len(d), np.nan) if missing else suffixed(d["Vol."], decimal)
    return {"": (pd.to_datetime(d[date], format=form), d[price], volumes)}


def grouped(name, date, price, volume, ticker, **options):
    d = read(name, **options)
    return {key: (pd.to_datetime(g[date]), g[price], g[volume])
            for key, g in d.groupby(ticker, sort=False)}


def wide(name):
    d = read(name, header=[0, 1], index_col=0)
    tickers = list(dict.fromkeys(t for _, t in d.columns))
    d.index = pd.to_datetime(d.index)
    return {t: (d.index, d[("Close", t)], d[("Volume", t)]) for t in tickers}


def nasdaq():
    d = read("nasdaq.csv")
    return {"": (pd.to_datetime(d["Date"], format="%m/%d/%Y"),
                 d["Close/Last"].str.replace("$", "", regex=False).astype(float), d["Volume"])}


def pandas_index():
    d = read("pandas_index.csv", index_col=0)
    dates = pd.to_datetime(d.index.str[:10])
    return {"": (dates, d["close"], d["volume"])}


def metatrader4():
    d = read("metatrader4.csv", header=None)
    return {"": (pd.to_datetime(d[0], format="%Y.%m.%d"), d[5], d[6])}


def semicolons():
    d = read("semicolon_decimal_comma.csv", sep=";", decimal=",", thousands=".", dtype={"Datum": str})
    return {"": (pd.to_datetime(d["Datum"], format="%d.%m.%Y"), d["Schlusskurs"], d["Volumen"])}


def india():
    d = read("exchange_india.csv", thousands=",")
    return {"": (pd.to_datetime(d["Date "], format="%d-%b-%Y"), d["close "], d["VOLUME "])}


def unix():
    d = read("unix_milliseconds.csv", skiprows=1)
    return {"AAPL": (pd.to_datetime(d["unix"], unit="ms"), d["close"], d["Volume"])}


def yahoo(name, price):
    return simple(name, "Date", price, "Volume", na_values=["null"])


READERS = {
    "alphavantage_daily.csv": lambda n: simple(n, "timestamp", "close", "volume"),
    "exchange_india.csv": lambda n: india(),
    "investing_de.csv": lambda n: investing(n, "Datum", "Zuletzt", "%d.%m.%Y", ","),
    "investing_old.csv": lambda n: investing(n, "Date", "Price", "%b %d, %Y", "."),
    "investing_us.csv": lambda n: investing(n, "Date", "Price", "%m/%d/%Y", "."),
    "kaggle_all_stocks_5yr_long.csv": lambda n: grouped(n, "date", "close", "volume", "Name"),
    "long_interleaved.csv": lambda n: grouped(n, "Date", "Close", "Volume", "Symbol", sep=";"),
    "metatrader4.csv": lambda n: metatrader4(),
    "metatrader5.csv": lambda n: simple(n, "<DATE>", "<CLOSE>", "<TICKVOL>", form="%Y.%m.%d",
                                        sep="\t"),
    "nasdaq.csv": lambda n: nasdaq(),
    "notebook.csv": lambda n: simple(n, "date", "close", "volume"),
    "pandas_index.csv": lambda n: pandas_index(),
    "semicolon_decimal_comma.csv": lambda n: semicolons(),
    "stooq_daily.csv": lambda n: simple(n, "Date", "Close", "Volume"),
    "stooq_polish.csv": lambda n: simple(n, "Data", "Zamkniecie", "Wolumen"),
    "unix_milliseconds.csv": lambda n: unix(),
    "yahoo_classic.csv": lambda n: yahoo(n, "Adj Close"),
    "yahoo_null.csv": lambda n: yahoo(n, "Adj Close"),
    "yfinance_download_multiheader.csv": wide,
    "yfinance_two_tickers.csv": wide,
}


def dialects():
    files = sorted(f for f in os.listdir(DIALECTS) if f.endswith(".csv"))
    if files != sorted(READERS):
        failures.append(f"the dialects are {files}, this test knows {sorted(READERS)}")
    for name in files:
        check(name, os.path.join(DIALECTS, name), READERS[name](name))
    path = os.path.join(DIALECTS, "yahoo_classic.csv")
    check("yahoo Close", path, yahoo("yahoo_classic.csv", "Close"), "--price-column", "close")
    check("yahoo rf", path, yahoo("yahoo_classic.csv", "Adj Close"), "--rf", "0.04", rf=0.04)
    check("yahoo periods", path, yahoo("yahoo_classic.csv", "Adj Close"), "--periods", "365",
          periods=365)


def golden():
    """The values that came with the dialects, which other people's pandas computed."""
    keys = {"start_price": 1, "end_price": 1, "total_return": 100, "max_drawdown": 100,
            "mean_volume": 1, "rows": 1}
    names = {"mean_volume": "avg_volume", "cagr_calendar_365_25": "cagr",
             "volatility_simple_ddof1": "volatility", "sharpe_rf0": "sharpe",
             "sortino_rf0": "sortino", "calmar_calendar": "calmar", "skew_pandas": "skew",
             "excess_kurtosis_pandas": "excess_kurtosis", "var95_historical_linear": "var95",
             "cvar95_historical": "cvar95", "best_return": "best_day", "worst_return": "worst_day",
             "max_drawdown_peak": "peak_date", "max_drawdown_trough": "trough_date"}
    keys.update({k: 100 if names[k] in ("cagr", "volatility", "var95", "cvar95", "best_day",
                                        "worst_day") else 1 for k in names})
    with open(os.path.join(DIALECTS, "golden.json")) as f:
        blocks = json.load(f)

    def block(name):
        return {names.get(k, k): v * keys[k] if keys[k] != 1 else v
                for k, v in blocks[name].items() if k in keys}

    for name, which in (("stooq_daily", "close"), ("notebook", "close"), ("nasdaq", "close"),
                        ("alphavantage_daily", "close"), ("metatrader5", "close"),
                        ("yahoo_classic", "adj_close"), ("yahoo_null", "adj_close")):
        record, = stats(os.path.join(DIALECTS, name + ".csv"))
        compare(f"golden {name}", record, block(which))
    long_file = stats(os.path.join(DIALECTS, "kaggle_all_stocks_5yr_long.csv"))
    compare("golden AAPL", long_file[0], block("close"))
    compare("golden MSFT", long_file[1], block("msft_close"))


def sample_files(folder):
    subprocess.run([MEANTIME, "sample", "--seed", "7", folder], check=True, capture_output=True)
    records = stats(folder)
    for record in records:
        d = pd.read_csv(record["path"], float_precision="round_trip")
        compare(record["path"], record, expected(pd.to_datetime(d.date), d.close, d.volume))
    if len(records) != 8:
        failures.append(f"{len(records)} sample files instead of 8")


def made_up(folder):
    """What the samples do not show: 17 digits, other gaps, holes, disorder, doubles."""
    random = np.random.default_rng(3)
    for round_, (freq, n) in enumerate([("D", 5000), ("B", 700), ("W", 300), ("MS", 120),
                                        ("D", 23), ("D", 42), ("D", 5), ("D", 100000)]):
        dates = pd.date_range("1900-01-01" if n > 9000 else "1990-01-01", periods=n, freq=freq)
        prices = 100 * np.cumprod(1 + random.normal(0.0003, 0.01, n))
        volumes = random.integers(0, 10**9, n).astype(float)
        prices[random.random(n) < (0.02 if n > 100 else 0)] = np.nan
        volumes[random.random(n) < 0.05] = np.nan
        d = pd.DataFrame({"date": dates, "close": prices, "volume": volumes})
        if round_ % 2:
            d = pd.concat([d, d.sample(n // 10, random_state=1).assign(close=50.5)])
            d = d.sample(frac=1, random_state=2)
        path = os.path.join(folder, f"made{round_}.csv")
        d.to_csv(path, index=False)
        back = pd.read_csv(path, float_precision="round_trip")
        check(path, path, {"": (pd.to_datetime(back.date), back.close, back.volume)})
        check(path, path, {"": (pd.to_datetime(back.date), back.close, back.volume)},
              "--rf", "0.03", rf=0.03)


dialects()
golden()
with tempfile.TemporaryDirectory() as folder:
    sample_files(os.path.join(folder, "sample"))
    made_up(folder)
print("\n".join(failures) or f"as pandas {pd.__version__} has it")
sys.exit(1 if failures else 0)
