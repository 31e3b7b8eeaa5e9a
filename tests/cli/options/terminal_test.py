#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""terminal_test.py MEANTIME: the line that tells how far it is, on a terminal whose size changes."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest

MEANTIME = os.path.abspath(sys.argv.pop(1))
GOOD = "date,close,volume\n2020-01-02,100,10\n2020-01-03,110,20\n"
PATIENCE = 60


class Terminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)
        self.seen = ""

    def resize(self, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def resize_stopped(self, p, columns):
        """So that what comes later was drawn later."""
        p.send_signal(signal.SIGSTOP)
        os.waitpid(p.pid, os.WUNTRACED)
        self.drain()
        self.resize(columns)
        p.send_signal(signal.SIGCONT)

    def drain(self):
        while select.select([self.master], [], [], 0)[0]:
            self.read()

    def start(self, *arguments, kind="xterm"):
        p = subprocess.Popen([MEANTIME, "stats", "-f", "ndjson", *arguments, "-"],
                             env={"TERM": kind, "LC_ALL": "C.UTF-8"}, stdin=subprocess.PIPE,
                             stdout=subprocess.DEVNULL, stderr=self.slave, text=True)
        self.addCleanup(p.__exit__, None, None, None)
        self.addCleanup(p.kill)
        return p

    def name(self, p, name, content=GOOD):
        path = os.path.join(self.folder, name)
        if content:
            with open(path, "w") as f:
                f.write(content)
        p.stdin.write(path + "\n")
        p.stdin.flush()

    def read(self):
        ready, _, _ = select.select([self.master], [], [], PATIENCE)
        self.assertTrue(ready, "nothing was written to the terminal")
        self.seen += os.read(self.master, 65536).decode()

    def lines(self):
        """What was drawn so far, each between a carriage return and the end of its line."""
        return [m for m in re.findall(r"\r([^\r\n\x1b]*)\x1b\[K", self.seen) if m]

    def next_line(self, wanted):
        """Waits for a line that was not there before and that is as wanted."""
        have = len(self.lines())
        while not any(wanted(line) for line in self.lines()[have:]):
            self.read()

    def test_a_line_is_never_wider_than_the_terminal(self):
        self.resize(100)
        p = self.start()
        for i in range(3):
            self.name(p, f"F{i}.csv")
        self.next_line(lambda line: re.fullmatch(r"3 files, .*/.*, \d+ s", line))
        for columns in 20, 10, 8, 100: # the last column stays free: "3 files" just fits into 8
            self.resize_stopped(p, columns)
            have = len(self.lines()) + 1 # one may have been measured before and written after
            while len(self.lines()) < have + 3:
                self.read()
            for line in self.lines()[have:]:
                self.assertLess(len(line), columns)
                self.assertRegex(line, "^3 files$" if columns < 12 else "^3 files, ")
        self.resize_stopped(p, 5) # nothing fits
        self.next_line_is_empty()
        p.stdin.close()
        self.assertEqual(p.wait(PATIENCE), 0)

    def next_line_is_empty(self):
        have = len(re.findall(r"\r\x1b\[K", self.seen))
        while len(re.findall(r"\r\x1b\[K", self.seen)) < have + 3:
            self.read()

    def test_messages_take_the_line_off_and_nothing_else_reaches_the_terminal(self):
        self.resize(80)
        p = self.start()
        self.name(p, "A.csv")
        self.next_line(lambda line: line.startswith("1 files"))
        self.name(p, "bad\x1b[2J\x07.csv", "date,close\n2020-01-02,\x1b]0;x\x07\n")
        self.next_line(lambda line: line.startswith("2 files, 1 failed"))
        p.stdin.close()
        self.assertEqual(p.wait(PATIENCE), 1)
        self.drain()
        self.assertIn(r"bad\x1b[2J\x07.csv:2:12: ", self.seen)
        self.assertRegex(self.seen, r"\r\x1b\[Kmeantime: [^\r\n\x1b]*bad")
        self.assertEqual(re.sub(r"\r(?:[\x20-\x7e]*)\x1b\[K|[\x20-\x7e]|\r\n", "", self.seen), "")
        # The last thing is that the line goes.
        self.assertRegex(self.seen, r"\r\x1b\[K$")

    def test_auto_keeps_still_where_no_line_can_be_rewritten(self):
        p = self.start(kind="dumb")
        self.name(p, "A.csv")
        p.stdin.close()
        self.assertEqual(p.wait(PATIENCE), 0)
        p = self.start("--progress", "always", kind="dumb")
        self.name(p, "A.csv")
        p.stdin.close()
        self.assertEqual(p.wait(PATIENCE), 0)
        self.read() # the first of the two has written nothing
        self.assertRegex(self.seen, r"^meantime: 100%  1 of 1 files, [^\r\n\x1b]*\r\n$")


if __name__ == "__main__":
    unittest.main()
