# SPDX-License-Identifier: MIT
"""misbehave.py: what the paths of hostile.py do. The first word of a path names it:

    /ok/...               200 and the target as the body
    /bytes/N/...          200 and N bytes, the same ones for the same path
    /json/NAME            {"meta": {"symbol": NAME, "price": ..., "tags": [...]}, "id": ...}
    /echo                 the request as JSON: method, target, headers, body, connection
    /auth/USER/PASSWORD   401 without these, by HTTP's Basic scheme
    /status/CODE/...      that status, with a short text of two lines as the body
    /meet/N/...           waits until N requests for this folder are here, then answers them all
    /gate/NAME/...        no answer before /open/NAME was asked for; /open/NAME answers 200
    /delay/MS/...         answers after that time
    /hang-up/...          200, then the end of the connection, which it did not announce
    /flaky/N/CODE/...     CODE to the first N requests for this target, then 200
    /flaky-reset/N/...    the connection breaks N times, then 200
    /flaky-body/N/...     the same, after a part of the body
    /throttle/N/S/...     429 with "Retry-After: S" N times, then 200
    /throttle-date/N/S/.. 503 with a date as Retry-After, then 200
    /redirect?URL         302 to that URL, whatever it is; /redirect-307?URL
    /chain/N  /loop       N redirects, and no end of them
    /text/WHAT            a 404 whose body is to be told with care
    /wait/WHAT  /cut/WHAT  /length/WHAT  /endless/WHAT  /gzip/WHAT  /chunk/WHAT  /http/WHAT
                          see the functions of these names
"""
import base64
import email.utils
import gzip
import json
import random
import socket
import time

FOR_EVER = 300  # seconds: longer than any test waits
LINGER_SECONDS = 0.05
PACE_SECONDS = 1  # between two bytes of a slow loris
ENDLESS = 4 << 30  # "for ever", in bytes: no client that takes so much passes its test


def head(status, headers):
    lines = [f"HTTP/1.1 {status}"] + [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines + ["", ""]).encode("latin-1")


def whole(connection, request, body, status="200 OK", **headers):
    """A proper answer."""
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    headers.setdefault("Content-Type", "text/plain")
    if not status.startswith(("204", "304")):
        headers["Content-Length"] = len(body)
    silent = request.method == "HEAD" or status.startswith(("204", "304"))
    connection.write(head(status, headers) + (b"" if silent else body))


class Answer:
    """The answer to one request: `before` requests for the same target came before it."""

    def __init__(self, connection, request, before):
        self.connection, self.request, self.before = connection, request, before
        self.has_begun = False

    def begins(self):
        """The request is not being waited for any more. Called before the first byte goes out."""
        if not self.has_begun:
            self.has_begun = True
            self.connection.server.answered(self.request)

    def raw(self, data):
        self.begins()
        self.connection.write(data)

    def send(self, body=b"", status="200 OK", **headers):
        self.begins()
        whole(self.connection, self.request, body, status, **headers)

    def fine(self):
        self.send(self.request.target.encode())

    def number(self, place):
        return int(self.request.words[place])

    def reset(self):
        self.begins()
        self.connection.reset()

    def close(self):
        """Ends the connection in order: the client gets FIN after what was sent."""
        self.begins()
        self.connection.sock.shutdown(socket.SHUT_WR)
        self.connection.wait_for_the_client_to_go()


def content(size, name):
    return random.Random(name).randbytes(size)


def bytes_(answer):
    answer.send(content(answer.number(1), answer.request.path))


def json_(answer):
    name = answer.request.words[1]
    answer.send(json.dumps({"meta": {"symbol": name, "price": len(name) + 0.25,
                                     "tags": ["a", "b"], "none": None}, "id": 2**53 + 1})
                .encode(), Content_Type="application/json")


def echo(answer):
    request = answer.request
    answer.send(json.dumps({
        "method": request.method, "target": request.target, "headers": request.headers,
        "body": request.body.decode("latin-1"), "connection": answer.connection.number,
    }).encode(), Content_Type="application/json")


def auth(answer):
    wanted = "Basic " + base64.b64encode(":".join(answer.request.words[1:3]).encode()).decode()
    if answer.request.header("authorization") == wanted:
        return answer.fine()
    return answer.send(b"who are you?\n", "401 Unauthorized", WWW_Authenticate='Basic realm="x"')


def status(answer):
    code = answer.request.words[1]
    answer.send(f"this is a {code}\nand its second line\n".encode(), f"{code} Told So")


def meet(answer):
    """Proves that N requests are under way at once, without a clock: fewer never get an answer. One
    more, which should not be there, has a moment to arrive and be counted."""
    server, folder = answer.connection.server, answer.request.path.rpartition("/")[0]
    n = answer.number(1)
    with server.changed:
        met = server.met[folder] = server.met.get(folder, 0) + 1
        end_of_group = (met + n - 1) // n * n
    if met == end_of_group:
        time.sleep(LINGER_SECONDS)
    with server.changed:
        if met == end_of_group:
            server.now[folder] -= n  # all of them, before one of them can be answered
            server.left[folder] = end_of_group
            server.changed.notify_all()
        everybody = server.changed.wait_for(lambda: server.left.get(folder, 0) >= end_of_group,
                                            timeout=FOR_EVER)
        answer.has_begun = everybody
    if everybody:
        answer.fine()
    else:
        answer.send(b"nobody else came\n", "418 Alone")


def gate(answer):
    server, name = answer.connection.server, answer.request.words[1]
    with server.changed:
        is_open = server.changed.wait_for(lambda: name in server.opened, timeout=FOR_EVER)
    answer.send(answer.request.target.encode(), "200 OK" if is_open else "418 Still Closed")


def open_(answer):
    server = answer.connection.server
    with server.changed:
        server.opened.add(answer.request.words[1])
        server.changed.notify_all()
    answer.fine()


def delay(answer):
    time.sleep(answer.number(1) / 1000)
    answer.fine()


def hang_up(answer):
    answer.fine()
    answer.close()


def flaky(answer):
    if answer.before < answer.number(1):
        answer.send(b"not yet\n", f"{answer.request.words[2]} Not Yet")
    else:
        answer.fine()


def flaky_reset(answer):
    if answer.before < answer.number(1):
        answer.reset()
    answer.fine()


def flaky_body(answer):
    body = content(300_000, answer.request.path)
    if answer.before < answer.number(1):
        answer.raw(head("200 OK", {"Content-Length": len(body)}) + body[:200_000])
        answer.close()
    answer.send(body)


def throttle(answer):
    if answer.before < answer.number(1):
        answer.send(b"slow down\n", "429 Too Many Requests", Retry_After=answer.number(2))
    else:
        answer.fine()


def throttle_date(answer):
    if answer.before < answer.number(1):
        # Dates have whole seconds: one more, so that it is at least as long.
        then = email.utils.formatdate(time.time() + answer.number(2) + 1, usegmt=True)
        answer.send(b"slow down\n", "503 Service Unavailable", Retry_After=then)
    else:
        answer.fine()


def redirect(answer):
    answer.send(b"elsewhere\n", "302 Found", Location=answer.request.query)


def redirect_307(answer):
    answer.send(b"elsewhere\n", "307 Temporary Redirect", Location=answer.request.query)


def chain(answer):
    n = answer.number(1)
    if n == 0:
        answer.fine()
    else:
        answer.send(b"on\n", "301 Moved Permanently", Location=f"/chain/{n - 1}")


def loop(answer):
    answer.send(b"again\n", "302 Found", Location=answer.request.target)


def text(answer):
    """Bodies of a 404 which must not reach a terminal, or a record, as they are."""
    body = {"escape": b"\x1b[2J\x1b]0;owned\x07 gone\n", "binary": bytes(range(256)),
            "long": b"x" * 100000, "not-utf8": b"caf\xe9 \xff\xfe\n", "empty": b""}
    answer.send(body[answer.request.words[1]], "404 Not Found")


def wait(answer):
    """Clients that wait for a peer which is slow, or silent."""
    what = answer.request.words[1]
    if what == "header":
        answer.begins()
        for byte in head("200 OK", {"Content-Length": 2, "X-Slow": "y" * 600}) + b"ok":
            answer.raw(bytes([byte]))
            time.sleep(PACE_SECONDS)
    elif what == "body":
        answer.raw(head("200 OK", {"Content-Length": 600}))
        for _ in range(600):
            answer.raw(b".")
            time.sleep(PACE_SECONDS)
    elif what == "half":
        answer.raw(head("200 OK", {"Content-Length": 600}) + b"and then nothing")
    answer.connection.wait_for_the_client_to_go()


def cut(answer):
    """Connections that end where they should not."""
    what = answer.request.words[1]
    half = head("200 OK", {"Content-Length": 1000}) + b"x" * 500
    if what == "reset-body":
        answer.raw(half)
        answer.reset()
    elif what == "reset-header":
        answer.raw(b"HTTP/1.1 200 OK\r\nContent-Le")
        answer.reset()
    elif what == "reset":
        answer.reset()
    elif what == "body":
        answer.raw(half)
    elif what == "header":
        answer.raw(b"HTTP/1.1 200 OK\r\nContent-Le")
    # what == "empty": not a byte
    answer.close()


def length(answer):
    """Content-Length that is not the length."""
    claim = {"more": "10", "less": "4", "negative": "-5", "word": "many", "none": None,
             "huge": "99999999999999999999"}[answer.request.words[1]]
    answer.raw(head("200 OK", {"Content-Length": claim} if claim else {}) + b"eight by")
    answer.close()


def endless(answer):
    what = answer.request.words[1]
    chunk = b"z" * 65536
    if what == "chunked":
        answer.raw(head("200 OK", {"Transfer-Encoding": "chunked"}))
        chunk = b"10000\r\n" + chunk + b"\r\n"
    elif what == "plain":
        answer.raw(head("200 OK", {}))
    elif what == "length":
        answer.raw(head("200 OK", {"Content-Length": ENDLESS}))
    elif what == "header":
        answer.raw(b"HTTP/1.1 200 OK\r\nX-Endless: ")
    elif what == "headers":
        answer.raw(b"HTTP/1.1 200 OK\r\n")
        chunk = b"X-Header: of many, and of more to come\r\n" * 1000
    elif what == "informational":
        answer.raw(b"")
        chunk = b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000
    for _ in range(ENDLESS // len(chunk)):
        answer.raw(chunk)
    answer.close()


def gzip_(answer):
    what = answer.request.words[1]
    body = gzip.compress(bytes(64 << 20) if what == "bomb" else b"squeezed " * 1000, mtime=0)
    if what == "invalid":
        body = b"this was never compressed"
    elif what == "short":
        body = body[:-20]
    elif what == "corrupt":
        body = body[:20] + b"\0\0\0\0" + body[24:]
    answer.send(body, Content_Encoding="gzip")


def chunk(answer):
    answer.raw(head("200 OK", {"Transfer-Encoding": "chunked"}))
    answer.raw({"good": b"5\r\nhello\r\n6\r\n there\r\n0\r\n\r\n",
                "word": b"5\r\nhello\r\nzz\r\n there\r\n0\r\n\r\n",
                "huge": b"ffffffffffffffffff\r\nhello",
                "short": b"5\r\nhello\r\n6\r\n th"}[answer.request.words[1]])
    if answer.request.words[1] != "good":
        answer.close()


def http(answer):
    """What is no HTTP, or HTTP that few have met."""
    what = answer.request.words[1]
    body = b"Content-Length: 2\r\n\r\nok"
    answer.raw({
        "garbage": content(3000, "garbage"),
        "smtp": b"220 mail.example ESMTP\r\n",
        "none": b"just a text, as HTTP/0.9 had it\n",
        "version": b"HTTP/9.9 200 OK\r\n" + body,
        "status": b"HTTP/1.1 abc OK\r\n" + body,
        "continue": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n" + body,
        "headers": b"HTTP/1.1 200 OK\r\n" + b"X-Large: " + b"h" * 50000 + b"\r\n" + body,
        "fold": b"HTTP/1.1 200 OK\nX-Bare: newlines\n" + body.replace(b"\r", b""),
    }[what])
    if what not in ("continue", "headers", "fold"):
        answer.close()


def not_found(answer):
    answer.send(b"hostile.py has no such path\n", "404 Not Found")


PATHS = {
    "ok": Answer.fine, "bytes": bytes_, "json": json_, "echo": echo, "auth": auth, "status": status,
    "meet": meet, "gate": gate, "open": open_, "delay": delay, "hang-up": hang_up,
    "flaky": flaky, "flaky-reset": flaky_reset, "flaky-body": flaky_body, "throttle": throttle,
    "throttle-date": throttle_date, "redirect": redirect, "redirect-307": redirect_307,
    "chain": chain, "loop": loop, "text": text, "wait": wait, "cut": cut, "length": length,
    "endless": endless, "gzip": gzip_, "chunk": chunk, "http": http,
}


def find(request):
    return PATHS.get(request.words[0], not_found)
