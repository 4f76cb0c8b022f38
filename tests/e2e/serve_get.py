#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens serve and quiclens get with each other: what is served, to how many, and how it ends."""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import origin_support as support


def peak_memory(server):
    """In kilobytes."""
    with open(f"/proc/{server.process.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


class BuiltInPages(support.Case):
    def test_all_pages_arrive_whole(self):
        with support.Server(self.home) as server:
            result = server.get("/1m.bin")
            self.assert_done(result)
            self.assertEqual(result.stdout, support.PATTERN)
            page = server.get("-i", "/")
            self.assertIn(b"content-type: text/html; charset=utf-8", page.stdout)
            self.assertIn(b"It works, over HTTP/3", page.stdout)
            image = server.get("-i", "/quiclens.svg")
            self.assertIn(b"content-type: image/svg+xml", image.stdout)
            data = server.get("/data.json")
            self.assertEqual(json.loads(data.stdout)["protocol"], "h3")

    def test_statuses(self):
        with support.Server(self.home) as server:
            self.assertIn(b"404 Not Found\n", server.get("-i", "/missing").stdout)
            for arguments, status in (("/missing",), b" 404"), (("-X", "PUT", "/"), b" 405"), \
                    (("-X", "DELETE", "/1m.bin"), b" 405"), (("/%00",), b" 400"):
                head = server.get("-i", *arguments).stdout.splitlines()[0]
                self.assertIn(status, head, arguments)
            self.assertIn(b"allow: GET, HEAD, POST", server.get("-i", "-X", "PUT", "/").stdout)

    def test_head_has_a_length_and_no_content(self):
        with support.Server(self.home) as server:
            result = server.get("-i", "-X", "HEAD", "/1m.bin")
            self.assert_done(result)
            self.assertIn(b"content-length: 1048576", result.stdout)
            self.assertLess(len(result.stdout), 1000)

    def test_post_is_answered_with_size_and_digest(self):
        with support.Server(self.home) as server:
            for content in (b"hello", bytes(range(256)) * 12000):
                upload = self.home.path / "upload"
                upload.write_bytes(content)
                result = server.get("--data-binary", f"@{upload}", "/echo")
                self.assert_done(result)
                self.assertEqual(json.loads(result.stdout),
                                 {"size": len(content),
                                  "sha256": hashlib.sha256(content).hexdigest()})

    def test_a_line_a_request(self):
        with support.Server(self.home) as server:
            server.get("-d", "12345", "/echo")
            server.get("/missing")
            status, lines = server.stop()
            self.assertEqual(status, 0)
            self.assertIn("POST /echo (5 bytes) -> 200, 90 bytes", lines)
            self.assertIn("GET /missing -> 404, 14 bytes", lines)

    def test_the_certificate_is_verified_and_kept(self):
        with support.Server(self.home) as server:
            refused = self.home.run("get", server.url + "/")
            self.assertEqual(refused.returncode, 1)
            key = self.home.path / "cache" / "quiclens" / "origin-cert.key"
            self.assertEqual(stat.S_IMODE(key.stat().st_mode), 0o600)
            first = key.read_bytes()
            by_name = self.home.run("get", "--cacert", server.certificate, "-4",
                                    f"https://localhost:{server.port}/data.json")
            self.assert_done(by_name)
        with support.Server(self.home):
            self.assertEqual(key.read_bytes(), first)

    def test_ipv6(self):
        with support.Server(self.home, listen="[::1]:0") as server:
            self.assert_done(server.get("/data.json"))

    def test_the_command_that_is_shown_works(self):
        """Though the certificate is for few names."""
        for listen in ("127.0.0.1:0", "0.0.0.0:0", "127.0.0.2:0", "[::]:0"):
            with self.subTest(listen):
                server = support.Server(self.home, listen=listen)
                (_, _, *words) = server.process.stdout.readline().decode().split()
                result = self.home.run("get", *words)
                server.stop()
                self.assert_done(result)
                self.assertIn(b"It works, over HTTP/3", result.stdout)

    def test_secrets_are_logged_as_the_client_has_them(self):
        with support.Server(self.home, "--keys", "server.keys") as server:
            self.assert_done(server.get("--keys", "client.keys", "/data.json"))
        mine = self.home.path / "server.keys"
        theirs = self.home.path / "client.keys"
        self.assertEqual(stat.S_IMODE(mine.stat().st_mode), 0o600)
        self.assertEqual(sorted(mine.read_text().split("\n")),
                         sorted(theirs.read_text().split("\n")))
        self.assertIn("CLIENT_TRAFFIC_SECRET_0 ", mine.read_text())

    def test_migration_in_mid_transfer(self):
        with support.Server(self.home) as server:
            result = server.get("-v", "--migrate-after", "100000", "/1m.bin")
            self.assert_done(result)
            self.assertEqual(result.stdout, support.PATTERN)
            self.assertIn(b"* moved to 127.0.0.1:", result.stderr)

    def test_both_signals_end_it_politely(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with support.Server(self.home) as server:
                slow = self.home.start("get", "--cacert", server.certificate,
                                       *[server.url + "/1m.bin"] * 4, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE)
                slow.stdout.read(1000)  # the rest waits in the pipe
                began = time.monotonic()
                status, _ = server.stop(number)
                self.assertEqual(status, 0)
                _, err = slow.communicate(timeout=support.TIMEOUT)
                self.assertLess(time.monotonic() - began, 10)
                self.assertEqual(slow.returncode, 1)
                self.assertIn(b"closed", err)

    def test_what_is_to_be_ignored_does_not_end_it(self):
        """As under nohup."""
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            server = support.Server(self.home)
        finally:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
        with server:
            server.process.send_signal(signal.SIGHUP)
            result = server.get("/1m.bin")
            self.assert_done(result)
            self.assertEqual(result.stdout, support.PATTERN)


class Folder(support.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.www = cls.home.folder("www")
        (cls.home.path / "secret").write_text("SECRET")
        (cls.www / "index.html").write_text("front")
        (cls.www / "sub").mkdir()
        (cls.www / "sub" / "a b.txt").write_text("blank")
        (cls.www / "big.bin").write_bytes(os.urandom(1 << 20) * 24)
        (cls.www / "empty.css").write_bytes(b"")
        (cls.www / "out").symlink_to("../secret")
        (cls.www / "up").symlink_to("..")

    def test_files_and_types(self):
        with support.Server(self.home, self.www) as server:
            self.assertEqual(server.get("/").stdout, b"front")
            self.assertEqual(server.get("/sub/a%20b.txt").stdout, b"blank")
            empty = server.get("-i", "/empty.css").stdout
            self.assertIn(b"content-type: text/css", empty)
            self.assertIn(b"content-length: 0", empty)
            moved = server.get("-i", "/sub").stdout
            self.assertIn(b" 301", moved.splitlines()[0])
            self.assertIn(b"location: /sub/", moved)

    def test_nothing_outside_is_served(self):
        climbs = ["/../secret", "/%2e%2e/secret", "/%2e%2e%2fsecret", "/..%2fsecret",
                  "/sub/..%2f..%2fsecret", "/sub/%2e%2e/%2e%2e/secret", "/%252e%252e/secret",
                  "/out", "/up/secret", "/up/", "/sub%5c..%5c..%5csecret", "//secret",
                  "/./..%2fsecret", "/%2fetc/passwd", "//etc/passwd", "/sub/../../secret",
                  "/index.html%00.txt", "/..%c0%afsecret", "/proc/self/environ"]
        with support.Server(self.home, self.www) as server:
            for path in climbs:
                result = server.get("-i", path)
                self.assert_done(result)
                self.assertRegex(result.stdout.splitlines()[0], rb" (400|404)", path)
                self.assertNotIn(b"SECRET", result.stdout, path)
                self.assertNotIn(b"root:", result.stdout, path)
            self.assertEqual(server.get("/").stdout, b"front")

    def test_a_large_file_takes_no_memory(self):
        # A sanitizer would keep what was freed.
        self.home.environment["ASAN_OPTIONS"] = "quarantine_size_mb=1"
        self.addCleanup(self.home.environment.pop, "ASAN_OPTIONS")
        with support.Server(self.home, "-s", self.www) as server:
            before = peak_memory(server)
            result = server.get("/big.bin")
            self.assert_done(result)
            self.assertEqual(result.stdout, (self.www / "big.bin").read_bytes())
            self.assertLess(peak_memory(server) - before, 12 << 10)

    def test_several_clients_at_once(self):
        with support.Server(self.home, self.www) as server:
            clients = [self.home.start("get", "--cacert", server.certificate,
                                       "--migrate-after", "1000000",
                                       "-o", f"copy{n}", f"{server.url}/big.bin")
                       for n in range(6)]
            for client in clients:
                self.assertEqual(client.wait(timeout=support.TIMEOUT), 0)
        original = (self.www / "big.bin").read_bytes()
        for n in range(6):
            copy = self.home.path / f"copy{n}"
            self.assertTrue(copy.read_bytes() == original, copy)
            copy.unlink()

    def test_a_file_that_shrinks_resets_its_stream_only(self):
        path = self.www / "shrinks.bin"
        path.write_bytes(bytes(8 << 20))
        with support.Server(self.home, self.www) as server:
            client = self.home.start("get", "--cacert", server.certificate,
                                     f"{server.url}/shrinks.bin", stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            client.stdout.read(1000)
            os.truncate(path, 1 << 20)
            _, err = client.communicate(timeout=support.TIMEOUT)
            self.assertEqual(client.returncode, 1)
            self.assertIn(b"H3_INTERNAL_ERROR", err)
            self.assert_done(server.get("/"))


@unittest.skipUnless(shutil.which("gtlsclient"), "gtlsclient is not installed")
class OtherClient(support.Case):
    """A client that we did not write, of the package ngtcp2-client."""

    def fetch(self, *options):
        with support.Server(self.home) as server:
            subprocess.run(["gtlsclient", "-q", "--exit-on-all-streams-close",
                            f"--download={self.home.path}", *options, "127.0.0.1",
                            str(server.port), f"{server.url}/1m.bin"],
                           check=True, timeout=support.TIMEOUT, stderr=subprocess.DEVNULL)
        copy = self.home.path / "1m.bin"
        self.assertEqual(copy.read_bytes(), support.PATTERN)
        copy.unlink()

    def test_plain(self):
        self.fetch()

    def test_version_2(self):
        self.fetch("-v", "0x6b3343cf")

    def test_key_update(self):
        self.fetch("--key-update=1ms")

    def test_empty_connection_id(self):
        self.fetch("--scid=")

    def test_migration(self):
        self.fetch("--change-local-addr=4ms")


class Memory(support.Case):
    """Clients that send much and hear nothing."""

    def test_who_does_not_listen_to_a_websocket_may_not_say_more(self):
        self.home.environment["ASAN_OPTIONS"] = "quarantine_size_mb=1"
        self.addCleanup(self.home.environment.pop, "ASAN_OPTIONS")
        line, lines = b"x" * 999 + b"\n", 40000
        with support.Server(self.home, "-s") as server:
            before = peak_memory(server)
            client = self.home.start("get", "--cacert", server.certificate,
                                     server.url.replace("https", "wss") + "/echo",
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            said = threading.Thread(target=lambda: (client.stdin.write(line * lines),
                                                    client.stdin.close()))
            said.start()
            said.join(3)
            self.assertTrue(said.is_alive(), "all was taken, though nobody heard the answers")
            self.assertLess(peak_memory(server) - before, 12 << 10)
            self.assertEqual(client.stdout.read(), line * lines)
            said.join(support.TIMEOUT)
            client.stdout.close()
            self.assertEqual(client.wait(support.TIMEOUT), 0)

    def test_what_waits_to_be_mirrored_has_a_bound(self):
        """128 MB of all clients together. The first are still waiting when the last has come."""
        upload = self.home.path / "upload"
        with open(upload, "wb") as file:
            file.truncate(15 << 20)
        with support.Server(self.home) as server:
            client = self.home.start("get", "--cacert", server.certificate, "--data-binary",
                                     f"@{upload}", *[f"{server.url}/mirror/delay/60s"] * 10,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            lines = [server.next_request() for _ in range(10)]
            client.kill()
            client.wait(support.TIMEOUT)
        for status, count in (("200", 8), ("413", 2)):
            self.assertEqual(sum(f" -> {status}, " in line for line in lines), count, lines)


class Usage(support.Case):
    def test_bad_usage_is_status_2(self):
        for arguments in (["--listen", "nonsense"], ["--listen", "127.0.0.1:99999"],
                          ["--listen", ":1"], ["a", "b"], ["--unknown"]):
            result = self.home.run("serve", *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_what_cannot_be_served_is_status_1(self):
        missing = self.home.run("serve", "/nonexistent")
        self.assertEqual(missing.returncode, 1)
        self.assertIn(b"/nonexistent", missing.stderr)
        with support.Server(self.home) as server:
            taken = self.home.run("serve", "--listen", f"127.0.0.1:{server.port}")
            self.assertEqual(taken.returncode, 1)
            self.assertIn(str(server.port).encode(), taken.stderr)


class Words(support.Case):
    def test_files_have_the_names_of_their_urls(self):
        folder = pathlib.Path(self.home.folder("remote-names"))
        with support.Server(self.home, "-s") as server:
            self.assert_done(server.get("-O", "--url", f"{server.url}/data.json", "-O",
                                        "--url", f"{server.url}/bytes/10", "-O", "/bytes/10?again",
                                        cwd=folder))
        self.assertEqual({path.name: path.stat().st_size for path in folder.iterdir()
                          if path.name != "data.json"}, {"10": 10, "10.1": 10})
        self.assertTrue((folder / "data.json").read_bytes().startswith(b"{"))

    def test_silence_has_two_degrees(self):
        with support.Server(self.home, "-s") as server:
            silent = server.get("-s", "-f", "/status/404")
            told = server.get("-s", "-S", "-f", "/status/404")
        self.assertEqual((silent.returncode, silent.stderr), (1, b""))
        self.assertEqual(told.returncode, 1)
        self.assertIn("status 404", told.stderr.decode())


class EarlyDataToSeveralAddresses(support.Case):
    """The first address gets the requests as early data; the second one answers them."""

    def race(self, first):
        with support.Server(self.home, "-s") as server:
            kept = self.home.path / f"{self.id()}.kept"
            host = f"localhost:{server.port}"
            options = ("--session", kept, "--early-data", "-o", self.home.path / "out-#1", "-w",
                       "%{urlnum} %{remote_ip} %{quic_stream} %{quic_connection}\\n")
            self.assert_done(server.get(*options, "--resolve", f"{host}:127.0.0.1",
                                        f"https://{host}/bytes/1[0-0]"))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
                mute.bind(("127.0.0.98", server.port))
                done = server.get("-v", *options, "--resolve", f"{host}:{first},127.0.0.1",
                                  f"https://{host}/bytes/1[0-2]")
        self.assert_done(done)
        said = done.stderr.decode()
        self.assertEqual(said.count("was not processed and is sent again"), 3, said)
        self.assertIn("the server accepted the early data", said)
        self.assertEqual(done.stdout.decode().splitlines(),
                         [f"{number} 127.0.0.1 {4 * number} 1" for number in range(3)])

    def test_the_first_is_silent(self):
        self.race("127.0.0.98")

    def test_nobody_is_at_the_first(self):
        self.race("127.0.0.99")


if __name__ == "__main__":
    support.main()
