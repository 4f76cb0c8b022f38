#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What quiclens get records stays readable to the last packet, whatever ends it: signals, a disk that
becomes full. It mounts a small disk of its own, for which it has to be root."""
import ctypes
import json
import os
import re
import signal
import subprocess
import unittest

import peers

CLONE_NEWNS = 0x00020000
LINE = re.compile(r"[A-Z_0-9]+ [0-9a-f]{64} [0-9a-f]{64,96}")


class Faults(peers.Case):
    def start_with_records(self, server, *arguments):
        """A transfer that takes long, and the folder of its capture, secrets log and qlog."""
        folder = self.home.folder(f"{self.id()}-{len(list(self.home.path.iterdir()))}")
        client = self.home.start("get", "--cacert", self.certificates.ca, "--capture",
                                 folder / "c.pcapng", "--keys", folder / "keys", "--qlog",
                                 folder / "q.sqlog", *arguments, f"{server.url}/5m",
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return client, folder

    def assert_readable(self, folder, killed=False):
        """All three, without a complaint; but SIGKILL may take the kernel's pen away in the middle of
        a block. Returns the number of packets that open."""
        lines = (folder / "keys").read_text(encoding="ascii").splitlines()
        for line in lines:
            self.assertRegex(line, LINE)
        self.assertEqual(len(lines), 5)
        for record in (folder / "q.sqlog").read_bytes().split(b"\x1e")[1:]:
            json.loads(record)
        said = subprocess.run(["tshark", "-r", folder / "c.pcapng", "-T", "fields", "-e",
                               "quic.frame_type"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, timeout=peers.TIMEOUT,
                              env={**os.environ, "WIRESHARK_PLUGIN_DIR": "/nonexistent"})
        if not killed or b"cut short in the middle of a packet" not in said.stderr:
            self.assertEqual(said.returncode, 0, said.stderr.decode())
            self.assertNotIn(b"cut short", said.stderr)
        rows = said.stdout.decode().splitlines()
        self.assertTrue(rows[-1], "the last packet does not open")
        return len(rows)

    def test_killed_at_any_moment(self):
        with self.start(peers.Gtlsserver) as server:
            for size in (1, 20_000, 200_000, 1_000_000, 1_700_000, 2_500_000, 3_100_000):
                with self.subTest(size):
                    client, folder = self.start_with_records(server)
                    client.stdout.read(size)
                    client.kill()
                    client.communicate(timeout=peers.TIMEOUT)
                    packets = self.assert_readable(folder, killed=True)
                    self.assertGreater(packets, size / 1500 * 0.9)

    def test_told_to_end(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number.name), self.start(peers.Gtlsserver) as server:
                client, folder = self.start_with_records(server)
                client.stdout.read(100_000)
                client.send_signal(number)
                said = client.communicate(timeout=peers.TIMEOUT)[1]
                self.assertEqual(client.returncode, -number)
                self.assertIn(b"signal", said)
                self.assert_readable(folder)
                last = peers.tshark(folder / "c.pcapng", "-T", "fields", "-e", "quic.frame_type")[-1]
                self.assertIn("29", last.split(","), "CONNECTION_CLOSE (0x1d) is missing")

    def test_what_is_to_be_ignored_ends_nothing(self):
        """As under nohup."""
        with self.start(peers.Gtlsserver) as server:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            try:
                client, folder = self.start_with_records(server)
            finally:
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
            with client.stdout, client.stderr:
                begun = client.stdout.read(100_000)
                client.send_signal(signal.SIGHUP)
                self.assertEqual(begun + client.stdout.read(), self.files["5m"])
            self.assertEqual(client.wait(peers.TIMEOUT), 0)
            self.assert_readable(folder)

    def test_told_to_end_in_a_bad_network(self):
        with self.start(peers.Gtlsserver) as server:
            client, folder = self.start_with_records(server, "--impair",
                                                     "delay=20ms drop-rate=5 seed=1")
            client.stdout.read(100_000)
            client.send_signal(signal.SIGINT)
            client.communicate(timeout=peers.TIMEOUT)
            self.assertEqual(client.returncode, -signal.SIGINT)
            self.assert_readable(folder)

    def test_what_cannot_be_written(self):
        folder = self.home.folder("here")
        for option in ("--capture", "--keys", "--qlog"):
            for path in ("/nowhere/x", folder / "no" / "x") + ((folder,) if option != "--qlog"
                                                               else ()):
                self.assert_failed(self.get(option, path, "https://localhost:1/"), str(path))

    def test_full_devices(self):
        with self.start(peers.Gtlsserver) as server:
            for option in ("--capture", "--keys", "--qlog"):
                done = self.get(option, "/dev/full", f"{server.url}/file-9")
                self.assert_failed(done, "/dev/full", "No space left on device")
                self.assertEqual(done.stdout, self.files["file-9"])


    def test_the_reader_of_the_capture_goes_away(self):
        with self.start(peers.Gtlsserver) as server:
            client = self.home.start("get", "--cacert", self.certificates.ca, "--capture", "-",
                                     "-o", "rest", f"{server.url}/5m", stdout=subprocess.PIPE,
                                     stderr=subprocess.PIPE)
            client.stdout.read(100)
            client.stdout.close()
            said = client.stderr.read().decode()
            client.stderr.close()
            self.assertEqual(client.wait(peers.TIMEOUT), 1)
        self.assertRegex(said, r"^quiclens get: cannot write the capture on standard output: after "
                               r"\d+ bytes: Broken pipe\n$")
        self.assertEqual((self.home.path / "rest").read_bytes(), self.files["5m"])


class FullDisk(peers.Case):
    """With a disk of 200 KB."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        libc = ctypes.CDLL(None, use_errno=True)
        if os.geteuid() != 0 or libc.unshare(CLONE_NEWNS) != 0:
            raise unittest.SkipTest("only root can mount a disk")
        cls.disk = cls.home.folder("disk")
        for command in (["mount", "--make-rprivate", "/"],
                        ["mount", "-t", "tmpfs", "-o", "size=200k", "none", str(cls.disk)]):
            if subprocess.run(command, check=False, timeout=peers.TIMEOUT).returncode != 0:
                raise unittest.SkipTest("no disk can be mounted")

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["umount", str(cls.disk)], check=True, timeout=peers.TIMEOUT)
        super().tearDownClass()

    def tearDown(self):
        for path in self.disk.iterdir():
            path.unlink()

    def get_on_disk(self, option, name):
        with self.start(peers.Gtlsserver) as server:
            done = self.get(option, self.disk / name, f"{server.url}/5m")
        self.assert_failed(done, str(self.disk / name), "No space left on device")
        self.assertEqual(done.stdout, self.files["5m"])
        return self.disk / name

    def test_the_capture_ends_with_a_whole_packet(self):
        capture = self.get_on_disk("--capture", "c.pcapng")
        self.assertGreater(len(peers.tshark(capture, "-Y", "quic")), 100)

    def test_the_qlog_ends_with_a_whole_record(self):
        content = self.get_on_disk("--qlog", "q.sqlog").read_bytes()
        self.assertGreater(len(content), 150_000)
        for record in content.split(b"\x1e")[1:]:
            self.assertTrue(record.endswith(b"\n"))
            json.loads(record)

    def test_the_secrets_log_has_no_room(self):
        (self.disk / "rest").write_bytes(bytes(200 * 1024))
        self.get_on_disk("--keys", "keys")


if __name__ == "__main__":
    peers.main()
