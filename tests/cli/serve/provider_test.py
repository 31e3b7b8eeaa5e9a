#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""provider_test.py MEANTIME: quotes and charts: what they tell, how they fail."""
import time
import unittest

from support import Case

QUOTE = ["ticker", "price", "previous_close", "change", "change_percent", "volume", "high_52w",
         "low_52w", "currency", "time"]
UNKNOWN = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
SYMBOLS = "AAPL GOOGL MSFT AMZN META NVDA TSLA JPM BAC WMT PG JNJ UNH HD V MA".split()


def chart_path(symbol, range_="1y"):
    return f"/v8/finance/chart/{symbol}?range={range_}&interval=1d"


def read_chart(body):
    """What a right client makes of a year's chart."""
    result, = body["chart"]["result"]
    meta, quote = result["meta"], result["indicators"]["quote"][0]
    whole = [i for i, close in enumerate(quote["close"]) if close is not None]
    last, before = whole[-1], whole[-2]
    price, previous = round(quote["close"][last], 2), round(quote["close"][before], 2)
    assert price == meta["regularMarketPrice"], meta
    return {"ticker": meta["symbol"], "price": price, "previous_close": previous,
            "change": round(price - previous, 2),
            "change_percent": round(100 * (price - previous) / previous, 4),
            "volume": quote["volume"][last],
            "high_52w": round(max(quote["high"][i] for i in whole), 2),
            "low_52w": round(min(quote["low"][i] for i in whole), 2),
            "currency": meta["currency"],
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(meta["regularMarketTime"]))}


class Quotes(Case):
    @classmethod
    def setUpClass(cls):
        from support import Server
        cls.server = Server("--latency", "0", "--seed", "11")
        cls.addClassCleanup(cls.server.kill)

    def test_a_quote_has_the_columns_in_their_order_and_is_consistent(self):
        for symbol in SYMBOLS:
            q = self.get(self.server, f"/quote/{symbol}").json()
            self.assertEqual(list(q), QUOTE)
            self.assertEqual(q["ticker"], symbol)
            self.assertEqual(q["change"], round(q["price"] - q["previous_close"], 2))
            self.assertEqual(q["change_percent"], round(100 * q["change"] / q["previous_close"], 4))
            self.assertTrue(q["low_52w"] <= q["price"] <= q["high_52w"])
            self.assertEqual(round(q["price"], 2), q["price"])

    def test_a_chart_tells_the_same_as_the_quote(self):
        for symbol in SYMBOLS:
            quote = self.get(self.server, f"/quote/{symbol}").json()
            self.assertEqual(read_chart(self.get(self.server, chart_path(symbol)).json()), quote)

    def test_a_chart_has_its_traps(self):
        days = {"1d": 1, "5d": 5, "1mo": 22, "3mo": 65, "6mo": 130, "1y": 260, "2y": 520,
                "5y": 1300, "10y": 2600, "ytd": 202, "max": 2600}
        year = self.get(self.server, chart_path("AAPL")).json()["chart"]["result"][0]
        for name, n in days.items():
            result, = self.get(self.server, chart_path("AAPL", name)).json()["chart"]["result"]
            meta, quote = result["meta"], result["indicators"]["quote"][0]
            self.assertEqual(len(result["timestamp"]), n)
            self.assertEqual(result["timestamp"], sorted(result["timestamp"]))
            for values in quote.values():
                self.assertEqual(len(values), n)
                self.assertEqual([v is None for v in values], [v is None for v in quote["open"]])
                self.assertEqual(values.count(None), 0 if n == 1 else 1)
                self.assertIsNotNone(values[-1])
            self.assertEqual(result["indicators"]["adjclose"][0]["adjclose"], quote["close"])
            self.assertNotIn("previousClose", meta)
            self.assertEqual(meta["range"], name)
            if n < 260:  # the close before the range, which lies in the year
                closes = year["indicators"]["quote"][0]["close"][:-n]
                before = [close for close in closes if close is not None][-1]
                self.assertEqual(meta["chartPreviousClose"], round(before, 2))

    def test_symbols_are_the_same_in_any_case_and_encoding(self):
        first = self.get(self.server, "/quote/BRK-B").body
        for same in "brk-b", "BRK%2dB", "%42rk-B":
            self.assertEqual(self.get(self.server, f"/quote/{same}").body, first)
        self.assertEqual(self.get(self.server, "/quote/%5EGSPC").json()["ticker"], "^GSPC")

    def test_unknown_symbols(self):
        for symbol in ("BAD", "invalid", "ERROR", "UNKNOWN", "A%20B", "", "%00", "A/B", "%",
                       30 * "X", 300 * "X"):
            chart = self.get(self.server, chart_path(symbol))
            self.assertEqual(chart.status, 404)
            self.assertEqual(chart.json(), {"chart": {"result": None, "error": UNKNOWN}})
            quote = self.get(self.server, f"/quote/{symbol}")
            self.assertEqual(quote.status, 404)
            self.assertEqual(quote.json(), {"quote": {"result": None, "error": UNKNOWN}})

    def test_charts_that_are_not_made(self):
        for query in ("range=1w", "range=", "range=%", "interval=5m", "interval=1d&range=12345678",
                      "period1=0&period2=1"):
            answer = self.get(self.server, f"/v8/finance/chart/AAPL?{query}")
            self.assertEqual(answer.status, 400)
            self.assertEqual(answer.json()["chart"]["error"]["code"], "Bad Request")
        self.assertEqual(self.get(self.server, "/v8/finance/chart/AAPL?x").body,
                         self.get(self.server, chart_path("AAPL")).body)

    def test_a_seed_has_its_prices(self):
        def bodies(*arguments):
            server = self.serve("--latency", "0", *arguments)
            return [self.get(server, path).body
                    for symbol in SYMBOLS for path in (f"/quote/{symbol}", chart_path(symbol))]

        own = bodies("--seed", "11", "--workers", "1")
        self.assertEqual(own, bodies("--seed", "11", "--workers", "3"))
        for mine, other in zip(own, bodies("--seed", "12")):
            self.assertNotEqual(mine, other)


class Luck(Case):
    def outcomes(self, n, *arguments):
        """How n requests end, one after another: a status, or "reset"."""
        server = self.serve("--latency", "0", *arguments)
        ends = []
        for i in range(n):
            client = server.client()
            try:
                client.request("GET", f"/quote/S{i}")
                ends.append(client.getresponse().status)
            except ConnectionResetError:
                ends.append("reset")
            client.close()
        summary = self.ends_well(server)
        for end in 200, 503, "reset":
            self.assertEqual(f"{end}: {ends.count(end)}" in summary, end in ends, summary)
        return ends

    def test_a_seed_has_its_failures(self):
        own = self.outcomes(80, "--failure-rate", "0.3", "--seed", "5")
        self.assertEqual(own, self.outcomes(80, "--failure-rate", "0.3", "--seed", "5"))
        self.assertNotEqual(own, self.outcomes(80, "--failure-rate", "0.3", "--seed", "6"))
        self.assertEqual(set(own), {200, 503, "reset"})

    def test_none_or_all_fail(self):
        self.assertEqual(set(self.outcomes(50)), {200})
        self.assertEqual(set(self.outcomes(50, "--failure-rate", "1")), {503, "reset"})

    def test_a_failure_ends_no_other_connection(self):
        server = self.serve("--latency", "0", "--failure-rate", "1")
        client = server.client()
        client.request("GET", "/healthz")
        client.getresponse().read()
        for i in range(20):
            try:
                self.get(server, f"/quote/S{i}")
            except ConnectionResetError:
                pass
        client.request("GET", "/healthz")  # the plain pages never fail
        self.assertEqual(client.getresponse().read(), b"ok\n")
        client.close()

    def test_latency_is_at_least_what_was_asked_for(self):
        server = self.serve("--latency", "120ms", "--slow", "TSLA,meta")
        for symbol, least in (("AAPL", 0.12), ("tsla", 0.8), ("META", 0.8)):
            begin = time.monotonic()
            self.assertEqual(self.get(server, f"/quote/{symbol}").status, 200)
            self.assertGreaterEqual(time.monotonic() - begin, least)

    def test_lists_replace_the_default(self):
        server = self.serve("--latency", "0", "--fail", "AAPL")
        self.assertEqual(self.get(server, "/quote/aapl").status, 404)
        self.assertEqual(self.get(server, "/quote/BAD").status, 200)


class RateLimit(Case):
    def test_beyond_the_limit_it_says_when_to_come_again(self):
        server = self.serve("--latency", "0", "--rate-limit", "3/hour")
        self.assertEqual([self.get(server, f"/quote/{s}").status for s in SYMBOLS[:3]], 3 * [200])
        for path in "/quote/AAPL", chart_path("AAPL"), "/quote/BAD":
            answer = self.get(server, path)
            self.assertEqual((answer.status, answer.headers["retry-after"]), (429, "1200"))
        for path in "/healthz", "/bytes/5", "/delay/1":
            self.assertEqual(self.get(server, path).status, 200)
        self.assertIn("429: 3", self.ends_well(server))

    def test_who_comes_again_when_told_is_served(self):
        server = self.serve("--latency", "0", "--rate-limit", "1/s")
        answer = self.get(server, "/quote/AAPL")
        while answer.status == 200:
            answer = self.get(server, "/quote/AAPL")
        self.assertEqual(answer.status, 429)
        time.sleep(int(answer.headers["retry-after"]))
        self.assertEqual(self.get(server, "/quote/AAPL").status, 200)

    def test_what_is_refused_draws_no_luck(self):
        def outcomes(n, *arguments):
            server, ends = self.serve("--latency", "0", "--failure-rate", "0.5", *arguments), []
            while len(ends) < n:
                try:
                    ends.append(self.get(server, "/quote/AAPL").status)
                except ConnectionResetError:
                    ends.append("reset")
                if ends[-1] == 429:
                    ends.pop()
                    time.sleep(0.01)  # not so that it would pass: so that others can work
            return ends, self.ends_well(server)

        ends, summary = outcomes(3, "--rate-limit", "1/s")
        self.assertIn("429: ", summary)
        self.assertEqual(ends, outcomes(3)[0])


if __name__ == "__main__":
    unittest.main()
