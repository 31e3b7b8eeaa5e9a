#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""output_test.py MEANTIME: what comes out: bodies, records, picks, files; and in which order."""
import csv
import io
import json
import os

import support

KEYS = ["index", "url", "status", "bytes", "attempts", "seconds", "queue_seconds"]


class Bodies(support.Case):
    def test_in_input_order_with_nothing_between(self):
        """The first item is answered last: the gate opens for it only after the others are done."""
        urls = [self.server.url(p) for p in ("/gate/bodies/0", "/ok/1", "/ok/2", "/open/bodies")]
        r = self.fetch("-j", "4", *urls)
        self.assertEqual(r.stdout, b"/gate/bodies/0/ok/1/ok/2/open/bodies")

    def test_as_they_finish(self):
        """The first one is answered only after the second one has come out."""
        process = self.start("--as-completed", self.server.url("/gate/bodies-2/x"),
                             self.server.url("/ok/2"))
        self.assertEqual(process.stdout.read(5), b"/ok/2")
        self.fetch(self.server.url("/open/bodies-2"))
        self.assertEqual(process.stdout.read(), b"/gate/bodies-2/x")

    def test_only_what_succeeded(self):
        paths = "/ok/a /status/404 /cut/body /bytes/100000/b /cut/reset-body /ok/c".split()
        urls = [self.server.url(path) for path in paths]
        r = self.fetch("--retries", "0", *urls)
        self.assertEqual(r.returncode, 1)
        self.assertEqual(r.stdout[:5], b"/ok/a")
        self.assertEqual(r.stdout[-5:], b"/ok/c")
        self.assertEqual(len(r.stdout), 100010)
        for path in ("/status/404", "/cut/body", "/cut/reset-body"):
            self.assertIn(self.server.url(path), r.stderr)

    def test_large_bodies_are_whole_and_wait_for_their_turn(self):
        """Each is larger than what is kept in memory, and the first comes last."""
        urls = [self.server.url("/gate/large/x")]
        urls += [self.server.url(f"/bytes/3000000/{i}") for i in range(4)]
        urls += [self.server.url("/open/large")]
        together = self.fetch(*urls).stdout
        alone = b"".join(self.fetch(url).stdout for url in urls)
        self.assertEqual(together, alone)
        self.assertEqual(len(together), 12_000_000 + len("/gate/large/x/open/large"))

    def test_output_names_a_file(self):
        url = self.server.url("/ok/a")
        for option in ("-o", "--output"):
            r = self.fetch(option, "out", url)
            self.assertEqual((r.returncode, r.stdout, self.read("out")), (0, b"", b"/ok/a"))
        r = self.fetch("-f", "csv", "-o", "records", url)
        self.assertTrue(self.read("records").startswith(b"index,url,"))
        self.refused("missing", "-o", "missing/out", self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)


class Records(support.Case):
    def urls(self):
        return [self.server.url(p) for p in ("/ok/a", "/status/404", "/cut/reset")]

    def test_ndjson_and_json(self):
        records = self.records("--retries", "0", *self.urls(), status=1)
        r = self.fetch("--retries", "0", "-f", "json", *self.urls())
        for got in (records, json.loads(r.stdout)):
            self.assertEqual([list(record) for record in got],
                             [KEYS, KEYS + ["error"], KEYS + ["error"]])
            self.assertEqual([record["index"] for record in got], [1, 2, 3])
            self.assertEqual([record["status"] for record in got], [200, 404, None])
            self.assertEqual([record["attempts"] for record in got], [1, 1, 1])
            for record in got[1:]:
                self.assertEqual(list(record["error"]), ["code", "message"])
            for record in got:
                self.assertGreaterEqual(record["seconds"], 0)
                self.assertGreaterEqual(record["queue_seconds"], 0)

    def test_csv_and_tsv(self):
        for form, delimiter in (("csv", ","), ("tsv", "\t")):
            r = self.fetch("--retries", "0", "-f", form, *self.urls())
            rows = list(csv.reader(io.StringIO(r.stdout.decode()), delimiter=delimiter))
            self.assertEqual(rows[0][:7], KEYS)
            self.assertEqual([row[0] for row in rows[1:]], ["1", "2", "3"])
            self.assertEqual([row[2] for row in rows[1:]], ["200", "404", ""])
            bare = self.fetch("--retries", "0", "-f", form, "--no-header", *self.urls())
            self.assertEqual(bare.stdout.count(b"\n"), 3)

    def test_table(self):
        r = self.fetch("--retries", "0", "-f", "table", *self.urls())
        lines = r.stdout.decode().splitlines()
        self.assertEqual(len(lines), 4)
        for word, line in zip(("url", "/ok/a", "404", "reset"), lines):
            self.assertIn(word, line)

    def test_the_message_has_the_status_and_the_beginning_of_a_text(self):
        record = self.record(self.server.url("/status/404"), status=1)
        self.assertIn("404", record["error"]["message"])
        self.assertIn("this is a 404", record["error"]["message"])
        self.assertNotIn("second line", record["error"]["message"])

    def test_what_a_server_says_cannot_reach_a_terminal(self):
        for what in ("escape", "binary", "long", "not-utf8", "empty"):
            url = self.server.url(f"/text/{what}")
            for form in ("table", "csv", "tsv", "ndjson", "json"):
                r = self.fetch("-f", form, url)
                for out in (r.stdout.decode(), r.stderr):  # valid UTF-8, too
                    self.assertNotRegex(out, "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
                    self.assertLess(len(out), 4000)

    def test_failures_are_told_a_hundred_times_and_counted_all(self):
        given = "".join(f"ftp://x/{i}\n" for i in range(300))
        r = self.fetch("-i", "-", given=given)
        self.assertIn("stdin:1:", r.stderr)
        self.assertLess(r.stderr.count("\n"), 110)
        self.assertIn("300 failed", r.stderr.splitlines()[-1])

    def test_order(self):
        given = "".join(self.server.url(f"/ok/order{i}\n") for i in range(500))
        records = self.records("-i", "-", given=given)
        self.assertEqual([r["index"] for r in records], list(range(1, 501)))
        records = self.records("--order", "completion", "-i", "-", given=given)
        self.indexes(records, 500)

    def test_completion_order_does_not_wait_for_the_first(self):
        process = self.start("-f", "ndjson", "--as-completed", self.server.url("/gate/free/x"),
                             self.server.url("/ok/free"))
        self.assertEqual(json.loads(self.read_line(process))["index"], 2)
        self.fetch(self.server.url("/open/free"))
        self.assertEqual(json.loads(self.read_line(process))["index"], 1)
        self.assertEqual(process.wait(support.PATIENCE), 0)

    def test_summary(self):
        r = self.fetch("--retries", "0", *self.urls())
        last = r.stderr.splitlines()[-1]
        for part in ("1 of 3", "2 failed", "404", "reset"):
            self.assertIn(part, last)
        r = self.fetch("--retries", "0", "-q", *self.urls())
        self.assertNotIn("1 of 3", r.stderr)


class Picks(support.Case):
    def pick(self, *arguments, status=0):
        return self.record(*arguments, self.server.url("/json/ABC"), status=status)

    def test_values_keep_their_type(self):
        record = self.pick("--pick", ".meta.price", "--pick", ".meta.symbol", "--pick", ".id",
                           "--pick", ".meta.tags[1]")
        self.assertEqual(record["price"], 3.25)
        self.assertEqual(record["symbol"], "ABC")
        self.assertEqual(record["id"], 2**53 + 1)
        self.assertIn("b", record.values())

    def test_a_table_is_the_default(self):
        r = self.fetch("--pick", ".meta.price", self.server.url("/json/ABC"))
        self.assertIn("price", r.stdout.decode().splitlines()[0])
        self.assertIn("3.25", r.stdout.decode())

    def test_csv_has_strings_without_their_quotes(self):
        r = self.fetch("-f", "csv", "--pick", ".meta.symbol", self.server.url("/json/ABC"))
        rows = list(csv.DictReader(io.StringIO(r.stdout.decode())))
        self.assertEqual(rows[0]["symbol"], "ABC")

    def test_a_place_that_is_not_there_is_null(self):
        record = self.pick("--pick", ".meta.nothing", "--pick", ".meta.none")
        self.assertIsNone(record["nothing"])
        self.assertIsNone(record["none"])

    def test_what_is_no_json_fails(self):
        record = self.record("--pick", ".a", self.server.url("/ok/a"), status=1)
        self.assertEqual(record["error"]["code"], "pick")
        self.assertEqual(record["status"], 200)
        self.assertEqual(self.fails("pick", "--retries", "3", "--pick", ".a",
                                    self.server.url("/ok/b"))["attempts"], 1)


class Files(support.Case):
    def files(self, folder="out"):
        return sorted(os.path.relpath(os.path.join(at, name), self.path(folder))
                      for at, _, names in os.walk(self.path(folder)) for name in names)

    def test_names_by_default(self):
        urls = [self.server.url(p) for p in ("/ok/a.txt", "/ok/a.txt?q=1", "/redirect/?http://h/x")]
        r = self.fetch("--output-dir", self.path("out"), *urls)
        self.assertEqual((r.returncode, r.stdout), (0, b""), r.stderr)
        self.assertEqual(self.files(), ["1-a.txt", "2-a.txt", "3-index.html"])
        self.assertEqual(self.read("out/1-a.txt"), b"/ok/a.txt")

    def test_names_by_a_template(self):
        listed = self.write("l.csv", "symbol,day\nA,1\nB/../C,2\n")
        self.fetch("-i", listed, "--url", self.server.url("/ok/{symbol}.json"), "--output-dir",
                   self.path("out"), "--name", "{host}/{day}/{symbol}-{index}.{ext}")
        files = self.files()
        self.assertEqual(len(files), 2)
        self.assertEqual(files[0], "127.0.0.1/1/A-1.json")
        self.assertRegex(files[1], r"^127\.0\.0\.1/2/[^/]+-2\.json$")

    def test_records_name_the_files(self):
        urls = [self.server.url(p) for p in ("/ok/a", "/status/404", "/bytes/200000/b")]
        records = self.records("--output-dir", self.path("out"), *urls, status=1)
        self.assertEqual(records[0]["file"], "1-a")
        self.assertIsNone(records[1].get("file"))
        self.assertEqual(records[2]["file"], "3-b")
        self.assertEqual(self.files(), ["1-a", "3-b"])
        self.assertEqual(os.path.getsize(self.path("out/3-b")), 200000)

    def test_an_older_file_is_replaced_only_by_a_whole_one(self):
        os.mkdir(self.path("out"))
        self.write("out/x", "old")
        options = ["--output-dir", self.path("out"), "--name", "x", "--retries", "0"]
        self.record(*options, self.server.url("/cut/body"), status=1)
        self.assertEqual(self.read("out/x"), b"old")
        self.record(*options, self.server.url("/ok/new"))
        self.assertEqual(self.read("out/x"), b"/ok/new")
        self.assertEqual(self.files(), ["x"])

    def test_two_items_do_not_share_a_file(self):
        urls = [self.server.url(p) for p in ("/ok/a/same", "/ok/b/same")]
        records = self.records("--output-dir", self.path("out"), "--name", "{basename}", *urls,
                               status=1)
        failed = [r for r in records if "error" in r]
        self.assertEqual([r["error"]["code"] for r in failed], ["file"])
        self.assertEqual(self.files(), ["same"])

    def test_a_folder_that_cannot_be_made_is_refused(self):
        self.write("file", "")
        self.refused("file", "--output-dir", self.path("file/out"), self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)


if __name__ == "__main__":
    support.main()
