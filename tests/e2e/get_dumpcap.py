#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get --dumpcap: dumpcap's capture of the session, with the secrets in it."""
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

import origin_support as support
import peers
from kernel_capture import enter_namespace

NOBODY = 65534


def dumpcaps():
    """The processes of that name in this namespace."""
    mine, found = os.readlink("/proc/self/ns/net"), []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if (process / "comm").read_text(encoding="ascii").strip() == "dumpcap" and \
                    os.readlink(process / "ns/net") == mine:
                found.append(process.name)
        except OSError:
            continue
    return found


class Dumpcap(peers.Case):
    def tearDown(self):
        self.assertEqual(dumpcaps(), [])

    def assert_opens(self, capture):
        """The capture holds a request, decrypted, and nothing that is not its own."""
        self.assertTrue(peers.tshark(capture, "-Y", "http3.frame_type == 1"))
        self.assertEqual(set(peers.tshark(capture, "-T", "fields", "-e", "udp.port")) - self.ports,
                         set())

    def capture(self, *arguments, url="1m", capture="c.pcapng"):
        capture = self.home.path / f"{self.id()}-{capture}"
        with self.start(peers.Gtlsserver) as server:
            done = self.get("--dumpcap", "lo", "--capture", capture, *arguments,
                            f"{server.url}/{url}")
            self.port = str(server.port)
        self.ports = {row for row in peers.tshark(capture, "-T", "fields", "-e", "udp.port")
                      if self.port in row.split(",")} if capture.exists() else set()
        return done, capture

    @support.proves("--dumpcap")
    def test_the_session_is_captured_and_opens(self):
        done, capture = self.capture()
        self.assert_done(done)
        self.assertEqual(done.stdout, self.files["1m"])
        self.assert_opens(capture)
        self.assertEqual(capture.stat().st_mode & 0o777, 0o600)
        # The server may still have been sending when the client closed: only the client's own
        # last datagram is sure to hold the end.
        last = peers.tshark(capture, "-Y", f"udp.dstport == {self.port}", "-T", "fields",
                            "-e", "quic.frame_type")[-1]
        self.assertTrue({"28", "29"} & set(last.split(",")), f"its end is missing: {last}")
        said = subprocess.run(["capinfos", capture], stdout=subprocess.PIPE, check=True,
                              stderr=subprocess.DEVNULL, timeout=peers.TIMEOUT).stdout.decode()
        self.assertIn("quiclens get", said)
        self.assertIn(f"udp port {self.port} and host 127.0.0.1", said)

    @support.proves("--no-gso")
    def test_the_kernel_gets_datagrams_one_by_one_where_that_is_asked(self):
        upload = self.home.path / "upload"
        upload.write_bytes(os.urandom(500_000))
        largest = []
        switch = ["ethtool", "-K", "lo", "tx-udp-segmentation"]
        subprocess.run([*switch, "on"], check=True, timeout=peers.TIMEOUT)
        self.addCleanup(subprocess.run, [*switch, "off"], check=True, timeout=peers.TIMEOUT)
        for option in ((), ("--no-gso",)):
            done, capture = self.capture("--no-pmtud", *option, "-X", "POST", "--data-binary",
                                         f"@{upload}", url="file-5",
                                         capture=f"{len(option)}.pcapng")
            self.assert_done(done)
            largest.append(max(int(size) for size in peers.tshark(
                capture, "-Y", f"udp.dstport == {self.port}", "-T", "fields", "-e", "udp.length")))
        self.assertGreater(largest[0], 2 * 1208, "what goes in one call is one datagram there")
        self.assertEqual(largest[1], 1208)

    def test_a_failed_transfer_leaves_a_capture_that_opens(self):
        done, capture = self.capture("--fail", url="not-there")
        self.assertEqual(done.returncode, 1)
        self.assert_opens(capture)

    def test_a_signal_ends_both(self):
        capture = self.home.path / "signal.pcapng"
        with self.start(peers.Gtlsserver) as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, "--dumpcap", "lo",
                                     "--capture", capture, "--impair", "bandwidth=server:300kbit",
                                     f"{server.url}/5m", stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
            client.stdout.read(1000)
            client.send_signal(signal.SIGINT)
            client.communicate(timeout=peers.TIMEOUT)  # closed now, the pipe might be its end instead
            self.assertEqual(client.returncode, -signal.SIGINT)
        self.assertTrue(peers.tshark(capture, "-Y", "http3.frame_type == 1"))

    def test_when_the_client_is_killed_dumpcap_ends(self):
        capture = self.home.path / "killed.pcapng"
        with self.start(peers.Gtlsserver) as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, "--dumpcap", "lo",
                                     "--capture", capture, "--impair", "bandwidth=server:300kbit",
                                     f"{server.url}/5m", stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL)
            end = time.monotonic() + peers.TIMEOUT
            while not (capture.exists() and capture.stat().st_size > 10_000):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.05)
            client.kill()
            client.stdout.close()
            client.wait(peers.TIMEOUT)
            while dumpcaps() and time.monotonic() < end:
                time.sleep(0.05)
        self.assertGreater(len(peers.tshark(capture)), 5)

    def test_there_is_no_such_interface(self):
        self.assert_failed(self.get("--dumpcap", "none0", "--capture", self.home.path / "n.pcapng",
                                    "https://localhost:1/"), "none0", "no device")

    def test_the_file_cannot_be_made(self):
        self.assert_failed(self.get("--dumpcap", "lo", "--capture", "/nowhere/c.pcapng",
                                    "https://localhost:1/"), "/nowhere/c.pcapng",
                           "No such file or directory")

    def test_dumpcap_is_not_installed(self):
        empty = self.home.folder("empty")
        self.assert_failed(self.get("--dumpcap", "lo", "--capture", self.home.path / "p.pcapng",
                                    "https://localhost:1/", environment={"PATH": str(empty)}),
                           "dumpcap is not installed", "apt install wireshark-common")

    def test_privileges_are_missing(self):
        identity, self.home.identity = self.home.identity, {"user": NOBODY, "group": NOBODY,
                                                            "extra_groups": []}
        try:
            done = self.get("--dumpcap", "lo", "--capture", self.home.path / "u.pcapng",
                            "https://localhost:1/")
        finally:
            self.home.identity = identity
        if done.returncode == 1 and b"cannot capture on lo" not in done.stderr:
            raise unittest.SkipTest("here everybody may capture")
        self.assert_failed(done, "permission", "dpkg-reconfigure", "without --dumpcap")

    def test_without_a_file_it_is_refused(self):
        for arguments in ([], ["--capture", "-"]):
            self.assert_failed(self.get("--dumpcap", "lo", *arguments, "https://localhost:1/"),
                               "--dumpcap needs --capture FILE", status=2)


if __name__ == "__main__":
    if shutil.which("dumpcap") is None:
        print("dumpcap is not installed: skipped")
        sys.exit(support.SKIPPED)
    enter_namespace()
    peers.main()
