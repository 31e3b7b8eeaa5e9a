#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""failure_test.py MEANTIME SOURCE: what can go wrong, how often it is tried again, and how fast."""
import json
import signal
import socket
import subprocess
import threading
import time
import sys
import unittest

sys.dont_write_bytecode = True
from support import KEYS, MEANTIME, PATIENCE, Case, Reply, reset, route, yahoo


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

    def test_a_body_without_bottom_is_a_bad_response(self):
        for body in b"[" * 100000, b'{"chart":' * 100000, b"[" * 2000 + b"]" * 2000:
            server = self.serve(lambda asked: Reply(200, body))
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
        self.assertIn("status 429", record["error"]["message"])  # not just that it was late
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
        before = time.monotonic()
        self.quotes("--base-url", server.url, *[f"SYM{i}" for i in range(5)])
        # Yahoo's is 2 a second: the fifth cannot come before two seconds are over.
        self.assertGreaterEqual(max(a.when for a in server.asked), before + 2)

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


if __name__ == "__main__":
    unittest.main()
