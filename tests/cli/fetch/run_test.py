#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run_test.py MEANTIME: when a run ends before its input does: rules to stop, signals, a closed
output."""
import json
import os
import signal
import subprocess

import support


class Case(support.Case):
    counter = 0  # so that no two runs ask for the same

    def given(self, *paths):
        return "".join(self.server.url(path) + "\n" for path in paths)

    def never(self, n=5):
        """Items that nobody ever answers: a run that ends did not wait for them."""
        Case.counter += 1
        return [f"/gate/never-opened/{Case.counter}/{i}" for i in range(n)]

    def until(self, condition, process):
        """Waits until something is so that only the process brings about."""
        while not condition():
            self.assertIsNone(process.poll(), "it has ended")
            try:
                process.wait(0.02)
            except subprocess.TimeoutExpired:
                pass


class Stops(Case):
    def test_fail_fast(self):
        given = self.given("/ok/a", "/status/404", *self.never())
        r = self.fetch("--fail-fast", "-i", "-", given=given)
        self.assertEqual((r.returncode, r.stdout), (1, b"/ok/a"), r.stderr)

    def test_max_failures(self):
        """Two are allowed, the third one ends it."""
        given = self.given("/status/404", "/ok/a", "/status/404", "/ok/b", "/status/500",
                           *self.never())
        r = self.fetch("--retries", "0", "--max-failures", "2", "-i", "-", given=given)
        self.assertEqual((r.returncode, r.stdout), (1, b"/ok/a/ok/b"), r.stderr)
        given = self.given("/status/404", "/ok/a", "/status/404", "/ok/b")
        r = self.fetch("--max-failures", "2", "-i", "-", given=given)
        self.assertEqual((r.returncode, r.stdout), (1, b"/ok/a/ok/b"), r.stderr)

    def test_max_failures_as_a_share(self):
        paths = [f"/status/404?{i}" for i in range(30)]
        r = self.fetch("--max-failures", "50%", "-i", "-",
                       given=self.given(*paths, *self.never()))
        self.assertEqual(r.returncode, 1, r.stderr)

    def test_stop_after(self):
        given = self.given("/ok/a", "/status/404", "/ok/b", *self.never())
        r = self.fetch("--stop-after", "2", "-i", "-", given=given)
        self.assertEqual(r.stdout, b"/ok/a/ok/b", r.stderr)
        r = self.fetch("--stop-after", "1", "-i", "-", given=self.given("/ok/a", *self.never()))
        self.assertEqual((r.returncode, r.stdout), (0, b"/ok/a"), r.stderr)

    def test_what_was_stopped_has_one_record_and_one_line_in_the_log(self):
        paths = ["/ok/a", "/status/404", *self.never()]
        r = self.fetch("-f", "ndjson", "--fail-fast", "--log", "log", "-i", "-",
                       given=self.given(*paths))
        records = [json.loads(line) for line in r.stdout.splitlines()]
        indexes = [record["index"] for record in records]
        self.assertEqual(indexes, list(range(1, len(records) + 1)))
        for record in records[2:]:
            self.assertEqual(record["error"]["code"], "cancelled")
        log = [json.loads(line) for line in self.read("log").splitlines()]
        self.assertEqual(len({line["index"] for line in log}), len(log))
        self.assertEqual([line["status"] for line in log[:2]], ["ok", "failed"])
        for line in log[2:]:
            self.assertEqual(line["status"], "cancelled")


class Signals(Case):
    def running(self, *options, ok=3):
        """A run that has printed `ok` records and has the rest, never answered, under way."""
        never = self.never()
        self.paths = [f"/ok/{Case.counter}/{i}" for i in range(ok)] + never
        process = self.start("-f", "ndjson", *options, *[self.server.url(p) for p in self.paths])
        self.seen = [json.loads(self.read_line(process)) for _ in range(ok)]
        self.until(lambda: all(self.server.asked(p) for p in self.paths), process)
        return process

    def test_one_prints_what_there_is_and_dies_of_it(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name):
                process = self.running()
                process.send_signal(number)
                out, err = process.communicate(timeout=support.PATIENCE)
                self.assertEqual(process.returncode, -number, err)
                rest = [json.loads(line) for line in out.splitlines()]
                self.assertEqual([r["status"] for r in self.seen], [200] * 3)
                for record in rest:
                    self.assertEqual(record["error"]["code"], "cancelled")
                    self.assertGreater(record["index"], 3)
                self.assertEqual(len({r["index"] for r in rest}), len(rest))

    def test_an_array_of_json_is_ended(self):
        process = self.start("-f", "json", "--as-completed", "-j", "2", "-i", "-",
                             stdin=subprocess.PIPE)
        process.stdin.write(self.given("/ok/array", *self.never(1)).encode())
        process.stdin.flush()  # and it stays open
        self.until(lambda: self.server.asked("/ok/array"), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGINT, err)
        self.assertIsInstance(json.loads(out), list)

    def test_two_end_it_at_once(self):
        """Nobody reads the output, so that after one signal it waits for ever to write it."""
        url = self.server.url("/bytes/10000000/unread")
        process = self.start(url, *[self.server.url(p) for p in self.never()])
        self.until(lambda: self.server.asked("/bytes/10000000/unread"), process)
        process.send_signal(signal.SIGINT)
        try:
            process.wait(0.5)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(support.PATIENCE), -signal.SIGINT)

    def test_the_log_has_what_was_done(self):
        process = self.running("--log", "log")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=support.PATIENCE)
        log = [json.loads(line) for line in self.read("log").splitlines()]
        done = [line["item"] for line in log if line["status"] == "ok"]
        self.assertEqual(done, [self.server.url(p) for p in self.paths[:3]])
        self.assertEqual(len({line["index"] for line in log}), len(log))

    def test_files_that_were_begun_are_removed(self):
        os.mkdir(self.path("d"))
        process = self.start("--output-dir", "d", *[self.server.url("/wait/half?files")] * 3)
        self.until(lambda: self.server.asked("/wait/half?files") == 3, process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=support.PATIENCE)
        self.assertEqual(process.returncode, -signal.SIGTERM)
        self.assertEqual(os.listdir(self.path("d")), [])


class Output(Case):
    def test_a_reader_that_goes_ends_it(self):
        process = self.start("-f", "ndjson", "-i", "-", stdin=subprocess.PIPE)
        process.stdin.write(self.given("/ok/first").encode())
        process.stdin.flush()
        self.read_line(process)
        process.stdout.close()
        process.stdin.write(self.given("/ok/second", *self.never()).encode())
        process.stdin.flush()  # and it stays open
        self.assertEqual(process.wait(support.PATIENCE), -signal.SIGPIPE)

    def test_a_reader_that_goes_is_noticed_with_bodies_too(self):
        process = self.start(self.server.url("/bytes/10000000/gone"), *[
            self.server.url(p) for p in self.never()])
        process.stdout.read(10)
        process.stdout.close()
        self.assertEqual(process.wait(support.PATIENCE), -signal.SIGPIPE)

    def test_a_full_disk_is_told(self):
        for options in ([], ["-f", "ndjson"]):
            with open("/dev/full", "wb") as full:
                r = self.fetch(*options, self.server.url("/ok/full"), stdout=full)
            self.assertEqual(r.returncode, 1)
            self.assertIn("No space left on device", r.stderr)

    def test_progress(self):
        given = self.given(*[f"/ok/p{i}" for i in range(20)])
        for word, some in (("always", True), ("never", False), ("auto", False)):
            r = self.fetch("-q", "--progress", word, "-i", "-", given=given)
            self.assertEqual((r.returncode, bool(r.stderr)), (0, some), word)

    def test_inline_has_the_same_records(self):
        given = self.given("/ok/a", "/status/404", "/ok/b")
        got = [self.records("--on", on, "-i", "-", given=given, status=1) for on in
               ("inline", "threads", "threads:1")]
        for records in got:
            for record in records:
                del record["seconds"], record["queue_seconds"]
        self.assertEqual(got[0], got[1])
        self.assertEqual(got[0], got[2])


if __name__ == "__main__":
    support.main()
