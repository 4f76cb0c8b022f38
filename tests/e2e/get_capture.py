#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get --capture beside tcpdump: both have the same datagrams, and tshark opens both.

It takes a network namespace of its own, for which it has to be root."""
import json
import os
import subprocess
import sys
from collections import Counter

import origin_support as support
import peers
from kernel_capture import (Tcpdump, compare_datagrams, datagrams, enter_namespace,
                            lost_datagrams)

def opened(capture, keys=None):
    """How often each list of QUIC frame types occurs among the packets that tshark could open."""
    rows = peers.tshark(capture, "-Y", "quic.frame_type", "-T", "fields", "-e", "udp.srcport", "-e",
                        "quic.frame_type", "-e", "http3.frame_type",
                        preferences=[f"tls.keylog_file:{keys}"] if keys else [])
    return Counter(rows)


class Capture(peers.Case):
    def compare(self, kind, *arguments, urls=(), host="127.0.0.1", opens=True):
        """One session in both captures, which tshark opens. Returns that of the client."""
        with self.start(kind) as server:
            names = [f"{kind.__name__}-{len(os.listdir(self.home.path))}{end}"
                     for end in (".pcapng", ".pcap", ".keys")]
            own, kernel, keys = (self.home.path / name for name in names)
            with Tcpdump(kernel, server.port):
                done = self.get("--capture", own, "--keys", keys, *arguments, "--resolve",
                                f"localhost:{server.port}:{host}",
                                *(f"{server.url}/{url}" for url in urls))
                self.assert_done(done)
                self.assertEqual(done.stdout, b"".join(self.files[url] for url in urls))
        self.assert_same_datagrams(own, kernel, server.port)
        if not opens:
            return own
        self.assertGreater(sum(opened(own).values()), 10)
        left = opened(own) - opened(kernel, keys)
        self.assertEqual(left, Counter(), "tshark opens more of the one than of the other")
        return own

    def assert_same_datagrams(self, own, kernel, port):
        """Those of each direction and port, in order, but for those that the kernel had no room for,
        which have to be counted. Only the kernel sees what the client leaves in its socket when it
        has all: what a server sent twice to a client that had to wait for its turn, thousands of
        datagrams on a busy machine."""
        lost, own, kernel = lost_datagrams(own), datagrams(own), datagrams(kernel)
        ways = {row[:4] for row in kernel}
        self.assertEqual({row[:4] for row in own}, ways)
        for way in ways:
            ours = [row for row in own if row[:4] == way]
            theirs = [row for row in kernel if row[:4] == way]
            unread = max(40, len(theirs) // 4) if way[2] == str(port) else 0
            before, behind = compare_datagrams(ours, theirs)
            self.assertEqual(before, lost[way], way)
            self.assertLessEqual(behind, unread, way)

    def assert_checksums(self, capture):
        rows = peers.tshark(capture, "-T", "fields", "-e", "ip.checksum.status", "-e",
                            "udp.checksum.status", preferences=["ip.check_checksum:TRUE",
                                                                "udp.check_checksum:TRUE"])
        self.assertEqual(set(rows) - {"1\t1", "\t1"}, set())

    def test_with_caddy(self):
        own = self.compare(peers.Caddy, urls=["file-1", "1m", "file-80"])
        self.assert_checksums(own)

    def test_with_caddy_over_ipv6(self):
        own = self.compare(peers.Caddy, urls=["1m"], host="[::1]")
        self.assert_checksums(own)

    def test_at_many_packets_a_second(self):
        content = os.urandom(40_000_000)
        (self.home.path / "www" / "40m").write_bytes(content)
        self.files["40m"] = content
        own = self.compare(peers.Gtlsserver, urls=["40m"], opens=False)
        said = subprocess.run(["capinfos", "-Tmrcx", own], check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=peers.TIMEOUT).stdout.decode()
        _, packets, rate = said.strip().split(",")
        print(f"{packets} packets, {float(rate):.0f} a second ... ", end="", file=sys.stderr)

    @support.proves("--capture", "--keys")
    def test_with_gtlsserver(self):
        own = self.compare(peers.Gtlsserver, urls=["file-1", "5m", "file-80"])
        self.assert_checksums(own)

    def test_across_a_move(self):
        own = self.compare(peers.Gtlsserver, "--migrate-after", "200k", urls=["5m", "1m"])
        rows = [row.split("\t") for row in peers.tshark(
            own, "-Y", "frame.comment", "-T", "fields", "-e", "udp.srcport", "-e", "frame.comment")]
        self.assertEqual([row[1].split(":")[0] for row in rows], ["migration"] * 2)
        self.assertEqual(len({row[0] for row in rows}), 1)

    def test_a_key_update_is_marked_on_the_first_packet_with_the_new_keys(self):
        own = self.compare(peers.Gtlsserver, "--key-update-after", "200k", urls=["5m"])
        rows = [row.split("\t") for row in peers.tshark(
            own, "-Y", "quic.short and frame.packet_flags_direction == 2", "-T", "fields", "-e",
            "quic.key_phase", "-e", "frame.comment")]
        first = next(comment for phase, comment in rows if phase in ("1", "True"))
        self.assertTrue(first.startswith("key update"), first)
        self.assertEqual([comment for _, comment in rows if comment], [first])

    def test_it_says_where_it_comes_from(self):
        own = self.compare(peers.Gtlsserver, "-H", "Cookie: secret",
                           urls=["file-1", "file-2", "file-3"])
        said = subprocess.run(["capinfos", own], check=True, stdout=subprocess.PIPE,
                              timeout=peers.TIMEOUT, stderr=subprocess.PIPE).stdout.decode()
        for line in ("Capture application: quiclens", "Capture oper-sys:    Linux",
                     "Name = quiclens", "Description = what quiclens itself sent and received",
                     "Number of resolved IPv4 addresses in file: 1"):
            self.assertIn(line, said)
        self.assertRegex(said, r"Capture comment: +quiclens get .*-H \.\.\. .*/file-3\n")
        self.assertIn("127.0.0.1\tlocalhost", peers.tshark(own, "-q", "-z", "hosts"))
        ways = {tuple(row.split("\t")) for row in peers.tshark(
            own, "-T", "fields", "-e", "frame.packet_flags_direction", "-e", "ip.ttl")}
        self.assertEqual(ways, {("0x00000001", "64"), ("0x00000002", "64")})

    def test_secrets_come_before_what_they_open(self):
        own = self.compare(peers.Gtlsserver, urls=["file-1"])
        content = own.read_bytes()
        kinds, at = [], 0
        while at < len(content):
            length = int.from_bytes(content[at + 4:at + 8], "little")
            kinds.append((int.from_bytes(content[at:at + 4], "little"),
                          content[at + 20:at + length - 4]))
            at += length
        first = {label: next(i for i, kind in enumerate(kinds) if kind[0] == 10 and
                             label in kind[1]) for label in (b"SERVER_HANDSHAKE_TRAFFIC_SECRET",
                                                             b"SERVER_TRAFFIC_SECRET_0")}
        rows = [json.loads(f"[{row}]") for row in peers.tshark(
            own, "-T", "fields", "-E", "separator=,", "-E", "occurrence=f", "-e", "frame.number",
            "-Y", "quic.long.packet_type == 2")]
        packets = [i for i, kind in enumerate(kinds) if kind[0] == 6]
        self.assertLess(first[b"SERVER_HANDSHAKE_TRAFFIC_SECRET"], packets[rows[0][0] - 1])

    def test_a_live_reader_sees_the_session(self):
        with self.start(peers.Gtlsserver) as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, "--capture", "-",
                                     f"{server.url}/1m", f"{server.url}/file-1",
                                     stdout=subprocess.PIPE)
            reader = subprocess.run(["tshark", "-r", "-", "-Y", "http3", "-T", "fields", "-e",
                                     "http3.frame_type"], stdin=client.stdout, check=True,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                    timeout=peers.TIMEOUT)
            client.stdout.close()
            self.assertEqual(client.wait(peers.TIMEOUT), 0)
            self.assertGreater(len(reader.stdout.splitlines()), 3)


if __name__ == "__main__":
    enter_namespace()
    peers.main()
