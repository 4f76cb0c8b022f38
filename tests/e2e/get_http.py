#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get as an HTTP client, with servers that other people wrote: what each option does, read
from the capture with tshark and the plugin."""
import json
import os
import pty
import socket
import threading
import unittest

import origin_support as support
import peers

BROTLI = bytes.fromhex("1f3700f82d0eec58072871d6542c789de6f67627cddee802a459e4eaec6619cb5bed42"
                       "54b18092c9ef214ead7002")
BROTLI_TEXT = b"one, two, three, four, five, one, two, three, four, five"


class Handler(peers.Backend.Handler):
    """Behind caddy: answers by path."""
    seen = []
    failures = {}
    lock = threading.Lock()

    def reply(self, status, content=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def answer(self):
        content = self.content()
        with self.lock:
            self.seen.append((self.command, self.path, dict(self.headers.items()), content))
        name, _, argument = self.path.removeprefix("/backend/").partition("?")
        if name.startswith("to-"):
            self.reply(int(name[3:]), b"moved", Location=argument or "echo")
        elif name == "loop":
            self.reply(302, Location="loop")
        elif name.startswith("flaky"):
            with self.lock:
                left = self.failures.setdefault(self.path, int(argument))
                self.failures[self.path] -= 1
            self.reply(503, b"later", Retry_After="0") if left > 0 else self.reply(200, b"now")
        elif name == "brotli":
            self.reply(200, BROTLI, Content_Encoding="br", Content_Type="text/plain")
        elif name == "damaged":
            self.reply(200, BROTLI[:20], Content_Encoding="br", Content_Type="text/plain")
        elif name == "hints":
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n")
            self.reply(200, b"page")
        elif name == "teapot":
            self.reply(418, b"short and stout", X_Escape="\x9b31m red")
        else:
            self.reply(200, b"%s %d" % (self.command.encode(), len(content)))

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = answer


class WithCaddy(peers.Case):
    """Every request goes through caddy to the backend, or to its files."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        text = b"".join(b"line %d of a text that has codings\n" % i for i in range(20000))
        (cls.home.path / "www" / "text.txt").write_bytes(text)
        cls.files["text.txt"] = text

    def setUp(self):
        self.backend = peers.Backend(Handler)
        self.backend.__enter__()
        self.addCleanup(self.backend.__exit__)
        self.server = self.start(peers.Caddy, backend=self.backend.port,
                                 directives="encode zstd gzip")
        self.addCleanup(self.server.__exit__)
        Handler.seen.clear()
        self.folder = self.home.folder(f"http-{self.id()}")
        self.capture = self.folder / "s.pcapng"

    def ask(self, *arguments, **more):
        """quiclens get, with a capture; what begins with / is a path of the server."""
        words = [f"{self.server.url}{a}" if str(a).startswith("/") and "/backend/" in str(a) or
                 str(a).startswith("/www/") else a for a in arguments]
        words = [str(w).replace("/www/", "/") for w in words]
        return self.get("--capture", self.capture, *words, **more)

    def done(self, *arguments, **more):
        result = self.ask(*arguments, **more)
        self.assert_done(result)
        return result

    def requests(self):
        """Of each request in the capture: its fields as a dictionary, :method and :path included."""
        return [dict([(":method", method[0]), (":path", path[0])] +
                     [header.split(": ", 1) for header in headers])
                for method, path, headers in peers.wire(
                    self.home, self.capture, "quiclens.request.method", "quiclens.request.method",
                    "quiclens.request.path", "quiclens.request.header")]

    def paths(self):
        """Of all requests in the capture, also where several are in one packet."""
        return {path for (paths,) in peers.wire(self.home, self.capture, "quiclens.request.path",
                                                "quiclens.request.path") for path in paths}

    def request(self):
        requests = self.requests()
        self.assertEqual(len(requests), 1, requests)
        return requests[0]

    def assert_sent(self, expected):
        sent = self.request()
        self.assertEqual({name: sent.get(name) for name in expected}, expected)

    @support.proves("--head")
    def test_head(self):
        result = self.done("-I", "/www/1m")
        self.assertTrue(result.stdout.startswith(b"HTTP/3 200\r\n"), result.stdout)
        self.assertTrue(result.stdout.endswith(b"\r\n\r\n"), result.stdout)
        self.assert_sent({":method": "HEAD", ":path": "/1m"})

    @support.proves("--header", "--user-agent", "--referer", "--user", "--cookie", "--priority")
    def test_fields_by_options(self):
        self.done("-A", "agent/1", "-e", "https://example.org/", "-u", "me:secret", "-b", "k=v",
                  "--priority", "u=1,i", "-H", "X-A: b", "/backend/echo")
        self.assert_sent({"user-agent": "agent/1", "referer": "https://example.org/",
                          "authorization": "Basic bWU6c2VjcmV0", "cookie": "k=v",
                          "priority": "u=1,i", "x-a": "b"})

    @support.proves("--json")
    def test_json(self):
        self.assertEqual(self.done("--json", '{"a":1}', "/backend/echo").stdout, b"POST 7")
        self.assert_sent({":method": "POST", "content-type": "application/json",
                          "accept": "application/json", "content-length": "7"})

    @support.proves("--get", "--url-query")
    def test_get_and_url_query(self):
        self.done("-G", "-d", "a=b c", "--url-query", "q=ä&", "--url-query", "+r=%26",
                  "/backend/echo?x")
        self.assert_sent({":method": "GET",
                          ":path": "/backend/echo?x&a=b%20c&q=%C3%A4%26&r=%26"})

    @support.proves("--data-urlencode", "--oauth2-bearer")
    def test_data_is_encoded(self):
        path = self.folder / "text"
        path.write_bytes(b"\xc3\xa4 b\n")
        words = ("--oauth2-bearer", "mF_9.B5f-4.1JqM", "--data-urlencode", "a=b c&", "-d", "d=1",
                 "--data-urlencode", f"name@{path}", "--data-urlencode", "=x=y", "/backend/echo")
        encoded = "a=b%20c%26&d=1&name=%C3%A4%20b%0A&x%3Dy"
        self.assertEqual(self.done(*words).stdout, f"POST {len(encoded)}".encode())
        self.assertEqual(Handler.seen[-1][3], encoded.encode())
        self.assert_sent({"content-type": "application/x-www-form-urlencoded",
                          "authorization": "Bearer mF_9.B5f-4.1JqM"})
        self.done("-G", *words)
        self.assert_sent({":method": "GET", ":path": f"/backend/echo?{encoded}"})

    @support.proves("--range")
    def test_range(self):
        result = self.done("-i", "-r", "10-19", "/www/1m")
        self.assertTrue(result.stdout.startswith(b"HTTP/3 206\r\n"), result.stdout[:100])
        self.assertTrue(result.stdout.endswith(b"\r\n\r\n" + self.files["1m"][10:20]))
        self.assert_sent({"range": "bytes=10-19"})

    def coded(self):
        return peers.wire(self.home, self.capture, "quiclens.response.header contains \"encoding\"",
                          "quiclens.response.header")

    @support.proves("--compressed")
    def test_codings_are_undone(self):
        for accepted, coding in (("gzip", "gzip"), ("zstd", "zstd")):
            result = self.done("--compressed", "-H", f"Accept-Encoding: {accepted}",
                               "/www/text.txt")
            self.assertEqual(result.stdout, self.files["text.txt"])
            self.assertIn(f"content-encoding: {coding}", str(self.coded()))
            self.assert_sent({"accept-encoding": accepted})
        self.assertEqual(self.done("--compressed", "/backend/brotli").stdout, BROTLI_TEXT)
        self.assert_sent({"accept-encoding": "gzip, deflate, br, zstd"})
        self.assertEqual(self.done("/backend/brotli").stdout, BROTLI)

    def test_content_that_ends_within_its_coding_fails(self):
        failed = self.ask("--compressed", "/backend/damaged")
        self.assert_failed(failed, "/backend/damaged", "cut off", "br")

    @support.proves("--location")
    def test_redirections_are_followed(self):
        result = self.done("-L", "-w", "%{http_code} %{num_redirects} %{url}", "/backend/to-302")
        self.assertEqual(result.stdout.decode(), f"GET 0200 1 {self.server.url}/backend/echo")
        self.assertEqual([r[":path"] for r in self.requests()],
                         ["/backend/to-302", "/backend/echo"])
        self.assertEqual(self.done("/backend/to-302").stdout, b"moved")

    def test_a_redirected_post_becomes_get_or_stays(self):
        self.assertEqual(self.done("-L", "-d", "abc", "/backend/to-302").stdout, b"GET 0")
        self.assertEqual([r[":method"] for r in self.requests()], ["POST", "GET"])
        self.assertEqual(self.done("-L", "-d", "abc", "/backend/to-307").stdout, b"POST 3")
        self.assertEqual([r[":method"] for r in self.requests()], ["POST", "POST"])

    @support.proves("--max-redirs")
    def test_redirections_end(self):
        self.assert_failed(self.ask("-L", "--max-redirs", "3", "/backend/loop"), "--max-redirs")
        self.assertEqual(len(self.requests()), 4)

    @support.proves("--location-trusted")
    def test_another_origin_gets_a_connection_and_no_secrets(self):
        with self.start(peers.Caddy, backend=self.backend.port) as other:
            target = f"https://127.0.0.1:{other.port}/backend/echo"
            for option, sent in (("-L", None), ("--location-trusted", "Basic bWU6c2VjcmV0")):
                result = self.done(option, "-u", "me:secret", f"/backend/to-302?{target}")
                self.assertEqual(result.stdout, b"GET 0")
                first, second = self.requests()
                self.assertEqual(first["authorization"], "Basic bWU6c2VjcmV0")
                self.assertEqual(second.get("authorization"), sent)
                ports = {row[0][0] for row in peers.wire(self.home, self.capture,
                                                         "quiclens.request.method", "udp.dstport")}
                self.assertEqual(ports, {str(self.server.port), str(other.port)})

    @support.proves("--retry")
    def test_a_passing_failure_is_tried_again(self):
        result = self.done("--retry", "3", "--retry-delay", "0.05", "-w", " %{num_retries}",
                           "/backend/flaky-a?2")
        self.assertEqual(result.stdout, b"now 2")
        self.assertEqual(len(self.requests()), 3)
        result = self.done("--retry", "1", "/backend/flaky-b?5")
        self.assertEqual(result.stdout, b"later")

    def test_a_server_that_comes_late_is_tried_again(self):
        port = peers.free_port()
        failed = self.get("--retry", "2", "--retry-delay", "0.1", f"https://localhost:{port}/")
        self.assert_failed(failed, "no program listens")

    @support.proves("--continue-at")
    def test_a_download_goes_on(self):
        into = self.folder / "1m"
        into.write_bytes(self.files["1m"][:300000])
        into.chmod(0o666)
        self.done("-C", "-", "-o", into, "/www/1m")
        self.assert_sent({"range": "bytes=300000-"})
        self.assertEqual(into.read_bytes(), self.files["1m"])
        self.done("-C", "-", "-o", into, "/www/1m")
        self.assertEqual(into.read_bytes(), self.files["1m"])
        into.write_bytes(b"x" * 2_000_000)
        self.assert_failed(self.ask("-C", "-", "-o", into, "/www/1m"), "fewer bytes")
        self.assertEqual(into.read_bytes(), b"x" * 2_000_000)

    @support.proves("--fail-with-body")
    def test_a_status_can_fail_with_its_body(self):
        failed = self.ask("--fail-with-body", "/backend/teapot")
        self.assert_failed(failed, "418")
        self.assertEqual(failed.stdout, b"short and stout")

    @support.proves("--include")
    def test_informational_responses_are_shown(self):
        result = self.done("-i", "/backend/hints")
        self.assertTrue(result.stdout.endswith(b"\r\n\r\npage"), result.stdout)
        seen = peers.wire(self.home, self.capture, "quiclens.response.informational",
                          "quiclens.response.informational")
        if seen: # caddy of Debian 12 keeps them to itself
            head, _, rest = result.stdout.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/3 103\r\n"), head)
            self.assertIn(b"\r\nlink: </a.css>; rel=preload", head)
            self.assertTrue(rest.startswith(b"HTTP/3 200\r\n"), rest)

    @support.proves("--output", "--globoff")
    def test_patterns_and_files(self):
        result = self.done("-o", self.folder / "s#1", "/www/file-{3,5}", "-o",
                           self.folder / "r#1", "/www/file-[7-10]")
        self.assertEqual(result.stdout, b"")
        for prefix, numbers in (("s", (3, 5)), ("r", (7, 8, 9, 10))):
            for number in numbers:
                self.assertEqual((self.folder / f"{prefix}{number}").read_bytes(),
                                 self.files[f"file-{number}"])
        self.assertEqual(self.paths(), {f"/file-{i}" for i in (3, 5, 7, 8, 9, 10)})
        self.done("-g", "/backend/[1-3]")
        self.assertEqual(self.request()[":path"], "/backend/[1-3]")

    @support.proves("--config")
    def test_a_config_file(self):
        config = self.folder / "config"
        config.write_text("# two of them\n" + "".join(
            f'url = "{self.server.url}/file-{i}"\noutput = "{self.folder}/c{i}"\n' for i in (2, 4))
            + "user-agent = \"from a file\"\n", encoding="utf-8")
        self.done("-K", config)
        self.assertEqual((self.folder / "c4").read_bytes(), self.files["file-4"])
        agents = {header for (headers,) in peers.wire(
            self.home, self.capture, "quiclens.request.method", "quiclens.request.header")
            for header in headers if header.startswith("user-agent")}
        self.assertEqual(agents, {"user-agent: from a file"})

    @support.proves("--write-out")
    def test_write_out(self):
        into = self.folder / "out"
        result = self.done("-o", into, "-o", self.folder / "out2", "-w",
                           "%{http_code} %{size_download} %{remote_port} %{filename_effective} "
                           "%{num_connects} %{quic_version}|", "/www/file-2", "/www/file-3")
        port = self.server.port
        self.assertEqual(result.stdout.decode(),
                         f"200 794 {port} {into} 1 0x00000001|"
                         f"200 1191 {port} {into}2 0 0x00000001|")
        result = self.done("-w", "%{json}\n", "-o", "/dev/null", "/www/5m")
        values = json.loads(result.stdout)
        self.assertEqual(values["size_download"], 5_000_000)
        self.assertGreater(values["quic_packets_received"], 3000)
        times = [values[f"time_{name}"] for name in
                 ("namelookup", "appconnect", "pretransfer", "starttransfer", "total")]
        self.assertEqual(times, sorted(times))
        ids = [row[0] for row in peers.wire(self.home, self.capture, "udp.dstport == "
                                            f"{port}", "quic.dcid")]
        self.assertIn(values["quic_dcid"], {i[0].replace(":", "") for i in ids if i})
        ports = {row[0][0] for row in peers.wire(self.home, self.capture, "udp.dstport == "
                                                 f"{port}", "udp.srcport")}
        self.assertEqual({str(values["local_port"])}, ports)

    def test_bodies_and_texts_take_turns_on_standard_output(self):
        result = self.done("-w", "|%{urlnum}|", "/www/file-1", "/www/5m", "/www/file-2")
        self.assertEqual(result.stdout, b"".join(
            self.files[name] + b"|%d|" % i for i, name in enumerate(("file-1", "5m", "file-2"))))

    @support.proves("--summary", "--fail")
    def test_summary(self):
        result = self.ask("--summary", "json", "--fail", "-o", "/dev/null", "-o", "/dev/null",
                          "/www/1m", "/www/missing")
        self.assertEqual(result.returncode, 1)
        summary = json.loads(result.stdout)
        self.assertEqual((summary["count"], summary["failed"]), (2, 1))
        self.assertEqual([r["http_code"] for r in summary["requests"]], [200, 404])

    @support.proves("--trace-frames")
    def test_frames_are_told(self):
        result = self.done("--trace-frames", "-d", "abc", "/backend/echo")
        for line in (b"> stream 2: SETTINGS, ", b"< stream 3: SETTINGS, ", b"> stream 0: HEADERS, ",
                     b"> stream 0: DATA, 3 bytes", b"< stream 0: DATA, 6 bytes"):
            self.assertIn(line, result.stderr)

    @support.proves("--parallel-max")
    def test_requests_at_a_time(self):
        self.done("--parallel-max", "1", "--output-dir", self.folder,
                  *[f"/www/file-{i}" for i in (50, 60, 70)])
        rows = peers.wire(self.home, self.capture, "quiclens.request.method or quiclens.response.status",
                          "quiclens.request.method", "quiclens.response.status")
        order = [word for asked, answered in rows for word in asked + answered]
        self.assertEqual(order, ["GET", "200"] * 3)

    def ends(self, condition="udp"):
        """Who sent to whom, as in the capture."""
        return {tuple(value[0] for value in row) for row in peers.wire(
            self.home, self.capture, condition, "ip.src", "udp.srcport", "ip.dst", "udp.dstport")
            if all(row)}

    @support.proves("--http3", "--http3-only")
    def test_nothing_but_http3_may_be_asked_for(self):
        for option in ("--http3", "--http3-only"):
            result = self.done(option, "-o", "/dev/null", "-w", "%{http_version}", "/www/file-7")
            self.assertEqual(result.stdout, b"3")
            self.assertEqual(self.paths(), {"/file-7"})
            refused = self.ask(option, "--alpn", "h3,hq-interop", "/www/file-7")
            self.assert_failed(refused, "--http3", "--alpn", status=2)

    @support.proves("--connect-to")
    def test_another_address_is_gone_to(self):
        port = self.server.port
        result = self.get("--capture", self.capture, "--connect-to",
                          f"elsewhere.example:443:127.0.0.1:{port}", "-k",
                          "https://elsewhere.example/file-1")
        self.assert_done(result)
        self.assertEqual(result.stdout, self.files["file-1"])
        self.assertEqual({end[2:] for end in self.ends(f"udp.dstport == {port}")},
                         {("127.0.0.1", str(port))})
        names = peers.wire(self.home, self.capture, "tls.handshake.extensions_server_name",
                           "tls.handshake.extensions_server_name")
        self.assertEqual(names[0][0], ["elsewhere.example"])

    @support.proves("--interface", "--local-port")
    def test_a_local_end_is_chosen(self):
        port, local = self.server.port, peers.free_port()
        self.done("-4", "--interface", "127.0.0.9", "--local-port", f"{local}-{local + 9}",
                  "/www/file-1")
        self.assertEqual(self.ends(f"udp.dstport == {port}"),
                         {("127.0.0.9", str(local), "127.0.0.1", str(port))})
        self.done("--interface", "lo", "/www/file-1")
        self.assert_failed(self.ask("--interface", "no-such", "/www/file-1"), "--interface",
                           status=2)

    @support.proves("--resolve")
    def test_an_address_that_is_silent_is_not_waited_for(self):
        port = self.server.port
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.99", port))
            self.done("--connect-timeout", "50", "--resolve", f"localhost:{port}:127.0.0.99,[::1]",
                      "/www/file-1")
        there = peers.wire(self.home, self.capture, f"udp.dstport == {port}", "ip.dst", "ipv6.dst")
        self.assertEqual(there[0][0], ["127.0.0.99"])
        self.assertIn(([], ["::1"]), there)

    def test_several_origins_at_once(self):
        with self.start(peers.Caddy) as other:
            result = self.done("/www/5m", f"https://localhost:{other.port}/5m")
            self.assertEqual(result.stdout, self.files["5m"] * 2)
            first, second = (
                [int(row[0][0]) for row in peers.wire(self.home, self.capture,
                                                      f"udp.srcport == {port}", "frame.number")]
                for port in (self.server.port, other.port))
            self.assertLess(max(first[0], second[0]), min(first[-1], second[-1]))

    def test_no_escape_reaches_the_terminal(self):
        master, slave = pty.openpty()
        try:
            process = self.home.start("get", "--cacert", self.certificates.ca, "-i", "-w",
                                      "%header{x-escape}", f"{self.server.url}/backend/teapot",
                                      stdout=slave, stderr=slave)
            process.wait(peers.TIMEOUT)
            said = os.read(master, 65536)
        finally:
            os.close(master)
            os.close(slave)
        self.assertNotIn(b"\x9b", said)
        self.assertEqual(said.count(b"\\x9b31m red"), 2, said)


class WithGtlsserver(peers.Case):
    def test_trailers_are_shown(self):
        with self.start(peers.Gtlsserver, extra=["--send-trailers"]) as server:
            result = self.get("-i", "-v", f"{server.url}/file-1")
            self.assert_done(result)
            head, _, rest = result.stdout.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/3 200"))
            content = self.files["file-1"]
            self.assertEqual(rest[:len(content)], content)
            self.assertRegex(rest[len(content):], rb"^[a-z0-9-]+: .*\r\n\r\n$")
            self.assertRegex(result.stderr, rb"\* stream 0: trailers\n< [a-z0-9-]+: ")


if __name__ == "__main__":
    peers.main()
