#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What quiclens get does when something around it fails: a sentence, a status, and nothing lost of what
came."""
import os
import subprocess

import origin_support as support
import peers


class Faults(peers.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for i in range(1000):
            (cls.home.path / "www" / f"n{i}").write_bytes(b"%d" % i * 50)

    def setUp(self):
        self.server = self.start(peers.Caddy)
        self.addCleanup(self.server.__exit__)
        self.folder = self.home.folder(f"faults-{self.id()}")

    def sh(self, line, **more):
        """A line of the shell, in which $GET is quiclens get."""
        return subprocess.run(["sh", "-c", line], cwd=self.folder, stdin=subprocess.DEVNULL,
                              env={**self.home.environment,
                                   "GET": f"{self.home.quiclens} get --cacert "
                                          f"{self.certificates.ca}", "URL": self.server.url},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                              timeout=peers.TIMEOUT, **{**self.home.identity, **more})

    def test_of_a_thousand_three_hundred_fail(self):
        lines = [f"url = {self.server.url}/{'missing' if i % 10 < 3 else 'n'}{i}\n"
                 f"output = out{i}\n" for i in range(1000)]
        (self.folder / "config").write_text("".join(lines), encoding="ascii")
        result = self.sh("$GET --fail --capture s.pcapng -K config")
        self.assertEqual(result.returncode, 1)
        said = result.stderr.decode().splitlines()
        self.assertEqual(len(said), 300, said[:3])
        self.assertEqual({line.split(": ")[1].removeprefix(f"{self.server.url}/") for line in said},
                         {f"missing{i}" for i in range(1000) if i % 10 < 3})
        self.assertTrue(all("404" in line for line in said))
        for i in range(1000):
            path = self.folder / f"out{i}"
            if i % 10 < 3:
                self.assertFalse(path.exists())
            else:
                self.assertEqual(path.read_bytes(), b"%d" % i * 50)
        statuses = [value for (values,) in peers.wire(
            self.home, self.folder / "s.pcapng", "quiclens.response.status",
            "quiclens.response.status") for value in values]
        self.assertEqual((statuses.count("200"), statuses.count("404")), (700, 300))

    def test_a_small_disk_is_full_and_others_are_not(self):
        if os.geteuid() != 0:
            self.skipTest("a file system of its own needs root")
        small = self.folder / "small"
        small.mkdir()
        ran = subprocess.run(
            ["unshare", "-m", "sh", "-c",
             f"mount -t tmpfs -o size=2m,mode=777 none {small} || exit 77\n"
             f"{self.home.quiclens} get --cacert {self.certificates.ca} -o {small}/5m -o "
             f"{self.folder}/1m --capture {self.folder}/s.pcapng {self.server.url}/5m "
             f"{self.server.url}/1m; status=$?; stat -c %s {small}/5m; cmp -n 2000000 {small}/5m "
             f"{self.home.path}/www/5m && echo same; exit $status"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=peers.TIMEOUT,
            env=self.home.environment)
        if ran.returncode == 77:
            self.skipTest(f"no file system can be mounted: {ran.stderr}")
        self.assert_failed(subprocess.CompletedProcess([], ran.returncode, b"", ran.stderr),
                           f"{small}/5m", "No space left")
        self.assertEqual(ran.stdout.decode().split(), ["2097152", "same"])
        self.assertEqual((self.folder / "1m").read_bytes(), self.files["1m"])
        (self.folder / "s.pcapng").chmod(0o644)
        self.assertGreater(len(peers.wire(self.home, self.folder / "s.pcapng", "quic",
                                          "frame.number")), 1000)

    def test_a_closed_standard_output_takes_nothing_into_other_files(self):
        result = self.sh("$GET --capture s.pcapng --keys s.keys $URL/1m >&-")
        self.assert_failed(result, "standard output", "Bad file descriptor")
        for name in ("s.pcapng", "s.keys"):
            (self.folder / name).chmod(0o644)
        self.assertGreater(len(peers.wire(self.home, self.folder / "s.pcapng", "quic",
                                          "frame.number")), 5)
        keys = (self.folder / "s.keys").read_text(encoding="ascii").splitlines()
        self.assertEqual({len(line.split()) for line in keys}, {3})
        result = self.sh("$GET -o out --capture s.pcapng $URL/1m <&- >&- 2>&-")
        self.assertEqual(result.returncode, 0)
        self.assertEqual((self.folder / "out").read_bytes(), self.files["1m"])

    def test_what_is_written_out_has_to_get_out(self):
        for line in ("$GET -o out -w x $URL/n1 >/dev/full", "$GET -o out -w x $URL/n1 >&-",
                     "$GET -o out --summary json $URL/n1 >/dev/full"):
            self.assert_failed(self.sh(line), "standard output")
        result = self.sh("$GET --help >/dev/full")
        self.assertEqual(result.returncode, 1)
        self.assertIn(b"standard output", result.stderr)

    def test_what_came_before_a_failure_is_written(self):
        """Of the response that is broken off, and behind one that has its turn first. How much of it a
        server sends on before its reset is its affair, and stands in the capture."""
        with peers.Backend() as backend, self.start(peers.Caddy, backend=backend.port) as server:
            result = self.sh("$GET --capture s.pcapng "
                             f"{server.url}/5m {server.url}/backend/break {server.url}/n7")
        self.assertEqual(result.returncode, 1)
        sent = next(line["response_body_size"]
                    for line in support.report(self.home, self.folder / "s.pcapng")
                    if line.get("path") == "/backend/break")
        self.assertGreater(sent, 0)
        self.assertEqual(result.stdout, self.files["5m"] + b"x" * sent + b"7" * 50)

    def test_a_closed_standard_input_is_told(self):
        self.assert_failed(self.sh("$GET -T - $URL/n1 <&-"), "standard input")


if __name__ == "__main__":
    peers.main()
