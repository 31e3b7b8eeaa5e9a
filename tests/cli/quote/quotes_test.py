#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quotes_test.py MEANTIME SOURCE: symbols in, rows out, as users see it."""
import csv
import io
import json
import os
import re
import subprocess
import threading
import urllib.parse
import sys
import unittest

sys.dont_write_bytecode = True
from support import KEY, MEANTIME, PATIENCE, COLUMNS, SOURCE, Case, Reply, chart, yahoo


class Symbols(Case):
    def test_one_bad_symbol_spoils_no_other(self):
        server = self.serve(yahoo)
        records = self.quotes("--base-url", server.url, "--rate", "100/s", "AAPL", "ZZZZNOPE",
                              "A B", "", "..", "x\x1b[31m", "msft")
        self.assertEqual([r["ticker"] for r in records],
                         ["AAPL", "ZZZZNOPE", "A B", "", "..", "x\x1b[31m", "msft"])
        self.assertEqual([r.get("price") for r in records],
                         [249.12, None, None, None, None, None, 747.41])
        for record in records[1:6]:
            self.assertEqual(self.kind(record), "invalid_symbol")
        self.assertEqual(len(server.asked), 3)  # what can be no symbol is no request
        self.assertIn("quotes: 2 of 7, 5 invalid_symbol\n", self.stderr)
        self.assertNotIn("\x1b", self.stderr)

    def test_symbols_are_encoded(self):
        server = self.serve(lambda asked: chart(urllib.parse.unquote(asked.path.split("/")[-1])))
        symbols = ["^GSPC", "EURUSD=X", "EUR/USD", "A?b#c", "BINANCE:BTCUSDT", "\u00c9TOILE"]
        records = self.quotes("--base-url", server.url, "--rate", "100/s", *symbols)
        self.assertEqual([r["ticker"] for r in records], symbols)
        self.assertEqual([r["price"] for r in records], [10.5] * len(symbols))
        self.assertIn("/v8/finance/chart/EUR%2FUSD?range=1y&interval=1d",
                      [a.target for a in server.asked])

    def test_lists_in_every_form(self):
        server = self.serve(yahoo)
        lines = self.write("list.txt", "AAPL\n\n  MSFT  \n# a comment\n")
        table = self.write("list.csv", "name,Symbol\nApple,AAPL\nMicrosoft, MSFT \n")
        objects = self.write("list.ndjson", '{"ticker":"AAPL"}\n{"name":"nothing"}\n')
        base = ["--base-url", server.url, "--rate", "100/s"]
        for arguments in (["-i", lines], ["-i", table], ["-i", "-"]):
            records = self.quotes(*base, *arguments, input="AAPL\nMSFT")
            self.assertEqual([(r["ticker"], r["price"]) for r in records],
                             [("AAPL", 249.12), ("MSFT", 747.41)])
        good, bad = self.quotes(*base, "-i", objects)
        self.assertEqual(good["price"], 249.12)
        self.assertEqual(self.kind(bad), "invalid_symbol")
        self.assertIn('no column "symbol"', bad["error"]["message"])
        self.assertEqual(len(self.quotes(*base, "AAPL", "-i", lines, "-i", table)), 5)

    def test_rows_come_in_input_order_or_as_they_finish(self):
        gate = threading.Event()

        def answer(asked):
            if asked.path.endswith("SYM0"):
                gate.wait(PATIENCE)  # until another one has been printed
            return yahoo(asked)
        server = self.serve(answer)
        symbols = [f"SYM{i}" for i in range(6)]
        arguments = ["--base-url", server.url, "--rate", "100/s", *symbols]
        p = subprocess.Popen([MEANTIME, "quotes", "-f", "ndjson", "-q", "--as-completed",
                              *arguments], stdout=subprocess.PIPE, text=True,
                             env=self.environment)
        with p:
            first = json.loads(p.stdout.readline())
            gate.set()
            rest = [json.loads(line) for line in p.stdout]
        self.assertNotEqual(first["ticker"], "SYM0")
        self.assertEqual(sorted([first["ticker"]] + [r["ticker"] for r in rest]), symbols)
        self.assertEqual([r["ticker"] for r in self.quotes(*arguments)], symbols)

    def test_the_same_symbol_twice_is_two_rows(self):
        server = self.serve(yahoo)
        records = self.quotes("--base-url", server.url, "AAPL", "AAPL")
        self.assertEqual([r["price"] for r in records], [249.12] * 2)


class Formats(Case):
    def setUp(self):
        super().setUp()
        self.server = self.serve(yahoo)
        self.arguments = ["--base-url", self.server.url, "--rate", "100/s", "AAPL", "ZZZZNOPE"]

    def test_json(self):
        r = self.run_quotes("-f", "json", *self.arguments)
        good, bad = json.loads(r.stdout)
        self.assertEqual(list(good), COLUMNS)
        self.assertEqual(self.kind(bad), "invalid_symbol")
        self.assertIn('"volume": 28763900,', r.stdout)

    def test_delimited(self):
        for name, delimiter in ("csv", ","), ("tsv", "\t"):
            r = self.run_quotes("-f", name, *self.arguments)
            header, good, bad = csv.reader(io.StringIO(r.stdout), delimiter=delimiter)
            self.assertEqual(header, COLUMNS + ["error"])
            self.assertEqual(good[:9], ["AAPL", "249.12", "246.43", "2.69", "1.0916", "28763900",
                                        "312.36", "219.62", "USD"])
            self.assertEqual(bad[1:-1], [""] * 11)
            self.assertTrue(bad[-1].startswith("invalid_symbol: "))
            r = self.run_quotes("-f", name, "--no-header", *self.arguments)
            self.assertEqual(r.stdout.count("\n"), 2)

    def test_table(self):
        r = self.run_quotes(*self.arguments)
        header, good, bad = r.stdout.splitlines()
        self.assertEqual(header.split(), COLUMNS + ["error"])
        self.assertEqual(good.split()[:5], ["AAPL", "249.12", "246.43", "2.69", "1.09"])
        self.assertIn("invalid_symbol: ", bad)

    def test_quiet_says_nothing_more(self):
        self.assertEqual(self.run_quotes("-q", *self.arguments).stderr, "")

    def test_text_of_a_server_cannot_paint_the_terminal(self):
        server = self.serve(lambda asked: Reply(500, b"oops \x1b[2J\xff\x9b31m\r\nmore"))
        for form in "table", "json", "csv", "tsv":
            r = self.run_quotes("-f", form, "--base-url", server.url, "--retries", "0", "AAPL")
            self.assertNotRegex(r.stdout + r.stderr, "[\x1b\x9b\r]")
            self.assertIn("oops", r.stdout)


class Logs(Case):
    def test_resume_leaves_out_what_is_done(self):
        server = self.serve(yahoo)
        log, failed = self.path("log"), self.path("failed")
        base = ["--base-url", server.url, "--rate", "100/s", "--log", log, "--failed", failed]
        symbols = ["AAPL", "ZZZZNOPE", "MSFT", "AAPL"]
        self.assertEqual(len(self.quotes(*base, *symbols)), 4)
        with open(log) as f:
            records = [json.loads(line) for line in f]
        self.assertEqual([(r["index"], r["item"], r["status"], r["http"]) for r in records],
                         [(1, "AAPL", "ok", 200), (2, "ZZZZNOPE", "failed", 404),
                          (3, "MSFT", "ok", 200), (4, "AAPL", "ok", 200)])
        self.assertEqual(records[0]["provider"], "yahoo")
        self.assertEqual(records[1]["error"]["code"], "invalid_symbol")
        with open(failed) as f:
            self.assertEqual(f.read(), "ZZZZNOPE\n")
        self.refused("--log", *base, *symbols)
        again = self.quotes(*base, "--resume", *symbols, "VOD.L")
        self.assertEqual([r["ticker"] for r in again], ["ZZZZNOPE", "VOD.L"])
        self.assertIn("1 of 2, 1 invalid_symbol; 3 were done before", self.stderr)
        self.assertEqual(len(server.asked), 6)


    def test_a_run_that_was_killed_is_finished_by_resume(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def answer(asked):
            if len(server.asked) > 20:
                gate.wait(PATIENCE)
            return yahoo(asked)
        server = self.serve(answer)
        log, symbols = self.path("log"), [f"SYM{i}" for i in range(60)]
        arguments = ["--base-url", server.url, "--rate", "100000/s", "--log", log, *symbols]
        p = subprocess.Popen([MEANTIME, "quotes", "-f", "ndjson", *arguments],
                             stdout=subprocess.PIPE, text=True, env=self.environment)
        with p:
            for _ in range(10):  # ten are out; more than twenty cannot be
                self.assertIn("price", json.loads(p.stdout.readline()))
            p.kill()
        gate.set()
        self.quotes(*arguments, "--resume")
        with open(log) as f:
            done = [r["item"] for r in map(json.loads, f) if r["status"] == "ok"]
        self.assertEqual(sorted(done), sorted(symbols))


class Usage(Case):
    def test_mistakes_are_told(self):
        self.refused("no symbols given", )
        self.refused("--resume needs --log", "--resume", "AAPL")
        self.refused('there is no provider "yaho"', "--provider", "yaho", "AAPL")
        self.refused("a list of names", "--provider", "", "AAPL")
        self.refused("--base-url cannot be used", "--base-url", "example.org", "AAPL")
        self.refused("--base-url cannot be used", "--base-url", "http://x/?a=b", "AAPL")
        self.refused("No such file", "--config", self.path("none"), "AAPL")
        self.refused("--rate", "--rate", "fast", "AAPL")
        self.refused("--retries", "--retries", "-1", "AAPL")
        self.refused("--timeout", "--timeout", "0", "AAPL")
        self.refused("there is no option --apikey", "--apikey", KEY, "AAPL")

    def test_manual_has_every_option_and_no_other(self):
        told = set(re.findall(r"--([a-z][a-z-]+)", self.run_quotes("--help").stdout
                              .split("\nExamples")[0]))
        with open(os.path.join(SOURCE, "man/meantime-quotes.1")) as f:
            items = re.findall(r"^\.It (Fl .*)", f.read(), re.M)
        self.assertEqual({o for item in items for o in re.findall(r"Fl -([a-z][a-z-]+)", item)},
                         told)

    def test_help_fits_a_terminal(self):
        for line in self.run_quotes("--help").stdout.splitlines():
            self.assertLessEqual(len(line), 92, line)


if __name__ == "__main__":
    unittest.main()
