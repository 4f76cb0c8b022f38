# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTP/3 client, on aioquic, of a WebSocket (RFC 9220) and of datagrams (RFC 9297) that come back.
Prints a line for each.

usage: aioquic_echo.py PORT
"""
import asyncio
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DatagramReceived, DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated

MASK = b"\x11\x22\x33\x44"


def frame(opcode, content):
    """A client's frame of RFC 6455, 5.2."""
    size = len(content)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([0x80 | opcode]) + length + MASK + bytes(
        byte ^ MASK[i % 4] for i, byte in enumerate(content))


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = None
        self.received = asyncio.Queue()

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic, enable_webtransport=True)
        for each in self.http.handle_event(event) if self.http else ():
            self.received.put_nowait(each)

    async def expect(self, kind):
        while True:
            event = await asyncio.wait_for(self.received.get(), 10)
            if isinstance(event, kind):
                return event

    def open_websocket(self, port):
        stream = self._quic.get_next_available_stream_id()
        self.http.send_headers(stream, [
            (b":method", b"CONNECT"), (b":scheme", b"https"), (b":protocol", b"websocket"),
            (b":authority", f"localhost:{port}".encode()), (b":path", b"/echo"),
            (b"sec-websocket-version", b"13")])
        return stream

    def send(self, stream, data, end=False):
        self.http.send_data(stream, data, end)
        self.transmit()


async def main(port):
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, server_name="localhost",
                                      verify_mode=ssl.CERT_NONE, max_datagram_frame_size=65536)
    async with connect("127.0.0.1", port, configuration=configuration,
                       create_protocol=Client) as client:
        stream = client.open_websocket(port)
        client.send(stream, frame(1, b"hello") + frame(9, b"ping") + frame(2, b"x" * 300))
        print("status", dict((await client.expect(HeadersReceived)).headers)[b":status"].decode())
        expected = b"\x81\x05hello" + b"\x8a\x04ping" + b"\x82\x7e\x01\x2c" + b"x" * 300
        heard = b""
        while len(heard) < len(expected):
            heard += (await client.expect(DataReceived)).data
        print("messages", heard == expected)
        for n in range(3):
            client.http.send_datagram(stream, f"datagram {n}".encode())
        client.transmit()
        heard = [(await client.expect(DatagramReceived)) for _ in range(3)]
        print("datagrams", [(each.stream_id == stream, each.data.decode()) for each in heard])
        client.send(stream, frame(8, b"\x03\xe8"), end=True)
        last = await client.expect(DataReceived)
        while not last.stream_ended:
            heard, last = last, await client.expect(DataReceived)
        print("closed")


asyncio.run(main(int(sys.argv[1])))
