# SPDX-License-Identifier: MIT
"""nginx.py: nginx with a folder of its own, on free ports of loopback, stopped by its process.

Its log has a line for each request: connection, protocol, method, URI, status, Content-Encoding.
The ports brief and brief_tls end a connection after 50 requests.
With one worker process, a request has ended for nginx before it looks at the next one: limit_conn
answers 503 to nobody who sends no more at once than he should."""
import collections
import os
import signal
import socket
import subprocess
import time

import support

CONFIGURATION = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 2048; }}
http {{
  log_format test '$connection $server_protocol $request_method $request_uri $status '
                  '$sent_http_content_encoding';
  access_log {folder}/access.log test;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  keepalive_timeout 600;
  limit_conn_zone $server_port zone=port:1m;
  limit_conn_zone $server_name zone=all:1m;
  limit_conn_status 503;
  default_type text/plain;
  ssl_certificate {certificates}/good.pem;
  ssl_certificate_key {certificates}/good.pem;
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{other};
    listen 127.0.0.1:{tls} ssl http2;
    server_name everything;
    root {folder}/www;
    location /files/ {{ }}
    location /gzip/ {{
      alias {folder}/www/files/;
      gzip on;
      gzip_min_length 0;
      gzip_types text/plain;
    }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /files/$1 redirect; }}
    location /all1/ {{ alias {folder}/www/files/; limit_conn all 1; }}
    location /all4/ {{ alias {folder}/www/files/; limit_conn all 4; }}
    location /all32/ {{ alias {folder}/www/files/; limit_conn all 32; }}
    location /port3/ {{ alias {folder}/www/files/; limit_conn port 3; }}
  }}
  server {{
    listen 127.0.0.1:{brief};
    listen 127.0.0.1:{brief_tls} ssl http2;
    keepalive_requests 50;
    http2_max_concurrent_streams 8;
    root {folder}/www;
  }}
}}
"""

Line = collections.namedtuple("Line", "connection protocol method uri status encoding")


class Nginx:
    def __init__(self, program, folder, certificates):
        """`folder` has www/, which is served."""
        self.folder, self.read_lines = folder, 0
        # nginx takes over listening sockets that $NGINX names, so no port can be lost to others.
        sockets = {name: socket.create_server(("127.0.0.1", 0), backlog=1024)
                   for name in ("plain", "other", "tls", "brief", "brief_tls")}
        self.ports = {name: s.getsockname()[1] for name, s in sockets.items()}
        configuration = os.path.join(folder, "nginx.conf")
        with open(configuration, "w") as f:
            f.write(CONFIGURATION.format(folder=folder, certificates=certificates,
                                         user="user root;" if os.getuid() == 0 else "",
                                         **self.ports))
        numbers = [s.fileno() for s in sockets.values()]
        self.process = subprocess.Popen(
            [program, "-p", folder, "-e", os.path.join(folder, "error.log"), "-c", configuration],
            stdin=subprocess.DEVNULL, pass_fds=numbers,
            env=support.environment(folder) | {"NGINX": "".join(f"{n};" for n in numbers)})
        for s in sockets.values():
            s.close()

    def url(self, path, port="plain"):
        if port.endswith("tls"):
            return f"https://localhost:{self.ports[port]}{path}"
        return f"http://127.0.0.1:{self.ports[port]}{path}"

    def read(self, name):
        """What nginx has written; nothing, before it begins to."""
        try:
            with open(os.path.join(self.folder, name)) as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def log(self, wanted=0):
        """The lines since the last call; at least so many, which may take nginx a moment."""
        end = time.monotonic() + support.PATIENCE
        while True:
            lines = self.read("access.log").splitlines()[self.read_lines:]
            if len(lines) >= wanted or time.monotonic() > end:
                break
            time.sleep(0.01)
        self.read_lines += len(lines)
        return [Line(*line.split(" ")) for line in lines]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(support.PATIENCE)
