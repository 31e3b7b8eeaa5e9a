#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""retry_test.py MEANTIME: what is repeated and what is not, and that Retry-After counts for a whole
origin. Waits have lower bounds only; what comes before what is read from the server's books."""
import support

QUICK = ["--retry-delay", "0.01", "--retry-max-delay", "0.05"]


class Case(support.Case):
    def attempts(self, path, *arguments, status=0):
        record = self.record(*QUICK, *arguments, self.server.url(path), status=status)
        self.assertEqual(record["attempts"], self.server.asked(path))
        return record["attempts"]

    def arrivals(self, *paths):
        """When the server was asked for these, in order of time."""
        requests = self.server.stats()["requests"]
        return sorted(r["at"] for path in paths for r in requests.get(path, []))


class Repeats(Case):
    def test_retries_are_counted_after_the_first_attempt(self):
        self.assertEqual(self.attempts("/flaky/2/500/a", "--retries", "2"), 3)
        self.assertEqual(self.attempts("/flaky/2/500/b", "--retries", "5"), 3)
        self.assertEqual(self.attempts("/flaky/2/500/c", "--retry", "1", status=1), 2)
        self.assertEqual(self.attempts("/flaky/2/500/d", "--retries", "0", status=1), 1)

    def test_what_is_repeated_by_default(self):
        for code in (408, 429, 500, 502, 503, 504):
            self.assertEqual(self.attempts(f"/flaky/1/{code}/x", "--retries", "1"), 2)
        self.assertEqual(self.attempts("/flaky-reset/1/x", "--retries", "1"), 2)
        self.assertEqual(self.attempts("/flaky-body/1/x", "--retries", "1"), 2)
        self.assertEqual(self.attempts("/wait/never", "--retries", "1", "--timeout", "0.5",
                                       status=1), 2)
        for url in (self.server.url("/", "closed"), f"http://{'x' * 64}.invalid/"):
            record = self.record(*QUICK, "--retries", "2", url, status=1)
            self.assertEqual(record["attempts"], 3)

    def test_what_is_not(self):
        for path in ("/status/404", "/status/401", "/status/501", "/http/garbage", "/chunk/word"):
            self.assertEqual(self.attempts(path, "--retries", "3", status=1), 1)
        self.assertEqual(self.attempts("/endless/plain", "--retries", "3", "--max-bytes", "1M",
                                       status=1), 1)
        self.assertEqual(self.attempts("/gzip/invalid", "--retries", "3", "--compressed",
                                       status=1), 1)

    def test_retry_on(self):
        for path, words, attempts in (
                ("/flaky/1/404/x", "404", 2), ("/flaky/1/503/y", "404", 1),
                ("/flaky/1/507/y", "5xx", 2), ("/flaky-reset/1/y", "5xx,timeout", 1),
                ("/flaky-reset/1/z", "404,reset", 2), ("/flaky/1/500/z", "none", 1)):
            with self.subTest(path):
                got = self.attempts(path, "--retries", "1", "--retry-on", words,
                                    status=int(attempts == 1))
                self.assertEqual(got, attempts)

    def test_only_the_last_attempt_has_output(self):
        for path in ("/flaky-body/2/out", "/flaky/2/500/out"):
            url = self.server.url(path)
            r = self.fetch(*QUICK, "--retries", "2", url)
            self.assertEqual(r.stdout, self.fetch(url).stdout)
        record = self.record(*QUICK, "--retries", "2", "--output-dir", self.path("d"),
                             "--name", "x", self.server.url("/flaky-body/2/file"))
        self.assertEqual((record["bytes"], len(self.read("d/x"))), (300_000, 300_000))

    def test_many_at_once_each_repeat_for_themselves(self):
        given = "".join(self.server.url(f"/flaky/{i % 3}/503/many{i}\n") for i in range(300))
        records = self.records(*QUICK, "--retries", "2", "-j", "16", "-i", "-", given=given)
        self.assertEqual([r["attempts"] for r in records], [i % 3 + 1 for i in range(300)])


class Unsafe(Case):
    def test_methods_that_may_do_it_twice_are_not_repeated(self):
        for method in ("POST", "PATCH"):
            for path in ("flaky-reset/1", "flaky/1/500"):
                options = ["-X", method, "-d", "x", "--retries", "3"]
                self.assertEqual(self.attempts(f"/{path}/{method}", *options, status=1), 1)
                options.append("--retry-unsafe")
                self.assertEqual(self.attempts(f"/{path}/again{method}", *options), 2)

    def test_methods_that_do_not_are(self):
        for method in ("PUT", "DELETE", "OPTIONS"):
            options = ["-X", method, "-d", "x", "--retries", "1"]
            self.assertEqual(self.attempts(f"/flaky-reset/1/{method}", *options), 2)
        self.assertEqual(self.attempts("/flaky-reset/1/head", "-I", "--retries", "1"), 2)


class Connections(Case):
    """A kept connection may turn out to be gone. That is nobody's failure, and no second POST."""

    def asked(self, folder):
        requests = self.server.stats()["requests"]
        return [r for path in requests if path.startswith(folder) for r in requests[path]]

    def test_a_get_takes_another_one(self):
        given = "".join(self.server.url(f"/hang-up/get/{i}\n") for i in range(100))
        records = self.records("-j", "4", "--retries", "0", "-i", "-", given=given)
        self.indexes(records, 100)
        self.assertEqual(len(self.asked("/hang-up/get/")), 100)

    def test_a_post_has_its_own(self):
        given = "".join(self.server.url(f"/ok/post/{i}\n") for i in range(100))
        records = self.records("-d", "x", "-j", "4", "--retries", "3", "-i", "-", given=given)
        self.indexes(records, 100)
        asked = self.asked("/ok/post/")
        self.assertEqual([r["method"] for r in asked], ["POST"] * 100)
        self.assertEqual(len({r["connection"] for r in asked}), 100)


class RetryAfter(Case):
    def test_in_seconds(self):
        self.assertEqual(self.attempts("/throttle/1/1/a", "--retries", "1"), 2)
        first, second = self.arrivals("/throttle/1/1/a")
        self.assertGreaterEqual(second - first, 0.99)

    def test_as_a_date(self):
        self.assertEqual(self.attempts("/throttle-date/1/1/a", "--retries", "1"), 2)
        first, second = self.arrivals("/throttle-date/1/1/a")
        self.assertGreaterEqual(second - first, 0.99)

    def test_429_twice_and_then_200(self):
        self.assertEqual(self.attempts("/throttle/2/1/b", "--retries", "2"), 3)
        first, second, third = self.arrivals("/throttle/2/1/b")
        self.assertGreaterEqual(second - first, 0.99)
        self.assertGreaterEqual(third - second, 0.99)

    def test_the_whole_origin_waits_and_no_other(self):
        """One at once, so that nothing of the others is under way when the server says so."""
        paths = [f"/ok/after/{i}" for i in range(20)]
        given = self.server.url("/throttle/1/2/origin\n")
        given += "".join(self.server.url(path + "\n") for path in paths)
        given += "".join(self.server.url(f"/ok/other/{i}\n", "other") for i in range(20))
        records = self.records(*QUICK, "-j", "1", "--retries", "1", "-i", "-", given=given)
        self.indexes(records, 41)
        begin = self.arrivals("/throttle/1/2/origin")[0]
        same = self.arrivals(*paths)
        self.assertGreaterEqual(same[0] - begin, 1.99)
        # The wait held neither the one permit of -j nor the other origin.
        other = self.arrivals(*[f"/ok/other/{i}" for i in range(20)])
        self.assertLess(other[-1], same[0])

    def test_a_pause_holds_for_those_that_come_later(self):
        """Each of five asks for another second: they do not ask again before it is over."""
        given = "".join(self.server.url(f"/throttle/1/1/late{i}\n") for i in range(5))
        records = self.records(*QUICK, "-j", "1", "--retries", "1", "-i", "-", given=given)
        self.assertEqual([r["attempts"] for r in records], [2] * 5)
        at = self.arrivals(*[f"/throttle/1/1/late{i}" for i in range(5)])
        for one, next_but_four in zip(at, at[5:]):
            self.assertGreater(next_but_four, one)
        self.assertGreaterEqual(at[1] - at[0], 0.99)


if __name__ == "__main__":
    support.main()
