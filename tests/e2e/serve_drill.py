#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What quiclens serve does on purpose while a connection is under way, and where it wants clients to
be, as tshark reads it from the server's own capture."""
import os
import re
import signal
import subprocess
import time

import origin_support as support
import peers
from serve_lab import Case, gtlsclient


class Drill(Case):
    """What happens in the middle of a transfer."""

    @support.proves("--key-update-after", of="serve")
    def test_keys_are_updated(self):
        for client in (lambda server: self.fetch(server, name="5m"),
                       lambda server: self.gtls(server, names=("5m",))):
            with self.subTest(client), self.serve("--key-update-after", "1M") as server:
                client(server)
            for port in (f"udp.srcport == {server.port}", f"udp.dstport == {server.port}"):
                phases = {phase for line in self.wire(f"{port} && quic.key_phase", "quic.key_phase")
                          for phase in line[0].split(",")}
                self.assertEqual(phases, {"0", "1"}, port)

    @support.proves("--retire-after", of="serve")
    def test_connection_ids_are_retired(self):
        """With so little under way that no socket has to drop the packet which asks for it."""
        ours = ("--max-data", "64k", "--max-stream-data", "64k", "--window", "64k")
        theirs = ("--max-data=64K", "--max-stream-data-bidi-local=64K", "--max-window=64K",
                  "--max-stream-window=64K")
        for client in (lambda server: self.fetch(server, name="5m", options=ours),
                       lambda server: self.gtls(server, *theirs, names=("5m",))):
            with self.subTest(client), self.serve("--retire-after", "1M") as server:
                client(server)
            asked = self.wire(f"udp.srcport == {server.port} && quic.nci.retire_prior_to > 0",
                              "quic.nci.sequence", "quic.nci.retire_prior_to")
            self.assertEqual(len(asked), 1)
            limit = int(asked[0][1].split(",")[-1])
            retired = {int(number) for line in self.wire(
                f"udp.dstport == {server.port} && quic.rci.sequence", "quic.rci.sequence")
                for number in line[0].split(",")}
            self.assertEqual(retired, set(range(limit)))

    def test_a_lost_wish_is_said_again(self):
        with self.serve("--retire-after", "100k") as server:
            relay = self.home.start("relay", "--to", f"127.0.0.1:{server.port}", "--drop-rate",
                                    "server:30", "--seed", "5", "--log", os.devnull,
                                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            port = re.search(rb"127\.0\.0\.1:(\d+)", relay.stdout.readline())[1].decode()
            done = self.get("-o", os.devnull, f"https://localhost:{port}/1m")
            relay.terminate()
            relay.communicate(timeout=support.TIMEOUT)
            self.assert_done(done)
        self.assertNotEqual(self.wire(f"udp.dstport == {server.port} && quic.rci.sequence",
                                      "frame.number"), [])

    def test_a_time_can_be_told_too(self):
        with self.serve("--key-update-after", "100ms", folder=False) as server:
            self.assert_done(self.get(f"{server.url}/bytes/30k/slow/50k"))
        phases = {phase for line in self.wire(f"udp.srcport == {server.port} && quic.key_phase",
                                              "quic.key_phase") for phase in line[0].split(",")}
        self.assertEqual(phases, {"0", "1"})

    def test_a_later_key_update_of_the_clients_is_understood(self):
        with self.serve("--retire-after", "100k") as server:
            self.gtls(server, "--key-update=5ms", "--delay-stream=50ms", names=("1m",))


class PreferredAddress(Case):
    def moved(self, host, port):
        """The destination IDs of the client's packets to the preferred address."""
        family = "ipv6" if ":" in host else "ip"
        return {line[0] for line in self.wire(
            f"{family}.dst == {host} && udp.dstport == {port} && quic.header_form == 0",
            "quic.dcid")}

    @support.proves("--preferred-address", of="serve")
    def test_clients_move_there(self):
        port = peers.free_port()
        with self.serve("--preferred-address", f"127.0.0.2:{port}") as server:
            self.gtls(server, names=("5m",))
        there = self.moved("127.0.0.2", port)
        here = self.wire(f"ip.dst == 127.0.0.1 && udp.dstport == {server.port} && "
                         "quic.header_form == 0", "quic.dcid")
        self.assertNotEqual(there, set())
        self.assertEqual(there & {line[0] for line in here}, set(), "not with a new ID")

    def test_our_client_moves_there_unless_told_not_to(self):
        for follow in ("yes", "no"):
            port = peers.free_port()
            with self.subTest(follow), self.serve("--preferred-address",
                                                  f"127.0.0.2:{port}") as server:
                self.fetch(server, options=("--preferred-address", follow), name="5m")
            self.assertEqual(self.moved("127.0.0.2", port) != set(), follow == "yes")

    def test_clients_that_stay_are_served(self):
        with self.serve("--preferred-address", "127.0.0.2:0") as server:
            self.gtls(server, "--no-preferred-addr", names=("5m",))

    def test_ipv6_clients_move_there(self):
        port = peers.free_port()
        with self.serve("--preferred-address", f"[::1]:{port}", listen="[::1]:0") as server:
            self.fetch(server, name="5m")
        self.assertNotEqual(self.moved("::1", port), set())

    def test_both_families_are_offered(self):
        port = peers.free_port()
        with self.serve("--preferred-address", f"127.0.0.2:{port}", "--preferred-address",
                        f"[::1]:{port}") as server:
            self.fetch(server)
        offered = self.wire("tls.quic.parameter.preferred_address.ipv4port", "tls.quic.parameter.preferred_address.ipv4address",
                            "tls.quic.parameter.preferred_address.ipv4port", "tls.quic.parameter.preferred_address.ipv6address",
                            "tls.quic.parameter.preferred_address.ipv6port")
        self.assertEqual(offered, [["127.0.0.2", str(port), "::1", str(port)]])


class Many(Case):
    def test_clients_do_not_get_in_each_others_way(self):
        with self.serve("-s", "--retry", "--quic-version", "v2", "--key-update-after", "300k",
                        "--retire-after", "200k", "--preferred-address", "127.0.0.2:0") as server:
            clients = [self.home.start("get", "-s", "--cacert", self.certificates.ca, "-o",
                                       self.home.path / f"many{n}", f"{server.url}/1m")
                       for n in range(12)]
            for n, client in enumerate(clients):
                self.assertEqual(client.wait(support.TIMEOUT), 0, n)
                self.assertEqual((self.home.path / f"many{n}").read_bytes(), self.files["1m"])
        # By their IDs: a client that comes late may have the port of one that has gone.
        retries = {scid for scid, in self.wire("quic.long.packet_type == 3", "quic.scid")}
        self.assertGreaterEqual(len(retries), len(clients))


    def test_more_than_are_allowed_are_refused(self):
        with self.serve("--max-connections", "2", folder=False) as server:
            slow = [self.home.start("get", "-s", "--cacert", self.certificates.ca,
                                    f"{server.url}/bytes/100k/slow/1k", stdout=subprocess.PIPE)
                    for _ in range(2)]
            for client in slow:
                self.assertEqual(len(client.stdout.read(100)), 100)
            self.assert_failed(self.get(f"{server.url}/status/200"), "CONNECTION_REFUSED")
            slow[0].terminate()
            slow[0].communicate(timeout=support.TIMEOUT)
            self.assert_done(self.get("--retry", "5", f"{server.url}/status/200"))
            slow[1].terminate()
            slow[1].communicate(timeout=support.TIMEOUT)
            self.assertEqual(server.process.stderr.readline().decode(),
                             "quiclens serve: 2 connections are open, the most at one time "
                             "(--max-connections): until one of them ends, other clients are "
                             "refused\n")
        refused = self.wire(f"udp.srcport == {server.port} && quic.frame_type == 0x1c",
                            "quic.cc.error_code")
        self.assertIn(["2"], refused)

    def test_connections_that_come_to_their_end_do_not_count(self):
        """They wait some time for packets that are late, longer than this takes."""
        with self.serve("--max-connections", "1", "--initial-rtt", "1s", folder=False) as server:
            for _ in range(20):
                self.assert_done(self.get(f"{server.url}/status/200"))


class Restart(Case):
    def test_a_client_of_the_former_life_learns_of_it(self):
        port = peers.free_port()
        with self.serve(listen=f"127.0.0.1:{port}") as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, *[
                f"{server.url}/5m"] * 4, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            client.stdout.read(1000)  # the rest waits in the pipe
            client.send_signal(signal.SIGSTOP)  # it is not to see that nobody listens meanwhile
            server.process.kill()
            server.process.wait(support.TIMEOUT)
            with self.serve(listen=f"127.0.0.1:{port}"):
                client.send_signal(signal.SIGCONT)
                said = client.communicate(timeout=support.TIMEOUT)[1].decode()
        self.assertEqual(client.returncode, 1)
        self.assertIn("stateless reset", said)

    def wait_for_capture(self, size):
        end = time.monotonic() + support.TIMEOUT
        while not self.capture.exists() or self.capture.stat().st_size < size:
            self.assertLess(time.monotonic(), end, "nothing is uploaded")
            time.sleep(0.01)

    def test_another_client_believes_it(self):
        """An upload goes on and on, so that there is something to answer."""
        if gtlsclient() is None:
            self.skipTest("gtlsclient is not installed")
        port, upload = peers.free_port(), self.home.path / "endless"
        with open(upload, "wb") as file:
            file.truncate(8 << 30)
        with self.serve(listen=f"127.0.0.1:{port}") as server:
            client = subprocess.Popen(
                [gtlsclient(), "-q", "-m", "POST", "-d", upload, "127.0.0.1", str(port),
                 f"https://localhost:{port}/echo"], cwd=self.home.path,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            self.wait_for_capture(1000000)
            client.send_signal(signal.SIGSTOP)
            server.process.kill()
            server.process.wait(support.TIMEOUT)
            with self.serve(listen=f"127.0.0.1:{port}"):
                client.send_signal(signal.SIGCONT)
                said = client.communicate(timeout=support.TIMEOUT)[0].decode(errors="replace")
        self.assertIn("ERR_DRAINING", said)
        sizes = [(int(lines[0]), int(lines[1])) for lines in zip(
            *(sum(self.wire(f"udp.{side}port == {port}", "udp.length"), [])
              for side in ("dst", "src")))]
        self.assertNotEqual(sizes, [])
        self.assertTrue(all(answer < asked for asked, answer in sizes), sizes)


if __name__ == "__main__":
    peers.main()
