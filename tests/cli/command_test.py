#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""command_test.py MEANTIME SOURCE: the command as a whole, as its users see it."""
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

MEANTIME, SOURCE = os.path.abspath(sys.argv.pop(1)), os.path.abspath(sys.argv.pop(1))
SEVEN = "ticker start_price end_price total_return volatility avg_volume sharpe".split()
ALL = SEVEN + ("path rows dropped start_date end_date cagr sortino max_drawdown peak_date "
               "trough_date calmar var95 cvar95 skew excess_kurtosis best_day worst_day "
               "price_column periods").split()
GOOD = "date,close,volume\n2020-01-02,100,10\n2020-01-03,110,20\n2020-01-06,99,30\n"
# A process that should end and does not is a failure, not a hang of the whole suite.
PATIENCE = 120


def run(*arguments, **options):
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    return subprocess.run([MEANTIME, *arguments], capture_output=True, timeout=PATIENCE, **options)


def text(*arguments, **options):
    return run(*arguments, text=True, **options)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content=GOOD):
        path = self.path(name)
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(path, mode, **({} if mode == "wb" else {"newline": ""})) as f:
            f.write(content)
        return path

    def many(self, n, start=0):
        return [self.write(f"F{i:04d}.csv") for i in range(start, start + n)]

    def succeeds(self, *arguments, **options):
        r = text(*arguments, **options)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout

    def refused(self, message, *arguments):
        r = text(*arguments)
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn(message, r.stderr)
        self.assertEqual(r.stderr.count("\n"), 1)


class Frame(Case):
    def test_bare_command_prints_five_examples(self):
        out = self.succeeds()
        self.assertEqual(len(re.findall(r"^  .*meantime ", out, re.M)), 5)

    def test_help_names_the_commands_and_each_has_its_own(self):
        out = self.succeeds("--help")
        for command in ("fetch", "quotes", "stats", "sample", "serve"):
            self.assertRegex(out, rf"(?m)^  {command} ")
            own = self.succeeds(command, "--help")
            self.assertIn(f"Usage: meantime {command} ", own)
            self.assertEqual(own, self.succeeds("help", command))
            self.assertEqual(own, self.succeeds(command, "-h"))

    def test_help_fits_a_terminal(self):
        for command in ("fetch", "quotes", "stats", "sample", "serve"):
            for line in self.succeeds(command, "--help").splitlines():
                self.assertLessEqual(len(line), 92, line)

    def test_version(self):
        with open(os.path.join(SOURCE, "include/meantime/status.h")) as f:
            version = re.search(r'MT_VERSION "(.*)"', f.read())[1]
        self.assertEqual(self.succeeds("--version"), f"meantime {version}\n")

    def test_unknown_commands_get_a_suggestion(self):
        self.refused('is "stats" meant?', "stat")
        self.refused('is "sample" meant?', "smaple")
        self.refused("meantime --help", "frobnicate")
        self.refused("meantime --help", "--frobnicate")

    def test_manual_has_every_option_and_no_other(self):
        for command in ("fetch", "quotes", "stats", "sample", "serve"):
            told = set(re.findall(r"--([a-z][a-z-]+)", self.succeeds(command, "--help")
                                  .split("\nExamples")[0]))
            with open(os.path.join(SOURCE, f"man/meantime-{command}.1")) as f:
                items = re.findall(r"^\.It (Fl .*)", f.read(), re.M)
            manual = {o for item in items for o in re.findall(r"Fl -([a-z][a-z-]+)", item)}
            self.assertEqual(manual, told)


class Options(Case):
    def test_abbreviations_are_refused(self):
        path = self.write("A.csv")
        self.refused("there is no option --form; is --format meant?", "stats", "--form", "csv", path)
        self.refused("there is no option --form", "stats", "--form=csv", path)
        self.refused("there is no option --al", "stats", "--al", path)
        self.refused("there is no option --p", "stats", "--p", path)
        self.refused("there is no option --job", "stats", "--job")
        self.refused("there is no option --se", "sample", "--se", "1", self.path("x"))

    def test_mistakes_are_told(self):
        path = self.write("A.csv")
        self.refused("--format can be table|json|ndjson|csv|tsv", "stats", "--format", "xml", path)
        self.refused("--all takes no value", "stats", "--all=1", path)
        self.refused("--jobs needs a value", "stats", path, "--jobs")
        self.refused("-j needs a value", "stats", path, "-j")
        self.refused("no option -x", "stats", "-x", path)
        for wrong in ("0", "-1", "x", "1x", "", "1.5"):
            self.refused("--jobs needs a whole number", "stats", "--jobs", wrong, path)
        for wrong in ("x", "-2", "nan", "inf", ""):
            self.refused("--rf needs a number", "stats", "--rf", wrong, path)
        self.refused("--periods needs a number above 0", "stats", "--periods", "0", path)
        self.refused("no files given", "stats")
        self.refused("nothing can run on", "stats", "--on", "elsewhere", path)

    def test_options_may_stand_anywhere_and_end_with_two_dashes(self):
        self.write("A.csv")
        self.write("--all")
        a = self.succeeds("stats", "-f", "csv", "A.csv", cwd=self.folder)
        for arguments in (["A.csv", "-fcsv"], ["--format=csv", "A.csv"], ["--format", "csv", "--", "A.csv"]):
            self.assertEqual(self.succeeds("stats", *arguments, cwd=self.folder), a)
        out = self.succeeds("stats", "-fcsv", "--", "--all", cwd=self.folder)
        self.assertIn("\n--all,", out)

    def test_explain_defines_every_column(self):
        out = self.succeeds("stats", "--explain")
        self.assertEqual(re.findall(r"^  (\w+) {2,}", out, re.M), ALL)


class Formats(Case):
    def test_json_has_the_columns_in_their_order(self):
        path = self.write("A.csv")
        for arguments, columns in ([], SEVEN), (["--all"], ALL):
            out = self.succeeds("stats", "-f", "json", *arguments, path, path)
            records = json.loads(out)
            self.assertEqual([list(r) for r in records], [columns] * 2)
            lines = self.succeeds("stats", "-f", "ndjson", *arguments, path, path).splitlines()
            self.assertEqual([json.loads(line) for line in lines], records)
        self.assertEqual(records[0]["path"], path)
        self.assertEqual(records[0]["rows"], 3)
        self.assertEqual(records[0]["start_date"], "2020-01-02")
        self.assertEqual(records[0]["avg_volume"], 20)

    def test_no_record_is_an_empty_array(self):
        self.assertEqual(json.loads(self.succeeds("stats", "-f", "json", "-", input="")), [])
        self.assertEqual(self.succeeds("stats", "-f", "ndjson", "-", input=""), "")
        self.assertEqual(self.succeeds("stats", "-", input=""), "")

    def test_numbers_carry_full_precision(self):
        path = self.write("A.csv", "date,close\n2020-01-02,0.1\n2020-01-03,100.99342830602247\n"
                                   "2020-01-06,1e22\n2020-01-07,5e-324\n")
        record, = json.loads(self.succeeds("stats", "-f", "json", path))
        self.assertEqual((record["start_price"], record["end_price"]), (0.1, 5e-324))
        self.assertIn('"start_price": 0.1,', self.succeeds("stats", "-f", "json", path))

    def test_delimited_formats(self):
        path = self.write('comma, "quote".csv')
        json_record, = json.loads(self.succeeds("stats", "--all", "-f", "json", path))
        want = [json_record[c] for c in ALL]
        for name, delimiter in ("csv", ","), ("tsv", "\t"):
            out = self.succeeds("stats", "--all", "-f", name, path)
            quoting = csv.QUOTE_MINIMAL if name == "csv" else csv.QUOTE_NONE
            header, row = csv.reader(io.StringIO(out), delimiter=delimiter, quoting=quoting)
            self.assertEqual(header, ALL + ["error"])
            got = [type(w)(g) if w is not None else None for g, w in zip(row, want)]
            self.assertEqual(got, want)
            seven = self.succeeds("stats", "-f", name, "--no-header", path)
            self.assertEqual(seven.count("\n"), 1)
            if name == "tsv":
                self.assertEqual(seven.count("\t"), 6)

    def test_table_rounds_to_two_places(self):
        lines = self.succeeds("stats", self.write("A.csv")).splitlines()
        self.assertEqual(lines[0].split(), SEVEN)
        self.assertEqual(lines[1].split()[:4], ["A", "100.00", "99.00", "-1.00"])

    def test_numbers_that_do_not_exist_are_empty_or_null(self):
        path = self.write("A.csv", "date,close\n2020-01-02,100\n")
        record, = json.loads(self.succeeds("stats", "--all", "-f", "json", path))
        self.assertEqual({k for k, v in record.items() if v is None},
                         set(ALL) - {"ticker", "path", "start_price", "end_price", "rows", "dropped",
                                     "start_date", "end_date", "price_column"})
        self.assertEqual(self.succeeds("stats", "-f", "csv", "--no-header", path), "A,100,100,,,,\n")
        flat = self.write("B.csv", "date,close\n" + "".join(f"2020-01-0{i},7\n" for i in range(1, 9)))
        record, = json.loads(self.succeeds("stats", "--all", "-f", "json", flat))
        for key in "sharpe sortino skew excess_kurtosis calmar peak_date".split():
            self.assertIsNone(record[key], key)

    def test_names_cannot_command_the_terminal(self):
        name = "a\nb\x1b[31m\xe9"
        good = os.path.join(os.fsencode(self.folder), name.encode("latin-1") + b".csv")
        bad = os.path.join(os.fsencode(self.folder), b"bad\x1b]0;x\x07\n.csv")
        for path, content in (good, GOOD), (bad, "date,close\n2020-01-02,\x1b[2J\n"):
            with open(path, "w") as f:
                f.write(content)
        for form in "table", "json", "ndjson":
            r = run("stats", "-f", form, "--all", good, bad, env={"LC_ALL": "C.UTF-8"})
            self.assertEqual(r.returncode, 1)
            self.assertNotIn(b"\x1b", r.stdout + r.stderr)
            self.assertEqual(r.stderr.count(b"\n"), 1)
            r.stdout.decode(), r.stderr.decode()
        records = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual(records[0]["ticker"], "a\nb\x1b[31m\ufffd")
        r = run("stats", "-f", "tsv", "--no-header", good)
        self.assertEqual(r.stdout.count(b"\n"), 1)

    def test_a_comma_locale_changes_nothing(self):
        made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", self.path("de_DE.UTF-8")],
                              capture_output=True)
        if made.returncode > 1:
            self.skipTest("localedef has no sources (Debian's package locales)")
        path = self.write("A.csv")
        # glibc's setlocale loses its copy of LOCPATH (33 bytes), which is not ours to mend.
        sanitizer = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        env = {"LOCPATH": self.folder, "LC_ALL": "de_DE.UTF-8", "ASAN_OPTIONS": sanitizer}
        for form in "table", "json", "csv":
            arguments = "stats", "--rf", "0.01", "-f", form, path
            self.assertEqual(self.succeeds(*arguments, env=env), self.succeeds(*arguments))


class Items(Case):
    def tickers(self, *arguments, **options):
        out = self.succeeds("stats", "-f", "ndjson", *arguments, **options)
        return [json.loads(line)["ticker"] for line in out.splitlines()]

    def test_input_order_is_kept(self):
        paths = self.many(300)
        # The first takes longest: in completion order it would not come first.
        self.write("F0000.csv", GOOD.splitlines()[0] + "\n" +
                   "".join(f"{1000 + i // 336:04d}-{i // 28 % 12 + 1:02d}-{i % 28 + 1:02d},{i + 1},1\n"
                           for i in range(50000)))
        want = [f"F{i:04d}" for i in range(300)]
        for on in ["inline"], ["threads:1"], ["threads:4"]:
            self.assertEqual(self.tickers("--on", *on, *paths), want)
        self.assertEqual(self.tickers("-j", "3", "--in-flight", "7", self.folder), want)
        self.assertEqual(sorted(self.tickers("--as-completed", *paths)), want)
        self.assertEqual(sorted(self.tickers("--order", "completion", "-j4", *paths)), want)

    def test_folders_give_their_price_files_by_name(self):
        for name in "b.csv", "a.CSV", "c.tsv", "d.txt", "notes.md", ".hidden.csv", "e.json":
            self.write(name)
        os.mkdir(self.path("sub.csv"))
        self.assertEqual(self.tickers(self.folder), ["a", "b", "c", "d"])
        self.assertEqual(self.tickers(self.folder + "/"), ["a", "b", "c", "d"])

    def test_lists_on_stdin(self):
        paths = self.many(5)
        want = [f"F{i:04d}" for i in range(5)]
        for joined in "\n".join(paths), "\n".join(paths) + "\n\n", "\r\n".join(paths) + "\r\n":
            self.assertEqual(self.tickers("-", input=joined), want)
        self.assertEqual(self.tickers("--null", "-", input="\0".join(paths)), want)
        self.assertEqual(self.tickers("-", input=self.folder), want)
        self.assertEqual(self.tickers(paths[4], "-", paths[0], input=paths[2]),
                         ["F0004", "F0002", "F0000"])
        odd = self.write("new\nline.csv")
        self.assertEqual(self.tickers("-0", "-", input=odd + "\0"), ["new\nline"])
        self.assertEqual(len(self.tickers("-", input="\n".join(paths * 3000))), 15000)

    def test_a_list_of_files_that_do_not_exist(self):
        listed = "".join(f"{self.path('missing')}{i}.csv\n" for i in range(500))
        r = text("stats", "-f", "ndjson", "-", input=listed)
        records = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual(r.returncode, 1)
        self.assertEqual([r["error"]["code"] for r in records], ["ENOENT"] * 500)
        self.assertEqual([r["ticker"] for r in records], [f"missing{i}" for i in range(500)])
        self.assertEqual(r.stderr.count("No such file"), 500)

    def test_a_slow_list_holds_nothing_back(self):
        paths = self.many(3)
        with subprocess.Popen([MEANTIME, "stats", "-f", "ndjson", "-"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as p:
            for i, path in enumerate(paths):
                p.stdin.write(path + "\n")
                p.stdin.flush()
                # Only this file has been named: its record must come without a further one.
                self.assertEqual(json.loads(p.stdout.readline())["ticker"], f"F{i:04d}")
            p.stdin.close()
            self.assertEqual(p.stdout.read(), "")
            self.assertEqual(p.wait(PATIENCE), 0)

    def test_pipes_are_files_too(self):
        with open(self.write("A.csv")) as f:
            self.assertEqual(self.tickers("/dev/stdin", stdin=f), ["stdin"])
        big = HEAD + "".join(f"{2100 + i // 336}-{i // 28 % 12 + 1:02d}-{i % 28 + 1:02d},5,1\n"
                             for i in range(40000))
        out = self.succeeds("stats", "--all", "-fjson", "/dev/stdin", input=big)
        self.assertEqual(json.loads(out)[0]["rows"], 40002)

    def test_a_file_too_large_for_a_buffer_is_mapped(self):
        path = self.path("large.csv")
        with open(path, "wb") as f: # most of it is a hole, inside a quoted note
            f.write(b'date,note,close\n2020-01-02,"' + b"x" * 8192)
            f.seek(1 << 28)
            f.write(b'",100\n2020-01-03,,110\n')
        record, = json.loads(self.succeeds("stats", "--all", "-fjson", path))
        self.assertEqual((record["rows"], record["end_price"]), (2, 110))

    def test_stop_after_successes(self):
        paths = [self.path("missing.csv"), *self.many(50)]
        r = text("stats", "--on", "inline", "-f", "json", "--stop-after", "3", *paths)
        self.assertEqual([r["ticker"] for r in json.loads(r.stdout)],
                         ["missing", "F0000", "F0001", "F0002"])
        self.assertEqual(r.returncode, 1)
        out = self.succeeds("stats", "-f", "json", "--stop-after", "5", *paths[1:])
        self.assertEqual(len(json.loads(out)), 5)

    def test_fail_fast(self):
        paths = self.many(40)
        paths.insert(5, self.path("missing.csv"))
        for on in "inline", "threads:3":
            r = text("stats", "--on", on, "-f", "json", "--fail-fast", *paths)
            records = json.loads(r.stdout)
            self.assertEqual([r["ticker"] for r in records],
                             [f"F{i:04d}" for i in range(5)] + ["missing"])
            self.assertEqual(r.returncode, 1)

    def test_progress(self):
        paths = self.many(20)
        r = text("stats", "--progress", "always", "-fcsv", *paths)
        self.assertRegex(r.stderr.splitlines()[-1], r"^meantime: 100%  20 of 20 files")
        for arguments in ["--progress", "never"], ["--progress", "auto"]:
            self.assertEqual(text("stats", *arguments, *paths).stderr, "")

    def test_notes_tell_what_was_chosen_and_left_out(self):
        path = self.write("A.csv", "Date,Close,Adj Close\n2020-01-02,9,1\n2020-01-03,9,null\n"
                                   "2020-01-06,9,3\n2020-01-06,9,2\n")
        r = text("stats", "--all", "-f", "json", path)
        record, = json.loads(r.stdout)
        self.assertEqual((record["price_column"], record["rows"], record["dropped"],
                          record["doubles"], record["end_price"]), ("Adj Close", 2, 1, 1, 2))
        self.assertEqual(r.returncode, 0)
        for word in "adjusted closes", "1 row without a usable price", "1 row left out whose date":
            self.assertIn(word, r.stderr)
        self.assertEqual(text("stats", "--quiet", path).stderr, "")


HEAD = "date,close,volume\n2020-01-02,100,10\n2020-01-03,101,20\n"
# name: content, code, line, column
BROKEN = {
    "empty": ("", "empty", 1, 1),
    "blank": ("\n \n", "empty", 1, 1),
    "binary": (b"\x7fELF\0\0", "binary", 1, 5),
    "gzip": (b"\x1f\x8b\x08\0", "binary", 1, 1),
    "spreadsheet": (b"PK\x03\x04\x14\0", "binary", 1, 1),
    "utf16": ("date,close\n".encode("utf-16"), "binary", 1, 1),
    "html": ("<!DOCTYPE html>\n<html></html>\n", "html", 1, 1),
    "json": ('{"Note": "limit reached"}', "json", 1, 1),
    "header_only": ("date,close,volume\n", "no_rows", 2, 1),
    "no_price": ("date,open,volume\n2020-01-02,1,2\n", "no_price_column", 1, 1),
    "no_date": ("close,volume\n1,2\n", "no_date_column", 1, 1),
    "people": ("name,age\nAda,36\n", "no_price_column", 1, 1),
    "short_row": (HEAD + "2020-01-06\n", "short_row", 4, 11),
    "bad_price": (HEAD + "2020-01-06,12..5,1\n", "bad_price", 4, 12),
    "word_price": (HEAD + '2020-01-06,"high",1\n', "bad_price", 4, 12),
    "bad_volume": (HEAD + "2020-01-06,1,many\n", "bad_volume", 4, 14),
    "bad_date": (HEAD + "2020-02-30,1,1\n", "bad_date", 4, 1),
    "no_such_day": (HEAD + "yesterday,1,1\n", "bad_date", 4, 1),
    "missing_date": (HEAD + ",1,1\n", "bad_date", 4, 1),
    "mixed_dates": ("Date,Close\n01/31/2020,1\n31/01/2020,2\n", "bad_date", 3, 1),
    "open_quote": (HEAD + '2020-01-06,"1,1\n', "bad_quote", 4, 12),
    "all_missing": ("date,close\n2020-01-02,null\n2020-01-03,\n", "no_prices", 2, 1),
    "late": (HEAD + "".join(f"2021-{i // 28 + 1:02d}-{i % 28 + 1:02d},5.{i},{i}\n"
                            for i in range(300)) + "2022-01-01,5.x,1\n", "bad_price", 304, 12),
}


class Broken(Case):
    def test_a_thousand_files_with_one_broken_in_each_way(self):
        for name, (content, *_) in BROKEN.items():
            self.write(f"{name}.csv", content)
        os.mkdir(self.path("folder.csv"))
        places = {**{f"{n}.csv": tuple(rest) for n, (_, *rest) in BROKEN.items()},
                  "missing.csv": ("ENOENT", None, None), "folder.csv": ("no_files", None, None),
                  "empty.csv/below.csv": ("ENOTDIR", None, None)}
        if os.geteuid() != 0:
            os.chmod(self.write("secret.csv"), 0)
            places["secret.csv"] = "EACCES", None, None
        good = self.many(1000 - len(places))
        # The broken ones are spread evenly among the good.
        paths, step = list(good), len(good) // len(places)
        for i, name in enumerate(places):
            paths.insert(i * (step + 1), self.path(name))
        r = text("stats", "-f", "ndjson", *paths)
        records = [json.loads(line) for line in r.stdout.splitlines()]
        self.assertEqual((r.returncode, len(records)), (1, 1000))
        for path, record in zip(paths, records):
            name = os.path.relpath(path, self.folder)
            self.assertEqual(record["ticker"], os.path.basename(path)[:-4])
            if name not in places:
                self.assertEqual(record["end_price"], 99)
                self.assertNotIn("error", record)
                continue
            error = record["error"]
            self.assertEqual((error["code"], error["line"], error["column"]), places[name], name)
            self.assertEqual(record["path"], path)
            self.assertNotIn("end_price", record)
            place = "" if error["line"] is None else f":{error['line']}:{error['column']}"
            self.assertIn(f"meantime: {path}{place}: {error['message']}\n", r.stderr)
        self.assertEqual(r.stderr.count("\n"), len(places))
        messages = {r["error"]["message"] for r in records if "error" in r}
        self.assertGreaterEqual(len(messages), len(places) - 3) # each has a cause of its own

    def test_messages_of_files_that_are_no_price_files_say_what_is_meant(self):
        r = text("stats", self.write("people.csv", "name,age\nAda,36\n"))
        for word in "name, age", "date", "close", "--price-column":
            self.assertIn(word, r.stderr)

    def test_failures_in_every_format(self):
        paths = [self.write("A.csv"), self.write("B.csv", HEAD + "2020-01-06,x,1\n")]
        table = text("stats", *paths).stdout.splitlines()
        self.assertRegex(table[2], r"^B +4:12: the price \"x\" is no number")
        rows = list(csv.reader(io.StringIO(text("stats", "-fcsv", "--all", *paths).stdout)))
        self.assertEqual(rows[1][-1], "")
        self.assertRegex(rows[2][-1], r"^line 4, column 12: the price")
        self.assertEqual(text("stats", "-fcsv", *paths).stdout.splitlines()[2], "B,,,,,,")

    def test_a_column_that_is_not_there(self):
        r = text("stats", "--price-column", "Kurs", "-fjson", self.write("A.csv"))
        self.assertEqual(json.loads(r.stdout)[0]["error"]["code"], "no_such_column")


class Ending(Case):
    def start(self, *arguments):
        p = subprocess.Popen([MEANTIME, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        self.addCleanup(p.kill)
        return p

    def begin_list(self, p, n):
        p.stdin.write("".join(path + "\n" for path in self.many(n)))
        p.stdin.flush()

    def test_an_interrupt_prints_what_there_is_and_dies_of_it(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
            p = self.start("stats", "-f", "json", "-")
            self.begin_list(p, 3)
            out = "".join(p.stdout.readline() for _ in range(3)) # the list is still open
            p.send_signal(number)
            self.assertEqual(len(json.loads(out + p.stdout.read())), 3)
            self.assertIn("interrupted: 3 files done", p.stderr.read())
            self.assertEqual(p.wait(PATIENCE), -number)

    def test_an_interrupted_table_is_printed(self):
        p = self.start("stats", "--progress", "always", "-")
        self.begin_list(p, 3)
        # A table comes at the end. That the files are done shows in the progress lines.
        while not re.search(r"\b3 files", p.stderr.readline()):
            self.assertIsNone(p.poll())
        p.send_signal(signal.SIGINT)
        self.assertEqual(len(p.stdout.read().splitlines()), 4)
        self.assertEqual(p.wait(PATIENCE), -signal.SIGINT)

    def test_a_second_interrupt_does_not_wait_for_what_runs(self):
        fifo = self.path("never.csv")
        os.mkfifo(fifo) # nobody writes into it: its task never ends
        p = self.start("stats", "-f", "ndjson", "-")
        p.stdin.write(self.write("A.csv") + "\n")
        p.stdin.flush()
        p.stdout.readline()
        p.stdin.write(fifo + "\n")
        p.stdin.flush()
        while p.poll() is None: # one is ignored by what runs; some may be merged into one
            p.send_signal(signal.SIGINT)
            try:
                p.wait(0.05)
            except subprocess.TimeoutExpired:
                pass
        self.assertEqual(p.returncode, -signal.SIGINT)

    def test_an_ignored_interrupt_stays_ignored(self):
        p = subprocess.Popen(["sh", "-c", 'trap "" INT; exec "$0" stats -f ndjson -', MEANTIME],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        self.begin_list(p, 1)
        p.stdout.readline()
        p.send_signal(signal.SIGINT)
        p.stdin.write(self.write("A.csv"))
        p.stdin.close()
        self.assertEqual(json.loads(p.stdout.read())["ticker"], "A")
        self.assertEqual(p.wait(PATIENCE), 0)

    def test_a_closed_stdout_ends_it(self):
        for form in "ndjson", "csv", "table":
            p = self.start("stats", "-f", form, "-")
            self.begin_list(p, 2)
            p.stdout.close() # and stdin stays open: it must not wait for more of the list
            self.assertEqual(p.wait(PATIENCE), -signal.SIGPIPE)
            self.assertEqual(p.stderr.read(), "")

    def test_a_full_disk_is_told(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        with open("/dev/full", "w") as full:
            r = subprocess.run([MEANTIME, "stats", "-fcsv", self.write("A.csv")], stdout=full,
                               stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
        self.assertEqual(r.returncode, 1)
        self.assertIn("No space left on device", r.stderr)


class Log(Case):
    """--log, --resume, --failed, --max-failures"""

    def run_logged(self, *arguments, **options):
        r = text("stats", "-f", "ndjson", "--log", self.path("log"), *arguments, **options)
        return r, [json.loads(line)["ticker"] for line in r.stdout.splitlines()]

    def records(self):
        with open(self.path("log")) as f:
            return [json.loads(line) for line in f]

    def test_each_file_has_a_line(self):
        good, bad = self.write("A.csv"), self.write("B.csv", HEAD + "2020-01-06,x,1\n")
        r, _ = self.run_logged("--on", "threads:2", good, bad, self.path("missing.csv"))
        self.assertEqual(r.returncode, 1)
        records = self.records()
        self.assertEqual([list(x) for x in records], [
            "index item status attempts start seconds worker error".split()] * 3)
        self.assertEqual([(x["index"], x["item"], x["status"]) for x in records],
                         [(1, good, "ok"), (2, bad, "failed"), (3, self.path("missing.csv"), "failed")])
        self.assertEqual([x["error"] and x["error"]["code"] for x in records],
                         [None, "bad_price", "ENOENT"])
        self.assertIn("no number", records[1]["error"]["message"])
        for x in records:
            self.assertEqual(x["attempts"], 1)
            self.assertIn(x["worker"], (0, 1))
            self.assertGreater(x["start"], 1.6e9)
            self.assertGreaterEqual(x["seconds"], 0)

    def test_resume_does_what_is_not_done(self):
        paths = self.many(6)
        missing = self.path("missing.csv")
        _, first = self.run_logged("--stop-after", "3", "--on", "inline", *paths)
        self.assertEqual(first, ["F0000", "F0001", "F0002"])
        r, _ = self.run_logged(*paths)
        self.assertEqual((r.returncode, r.stdout), (2, ""))
        self.assertIn("there is a log already", r.stderr)
        # Another order; a path that is there twice is wanted twice; what failed is tried again.
        again = [missing, *reversed(paths), paths[0]]
        for code in 1, 0:
            r, second = self.run_logged("--resume", *again)
            self.assertEqual(r.returncode, code)
            self.assertEqual(second, ["missing", "F0005", "F0004", "F0003", "F0000"] if code
                             else ["missing"])
            self.write("missing.csv")
        self.assertIn("note: 7 files done before, by the log, left out", r.stderr)
        _, third = self.run_logged("--resume", *again)
        self.assertEqual(third, [])
        self.assertEqual(sorted(x["item"] for x in self.records() if x["status"] == "ok"),
                         sorted(again))
        self.refused("--resume needs --log FILE", "stats", "--resume", *paths)

    def test_a_killed_run_is_resumed_to_each_file_once(self):
        paths = self.many(5)
        p = subprocess.Popen([MEANTIME, "stats", "-f", "ndjson", "--log", self.path("log"), "-"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        for path in paths[:3]:
            p.stdin.write(path + "\n")
            p.stdin.flush()
            p.stdout.readline()
        # The third row is out. Its line in the log follows it, without any further item.
        while len(self.records()) < 3:
            self.assertIsNone(p.poll())
        p.kill()
        p.wait(PATIENCE)
        r, rest = self.run_logged("--resume", "-", input="\n".join(paths))
        self.assertEqual((r.returncode, rest), (0, ["F0003", "F0004"]))
        self.assertEqual([x["item"] for x in self.records()], paths)

    def test_a_damaged_log_is_told_and_what_it_lost_is_done_again(self):
        paths = self.many(3)
        self.run_logged(*paths)
        with open(self.path("log")) as f:
            first, second, third = f.read().splitlines()
        with open(self.path("log"), "w") as f:
            f.write(f"{first}\nwhat is this?\n{second}\n{third[:len(third) // 2]}")
        r, again = self.run_logged("--resume", *paths)
        self.assertEqual((r.returncode, again), (0, ["F0002"]))
        self.assertRegex(r.stderr, "stats: --log: .*1 line")

    def test_a_table_is_logged_when_it_is_printed(self):
        p = subprocess.Popen([MEANTIME, "stats", "--progress", "always", "--log", self.path("log"),
                              "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        self.addCleanup(p.kill)
        p.stdin.write("".join(path + "\n" for path in self.many(3)))
        p.stdin.flush()
        while not re.search(r"\b3 files", p.stderr.readline()):
            self.assertIsNone(p.poll())
        self.assertEqual(self.records(), [])
        p.stdin.close()
        self.assertEqual(len(p.stdout.read().splitlines()), 4)
        self.assertEqual(p.wait(PATIENCE), 0)
        self.assertEqual([x["status"] for x in self.records()], ["ok"] * 3)

    def test_what_was_not_printed_is_not_logged(self):
        if not os.path.exists("/dev/full"):
            self.skipTest("no /dev/full")
        for form in "ndjson", "table":
            with open("/dev/full", "w") as full:
                r = subprocess.run([MEANTIME, "stats", "-f", form, "--log", self.path(form),
                                    self.write("A.csv")], stdout=full, stderr=subprocess.PIPE,
                                   text=True, timeout=PATIENCE)
            self.assertEqual(r.returncode, 1)
            self.assertIn("No space left on device", r.stderr)
            self.assertEqual(os.path.getsize(self.path(form)), 0)

    def test_failed_paths_can_be_fed_back(self):
        paths = [self.write("A.csv"), self.path("1 #odd.csv"), self.path("# b.csv")]
        r = text("stats", "--failed", self.path("failed"), *paths)
        self.assertEqual(r.returncode, 1)
        with open(self.path("failed")) as f:
            self.assertEqual(f.read().splitlines(), paths[1:])
        for path in paths[1:]:
            self.write(os.path.basename(path))
        with open(self.path("failed")) as f:
            out = self.succeeds("stats", "-f", "ndjson", "-", stdin=f)
        self.assertEqual([json.loads(line)["ticker"] for line in out.splitlines()],
                         ["1 #odd", "# b"])

    def test_failed_paths_with_line_ends_need_null(self):
        odd = self.path("new\nline.csv")
        r = text("stats", "--failed", self.path("failed"), odd)
        self.assertEqual(os.path.getsize(self.path("failed")), 0)
        self.assertIn("1 path with a line end in it left out; with --null", r.stderr)
        text("stats", "-0", "--failed", self.path("failed"), odd)
        with open(self.path("failed"), newline="") as f:
            self.assertEqual(f.read(), odd + "\0")

    def test_failed_does_not_empty_an_input(self):
        path = self.write("A.csv")
        self.refused("items are read from it", "stats", "--failed", path, path)
        with open(path) as f:
            self.assertEqual(f.read(), GOOD)

    def test_max_failures(self):
        paths = [self.path(f"missing{i}.csv") for i in range(10)]
        for on in "inline", "threads:3":
            r, tickers = self.run_logged("--on", on, "--max-failures", "2", *paths)
            self.assertEqual((r.returncode, tickers), (1, ["missing0", "missing1", "missing2"]))
            self.assertIn("stopped: too many failures", r.stderr)
            os.remove(self.path("log"))
        good = self.many(30)
        mixed = [p for pair in zip(good, paths) for p in pair] + good[10:]
        r, tickers = self.run_logged("--on", "inline", "--max-failures", "49%", *mixed)
        self.assertEqual((r.returncode, len(tickers)), (1, 20)) # of fewer no share is taken
        os.remove(self.path("log"))
        r, tickers = self.run_logged("--on", "inline", "--max-failures", "50%", *mixed)
        self.assertEqual((r.returncode, len(tickers)), (1, 40))
        self.refused("--max-failures needs", "stats", "--max-failures", "0", *paths)


class Sample(Case):
    def files(self, folder):
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name)) as f:
                files[name] = f.read()
        return files

    def test_the_notebooks_files(self):
        out = self.succeeds("sample", self.path("a/b/c"))
        names = "AAPL GOOGL MSFT AMZN META NVDA TSLA JPM".split()
        self.assertEqual(out.split(), [self.path(f"a/b/c/{n}.csv") for n in names])
        files = self.files(self.path("a/b/c"))
        self.assertEqual(set(files), {n + ".csv" for n in names})
        for content in files.values():
            header, *rows = content.splitlines()
            self.assertEqual((header, len(rows)), ("date,close,volume", 1461))
            self.assertTrue(rows[0].startswith("2020-01-01,") and rows[-1].startswith("2023-12-31,"))
            for row in rows:
                _, close, volume = row.split(",")
                self.assertRegex(close, r"^\d+\.\d{4}$")
                self.assertTrue(1_000_000 <= int(volume) <= 10_000_000)

    def test_the_walk_has_the_notebooks_mean_and_deviation(self):
        self.succeeds("sample", "--files", "20", "--rows", "20000", self.folder)
        records = json.loads(self.succeeds("stats", "--all", "-fjson", self.folder))
        for record in records:
            self.assertAlmostEqual(record["volatility"], 0.02 * 252 ** 0.5 * 100, delta=1)
            self.assertAlmostEqual(record["avg_volume"], 5.5e6, delta=1e5)
            self.assertEqual(record["rows"], 20000)

    def test_the_same_seed_gives_the_same_files(self):
        a, b, c, d = (self.path(x) for x in "abcd")
        self.succeeds("sample", "--seed", "5", a)
        self.succeeds("sample", "--seed", "5", "--on", "inline", b)
        self.succeeds("sample", "--seed", "6", c)
        self.succeeds("sample", "--seed", "5", "--tickers", "JPM,NEW", d)
        self.assertEqual(self.files(a), self.files(b))
        for name, content in self.files(a).items():
            self.assertNotEqual(content, self.files(c)[name])
        self.assertEqual(self.files(d)["JPM.csv"], self.files(a)["JPM.csv"])
        self.assertEqual(len(set(self.files(a).values())), 8)

    def test_generated_names_and_the_pipe_to_stats(self):
        out = self.succeeds("sample", "--files", "12", "--rows", "10", self.folder)
        tickers = [json.loads(line)["ticker"]
                   for line in self.succeeds("stats", "-fndjson", "-", input=out).splitlines()]
        self.assertEqual(tickers, [f"S{i:03d}" for i in range(12)])

    def test_rows_beyond_the_calendar_are_refused(self):
        self.refused("--rows can be 3652059 at most", "sample", "--rows", "3652060", self.path("x"))
        self.assertFalse(os.path.exists(self.path("x")))

    def test_mistakes(self):
        self.refused("give one folder", "sample")
        self.refused("give one folder", "sample", "a", "b")
        self.refused("not both", "sample", "--files", "2", "--tickers", "A", self.path("x"))
        self.refused("A is there twice", "sample", "--tickers", "A,B,A", self.path("x"))
        for wrong in "../A", "", ".A", "A,,B":
            self.refused("cannot be a ticker", "sample", "--tickers", wrong, self.path("x"))
        self.write("file")
        r = text("sample", self.path("file/below"))
        self.assertEqual(r.returncode, 1)
        self.assertIn("Not a directory", r.stderr)

    def test_an_interrupt_leaves_complete_files_only(self):
        p = subprocess.Popen([MEANTIME, "sample", "--files", "100000", "--rows", "5000", self.folder],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        self.addCleanup(p.kill)
        self.assertEqual(p.stdout.readline(), self.path("S00000.csv") + "\n")
        p.send_signal(signal.SIGINT)
        p.stdout.read()
        self.assertEqual(p.wait(PATIENCE), -signal.SIGINT)
        files = self.files(self.folder)
        self.assertTrue(0 < len(files) < 100000)
        for name, content in files.items():
            self.assertRegex(name, r"^S\d{5}\.csv$")
            self.assertEqual(content.count("\n"), 5001)

    def test_what_was_there_is_replaced_at_once_or_not_at_all(self):
        os.mkdir(self.path("AAPL.csv")) # it cannot be replaced by a file
        self.write("MSFT.csv", "old")
        r = text("sample", "--tickers", "AAPL,MSFT", self.folder)
        self.assertEqual((r.returncode, r.stdout), (1, self.path("MSFT.csv") + "\n"))
        self.assertEqual(sorted(os.listdir(self.folder)), ["AAPL.csv", "MSFT.csv"]) # no leftovers
        with open(self.path("MSFT.csv")) as f:
            self.assertEqual(f.readline(), "date,close,volume\n")


if __name__ == "__main__":
    unittest.main()
