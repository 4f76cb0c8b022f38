# SPDX-License-Identifier: GPL-2.0-or-later
"""A server of WebSockets over HTTP/3 (RFC 9220), on aioquic. Each message comes back in two fragments
with a ping between them; "bye" is answered by a close of its own, /refused by 403. Prints what it
heard. HTTP Datagrams (RFC 9297) come back as they came.

usage: aioquic_websocket.py PORT CERTIFICATE KEY
"""
import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated


def frame(first, content):
    size = len(content)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big") \
        if size < 65536 else b"\x7f" + size.to_bytes(8, "big")
    return bytes([first]) + length + content


class Server(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = None
        self.heard = {}
        self.message = {}

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic, enable_webtransport=True)
        for each in self.http.handle_event(event) if self.http else ():
            if isinstance(each, HeadersReceived):
                self.begin(each.stream_id, dict(each.headers))
            elif isinstance(each, DatagramReceived):
                self.http.send_datagram(each.stream_id, each.data)
            elif isinstance(each, DataReceived) and each.stream_id in self.heard:
                self.heard[each.stream_id] += each.data
                self.take_frames(each.stream_id)
        self.transmit()

    def begin(self, stream, headers):
        print("asked", headers[b":method"].decode(), headers.get(b":protocol", b"").decode(),
              headers.get(b"sec-websocket-version", b"").decode(), flush=True)
        if headers[b":path"] == b"/refused":
            self.http.send_headers(stream, [(b":status", b"403")], True)
            return
        self.http.send_headers(stream, [(b":status", b"200")])
        self.heard[stream], self.message[stream] = b"", b""

    def take_frames(self, stream):
        while len(data := self.heard[stream]) >= 2:
            size, start = data[1] & 0x7f, 2
            if size >= 126:
                start += 2 if size == 126 else 8
                size = int.from_bytes(data[2:start], "big")
            if len(data) < start + 4 + size:
                return
            mask = data[start:start + 4] * (size // 4 + 1)
            content = (int.from_bytes(data[start + 4:start + 4 + size], "big") ^
                       int.from_bytes(mask[:size], "big")).to_bytes(size, "big")
            self.heard[stream] = data[start + 4 + size:]
            self.take(stream, data[0], content)

    def take(self, stream, first, content):
        opcode = first & 0x0f
        if opcode == 8:
            print("close", content.hex(), flush=True)
            if self.heard.get(stream) is not None:
                self.http.send_data(stream, frame(0x88, content), True)
        elif opcode == 10:
            print("pong", content.decode(), flush=True)
        else:
            self.message[stream] += content
            if first & 0x80:
                whole, self.message[stream] = self.message[stream], b""
                print("message", len(whole), flush=True)
                self.answer(stream, whole)

    def answer(self, stream, whole):
        if whole == b"bye":
            self.http.send_data(stream, frame(0x88, b"\x03\xf3"), True)
            del self.heard[stream]
            return
        half = len(whole) // 2
        self.http.send_data(stream, frame(0x01, whole[:half]) + frame(0x89, b"there?") +
                            frame(0x80, whole[half:]), False)


async def main(port, certificate, key):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=False,
                                      max_datagram_frame_size=65536)
    configuration.load_cert_chain(certificate, key)
    await serve("127.0.0.1", port, configuration=configuration, create_protocol=Server)
    print("ready", flush=True)
    await asyncio.Future()


asyncio.run(main(int(sys.argv[1]), *sys.argv[2:]))
