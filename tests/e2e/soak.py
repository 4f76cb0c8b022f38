#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get and quiclens serve for longer: memory and descriptors stay flat, no request is lost
without an error, captures and secrets logs stay whole. --seconds is for the five soaks together: 300 is
the form that is run with every change, 18000 (an hour each) the whole one. Figures are printed."""
import argparse
import collections
import os
import pathlib
import re
import signal
import statistics
import struct
import subprocess
import sys
import threading
import time
import unittest

import origin_support as support

SOAKS = 5
GROWTH = 1.25
"""Of the memory between the first half and the end, with SLACK besides."""
SLACK = 6_000_000
REQUESTS, SEQUENTIAL, AT_ONCE = 100_000, 10_000, 100
"""The whole form."""
SECRET = re.compile(r"[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64,}")
BAD_NETWORK = ("delay=2ms drop-rate=30 drop-burst=3 reorder-rate=10 reorder-by=5ms duplicate-rate=10 "
               "seed=1")


class Watch(threading.Thread):
    """Memory and descriptors of a process, sampled until it ends or stop is called."""

    def __init__(self, process):
        super().__init__(daemon=True)
        self.folder = pathlib.Path(f"/proc/{process.pid}")
        self.ended = threading.Event()
        self.memory, self.descriptors = [], []
        self.start()

    def run(self):
        while not self.ended.wait(0.2):
            try:
                text = (self.folder / "status").read_text(encoding="ascii")
                count = len(os.listdir(self.folder / "fd"))
            except OSError:
                return
            found = re.search(r"VmRSS:\s+(\d+) kB", text)
            if not found:
                return
            self.memory.append(int(found[1]) * 1024)
            self.descriptors.append(count)

    def stop(self):
        self.ended.set()
        self.join()
        return self

    def says(self):
        if len(self.memory) < 4:
            return "too short to be watched"
        late = statistics.median(self.memory[-max(1, len(self.memory) // 8):])
        return (f"{self.memory[0] / 1e6:.1f} MB at first, {max(self.memory) / 1e6:.1f} MB at most, "
                f"{late / 1e6:.1f} MB in the end; descriptors: {self.descriptors[0]}, "
                f"{max(self.descriptors)}, {self.descriptors[-1]}")

    def is_flat(self):
        if len(self.memory) < 20:
            return True
        half = len(self.memory) // 2
        late = statistics.median(self.memory[-half // 4:])
        return late <= max(self.memory[:half]) * GROWTH + SLACK


def check_capture(path):
    """The pcapng's blocks, one behind the other to the last byte. Returns how many packets."""
    packets = at = 0
    size = path.stat().st_size
    with open(path, "rb") as file:
        while at < size:
            kind, length = struct.unpack("<II", file.read(8))
            file.seek(at + length - 4)
            assert struct.unpack("<I", file.read(4))[0] == length, f"damaged at {at}"
            packets += kind == 6
            at += length
    assert at == size, f"cut off at {size}"
    return packets


class Soak(support.Case):
    seconds = 30

    def setUp(self):
        self.share = self.seconds / SOAKS
        self.recorded = 0
        self.folder = self.home.folder(self.id().rpartition(".")[2])

    def say(self, text):
        print(f"  {self.id().rpartition('.')[2]}: {text}", flush=True)

    def start(self, server, *arguments):
        """A client; each of its requests is a line on standard output, failed or not."""
        output = open(self.folder / "lines", "ab")
        with output, open(self.folder / "errors", "ab") as errors:
            return self.home.start("get", "-sS", "--cacert", server.certificate, "-w",
                                   "%{http_code} %{size_download}\\n", *arguments, cwd=self.folder,
                                   stdout=output, stderr=errors)

    def records(self, name):
        """Options with which a client records what check_records then reads."""
        return ["--capture", self.folder / f"{name}.pcapng", "--keys", self.folder / f"{name}.keys"]

    def check_records(self, name):
        """Both are whole, and go. Returns how many packets and connections there are."""
        capture, keys = self.folder / f"{name}.pcapng", self.folder / f"{name}.keys"
        packets = check_capture(capture)
        secrets = keys.read_text(encoding="ascii").splitlines()
        self.assertTrue(all(SECRET.fullmatch(line) for line in secrets))
        capture.unlink()
        keys.unlink()
        self.recorded += packets
        return packets, len({line.split()[1] for line in secrets})

    def lines(self):
        return (self.folder / "lines").read_text(encoding="utf-8").splitlines()

    def sentences(self):
        return (self.folder / "errors").read_text(encoding="utf-8").splitlines()

    def counted(self):
        """How often each line is there."""
        return collections.Counter(self.lines())

    def ask(self, server, path, *more, base=None):
        """Requests whose content goes nowhere."""
        return self.start(server, "-o", "/dev/null", f"{base or server.url}{path}", *more)

    def assert_flat(self, watch, who):
        self.say(f"{who}: {watch.stop().says()}")
        self.assertTrue(watch.is_flat(), f"the memory of {who} grows: {watch.says()}")

    def assert_server_clean(self, server, watch, idle):
        """Connections that were not closed go by their idle timeout; closed ones at once."""
        end = time.monotonic() + 40
        count = None
        while time.monotonic() < end:
            count = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            if count <= idle:
                break
            time.sleep(0.5)
        self.assertLessEqual(count, idle, "descriptors of the server stay open")
        self.assert_flat(watch, "server")

    def test_many_requests_on_one_connection(self):
        count = int(min(REQUESTS, self.share * 1000))
        with support.Server(self.home, "--silent") as server:
            watches = [Watch(server.process)]
            process = self.ask(server, f"/bytes/200?[1-{count}]", *self.records("all"))
            watches.append(Watch(process))
            began = time.monotonic()
            self.assertEqual(process.wait(self.seconds * 10 + 60), 0, self.sentences())
            took = time.monotonic() - began
            for watch, who in zip(watches, ("server", "client")):
                self.assert_flat(watch, who)
        self.assertEqual(self.counted(), {"200 200": count})
        packets, connections = self.check_records("all")
        self.assertEqual(connections, 1)
        self.say(f"{count} requests in {took:.1f} s, {packets} packets captured")

    def test_connections_one_after_another(self):
        began, done = time.monotonic(), 0
        with support.Server(self.home, "--silent") as server:
            watch = Watch(server.process)
            idle = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            while time.monotonic() < began + self.share and done < SEQUENTIAL:
                process = self.ask(server, "/bytes/200", *self.records("one"))
                self.assertEqual(process.wait(60), 0, self.sentences())
                self.assertEqual(self.check_records("one")[1], 1)
                done += 1
            took = time.monotonic() - began
            self.assert_server_clean(server, watch, idle)
        self.assertEqual(self.counted(), {"200 200": done})
        self.say(f"{done} connections in {took:.0f} s, {self.recorded} packets captured")

    def test_connections_at_once(self):
        """As many clients as there may be, each with a request after the other."""
        end, done = time.monotonic() + self.share, 0
        with support.Server(self.home, "--silent") as server:
            watch = Watch(server.process)
            idle = len(os.listdir(f"/proc/{server.process.pid}/fd"))
            while time.monotonic() < end:
                clients = [self.ask(server, "/bytes/20k?[1-20]", *self.records(number))
                           for number in range(AT_ONCE)]
                self.assertEqual([client.wait(120) for client in clients], [0] * AT_ONCE,
                                 self.sentences())
                for number in range(AT_ONCE):
                    self.assertEqual(self.check_records(number)[1], 1)
                done += AT_ONCE
            self.assert_server_clean(server, watch, idle)
        self.assertEqual(self.counted(), {"200 20000": done * 20})
        self.say(f"{done} connections, {AT_ONCE} at once, {done * 20} requests, {self.recorded} packets "
                 "captured")

    def test_a_bad_network(self):
        """Requests may take long, and connections may have to be tried again, as a server gives up a
        handshake after some seconds; none may be lost or damaged."""
        done, end = 0, time.monotonic() + self.share
        content = self.home.path / "expected"
        with support.Server(self.home, "--silent") as server, \
                open(self.folder / "relay.jsonl", "wb") as log:
            relay = self.home.start("relay", "--to", f"127.0.0.1:{server.port}", "--log",
                                    self.folder / "log", "--scenario", BAD_NETWORK,
                                    stdout=subprocess.PIPE, stderr=log)
            try:
                port = re.search(rb"127\.0\.0\.1:(\d+)", relay.stdout.readline())[1].decode()
                self.assert_done(server.get("/bytes/50k", "-o", content))
                while time.monotonic() < end:
                    process = self.start(server, "--connect-timeout", "60", "--retry", "10",
                                         "--retry-delay", "1", "-o", "part-#1",
                                         f"https://127.0.0.1:{port}/bytes/50k?[1-10]",
                                         *self.records("one"))
                    self.assertEqual(process.wait(900), 0, self.sentences())
                    self.assertGreaterEqual(self.check_records("one")[1], 1)
                    for number in range(1, 11):
                        self.assertEqual((self.folder / f"part-{number}").read_bytes(),
                                         content.read_bytes())
                    done += 10
            finally:
                relay.send_signal(signal.SIGTERM)
                relay.communicate(timeout=support.TIMEOUT)
        self.assertEqual(self.counted(), {"200 50000": done})
        self.say(f"{done} requests of 50 KB through 30 % loss, reordering and duplicates, "
                 f"{len(self.sentences())} sentences, {self.recorded} packets captured")

    def test_a_server_that_is_restarted(self):
        """Each request is answered or fails with a sentence; after the restart all goes on."""
        period = min(20, self.share / 3)
        port = None
        end, asked, restarts = time.monotonic() + self.share, 0, 0
        while time.monotonic() < end:
            listen = f"127.0.0.1:{port or 0}"
            server = support.Server(self.home, "--silent", listen=listen)
            port = server.port
            stop = time.monotonic() + period
            clients, first = {}, asked
            while time.monotonic() < stop:
                self.reap(clients)
                clients[asked] = self.ask(server, "/delay/300ms/bytes/200?[1-10]", "--idle-timeout",
                                          "5", *self.records(asked))
                asked += 10
                time.sleep(0.1)
            server.process.send_signal(signal.SIGKILL)
            server.process.communicate()
            for client in clients.values():
                client.wait(60)
            self.reap(clients)
            self.assertGreater(asked, first)
            restarts += 1
        lines = self.lines()
        failed = [line for line in lines if line != "200 200"]
        errors = self.sentences()
        self.assertEqual(len(lines), asked)
        self.assertTrue(not failed or errors, "requests failed without a word")
        self.assertLess(len(failed), asked)
        self.say(f"{restarts} servers, {asked} requests, {len(failed)} failed, {len(errors)} sentences, "
                 f"{self.recorded} packets captured")

    def reap(self, clients):
        """Takes those out that have ended, and reads what they recorded."""
        for name in [name for name, client in clients.items() if client.poll() is not None]:
            del clients[name]
            self.check_records(name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quiclens", required=True)
    parser.add_argument("--seconds", type=float, default=30, help="of all soaks together")
    parser.set_defaults(plugin=None, preload=None)
    support.Case.options, rest = parser.parse_known_args()
    Soak.seconds = support.Case.options.seconds
    unittest.main(argv=[sys.argv[0], *rest], verbosity=1)


if __name__ == "__main__":
    main()
