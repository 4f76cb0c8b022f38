#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What the options about paths and connection IDs change on the wire, with gtlsserver."""
import os

import origin_support as support
import peers


class Paths(peers.Case):
    kind = peers.Gtlsserver

    def session(self, server, *arguments):
        """5 MB in one call. Returns what the client sent, (address, port, to port, connection ID,
        challenge) a packet, and what -v said."""
        capture = self.home.path / f"{self.id()}-{len(os.listdir(self.home.path))}.pcapng"
        done = self.get("-v", "--capture", capture, *arguments, f"{server.url}/5m")
        self.assert_done(done)
        self.assertEqual(done.stdout, self.files["5m"])
        rows = [row.split("\t") for row in peers.tshark(
            capture, "-T", "fields", "-e", "ip.src", "-e", "udp.srcport", "-e", "udp.dstport", "-e",
            "quic.dcid", "-e", "quic.path_challenge.data")]
        ports = {str(server.port), str(server.port + 1)}
        sent = [(row[0], row[1], row[2], row[3].split(",")[0], row[4]) for row in rows
                if row[2] in ports]
        return capture, sent, done.stderr.decode()

    @staticmethod
    def runs(values):
        """Each value that differs from the one before."""
        return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]

    @support.proves("--migrate-after", "--migrate-to")
    def test_to_another_local_address(self):
        with self.start(self.kind) as server:
            _, sent, said = self.session(server, "--migrate-after", "200k", "--migrate-to",
                                         "127.0.0.2")
            self.assertIn("* moved to 127.0.0.2:", said)
            self.assertEqual(sent[-1][0], "127.0.0.2")
            self.assertTrue(any(row[4] for row in sent if row[0] == "127.0.0.2"))
            self.assertFalse({row[3] for row in sent if row[0] == "127.0.0.2"} &
                             {row[3] for row in sent if row[0] == "127.0.0.1"})

    def test_an_address_that_is_not_ours_is_told(self):
        with self.start(self.kind) as server:
            _, sent, said = self.session(server, "--migrate-after", "200k", "--migrate-to",
                                         "192.0.2.1")
            self.assertIn("did not move to another port: cannot send from 192.0.2.1:0", said)
            self.assertEqual(len({row[1] for row in sent}), 1)

    @support.proves("--rebind-after")
    def test_rebinding_says_nothing(self):
        with self.start(self.kind) as server:
            capture, sent, _ = self.session(server, "--rebind-after", "200k")
            ports = self.runs([row[1] for row in sent])
            self.assertEqual(len(ports), 2)
            before, after = ([row for row in sent if row[1] == port] for port in ports)
            self.assertEqual(before[-1][3], after[0][3])
            self.assertFalse(any(row[4] for row in sent), "the client does not probe")
            rows = [row.split("\t") for row in peers.tshark(
                capture, "-T", "fields", "-e", "udp.srcport", "-e", "udp.dstport", "-e",
                "quic.path_challenge.data", "-e", "quic.path_response.data")]
            asked = {word for row in rows if row[1] == ports[1] for word in row[2].split(",")} - {""}
            answered = {word for row in rows if row[0] == ports[1]
                        for word in row[3].split(",")} - {""}
            self.assertTrue(asked, "the server validates the new path")
            self.assertLessEqual(answered, asked, "nobody hears what comes to the old port")
            new = next(i for i, row in enumerate(rows) if row[0] == ports[1])
            self.assertNotIn(ports[0], {row[1] for row in rows[new:]})

    @support.proves("--probe-path")
    def test_a_probe_does_not_move(self):
        with self.start(self.kind) as server:
            _, sent, said = self.session(server, "--probe-path", "200k")
            self.assertIn("* the probed path works", said)
            home = sent[0][1]
            probes = [row for row in sent if row[1] != home]
            self.assertTrue(any(row[4] for row in probes))
            self.assertLessEqual(len(probes), 3)
            self.assertEqual(sent[-1][1], home)
            self.assertFalse({row[3] for row in probes} &
                             {row[3] for row in sent if row[1] == home})

    @support.proves("--rotate-cid-after")
    def test_another_id_on_the_same_path(self):
        with self.start(self.kind) as server:
            _, sent, _ = self.session(server, "--rotate-cid-after", "200k")
            self.assertEqual(len({row[1] for row in sent}), 1)
            ids = list(dict.fromkeys(row[3] for row in sent))
            self.assertEqual(len(ids), 3)  # the first packets', the server's first, another
            self.assertEqual(sent[-1][3], ids[2])

    def test_one_thing_after_the_other(self):
        with self.start(self.kind) as server:
            _, sent, said = self.session(server, "--rotate-cid-after", "100k", "--migrate-after",
                                         "2M")
            self.assertNotIn("did not", said)
            ports = list(dict.fromkeys(row[1] for row in sent))
            self.assertEqual(len(ports), 2)
            self.assertEqual(len({row[3] for row in sent if row[1] == ports[0]}), 3)

    def test_what_came_too_late_is_told(self):
        with self.start(self.kind) as server:
            _, _, said = self.session(server, "--rebind-after", "1G", "--rotate-cid-after", "1G",
                                      "--key-update-after", "1G")
            for what in ("take another port", "change the connection ID", "update the keys"):
                self.assertIn(f"quiclens get: did not {what}: the transfer was over before", said)

    @support.proves("--preferred-address")
    def test_the_preferred_address(self):
        for value, follows in (("yes", True), ("no", False)):
            other = peers.free_port()
            with self.start(self.kind, extra=[f"--preferred-ipv4-addr=127.0.0.1:{other}"]) as server:
                capture = self.home.path / f"preferred-{value}.pcapng"
                done = self.get("-v", "--preferred-address", value, "--capture", capture,
                                f"{server.url}/5m")
                self.assert_done(done)
                self.assertEqual(done.stdout, self.files["5m"])
                self.assertIn(f"would rather be at 127.0.0.1:{other}", done.stderr.decode())
                sent = peers.tshark(capture, "-Y", f"udp.dstport == {other}", "-T", "fields", "-e",
                                    "quic.path_challenge.data")
                self.assertEqual(bool(sent), follows)
                self.assertEqual(any(sent), follows)
                ids = [{word for row in peers.tshark(capture, "-Y", f"udp.dstport == {port}", "-T",
                                                     "fields", "-e", "quic.dcid")
                        for word in row.split(",") if word} for port in (server.port, other)]
                self.assertEqual(ids[0] & ids[1], set(), "an ID is used on both paths")

    def first_packets(self, server, *arguments):
        capture, _, _ = self.session(server, *arguments)
        return [row.split("\t") for row in peers.tshark(
            capture, "-Y", f"quic.long.packet_type == 0 and udp.dstport == {server.port}", "-T",
            "fields", "-e", "quic.scid", "-e", "quic.dcid", "-e", "quic.packet_number")]

    @support.proves("--scid", "--dcid", "--initial-packet-number")
    def test_first_ids_and_packet_numbers(self):
        with self.start(self.kind) as server:
            first = self.first_packets(server, "--scid", "0a0b0c", "--dcid", "0x1112131415161718",
                                       "--initial-packet-number", "123456")[0]
            self.assertEqual(first, ["0a0b0c", "1112131415161718", "123456"])

    @support.proves("--cid-length")
    def test_lengths_of_our_ids(self):
        with self.start(self.kind) as server:
            for length in (0, 1, 20):
                scid = self.first_packets(server, "--cid-length", length)[0][0].split(",")[0]
                self.assertEqual(len(scid), 2 * length)


if __name__ == "__main__":
    peers.main()
