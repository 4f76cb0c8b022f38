#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens serve with clients that few machines have: QUICLENS_CURL_H3 names a curl with HTTP/3,
QUICLENS_AIOQUIC_PYTHON a Python with aioquic; both may be commands of several words."""
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys

import origin_support as support
import peers
import serve_lab
from serve_pages import PATTERN

PATTERN_PERIOD = bytes((i * 7 + i // 256) & 0xFF for i in range(65536))


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


    def lab(self, server, how, *paths):
        """What aioquic_lab.py says of each connection, where all content came whole."""
        reports = [json.loads(line)
                   for line in self.run_script("aioquic_lab.py", server.port, how, *paths)]
        for answer in (answer for report in reports for answer in report["answers"]):
            if (size := re.search(r"/bytes/(\d+)M", answer["path"])) is not None:
                content = (PATTERN_PERIOD * (int(size[1]) * 16))[:int(size[1]) * 1000000]
                self.assertEqual((answer["sections"], answer["content"], answer["sha256"]),
                                 (["200"], len(content), hashlib.sha256(content).hexdigest()))
        return reports

    def seen(self, server, display_filter):
        return self.wire(f"udp.port == {server.port} && {display_filter}", "frame.number") != []

    def test_versions_ids_and_keys_change(self):
        for options, how, sign in (
                (("--quic-version", "v2"), "v2", "quic.version == 0x6b3343cf"),
                (("--retire-after", "100k"), "once", "quic.rci.sequence"),
                (("--key-update-after", "100k"), "once", "quic.key_phase == 1"),
                (("--zero-length-cid",), "once", "quic.scil == 0"),
                (("--cid-length", "20"), "once", "quic.scil == 20"),
                (("--preferred-address", "127.0.0.2:0"), "once",
                 "tls.quic.parameter.preferred_address.ipv4address"),
                (("--no-pmtud", "--max-udp-payload", "1300", "--initial-packet-number", "9999"),
                 "once", "quic.packet_number == 9999")):
            with self.subTest(options):
                with self.serve(*options, folder=False) as server:
                    self.lab(server, how, "/bytes/1M")
                self.assertTrue(self.seen(server, sign))

    def test_a_token_and_a_ticket_are_good_for_the_next_connection(self):
        for option, accepted in (("--retry", True), ("--reject-early-data", False)):
            with self.subTest(option), self.serve(option, folder=False) as server:
                first, second = self.lab(server, "again", "/status/200")
                self.assertEqual((first["resumed"], second["resumed"]), (False, True))
                self.assertEqual(second["early"], accepted)
                self.assertEqual(second["answers"][0]["sections"], ["200"])
        retries = self.wire("quic.long.packet_type == 3", "frame.number")
        self.assertLessEqual(len(retries), 1)

    def test_small_windows_goaway_and_resets_are_understood(self):
        with self.serve("--max-data", "3000", "--max-stream-data", "1000", "--window", "3000",
                        folder=False) as server:
            (report,) = self.lab(server, "upload", "/echo")
            self.assertEqual(report["answers"][0]["sections"], ["200"])
        self.assertTrue(self.seen(server, "quic.md.maximum_data > 190000"))
        with self.serve("--goaway-after", "2", folder=False) as server:
            (report,) = self.lab(server, "once", "/status/200", "/status/201", "/status/202")
        answers = report["answers"]
        self.assertEqual([answer["sections"] for answer in answers], [["200"], ["201"], []])
        self.assertIn(answers[2]["reset"], (0x10B, None))  # rejected, if it was heard in time
        with self.serve(folder=False) as server:
            (report,) = self.lab(server, "once", "/reset/5000/bytes/50k", "/trailers/bytes/10",
                                 "/slow/20k/bytes/5k")
        self.assertEqual([(answer["sections"], answer["content"], answer["reset"])
                          for answer in report["answers"]],
                         [(["200"], 5000, 0x102), (["200", "trailers"], 10, None),
                          (["200"], 5000, None)])


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

    def test_an_upload_through_small_windows_arrives(self):
        with self.serve("--max-data", "3000", "--max-stream-data", "1000", "--retire-after", "50k",
                        folder=False) as server:
            self.assertIn(b'"size": 100000', self.ask(server, "/echo", "-d", "u" * 100000))

    def test_early_data_is_accepted_or_sent_again(self):
        """The ticket stays in the program: another local address makes it connect anew."""
        common = ("-sk", "--http3-only", "--tls-earlydata", "-o", "/dev/null", "-w",
                  "%{http_code} %{num_connects} %{size_download} %{tls_earlydata}\\n")
        for options, accepted in (((), True), (("--reject-early-data",), False)):
            with self.subTest(options), self.serve(*options, folder=False) as server:
                url = f"https://127.0.0.1:{server.port}"
                done = subprocess.run([*self.curl.split(), *common, f"{url}/delay/200ms/status/200",
                                       "--next", *common, "--interface", "127.0.0.1",
                                       f"{url}/bytes/10k"], check=True, stdout=subprocess.PIPE,
                                      timeout=support.TIMEOUT)
                first, second = done.stdout.decode().splitlines()
                self.assertEqual((first.split()[0], first.split()[3]), ("200", "0"))
                self.assertEqual(second.split()[:3], ["200", "1", "10000"])
                self.assertGreater(int(second.split()[3]), 0)
                self.assertNotEqual(self.wire("quic.long.packet_type == 1", "frame.number"), [])
                told = dict(self.wire("tls.handshake.type == 8", "udp.dstport",
                                      "tls.handshake.extension.type"))
                self.assertEqual(["42" in types.split(",") for types in told.values()],
                                 [False, accepted], "early_data (RFC 8446, 4.2.10)")

    def test_a_reset_is_noticed(self):
        with self.serve(folder=False) as server, self.assertRaises(
                subprocess.CalledProcessError) as failed:
            self.ask(server, "/bytes/50k/reset/5000")
        self.assertEqual(failed.exception.returncode, 18)  # a partial file
        self.assertTrue(failed.exception.stdout.endswith(PATTERN[:5000]))


if __name__ == "__main__":
    peers.main()
