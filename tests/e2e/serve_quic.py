#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens serve and raw datagrams: what belongs to no connection, and what is no QUIC at all."""
import random
import socket
import struct

import origin_support as support


class Raw(support.Case):
    def exchange(self, server, datagram):
        """What comes back, or None."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(0.4)
            sock.sendto(datagram, ("127.0.0.1", server.port))
            try:
                return sock.recv(65536)
            except socket.timeout:
                return None

    @staticmethod
    def long_header(version, dcid=b"destination!", scid=b"source", size=1200):
        head = struct.pack("!BIB", 0xC0, version, len(dcid)) + dcid + bytes([len(scid)]) + scid
        return head + bytes(size - len(head))

    def test_an_unknown_version_is_answered_with_those_that_are_known(self):
        with support.Server(self.home) as server:
            answer = self.exchange(server, self.long_header(0x1A2A3A4A))
            self.assertEqual(answer[0] & 0x80, 0x80)
            self.assertEqual(answer[1:5], bytes(4))
            ids = b"\x06source\x0cdestination!"  # swapped, RFC 9000, 17.2.1
            self.assertEqual(answer[5:5 + len(ids)], ids)
            versions = {v for v, in struct.iter_unpack("!I", answer[5 + len(ids):])}
            self.assertEqual(versions, {1, 0x6B3343CF})

    def test_small_datagrams_of_unknown_versions_are_not_amplified(self):
        with support.Server(self.home) as server:
            self.assertIsNone(self.exchange(server, self.long_header(0x1A2A3A4A, size=1100)))

    def test_an_unknown_short_packet_gets_a_smaller_stateless_reset(self):
        with support.Server(self.home) as server:
            tokens = set()
            for size in (30, 43, 44, 1200):
                answer = self.exchange(server, b"\x40" + b"12345678" + bytes(size - 9))
                self.assertIsNotNone(answer, size)
                self.assertGreaterEqual(len(answer), 21)
                self.assertLess(len(answer), size)
                self.assertEqual(answer[0] & 0xC0, 0x40)
                tokens.add(answer[-16:])
            self.assertEqual(len(tokens), 1)
            self.assertIsNone(self.exchange(server, b"\x40" + b"12345678" + bytes(12)))
            other = self.exchange(server, b"\x40" + b"87654321" + bytes(60))
            self.assertNotIn(other[-16:], tokens)

    @support.proves("--handshake-timeout", of="serve")
    def test_who_does_not_answer_is_given_up_when_told(self):
        """Then the same datagrams are a new client's, who gets another connection ID."""
        flight, ids = support.first_flight(self.home), []
        with support.Server(self.home, "--handshake-timeout", "200ms") as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                sock.settimeout(0.5)
                while len(set(ids)) < 2 and len(ids) < 12:  # 6 s; if not told it waits for 10
                    for datagram in flight:
                        sock.sendto(datagram, ("127.0.0.1", server.port))
                    try:
                        while True:
                            answer = sock.recv(65536)
                    except socket.timeout:
                        pass
                    start = 7 + answer[5]
                    ids.append(answer[start:start + answer[start - 1]])
        self.assertEqual(len(set(ids)), 2, ids)

    def test_tokens_outlive_the_server(self):
        packet = b"\x40" + b"12345678" + bytes(60)
        with support.Server(self.home) as server:
            first = self.exchange(server, packet)[-16:]
        with support.Server(self.home) as server:
            self.assertEqual(self.exchange(server, packet)[-16:], first)

    def test_noise_does_no_harm(self):
        noise = random.Random(9000)
        with support.Server(self.home) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for _ in range(2000):
                    size = noise.choice((0, 1, 5, 20, 21, 22, 100, 1199, 1200, 1400, 9000))
                    datagram = bytearray(noise.randbytes(size))
                    if size > 6 and noise.random() < 0.5:
                        datagram[0] |= 0xC0
                        datagram[1:5] = noise.choice((b"\0\0\0\1", b"\x6b\x33\x43\xcf", bytes(4)))
                        datagram[5] = noise.choice((0, 1, 8, 18, 20, 21, 255))
                    sock.sendto(datagram, ("127.0.0.1", server.port))
            result = server.get("/data.json")
            self.assert_done(result)

    def test_initials_that_do_not_open_leave_nothing_behind(self):
        with support.Server(self.home) as server:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
                for n in range(3000):  # more than the server keeps connections
                    dcid = struct.pack("!Q", n)
                    head = struct.pack("!BIB", 0xC0, 1, len(dcid)) + dcid + b"\x00\x00\x44\x00"
                    sock.sendto(head + bytes(1200 - len(head)), ("127.0.0.1", server.port))
            self.assert_done(server.get("/data.json"))


if __name__ == "__main__":
    support.main()
