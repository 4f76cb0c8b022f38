#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get with servers that other people wrote: what is asked for comes whole."""
import hashlib
import json
import os
import stat
import subprocess
import time
import unittest

import origin_support as support
import peers


class Transfers:
    """The same with every server."""
    kind = None

    def test_many_at_once_into_a_folder(self):
        with self.start(self.kind) as server:
            into = self.home.path / f"many-{self.kind.__name__}"
            done = self.get("--output-dir", into, *(f"{server.url}/{name}" for name in self.files))
            self.assert_done(done)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(sorted(os.listdir(into)), sorted(self.files))
            for name, content in self.files.items():
                self.assertEqual((into / name).read_bytes(), content, name)

    def test_standard_output_has_them_in_order(self):
        names = ["file-3", "5m", "file-1", "1m", "file-80"]
        with self.start(self.kind) as server:
            done = self.get(*(f"{server.url}/{name}" for name in names))
            self.assert_done(done)
            self.assertEqual(done.stdout, b"".join(self.files[name] for name in names))

    def test_many_take_turns_at_a_pipe(self):
        names = [name for name in self.files if name.startswith("file-")]
        with self.start(self.kind) as server:
            process = self.home.start("get", "--cacert", self.certificates.ca,
                                      *(f"{server.url}/{name}" for name in names),
                                      stdout=subprocess.PIPE)
            time.sleep(0.5)
            out, _ = process.communicate(timeout=peers.TIMEOUT)
            self.assertEqual(process.returncode, 0)
            self.assertEqual(out, b"".join(self.files[name] for name in names))

    def test_a_slow_reader_gets_everything(self):
        with self.start(self.kind) as server:
            process = self.home.start("get", "--cacert", self.certificates.ca,
                                      *[f"{server.url}/5m"] * 3, stdout=subprocess.PIPE)
            time.sleep(1)
            out, _ = process.communicate(timeout=peers.TIMEOUT)
            self.assertEqual(process.returncode, 0)
            self.assertEqual(out, self.files["5m"] * 3)

    def test_headers_and_head(self):
        with self.start(self.kind) as server:
            done = self.get("-i", f"{server.url}/file-5")
            self.assert_done(done)
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            self.assertTrue(head.startswith(b"HTTP/3 200\r\n"), head)
            self.assertIn(b"\r\ncontent-length: 1985", head)
            self.assertEqual(content, self.files["file-5"])
            done = self.get("-iXHEAD", f"{server.url}/1m")
            self.assert_done(done)
            self.assertIn(b"\r\ncontent-length: 1000000", done.stdout)
            self.assertTrue(done.stdout.endswith(b"\r\n\r\n"))

    def test_a_status_is_no_failure_unless_asked(self):
        with self.start(self.kind) as server:
            self.assert_done(self.get(f"{server.url}/missing"))
            failed = self.get("--fail", f"{server.url}/missing")
            self.assert_failed(failed, "/missing", "404")
            self.assertEqual(failed.stdout, b"")

    def test_the_end_is_quick(self):
        with self.start(self.kind) as server:
            self.assert_done(self.get(f"{server.url}/file-1"))
            start = time.monotonic()
            self.assert_done(self.get(f"{server.url}/file-1"))
            self.assertLess(time.monotonic() - start, 2)

    def test_secrets_are_logged(self):
        with self.start(self.kind) as server:
            log = self.home.path / f"log-{self.kind.__name__}"
            self.assert_done(self.get("--keys", log, f"{server.url}/file-1"))
            self.assert_done(self.get(f"{server.url}/file-1",
                                      environment={"SSLKEYLOGFILE": str(log)}))
            self.assertEqual(stat.S_IMODE(log.stat().st_mode), 0o600)
            lines = [line.split() for line in log.read_text(encoding="ascii").splitlines()]
            self.assertEqual({len(line) for line in lines}, {3})
            self.assertEqual(len({line[1] for line in lines}), 2)
            for label in ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                          "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0",
                          "EXPORTER_SECRET"):
                self.assertEqual(sum(line[0] == label for line in lines), 2, label)

    def test_the_trace_tells_what_happened(self):
        with self.start(self.kind) as server:
            done = self.get("-v", "-H", "X-Test: a", f"{server.url}/file-1")
            self.assert_done(done)
            text = done.stderr.decode()
            for line in ("* our connection ID is 0x", "* handshake completed, QUIC version 0x00000001",
                         "* TLS 1.3: TLS_", ", ALPN h3", "* certificate: subject CN = localhost",
                         "* certificate: verified", "> GET /file-1 HTTP/3", "> x-test: a",
                         "< HTTP/3 200", "< content-length: 397"):
                self.assertIn(line, text)
            self.assertEqual(done.stdout, self.files["file-1"])


class WithCaddy(Transfers, peers.Case):
    kind = peers.Caddy

    def upload(self, *arguments, **more):
        """What the backend says that it got: method, path, size, digest, type, X-Test, length."""
        with peers.Backend() as backend:
            with self.start(peers.Caddy, backend=backend.port) as server:
                urls = [f"{server.url}{a}" if str(a).startswith("/backend") else a
                        for a in arguments]
                done = self.get(*urls, **more)
                self.assert_done(done)
                return done.stdout.decode().split("\n")

    def test_data_is_posted(self):
        said = self.upload("-d", "a=1", "-d", "b=2", "-H", "X-Test: yes", "/backend/post")
        self.assertEqual(said, ["POST", "/backend/post", "7", hashlib.sha256(b"a=1&b=2").hexdigest(),
                                "application/x-www-form-urlencoded", "yes", "7"])

    def test_a_large_file_is_posted_without_its_line_ends(self):
        content = os.urandom(3_000_000)
        path = self.home.path / "content"
        path.write_bytes(content)
        expected = bytes(b for b in content if b not in b"\r\n\0")
        said = self.upload("-d", f"@{path}", "/backend/post")
        self.assertEqual(said[2:4], [str(len(expected)), hashlib.sha256(expected).hexdigest()])
        said = self.upload("--data-binary", f"@{path}", "/backend/post")
        self.assertEqual(said[2:4], [str(len(content)), hashlib.sha256(content).hexdigest()])
        self.assertEqual(said[6], "3000000")

    def test_a_file_is_put(self):
        content = os.urandom(20_000_000)
        path = self.home.path / "upload"
        path.write_bytes(content)
        said = self.upload("-T", path, "/backend/")
        self.assertEqual(said[:4], ["PUT", "/backend/upload", "20000000",
                                    hashlib.sha256(content).hexdigest()])

    def test_addresses_of_both_families(self):
        with self.start(self.kind) as server:
            entry = f"localhost:{server.port}:127.0.0.1,[::1]"
            for option, address in (("-4", "127.0.0.1"), ("-6", "[::1]")):
                done = self.get("-v", option, "--resolve", entry, f"{server.url}/file-1")
                self.assert_done(done)
                self.assertIn(f"({address}:{server.port}) from {address}:", done.stderr.decode())
            self.assert_done(self.get(f"https://[::1]:{server.port}/file-1"))

    def test_a_header_cannot_reach_the_terminal(self):
        with peers.Backend() as backend, self.start(peers.Caddy, backend=backend.port) as server:
            done = self.get("-v", f"{server.url}/backend/x")
            self.assert_done(done)
            self.assertIn(b"< x-escape: \\x9b31m red", done.stderr)
            self.assertNotIn(b"\x9b", done.stderr)

    def test_a_move_that_the_server_forbids_is_told(self):
        with self.start(self.kind) as server:
            done = self.get("-v", "--migrate-after", "200k", f"{server.url}/5m")
            self.assert_done(done)
            self.assertEqual(done.stdout, self.files["5m"])
            text = done.stderr.decode()
            if ", no migration" in text:  # caddy 2.6; later ones allow it
                self.assertIn("quiclens get: did not move to another port: the server forbids it",
                              text)
            else:
                self.assertIn("* moved to 127.0.0.1:", text)


class WithGtlsserver(Transfers, peers.Case):
    kind = peers.Gtlsserver

    def moved(self, when):
        """Moves in mid-transfer; returns the ports of the client, by the capture."""
        with self.start(self.kind) as server:
            capture = self.home.path / f"move-{when}.pcapng"
            done = self.get("-v", "--migrate-after", when, "--capture", capture, f"{server.url}/5m",
                            f"{server.url}/1m")
            self.assert_done(done)
            self.assertEqual(done.stdout, self.files["5m"] + self.files["1m"])
            self.assertIn("* moved to 127.0.0.1:", done.stderr.decode())
            rows = [line.split("\t") for line in peers.tshark(
                capture, "-T", "fields", "-e", "udp.srcport", "-e", "udp.dstport", "-e",
                "quic.dcid", "-e", "quic.path_challenge.data", "-e", "quic.path_response.data")]
            out = [row for row in rows if row[1] == str(server.port)]
            ports = list(dict.fromkeys(row[0] for row in out))
            self.assertTrue(any(row[3] for row in out if row[0] == ports[-1]))
            # What the client still sends on the old path afterwards, such as the answer to a challenge of
            # the server's, does not tell which ID it moved with.
            move = next(i for i, row in enumerate(out) if row[0] == ports[-1])
            before = {row[2].split(",")[0] for row in out[:move] if row[2]}
            moved_with = out[move][2].split(",")[0]
            self.assertNotEqual(moved_with, "")
            self.assertNotIn(moved_with, before, "an ID is used on both paths (RFC 9000, 9.5)")
            back = [row[1] for row in rows if row[0] == str(server.port)]
            self.assertGreater(back.count(ports[0]), 10)
            self.assertGreater(back.count(ports[-1]), 10)
            return ports

    def test_a_move_after_so_many_bytes(self):
        self.assertEqual(len(self.moved("200k")), 2)

    def test_a_move_after_so_much_time(self):
        self.assertEqual(len(self.moved("3ms")), 2)


class WithServe(support.Case):
    """What older servers of other people would lose: content without an announced length."""

    def test_a_pipe_is_sent_while_it_comes(self):
        with support.Server(self.home) as server:
            process = subprocess.Popen(
                [self.home.quiclens, "get", "--cacert", server.certificate, "-T", "-", "-X", "POST",
                 f"{server.url}/echo"], env=self.home.environment, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE)
            for _ in range(5):
                process.stdin.write(b"slow")
                process.stdin.flush()
                time.sleep(0.2)
            out, _ = process.communicate(b"x" * 1_000_000, timeout=peers.TIMEOUT)
            self.assertEqual(process.returncode, 0)
            expected = hashlib.sha256(b"slow" * 5 + b"x" * 1_000_000).hexdigest()
            self.assertEqual(json.loads(out), {"size": 1000020, "sha256": expected})


if __name__ == "__main__":
    peers.main()
