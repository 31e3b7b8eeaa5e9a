#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""safety_test.py MEANTIME: whatever a URL, a column or a server says, nothing is written outside
the folder it belongs in."""
import json
import os

import support

NASTY = [
    "..", "../..", "../../escape", "/etc/escape", "..%2f..%2fescape", "%2e%2e/%2e%2e/escape",
    "%2Fabsolute", "a%00b", "%00", ".", "%2e", ".hidden", "-rf", "a%0Ab", "%1b[2J", "x" * 3000,
    "é" * 200, "%ff%fe", "a\\b", "con", " ", "%20", "~root", "$(id)", "a;b", "{index}",
    "%7Bindex%7D",
    ".x.part", "a/", "a//", "?", "#", "CON.txt.", "a%2f", "%2e%2e%2f" * 20,
]


class Outside(support.Case):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("a/b/out"))
        self.before = self.everything()

    def everything(self):
        return {os.path.join(at, name) for at, folders, names in os.walk(self.folder)
                for name in folders + names}

    def outside(self):
        """What is new, and not in the folder."""
        inside = self.path("a/b/out")
        return {p for p in self.everything() - self.before if not p.startswith(inside + "/")}

    def check(self, *arguments, given, n):
        r = self.fetch("-f", "ndjson", "--output-dir", self.path("a/b/out"), *arguments, "-i", "-",
                       given=given)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        records = [json.loads(line) for line in r.stdout.splitlines()]
        self.indexes(records, n)
        self.assertEqual(self.outside(), set())
        for record in records:
            if record.get("file") is not None:
                self.assertNotIn("..", record["file"].split("/"))
                self.assertFalse(record["file"].startswith("/"))
                self.assertTrue(os.path.isfile(self.path("a/b/out/" + record["file"])), record)
        return records

    def test_urls(self):
        given = "".join(self.server.url(f"/ok/{nasty}\n") for nasty in NASTY)
        for template in ("{index}-{basename}", "{index}/{basename}", "{host}/{index}.{ext}", None):
            with self.subTest(template):
                name = ["--name", template] if template else []
                self.check(*name, given=given, n=len(NASTY))

    def test_columns(self):
        names = ["../../escape", "/etc/passwd", "..", ".", "", "a/b", "a\0b", "\n", ".part",
                 "x" * 999, "\x1b[2J", "é" * 300, "../" * 50 + "tmp"]
        given = "".join(json.dumps({"n": name}) + "\n" for name in names)
        self.check("--url", self.server.url("/ok/{n}"), "--name", "{index}/{n}/{n}.txt", given=given,
                   n=len(names))
        self.check("--url", self.server.url("/ok/{n}"), "--name", "{n}{index}", given=given,
                   n=len(names))

    def test_redirects_do_not_name_files(self):
        there = self.server.url("/ok/..%2f..%2fescape")
        records = self.check("-L", given=self.server.url(f"/redirect?{there}") + "\n", n=1)
        self.assertEqual(records[0]["status"], 200)

    def test_links_are_not_followed_out(self):
        os.symlink(self.path("a"), self.path("a/b/out/127.0.0.1"))
        os.symlink(self.path("a/target"), self.path("a/b/out/1"))
        self.before = self.everything()
        r = self.fetch("--output-dir", self.path("a/b/out"), "--name", "{host}/x",
                       self.server.url("/ok/a"))
        self.assertEqual(r.returncode, 1)
        self.assertEqual(self.outside(), set())
        # A link in the file's own place is replaced, not written through.
        r = self.fetch("--output-dir", self.path("a/b/out"), "--name", "{index}",
                       self.server.url("/ok/a"))
        self.assertEqual(r.returncode, 0, r.stderr)
        self.assertEqual(self.outside(), set())
        self.assertFalse(os.path.islink(self.path("a/b/out/1")))

    def test_templates_that_lead_out_are_refused(self):
        for template in ("../{index}", "/{index}", "a/../../{index}", "..", "", "a/"):
            with self.subTest(template):
                r = self.fetch("--output-dir", self.path("a/b/out"), "--name", template,
                               self.server.url("/ok/never"))
                self.assertEqual(r.returncode, 2)
        self.assertEqual(self.outside(), set())
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_a_killed_run_leaves_no_file_that_looks_whole(self):
        url = self.server.url("/wait/half")
        process = self.start("--output-dir", self.path("a/b/out"), "--name", "whole", url)
        while not self.server.asked("/wait/half"):
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        self.assertFalse(os.path.exists(self.path("a/b/out/whole")))
        self.fetch("--output-dir", self.path("a/b/out"), "--name", "next", self.server.url("/ok/a"))
        self.assertEqual(os.listdir(self.path("a/b/out")), ["next"])


if __name__ == "__main__":
    support.main()
