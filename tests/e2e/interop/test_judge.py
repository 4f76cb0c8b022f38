#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Each verdict can fail: what the judge says of packets that are made up."""
import pathlib
import shutil
import tempfile
import unittest

import capture
import judge
import network

CLIENT, OTHER = ("10.77.1.1", 5000), ("10.77.1.1", 5001)
SERVER = (network.SERVER[4], network.PORT)


class Made:
    """A capture of datagrams and long packets as given, and of frames with these fields."""

    def __init__(self, datagrams=(), packets=(), fields=None):
        self.made, self.packets, self.fields = list(datagrams), list(packets), fields or {}

    def datagrams(self):
        return self.made

    def long_packets(self):
        return self.packets

    def values(self, name, _=""):
        return [(self.made[frame - 1], values) for frame, values in self.fields.get(name, {}).items()]


def datagram(frame, source, target, size=1200, ecn=0):
    return capture.Datagram(frame, frame * 3.0, source, target, size, ecn)


def packet(frame, source, target, kind="Initial", version=1, **fields):
    number = {"Initial": "0", "0-RTT": "1", "Handshake": "2", "Retry": "3"}[kind]
    named = {"quic.version": [str(version)], "quic.long.packet_type": [number]}
    named.update({f"quic.{name}": [value] for name, value in fields.items()})
    return capture.Packet(frame, datagram(frame, source, target), named)


def evidence(left=None, right=None):
    return judge.Evidence(left or Made(), right or Made(), None, {})


class Verdicts(unittest.TestCase):
    def refuses(self, check, of, word, failure=judge.Failed):
        with self.assertRaises(failure) as caught:
            check(of)
        self.assertIn(word, str(caught.exception))

    def test_files_are_the_exact_set_and_equal(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            of = judge.Evidence(None, None, folder, {"a": b"1"})
            self.refuses(judge.files, of, "missing")
            (folder / "a").write_bytes(b"2")
            self.refuses(judge.files, of, "a has 1 bytes")
            (folder / "a").write_bytes(b"1")
            judge.files(of)
            (folder / "b").write_bytes(b"")
            self.refuses(judge.files, of, "nobody asked")

    def test_handshakes_are_counted_by_the_servers_ids(self):
        ids = [packet(n, SERVER, CLIENT, scid=scid) for n, scid in enumerate(("aa", "aa", "bb"), 1)]
        judge.handshakes(2)(evidence(right=Made(packets=ids)))
        self.refuses(judge.handshakes(1), evidence(right=Made(packets=ids)), "2 handshakes")

    def test_a_server_that_talks_to_a_damaged_id_is_to_blame(self):
        sent, known = packet(1, CLIENT, SERVER, scid="aa"), packet(2, SERVER, CLIENT, dcid="aa")
        judge.blame(evidence(Made(packets=[sent]), Made(packets=[known])))
        unknown = packet(3, SERVER, CLIENT, dcid="ab")
        self.refuses(judge.blame, evidence(Made(packets=[sent]), Made(packets=[known, unknown])),
                     "frame 3 to the ID ab", judge.ServerFailed)

    def test_a_server_that_falls_silent_is_to_blame(self):
        answered = [datagram(n, CLIENT, SERVER) for n in range(1, 5)] + [datagram(5, SERVER, CLIENT)]
        judge.blame(evidence(right=Made(answered)))
        silent = answered + [datagram(n, CLIENT, SERVER) for n in range(6, 11)]
        self.refuses(judge.blame, evidence(right=Made(silent)), "from frame 6 on", judge.ServerFailed)

    def test_a_server_that_begins_again_is_to_blame(self):
        sent = packet(1, CLIENT, SERVER, scid="aa")
        both = [packet(n, SERVER, CLIENT, dcid="aa", scid=scid) for n, scid in ((2, "bb"), (3, "cc"))]
        judge.blame(evidence(Made(packets=[sent]), Made(packets=both[:1])))
        self.refuses(judge.blame, evidence(Made(packets=[sent]), Made(packets=both)),
                     "frames 2 and 3", judge.ServerFailed)

    def test_a_token_is_echoed_with_a_higher_packet_number(self):
        retry = packet(2, SERVER, CLIENT, "Retry", retry_token="ab")
        first = packet(1, CLIENT, SERVER, packet_number="3")
        again = packet(3, CLIENT, SERVER, packet_number="4", token="ab")
        judge.token_echoed(evidence(left=Made(packets=[first, retry, again])))
        reused = packet(3, CLIENT, SERVER, packet_number="3", token="ab")
        self.refuses(judge.token_echoed, evidence(left=Made(packets=[first, retry, reused])), "follows")
        self.refuses(judge.token_echoed, evidence(left=Made(packets=[first, retry])), "no Initial")

    def test_a_path_begins_with_a_challenge_that_is_answered(self):
        datagrams = [datagram(1, SERVER, CLIENT), datagram(2, SERVER, OTHER),
                     datagram(3, OTHER, SERVER)]
        fields = {"quic.path_challenge.data": {2: ["c1"]}, "quic.path_response.data": {3: ["c1"]}}
        judge.paths_validated(evidence(right=Made(datagrams, fields=fields)))
        fields["quic.path_response.data"] = {3: ["c2"]}
        self.refuses(judge.paths_validated, evidence(right=Made(datagrams, fields=fields)), "answered")
        self.refuses(judge.paths_validated, evidence(right=Made(datagrams)), "no PATH_CHALLENGE",
                     judge.ServerFailed)
        self.refuses(judge.paths_validated, evidence(right=Made(datagrams[:1])), "one path only")

    def test_the_preferred_address_wants_a_new_id(self):
        moved = (network.PREFERRED[4], network.PREFERRED_PORT)
        datagrams = [datagram(1, CLIENT, SERVER), datagram(2, CLIENT, moved)]
        made = Made(datagrams, fields={"quic.dcid": {1: ["aa"], 2: ["bb"]}})
        judge.new_ids_where_preferred(evidence(left=made))
        made.fields["quic.dcid"][2] = ["aa"]
        self.refuses(judge.new_ids_where_preferred, evidence(left=made), "both addresses")

    def test_the_server_keeps_to_three_times_what_came(self):
        hello = packet(1, CLIENT, SERVER)
        flight = packet(2, SERVER, CLIENT, "Handshake")
        flight.fields.update({"quic.crypto.offset": ["6500"], "quic.crypto.length": ["1000"]})
        done = packet(4, CLIENT, SERVER, "Handshake")
        datagrams = [datagram(1, CLIENT, SERVER), datagram(2, SERVER, CLIENT, 3600),
                     datagram(3, SERVER, CLIENT, 1000), datagram(4, CLIENT, SERVER)]
        judge.amplification_limited(evidence(right=Made(datagrams, [hello, flight, done])))
        datagrams[2] = datagram(3, SERVER, CLIENT, 1300)
        self.refuses(judge.amplification_limited,
                     evidence(right=Made(datagrams, [hello, flight, done])), "4900 bytes for 1200")

    def test_both_sides_mark_and_count(self):
        datagrams = [datagram(1, CLIENT, SERVER, ecn=2), datagram(2, SERVER, CLIENT, ecn=2)]
        both = Made(datagrams, fields={"quic.ack.ect0_count": {1: ["1"], 2: ["1"]}})
        judge.ecn_both_ways(evidence(both, both))
        one = Made(datagrams, fields={"quic.ack.ect0_count": {1: ["1"]}})
        self.refuses(judge.ecn_both_ways, evidence(one, one), "server sends no ECN counts")
        unmarked = Made([datagrams[0], datagram(2, SERVER, CLIENT)])
        self.refuses(judge.ecn_both_ways, evidence(unmarked, unmarked), "server marks no packet")

    @staticmethod
    def kept(name):
        """Evidence of the server's end alone."""
        folder = pathlib.Path(__file__).with_name("evidence")
        one = capture.Capture(folder / f"{name}.pcapng", "/dev/null", folder, None)
        return evidence(one, one)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_of_a_server_that_did_not_validate_paths(self):
        for name, paths, where in (
                ("nginx-rebind-port", [2, 112, 165], "10.77.1.1:56552 (frame 112)"),
                ("nginx-rebind-addr", [3, 54, 103], "10.77.1.11:54952 (frame 54)"),
                ("nginx-rebind-addr-gtlsclient", [2, 43, 87], "10.77.1.11:54239 (frame 43)")):
            with self.subTest(name):
                of = self.kept(name)
                self.assertEqual([first.frame for first in judge.server_paths(of)], paths)
                self.refuses(judge.paths_validated, of, f"{where} has no PATH_CHALLENGE",
                             judge.ServerFailed)

    @unittest.skipUnless(shutil.which("tshark"), "tshark is not installed")
    def test_of_a_server_that_forgot_a_handshake(self):
        self.refuses(judge.blame, self.kept("quic-go-handshakeloss"),
                     "from two IDs (frames 2 and 6)", judge.ServerFailed)
        self.refuses(judge.blame, self.kept("caddy-amplificationlimit"),
                     "none of the 4 datagrams from frame 5 on", judge.ServerFailed)


if __name__ == "__main__":
    unittest.main(verbosity=2)
