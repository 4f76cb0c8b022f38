#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What options of quiclens serve change on the wire, with ngtcp2's client at the other end, as tshark
reads it from the server's own capture."""
import os
import re
import shutil
import socket
import subprocess
import time
import unittest

import origin_support as support
import peers
import serve_lab

NO_APPLICATION_PROTOCOL, CERTIFICATE_REQUIRED = 0x100 + 120, 0x100 + 116
"""TLS alerts as errors of QUIC (RFC 9001, 4.8; RFC 8446, 6)."""

CONNECTION_REFUSED, H3_FRAME_UNEXPECTED = 0x2, 0x105


class Case(serve_lab.Case):
    def sent(self, server, *fields, what="udp"):
        return self.wire(f"udp.srcport == {server.port} && ({what})", *fields)

    def values(self, display_filter, field):
        """All values of a field, also where a packet has several."""
        return [value for line in self.wire(display_filter, field) for value in line[0].split(",")]

    def assert_nothing_came(self, server, path):
        """For the client's exit status does not tell. What it says."""
        done, into = self.gtls_run(server, paths=(path,))
        self.assertEqual(sum(path.stat().st_size for path in into.iterdir()), 0)
        return done.stdout.decode(errors="replace")


class Tls(Case):
    @support.proves("--cert", "--key", of="serve")
    def test_the_certificate_is_the_one_that_was_told(self):
        with self.serve() as server:
            self.gtls(server, names=("file-9",))
        der = subprocess.run(["openssl", "x509", "-in", self.certificate[0], "-outform", "DER"],
                             check=True, stdout=subprocess.PIPE, timeout=support.TIMEOUT).stdout
        shown = self.sent(server, "tls.handshake.certificate", what="tls.handshake.type == 11")
        self.assertEqual([line[0].replace(":", "") for line in shown], [der.hex()])

    @support.proves("--client-ca", of="serve")
    def test_who_has_no_certificate_is_refused(self):
        own = self.certificates.make("client")
        with self.serve("--client-ca", self.certificates.ca) as server:
            self.gtls(server, f"--cert={own[0]}", f"--key={own[1]}", names=("file-9",))
            said = self.assert_nothing_came(server, "file-9")
        self.assertIn(f"error_code=CRYPTO_ERROR({CERTIFICATE_REQUIRED:#x})", said)
        asked = self.sent(server, "frame.number", what="tls.handshake.type == 13")
        self.assertEqual(len(asked), 2, "CertificateRequest")

    @support.proves("--alpn", of="serve")
    def test_who_speaks_something_else_is_refused(self):
        with self.serve("--alpn", "hq-interop") as server:
            self.assert_nothing_came(server, "file-9")
        errors = self.values(f"udp.srcport == {server.port} && quic.frame_type == 28",
                             "quic.cc.error_code")
        self.assertEqual({int(error, 0) for error in errors}, {NO_APPLICATION_PROTOCOL})

    @support.proves("--keys", of="serve")
    def test_the_secrets_are_those_that_the_client_has(self):
        ours, theirs = (self.home.path / f"{self.id()}-{name}" for name in ("ours", "theirs"))
        with self.serve("--keys", ours) as server:
            self.gtls(server, environment={"SSLKEYLOGFILE": str(theirs)}, names=("file-9",))
        lines = [sorted(path.read_text(encoding="ascii").splitlines()) for path in (ours, theirs)]
        self.assertEqual([line for line in lines[0] if line in lines[1]], lines[0])
        self.assertEqual(len({line.split()[0] for line in lines[0]}), 5)


class Http(Case):
    @support.proves("--goaway-after", of="serve")
    def test_the_last_request_is_followed_by_goaway(self):
        with self.serve("--goaway-after", "2") as server:
            self.gtls_run(server, "-q", paths=("file-1", "file-2", "file-3"))
            self.assertIn("/file-2 ", server.next_request() + server.next_request())
        self.assertEqual(set(self.values(f"udp.srcport == {server.port} && http3.frame_type == 7",
                                         "http3.frame_type")) & {"7"}, {"7"})

    @support.proves("--silent", of="serve")
    def test_a_line_a_request_can_be_left_out(self):
        for options, count in (((), 2), (("--silent",), 0)):
            with self.serve(*options) as server:
                self.gtls(server, names=("file-1", "file-2"))
                _, lines = server.stop()
            self.assertEqual(sum(line.startswith("GET /file-") for line in lines), count, lines)

    @support.proves("--misbehave", of="serve")
    def test_another_client_minds_what_is_wrong(self):
        with self.serve("--misbehave", "data-first", folder=False) as server:
            self.gtls_run(server, "-q", paths=("data.json",))
        self.assertEqual({int(value, 0) for value in self.values(
            f"udp.dstport == {server.port} && quic.frame_type == 29", "quic.cc.error_code.app")},
            {H3_FRAME_UNEXPECTED})


class Limits(Case):
    @support.proves("--max-data", "--max-stream-data", "--max-streams", of="serve")
    def test_windows_and_streams_are_as_told(self):
        with self.serve("--max-data", "3000", "--max-stream-data", "1000", "--max-streams",
                        "2") as server:
            self.gtls_upload(server, 50000, times=3)
        fields = self.wire("tls.quic.parameter.initial_max_data && tls.handshake.type == 8", *(
            f"tls.quic.parameter.initial_max_{name}" for name in
            ("data", "stream_data_bidi_remote", "streams_bidi")))
        self.assertEqual(fields, [["3000", "1000", "2"]])
        opened = self.wire(f"udp.dstport == {server.port} && quic.stream.stream_id == 8 || "
                           f"udp.srcport == {server.port} && quic.ms.max_streams >= 3",
                           "quic.stream.stream_id", "quic.ms.max_streams")
        self.assertGreaterEqual(int(opened[0][1] or 0), 3, "before the third stream is opened")

    @support.proves("--window", of="serve")
    def test_windows_grow_no_further_than_told(self):
        with self.serve("--max-data", "64k", "--max-stream-data", "64k", "--window",
                        "64k") as server:
            self.gtls_upload(server, 1000000)
        limits = [64000] + sorted({int(limit) for limit in self.values(
            f"udp.srcport == {server.port} && quic.md.maximum_data", "quic.md.maximum_data")})
        self.assertGreaterEqual(limits[-1], 1000000)
        self.assertLessEqual(max(b - a for a, b in zip(limits, limits[1:])), 64000)

    @support.proves("--max-connections", of="serve")
    def test_more_than_are_allowed_are_refused(self):
        with self.serve("--max-connections", "1", folder=False) as server:
            first = self.home.start("get", "-s", "--cacert", self.certificates.ca,
                                    f"{server.url}/bytes/100k/slow/1k", stdout=subprocess.PIPE)
            self.assertEqual(len(first.stdout.read(100)), 100)
            self.assert_nothing_came(server, "status/200")
            first.terminate()
            first.communicate(timeout=support.TIMEOUT)
        self.assertIn(str(CONNECTION_REFUSED), self.values(
            f"udp.srcport == {server.port} && quic.frame_type == 28", "quic.cc.error_code"))


class Sending(Case):
    """What both sides can choose for what they send."""

    def sizes(self, server):
        return [int(length) - 8 for length, in self.sent(server, "udp.length")]

    @support.proves("--no-pmtud", "--max-udp-payload", of="serve")
    def test_datagrams_are_as_large_as_told(self):
        for options, least, most in (((), 1201, 65527), (("--no-pmtud",), 1200, 1200),
                                     (("--no-pmtud", "--max-udp-payload", "1400"), 1400, 1400)):
            with self.subTest(options), self.serve(*options) as server:
                self.gtls(server)
            self.assertTrue(least <= max(self.sizes(server)) <= most, max(self.sizes(server)))
            told = self.wire("tls.handshake.type == 8", "tls.quic.parameter.max_udp_payload_size")
            self.assertEqual("1400" in told[0], "--max-udp-payload" in options, told)

    @support.proves("--pmtud-probes", of="serve")
    def test_sizes_that_are_probed(self):
        with self.serve("--pmtud-probes", "1260,1933") as server:
            self.gtls(server)
        larger = [size for size in self.sizes(server) if size > 1200]
        self.assertEqual(larger[0], 1260, "the first one is a probe")
        self.assertEqual(max(larger), 1933)

    @support.proves("--ecn", of="serve")
    def test_marks_of_ecn_can_be_left_out(self):
        for value, marks in (("on", {"2"}), ("off", {"0"})):
            with self.subTest(value), self.serve("--ecn", value) as server:
                self.gtls(server)
            self.assertEqual({mark for mark, in self.sent(server, "ip.dsfield.ecn")[:5]}, marks)

    @support.proves("--initial-packet-number", of="serve")
    def test_packet_numbers_begin_where_told(self):
        with self.serve("--initial-packet-number", "123456") as server:
            self.gtls(server, names=("file-9",))
        self.assertEqual(self.sent(server, "quic.packet_number")[0][0].split(",")[0], "123456")

    @support.proves("--keep-alive", of="serve")
    def test_a_silence_is_broken_by_ping(self):
        with self.serve("--keep-alive", "200ms", "--no-pmtud", folder=False) as server:
            done, into = self.gtls_run(server, "-q", paths=("delay/2s/bytes/10",))
        self.assertEqual((done.returncode, (into / "10").stat().st_size), (0, 10))
        pings = self.sent(server, "frame.number",
                          what="quic.frame_type == 1 && quic.header_form == 0")
        self.assertGreaterEqual(len(pings), 2)

    @support.proves("--no-gso", of="serve")
    def test_datagrams_can_be_handed_over_one_by_one(self):
        if shutil.which("strace") is None:
            raise unittest.SkipTest("strace is not installed")
        program, calls = self.home.quiclens, {}
        traced = self.home.path / "traced"
        self.addCleanup(setattr, self.home, "quiclens", program)
        for option in ("--no-gso", "--no-pmtud"):
            log = self.home.path / f"calls{option}"
            # A program that is traced cannot look for its leaks.
            traced.write_text(f"#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec strace -D -f -e "
                              f"trace=sendmsg -o {log} {program} \"$@\"\n", encoding="utf-8")
            traced.chmod(0o755)
            self.home.quiclens = traced
            with self.serve(option) as server:
                self.home.quiclens = program
                self.gtls(server)
            said = log.read_text(encoding="utf-8")
            calls[option] = said.count("UDP_SEGMENT") or said.count("cmsg_type=0x67")
        self.assertEqual(calls["--no-gso"], 0)
        self.assertGreater(calls["--no-pmtud"], 0)


class Through(Case):
    """With quiclens relay in between, for what takes a network that is not perfect."""

    def relay(self, server, *options):
        """The port of one that ends with the test."""
        process = self.home.start("relay", "--to", f"127.0.0.1:{server.port}", "--log", os.devnull,
                                  *options, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.addCleanup(process.communicate, timeout=support.TIMEOUT)
        self.addCleanup(process.terminate)
        return int(re.search(rb"127\.0\.0\.1:(\d+)", process.stdout.readline())[1])

    def left_by_a_loss(self, name):
        folder = self.home.folder(f"qlog-{name}-{time.monotonic_ns()}")
        with self.serve("--cc", name, "--no-pmtud", "--qlog", folder) as server:
            port = self.relay(server, "--delay", "5ms", "--drop", "server:60")
            self.gtls(server, port=port)
        (qlog,) = folder.iterdir()
        return peers.left_by_a_loss(qlog)[1:]

    @support.proves("--cc", of="serve")
    def test_what_a_loss_leaves_of_the_window(self):
        tries = (self.left_by_a_loss("reno") for _ in range(10))
        self.assertTrue(any(0.49 < left < 0.65 and slow for left, slow in tries), "half of it")
        self.assertTrue(self.left_by_a_loss("cubic")[1])
        self.assertFalse(self.left_by_a_loss("bbr")[1])

    @support.proves("--ack-threshold", of="serve")
    def test_how_many_packets_wait_for_their_ack(self):
        # A delay, as an ACK waits for an eighth of the RTT at most; and windows that need not grow,
        # as what says that acknowledges, too.
        acks = []
        for threshold in (2, 100):
            with self.serve("--ack-threshold", threshold, "--max-data", "16M", "--max-stream-data",
                            "16M") as server:
                port = self.relay(server, "--delay", "40ms", "--bandwidth", "client:20Mbit",
                                  "--queue", "5000")
                self.gtls_upload(server, 1000000, port=port)
            acks.append(len(self.sent(server, "frame.number", what="quic.ack.largest_acknowledged")))
        self.assertGreater(acks[0], 1.5 * acks[1])


class Times(Case):
    @support.proves("--idle-timeout", of="serve")
    def test_the_idle_timeout_is_announced_and_kept(self):
        """The server answers later than that; nobody says anything meanwhile."""
        with self.serve("--idle-timeout", "1.5", "--no-pmtud", folder=False) as server:
            self.assert_nothing_came(server, "delay/4s/bytes/10")
        told = self.wire("tls.handshake.type == 8", "tls.quic.parameter.max_idle_timeout")
        self.assertEqual(told, [["1500"]])

    def answers(self, *options):
        """How many datagrams come in 2 s to a client that says how it begins, and nothing more."""
        with self.serve(*options, folder=False) as server, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for datagram in support.first_flight(self.home):
                sock.sendto(datagram, ("127.0.0.1", server.port))
            time.sleep(2)
        return len(self.sent(server, "frame.number"))

    @support.proves("--initial-rtt", of="serve")
    def test_how_often_an_answer_is_sent(self):
        once = self.answers("--initial-rtt", "10s")
        self.assertGreater(self.answers("--initial-rtt", "20ms"), once)


if __name__ == "__main__":
    peers.main()
