#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""provider_test.py MEANTIME SOURCE: what providers send, and what comes of it."""
import json
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from support import MEANTIME, PATIENCE, COLUMNS, KEY, KEYS, ROUTES, Case, Reply, alphavantage, finnhub, route, twelvedata, yahoo


class Providers(Case):
    def test_every_body_with_an_expectation_gives_it(self):
        fakes = {"yahoo": yahoo, "alphavantage": alphavantage, "twelvedata": twelvedata,
                 "finnhub": finnhub}
        self.environment.update(KEYS)
        seen = 0
        for name, fake in fakes.items():
            server = self.serve(fake)
            expectations = [r["expect"] for r in ROUTES.values()
                            if r["provider"] == name and "expect" in r]
            symbols = sorted({e.get("symbol", "AAPL") for e in expectations})
            records = self.quotes("--provider", name, "--base-url", server.url, "--rate", "100/s",
                                  *symbols)
            for record in records:
                self.assertEqual(list(record), COLUMNS)
                self.assertEqual(record["provider"], name)
                for expect in expectations:
                    if expect.get("symbol", "AAPL") == record["ticker"]:
                        self.same(record, expect)
                        seen += 1
        self.assertEqual(seen, sum("expect" in r for r in ROUTES.values()))

    def test_what_no_provider_gives_is_null(self):
        self.environment.update(KEYS)
        server = self.serve(finnhub)
        record, = self.quotes("--provider", "finnhub", "--base-url", server.url, "AAPL")
        self.assertEqual((record["high_52w"], record["low_52w"]), (312.36, 219.62))
        self.assertEqual((record["volume"], record["currency"]), (None, None))
        self.assertEqual(record["time"], "2026-10-09T20:00:00Z")
        self.assertGreaterEqual(record["fetch_time"], 0)  # seconds

    def test_pence_stay_pence(self):
        server = self.serve(yahoo)
        record, = self.quotes("--base-url", server.url, "VOD.L")
        self.assertEqual((record["price"], record["change"], record["currency"]),
                         (40.1, -0.2, "GBp"))

    def test_every_error_has_its_kind(self):
        self.environment.update(KEYS)
        cases = {
            "yahoo/v8_404_unknown_symbol.json": "invalid_symbol",
            "yahoo/429_edge.txt": "throttled",
            "yahoo/429_old.txt": "throttled",
            "yahoo/v1_getcrumb.txt": "bad_response",
            "yahoo/v7_quote_empty.json": "bad_response",
            "alphavantage/GLOBAL_QUOTE_unknown.json": "invalid_symbol",
            "alphavantage/GLOBAL_QUOTE_AAPL.csv": "bad_response",
            "alphavantage/err_note_5_per_min.json": "throttled",
            "alphavantage/err_information_25_per_day.json": "throttled",
            "alphavantage/err_information_premium.json": "unauthorized",
            "alphavantage/err_invalid_call.json": "invalid_symbol",
            "finnhub/quote_unknown.json": "invalid_symbol",
            "finnhub/401.json": "unauthorized",
            "twelvedata/404.json": "invalid_symbol",
            "generic/429_retry_after_seconds.txt": "throttled",
            "generic/503_retry_after_date.txt": "provider_error",
        }
        for name, kind in cases.items():
            with self.subTest(name):
                server = self.serve(lambda asked: route(name))
                provider = name.split("/")[0].replace("generic", "yahoo")
                record, = self.quotes("--provider", provider, "--base-url", server.url,
                                      "--retries", "0", "AAPL")
                self.assertEqual(self.kind(record), kind)
                self.assertIn(f"quotes: 0 of 1, 1 {kind}\n", self.stderr)
                self.assertEqual(len(server.asked), 1)

    def test_twelve_data_tells_errors_under_200_too(self):
        self.environment.update(KEYS)
        server = self.serve(lambda asked: Reply(200, route("twelvedata/404.json").body))
        record, = self.quotes("--provider", "twelvedata", "--base-url", server.url, "ZZZZNOPE")
        self.assertEqual(self.kind(record), "invalid_symbol")

    def test_a_description_makes_a_provider(self):
        def answer(asked):
            self.assertEqual(asked.headers["X-Token"], KEY)
            if asked.path != "/last/AAPL":
                return Reply(200, '{"found": false}')
            return Reply(200, json.dumps({"found": True, "data": [{"p": "12.5", "prev": 10,
                                          "at": "2026-10-09T16:00:00-04:00"}]}))
        server = self.serve(answer)
        config = self.write("quotes.conf", f"[generic mine]\nurl = {server.url}/last/{{symbol}}\n"
                            "header = X-Token: {key}\nkey_env = MINE\nprice = .data[0].p\n"
                            "previous_close = .data[0].prev\ntime = .data[0].at\ncurrency = EUR\n"
                            "error = .missing\n[yahoo]\nrate = 1/s\n")
        self.environment["MINE"] = KEY
        good, bad = self.quotes("--config", config, "--provider", "mine", "AAPL", "NOPE")
        self.same(good, {"price": 12.5, "change": 2.5, "change_percent": 25, "currency": "EUR",
                         "time": "2026-10-09T20:00:00Z", "provider": "mine"})
        self.assertEqual(self.kind(bad), "bad_response")
        with open(config, "a") as f:
            f.write("[generic other]\nurl = http://127.0.0.1/{symbol}\nprice = .p\n")
        out = self.run_quotes("--config", config, "--list-providers").stdout
        self.assertRegex(out, r"(?m)^mine +5/s +key set")
        self.assertRegex(out, r"(?m)^other +5/s +no key")
        self.assertRegex(out, r"(?m)^alphavantage +1/s, 25/day +key unset")


class Fallback(Case):
    def config(self, **urls):
        return self.write("quotes.conf", "".join(
            f"[{name}]\nbase_url = {url}\nrate = 100/s\npause = 60\n" for name, url in urls.items()))

    def test_the_next_provider_is_asked_and_the_cause_is_named(self):
        self.environment.update(KEYS)
        broken = self.serve(lambda asked: Reply(500, f"broken, {KEY}"))
        config = self.config(yahoo=broken.url, finnhub=self.serve(finnhub).url,
                             twelvedata=self.serve(twelvedata).url)
        record, = self.quotes("--config", config, "--provider", "yahoo,twelvedata", "AAPL")
        self.assertEqual((record["price"], record["provider"]), (249.12, "twelvedata"))
        self.assertIn("yahoo failed (status 500)", record["note"])
        self.assertIn("1 from another provider than the first, AAPL: yahoo failed", self.stderr)
        record, = self.quotes("--config", config, "--provider", "yahoo,twelvedata,finnhub",
                              "--retries", "0", "ZZZZNOPE")
        self.assertEqual(self.kind(record), "provider_error")  # the first one's
        message = record["error"]["message"]
        for name in "yahoo failed", "twelvedata does not know", "finnhub does not know":
            self.assertIn(name, message)

    def test_a_provider_in_a_pause_is_passed_over(self):
        self.environment.update(KEYS)
        throttled = self.serve(lambda asked: route("yahoo/429_edge.txt"))  # a pause of 60 s
        second = self.serve(lambda asked: Reply(200, json.dumps(
            {"symbol": asked.query["symbol"], "close": "7"})))
        config = self.config(yahoo=throttled.url, twelvedata=second.url)
        records = self.quotes("--config", config, "--provider", "yahoo,twelvedata", "-j", "1",
                              *[f"S{i}" for i in range(20)])
        self.assertEqual([(r["price"], r["provider"]) for r in records], [(7, "twelvedata")] * 20)
        self.assertLess(len(throttled.asked), 20)
        self.assertEqual(len(second.asked), 20)

    def test_details_that_fail_cost_no_price(self):
        self.environment.update(KEYS)

        def answer(asked):
            if asked.query["function"] == "OVERVIEW":
                return route("alphavantage/err_information_premium.json")
            return alphavantage(asked)
        server = self.serve(answer)
        record, = self.quotes("--base-url", server.url, "--provider", "alphavantage", "--rate",
                              "100/s", "AAPL")
        self.assertEqual((record["price"], record["high_52w"]), (249.12, None))
        self.assertIn("incomplete: alphavantage refuses", record["note"])
        self.assertIn("1 without all details, AAPL: alphavantage refuses", self.stderr)

    def test_details_are_asked_for_again_and_the_price_is_not(self):
        self.environment.update(KEYS)
        failures = [1]

        def answer(asked):
            if asked.query["function"] == "OVERVIEW" and failures[0]:
                failures[0] -= 1
                return Reply(503, b"")
            return alphavantage(asked)
        server = self.serve(answer)
        record, = self.quotes("--base-url", server.url, "--provider", "alphavantage", "--rate",
                              "100/s", "AAPL")
        self.same(record, {"price": 249.12, "high_52w": 312.36, "currency": "USD"})
        self.assertEqual([a.query["function"] for a in server.asked],
                         ["GLOBAL_QUOTE", "OVERVIEW", "OVERVIEW"])


class Serve(Case):
    """Against the project's own quote server."""
    def start(self, *arguments):
        p = subprocess.Popen([MEANTIME, "serve", "--port", "0", "--seconds", str(PATIENCE), "-q",
                              *arguments], stdout=subprocess.PIPE, text=True,
                             env=self.environment)
        self.addCleanup(p.wait)
        self.addCleanup(p.stdout.close)
        self.addCleanup(p.terminate)
        return re.search(r"http://\S+", p.stdout.readline())[0]

    def test_both_shapes_say_the_same(self):
        url = self.start("--latency", "1ms", "--fail", "BAD")
        picks = "".join(f"{c} = .{c}\n" for c in COLUMNS[1:10])
        config = self.write("quotes.conf", f"[generic notebook]\nurl = {url}/quote/{{symbol}}\n"
                            f"symbol = .ticker\n{picks}")
        symbols = ["AAPL", "BAD", "^GSPC", "EURUSD=X"]
        a = self.quotes("--config", config, "-p", "notebook", "--rate", "1000/s", *symbols)
        b = self.quotes("--base-url", url, "--rate", "1000/s", *symbols)
        for records in a, b:
            self.assertEqual(self.kind(records[1]), "invalid_symbol")
        for x, y in zip(a[:1] + a[2:], b[:1] + b[2:]):
            for column in COLUMNS[:9]:
                self.assertEqual(x[column], y[column], column)

    def test_an_unreliable_server_gives_all_in_the_end(self):
        url = self.start("--latency", "0-5ms", "--failure-rate", "0.3", "--seed", "3")
        symbols = [f"S{i}" for i in range(300)]
        records = self.quotes("--base-url", url, "--rate", "100000/s", "-j", "50", "--retries", "30",
                              *symbols)
        self.assertEqual([r["ticker"] for r in records], symbols)
        self.assertEqual(sum("price" in r for r in records), 300)

    def test_a_limited_server_throttles_nobody_in_the_end(self):
        url = self.start("--latency", "0", "--rate-limit", "20/s")
        symbols = [f"S{i}" for i in range(40)]
        records = self.quotes("--base-url", url, "--rate", "1000/s", "-j", "4", "--retries", "10",
                              *symbols)
        self.assertEqual(sum("price" in r for r in records), 40)


if __name__ == "__main__":
    unittest.main()
