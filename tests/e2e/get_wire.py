#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What options of quiclens get change on the wire, as far as no other test looks at it: read from the
capture with tshark and the plugin. Servers are those of others where one can do it."""
import base64
import hashlib
import os
import shutil
import socket
import subprocess

import origin_support as support
import peers

CERTIFICATE_UNKNOWN, UNKNOWN_CA = 0x100 + 46, 0x100 + 48
"""TLS alerts as errors of QUIC (RFC 9001, 4.8; RFC 8446, 6)."""


class Wire(peers.Case):
    def setUp(self):
        self.folder = self.home.folder(f"wire-{self.id()}")
        self.capture = self.folder / "s.pcapng"

    def ask(self, *arguments, **more):
        """quiclens get with a capture that is this test's only one."""
        return self.get("--capture", self.capture, *arguments, **more)

    def done(self, *arguments, **more):
        result = self.ask(*arguments, **more)
        self.assert_done(result)
        return result

    def wire(self, condition, *names):
        return peers.wire(self.home, self.capture, condition, *names)

    def values(self, condition, name):
        """All values of a field, also where a packet has several."""
        return [value for (values,) in self.wire(condition, name) for value in values]


class Requests(Wire):
    """To a backend that is behind caddy and says what it got."""

    def setUp(self):
        super().setUp()
        self.backend = peers.Backend()
        self.backend.__enter__()
        self.addCleanup(self.backend.__exit__)
        self.server = self.start(peers.Caddy, backend=self.backend.port)
        self.addCleanup(self.server.__exit__)
        self.url = f"{self.server.url}/backend/here"

    def request(self):
        """Its method, path, header and the size of its content."""
        rows = self.wire("quiclens.request.method or quiclens.request.body_size",
                         "quiclens.request.method", "quiclens.request.path",
                         "quiclens.request.header", "quiclens.request.body_size")
        found = [row for row in rows if row[0]]
        self.assertEqual(len(found), 1, found)
        (method,), (path,), header, _ = found[0]
        sizes = [size for row in rows for size in row[3]]
        return method, path, dict(line.split(": ", 1) for line in header), sizes[-1:]

    @support.proves("--url", "--request")
    def test_method_and_path(self):
        self.done("-X", "DELETE", "--url", f"{self.url}?a=b")
        self.assertEqual(self.request()[:2], ("DELETE", "/backend/here?a=b"))

    @support.proves("--data", "--data-binary", "--data-raw")
    def test_content_with_and_without_line_ends(self):
        path = self.folder / "lines"
        path.write_bytes(b"one\r\ntwo\n")
        for option, size in (("-d", 6), ("--data-binary", 9)):
            said = self.done(option, f"@{path}", self.url).stdout.decode().split("\n")
            method, _, header, sizes = self.request()
            self.assertEqual((method, header["content-length"], sizes),
                             ("POST", str(size), [str(size)]))
            self.assertEqual(said[2], str(size))
        self.done("--data-raw", "@no file", self.url)
        self.assertEqual(self.request()[3], ["8"])
        self.done("-d", "a=1", "-d", "b=2", self.url)
        _, _, header, sizes = self.request()
        self.assertEqual((header["content-type"], sizes),
                         ("application/x-www-form-urlencoded", ["7"]))

    @support.proves("--upload-file")
    def test_a_file_is_put(self):
        path = self.folder / "upload"
        path.write_bytes(os.urandom(300_000))
        self.done("-T", path, f"{self.server.url}/backend/")
        method, where, header, sizes = self.request()
        self.assertEqual((method, where, header["content-length"], sizes),
                         ("PUT", "/backend/upload", "300000", ["300000"]))

    def test_fields_are_left_out_and_sent_empty(self):
        self.done("-H", "User-Agent:", "-H", "Accept: text/plain", "-H", "X-Empty;", self.url)
        lines = self.values("quiclens.request.method", "quiclens.request.header")
        self.assertIn("accept: text/plain", lines)
        self.assertFalse(any(line.startswith("user-agent") for line in lines), lines)
        self.assertTrue(any(line.startswith("x-empty:") for line in lines), lines)

    @support.proves("--verbose")
    def test_what_is_told_is_what_is_sent(self):
        said = self.done("-v", "-H", "X-Test: a", self.url).stderr.decode().splitlines()
        sent = self.values("quiclens.request.method", "quiclens.request.header")
        came = self.values("quiclens.response.status", "quiclens.response.header")
        self.assertIn("x-test: a", sent)
        for mark, lines in ((">", sent), ("<", came)):
            told = {line[2:] for line in said if line.startswith(f"{mark} ")}
            for line in lines:
                if line.isascii():
                    self.assertIn(line, told)

    @support.proves("--remote-name", "--output-dir")
    def test_files_get_the_names_of_their_urls(self):
        urls = [f"{self.server.url}/{name}" for name in ("file-2", "file-3?x=1", "file-2")]
        self.done("-O", urls[0], "-O", urls[1], "-O", urls[2], cwd=self.folder)
        self.done("--output-dir", self.folder / "new", *urls)
        for folder in (self.folder, self.folder / "new"):
            for name in ("file-2", "file-3", "file-2.1"):
                self.assertEqual((folder / name).read_bytes(), self.files[name.split(".")[0]])

    @support.proves("--ipv4", "--ipv6")
    def test_a_family_is_chosen(self):
        for option, field, address, known in (("-4", "ip.dst", "127.0.0.1", "[::1],127.0.0.1"),
                                              ("-6", "ipv6.dst", "::1", "127.0.0.1,[::1]")):
            self.done(option, "--resolve", f"localhost:{self.server.port}:{known}", self.url)
            to = self.wire(f"udp.dstport == {self.server.port}", "ip.dst", "ipv6.dst")
            self.assertEqual({row[0 if field == "ip.dst" else 1][0] for row in to}, {address})
            self.assertFalse(any(row[1 if field == "ip.dst" else 0] for row in to))


class Trust(Wire):
    """What the client thinks of the server's certificate ends the handshake, or does not."""

    def closed(self):
        """The errors by which the client closed the connection."""
        return {int(value, 0) for value in self.values(
            f"udp.dstport == {self.server.port} and quic.frame_type == 28", "quic.cc.error_code")}

    def assert_trust(self, trusts, errors, *arguments):
        result = self.home.run("get", "--capture", self.capture, *arguments,
                               f"{self.server.url}/file-5")
        if trusts:
            self.assert_done(result)
            self.assertEqual(result.stdout, self.files["file-5"])
            self.assertTrue(self.values("quiclens.response.status", "quiclens.response.status"))
            self.assertEqual(self.closed() - {0}, set())
        else:
            self.assertEqual(result.returncode, 1)
            self.assertEqual(self.closed(), errors)
            self.assertFalse(self.values("quiclens.request.method", "quiclens.request.method"))

    @support.proves("--cacert", "--capath", "--insecure")
    def test_whom_to_trust(self):
        folder = self.home.folder("authorities")
        shutil.copy(self.certificates.ca, folder)
        subprocess.run(["openssl", "rehash", folder], check=True, timeout=peers.TIMEOUT)
        empty = self.home.folder("no-authorities")
        with self.start(peers.Gtlsserver) as self.server:
            self.assert_trust(True, None, "--cacert", self.certificates.ca)
            self.assert_trust(True, None, "--capath", folder)
            self.assert_trust(True, None, "-k")
            self.assert_trust(False, {UNKNOWN_CA}, "--capath", empty)
            self.assert_trust(False, {UNKNOWN_CA})

    @support.proves("--pinnedpubkey")
    def test_which_key_to_trust(self):
        key = subprocess.run(["openssl", "pkey", "-in", self.certificate[1], "-pubout", "-outform",
                              "DER"], check=True, stdout=subprocess.PIPE,
                             timeout=peers.TIMEOUT).stdout
        pin = "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode()
        other = "sha256//" + base64.b64encode(bytes(32)).decode()
        trust = "--cacert", self.certificates.ca
        with self.start(peers.Gtlsserver) as self.server:
            self.assert_trust(True, None, *trust, "--pinnedpubkey", f"{other};{pin}")
            self.assert_trust(False, {CERTIFICATE_UNKNOWN}, *trust, "--pinnedpubkey", other)


class Times(Wire):
    """With a server that says nothing."""

    def initials(self, *arguments):
        """How many Initial packets the client sends before it gives up; nothing else is there."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(("127.0.0.1", 0))
            port = mute.getsockname()[1]
            result = self.ask(*arguments, f"https://127.0.0.1:{port}/")
        self.assertEqual(result.returncode, 1)
        rows = self.wire("udp", "udp.dstport", "quic.long.packet_type", "quic.frame_type")
        self.assertEqual({row[0][0] for row in rows}, {str(port)})
        self.assertEqual({kind for row in rows for kind in row[1]}, {"0"})
        self.said = result.stderr.decode()
        return len([row for row in rows if "28" not in row[2]])

    @support.proves("--connect-timeout", "--handshake-timeout", "--initial-rtt")
    def test_how_long_and_how_often_it_tries(self):
        once = self.initials("--connect-timeout", "3", "--initial-rtt", "5s")
        self.assertIn("within 3 s", self.said)
        self.assertGreater(self.initials("--handshake-timeout", "3s", "--initial-rtt", "20ms"), once)
        self.assertIn("--handshake-timeout", self.said)

    @support.proves("--retry", "--retry-delay")
    def test_how_often_it_tries_again(self):
        self.initials("--connect-timeout", "0.3", "--retry", "2", "--retry-delay", "1.5")
        first = {}
        for row in self.wire("udp", "quic.scid", "frame.time_relative"):
            first.setdefault(row[0][0], float(row[1][0]))
        begins = list(first.values())
        self.assertEqual(len(begins), 3)
        for before, after in zip(begins, begins[1:]):
            self.assertGreater(after - before, 1.79)

    @support.proves("--idle-timeout")
    def test_the_idle_timeout_is_announced(self):
        with self.start(peers.Gtlsserver) as server:
            self.done("--idle-timeout", "12.345", f"{server.url}/file-5")
        self.assertEqual(self.values("tls.handshake.type == 1",
                                     "tls.quic.parameter.max_idle_timeout")[:1], ["12345"])

    @support.proves("--max-time")
    def test_when_the_time_is_over_the_connection_is_closed(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        with self.start(peers.Gtlsserver) as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, "--capture",
                                     self.capture, "--max-time", "1.5", "-X", "POST", "-T", fifo,
                                     f"{server.url}/file-5", stdout=subprocess.DEVNULL,
                                     stderr=subprocess.DEVNULL)
            with open(fifo, "wb"):
                self.assertEqual(client.wait(peers.TIMEOUT), 1)
            frames = self.values(f"udp.dstport == {server.port}", "quic.frame_type")
        self.assertTrue({"28", "29"} & set(frames), "CONNECTION_CLOSE is missing")


class Congestion(Wire):
    """A window is nowhere on the wire: what it becomes stands in the qlog, why in the capture."""

    def left_by_a_loss(self, server, name):
        """How much of the congestion window the first loss leaves, and whether it sets a threshold
        for slow start."""
        upload, qlog = self.folder / "upload", self.folder / f"{name}.sqlog"
        upload.write_bytes(os.urandom(1_000_000))
        self.done("--cc", name, "--no-pmtud", "--impair", "delay=5ms drop=client:60", "--qlog", qlog,
                  "-X", "POST", "--data-binary", f"@{upload}", f"{server.url}/file-5")
        dropped = self.wire("frame.comment contains \"dropped\"", "quic.packet_number")
        self.assertEqual(len(dropped), 1)
        lost, left, slow = peers.left_by_a_loss(qlog)
        self.assertIn(lost, dropped[0][0])
        return left, slow

    @support.proves("--cc")
    def test_what_a_loss_leaves_of_the_window(self):
        with self.start(peers.Gtlsserver) as server:
            tries = (self.left_by_a_loss(server, "reno") for _ in range(10))
            self.assertTrue(any(0.49 < left < 0.65 and slow for left, slow in tries), "half of it")
            self.assertTrue(self.left_by_a_loss(server, "cubic")[1])
            self.assertFalse(self.left_by_a_loss(server, "bbr")[1])


class Datagrams(Wire):
    @support.proves("--pmtud-probes")
    def test_sizes_that_are_probed(self):
        upload = self.folder / "upload"
        upload.write_bytes(os.urandom(300_000))
        with self.start(peers.Gtlsserver) as server:
            self.done("--pmtud-probes", "1260,1933", "-X", "POST", "--data-binary", f"@{upload}",
                      f"{server.url}/file-5")
            sizes = [int(size) - 8 for size in self.values(f"udp.dstport == {server.port}",
                                                           "udp.length")]
        larger = [size for size in sizes if size > 1200]
        self.assertEqual(larger[0], 1260, "the first one is a probe")
        self.assertEqual(max(sizes), 1933)

    @support.proves("--ack-threshold")
    def test_how_many_packets_wait_for_their_ack(self):
        # A delay, as an ACK waits for an eighth of the RTT at most; and windows that need not grow,
        # as what says that acknowledges, too.
        acks = []
        with self.start(peers.Gtlsserver) as server:
            for threshold in (2, 100):
                self.done("--ack-threshold", threshold, "--max-data", "16M", "--max-stream-data",
                          "16M", "--impair", "delay=40ms bandwidth=server:20Mbit queue=5000",
                          f"{server.url}/1m")
                acks.append(len(self.wire(f"udp.dstport == {server.port} and "
                                          "quic.ack.largest_acknowledged", "frame.number")))
        self.assertGreater(acks[0], 1.5 * acks[1])


class WithServe(Wire):
    """What no server of Debian 12's can do."""

    @support.proves("--datagram", "--connect-protocol")
    def test_datagrams_on_a_stream_of_a_protocol(self):
        with support.Server(self.home) as server:
            result = server.get("--capture", self.capture, "--connect-protocol", "websocket",
                                "--datagram", "one", "/echo")
            self.assert_done(result)
            self.assertEqual(result.stdout, b"one\n")
        asked = self.wire("quiclens.request.method == \"CONNECT\"", "quiclens.request.header")
        self.assertIn(":protocol: websocket", asked[0][0])
        frames = self.values("udp", "quic.frame_type")
        self.assertEqual(sum(frame in ("48", "49") for frame in frames), 2, "RFC 9221, 4")


if __name__ == "__main__":
    peers.main()
