#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""resume_test.py MEANTIME: --log, --resume and --failed: after any end, every item is done exactly
once."""
import collections
import json
import os

import support


class Case(support.Case):
    def log(self, name="log"):
        return [json.loads(line) for line in self.read(name).splitlines()]

    def done(self, name="log"):
        """How often the log has each item as done."""
        log = self.log(name)
        return collections.Counter(line["item"] for line in log if line["status"] == "ok")

    def given(self, *paths):
        return "".join(self.server.url(path) + "\n" for path in paths)

    def resume(self, *arguments, **options):
        return self.fetch("--log", "log", "--resume", *arguments, **options)


class Log(Case):
    def test_a_line_for_each_item(self):
        paths = ["/ok/a", "/status/404", "/cut/reset"]
        self.fetch("--log", "log", "--retries", "0", "-i", "-", given=self.given(*paths))
        log = sorted(self.log(), key=lambda line: line["index"])
        for line in log:
            self.assertEqual(list(line)[:9], "index item status http attempts start seconds worker "
                             "error".split())
        self.assertEqual([line["item"] for line in log], [self.server.url(p) for p in paths])
        self.assertEqual([line["status"] for line in log], ["ok", "failed", "failed"])
        self.assertEqual([line["http"] for line in log], [200, 404, None])
        codes = [(line["error"] or {}).get("code") for line in log]
        self.assertEqual(codes, [None, "http", "reset"])

    def test_one_that_is_there_is_refused_without_resume(self):
        url = self.server.url("/ok/never")
        before = self.write("log", '{"index":1}\n')
        self.refused("--resume", "--log", before, url)
        self.assertEqual((self.read("log"), self.server.asked("/ok/never")), (b'{"index":1}\n', 0))

    def test_what_is_no_log_is_refused(self):
        self.write("log", "Dear diary,\n" * 3)
        r = self.resume(self.server.url("/ok/never"))
        self.assertEqual(r.returncode, 2)
        self.assertEqual(self.read("log"), b"Dear diary,\n" * 3)

    def test_two_runs_do_not_share_one(self):
        first = self.start("--log", "log", self.server.url("/gate/share/x"))
        while not self.server.asked("/gate/share/x"):
            self.assertIsNone(first.poll())
        r = self.resume(self.server.url("/ok/never"))
        self.assertEqual(r.returncode, 2, r.stderr)
        self.fetch(self.server.url("/open/share"))
        self.assertEqual(first.wait(support.PATIENCE), 0)
        self.assertEqual(self.server.asked("/ok/never"), 0)


class Resume(Case):
    def test_what_is_done_is_left_out_and_what_failed_is_not(self):
        paths = ["/ok/left-out", "/flaky/1/404/redone", "/ok/left-out-2"]
        r = self.fetch("--log", "log", "-i", "-", given=self.given(*paths))
        self.assertEqual(r.returncode, 1)
        r = self.resume("-i", "-", given=self.given(*paths))
        self.assertEqual((r.returncode, r.stdout), (0, b"/flaky/1/404/redone"), r.stderr)
        self.assertEqual([self.server.asked(p) for p in paths], [1, 2, 1])
        r = self.resume("-i", "-", given=self.given(*paths))
        self.assertEqual((r.returncode, r.stdout), (0, b""))
        self.assertEqual([self.server.asked(p) for p in paths], [1, 2, 1])

    def test_an_item_is_known_by_its_text_and_not_by_its_place(self):
        self.fetch("--log", "log", "-i", "-", given=self.given("/ok/p1", "/ok/p2"))
        r = self.resume("-i", "-", given=self.given("/ok/new", "/ok/p2", "/ok/p1"))
        self.assertEqual(r.stdout, b"/ok/new", r.stderr)

    def test_an_item_that_is_there_twice_is_done_twice(self):
        self.fetch("--log", "log", "-i", "-", given=self.given("/ok/twice"))
        self.assertEqual(self.resume("-i", "-", given=self.given(*["/ok/twice"] * 3)).returncode, 0)
        self.assertEqual(self.server.asked("/ok/twice"), 3)
        self.assertEqual(self.done(), {self.server.url("/ok/twice"): 3})

    def test_a_torn_line_does_not_count(self):
        self.fetch("--log", "log", "-i", "-", given=self.given("/ok/t1", "/ok/t2"))
        whole = self.read("log")
        cut = whole.rstrip(b"\n").rfind(b"\n") + 1 + 40
        torn = self.log()[1]["item"]
        self.write("log", whole[:cut])
        self.assertEqual(self.resume("-i", "-", given=self.given("/ok/t1", "/ok/t2")).returncode, 0)
        self.assertEqual(self.server.asked(torn.rpartition(str(self.server.ports["http"]))[2]), 2)
        good = [line for line in self.read("log").splitlines() if line.startswith(b'{"index"')]
        items = collections.Counter()
        for line in good:
            try:
                items[json.loads(line)["item"]] += 1
            except json.JSONDecodeError:
                pass  # the torn one
        self.assertEqual(sorted(items), sorted(self.server.url(p) for p in ("/ok/t1", "/ok/t2")))

    def test_rows_of_a_table_are_items_too(self):
        listed = self.write("l.csv", "symbol,note\nA,x\nB,flaky\nC,z\n")
        options = ["-i", listed, "--url", self.server.url("/flaky/1/404/{symbol}?{note}")]
        self.assertEqual(self.fetch("--log", "log", *options).returncode, 1)
        self.assertEqual(self.resume(*options).returncode, 0)
        asked = [self.server.asked(f"/flaky/1/404/{q}") for q in ("A?x", "B?flaky", "C?z")]
        self.assertEqual(asked, [2, 2, 2])
        self.assertEqual(self.resume(*options).returncode, 0)
        self.assertEqual(sum(self.done().values()), 3)


class Killed(Case):
    """Half of the items are answered, the rest wait at a gate: kill -9 meets it half way."""

    N = 400

    def kill_half_way(self, name, *options):
        self.paths = [f"/ok/{name}/{i}" for i in range(self.N // 2)]
        self.paths += [f"/gate/{name}/{i}" for i in range(self.N // 2)]
        self.listed = self.write("list", self.given(*self.paths))
        options = ["-j", "20", "--output-dir", self.path("out"), "--name", "{index}", *options]
        process = self.start("--log", "log", "-i", self.listed, *options)
        while not os.path.exists(self.path("log")) or len(self.read("log").splitlines()) < 100:
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        whole = self.read("log").split(b"\n")[:-1]
        self.before = {json.loads(line)["item"] for line in whole}
        self.fetch(self.server.url(f"/open/{name}"))
        r = self.resume("-i", self.listed, *options)
        self.assertEqual(r.returncode, 0, r.stderr)

    def check(self):
        urls = [self.server.url(p) for p in self.paths]
        self.assertEqual(self.done(), collections.Counter(urls))
        for i, path in enumerate(self.paths):
            self.assertEqual(self.read(f"out/{i + 1}"), path.encode())
        self.assertEqual(len(os.listdir(self.path("out"))), self.N)
        requests = self.server.stats()["requests"]
        for path, url in zip(self.paths, urls):
            if url in self.before:
                self.assertEqual(len(requests[path]), 1, "done, and yet done again")

    def test_every_item_is_there_once_in_the_end(self):
        self.kill_half_way("killed")
        self.assertGreaterEqual(len(self.before), 100)
        self.check()

    def test_in_the_order_of_completion(self):
        self.kill_half_way("completion", "--order", "completion")
        self.check()

    def test_again_and_again(self):
        """Killed after each few lines of the log, until a run gets to its end."""
        paths = [f"/delay/5/again{i}" for i in range(200)]
        listed = self.write("list", self.given(*paths))
        size, runs = 0, 0
        while True:
            process = self.start("--log", "log", "--resume", "-j", "8", "-o", "/dev/null",
                                 "-i", listed)
            while process.poll() is None:
                now = os.path.getsize(self.path("log")) if os.path.exists(self.path("log")) else 0
                if now > size + 3000:
                    process.kill()
                    size = now
            runs += 1
            if process.wait() == 0:
                break
            self.assertLess(runs, 100, "it does not get on")
        self.assertGreaterEqual(runs, 2)
        self.assertEqual(set(self.done()), {self.server.url(p) for p in paths})
        self.assertEqual(set(self.done().values()), {1})


class Failed(Case):
    def test_lines_to_feed_back(self):
        paths = ["/ok/a", "/flaky/1/404/f1", "/ok/b", "/flaky/1/404/f2"]
        r = self.fetch("--failed", "again", "-i", "-", given=self.given(*paths))
        self.assertEqual(r.returncode, 1)
        self.assertEqual(self.read("again").decode(), self.given(paths[1], paths[3]))
        r = self.fetch("--failed", "again2", "-i", self.path("again"))
        self.assertEqual((r.returncode, r.stdout), (0, b"/flaky/1/404/f1/flaky/1/404/f2"))
        self.assertEqual(self.read("again2"), b"")

    def test_rows_with_their_header(self):
        text = 'symbol,note\r\nA,200\r\n"B ""b""",404\r\nC,404\r\n'
        listed = self.write("l.csv", text)
        template = self.server.url("/status/{note}?{symbol}")
        self.fetch("--failed", "again.csv", "-i", listed, "--url", template)
        records = self.records("-i", self.path("again.csv"), "--url", template, status=1)
        self.assertEqual([r["url"] for r in records],
                         [self.server.url(p) for p in ("/status/404?B%20%22b%22", "/status/404?C")])

    def test_the_input_is_not_overwritten(self):
        listed = self.write("list", self.given("/ok/a"))
        r = self.fetch("--failed", listed, "-i", listed)
        self.assertEqual(r.returncode, 2)
        self.assertEqual(self.read("list").decode(), self.given("/ok/a"))


if __name__ == "__main__":
    support.main()
