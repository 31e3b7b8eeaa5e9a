#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""nginx_test.py MEANTIME NGINX: ten thousand files from a real server: by connections that are used
again, by HTTP/2 over TLS, compressed, redirected, and never more at once than asked. Exit status 77
(skipped) without nginx."""
import os
import random
import shutil
import sys

NGINX = shutil.which(sys.argv.pop(2) if len(sys.argv) > 2 else "nginx",
                     path=os.environ.get("PATH", "") + ":/usr/sbin")
if not NGINX:
    print("skipped: there is no nginx; Debian's package is nginx-light")
    sys.exit(77)

# pylint: disable=wrong-import-position
import support
from nginx import Nginx

FILES = 10_000


def content(i):
    source = random.Random(i)
    return source.randbytes(source.randrange(2000)) + b"text that compresses\n" * 20


class Case(support.Case):
    hostile = False
    certificates = True

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        os.makedirs(os.path.join(cls.shared, "www/files"))
        for i in range(FILES):
            with open(os.path.join(cls.shared, f"www/files/{i}.txt"), "wb") as f:
                f.write(content(i))
        cls.nginx = Nginx(NGINX, cls.shared, cls.shared)
        cls.addClassCleanup(cls.nginx.stop)
        cls.ca = ["--cacert", os.path.join(cls.shared, "ca.pem")]

    def setUp(self):
        super().setUp()
        self.nginx.log()

    def given(self, folder, n, port="plain"):
        return "".join(self.nginx.url(f"/{folder}/{i}.txt\n", port) for i in range(n))

    def check(self, folder, n):
        """The folder has the first n files, byte for byte, and nothing else."""
        self.assertEqual(len(os.listdir(folder)), n)
        for i in range(n):
            with open(os.path.join(folder, f"{i}.txt"), "rb") as f:
                self.assertEqual(f.read(), content(i), i)

    def fetch_all(self, *options, folder="files", n=FILES, port="plain"):
        out = self.path("out")
        records = self.records("--output-dir", out, "--name", "{basename}", *options, "-i", "-",
                               given=self.given(folder, n, port))
        self.assertEqual([r["index"] for r in records], list(range(1, n + 1)))
        self.assertEqual({r["status"] for r in records}, {200})
        self.assertEqual([r["bytes"] for r in records], [len(content(i)) for i in range(n)])
        self.check(out, n)
        log = self.nginx.log(n)
        self.assertEqual(len(log), n)
        self.assertEqual({line.uri for line in log}, {f"/{folder}/{i}.txt" for i in range(n)})
        return log


class ManyFiles(Case):
    def test_connections_are_used_again(self):
        log = self.fetch_all("-j", "64", "--workers", "2")
        self.assertEqual({line.protocol for line in log}, {"HTTP/1.1"})
        # Each worker has connections of its own, at most one for each request under way.
        self.assertLessEqual(len({line.connection for line in log}), 2 * 64)

    def test_one_after_another_needs_one_connection_a_worker(self):
        log = self.fetch_all("-j", "1", "--workers", "1", n=500)
        self.assertEqual(len({line.connection for line in log}), 1)

    def test_bodies_to_standard_output_in_order(self):
        r = self.fetch("-j", "64", "-i", "-", given=self.given("files", 2000))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(r.stdout, b"".join(content(i) for i in range(2000)))

    def test_inline(self):
        self.fetch_all("--on", "inline", n=200)


class Http2(Case):
    def test_over_tls_with_the_ca(self):
        log = self.fetch_all(*self.ca, "--http2", "-j", "64", "--workers", "2", port="tls")
        self.assertEqual({line.protocol for line in log}, {"HTTP/2.0"})
        self.assertLessEqual(len({line.connection for line in log}), 2 * 64)

    def test_is_what_a_server_gets_that_offers_it(self):
        log = self.fetch_all(*self.ca, n=50, port="tls")
        self.assertEqual({line.protocol for line in log}, {"HTTP/2.0"})

    def test_http1_1_on_request(self):
        log = self.fetch_all(*self.ca, "--http1.1", "-j", "16", n=500, port="tls")
        self.assertEqual({line.protocol for line in log}, {"HTTP/1.1"})

    def test_refused_without_the_ca(self):
        for options in ([], ["--http1.1"]):
            self.fails("tls", "--retries", "0", *options, self.nginx.url("/files/1.txt", "tls"))
        self.assertEqual(self.nginx.log(), [])

    def test_insecure_is_possible(self):
        self.record("-k", self.nginx.url("/files/1.txt", "tls"))


class BriefConnections(Case):
    """A server that ends a connection after so many requests, as servers do, spoils none."""

    def test_http1_1(self):
        log = self.fetch_all("-j", "16", "--retries", "0", n=2000, port="brief")
        self.assertGreaterEqual(len({line.connection for line in log}), 2000 // 50)

    def test_http2(self):
        """libcurl 7.88 still tells a reset now and then, which is what retries are for."""
        log = self.fetch_all(*self.ca, "-j", "64", "--retries", "5", n=2000, port="brief_tls")
        self.assertEqual({line.protocol for line in log}, {"HTTP/2.0"})
        self.assertGreaterEqual(len({line.connection for line in log}), 2000 // 60)


class Ways(Case):
    def test_compressed(self):
        log = self.fetch_all("--compressed", folder="gzip", n=300)
        self.assertEqual({line.encoding for line in log}, {"gzip"})

    def test_redirects(self):
        out = self.path("out")
        records = self.records("-L", "--output-dir", out, "--name", "{basename}", "-i", "-",
                               given=self.given("moved", 300))
        self.assertEqual({r["status"] for r in records}, {200})
        self.check(out, 300)

    def test_head(self):
        records = self.records("-I", "-i", "-", given=self.given("files", 300))
        self.assertEqual({(r["status"], r["bytes"]) for r in records}, {(200, 0)})
        self.assertEqual({line.method for line in self.nginx.log(300)}, {"HEAD"})

    def test_a_missing_file_is_404_among_others(self):
        given = self.given("files", 3) + self.nginx.url("/files/none\n") + self.given("files", 3)
        records = self.records("-i", "-", given=given, status=1)
        self.assertEqual([r["status"] for r in records], [200] * 3 + [404] + [200] * 3)
        self.assertEqual(records[3]["error"]["code"], "http")

    def test_never_more_at_once_than_jobs(self):
        for n in (1, 4, 32):
            with self.subTest(n):
                records = self.records("-j", str(n), "--retries", "0", "-i", "-",
                                       given=self.given(f"all{n}", 2000))
                self.assertEqual({r["status"] for r in records}, {200})

    def test_never_more_at_once_than_per_host(self):
        given = "".join(self.nginx.url(f"/port3/{i}.txt\n", ("plain", "other")[i % 2])
                        for i in range(2000))
        records = self.records("--per-host", "3", "--retries", "0", "-i", "-", given=given)
        self.assertEqual({r["status"] for r in records}, {200})


if __name__ == "__main__":
    support.main()
