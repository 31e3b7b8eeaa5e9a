# SPDX-License-Identifier: MIT
"""proxy.py: the proxy of hostile.py. CONNECT makes a tunnel, an absolute URI is asked for here, and
both only on loopback: a test cannot get out by it. A request with the header Proxy-Authorization
must have the name "user" and the password "secret" in it."""
import base64
import socket
import threading

CREDENTIALS = "Basic " + base64.b64encode(b"user:secret").decode()


def pump(source, target):
    """Copies until one end has had enough, and tells the other."""
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    try:
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def upstream(authority):
    host, _, port = authority.rpartition(":")
    if host not in ("127.0.0.1", "localhost", "[::1]"):
        raise OSError("this proxy does not leave the machine")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=60)


def refuse(connection, status, extra=""):
    connection.write(f"HTTP/1.1 {status}\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n"
                     .encode())


def relay(client, server, first):
    server.sendall(first)
    back = threading.Thread(target=pump, args=(server, client), daemon=True)
    back.start()
    pump(client, server)
    back.join()
    server.close()


def answer(connection):
    """One connection to the proxy: it serves one request or one tunnel."""
    request = connection.request()
    connection.server.note_proxied(request)
    if request.header("proxy-authorization", CREDENTIALS) != CREDENTIALS:
        return refuse(connection, "407 Proxy Authentication Required",
                      'Proxy-Authenticate: Basic realm="hostile"\r\n')
    authority, path = request.target, ""
    if request.method != "CONNECT":
        authority, slash, path = request.target.partition("://")[2].partition("/")
        path = slash + path
    try:
        server = upstream(authority)
    except OSError:
        return refuse(connection, "502 Bad Gateway")
    if request.method == "CONNECT":
        connection.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        relay(connection.sock, server, connection.left)
        return None
    lines = [f"{request.method} {path or '/'} HTTP/1.1", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers
              if name not in ("connection", "proxy-connection", "proxy-authorization")]
    relay(connection.sock, server, "\r\n".join(lines + ["", ""]).encode() + request.body)
    return None
