#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab pages of quiclens serve, asked for by quiclens get."""
import subprocess

import origin_support as support
import peers
import serve_lab

PATTERN = bytes((i * 7 + i // 256) & 0xFF for i in range(200000))


class Pages(peers.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = support.Server(cls.home, "-s", "--cert", cls.certificate[0], "--key",
                                    cls.certificate[1])

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()
        super().tearDownClass()

    def ask(self, path, *options):
        done = self.get("-i", *options, self.server.url + path)
        self.assert_done(done)
        return done.stdout

    def test_statuses(self):
        for status, words in ((200, b"200 OK\n"), (404, b"404 Not Found\n"), (418, b"teapot"),
                              (599, b"599 Error\n")):
            answer = self.ask(f"/status/{status}")
            self.assertTrue(answer.startswith(f"HTTP/3 {status}".encode()), answer)
            self.assertIn(words, answer)
        for status in (204, 304):
            answer = self.ask(f"/status/{status}")
            self.assertNotIn(b"content-length", answer)
            self.assertTrue(answer.endswith(b"\r\n\r\n") or answer.endswith(b"\n\n"), answer)

    def test_bytes(self):
        self.assertTrue(self.ask("/bytes/200k").endswith(PATTERN))
        self.assertIn(b"content-length: 0", self.ask("/bytes/0"))

    def test_the_request_is_shown(self):
        answer = self.ask("/headers", "-H", "x-mine: 5")
        for line in (b":method: GET\n", b":path: /headers\n", b"x-mine: 5\n"):
            self.assertIn(line, answer)

    def test_content_comes_back(self):
        upload = self.home.path / "upload"
        upload.write_bytes(PATTERN)
        for method in ("POST", "PUT"):
            answer = self.ask("/mirror", "-X", method, "--data-binary", f"@{upload}")
            self.assertTrue(answer.endswith(PATTERN), method)

    def test_redirects_end_at_the_front_page(self):
        answer = self.ask("/redirect/2")
        self.assertTrue(answer.startswith(b"HTTP/3 302"), answer)
        self.assertIn(b"location: /redirect/1", answer)
        self.assertIn(b"location: /", self.ask("/redirect/1"))

    def test_early_hints_come_ahead_of_a_delayed_answer(self):
        answer = self.ask("/early-hints/delay/100ms")
        self.assertTrue(answer.startswith(b"HTTP/3 103"), answer)
        self.assertIn(b"link: </quiclens.svg>", answer)
        self.assertGreater(answer.find(b"HTTP/3 200"), 0)

    def test_slow_content_arrives_whole(self):
        self.assertTrue(self.ask("/bytes/20k/slow/100k").endswith(PATTERN[:20000]))

    def test_a_reset_comes_where_it_was_asked_for(self):
        for size in (0, 1, 5000, 150000):
            failed = self.get(f"{self.server.url}/bytes/200k/reset/{size}")
            self.assert_failed(failed, "reset the stream", "H3_INTERNAL_ERROR")
            self.assertEqual(failed.stdout, PATTERN[:size])

    def test_trailers_come_behind_the_content(self):
        answer = self.ask("/bytes/5/trailers")
        self.assertIn(PATTERN[:5], answer)
        self.assertGreater(answer.find(b"x-content-size: 5"), answer.find(PATTERN[:5]))

    def test_head_has_no_content(self):
        answer = self.ask("/bytes/100/trailers", "-X", "HEAD")
        self.assertIn(b"content-length: 100", answer)

    def test_a_folder_has_none_of_them(self):
        with support.Server(self.home, "-s", self.home.path / "www") as server:
            self.assertIn(b" 404", server.get("-i", "/status/200").stdout)

    def test_the_lines_of_a_websocket_come_back(self):
        process = self.home.start("get", "--cacert", self.certificates.ca,
                                  self.server.url.replace("https", "wss") + "/echo",
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        out, _ = process.communicate(b"hello\nworld\n", timeout=support.TIMEOUT)
        self.assertEqual((process.returncode, out), (0, b"hello\nworld\n"))


class GoAway(peers.Case):
    def test_a_connection_ends_with_its_last_request(self):
        with support.Server(self.home, "--goaway-after", "2", "--cert", self.certificate[0],
                            "--key", self.certificate[1]) as server:
            done = self.get("-v", *(f"{server.url}/status/{status}" for status in range(200, 204)))
            self.assert_done(done)
            said = done.stderr.decode()
            self.assertIn("GOAWAY 8", said)
            self.assertEqual(said.count("* connecting to"), 2)
            _, lines = server.stop()
            self.assertEqual(sum(line.startswith("GET ") for line in lines), 4)


class ClientCertificates(peers.Case):
    def test_who_has_none_is_refused(self):
        with support.Server(self.home, "--client-ca", self.certificates.ca, "--cert",
                            self.certificate[0], "--key", self.certificate[1]) as server:
            self.assert_failed(self.get(f"{server.url}/"), "certificate_required")

    def test_who_has_one_is_served(self):
        if serve_lab.gtlsclient() is None:
            self.skipTest("gtlsclient is not installed")
        with support.Server(self.home, "--client-ca", self.certificates.ca, "--cert",
                            self.certificate[0], "--key", self.certificate[1]) as server:
            own = self.certificates.make("client")
            into = self.home.folder("client")
            done = subprocess.run(
                [serve_lab.gtlsclient(), "-q", "--exit-on-all-streams-close", f"--download={into}",
                 f"--cert={own[0]}", f"--key={own[1]}", "127.0.0.1", str(server.port),
                 f"https://localhost:{server.port}/data.json"], cwd=into, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=support.TIMEOUT)
            self.assertEqual(done.returncode, 0, done.stdout.decode(errors="replace")[-2000:])
            self.assertIn(b'"quiclens"', (into / "data.json").read_bytes())


if __name__ == "__main__":
    peers.main()
