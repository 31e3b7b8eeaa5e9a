#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""limits_test.py MEANTIME: how many requests at once, and how many in a time. No clock is needed
for the first: /meet/N answers only when N requests are there together, so that fewer never end, and
the server counts the most that it saw at once."""
import support


class AtOnce(support.Case):
    def meet(self, n, folder, items, *arguments, ports=("http",)):
        paths = [f"/meet/{n}/{folder}{port}/{i}" for i in range(items) for port in ports]
        given = "".join(self.server.url(path + "\n", ports[i % len(ports)])
                        for i, path in enumerate(paths))
        records = self.records("--retries", "0", *arguments, "-i", "-", given=given)
        self.indexes(records, len(paths))
        most = self.server.stats()["most"]
        return [most[f"/meet/{n}/{folder}{port}"] for port in ports]

    def test_fifty_by_default(self):
        self.assertEqual(self.meet(50, "default", 150), [50])

    def test_jobs(self):
        for n in (1, 2, 7):
            self.assertEqual(self.meet(n, f"j{n}", 5 * n, "-j", str(n)), [n])

    def test_jobs_are_tasks_and_not_threads(self):
        self.assertEqual(self.meet(200, "tasks", 400, "-j", "200", "--workers", "1"), [200])
        self.assertEqual(self.meet(200, "two", 400, "--jobs", "200", "--workers", "2"), [200])

    def test_per_host(self):
        self.assertEqual(self.meet(3, "host", 12, "-j", "50", "--per-host", "3"), [3])

    def test_per_host_counts_each_origin_by_itself(self):
        """Six under way at once, three a port: with less, nobody would get an answer."""
        most = self.meet(3, "origin", 12, "--per-host", "3", ports=("http", "other"))
        self.assertEqual(most, [3, 3])

    def test_one_origin_does_not_hold_up_another(self):
        """The first twenty are for a host that takes one at once and does not answer it; the last
        one, for another, is what it waits for."""
        given = "".join(self.server.url(f"/gate/held/{i}\n") for i in range(20))
        given += self.server.url("/open/held\n", "other")
        records = self.records("-j", "2", "--per-host", "1", "-i", "-", given=given)
        self.indexes(records, 21)

    def test_inline_is_one_after_another(self):
        self.assertEqual(self.meet(1, "inline", 5, "--on", "inline"), [1])


class InATime(support.Case):
    def arrivals(self, folder):
        return sorted(request["at"] for path, requests in self.server.stats()["requests"].items()
                      if path.startswith(folder) for request in requests)

    def test_rate(self):
        """Twenty at ten a second: ten may come at once, the rest need a second."""
        given = "".join(self.server.url(f"/ok/rate/{i}\n") for i in range(20))
        self.indexes(self.records("--rate", "10/s", "-i", "-", given=given), 20)
        at = self.arrivals("/ok/rate/")
        self.assertGreaterEqual(at[-1] - at[0], 0.9)

    def test_attempts_count_for_the_rate(self):
        given = "".join(self.server.url(f"/flaky/3/500/rate{i}\n") for i in range(5))
        records = self.records("--retries", "3", "--retry-delay", "0.001", "--rate", "10/s",
                               "-i", "-", given=given)
        self.indexes(records, 5)
        at = self.arrivals("/flaky/3/500/rate")
        self.assertEqual(len(at), 20)
        self.assertGreaterEqual(at[-1] - at[0], 0.9)

    def test_a_rate_that_is_not_used_up_holds_nobody(self):
        self.record("--rate", "1/day", self.server.url("/ok/one"))


class Sizes(support.Case):
    def test_max_bytes(self):
        url = self.server.url("/bytes/1000/x")
        self.assertEqual(self.record("--max-bytes", "1000", url)["bytes"], 1000)
        self.fails("too_large", "--max-bytes", "999", url)
        self.assertEqual(self.fetch("--max-bytes", "999", url).stdout, b"")

    def test_max_bytes_counts_what_comes_out_of_decompression(self):
        url = self.server.url("/gzip/bomb")
        self.fails("too_large", "--compressed", "--max-bytes", "1M", url)
        self.assertLess(self.record("--max-bytes", "1M", url)["bytes"], 1 << 20)


if __name__ == "__main__":
    support.main()
