#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get --capture -: a reader at the other end of the pipe sees, opened, what has happened
while the session goes on. The server's answer waits until the reader has shown the request."""
import http.server
import os
import select
import subprocess
import threading
import time

import peers


HEADERS = 1  # RFC 9114, 7.2.2

FIRST, AFTER = b"first" * 40_000, b"after"
"""The parts of the answer. What is little, the proxy would keep back."""


class WaitingBackend:
    """An HTTP/1.1 server that gives its answer in two parts, each when it is told to."""

    def __init__(self):
        backend = self
        self.events = [threading.Event(), threading.Event()]

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                backend.events[0].wait(peers.TIMEOUT)
                self.send_response(200)
                self.send_header("Content-Length", str(len(FIRST + AFTER)))
                self.end_headers()
                self.wfile.write(FIRST)
                self.wfile.flush()
                backend.events[1].wait(peers.TIMEOUT)
                self.wfile.write(AFTER)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for event in self.events:
            event.set()
        self.server.shutdown()
        self.server.server_close()


class Reader:
    """tshark on a pipe, line by line."""

    def __init__(self, stdin, *arguments):
        self.process = subprocess.Popen(
            ["tshark", "-l", *arguments, "-Y", "http3", "-T", "fields", "-e", "udp.dstport", "-e",
             "http3.frame_type"], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8", "WIRESHARK_PLUGIN_DIR": "/nonexistent"})
        self.rest = b""

    def wait_for(self, port, kind):
        """Until it shows a frame of that type on its way to that port, or, if it begins with "!",
        from there. False if it does not."""
        end = time.monotonic() + peers.TIMEOUT
        while (left := end - time.monotonic()) > 0:
            line, mark, rest = self.rest.partition(b"\n")
            if mark:
                self.rest = rest
                to, kinds = line.decode().split("\t")
                # Newer Wiresharks give the type in hexadecimal.
                kinds = [int(number, 0) for number in kinds.split(",") if number]
                if (to == port.lstrip("!")) != port.startswith("!") and kind in kinds:
                    return True
            elif not select.select([self.process.stdout], [], [], left)[0]:
                return False
            else:
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    return False
                self.rest += piece
        return False

    def close(self):
        self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(peers.TIMEOUT)


class Live(peers.Case):
    def watch(self, *arguments):
        if peers.Caddy.program() is None:
            self.skipTest("caddy is not installed")
        with WaitingBackend() as backend, self.start(peers.Caddy, backend=backend.port) as server:
            port = str(server.port)
            client = self.home.start("get", "--cacert", self.certificates.ca, "--capture", "-",
                                     "-o", "answer", f"{server.url}/backend/x",
                                     stdout=subprocess.PIPE)
            reader = Reader(client.stdout, *arguments)
            client.stdout.close()
            try:
                self.assertTrue(reader.wait_for(port, HEADERS), "the request is not shown")
                self.assertIsNone(client.poll())
                backend.events[0].set()
                self.assertTrue(reader.wait_for("!" + port, HEADERS), "the answer is not shown")
                self.assertIsNone(client.poll())
                backend.events[1].set()
                self.assertEqual(client.wait(peers.TIMEOUT), 0)
                self.assertEqual(reader.close(), 0)
            finally:
                client.kill()
                reader.process.kill()
            self.assertEqual((self.home.path / "answer").read_bytes(), FIRST + AFTER)

    def test_tshark_reads_a_file_from_the_pipe(self):
        self.watch("-r", "-")

    def test_tshark_captures_from_the_pipe(self):
        self.watch("-i", "-")


if __name__ == "__main__":
    peers.main()
