#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens demo, and the commands that ask tshark, on what the demo leaves behind."""
import os
import pathlib
import re
import shutil
import stat
import subprocess
import time

import origin_support as support

CAPTURE, KEYS = "quiclens-demo.pcapng", "quiclens-demo.keys"


def processes_in(folder):
    """Those whose current folder it is."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.readlink(entry / "cwd") == str(folder):
                found.append(entry.name)
        except OSError:
            pass
    return found


class Demo(support.Case):
    def test_an_empty_folder(self):
        folder = self.home.folder("empty")
        result = self.home.run("demo", cwd=folder)
        self.assert_done(result)
        self.assertEqual(result.stderr, b"")
        self.assertEqual({p.name for p in folder.iterdir()}, {CAPTURE, KEYS})
        for name in (CAPTURE, KEYS):
            self.assertEqual(stat.S_IMODE((folder / name).stat().st_mode), 0o600)
        text = result.stdout.decode()
        for part in ("the client moved from 127.0.0.1:", "6 requests on 1 connection",
                     "The story in short", "The handshake begins: ", "The server answers, ", "The path is validated",
                     "The connection moves to a new path",
                     "The client closes the connection: H3_NO_ERROR",
                     "The plugin saw exactly what the client did.", f"wireshark {CAPTURE}"):
            self.assertIn(part, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertNotIn("\033", text)
        self.assertEqual(processes_in(folder), [])

    def test_it_takes_less_than_three_seconds(self):
        if self.options.preload:
            self.skipTest("sanitizers are slow")
        folder = self.home.folder("timed")
        best = min(self.time_of_a_run(folder) for _ in range(3))  # other programs may be busy
        self.assertLess(best, 3)

    def time_of_a_run(self, folder):
        began = time.monotonic()
        self.assert_done(self.home.run("demo", cwd=folder))
        return time.monotonic() - began

    def test_it_writes_over_its_own_files(self):
        folder = self.home.folder("twice")
        self.assert_done(self.home.run("demo", cwd=folder))
        first = (folder / CAPTURE).read_bytes()
        self.assert_done(self.home.run("demo", cwd=folder))
        self.assertNotEqual((folder / CAPTURE).read_bytes(), first)
        lines = (folder / KEYS).read_text().splitlines()
        self.assertEqual(lines[0], "# quiclens demo")
        self.assertEqual(len({line.split()[1] for line in lines[1:]}), 1)

    def test_it_does_not_write_over_other_files(self):
        for name in (CAPTURE, KEYS):
            folder = self.home.folder(f"foreign-{name}")
            for content in (b"mine", b""):
                (folder / name).write_bytes(content)
                result = self.home.run("demo", cwd=folder)
                self.assertEqual(result.returncode, 1)
                self.assertIn(name.encode(), result.stderr)
                self.assertEqual((folder / name).read_bytes(), content)
                self.assertEqual([p.name for p in folder.iterdir()], [name])

    def test_a_capture_of_somebody_else_is_left_alone(self):
        folder = self.home.folder("other-capture")
        with support.Server(self.home) as server:
            self.assert_done(server.get("--capture", folder / CAPTURE, "/data.json"))
        before = (folder / CAPTURE).read_bytes()
        self.assertEqual(self.home.run("demo", cwd=folder).returncode, 1)
        self.assertEqual((folder / CAPTURE).read_bytes(), before)

    def test_without_tshark(self):
        folder = self.home.folder("no-tshark")
        result = self.home.run("demo", cwd=folder, environment={"PATH": str(folder)})
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"quiclens demo: tshark is not installed", result.stderr)
        self.assertTrue((folder / CAPTURE).exists())

    def test_without_the_plugin(self):
        folder = self.home.folder("no-plugin")
        nothing = self.home.folder("no-plugins")
        result = self.home.run("demo", cwd=folder,
                               environment={"WIRESHARK_PLUGIN_DIR": str(nothing)})
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"does not have the quiclens plugin", result.stderr)
        self.assertIn(b"./quickstart install", result.stderr)

    def test_a_folder_that_cannot_be_written(self):
        if os.geteuid() == 0 and not self.home.identity:
            self.skipTest("root may write everywhere")
        folder = self.home.folder("read-only")
        folder.chmod(0o555)
        result = self.home.run("demo", cwd=folder)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)

    def test_bad_usage(self):
        self.assertEqual(self.home.run("demo", "x").returncode, 2)
        self.assertEqual(self.home.run("demo", "--x").returncode, 2)

    def test_many_runs_see_the_same(self):
        folder = self.home.folder("many")
        for _ in range(10):
            self.assert_done(self.home.run("demo", cwd=folder))


class Capture(support.Case):
    """What others see in the capture that the client takes of itself."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.home.folder("capture")
        result = cls.home.run("demo", cwd=cls.folder)
        assert result.returncode == 0, result.stderr

    def tshark(self, *arguments):
        return subprocess.run(["tshark", "-n", "-r", CAPTURE, *arguments], cwd=self.folder,
                              env=self.home.environment, check=True, timeout=support.TIMEOUT,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              **self.home.identity).stdout.decode()

    def test_checksums_are_right(self):
        bad = self.tshark("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE", "-Y",
                          "ip.checksum.status != 1 || udp.checksum.status != 1")
        self.assertEqual(bad, "")

    def test_headers_are_those_of_the_wire(self):
        rows = self.tshark("-T", "fields", "-e", "ip.ttl", "-e", "ip.dsfield.ecn", "-e",
                           "ip.flags.df", "-e", "udp.length").split("\n")[:-1]
        ttl, ecn, fragment, length = zip(*(row.split("\t") for row in rows))
        self.assertEqual(set(ttl), {"64"})
        self.assertIn("2", set(ecn))  # ECT(0)
        self.assertLessEqual(set(fragment), {"1", "True"})  # as 4.0 writes it, and 4.4
        self.assertLess(max(map(int, length)), 1500)  # never a datagram of a GSO batch

    def test_capinfos_knows_the_file(self):
        said = subprocess.run(["capinfos", "-M", CAPTURE], cwd=self.folder, check=True,
                              stdout=subprocess.PIPE, timeout=support.TIMEOUT).stdout.decode()
        self.assertIn("Raw IP", said)
        self.assertIn("nanoseconds", said)
        self.assertRegex(said, r"Capture comment: +quiclens demo")
        self.assertRegex(said, r"Number of decryption secrets in file: +[1-9]")

    def test_the_secrets_inside_are_enough(self):
        alone = self.home.folder("alone")
        shutil.copy(self.folder / CAPTURE, alone / "x.pcapng")
        (alone / "x.pcapng").chmod(0o644)
        result = self.home.run("requests", "x.pcapng", cwd=alone)
        self.assert_done(result)
        self.assertIn("6 requests on 1 connection", result.stdout.decode())

    def test_the_tables(self):
        requests = self.home.run("requests", CAPTURE, cwd=self.folder)
        self.assert_done(requests)
        self.assertEqual(requests.stderr, b"")
        for word in ("POST", "404", "1,048,576", "1m.bin"):
            self.assertIn(word, requests.stdout.decode())
        cids = self.home.run("cids", CAPTURE, cwd=self.folder)
        self.assert_done(cids)
        self.assertIn("NEW_CONNECTION_ID", cids.stdout.decode())
        paths = self.home.run("paths", CAPTURE, cwd=self.folder)
        self.assert_done(paths)
        self.assertIn("migration", paths.stdout.decode())
        connections = self.home.run("connections", CAPTURE, cwd=self.folder)
        self.assert_done(connections)
        self.assertIn("H3_NO_ERROR", connections.stdout.decode())
        for text in (requests, cids, paths, connections):
            self.assertLessEqual(max(map(len, text.stdout.decode().splitlines())), 100)
            self.assertNotIn(b"\033", text.stdout)

    def test_explain_tells_frames_in_order(self):
        result = self.home.run("explain", CAPTURE, cwd=self.folder)
        self.assert_done(result)
        text = result.stdout.decode()
        frames = [int(n) for n in re.findall(r"^ *(\d+)  ", text, re.M)]
        self.assertGreater(len(frames), 10)
        self.assertEqual(frames, sorted(frames))
        self.assertLessEqual(max(map(len, text.splitlines())), 100)
        self.assertIn("The client asks: POST /echo", " ".join(text.split()))
        self.assertRegex(text, r"the client sends to [0-9a-f]+ in 1-?\d*, number 0 in \d+")

    def test_doctor_says_what_does_not_open(self):
        healthy = self.home.run("doctor", CAPTURE, cwd=self.folder)
        self.assert_done(healthy)
        self.assertIn(b"All packets opened", healthy.stdout)
        bare = self.home.folder("ill")
        self.strip_secrets(bare / "x.pcapng")
        ill = self.home.run("doctor", "x.pcapng", cwd=bare)
        self.assert_done(ill)
        self.assertIn(b"no secrets", ill.stdout)
        self.assertEqual(ill.stderr, b"")

    def test_keys_may_be_beside_or_named(self):
        bare = self.home.folder("bare")
        self.strip_secrets(bare / "y.pcapng")
        closed = self.home.run("requests", "y.pcapng", cwd=bare)
        self.assert_done(closed)
        self.assertIn(b"no secrets", closed.stderr)
        self.assertNotIn(b"GET", closed.stdout)
        shutil.copy(self.folder / KEYS, bare / "other.log")
        (bare / "other.log").chmod(0o644)
        named = self.home.run("requests", "--keys", "other.log", "y.pcapng", cwd=bare)
        self.assertIn(b"6 requests", named.stdout)
        (bare / "other.log").rename(bare / "y.keys")
        beside = self.home.run("requests", "y.pcapng", cwd=bare)
        self.assertIn(b"6 requests", beside.stdout)

    def strip_secrets(self, path):
        """The capture without its Decryption Secrets Blocks."""
        data, kept, at = (self.folder / CAPTURE).read_bytes(), [], 0
        while at < len(data):
            kind = int.from_bytes(data[at:at + 4], "little")
            length = int.from_bytes(data[at + 4:at + 8], "little")
            if kind != 10:
                kept.append(data[at:at + length])
            at += length
        path.write_bytes(b"".join(kept))

    def test_a_capture_that_was_cut_off_is_still_told(self):
        cut = self.home.folder("cut")
        data = (self.folder / CAPTURE).read_bytes()
        (cut / "z.pcapng").write_bytes(data[:len(data) // 2 + 1])
        result = self.home.run("requests", "z.pcapng", cwd=cut)
        self.assert_done(result)
        self.assertIn(b"6 requests", result.stdout)
        self.assertIn(b"cut short", result.stderr)

    def test_what_is_no_capture_is_status_1(self):
        for arguments, status in ((["missing.pcapng"], 1), ([KEYS], 1), ([], 2),
                                  ([CAPTURE, CAPTURE], 2), (["--nonsense", CAPTURE], 2)):
            result = self.home.run("explain", *arguments, cwd=self.folder)
            self.assertEqual(result.returncode, status, arguments)
            self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
            self.assertEqual(result.stdout, b"")


if __name__ == "__main__":
    support.main()
