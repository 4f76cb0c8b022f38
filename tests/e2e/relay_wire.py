#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What options of quiclens relay do to a session of ngtcp2's client with ngtcp2's server, as tshark
reads it from the captures of both sides."""
import collections
import time

import origin_support as support
import peers
import serve_lab
from relay import Relay, udp

Packet = collections.namedtuple("Packet", "time source sender target receiver payload comment")

FIELDS = ("frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "udp.payload",
          "frame.comment")


class Trip:
    """One session: what each side sent, and what came of it at the other side, in the order of the
    captures. Packets of a side are counted from 1, as the relay does."""

    def __init__(self, case, *options, name="1m", listen=()):
        self.captures = [case.home.path / f"{case.id()}-{time.monotonic_ns()}-{side}.pcapng"
                         for side in ("client", "server")]
        with case.start(peers.Gtlsserver) as server:
            with Relay(case.home, server.port, "--capture-client", self.captures[0],
                       "--capture-server", self.captures[1], *listen, *options) as self.relay:
                case.gtls(server, "-q", names=(name,), host=self.relay.host, port=self.relay.port)
        client, far = map(self.packets, self.captures)
        here, there = str(self.relay.port), str(server.port)
        self.sent = {"client": [p for p in client if p.receiver == here],
                     "server": [p for p in far if p.sender == there]}
        self.came = {"client": [p for p in far if p.receiver == there],
                     "server": [p for p in client if p.sender == here]}
        self.server_port = there

    @staticmethod
    def packets(capture):
        """Of a capture, as nothing but datagrams."""
        lines = peers.tshark(capture, "--disable-protocol", "quic", "-T", "fields",
                             *(word for field in FIELDS for word in ("-e", field)))
        rows = [line.split("\t") for line in lines]
        return [Packet(float(row[0]), *row[1:]) for row in rows]

    def copies(self, side, number):
        """Those that came of this packet, unchanged."""
        payload = self.sent[side][number - 1].payload
        return [packet for packet in self.came[side] if packet.payload == payload]

    def struck(self, side, word):
        """The numbers of the packets whose comment has this word."""
        return [number for number, packet in enumerate(self.sent[side], 1)
                if word in packet.comment]

    def delays(self, side):
        """How long each packet took; those that never came are left out."""
        came = {packet.payload: packet.time for packet in self.came[side]}
        return [came[packet.payload] - packet.time for packet in self.sent[side]
                if packet.payload in came]


class Case(serve_lab.Case):
    def setUp(self):
        if serve_lab.gtlsclient() is None:
            self.skipTest("gtlsclient is not installed")


class Ends(Case):
    @support.proves("--listen", "--to", "--capture-client", "--capture-server", of="relay")
    def test_it_stands_where_it_was_told(self):
        trip = Trip(self, name="file-9", listen=("--listen", "127.0.0.3:0"))
        self.assertEqual({(p.target, p.sender == trip.server_port) for p in trip.sent["client"]},
                         {("127.0.0.3", False)})
        for side in ("client", "server"):
            self.assertGreater(len(trip.sent[side]), 2)
            self.assertEqual([p.payload for p in trip.sent[side]],
                             [p.payload for p in trip.came[side]][:len(trip.sent[side])])

    @support.proves("--log", "--all", of="relay")
    def test_the_log_has_a_line_a_packet_when_told(self):
        for options, every in ((("--all",), True), ((), False)):
            trip = Trip(self, *options, name="file-9")
            passed = trip.relay.packets(action="pass")
            sent = len(trip.sent["client"]) + len(trip.sent["server"])
            self.assertEqual(len(passed), sent if every else 0)


class Numbers(Case):
    @support.proves("--drop", "--duplicate", "--corrupt", "--reorder", "--reorder-by", of="relay")
    def test_they_say_what_is_done_to_whom(self):
        trip = Trip(self, "--drop", "client:3", "--duplicate", "server:2", "--corrupt", "client:4",
                    "--reorder", "server:5", "--reorder-by", "50ms", "--delay", "5ms")
        self.assertEqual(trip.copies("client", 3), [])
        self.assertEqual(len(trip.copies("server", 2)), 2)
        self.assertEqual(trip.copies("client", 4), [])
        (changed,) = [packet for packet in trip.came["client"] if "corrupted" in packet.comment]
        before, after = (bytes.fromhex(text) for text in (trip.sent["client"][3].payload,
                                                          changed.payload))
        places = [at for at, (old, new) in enumerate(zip(before, after)) if old != new]
        self.assertEqual((len(places), len(before)), (1, len(after)))
        self.assertLess(places[0], 50)
        held = trip.copies("server", 5)[0]
        self.assertGreaterEqual(held.time - trip.sent["server"][4].time, 0.055 - 1e-6)
        self.assertLess(trip.copies("server", 6)[0].time, held.time)

    @support.proves("--scenario", "--scenario-file", of="relay")
    def test_a_scenario_says_it_too(self):
        path = self.home.folder(f"scenario-{self.id()}") / "lossy"
        path.write_text("drop=server:2,4  # two of them\n", encoding="utf-8")
        for options in (("--scenario", "drop=server:2,4"), ("--scenario-file", path)):
            trip = Trip(self, *options)
            self.assertEqual(trip.struck("server", "dropped"), [2, 4])
            self.assertEqual(trip.copies("server", 2) + trip.copies("server", 4), [])


class Chances(Case):
    @support.proves("--drop-rate", "--drop-burst", "--corrupt-rate", "--corrupt-burst",
                    "--duplicate-rate", "--reorder-rate", of="relay")
    def test_they_strike_as_often_as_told(self):
        trip = Trip(self, "--drop-rate", "server:10", "--drop-burst", "1", "--corrupt-rate",
                    "client:30", "--corrupt-burst", "1", "--duplicate-rate", "server:20",
                    "--reorder-rate", "server:20", "--reorder-by", "1ms", "--seed", "7")
        for side, word, least, most in (("server", "dropped", 4, 18), ("client", "corrupted", 15, 35),
                                        ("server", "duplicated", 10, 30), ("server", "held", 10, 30)):
            hit = trip.struck(side, word)
            self.assertTrue(least < 100 * len(hit) / len(trip.sent[side]) < most, (word, hit))
            if word in ("dropped", "corrupted"):
                self.assertFalse({number + 1 for number in hit} & set(hit), "two in a row")
        for number in trip.struck("server", "dropped"):
            self.assertEqual(trip.copies("server", number), [])

    @support.proves("--seed", of="relay")
    def test_the_same_seed_strikes_the_same(self):
        hits = [[number for number in Trip(self, "--drop-rate", "server:10", "--seed", seed).struck(
            "server", "dropped") if number <= 400] for seed in (3, 3, 4)]
        self.assertGreater(len(hits[0]), 20)
        self.assertEqual(hits[0], hits[1])
        self.assertNotEqual(hits[0], hits[2])


class Times(Case):
    """Nothing comes earlier than it may; how late it comes is the machine's affair, too."""

    @support.proves("--delay", "--jitter", of="relay")
    def test_packets_are_late_and_unevenly_so(self):
        trip = Trip(self, "--delay", "20ms", "--jitter", "server:60ms")
        for side in ("client", "server"):
            self.assertGreaterEqual(min(trip.delays(side)), 0.02 - 1e-6)
        delays = trip.delays("server")
        self.assertGreater(max(delays) - min(delays), 0.02)
        payloads = [packet.payload for packet in trip.came["server"]]
        self.assertEqual(payloads, [packet.payload for packet in trip.sent["server"]][:len(payloads)])

    @support.proves("--bandwidth", "--queue", of="relay")
    def test_what_is_too_much_waits_or_is_lost(self):
        trip = Trip(self, "--bandwidth", "server:500kbit", "--queue", "server:5", name="file-60")
        self.assertNotEqual(trip.struck("server", "queue"), [])
        came = trip.came["server"]
        bits = sum(len(packet.payload) // 2 + 28 for packet in came[1:]) * 8
        self.assertGreaterEqual(came[-1].time - came[0].time, bits / 500000 - 0.001)
        wide = Trip(self, "--bandwidth", "server:500kbit", "--queue", "server:5000", name="file-60")
        self.assertEqual(wide.struck("server", "queue"), [])

    def assert_black(self, relay, side, windows):
        """In each of these times packets are lost, one after the other, and at no other time."""
        lost = {line["number"]: line["time"]
                for line in relay.packet_lines(cause="blackhole", **{"from": side})}
        runs = [[number for number, when in lost.items() if begin <= when < end]
                for begin, end in windows]
        self.assertEqual(sum(runs, []), list(lost))
        for run in runs:
            self.assertNotEqual(run, [], lost)
            self.assertEqual(run, list(range(run[0], run[-1] + 1)))

    @support.proves("--blackhole", of="relay")
    def test_a_black_hole_swallows_a_session_for_a_time(self):
        trip = Trip(self, "--bandwidth", "server:20Mbit", "--blackhole", "100ms,200ms")
        self.assert_black(trip.relay, "server", [(0.1, 0.3)])
        self.assertEqual([trip.copies("server", number) for number in trip.struck("server", "hole")
                          if trip.copies("server", number)], [])

    @support.proves("--blackhole-on", "--blackhole-off", "--blackhole-times", of="relay")
    def test_a_black_hole_opens_as_often_as_told(self):
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--blackhole-on", "client:150ms",
                       "--blackhole-off", "client:250ms", "--blackhole-times", "3") as relay:
                end = time.monotonic() + 1.5
                while time.monotonic() < end:
                    client.sendto(b"x", ("127.0.0.1", relay.port))
                    time.sleep(0.01)
        self.assert_black(relay, "client", [(0.15, 0.4), (0.55, 0.8), (0.95, 1.2)])


class Bindings(Case):
    def places(self, *options):
        """Where the server sees the client, one place after the other."""
        trip = Trip(self, *options, "--bandwidth", "server:40Mbit", "--queue", "500", name="5m")
        self.assertEqual(len({(p.source, p.sender) for p in trip.sent["client"]}), 1)
        places = list(dict.fromkeys((p.source, p.sender) for p in trip.came["client"]))
        self.assertEqual(len({port for _, port in places}), len(places))
        return [source for source, _ in places]

    @support.proves("--rebind", of="relay")
    def test_the_client_seems_to_have_another_port(self):
        self.assertEqual(self.places("--rebind", "100ms"), ["127.0.0.1"] * 2)

    @support.proves("--rebind-every", "--rebind-address", of="relay")
    def test_the_client_seems_to_go_from_address_to_address(self):
        self.assertEqual(self.places("--rebind", "100ms", "--rebind-every", "200ms",
                                     "--rebind-address", "127.0.0.2,127.0.0.3")[:4],
                         ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2"])


if __name__ == "__main__":
    peers.main()
