#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""quotes_test.py MEANTIME SOURCE: meantime quotes against a server that replays what providers
send, with the statuses that the manifest names."""
import csv
import http.server
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.parse

MEANTIME, SOURCE = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
BODIES = os.path.join(SOURCE, "tests/data/providers")
COLUMNS = ("ticker price previous_close change change_percent volume high_52w low_52w currency "
           "time fetch_time provider").split()
KEY = "TESTKEY0TESTKEY0"
KEYS = {"ALPHAVANTAGE_API_KEY": KEY, "TWELVEDATA_API_KEY": KEY, "FINNHUB_API_KEY": KEY}
# A process that should end and does not is a failure, not a hang of the whole suite.
PATIENCE = 120

with open(os.path.join(BODIES, "manifest.json")) as f:
    ROUTES = {route["file"]: route for route in json.load(f)["routes"]}


class Reply:
    def __init__(self, status, body, headers=(), act=None):
        self.status, self.headers, self.act = status, dict(headers), act
        self.body = body if isinstance(body, bytes) else body.encode()


def route(name):
    """What the manifest says of a file, as a reply."""
    with open(os.path.join(BODIES, name), "rb") as f:
        return Reply(ROUTES[name]["status"], f.read(), ROUTES[name].get("headers", {}))


class Server(http.server.ThreadingHTTPServer):
    """On loopback, for one test. answer(path, query, headers) gives a Reply; what was asked is in
    `asked`, in the order in which it came."""
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, answer):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer, self.asked, self.lock = answer, [], threading.Lock()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests


class Asked:
    def __init__(self, target, headers):
        parts = urllib.parse.urlsplit(target)
        self.target, self.path, self.headers = target, parts.path, headers
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        self.when = time.monotonic()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        asked = Asked(self.path, self.headers)
        with self.server.lock:
            self.server.asked.append(asked)
        reply = self.server.answer(asked)
        asked.answered = time.monotonic()
        if reply.act:
            reply.act(self)
        else:
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)


def reset(handler):
    """Breaks the connection: what is sent next is a reset."""
    linger = b"\x01\0\0\0\0\0\0\0"
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.close_connection = True
    handler.connection.close()


def yahoo(asked):
    symbol = urllib.parse.unquote(asked.path.rsplit("/", 1)[1])
    files = {"AAPL": "yahoo/v8_chart_AAPL_1y_1d.json", "MSFT": "yahoo/v8_chart_MSFT_1y_1d.json",
             "VOD.L": "yahoo/v8_chart_VOD.L_5d_1d_pence.json"}
    if symbol.upper().startswith("SYM"):
        return chart(symbol)
    return route(files.get(symbol.upper(), "yahoo/v8_404_unknown_symbol.json"))


def chart(symbol, price=10.5):
    meta = {"symbol": symbol, "regularMarketPrice": price, "currency": "USD"}
    return Reply(200, json.dumps({"chart": {"result": [{"meta": meta}], "error": None}}))


def alphavantage(asked):
    function, symbol = asked.query["function"], asked.query["symbol"]
    if symbol != "AAPL":
        return route("alphavantage/GLOBAL_QUOTE_unknown.json")
    return route(f"alphavantage/{function}_AAPL.json")


def twelvedata(asked):
    return route("twelvedata/quote_AAPL.json" if asked.query["symbol"] == "AAPL"
                 else "twelvedata/404.json")


def finnhub(asked):
    if asked.path.endswith("/stock/metric"):
        return route("finnhub/metric_AAPL.json")
    return route("finnhub/quote_AAPL.json" if asked.query["symbol"] == "AAPL"
                 else "finnhub/quote_unknown.json")


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        kept = {"PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"}
        self.environment = {k: v for k, v in os.environ.items() if k in kept}
        self.environment["HOME"] = self.folder

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o600):
        with open(self.path(name), "w") as f:
            f.write(content)
        os.chmod(self.path(name), mode)
        return self.path(name)

    def serve(self, answer):
        server = Server(answer)
        self.addCleanup(server.close)
        return server

    def run_quotes(self, *arguments, **options):
        options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
        options.setdefault("env", self.environment)
        return subprocess.run([MEANTIME, "quotes", *arguments], capture_output=True, text=True,
                              timeout=PATIENCE, **options)

    def quotes(self, *arguments, expect=None, **options):
        """The records, in the order in which they were printed."""
        r = self.run_quotes("-f", "ndjson", *arguments, **options)
        records = [json.loads(line) for line in r.stdout.splitlines()]
        if expect is None:
            expect = 1 if any("error" in x for x in records) else 0
        self.assertEqual(r.returncode, expect, r.stderr)
        self.stderr = r.stderr
        self.assertNotIn(KEY, r.stdout + r.stderr)
        return records

    def refused(self, message, *arguments, **options):
        r = self.run_quotes(*arguments, **options)
        self.assertEqual((r.returncode, r.stdout), (2, ""), r.stderr)
        self.assertIn(message, r.stderr)
        self.assertNotIn(KEY, r.stderr)
        self.assertEqual(r.stderr.count("\n"), 1, r.stderr)

    def kind(self, record):
        self.assertEqual(set(record), {"ticker", "error"})
        self.assertEqual(set(record["error"]), {"kind", "message"})
        self.assertTrue(record["error"]["message"])
        return record["error"]["kind"]

    def same(self, record, expect):
        names = {"symbol": "ticker", "high52": "high_52w", "low52": "low_52w"}
        self.assertEqual({k: record[names.get(k, k)] for k in expect}, expect)


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
        self.assertRegex(record["fetch_time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")

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


class Failures(Case):
    def test_a_failure_that_may_pass_is_repeated(self):
        first = {"network": lambda asked: Reply(0, b"", act=reset),
                 "provider_error": lambda asked: Reply(502, b""),
                 "throttled": lambda asked: Reply(429, b"", {"Retry-After": "0"})}
        for kind, fails in first.items():
            with self.subTest(kind):
                failures = [2]

                def answer(asked):
                    failures[0] -= 1
                    return fails(asked) if failures[0] >= 0 else yahoo(asked)
                server = self.serve(answer)
                record, = self.quotes("--base-url", server.url, "--rate", "100/s", "AAPL")
                self.assertEqual(record["price"], 249.12)
                self.assertEqual(len(server.asked), 3)
                failures[0] = 2
                record, = self.quotes("--base-url", server.url, "--rate", "100/s", "--retries", "1",
                                      "AAPL")
                self.assertEqual(self.kind(record), kind)

    def test_a_failure_that_stays_is_not(self):
        replies = {"invalid_symbol": route("yahoo/v8_404_unknown_symbol.json"),
                   "unauthorized": Reply(401, b"{}"),
                   "bad_response": Reply(200, b"<html>consent</html>"),
                   "provider_error": Reply(302, b"", {"Location": "http://127.0.0.1:1/"})}
        for kind, reply in replies.items():
            with self.subTest(kind):
                server = self.serve(lambda asked: reply)
                record, = self.quotes("--base-url", server.url, "--retries", "5", "AAPL")
                self.assertEqual(self.kind(record), kind)
                self.assertEqual(len(server.asked), 1)

    def test_no_answer_is_network(self):
        gate = threading.Event()
        self.addCleanup(gate.set)

        def silence(asked):
            gate.wait(PATIENCE)
            return Reply(200, b"")

        def half(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
            handler.close_connection = True
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            dead = f"http://127.0.0.1:{s.getsockname()[1]}"  # bound, and nobody listens
            urls = {dead: "no answer", "http://nowhere.invalid": "no answer",
                    self.serve(silence).url: "within 0.3 s",
                    self.serve(lambda asked: Reply(0, b"", act=half)).url: "no answer",
                    self.serve(lambda asked: Reply(0, b"", act=reset)).url: "no answer"}
            for url, words in urls.items():
                with self.subTest(words):
                    record, = self.quotes("--base-url", url, "--timeout", "0.3", "--retries", "0",
                                          "AAPL")
                    self.assertEqual(self.kind(record), "network")
                    self.assertIn(words, record["error"]["message"])

    def test_an_endless_body_is_a_bad_response(self):
        def endless(handler):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                handler.wfile.write(b" " * 65536)
        server = self.serve(lambda asked: Reply(0, b"", act=endless))
        record, = self.quotes("--base-url", server.url, "AAPL")
        self.assertEqual(self.kind(record), "bad_response")

    def test_the_first_throttling_pauses_the_provider_for_all(self):
        throttled = []

        def answer(asked):
            with server.lock:
                if len(server.asked) < 3 or throttled:
                    return yahoo(asked)
                throttled.append(asked)
            return route("generic/429_retry_after_seconds.txt")  # for two seconds
        server = self.serve(answer)
        symbols = [f"SYM{i}" for i in range(12)]
        # One at a time: none is under way while the provider says so.
        records = self.quotes("--base-url", server.url, "--rate", "1000/s", "-j", "1", *symbols)
        self.assertEqual([r["price"] for r in records], [10.5] * 12)
        self.assertEqual(len(server.asked), 13)
        said = throttled[0].answered
        later = [a for a in server.asked if a.when > said]
        self.assertEqual(len(later), 10)
        self.assertGreaterEqual(min(a.when for a in later), said + 1.95)

    def test_a_pause_without_a_time_is_the_configuration_s(self):
        replies = [route("yahoo/429_edge.txt")]
        server = self.serve(lambda asked: replies.pop() if replies else yahoo(asked))
        config = self.write("quotes.conf", f"[yahoo]\npause = 0.7\nbase_url = {server.url}\n")
        record, = self.quotes("--config", config, "AAPL")
        self.assertEqual(record["price"], 249.12)
        first, second = server.asked
        self.assertGreaterEqual(second.when - first.answered, 0.65)

    def test_a_pause_that_is_too_long_is_not_waited_for(self):
        server = self.serve(lambda asked: Reply(429, b"", {"Retry-After": "86400"}))
        records = self.quotes("--base-url", server.url, "-j", "1", "--rate", "100/s",
                              *[f"SYM{i}" for i in range(5)])
        self.assertEqual([self.kind(r) for r in records], ["throttled"] * 5)
        self.assertEqual(len(server.asked), 1)

    def test_a_deadline_ends_a_pause(self):
        server = self.serve(lambda asked: Reply(429, b"", {"Retry-After": "300"}))
        record, = self.quotes("--base-url", server.url, "--deadline", "0.5", "AAPL")
        self.assertEqual(self.kind(record), "throttled")
        records = self.quotes("--base-url", server.url, "--run-deadline", "0.5", "SYM1", "SYM2")
        self.assertEqual([self.kind(r) for r in records], ["throttled"] * 2)

    def test_rules_stop_the_run(self):
        server = self.serve(yahoo)
        base = ["--base-url", server.url, "--rate", "100/s", "-j", "1"]
        bad = [f"NOPE{i}" for i in range(200)]
        for rule in (["--fail-fast"], ["--max-failures", "3"]):
            r = self.run_quotes("-f", "ndjson", *base, *rule, *bad)
            self.assertEqual(r.returncode, 1)
            self.assertLess(r.stdout.count("\n"), 200)
            self.assertIn("too many failures", r.stderr)
        good = [f"SYM{i}" for i in range(200)]
        r = self.run_quotes("-f", "ndjson", *base, "--stop-after", "2", *good)
        self.assertEqual(r.returncode, 0)
        self.assertEqual(r.stdout.count("\n"), 2)

    def test_an_interrupt_prints_what_there_is_and_ends_by_the_signal(self):
        gate, waiting = threading.Event(), threading.Event()
        self.addCleanup(gate.set)

        def answer(asked):
            if asked.path.endswith("SYM1"):
                waiting.set()
                gate.wait(PATIENCE)
            return yahoo(asked)
        server = self.serve(answer)
        p = subprocess.Popen([MEANTIME, "quotes", "-f", "ndjson", "--base-url", server.url, "SYM0",
                              "SYM1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             env=self.environment)
        with p:
            self.assertEqual(json.loads(p.stdout.readline())["ticker"], "SYM0")
            self.assertTrue(waiting.wait(PATIENCE))
            p.send_signal(signal.SIGINT)
            out, err = p.communicate(timeout=PATIENCE)
        self.assertEqual(p.returncode, -signal.SIGINT)
        self.assertEqual(out, "")
        self.assertIn("interrupted: 1 quotes done", err)


class Rates(Case):
    def test_a_provider_s_own_rate_is_kept(self):
        server = self.serve(yahoo)
        self.quotes("--base-url", server.url, *[f"SYM{i}" for i in range(5)])
        # Yahoo's is 2 a second; what arrives is looked at, so a little is left for the way.
        times = sorted(a.when for a in server.asked)
        for early, late in zip(times, times[2:]):
            self.assertGreaterEqual(late - early, 0.95)

    def test_the_day_s_requests_are_not_exceeded(self):
        self.environment.update(KEYS)
        server = self.serve(lambda asked: Reply(200, json.dumps(
            {"Global Quote": {"01. symbol": asked.query["symbol"], "05. price": "5"}})))
        config = self.write("quotes.conf", "[alphavantage]\nrate = 100/s, 4/day\ndetails = no\n"
                                           f"base_url = {server.url}\n")
        records = self.quotes("--config", config, "--provider", "alphavantage",
                              *[f"S{i}" for i in range(10)])
        self.assertEqual(sum(r.get("price") == 5 for r in records), 4)
        self.assertEqual([self.kind(r) for r in records if "error" in r], ["throttled"] * 6)
        self.assertEqual(len(server.asked), 4)
        self.assertIn("quotes: 4 of 10, 6 throttled\n", self.stderr)

    def test_a_day_that_the_provider_says_is_over_is_over(self):
        self.environment.update(KEYS)
        server = self.serve(lambda asked: route("alphavantage/err_information_25_per_day.json"))
        records = self.quotes("--base-url", server.url, "--provider", "alphavantage", "--rate",
                              "100/s", "-j", "1", *[f"S{i}" for i in range(10)])
        self.assertEqual([self.kind(r) for r in records], ["throttled"] * 10)
        self.assertEqual(len(server.asked), 1)

    def test_not_more_at_once_than_asked_for(self):
        now, most = [0], [0]
        together = threading.Condition()

        def answer(asked):
            with together:
                now[0] += 1
                most[0] = max(most[0], now[0])
                together.notify_all()
                # Three are let through together; a fourth would be seen here.
                together.wait_for(lambda: most[0] >= 3, PATIENCE)
                now[0] -= 1
            return yahoo(asked)
        server = self.serve(answer)
        records = self.quotes("--base-url", server.url, "--rate", "1000/s", "-j", "3",
                              *[f"SYM{i}" for i in range(30)])
        self.assertEqual([r["price"] for r in records], [10.5] * 30)
        self.assertEqual(most[0], 3)


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


class Secrets(Case):
    def test_keys_travel_in_headers_where_they_can(self):
        self.environment.update(KEYS)
        for name, fake, header in (("twelvedata", twelvedata, ("Authorization", f"apikey {KEY}")),
                                   ("finnhub", finnhub, ("X-Finnhub-Token", KEY))):
            server = self.serve(fake)
            self.quotes("--provider", name, "--base-url", server.url, "AAPL")
            for asked in server.asked:
                self.assertEqual(asked.headers[header[0]], header[1])
                self.assertNotIn(KEY, asked.target)

    def test_a_key_is_shown_nowhere(self):
        self.environment.update(KEYS)
        server = self.serve(lambda asked: Reply(400, f"no: {asked.target} {KEY.lower()}"))
        for name in "alphavantage", "twelvedata", "finnhub":
            log, failed = self.path(name + ".log"), self.path(name + ".failed")
            record, = self.quotes("--provider", name, "--base-url", server.url, "--log", log,
                                  "--failed", failed, "AAPL")
            self.assertIn("***", record["error"]["message"])
            for path in log, failed:
                with open(path) as f:
                    text = f.read()
                self.assertTrue(text)
                self.assertNotIn(KEY.lower(), text.lower())
            self.assertNotIn(KEY.lower(), json.dumps(record).lower())

    def test_a_key_goes_to_no_other_server(self):
        self.environment.update(KEYS)
        elsewhere = self.serve(alphavantage)
        server = self.serve(lambda asked: Reply(302, b"", {"Location": elsewhere.url + asked.target}))
        record, = self.quotes("--provider", "alphavantage", "--base-url", server.url, "AAPL")
        self.assertEqual(self.kind(record), "provider_error")
        self.assertEqual(elsewhere.asked, [])
        self.refused("unencrypted", "--provider", "finnhub", "--base-url", "http://example.org",
                     "AAPL")
        self.refused("a user before its host", "--provider", "finnhub", "--base-url",
                     "http://127.0.0.1@example.org", "AAPL")

    def test_what_is_for_this_machine_takes_no_proxy(self):
        self.environment.update(KEYS)
        proxy = self.serve(lambda asked: Reply(500, b"proxy"))
        for name in "http_proxy", "all_proxy", "ALL_PROXY":
            self.environment[name] = proxy.url
        server = self.serve(alphavantage)
        record, = self.quotes("--provider", "alphavantage", "--base-url", server.url, "AAPL")
        self.assertEqual(record["price"], 249.12)
        self.assertEqual(proxy.asked, [])

    def test_a_file_with_keys_must_be_private(self):
        os.makedirs(self.path(".config/meantime"))
        path = self.write(".config/meantime/quotes.conf", f"[finnhub]\nkey = {KEY}\n", 0o644)
        self.refused(f"chmod 600 '{path}'", "AAPL")
        os.chmod(path, 0o600)
        server = self.serve(finnhub)
        record, = self.quotes("--provider", "finnhub", "--base-url", server.url, "AAPL")
        self.assertEqual(record["price"], 249.12)
        self.assertEqual(server.asked[0].headers["X-Finnhub-Token"], KEY)

    def test_a_missing_key_is_told_before_anything_is_asked(self):
        server = self.serve(yahoo)
        for name, variable in (("alphavantage", "ALPHAVANTAGE_API_KEY"),
                               ("twelvedata", "TWELVEDATA_API_KEY"), ("finnhub", "FINNHUB_API_KEY")):
            self.refused(f"{name} needs a key: set {variable}", "--provider", f"yahoo,{name}",
                         "AAPL")
        self.assertEqual(server.asked, [])

    def test_it_says_who_it_is(self):
        server = self.serve(yahoo)
        self.quotes("--base-url", server.url, "AAPL")
        self.assertRegex(server.asked[0].headers["User-Agent"], r"^meantime/\d+\.\d+\.\d+ \(")


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
