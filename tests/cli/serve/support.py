# SPDX-License-Identifier: MIT
"""A server of our own for each test, and a client that sees every byte."""
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import unittest

MEANTIME = os.path.abspath(sys.argv.pop(1))
# A process or an answer that should come and does not is a failure, not a hang of the suite.
PATIENCE = 120


class Server:
    """meantime serve on a free port: bounded in life, ended by its pid."""

    def __init__(self, *arguments, host="127.0.0.1", limits=None):
        self.process = subprocess.Popen(
            [MEANTIME, "serve", "--port", "0", "--host", host, "--seconds", "300", *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=limits)
        self.line = self.process.stdout.readline()
        match = re.fullmatch(r"meantime serve: (http://(\S+):(\d+)) \(pid (\d+)\)\n", self.line)
        if not match:
            self.process.kill()
            raise AssertionError(f"{self.line!r} {self.process.communicate()[1]!r}")
        self.url, self.port = match[1], int(match[3])
        self.host, self.pid = host, int(match[4])
        self.sum = None

    def end(self, by=signal.SIGTERM):
        """Ends it; returns its summary."""
        if self.sum is None:
            if by and self.process.poll() is None:
                os.kill(self.pid, by)
            out, self.sum = self.process.communicate(timeout=PATIENCE)
            self.status = self.process.returncode
            assert out == "", out
        return self.sum

    def kill(self):
        self.process.kill()
        self.process.communicate()

    def connect(self):
        s = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def client(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


class Reader:
    """Reads answers off a socket, one after another."""

    def __init__(self, sock):
        self.file = sock.makefile("rb")

    def answer(self, body=True):
        """The next answer, or None if there is none any more."""
        first = self.file.readline()
        if not first:
            return None
        version, status, _ = first.decode().split(" ", 2)
        assert version == "HTTP/1.1", first
        headers = {}
        while (line := self.file.readline().decode()) != "\r\n":
            name, value = line.rstrip("\r\n").split(": ", 1)
            assert name.lower() not in headers, name
            headers[name.lower()] = value
        size = int(headers["content-length"])
        data = self.file.read(size) if body else b""
        assert len(data) == (size if body else 0), (len(data), size)
        return Answer(int(status), headers, data)

    def rest(self):
        return self.file.read()


def request(path, *headers, method="GET"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


class Case(unittest.TestCase):
    def serve(self, *arguments, **options):
        server = Server(*arguments, **options)
        self.addCleanup(server.kill)
        return server

    def connect(self, server):
        s = server.connect()
        self.addCleanup(s.close)
        return s

    def say(self, server, data):
        """Sends, on a connection of its own; returns a reader of the answers."""
        s = self.connect(server)
        s.sendall(data)
        return Reader(s)

    def get(self, server, path, **options):
        with server.connect() as sock:
            sock.sendall(request(path, "Connection: close", **options))
            return Reader(sock).answer()

    def ends_well(self, server, by=signal.SIGTERM):
        summary = server.end(by)
        self.assertEqual(server.status, 0, summary)
        self.assertEqual(summary.count("\n"), 1, summary)
        return summary
