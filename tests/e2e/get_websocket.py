#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""WebSockets over HTTP/3 (RFC 9220) and HTTP Datagrams (RFC 9297) with quiclens get: lines go out, lines
come back, and the capture shows how."""
import pathlib
import subprocess

import origin_support as support
import peers
import serve_others


class AioquicServer:
    """aioquic_websocket.py in a process, as a context."""

    def __init__(self, python, certificate):
        self.port = peers.free_port()
        script = (pathlib.Path(__file__).parent / "aioquic_websocket.py").read_text()
        # A Python in a root of its own sees nothing of ours: all comes by standard input.
        loader = (f"import sys,tempfile\ncertificate, key = tempfile.mkstemp()[1], "
                  f"tempfile.mkstemp()[1]\nopen(certificate, 'w').write({certificate[0].read_text()!r})\n"
                  f"open(key, 'w').write({certificate[1].read_text()!r})\n"
                  f"sys.argv = ['', '{self.port}', certificate, key]\n")
        self.process = subprocess.Popen([*python, "-u", "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.process.stdin.write((loader + script).encode())
        self.process.stdin.close()

    def __enter__(self):
        line = self.process.stdout.readline()
        if line != b"ready\n":
            self.process.kill()
            raise AssertionError(self.process.stderr.read().decode())
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.said = self.process.stdout.read().decode().splitlines()
        self.process.wait(peers.TIMEOUT)
        self.process.stdout.close()
        self.process.stderr.close()


class WithServe(support.Case):
    def test_lines_come_back(self):
        with support.Server(self.home) as server:
            url = server.url.replace("https://", "wss://") + "/echo"
            capture = self.home.path / "serve.pcapng"
            done = subprocess.run([self.home.quiclens, "get", "--cacert", server.certificate,
                                   "--capture", capture, url], input="one\ntwö\n\nlast".encode(),
                                  env=self.home.environment, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, timeout=peers.TIMEOUT, check=False,
                                  **self.home.identity)
            self.assert_done(done)
            self.assertEqual(done.stdout.decode(), "one\ntwö\n\nlast\n")
            asked = peers.wire(self.home, capture, "quiclens.request.method == \"CONNECT\"",
                               "quiclens.request.method", "quiclens.request.header")
            self.assertEqual(len(asked), 1)
            self.assertIn("sec-websocket-version: 13", asked[0][1])

    def test_datagrams_come_back(self):
        with support.Server(self.home) as server:
            done = server.get("--connect-protocol", "websocket", "--datagram", "ä", "/echo")
            self.assert_done(done)
            self.assertEqual(done.stdout.decode(), "ä\n")

    def test_a_server_that_chose_http_0_9_is_told(self):
        with support.Server(self.home, "--alpn", "hq-interop") as server:
            refused = server.get("--alpn", "h3,hq-interop", "-d", "x",
                                 server.url.replace("https://", "wss://") + "/echo")
            self.assertEqual(refused.returncode, 1)
            self.assertIn("the server chose HTTP/0.9 (hq-interop), which has neither WebSockets",
                          refused.stderr.decode())

    def test_a_conversation_goes_to_and_fro(self):
        with support.Server(self.home) as server:
            url = server.url.replace("https://", "wss://") + "/echo"
            process = subprocess.Popen([self.home.quiclens, "get", "--cacert", server.certificate,
                                        url], env=self.home.environment, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, **self.home.identity)
            for i in range(5):
                process.stdin.write(b"line %d\n" % i)
                process.stdin.flush()
                self.assertEqual(process.stdout.readline(), b"line %d\n" % i)
            out, _ = process.communicate(timeout=peers.TIMEOUT)
            self.assertEqual((process.returncode, out), (0, b""))


class WithAioquic(peers.Case):
    def setUp(self):
        self.python = serve_others.aioquic_python()
        if self.python is None:
            self.skipTest("aioquic is not installed")

    def talk(self, *arguments, scheme="wss", path="/"):
        with AioquicServer(self.python, self.certificate) as server:
            result = self.get(*arguments, f"{scheme}://localhost:{server.port}{path}")
        return result, server.said

    def test_fragments_and_pings(self):
        long_line = "x" * 200_000
        (self.home.path / "lines").write_text(f"hello\n{long_line}\n", encoding="ascii")
        result, said = self.talk("-4", "--data-binary", f"@{self.home.path}/lines")
        self.assert_done(result)
        self.assertEqual(result.stdout.decode(), f"hello\n{long_line}\n")
        self.assertEqual(said[:2], ["asked CONNECT websocket 13", "message 5"])
        self.assertIn("message 200000", said)
        self.assertIn("close 03e8", said)

    def test_datagrams_come_back(self):
        capture = self.home.path / "datagrams.pcapng"
        result, said = self.talk("-4", "--capture", capture, "--datagram", "one", "--datagram",
                                 "two", scheme="https")
        self.assert_done(result)
        self.assertEqual(sorted(result.stdout.decode().splitlines()), ["one", "two"])
        self.assertEqual(said[0], "asked CONNECT webtransport ")
        frames = [value for (values,) in peers.wire(self.home, capture, "quic.frame_type",
                                                    "quic.frame_type") for value in values]
        self.assertEqual(sum(value in ("48", "49") for value in frames), 4, "RFC 9221, 4")

    def test_a_close_of_the_server_s_is_told(self):
        result, said = self.talk("-4", "-d", "hello", "-d", "bye", "-d", "never heard")
        self.assert_failed(result, "code 1011")
        self.assertEqual(result.stdout, b"hello\n")

    def test_a_refusal_is_told(self):
        result, _ = self.talk("-4", "-d", "x", path="/refused")
        self.assert_failed(result, "refused the websocket with status 403")


class WithOthers(peers.Case):
    def test_a_server_without_websockets_is_named(self):
        with self.start(peers.Gtlsserver) as server:
            url = server.url.replace("https://", "wss://")
            self.assert_failed(self.get("-d", "x", f"{url}/"), "extended CONNECT")
            self.assert_failed(self.get("--datagram", "x", f"{server.url}/"), "extended CONNECT")


if __name__ == "__main__":
    peers.main()
