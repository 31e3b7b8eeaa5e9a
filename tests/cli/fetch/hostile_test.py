#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hostile_test.py MEANTIME: each misbehaviour of a server has its own error, nothing hangs past its
time, and nobody else's request is harmed."""
import os

import support

# What a server can do to one request, and the word for it. Each is tried alone and all at once.
BAD = {
    "/wait/header": "timeout",
    "/wait/body": "timeout",
    "/wait/half": "timeout",
    "/wait/never": "timeout",
    "/cut/reset": "reset",
    "/cut/reset-header": "reset",
    "/cut/reset-body": "reset",
    "/cut/empty": "reset",
    "/cut/header": "partial",
    "/cut/body": "partial",
    "/length/more": "partial",
    "/length/negative": "protocol",
    "/length/word": "protocol",
    "/length/huge": "too_large",
    "/endless/chunked": "too_large",
    "/endless/plain": "too_large",
    "/endless/length": "too_large",
    "/endless/header": "protocol",
    "/endless/headers": "protocol",
    "/endless/informational": "protocol",
    "/loop": "redirects",
    "/chain/11": "redirects",
    "/redirect?file:///etc/passwd": "url",
    "/redirect?gopher://127.0.0.1/x": "url",
    "/redirect?http://[": "url",
    "/gzip/invalid": "encoding",
    "/gzip/corrupt": "encoding",
    "/gzip/short": "encoding",
    "/gzip/bomb": "too_large",
    "/chunk/word": "protocol",
    "/chunk/huge": "protocol",
    "/chunk/short": "partial",
    "/http/garbage": "protocol",
    "/http/smtp": "protocol",
    "/http/none": "protocol",
    "/http/version": "protocol",
    "/http/status": "protocol",
    "/status/404": "http",
    "/status/500": "http",
    "/status/999": "http",
}
FINE = {
    "/ok/a": 5,
    "/bytes/10485760/big": 10 << 20,
    "/bytes/0/nothing": 0,
    "/length/less": 4,
    "/length/none": 8,
    "/gzip/good": 9000,
    "/chunk/good": 11,
    "/http/continue": 2,
    "/http/headers": 2,
    "/http/fold": 2,
    "/status/204": 0,
    "/status/304": 0,
    "/chain/10": 8,
    "/delay/200/a": 12,
}
OPTIONS = ["-L", "--compressed", "--retries", "0"]
BOUNDS = ["--timeout", "30", "--max-bytes", "20M"]
SHORT = ["--timeout", "2"]


class EachAlone(support.Case):
    """One server and one item each: none can hide behind another."""

    def test_every_misbehaviour_has_its_word(self):
        for path, word in BAD.items():
            with self.subTest(path):
                times = SHORT if word == "timeout" else []
                record = self.fails(word, *OPTIONS, *BOUNDS, *times, self.server.url(path))
                self.assertEqual((record["index"], record["attempts"]), (1, 1))

    def test_what_is_only_unusual_succeeds(self):
        for path, size in FINE.items():
            with self.subTest(path):
                record = self.record(*OPTIONS, self.server.url(path))
                self.assertNotIn("error", record)
                self.assertEqual(record["bytes"], size)

    def test_an_answer_without_an_error_status_has_its_status(self):
        for code in (200, 204, 304, 404, 503):
            with self.subTest(code):
                record = self.record(*OPTIONS, self.server.url(f"/status/{code}"),
                                     status=int(code >= 400))
                self.assertEqual(record["status"], code)

    def test_no_answer_has_no_status(self):
        for path in ("/cut/reset", "/cut/empty", "/http/none", "/wait/never"):
            with self.subTest(path):
                record = self.record(*OPTIONS, *SHORT, self.server.url(path), status=1)
                self.assertIsNone(record["status"])


class Connections(support.Case):
    certificates = True

    def test_a_refused_connection_is_connect(self):
        self.fails("connect", *OPTIONS, self.server.url("/", "closed"))

    def test_a_connection_that_does_not_come_about_is_timeout(self):
        self.fails("timeout", *OPTIONS, "--connect-timeout", "1", self.server.url("/", "full"))
        self.fails("timeout", *OPTIONS, "--timeout", "1", self.server.url("/", "full"))

    def test_a_name_without_address_is_dns(self):
        # A label of 64 letters cannot be asked for: this fails without a name server, too.
        self.fails("dns", *OPTIONS, f"http://{'x' * 64}.invalid/")

    def test_ipv6(self):
        if self.server.ports["http6"] is None:
            self.skipTest("this machine has no ::1")
        self.assertEqual(self.record(self.server.url("/ok/six", "http6"))["bytes"], 7)

    def test_certificates_are_verified(self):
        ca = ["--cacert", f"{self.shared}/ca.pem"]
        self.assertEqual(self.record(*ca, self.server.url("/ok/t", "tls"))["status"], 200)
        for arguments, port in ([[], "tls"], [ca, "tls_expired"], [ca, "tls_stranger"]):
            with self.subTest(port):
                self.fails("tls", *OPTIONS, *arguments, self.server.url("/ok/t", port))
                record = self.record("--insecure", self.server.url("/ok/t", port))
                self.assertEqual(record["status"], 200)
                self.assertEqual(self.record("-k", self.server.url("/ok/t", port))["status"], 200)
        self.assertEqual(self.server.asked("/ok/t"), 7)

    def test_tls_with_somebody_who_does_not_speak_it(self):
        url = self.server.url("/cut/empty").replace("http:", "https:")
        self.fails("tls", *OPTIONS, *BOUNDS, url)


class AllTogether(support.Case):
    def test_one_record_each_and_nobody_is_harmed(self):
        """Every misbehaviour three times, among as many good items, a few at once."""
        wanted = []
        for turn in range(3):
            for path, word in BAD.items():
                if path.count("?"):
                    path += f"&{turn}"
                wanted += [(path, word), (f"/bytes/3000/{turn}{len(wanted)}", None)]
        given = "".join(self.server.url(path) + "\n" for path, _ in wanted)
        records = self.records(*OPTIONS, *BOUNDS, "--timeout", "8", "-j", "16", "-i", "-",
                               given=given, status=1)
        self.assertEqual([r["index"] for r in records], list(range(1, len(wanted) + 1)))
        for record, (path, word) in zip(records, wanted):
            self.assertEqual(record["url"], self.server.url(path))
            self.assertEqual(record.get("error", {}).get("code"), word, record)
            if word is None:
                self.assertEqual(record["bytes"], 3000)

    def test_bodies_of_the_others_are_whole(self):
        folder = self.path("out")
        paths = []
        for i, bad in enumerate(BAD):
            paths += [bad, f"/bytes/{i * 1000}/whole{i}"]
        given = "".join(self.server.url(path) + "\n" for path in paths)
        r = self.fetch(*OPTIONS, *BOUNDS, "--timeout", "8", "-i", "-", "--output-dir", folder,
                       "--name", "{index}", given=given)
        self.assertEqual(r.returncode, 1, r.stderr)
        for i in range(len(BAD)):
            name = f"out/{2 * i + 2}"
            direct = self.fetch(self.server.url(paths[2 * i + 1]))
            self.assertEqual(self.read(name), direct.stdout)
        # What failed leaves no file, and no half of one.
        self.assertEqual(len(os.listdir(folder)), len(BAD))


class Times(support.Case):
    def test_a_deadline_counts_all_attempts_of_an_item(self):
        record = self.fails("deadline", "--deadline", "3", "--timeout", "1", "--retries", "1000",
                            "--retry-delay", "0.01", "--retry-max-delay", "0.01",
                            self.server.url("/wait/never"))
        self.assertGreaterEqual(record["attempts"], 2)

    def test_a_retry_that_the_deadline_forbids_is_not_waited_for(self):
        record = self.fails("http", "--deadline", "2000", "--retries", "3",
                            self.server.url("/throttle/9/3000/a"))
        self.assertEqual(record["attempts"], 1)

    def test_a_deadline_ends_the_wait_for_a_server_that_asked_for_a_pause(self):
        urls = [self.server.url(path) for path in ("/throttle/9/3000/b", "/ok/paused")]
        records = self.records("-j", "1", "--workers", "1", "--deadline", "1", *urls, status=1)
        self.assertEqual([r["error"]["code"] for r in records], ["http", "deadline"])
        self.assertEqual(self.server.asked("/ok/paused"), 0)

    def test_the_deadline_of_a_run_ends_all_of_it(self):
        n = 40
        given = "".join(self.server.url(f"/wait/never?{i}\n") for i in range(n))
        records = self.records("--run-deadline", "2", "-j", "8", "-i", "-", given=given, status=1)
        self.indexes(records, n)
        self.assertEqual({r["error"]["code"] for r in records}, {"deadline"})

    def test_the_time_in_the_queue_is_not_counted(self):
        """One after another, the last one waits longer than it may take itself."""
        given = "".join(self.server.url(f"/delay/700/q{i}\n") for i in range(8))
        records = self.records("-j", "1", "--timeout", "4", "-i", "-", given=given)
        self.indexes(records, 8)
        self.assertGreaterEqual(records[7]["queue_seconds"], 4.8)
        for record in records:
            self.assertGreaterEqual(record["seconds"], 0.7)
            self.assertLess(record["seconds"], 4)


if __name__ == "__main__":
    support.main()
