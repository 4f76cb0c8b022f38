#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens relay between clients and servers: what arrives, what it says of it, and how fast it is."""
import collections
import json
import os
import pathlib
import re
import resource
import select
import signal
import socket
import struct
import subprocess
import time
import unittest

import origin_support as support

BAD_NETWORK = ("delay=5ms jitter=1ms bandwidth=50Mbit queue=200 drop-rate=5 drop-burst=3 corrupt-rate=1 "
               "duplicate-rate=2 reorder-rate=3")

Packet = collections.namedtuple("Packet", "source target payload comment")


class Relay:
    """quiclens relay on a free port, as a context; in the end, its log. That goes to a file, as nobody reads
    the pipe meanwhile."""

    def __init__(self, home, server, *arguments, says=b"", **more):
        self.log, self.says = [], says
        self.path = home.path / "relay.log"
        self.process = home.start("relay", "--to", f"127.0.0.1:{server}", "--log", self.path, *arguments,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)
        first = self.process.stdout.readline().decode()
        found = re.match(r"Listening on (\S+):(\d+), relaying to ", first)
        if found is None:
            self.process.kill()
            raise AssertionError(f"relay says {first!r}, {self.process.communicate()}")
        self.host, self.port = found[1], int(found[2])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        out, err = self.process.communicate(timeout=support.TIMEOUT)
        assert self.process.returncode == 0, err.decode()
        assert (out, err) == (b"", self.says), (out, err)
        self.log = [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = fields.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def packet_lines(self, **wanted):
        return [line for line in self.log
                if line["event"] == "packet" and wanted.items() <= line.items()]

    def packets(self, **wanted):
        """The same without their times, as they differ from run to run."""
        return [{k: v for k, v in line.items() if k != "time"}
                for line in self.packet_lines(**wanted)]


def read_capture(path):
    """The UDP datagrams of one of our own captures: IPv4 without options, little-endian blocks."""
    data = path.read_bytes()
    found, at = [], 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            size = struct.unpack_from("<I", data, at + 20)[0]
            packet = data[at + 28:at + 28 + size]
            options, comment = at + 28 + (size + 3) // 4 * 4, None
            while options < at + length - 4:
                code, bytes_ = struct.unpack_from("<HH", data, options)
                if code == 1:
                    comment = data[options + 4:options + 4 + bytes_].decode()
                options += 4 + (bytes_ + 3) // 4 * 4
            source, target = struct.unpack_from("!HH", packet, 20)
            found.append(Packet((socket.inet_ntoa(packet[12:16]), source),
                                (socket.inet_ntoa(packet[16:20]), target), packet[28:], comment))
        at += length
    return found


def udp():
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind(("127.0.0.1", 0))
    opened.settimeout(10)
    return opened


def receive_all(receiver, seconds):
    """The datagrams that come in this time."""
    found, end = [], time.monotonic() + seconds
    while select.select([receiver], [], [], max(0, end - time.monotonic()))[0]:
        found.append(receiver.recv(2000))
    return found


class WithQuic(support.Case):
    def transfer(self, name, *arguments):
        """Two bodies through a bad network. The relay, and both captures."""
        folder = self.home.folder(name)
        captures = folder / "client.pcapng", folder / "server.pcapng"
        with support.Server(self.home, "--silent") as server:
            with Relay(self.home, server.port, "--scenario", BAD_NETWORK, "--capture-client", captures[0],
                       "--capture-server", captures[1], *arguments) as relay:
                url = f"https://127.0.0.1:{relay.port}/1m.bin"
                result = self.home.run("get", "--cacert", server.certificate, url, "-o", "1", url, "-o", "2",
                                       cwd=folder)
                time.sleep(0.3)  # what is on the way then arrives
        self.assert_done(result)
        for body in "12":
            self.assertEqual((folder / body).read_bytes(), support.PATTERN)
        return relay, *map(read_capture, captures)

    def assert_log_is_true(self, relay, sent, received, side):
        """sent and received: the packets of one direction at both ends."""
        lines = relay.packets(**{"from": side})
        actions = collections.defaultdict(set)
        for line in lines:
            actions[line["number"]].add(line["action"])
        self.assertEqual({n for n in actions if n > len(sent)}, set())
        copies = collections.Counter(packet.payload for packet in received)
        for number, packet in enumerate(sent, 1):
            done = actions[number]
            arrived = copies[packet.payload]
            expected = 0 if done & {"drop", "corrupt"} else 2 if "duplicate" in done else 1
            self.assertEqual(arrived, expected, (side, number, done))
            self.assertEqual(packet.comment is not None, bool(done), (side, number, done))
            self.assertEqual("drop" in done, "dropped" in (packet.comment or ""))
        totals = relay.log[-1][side]
        self.assertEqual(totals["packets"], len(sent))
        self.assertEqual(totals["drop"], sum("drop" in a for a in actions.values()))
        self.assertEqual(totals["pass"], len(sent) - totals["drop"])
        self.assertEqual(len(received), totals["pass"] + totals["duplicate"])
        for action in "drop", "duplicate", "reorder", "corrupt":
            self.assertGreater(totals[action], 0, (side, action))
        return totals

    def test_bodies_are_whole_and_the_log_is_what_the_captures_show(self):
        relay, client, server = self.transfer("rules", "--seed", 7, "--rebind", "300ms")
        here = ("127.0.0.1", relay.port)
        there = tuple(relay.log[0]["to"].split(":"))
        there = there[0], int(there[1])
        up = self.assert_log_is_true(relay, [p for p in client if p.target == here],
                                     [p for p in server if p.target == there], "client")
        down = self.assert_log_is_true(relay, [p for p in server if p.source == there],
                                       [p for p in client if p.source == here], "server")
        self.assertGreater(down["drop"] / down["packets"], 0.03)
        self.assertLess(down["drop"] / down["packets"], 0.10)
        self.assertGreater(up["packets"], 100)

    def test_a_rebinding_moves_port_and_address_in_mid_transfer(self):
        relay, _, server = self.transfer("rebind", "--seed", 1, "--rebind", "250ms,500ms",
                                         "--rebind-address", "127.0.0.2,127.0.0.3")
        moves = [line for line in relay.log if line["event"] == "rebind"]
        self.assertEqual(len(moves), 2)
        self.assertEqual(moves[0]["binding"], moves[1]["old"])
        bindings = [place for place in dict.fromkeys(f"{p.source[0]}:{p.source[1]}" for p in server)
                    if place != relay.log[0]["to"]]
        self.assertEqual(bindings, [moves[0]["old"], moves[0]["binding"], moves[1]["binding"]])
        self.assertTrue(bindings[1].startswith("127.0.0.2:"))
        self.assertTrue(bindings[2].startswith("127.0.0.3:"))
        answered = {p.target[0] for p in server if f"{p.source[0]}:{p.source[1]}" == relay.log[0]["to"]}
        self.assertEqual(answered, {"127.0.0.1", "127.0.0.2", "127.0.0.3"})

    def test_lost_first_packets_are_sent_again(self):
        with support.Server(self.home, "--silent") as server:
            with Relay(self.home, server.port, "--scenario", "droplist --drops_to_server=1-2") as relay:
                result = self.home.run("get", "--cacert", server.certificate,
                                       f"https://127.0.0.1:{relay.port}/1m.bin")
        self.assert_done(result)
        self.assertEqual(result.stdout, support.PATTERN)
        self.assertEqual([line["number"] for line in relay.packets(action="drop", cause="number")], [1, 2])


class WithPlainDatagrams(support.Case):
    def send_numbered(self, seed, pause):
        """500 datagrams with a number in each. What was done to them, and what arrived."""
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--seed", seed, "--all", "--drop-rate", "10",
                       "--drop-burst", 3, "--corrupt-rate", 10, "--duplicate-rate", 10, "--reorder-rate", 10,
                       "--reorder-by", "5ms", "--drop", "client:2-7") as relay:
                client.connect(("127.0.0.1", relay.port))
                arrived = []
                for number in range(1, 501):
                    client.send(struct.pack("!I", number) + b"\x01" * 60)
                    if number % 25 == 0:
                        arrived += receive_all(server, pause)
                arrived += receive_all(server, 0.3)
        return relay, arrived

    def test_the_same_seed_does_the_same(self):
        one, arrived = self.send_numbered(3, 0.002)
        other, arrived_then = self.send_numbered(3, 0.006)
        key = lambda line: (line["number"], line["action"])
        self.assertEqual(sorted(one.packets(), key=key), sorted(other.packets(), key=key))
        self.assertEqual(sorted(arrived), sorted(arrived_then))
        self.assertEqual([line["number"] for line in one.packets(cause="number")], [2, 3, 4, 5, 6, 7])
        different, _ = self.send_numbered(4, 0.002)
        self.assertNotEqual(sorted(one.packets(), key=key), sorted(different.packets(), key=key))

    def test_what_is_logged_is_what_arrives(self):
        relay, arrived = self.send_numbered(5, 0.002)
        counts = collections.Counter(arrived)
        self.assertNotEqual(arrived, sorted(arrived))
        dropped = {line["number"] for line in relay.packets(action="drop")}
        twice = {line["number"] for line in relay.packets(action="duplicate")}
        expected = collections.Counter()
        corrupted = {line["number"]: line for line in relay.packets(action="corrupt")}
        for number in set(range(1, 501)) - dropped:
            payload = bytearray(struct.pack("!I", number) + b"\x01" * 60)
            if number in corrupted:
                line = corrupted[number]
                self.assertEqual(payload[line["offset"]], line["was"])
                self.assertLess(line["offset"], 50)
                payload[line["offset"]] = line["is"]
            expected[bytes(payload)] += 2 if number in twice else 1
        self.assertEqual(counts, expected)

    def send(self, count, expected, pause, *options):
        """The relay that took so many datagrams, of which the server got as many as are expected. In the end an answer goes back, so that the relay has seen all."""
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], *options) as relay:
                for number in range(1, count + 1):
                    client.sendto(struct.pack("!I", number) + b"\x01" * 60, ("127.0.0.1", relay.port))
                    time.sleep(pause)
                server.settimeout(support.TIMEOUT)
                client.settimeout(support.TIMEOUT)
                senders = [server.recvfrom(100)[1] for _ in range(expected)]
                server.sendto(b"answer", senders[-1])
                client.recv(100)
        return relay

    def test_numbers_say_what_is_done_to_whom(self):
        relay = self.send(5, 6, 0, "--corrupt", "client:1", "--duplicate", "client:2",
                                   "--reorder", "client:3", "--reorder-by", "10ms", "--jitter", "1ms",
                                   "--bandwidth", "10Mbit", "--queue", 50)
        self.assertEqual({line["number"]: line["action"] for line in relay.packets()},
                         {1: "corrupt", 2: "duplicate", 3: "reorder"})

    def test_a_burst_has_an_end(self):
        relay = self.send(6, 6, 0, "--corrupt-rate", "client:100", "--corrupt-burst", 2)
        self.assertEqual([line["number"] for line in relay.packets(action="corrupt")], [1, 2, 4, 5])

    def test_a_black_hole_opens_once(self):
        relay = self.send(2, 1, 0.05, "--blackhole-on", "client:5ms", "--blackhole-off",
                             "client:60s", "--blackhole-times", 1)
        self.assertEqual([line["number"] for line in relay.packets(cause="blackhole")], [2])

    def test_rebinding_goes_on(self):
        senders = set()
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--rebind", "10ms", "--rebind-every",
                       "20ms") as relay:
                server.settimeout(support.TIMEOUT)
                for _ in range(4):
                    client.sendto(b"x", ("127.0.0.1", relay.port))
                    senders.add(server.recvfrom(100)[1])
                    time.sleep(0.05)
        self.assertEqual(len(senders), 4)

    def test_several_clients_have_a_socket_each(self):
        with udp() as server, udp() as one, udp() as other:
            with Relay(self.home, server.getsockname()[1]) as relay:
                for client, text in ((one, b"one"), (other, b"other"), (one, b"one")):
                    client.sendto(text, ("127.0.0.1", relay.port))
                    data, sender = server.recvfrom(100)
                    self.assertEqual(data, text)
                    server.sendto(b"to " + data, sender)
                self.assertEqual([one.recv(100), other.recv(100), one.recv(100)],
                                 [b"to one", b"to other", b"to one"])
                names = [f"127.0.0.1:{client.getsockname()[1]}" for client in (one, other)]
        clients = [line for line in relay.log if line["event"] == "client"]
        self.assertEqual([line["client"] for line in clients], names)
        self.assertEqual(len({line["binding"] for line in clients}), 2)

    def test_an_old_binding_is_silent(self):
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--rebind", "100ms") as relay:
                client.sendto(b"1", ("127.0.0.1", relay.port))
                old = server.recvfrom(10)[1]
                time.sleep(0.3)
                server.sendto(b"to the old binding", old)
                client.sendto(b"2", ("127.0.0.1", relay.port))
                new = server.recvfrom(10)[1]
                self.assertNotEqual(old, new)
                server.sendto(b"to the new binding", new)
                self.assertEqual(client.recv(100), b"to the new binding")
        self.assertEqual([line["number"] for line in relay.packets(cause="old-binding")], [1])

    def test_delay_and_black_hole_keep_time(self):
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--delay", "client:80ms", "--blackhole",
                       "client:200ms,300ms") as relay:
                begin = time.monotonic()
                client.sendto(b"1", ("127.0.0.1", relay.port))
                server.recv(10)
                took = time.monotonic() - begin
                self.assertGreaterEqual(took, 0.08)
                self.assertLess(took, 0.18)
                time.sleep(max(0, 0.35 - (time.monotonic() - begin)))
                client.sendto(b"2", ("127.0.0.1", relay.port))
                time.sleep(max(0, 0.7 - (time.monotonic() - begin)))
                client.sendto(b"3", ("127.0.0.1", relay.port))
                self.assertEqual(server.recv(10), b"3")
        self.assertEqual([line["number"] for line in relay.packets(cause="blackhole")], [2])

    def test_ten_thousand_packets_a_second_take_less_than_a_core(self):
        with udp() as server, udp() as client:
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            with Relay(self.home, server.getsockname()[1], "--delay", "15ms", "--drop-rate", 2, "--seed",
                       1) as relay:
                client.connect(("127.0.0.1", relay.port))
                before, begin, arrived = relay.cpu_seconds(), time.monotonic(), []
                for turn in range(1, 1001):
                    for _ in range(20):
                        client.send(b"x" * 1200)
                    arrived += receive_all(server, begin + turn * 0.002 - time.monotonic())
                elapsed = time.monotonic() - begin
                arrived += receive_all(server, 0.3)
                used = relay.cpu_seconds() - before
                time.sleep(1)
                idle = relay.cpu_seconds() - before - used
        end = relay.log[-1]["client"]
        print(f"{end['packets'] / elapsed:.0f} packets/s, CPU {used / elapsed:.0%} of a core, idle {idle:.2f} s")
        # The kernel loses many, on their way to here and to there, when all cores are busy.
        self.assertGreater(end["packets"], 10000)
        self.assertGreater(len(arrived), end["pass"] * 0.5)
        self.assertLess(used / end["packets"], 1e-4)
        self.assertLess(idle, 0.05)


class Crowds(support.Case):
    """Of more clients than there is room for, each is served; what that means is said once."""

    def crowd(self, count, says, **more):
        with udp() as server:
            with Relay(self.home, server.getsockname()[1], says=f"quiclens relay: {says}\n".encode(),
                       **more) as relay:
                for number in range(count):
                    with udp() as client:
                        client.sendto(b"%d" % number, ("127.0.0.1", relay.port))
                        said, sender = server.recvfrom(100)
                        server.sendto(b"to " + said, sender)
                        self.assertEqual(client.recv(100), b"to %d" % number)
        self.assertEqual([line["text"] for line in relay.log if line["event"] == "trouble"], [says])

    def test_more_than_512(self):
        self.crowd(530, "there are 512 clients, the most at one time: for each new one, the one "
                        "that was silent longest is forgotten")

    def test_more_than_there_are_descriptors(self):
        few = lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
        self.crowd(60, "cannot open a UDP socket: Too many open files", preexec_fn=few)


class Usage(support.Case):
    def test_bad_usage_is_explained(self):
        for arguments, said in (((), b"--to ADDR:PORT is needed"),
                                (("--to", "127.0.0.1"), b"ADDR:PORT is wanted"),
                                (("--to", "127.0.0.1:1", "--drop", "client:x"), b"expected is packet numbers"),
                                (("--to", "127.0.0.1:1", "--scenario", "delai=1s"), b'no "delai"'),
                                (("--to", "127.0.0.1:1", "--scenario-file", "/missing"), b"cannot read"),
                                (("--to", "127.0.0.1:9", "--listen", "127.0.0.1:9"), b"itself listens"),
                                (("--to", "127.0.0.1:1", "--rebind-address", "::1"), b"other IP version"),
                                (("--to", "127.0.0.1:1", "word"), b"no option")):
            result = self.home.run("relay", *arguments)
            self.assertEqual(result.returncode, 2, arguments)
            self.assertIn(said, result.stderr)
            self.assertEqual(result.stderr.count(b"\n"), 1)

    def test_a_scenario_may_come_from_a_file(self):
        path = self.home.folder("scenario") / "lossy"
        path.write_text("simple-p2p delay=1ms # near\ndrop=client:1\n", encoding="utf-8")
        with udp() as server, udp() as client:
            with Relay(self.home, server.getsockname()[1], "--scenario-file", path) as relay:
                client.sendto(b"1", ("127.0.0.1", relay.port))
                client.sendto(b"2", ("127.0.0.1", relay.port))
                self.assertEqual(server.recv(10), b"2")
        self.assertEqual(len(relay.packets(action="drop")), 1)

    def test_a_port_that_is_taken_is_an_error(self):
        with udp() as taken:
            result = self.home.run("relay", "--to", "127.0.0.1:1", "--listen",
                                   f"127.0.0.1:{taken.getsockname()[1]}")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"cannot listen on 127.0.0.1:", result.stderr)


if __name__ == "__main__":
    support.main()
