#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""serve_test.py MEANTIME: the quote server, as its clients see it."""
import json
import os
import resource
import signal
import socket
import struct
import subprocess
import time
import unittest

from support import MEANTIME, PATIENCE, Case, Reader, request


class Frame(Case):
    def refused(self, message, *arguments):
        r = subprocess.run([MEANTIME, "serve", *arguments], capture_output=True, text=True,
                           timeout=PATIENCE)
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn(message, r.stderr)
        self.assertEqual(r.stderr.count("\n"), 1)

    def test_mistakes_are_told(self):
        self.refused("--port can be 65535 at most", "--port", "65536")
        self.refused("--public", "--host", "0.0.0.0")
        self.refused("--public", "--host", "::")
        self.refused("needs an address", "--host", "localhost")
        self.refused("--failure-rate is a share from 0 to 1", "--failure-rate", "1.5")
        self.refused("--latency needs", "--latency", "500-100ms")
        self.refused("--rate-limit needs", "--rate-limit", "10")
        self.refused('this is none: "A/B"', "--fail", "C,A/B")
        self.refused('this is none: ""', "--slow", "A,")
        self.refused("takes no operands", "prices")
        self.refused("there cannot be", "--workers", "5000", "--port", "0")

    def test_a_port_in_use_is_told(self):
        server = self.serve()
        self.refused("--port 0 takes any free one", "--port", str(server.port))

    def test_an_address_that_is_not_printed_is_a_failure(self):
        with open("/dev/full", "w") as full:
            r = subprocess.run([MEANTIME, "serve", "--port", "0"], stdout=full, timeout=PATIENCE,
                               stderr=subprocess.PIPE, text=True)
        self.assertEqual(r.returncode, 1)
        self.assertIn("stdout cannot be written", r.stderr)

    def test_it_ends_when_its_time_is_over(self):
        server = self.serve("--seconds", "0.2")
        self.assertIn(" 0 requests on 0 connections", self.ends_well(server, by=None))

    def test_quiet_says_nothing_at_the_end(self):
        server = self.serve("--quiet")
        self.assertEqual((server.end(), server.status), ("", 0))

    def test_ipv6(self):
        server = self.serve(host="::1")
        self.assertEqual(server.url, f"http://[::1]:{server.port}")
        self.assertEqual(self.get(server, "/healthz").body, b"ok\n")

    def test_the_summary_counts(self):
        server = self.serve("--latency", "0")
        for path in "/quote/A", "/quote/B", "/quote/BAD", "/none":
            self.get(server, path)
        self.assertRegex(self.ends_well(server), r"^meantime: serve: 4 requests on 4 connections, "
                         r"at most [1-4] at once; 200: 2, 404: 2\n$")


class Http(Case):
    @classmethod
    def setUpClass(cls):
        from support import Server
        cls.server = Server("--latency", "0")
        cls.addClassCleanup(cls.server.kill)

    def test_connections_are_kept(self):
        client = self.server.client()
        self.addCleanup(client.close)
        client.connect()
        own = client.sock
        for _ in range(20):
            client.request("GET", "/quote/AAPL")
            self.assertEqual(json.loads(client.getresponse().read())["ticker"], "AAPL")
            self.assertIs(client.sock, own)

    def test_connections_close_when_asked_to(self):
        for head, kept in ((request("/healthz"), True),
                           (request("/healthz", "Connection: close"), False),
                           (b"GET /healthz HTTP/1.0\r\n\r\n", False),
                           (b"GET /healthz HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", True)):
            answers = self.say(self.server, head + request("/healthz", "Connection: close"))
            first = answers.answer()
            self.assertEqual(first.headers["connection"], "keep-alive" if kept else "close")
            self.assertEqual(answers.answer() is not None, kept)
            self.assertEqual(answers.rest(), b"")

    def test_pipelined_requests_are_answered_in_their_order(self):
        paths = [f"/delay/{(7 * i) % 10}" for i in range(100)]
        answers = self.say(self.server, b"".join(map(request, paths)))
        for path in paths:
            self.assertEqual(answers.answer().json(), {"delay_ms": int(path[7:])})

    def test_requests_may_come_byte_by_byte(self):
        sock = self.connect(self.server)
        answers = Reader(sock)
        for byte in request("/healthz") + request("/quote/X", "Connection: close"):
            sock.sendall(bytes([byte]))
        self.assertEqual(answers.answer().body, b"ok\n")
        self.assertEqual(answers.answer().json()["ticker"], "X")

    def test_more_pipelined_requests_than_a_buffer_holds(self):
        n = 2000
        answers = self.say(self.server, request("/healthz", "X: " + 50 * "x") * n)
        for _ in range(n):
            self.assertEqual(answers.answer().body, b"ok\n")

    def test_head_has_the_headers_of_get_and_no_body(self):
        for path in ("/quote/AAPL", "/v8/finance/chart/AAPL", "/bytes/1000", "/healthz", "/none",
                     "/quote/BAD"):
            answers = self.say(self.server, request(path, method="HEAD") + request(path))
            head, whole = answers.answer(body=False), answers.answer()
            for answer in head, whole:
                del answer.headers["date"]
            self.assertEqual((head.status, head.headers), (whole.status, whole.headers))

    def test_mistakes_have_a_status_and_end_the_connection(self):
        for status, data in ((400, b"\x16\x03\x01\x02\x00"),
                             (400, b"GET /healthz HTTP/1.1\r\n\r\n"),
                             (400, request("/healthz", "Bad header")),
                             (431, request("/healthz", "X: " + 20000 * "x")),
                             (413, request("/healthz", "Content-Length: 99999999")),
                             (501, request("/healthz", "Transfer-Encoding: chunked")),
                             (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")):
            # What follows is never read, and must not take the answer away.
            answers = self.say(self.server, data + 100 * request("/healthz"))
            answer = answers.answer()
            self.assertEqual((answer.status, answer.headers["connection"]), (status, "close"))
            self.assertEqual(answers.rest(), b"")

    def test_other_methods_are_refused_and_their_bodies_passed_over(self):
        for method in "POST", "PUT", "DELETE", "OPTIONS", "get":
            body = request("/never")
            answers = self.say(self.server, request("/healthz", f"Content-Length: {len(body)}",
                                                    method=method) + body + request("/healthz"))
            first = answers.answer()
            self.assertEqual((first.status, first.headers["allow"]), (405, "GET, HEAD"))
            self.assertEqual(answers.answer().status, 200)

    def test_a_large_body_is_passed_over(self):
        size = 1000000
        answers = self.say(self.server, request("/healthz", f"Content-Length: {size}", method="PUT")
                           + size * b"x" + request("/healthz"))
        self.assertEqual([answers.answer().status, answers.answer().status], [405, 200])

    def test_a_body_that_is_held_back_ends_the_connection(self):
        answers = self.say(self.server, request("/healthz", "Content-Length: 5",
                                                "Expect: 100-continue", method="POST"))
        self.assertEqual(answers.answer().status, 405)
        self.assertEqual(answers.rest(), b"")

    def test_unknown_paths_are_told_what_there_is(self):
        for path in "/", "/quotes", "/healthz/", "/quote", "/..", "/%2e":
            answer = self.get(self.server, path)
            self.assertEqual(answer.status, 404)
            self.assertIn(b"/quote/SYMBOL", answer.body)

    def test_bytes(self):
        for n in 0, 1, 64, 65536, 65537, 3000000:
            body = self.get(self.server, f"/bytes/{n}").body
            self.assertEqual(len(body), n)
            self.assertEqual(body[:64 * (n // 64)].count(b"\n"), n // 64)
            self.assertEqual(body[65536:131072], body[:65536][:len(body[65536:131072])])
        for wrong in "x", "", "-1", "1x", "99999999999999999999999", "%00":
            self.assertEqual(self.get(self.server, f"/bytes/{wrong}").status, 400)

    def test_delays_are_kept(self):
        begin = time.monotonic()
        self.assertEqual(self.get(self.server, "/delay/250").json(), {"delay_ms": 250})
        self.assertGreaterEqual(time.monotonic() - begin, 0.25)
        self.assertEqual(self.get(self.server, "/delay/3600001").status, 400)

    def test_clients_that_break_off_harm_nobody(self):
        for data in (b"", b"GET", request("/delay/50"), request("/bytes/100000000"),
                     request("/healthz", "Content-Length: 10", method="POST")):
            for reset in False, True:
                sock = self.connect(self.server)
                sock.sendall(data)
                if reset:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.close()
        self.assertEqual(self.get(self.server, "/healthz").status, 200)


class Ends(Case):
    def under_way(self, server, path):
        """A client whose request for `path` is being answered."""
        answers = self.say(server, request("/healthz") + request(path))
        # By its answer the first shows that the second was read with it.
        self.assertEqual(answers.answer().body, b"ok\n")
        return answers

    def test_answers_under_way_are_completed(self):
        for by in signal.SIGTERM, signal.SIGINT:
            server = self.serve()
            # Less than the second that an answer is given at the end.
            clients = [self.under_way(server, "/delay/900") for _ in range(20)]
            summary = self.ends_well(server, by)
            ends = []
            for answers in clients:
                answer = answers.answer()
                self.assertEqual(answer.json(), {"delay_ms": 900})
                ends.append(answer.headers["connection"])
                self.assertEqual(answers.rest(), b"")
            self.assertIn("close", ends)  # it was the end, and they were told
            self.assertIn("40 requests on 20 connections, at most 20 at once; 200: 40\n", summary)

    def test_connections_that_wait_for_a_request_are_closed(self):
        server = self.serve()
        idle = self.connect(server)
        begun = self.say(server, b"GET /heal")
        kept = self.say(server, request("/healthz"))
        self.assertEqual(kept.answer().status, 200)
        self.ends_well(server)
        self.assertEqual(idle.recv(100), b"")
        self.assertEqual(kept.rest(), b"")
        # Its bytes may have been unread: then it is a reset.
        try:
            self.assertEqual(begun.rest(), b"")
        except ConnectionResetError:
            pass

    def test_what_would_take_too_long_is_cut(self):
        server = self.serve()
        answers = self.under_way(server, "/delay/3000000")
        self.assertIn("broken off: 1", self.ends_well(server))
        self.assertIsNone(answers.answer())

    def test_a_client_that_reads_nothing_is_not_waited_for(self):
        server = self.serve()
        self.under_way(server, "/bytes/1000000000")
        self.assertIn("broken off: 1", self.ends_well(server))

    def test_an_endless_answer_that_is_read_is_cut(self):
        server = self.serve()
        answers = self.under_way(server, "/bytes/1000000000000")
        os.kill(server.pid, signal.SIGTERM)
        try:
            while answers.file.read1(1 << 20):
                pass
        except ConnectionResetError:
            pass
        self.assertIn("broken off: 1", self.ends_well(server, by=None))


class Patience(Case):
    def test_a_slow_loris_is_dropped(self):
        server = self.serve("--idle", "0.3")
        sock = self.connect(server)
        sent = 0
        with self.assertRaises((BrokenPipeError, ConnectionResetError)):
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            while True:  # a header that never ends, and always goes on
                sock.sendall(b"x")
                sent += 1
                time.sleep(0.01)
        self.assertGreater(sent, 0)
        self.assertIn("408: 1", self.ends_well(server))

    def test_a_slow_loris_that_listens_is_told(self):
        server = self.serve("--idle", "0.2")
        answers = self.say(server, b"GET / HTTP/1.1\r\n")
        self.assertEqual(answers.answer().status, 408)
        self.assertEqual(answers.rest(), b"")

    def test_who_says_nothing_is_dropped_without_a_word(self):
        server = self.serve("--idle", "0.2")
        self.assertEqual(self.connect(server).recv(100), b"")
        self.assertIn("0 requests on 1 connections", self.ends_well(server))

    def test_who_stops_reading_is_dropped(self):
        size = 1000000000
        # Descriptors for one connection: the next is taken in when the first has been dropped.
        server = self.serve("--idle", "0.2", "--workers", "1", limits=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (28, 28)))
        answers = self.say(server, request(f"/bytes/{size}"))
        self.assertEqual(self.get(server, "/healthz").body, b"ok\n")
        try:
            self.assertLess(len(answers.rest()), size)
        except ConnectionResetError:
            pass
        self.assertIn("at most 1 at once; 200: 1, broken off: 1", self.ends_well(server))


def raise_descriptors(n):
    """Whether this process may have n descriptors, from now on."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard < n:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(n, resource.getrlimit(
        resource.RLIMIT_NOFILE)[0]), hard))
    return True


class Many(Case):
    def test_ten_thousand_open_connections(self):
        n = 10000
        if not raise_descriptors(n + 100):
            self.skipTest(f"a process may have fewer than {n + 100} descriptors here")
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        # The server begins with few, and raises its limit itself.
        server = self.serve("--latency", "0", limits=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (256, hard)))
        clients = []
        for i in range(n):
            sock = socket.create_connection((server.host, server.port), timeout=PATIENCE)
            clients.append(sock)
            sock.sendall(request(f"/quote/S{i}"))
        try:
            for i, sock in enumerate(clients):  # each is served, and stays
                data = b""
                while b"\r\n\r\n" not in data or not data.endswith(b"}\n"):
                    data += sock.recv(4096)
                self.assertIn(f'"ticker":"S{i}"'.encode(), data)
            self.assertEqual(self.get(server, "/quote/AAPL").json()["ticker"], "AAPL")
            summary = self.ends_well(server)
        finally:
            for sock in clients:
                sock.close()
        self.assertIn(f"at most {n + 1} at once", summary)

    def test_when_descriptors_run_out_the_others_wait(self):
        most = 70
        server = self.serve("--workers", "2", limits=lambda: resource.setrlimit(
            resource.RLIMIT_NOFILE, (most, most)))
        clients = []
        for _ in range(3 * most):
            sock = self.connect(server)
            sock.sendall(request("/healthz"))
            clients.append(sock)
        for sock in clients:  # each that goes makes room for one that waits
            self.assertEqual(Reader(sock).answer().body, b"ok\n")
            sock.shutdown(socket.SHUT_WR)
        summary = self.ends_well(server)
        self.assertIn(f"{3 * most} requests on {3 * most} connections", summary)
        self.assertLess(int(summary.split("at most ")[1].split()[0]), most)


if __name__ == "__main__":
    unittest.main()
