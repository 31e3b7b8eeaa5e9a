# SPDX-License-Identifier: MIT
"""support.py: for scripts that are called with MEANTIME SOURCE: a server that replays what providers
send, with the statuses that the manifest names, and meantime quotes run against it."""
import http.server
import json
import os
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
