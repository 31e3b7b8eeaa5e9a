#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""input_test.py MEANTIME: where items come from, and that each of them has exactly one record."""
import json
import os
import subprocess
import threading

import support


class Forms(support.Case):
    def urls(self, *paths):
        return [self.server.url(path) for path in paths]

    def test_arguments(self):
        urls = self.urls("/ok/a", "/ok/bb", "/ok/a")
        records = self.records(*urls)
        self.assertEqual([r["url"] for r in records], urls)
        self.assertEqual([r["index"] for r in records], [1, 2, 3])
        self.assertEqual([r["bytes"] for r in records], [5, 6, 5])

    def test_a_file_and_standard_input(self):
        urls = self.urls("/ok/a", "/ok/bb")
        text = f"# the first\n{urls[0]}\n\n  {urls[1]}  \r\n#\n"
        listed = self.write("list", text)
        for arguments, given in ((["-i", listed], None), (["--input", "-"], text), (["-"], text)):
            records = self.records(*arguments, given=given)
            self.assertEqual([r["url"] for r in records], urls)

    def test_arguments_and_files_together(self):
        urls = self.urls("/ok/a", "/ok/b", "/ok/c")
        first, second = (self.write(f"list{i}", urls[i] + "\n") for i in (1, 2))
        records = self.records("-i", first, "-i", second, urls[0])
        self.assertEqual([r["url"] for r in records], urls)

    def test_items_that_end_with_nul(self):
        urls = self.urls("/ok/a", "/ok/b")
        for option in ("-0", "--null"):
            records = self.records(option, "-i", "-", given="\0".join(urls) + "\0")
            self.assertEqual([r["url"] for r in records], urls)

    def test_ndjson_with_a_template(self):
        rows = [{"symbol": "A B&C", "date": "2020-01-02", "n": 1}, {"symbol": "d/é", "date": "x"}]
        given = "".join(json.dumps(row) + "\n" for row in rows)
        template = self.server.url("/ok/{symbol}?d={date}")
        records = self.records("-i", "-", "--url", template, given=given)
        self.assertEqual([r["url"] for r in records],
                         self.urls("/ok/A%20B%26C?d=2020-01-02", "/ok/d%2F%C3%A9?d=x"))
        for path in ("/ok/A%20B%26C?d=2020-01-02", "/ok/d%2F%C3%A9?d=x"):
            self.assertEqual(self.server.asked(path), 1)

    def test_csv_and_tsv_with_a_template(self):
        template = self.server.url("/ok/{symbol}/{+path}")
        wanted = self.urls("/ok/a%2Cb/x/y", "/ok/%20c/z?q=1")
        files = {"list.csv": 'symbol,path\r\n"a,b",x/y\r\n" c",z?q=1\r\n',
                 "list.tsv": "symbol\tpath\na,b\tx/y\n c\tz?q=1\n"}
        for name, text in files.items():
            with self.subTest(name):
                path = self.write(name, text)
                records = self.records("-i", path, "--url", template)
                self.assertEqual([r["url"] for r in records], wanted)
                form = name.partition(".")[2]
                records = self.records("--input-format", form, "-i", "-", "--url", template,
                                       given=text)
                self.assertEqual([r["url"] for r in records], wanted)

    def test_a_column_url_needs_no_template(self):
        urls = self.urls("/ok/a", "/ok/b")
        text = "name,url\n" + "".join(f"n,{url}\n" for url in urls)
        self.assertEqual([r["url"] for r in self.records("-i", self.write("l.csv", text))], urls)
        text = "".join(json.dumps({"url": url}) + "\n" for url in urls)
        self.assertEqual([r["url"] for r in self.records("-i", "-", given=text)], urls)

    def test_a_line_is_the_column_item(self):
        records = self.records("--url", self.server.url("/ok/{item}"), "a b", "c")
        self.assertEqual([r["url"] for r in records], self.urls("/ok/a%20b", "/ok/c"))


class Mistakes(support.Case):
    def test_wrong_usage(self):
        url = self.server.url("/ok/never")
        self.refused("nothing to fetch")
        self.refused("--input-format can be", "--input-format", "xml", "-i", "-")
        self.refused("--url", "--url", "http://127.0.0.1/{", "x")
        self.refused("there is no option --max-redir;", "--max-redir", "3", url)
        self.refused("--jobs needs", "-j", "0", url)
        self.refused("--timeout needs", "--timeout", "soon", url)
        self.refused("--max-time needs", "-m", "-1", url)
        self.refused("--rate needs", "--rate", "10", url)
        self.refused("--max-bytes needs", "--max-bytes", "much", url)
        self.refused("--retry-on", "--retry-on", "tuesdays", url)
        self.refused("--resume", "--resume", url)
        self.refused("--pick", "--pick", "[", url)
        self.refused("--name", "--output-dir", self.path("d"), "--name", "../{index}", url)
        self.refused("--name", "--name", "{index}", url)
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_items_that_are_no_urls_fail_alone(self):
        bad = ["ftp://x/", "nonsense", "http://", "http://[::1", "http://a b/", "http://h:99999/",
               "/ok/a", "127.0.0.1/ok/a", "mailto:a@b", "http://\x01/"]
        given = "".join(f"{item}\n{self.server.url('/ok/good')}\n" for item in bad)
        records = self.records("-i", "-", given=given, status=1)
        self.indexes(records, 2 * len(bad))
        for item, record in zip(bad, records[::2]):
            self.assertEqual(record["error"]["code"], "url", item)
        for record in records[1::2]:
            self.assertEqual(record["status"], 200)

    def test_bytes_that_are_no_utf8_are_an_item_too(self):
        given = self.server.url("/ok/caf").encode() + b"\xe9\n"
        for _ in range(2):  # the second time it is done already
            r = self.fetch("-f", "ndjson", "--log", "log", "--resume", "-i", "-", given=given)
            self.assertEqual(r.returncode, 0, r.stderr)
            r.stdout.decode()  # which is UTF-8 in any case
            self.read("log").decode()
        self.assertEqual(len(self.read("log").splitlines()), 1)
        asked = [path for path in self.server.stats()["requests"] if path.startswith("/ok/caf")]
        self.assertEqual([path.lower() for path in asked], ["/ok/caf%e9"])

    def test_a_missing_column_is_told_with_those_there_are(self):
        path = self.write("l.csv", "symbol,date\nA,1\n")
        r = self.fetch("-f", "ndjson", "-i", path, "--url", self.server.url("/ok/{ticker}"))
        told = r.stdout.decode() + r.stderr
        self.assertNotEqual(r.returncode, 0)
        for word in ("ticker", "symbol", "date"):
            self.assertIn(word, told)

    def test_a_broken_line_is_a_failed_item(self):
        url = self.server.url("/ok/a")
        given = json.dumps({"url": url}) + "\n{\"url\": \n" + json.dumps({"url": url}) + "\n"
        records = self.records("-i", "-", given=given, status=1)
        self.indexes(records, 3)
        self.assertEqual([r["status"] for r in records], [200, None, 200])
        self.assertIn("stdin:2", records[1]["error"]["message"])

    def test_a_list_that_cannot_be_read(self):
        r = self.fetch("-i", self.path("missing"))
        self.assertNotEqual(r.returncode, 0)
        self.assertIn("missing", r.stderr)

    def test_an_empty_list_is_no_mistake(self):
        self.assertEqual(self.records("-i", "-", given=""), [])


class Streams(support.Case):
    def test_results_come_out_while_the_input_is_open(self):
        for order in ("input", "completion"):
            with self.subTest(order):
                process = self.start("-f", "ndjson", "--order", order, "-i", "-",
                                     stdin=subprocess.PIPE)
                for i in range(3):
                    process.stdin.write(self.server.url(f"/ok/{order}{i}\n").encode())
                    process.stdin.flush()
                    record = json.loads(self.read_line(process))
                    self.assertEqual(record["index"], i + 1)
                process.stdin.close()
                self.assertEqual(process.stdout.read(), b"")
                self.assertEqual(process.wait(support.PATIENCE), 0)

    def test_half_a_line_waits_for_its_end(self):
        process = self.start("-f", "ndjson", "-i", "-", stdin=subprocess.PIPE)
        whole = self.server.url("/ok/whole\n").encode()
        process.stdin.write(whole + whole[:12])
        process.stdin.flush()
        self.assertEqual(json.loads(self.read_line(process))["index"], 1)
        process.stdin.write(whole[12:])
        process.stdin.close()
        self.assertEqual(json.loads(self.read_line(process))["url"], whole.decode().strip())
        self.assertEqual(process.wait(support.PATIENCE), 0)

    def test_a_million_items_need_no_more_memory_than_a_hundred_thousand(self):
        """Items that fail at once need no server; a hundred bytes kept of each would be seen."""
        few, many = (self.peak_kib(n) for n in (100_000, 1_000_000))
        self.assertLess(many - few, 32 << 10)

    def peak_kib(self, n):
        # AddressSanitizer keeps what was freed, for a while that has to be short here.
        quarantine = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"
        process = self.start("-f", "ndjson", "-q", "-i", "-", stdin=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, env={"ASAN_OPTIONS": quarantine})

        def feed():
            with process.stdin:
                for i in range(0, n, 1000):
                    process.stdin.write(b"".join(b"ftp://x/%d\n" % j for j in range(i, i + 1000)))

        feeder = threading.Thread(target=feed)
        feeder.start()
        index = 0
        for line in process.stdout:
            index += 1
            if not line.startswith(b'{"index":%d,' % index):
                self.assertEqual(json.loads(line)["index"], index)
        feeder.join()
        self.assertEqual(index, n)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1)
        return usage.ru_maxrss


if __name__ == "__main__":
    support.main()
