#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens serve with clients that few machines have: QUICLENS_CURL_H3 names a curl with HTTP/3,
QUICLENS_AIOQUIC_PYTHON a Python with aioquic; both may be commands of several words."""
import hashlib
import os
import pathlib
import subprocess
import sys

import origin_support as support
import peers
import serve_lab
from serve_pages import PATTERN


def aioquic_python():
    """What runs a Python that has aioquic: QUICLENS_AIOQUIC_PYTHON, else this one, else None."""
    command = os.environ.get("QUICLENS_AIOQUIC_PYTHON", sys.executable).split()
    tried = subprocess.run([*command, "-c", "import aioquic"], stdin=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL, timeout=support.TIMEOUT, check=False)
    return command if tried.returncode == 0 else None


class Aioquic(serve_lab.Case):
    def setUp(self):
        self.python = aioquic_python()
        if self.python is None:
            self.skipTest("aioquic is not installed")

    def run_script(self, name, *arguments):
        """What a script beside this one prints. It comes by standard input, so that the Python may
        live elsewhere."""
        script = (pathlib.Path(__file__).parent / name).read_bytes()
        done = subprocess.run([*self.python, "-", *map(str, arguments)], input=script, check=True,
                              stdout=subprocess.PIPE, timeout=support.TIMEOUT)
        return done.stdout.decode().splitlines()

    def test_http_0_9_gives_the_bytes_of_files(self):
        names = ["1m", "5m", "file-9"]
        with self.serve("--alpn", "h3,hq-interop") as server:
            said = self.run_script("aioquic_hq.py", server.port, *(f"/{n}" for n in names))
        self.assertEqual(sorted(said), sorted(
            f"/{n} {len(self.files[n])} {hashlib.sha256(self.files[n]).hexdigest()}"
            for n in names))

    def test_websockets_and_datagrams_come_back(self):
        with self.serve(folder=False) as server:
            said = self.run_script("aioquic_echo.py", server.port)
        self.assertEqual(said, [
            "status 200", "messages True",
            f"datagrams {[(True, f'datagram {n}') for n in range(3)]}", "closed"])


class Curl(serve_lab.Case):
    def setUp(self):
        self.curl = os.environ.get("QUICLENS_CURL_H3")
        if self.curl is None:
            self.skipTest("QUICLENS_CURL_H3 is not set")

    def ask(self, server, path, *options):
        done = subprocess.run([*self.curl.split(), "-sk", "--http3-only", "-D", "-", *options,
                               f"https://127.0.0.1:{server.port}{path}"], check=True,
                              stdout=subprocess.PIPE, timeout=support.TIMEOUT)
        return done.stdout

    def test_codings_are_undone(self):
        with self.serve(folder=False) as server:
            for coding in ("gzip", "br", "zstd"):
                answer = self.ask(server, f"/bytes/200k/{coding}", "--compressed")
                self.assertIn(f"content-encoding: {coding}".encode(), answer)
                self.assertTrue(answer.endswith(PATTERN))

    def test_early_hints_redirects_and_trailers(self):
        with self.serve("--retry", folder=False) as server:
            hints = self.ask(server, "/early-hints/headers/delay/50ms")
            self.assertTrue(hints.startswith(b"HTTP/3 103"), hints)
            self.assertIn(b"user-agent: curl", hints)
            self.assertEqual(self.ask(server, "/redirect/3", "-L").count(b"HTTP/3 302"), 3)
            self.assertTrue(self.ask(server, "/mirror", "-d", "hello").endswith(b"hello"))
            self.assertIn(b"x-content-size: 5", self.ask(server, "/bytes/5/trailers"))

    def test_a_reset_is_noticed(self):
        with self.serve(folder=False) as server, self.assertRaises(
                subprocess.CalledProcessError) as failed:
            self.ask(server, "/bytes/50k/reset/5000")
        self.assertEqual(failed.exception.returncode, 18)  # a partial file
        self.assertTrue(failed.exception.stdout.endswith(PATTERN[:5000]))


if __name__ == "__main__":
    peers.main()
