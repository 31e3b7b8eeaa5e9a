#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""secret_test.py MEANTIME SOURCE: where keys come from, where they go, and that they are shown nowhere."""
import json
import os
import sys
import unittest

sys.dont_write_bytecode = True
from support import KEY, KEYS, Case, Reply, alphavantage, finnhub, twelvedata, yahoo


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


if __name__ == "__main__":
    unittest.main()
