#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens serve --misbehave with quiclens get: the sentence that names what went wrong, what arrived
before, and what the plugin finds in the capture."""
import json
import re

import origin_support as support

HELLO = b"hello"

QUIC = {
    "unknown-frame": ("FRAME_ENCODING_ERROR", "unknown frame type"),
    "empty-token": ("FRAME_ENCODING_ERROR", "NEW_TOKEN with an empty token"),
    "ack-unsent": ("PROTOCOL_VIOLATION", None),
    "stream-limit": ("STREAM_LIMIT_ERROR", None),
    "stream-state": ("STREAM_STATE_ERROR", "which only receives on it"),
    "flow-control": ("FLOW_CONTROL_ERROR", None),
    "final-size": ("FINAL_SIZE_ERROR", "final size 0 from the server"),
    "cid-limit": ("CONNECTION_ID_LIMIT_ERROR", "connection IDs in use"),
    "retire-too-much": ("FRAME_ENCODING_ERROR", "Retire Prior To above its own sequence number"),
    "retire-unissued": ("PROTOCOL_VIOLATION", "retires the client's connection ID 63"),
}
"""What QUIC calls it, and what the plugin says; None: it does not look into that."""

HTTP = {
    "no-settings": ("H3_MISSING_SETTINGS", "begins with a GOAWAY frame"),
    "second-settings": ("H3_FRAME_UNEXPECTED", "a second SETTINGS"),
    "http2-setting": ("H3_SETTINGS_ERROR", "is a setting of HTTP/2"),
    "http2-frame": ("H3_FRAME_UNEXPECTED", "HTTP/2 frame"),
    "headers-on-control": ("H3_FRAME_UNEXPECTED", "on the control stream"),
    "goaway-grows": ("H3_ID_ERROR", "GOAWAY names 8"),
    "control-ends": ("H3_CLOSED_CRITICAL_STREAM", "closes its control stream"),
    "second-control": ("H3_STREAM_CREATION_ERROR", "a second control stream"),
    "bad-encoder": ("QPACK_ENCODER_STREAM_ERROR", "an instruction that cannot be read"),
    "data-first": ("H3_FRAME_UNEXPECTED", "DATA"),
    "settings-on-request": ("H3_FRAME_UNEXPECTED", "on a request stream"),
    "unasked-push": ("H3_FRAME_UNEXPECTED", "the client allowed none"),
    "bad-qpack": ("QPACK_DECOMPRESSION_FAILED", "a field section of the response"),
    "no-status": ("H3_MESSAGE_ERROR", ":status is missing"),
    "uppercase-field": ("H3_MESSAGE_ERROR", 'the field name "X-A" is not allowed'),
    "too-much-content": ("H3_MESSAGE_ERROR", "content-length of the response is 3"),
    "cut-off-frame": ("H3_FRAME_ERROR", "ends within a frame"),
    "empty-response": ("H3_FRAME_UNEXPECTED", "ends without a header section"),
}

TRANSFER = {
    "too-little-content": ("ended the response after 5 of 100 bytes",
                           "content-length of the response is 100"),
    "reset-content": ("the server reset the stream: H3_INTERNAL_ERROR", "resets the response"),
    "endless-headers": ("a header section of the response is larger than 256 KB",
                        "a HEADERS frame of 1073741823 bytes"),
}

HANDSHAKE = {
    "no-alpn": ("it chose no ALPN (RFC 9001, 8.1)", None),
    "wrong-alpn": ("the TLS handshake with", None),
}

SILENCE = {"silence": ("--max-time is over", None)}

ARRIVED = {"too-little-content": HELLO, "reset-content": HELLO, "cut-off-frame": HELLO}
"""Of the response, ahead of what is wrong."""


class Faults(support.Case):
    def broken(self, kind, *options):
        """The sentence of a client."""
        capture = self.home.path / f"{kind}.pcapng"
        with support.Server(self.home, "-s", "--misbehave", kind, "--capture", capture) as server:
            failed = server.get(*options, "/data.json")
        said = failed.stderr.decode(errors="replace")
        self.assertEqual(failed.returncode, 1, said)
        self.assertEqual(len(said.splitlines()), 1, said)
        self.assertTrue(said.startswith("quiclens get: "), said)
        self.assertEqual(failed.stdout, ARRIVED.get(kind, b""), kind)
        return said, capture

    def check(self, faults, *words, options=()):
        for kind, (name, finding) in faults.items():
            with self.subTest(kind):
                said, capture = self.broken(kind, *options)
                for word in (name, *words):
                    self.assertIn(word, said)
                if finding is not None and self.options.plugin:
                    found = json.dumps(support.report(self.home, capture), ensure_ascii=False)
                    self.assertIn(finding, found.replace('\\"', '"'))

    def test_of_quic(self):
        self.check(QUIC, "broke the rules of QUIC", "--capture FILE")

    def test_of_http3(self):
        self.check(HTTP, "broke the rules of HTTP/3", "--capture FILE")

    def test_of_a_response(self):
        self.check(TRANSFER, "/data.json: ")

    def test_of_the_handshake(self):
        self.check(HANDSHAKE)

    def test_silence(self):
        self.check(SILENCE, options=("--max-time", "1"))

    def test_all_kinds_are_tried_here(self):
        refused = self.home.run("serve", "--misbehave", "list")
        self.assertEqual(refused.returncode, 2)
        named = re.search(rb"expected: (.*); quiclens", refused.stderr)[1].decode().split(", ")
        self.assertEqual(set(named), {*QUIC, *HTTP, *TRANSFER, *HANDSHAKE, *SILENCE})

    def test_the_server_lives_on(self):
        with support.Server(self.home, "-s", "--misbehave", "data-first") as server:
            for _ in range(3):
                self.assertEqual(server.get("/").returncode, 1)


if __name__ == "__main__":
    support.main()
