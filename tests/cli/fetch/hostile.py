#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile.py [--certificates DIR] [--seconds N]: an HTTP server for tests, whose paths misbehave.

It listens on loopback, on free ports, and prints them as one line of JSON:

    http      127.0.0.1            tls           TLS with a certificate for localhost
    http6     ::1, null if absent  tls_expired   TLS, a certificate of last year
    other     a second plain port  tls_stranger  TLS, a certificate for another name
    proxy     a proxy              closed        nobody listens: connections are refused
    full      a full backlog: connections get no answer at all

It ends when its standard input does, so with whoever started it, and after --seconds at the latest.

What the paths do is in misbehave.py. GET /stats tells what was asked so far, as JSON:
"requests": for each target its method, connection and arrival (seconds since the server began) in
order; "most": for each folder of targets, the most requests that were being answered at once;
"proxied": what the proxy was asked for. A request is being answered from when it has arrived until
its answer begins to be written, so that a client which does not send too much at once is never
seen to: what it sends after an answer cannot arrive before that answer was written.

One thread for each connection: a test has a few dozens at once, and straight code misbehaves best.
"""
import argparse
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time

import misbehave
import proxy

MOST_HEADER_BYTES = 1 << 20
IDLE_SECONDS = 60


class Gone(Exception):
    """The client is not there any more, or sent what is no request."""


class Request:
    """One request: method, target, headers as a list of pairs with names in lower case, body."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, self.query = target.partition("?")
        self.words = self.path.strip("/").split("/")

    def header(self, name, default=None):
        return next((value for key, value in self.headers if key == name), default)


class Connection:
    """A client's socket, with what was read from it and not used yet."""

    def __init__(self, sock, number, server):
        self.sock, self.number, self.server, self.left = sock, number, server, b""

    def read_more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Gone
        self.left += data

    def take(self, size):
        while len(self.left) < size:
            self.read_more()
        data, self.left = self.left[:size], self.left[size:]
        return data

    def line(self):
        while b"\n" not in self.left:
            if len(self.left) > MOST_HEADER_BYTES:
                raise Gone
            self.read_more()
        line, self.left = self.left.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def request(self):
        if not self.left:
            self.read_more()
        if self.left.startswith(b"\x16"):  # TLS, where none is spoken
            self.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            raise Gone
        words = self.line().split(" ")
        if len(words) != 3:
            raise Gone
        headers = []
        while line := self.line():
            name, _, value = line.partition(":")
            headers.append((name.strip().lower(), value.strip()))
        request = Request(words[0], words[1], headers, b"")
        if "100-continue" in request.header("expect", "").lower():
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in request.header("transfer-encoding", ""):
            while size := int(self.line(), 16):
                request.body += self.take(size)
                self.line()
            self.line()
        else:
            request.body = self.take(int(request.header("content-length", "0")))
        return request

    def write(self, data):
        self.sock.sendall(data)

    def reset(self):
        """Ends the connection as a crashed peer does: the client gets RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        raise Gone

    def wait_for_the_client_to_go(self):
        """Says nothing until the client hangs up; IDLE_SECONDS bounds it."""
        try:
            while self.sock.recv(65536):
                pass
        except OSError:
            pass
        raise Gone

    def closed_by_client(self):
        """Whether the client has hung up, without waiting for it."""
        self.sock.settimeout(0)
        try:
            return self.sock.recv(1, socket.MSG_PEEK) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except (OSError, ValueError):
            return True
        finally:
            self.sock.settimeout(IDLE_SECONDS)


class Server:
    """What all connections share."""

    def __init__(self):
        self.begin = time.monotonic()
        self.changed = threading.Condition()
        # The rest is guarded by `changed`.
        self.requests, self.now, self.most = {}, {}, {}
        self.proxied = []
        self.met, self.left, self.opened = {}, {}, set()  # of /meet and /gate
        self.connections = 0

    def arrived(self, request, connection):
        """Books a request; returns how often this target was asked before."""
        folder = request.path.rpartition("/")[0]
        with self.changed:
            of_target = self.requests.setdefault(request.target, [])
            of_target.append({"method": request.method, "connection": connection.number,
                              "at": time.monotonic() - self.begin})
            self.now[folder] = self.now.get(folder, 0) + 1
            self.most[folder] = max(self.most.get(folder, 0), self.now[folder])
            return len(of_target) - 1

    def answered(self, request):
        with self.changed:
            self.now[request.path.rpartition("/")[0]] -= 1

    def note_proxied(self, request):
        with self.changed:
            self.proxied.append([request.method, request.target])

    def stats(self):
        with self.changed:
            return json.dumps({"requests": self.requests, "most": self.most,
                               "proxied": self.proxied, "connections": self.connections})

    def serve(self, sock, context, handle):
        with self.changed:
            self.connections += 1
            connection = Connection(sock, self.connections, self)
        try:
            sock.settimeout(IDLE_SECONDS)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if context:
                connection.sock = context.wrap_socket(sock, server_side=True)
            handle(connection)
        except (OSError, Gone, ValueError):
            pass  # a client that went away is the client's business, and tested there
        finally:
            connection.sock.close()

    def listen(self, address, handle, context=None, family=socket.AF_INET):
        """Accepts connections on a free port for ever; returns the port."""
        listener = socket.socket(family)
        listener.bind((address, 0))
        listener.listen(1024)

        def accept():
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=self.serve, args=(sock, context, handle),
                                 daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        return listener.getsockname()[1]


def answer_requests(connection):
    while True:
        request = connection.request()
        if request.path == "/stats":
            misbehave.whole(connection, request, connection.server.stats().encode())
            continue
        before = connection.server.arrived(request, connection)
        answer = misbehave.Answer(connection, request, before)
        try:
            misbehave.find(request)(answer)
        finally:
            answer.begins()


def closed_port():
    """A port that refuses: bound, so that nobody else gets it, and not listening."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    return holder


def full_port():
    """A port whose queue of connections is full: Linux drops what else asks for one."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    fillers = []
    for _ in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(listener.getsockname())
        fillers.append(filler)
    return listener, fillers


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--certificates")
    parser.add_argument("--seconds", type=float, default=600)
    options = parser.parse_args()
    threading.stack_size(256 << 10)
    server = Server()
    ports = {name: server.listen("127.0.0.1", answer_requests) for name in ("http", "other")}
    ports["proxy"] = server.listen("127.0.0.1", proxy.answer)
    try:
        ports["http6"] = server.listen("::1", answer_requests, family=socket.AF_INET6)
    except OSError:
        ports["http6"] = None
    for name in ("good", "expired", "stranger") if options.certificates else ():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(options.certificates, name + ".pem"))
        port = server.listen("127.0.0.1", answer_requests, context)
        ports["tls" if name == "good" else "tls_" + name] = port
    closed, (full, _fillers) = closed_port(), full_port()
    ports["closed"], ports["full"] = closed.getsockname()[1], full.getsockname()[1]
    threading.Thread(target=lambda: (time.sleep(options.seconds), os._exit(1)), daemon=True).start()
    print(json.dumps(ports), flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
