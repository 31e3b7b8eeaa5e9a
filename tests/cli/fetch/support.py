# SPDX-License-Identifier: MIT
"""support.py: what the tests of `meantime fetch` share: the command, the servers, the certificates.

A test file is called as FILE MEANTIME and ends with support.main(). PATIENCE bounds whatever could
hang, far above what anything takes; it never measures."""
import json
import os
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
MEANTIME = os.path.abspath(sys.argv.pop(1))
PATIENCE = 60
SKIPPED = 77


def environment(home):
    """No proxy, no .netrc and no language of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and name not in ("NETRC", "CURL_HOME")}
    return kept | {"HOME": home, "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=PATIENCE)


def make_certificates(folder):
    """ca.pem, and signed by it good.pem, expired.pem and stranger.pem, each with its key."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl(folder, "req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=CA of a test", "-addext", "basicConstraints=critical,CA:TRUE")
    ours, elsewhere = "DNS:localhost,IP:127.0.0.1,IP:::1", "DNS:stranger.test"
    for name, days, hosts in (("good", 2, ours), ("expired", -1, ours), ("stranger", 2, elsewhere)):
        openssl(folder, "req", *key, "-keyout", name + ".key", "-out", name + ".csr",
                "-subj", "/CN=" + name, "-addext", "subjectAltName=" + hosts)
        openssl(folder, "x509", "-req", "-in", name + ".csr", "-out", name + ".crt",
                "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-copy_extensions", "copy",
                "-days", str(days))
        with open(os.path.join(folder, name + ".pem"), "w") as whole:
            for part in (".crt", ".key"):
                with open(os.path.join(folder, name + part)) as f:
                    whole.write(f.read())


class Hostile:
    """hostile.py, running."""

    def __init__(self, certificates=None):
        self.process = subprocess.Popen(
            [sys.executable, "-B", os.path.join(HERE, "hostile.py")]
            + (["--certificates", certificates] if certificates else []),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ports = json.loads(self.process.stdout.readline())

    def url(self, path, port="http", host=None):
        scheme = "https" if port.startswith("tls") else "http"
        host = host or {"http6": "[::1]", "tls": "localhost"}.get(port, "127.0.0.1")
        return f"{scheme}://{host}:{self.ports[port]}{path}"

    def stats(self):
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(self.url("/stats"), timeout=PATIENCE) as answer:
            return json.load(answer)

    def asked(self, path):
        """How often that target was asked for."""
        return len(self.stats()["requests"].get(path, []))

    def stop(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait(PATIENCE)


class Case(unittest.TestCase):
    """A temporary folder for each test, and a hostile server for each class of tests."""

    hostile = True
    certificates = False

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.shared = folder.name
        if cls.certificates:
            make_certificates(cls.shared)
        if cls.hostile:
            cls.server = Hostile(cls.shared if cls.certificates else None)
            cls.addClassCleanup(cls.server.stop)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content, mode=0o644):
        """Writes a file, text or bytes, and returns its path."""
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def start(self, *arguments, **options):
        """`meantime fetch`, running; ended when the test is over."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                   "stderr": subprocess.PIPE, "cwd": self.folder} | options
        options["env"] = environment(self.folder) | options.get("env", {})
        process = subprocess.Popen([MEANTIME, "fetch", *arguments], **options)
        self.addCleanup(self.end, process)
        return process

    def end(self, process):
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()

    def fetch(self, *arguments, given=None, **options):
        """Runs `meantime fetch` to its end; `given` is its standard input. Output is bytes."""
        if given is not None:
            options["stdin"] = subprocess.PIPE
        process = self.start(*arguments, **options)
        given = given.encode() if isinstance(given, str) else given
        try:
            out, err = process.communicate(given, timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            self.fail(f"fetch {arguments} does not end: {out[-2000:]} {err[-2000:]}")
        return subprocess.CompletedProcess(arguments, process.returncode, out, err.decode())

    def records(self, *arguments, status=0, **options):
        """The records of a run, by NDJSON, after its exit status is what it must be."""
        r = self.fetch("-f", "ndjson", *arguments, **options)
        self.assertEqual(r.returncode, status, r.stderr + r.stdout.decode(errors="replace")[-2000:])
        return [json.loads(line) for line in r.stdout.splitlines()]

    def record(self, *arguments, **options):
        records = self.records(*arguments, **options)
        self.assertEqual(len(records), 1, records)
        return records[0]

    def fails(self, word, *arguments, **options):
        """One item, which fails with that word; returns its record."""
        record = self.record(*arguments, status=1, **options)
        self.assertIn("error", record)
        self.assertEqual(record["error"]["code"], word, record)
        self.assertTrue(record["error"]["message"])
        return record

    def refused(self, message, *arguments, **options):
        """Wrong usage: status 2, one line on standard error, nothing else."""
        r = self.fetch(*arguments, **options)
        self.assertEqual((r.returncode, r.stdout), (2, b""), r.stderr)
        self.assertEqual(r.stderr.count("\n"), 1, r.stderr)
        self.assertIn(message, r.stderr)

    def indexes(self, records, n):
        """Every item has exactly one record."""
        self.assertEqual(sorted(r["index"] for r in records), list(range(1, n + 1)))

    def read_line(self, process):
        """The next line that it prints; a failure when there is none after all patience."""
        last = threading.Timer(PATIENCE, process.kill)
        last.start()
        line = process.stdout.readline()
        last.cancel()
        self.assertTrue(line, "nothing comes out")
        return line


def main():
    unittest.main(verbosity=1)
