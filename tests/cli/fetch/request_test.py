#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""request_test.py MEANTIME: what is sent: method, headers, body, names and passwords, by a proxy,
after a redirect."""
import json

import support


class Case(support.Case):
    def echo(self, *arguments, port="http", **options):
        """What the server says it was sent."""
        r = self.fetch(*arguments, self.server.url("/echo", port), **options)
        self.assertEqual(r.returncode, 0, r.stderr)
        return json.loads(r.stdout)

    def headers(self, *arguments, **options):
        """The headers that were sent; of those sent more than once, all, joined."""
        found = {}
        for name, value in self.echo(*arguments, **options)["headers"]:
            found[name] = found[name] + " | " + value if name in found else value
        return found


class Requests(Case):
    def test_get_is_the_default(self):
        sent = self.echo()
        self.assertEqual((sent["method"], sent["target"], sent["body"]), ("GET", "/echo", ""))

    def test_data_makes_it_a_post_and_request_names_any_method(self):
        self.assertEqual(self.echo("-d", "a=b&c")["body"], "a=b&c")
        self.assertEqual(self.echo("-d", "a=b&c")["method"], "POST")
        put = self.echo("-X", "PUT", "--data", "x")
        self.assertEqual((put["method"], put["body"]), ("PUT", "x"))
        self.assertEqual(self.echo("--request", "DELETE")["method"], "DELETE")
        self.assertEqual(self.echo("-X", "PURGE")["method"], "PURGE")

    def test_data_from_a_file_is_sent_as_it_is(self):
        body = bytes(range(256)) * 8
        self.write("body", body)
        self.assertEqual(self.echo("-d", "@body")["body"].encode("latin-1"), body)
        large = b"0123456789abcdef" * (1 << 17)  # 2 MiB: libcurl asks for "100 Continue" first
        self.write("large", large)
        self.assertEqual(self.echo("-d", "@large")["body"].encode("latin-1"), large)
        self.refused("missing", "-d", "@missing", self.server.url("/echo"))

    def test_empty_data_is_a_post_with_an_empty_body(self):
        sent = self.echo("-d", "")
        self.assertEqual((sent["method"], sent["body"]), ("POST", ""))

    def test_head_has_no_body(self):
        for option in ("-I", "--head"):
            url = self.server.url(f"/bytes/5000/{option}")
            record = self.record(option, url)
            self.assertEqual((record["status"], record["bytes"]), (200, 0))
            asked = self.server.stats()["requests"][f"/bytes/5000/{option}"]
            self.assertEqual([r["method"] for r in asked], ["HEAD"])

    def test_headers(self):
        self.write("headers", "X-From-File: one\nX-Also: two\r\n\n")
        sent = self.headers("-H", "X-One: 1", "--header", "Accept: application/json",
                            "-H", "X-One: 2", "-H", "@headers")
        self.assertEqual(sent["x-one"], "1 | 2")
        self.assertEqual(sent["accept"], "application/json")
        self.assertEqual((sent["x-from-file"], sent["x-also"]), ("one", "two"))

    def test_headers_that_are_none_are_refused(self):
        for header in ("no colon", "X: a\r\nEvil: yes", "", ": x", "A B: c"):
            with self.subTest(header):
                self.refused("a header is", "-H", header, self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_methods_and_names_that_are_none_are_refused(self):
        """With a line end in them, they would be headers or requests of their own."""
        for method in ("G T", "GET / HTTP/1.1\r\nEvil: 1\r\n\r\n", "", "gét", "GET\n"):
            self.refused("--request", "-X", method, self.server.url("/ok/never"))
        for name in ("a\r\nEvil: yes", "a\nb", "\x7f"):
            self.refused("--user-agent", "-A", name, self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_files_that_are_missing_are_told_before_anything_is_sent(self):
        for option in ("--netrc-file", "--cacert", "--bearer-file"):
            self.refused("missing", option, self.path("missing"), self.server.url("/ok/never"))
        for proxy in ("nonsense://127.0.0.1:1", "http://"):
            self.refused("--proxy", "-x", proxy, self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_items_cannot_add_headers(self):
        paths = ["/ok/a\r\nEvil: yes", "/ok/a\nEvil: yes", "/ok/a\tb", "/ok/a b"]
        given = "".join(self.server.url(path) + "\0" for path in paths)
        for record in self.records("-0", "-i", "-", given=given, status=1):
            self.assertEqual(record["error"]["code"], "url")
        given = "".join(json.dumps({"p": path}) + "\n" for path in paths)
        records = self.records("-i", "-", "--url", self.server.url("{+p}"), given=given)
        self.assertEqual([r["status"] for r in records], [200] * 4)
        self.assertEqual(self.server.asked("/ok/a%0D%0AEvil:%20yes"), 1)

    def test_user_agent(self):
        self.assertRegex(self.headers()["user-agent"], r"^meantime/\d+\.\d+\.\d+$")
        self.assertEqual(self.headers("-A", "me 1.0")["user-agent"], "me 1.0")

    def test_compression_is_asked_for_only_on_request(self):
        self.assertNotIn("accept-encoding", self.headers())
        self.assertIn("gzip", self.headers("--compressed")["accept-encoding"])
        url = self.server.url("/gzip/good")
        self.assertEqual(self.fetch("--compressed", url).stdout, b"squeezed " * 1000)
        self.assertEqual(self.fetch(url).stdout[:2], b"\x1f\x8b")

    def test_fragments_are_not_sent_and_queries_are(self):
        self.fetch(self.server.url("/ok/frag?q=%20a#part"))
        self.assertEqual(self.server.asked("/ok/frag?q=%20a"), 1)

    def test_dots_in_paths_go_where_they_should(self):
        self.fetch(self.server.url("/a/../ok/dots"))
        self.assertEqual(self.server.asked("/ok/dots"), 1)


class Redirects(Case):
    def test_a_redirect_is_an_answer_without_location(self):
        record = self.record(self.server.url("/chain/2"))
        self.assertEqual((record["status"], record["bytes"]), (301, 3))
        self.assertEqual(self.server.asked("/chain/1"), 0)

    def test_followed_to_a_limit(self):
        url = self.server.url("/chain/4")
        self.assertEqual(self.record("-L", url)["status"], 200)
        self.assertEqual(self.record("--location", "--max-redirs", "4", url)["status"], 200)
        self.fails("redirects", "-L", "--max-redirs", "3", "--retries", "0", url)

    def test_redirects_are_not_worth_a_retry(self):
        record = self.fails("redirects", "-L", "--retries", "3", self.server.url("/loop"))
        self.assertEqual(record["attempts"], 1)

    def test_to_another_origin(self):
        there = self.server.url("/ok/there", "other")
        r = self.fetch("-L", self.server.url(f"/redirect?{there}"))
        self.assertEqual(r.stdout, b"/ok/there", r.stderr)

    def test_a_post_is_repeated_as_one_only_where_the_server_says_so(self):
        """By 302 it becomes a GET, as everywhere; by 307 it stays what it is."""
        there = self.server.url("/echo")
        for way, method, body in (("redirect", "GET", ""), ("redirect-307", "POST", "x")):
            r = self.fetch("-L", "-d", "x", self.server.url(f"/{way}?{there}"))
            sent = json.loads(r.stdout)
            self.assertEqual((sent["method"], sent["body"]), (method, body))

    def test_files_are_out_of_reach(self):
        self.write("secret", "do not tell")
        r = self.fetch("-L", self.server.url(f"/redirect?file://{self.path('secret')}"))
        self.assertEqual((r.returncode, r.stdout), (1, b""))
        self.fails("url", "file://" + self.path("secret"))
        for scheme in ("ftp", "gopher", "dict", "scp", "smb", "ldap", "telnet", "javascript"):
            self.fails("url", f"{scheme}://127.0.0.1/x")


class Secrets(Case):
    TOKEN = "t0ken-that-nobody-sees"

    def bearer(self, mode=0o600, content=None):
        return self.write("token", content or self.TOKEN + "\n", mode)

    def test_bearer(self):
        sent = self.headers("--bearer-file", self.bearer())
        self.assertEqual(sent["authorization"], "Bearer " + self.TOKEN)

    def test_bearer_files_that_others_can_read_are_refused(self):
        for mode in (0o644, 0o640, 0o604, 0o620, 0o777):
            self.refused("600", "--bearer-file", self.bearer(mode), self.server.url("/ok/never"))
        self.refused("missing", "--bearer-file", self.path("missing"), self.server.url("/ok/never"))
        for content in ("\n", "two\nlines\n", "a\r\nEvil: yes\n", "\x01\n"):
            self.refused("--bearer-file", "--bearer-file", self.bearer(content=content),
                         self.server.url("/ok/never"))
        self.assertEqual(self.server.asked("/ok/never"), 0)

    def test_bearer_is_for_the_host_that_was_asked(self):
        """Another port is another origin."""
        there = self.server.url("/echo", "other")
        r = self.fetch("-L", "--bearer-file", self.bearer(), self.server.url(f"/redirect?{there}"))
        sent = dict(json.loads(r.stdout)["headers"])
        self.assertNotIn("authorization", sent)
        here = self.server.url("/echo")
        r = self.fetch("-L", "--bearer-file", self.bearer(), self.server.url(f"/redirect?{here}"))
        sent = dict(json.loads(r.stdout)["headers"])
        self.assertEqual(sent.get("authorization"), "Bearer " + self.TOKEN)

    def test_bearer_is_never_written(self):
        bearer = self.bearer()
        urls = [self.server.url(path) for path in ("/ok/a", "/status/401", "/cut/reset")]
        urls.append(self.server.url("/", "closed"))
        for options in ([], ["-f", "json"], ["-f", "table"], ["--progress", "always"]):
            r = self.fetch("--bearer-file", bearer, "--log", self.path("log"), "--resume",
                           "--failed", self.path("failed"), "--retries", "1", *options, *urls)
            self.assertEqual(r.returncode, 1)
            for written in (r.stdout, r.stderr.encode(), self.read("log"), self.read("failed")):
                self.assertNotIn(self.TOKEN.encode(), written)

    def test_the_command_line_does_not_have_the_token(self):
        process = self.start("--bearer-file", self.bearer(), self.server.url("/gate/argv/x"))
        with open(f"/proc/{process.pid}/cmdline", "rb") as f:
            self.assertNotIn(self.TOKEN.encode(), f.read())
        self.fetch(self.server.url("/open/argv"))
        self.assertEqual(process.wait(support.PATIENCE), 0)

    def test_netrc(self):
        netrc = self.write(".netrc", "machine 127.0.0.1 login joe password pass\n", 0o600)
        url = self.server.url("/auth/joe/pass")
        self.assertEqual(self.record(url, status=1)["status"], 401)
        for options in (["-n"], ["--netrc"], ["--netrc-file", netrc]):
            self.assertEqual(self.record(*options, url)["status"], 200)

    def test_name_and_password_in_the_url(self):
        url = self.server.url("/auth/joe/pass").replace("//", "//joe:pass@")
        self.assertEqual(self.record(url)["status"], 200)


class Proxies(Case):
    certificates = True

    def proxied(self):
        return self.server.stats()["proxied"]

    def test_plain_requests_go_by_the_proxy(self):
        url = self.server.url("/ok/by-proxy")
        for option in ("-x", "--proxy"):
            r = self.fetch(option, self.server.url("", "proxy"), url)
            self.assertEqual(r.stdout, b"/ok/by-proxy", r.stderr)
        self.assertEqual(self.proxied().count(["GET", url]), 2)

    def test_tls_goes_through_a_tunnel(self):
        url = self.server.url("/ok/tunnel", "tls")
        r = self.fetch("-x", self.server.url("", "proxy"), "--cacert", f"{self.shared}/ca.pem", url)
        self.assertEqual(r.stdout, b"/ok/tunnel", r.stderr)
        self.assertIn(["CONNECT", f"localhost:{self.server.ports['tls']}"], self.proxied())

    def test_the_environment_names_a_proxy(self):
        url = self.server.url("/ok/environment")
        proxy = self.server.url("", "proxy")
        self.assertEqual(self.fetch(url, env={"http_proxy": proxy}).stdout, b"/ok/environment")
        self.assertIn(["GET", url], self.proxied())
        url = self.server.url("/ok/no-proxy")
        self.fetch(url, env={"http_proxy": proxy, "no_proxy": "127.0.0.1"})
        self.assertNotIn(["GET", url], self.proxied())

    def test_a_proxy_that_wants_a_password(self):
        url = self.server.url("/ok/password")
        proxy = self.server.url("", "proxy")
        right, wrong = (proxy.replace("//", f"//user:{word}@") for word in ("secret", "wrong"))
        self.assertEqual(self.fetch("-x", right, url).stdout, b"/ok/password")
        record = self.record("-x", wrong, url, status=1)
        self.assertEqual(record["status"], 407)
        r = self.fetch("-x", wrong, "-f", "table", url)
        self.assertNotIn("wrong", r.stderr + r.stdout.decode())

    def test_a_proxy_that_is_not_there_is_connect(self):
        self.fails("connect", "--retries", "0", "-x", self.server.url("", "closed"),
                   self.server.url("/ok/a"))


if __name__ == "__main__":
    support.main()
