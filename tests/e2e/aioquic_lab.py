# SPDX-License-Identifier: GPL-2.0-or-later
"""A client of HTTP/3, on aioquic. Prints a line of JSON a connection: what came for each path, and
what became of the connection. With "again" there are two, the second with the ticket and the token
of the first, and with requests ahead of the handshake.

usage: aioquic_lab.py PORT once|again|v2|upload PATH...
"""
import asyncio
import contextlib
import hashlib
import json
import ssl
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, StreamReset
from aioquic.quic.packet import QuicProtocolVersion

UPLOAD = b"u" * 200000
SECONDS = 30


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.answers, self.ended, self.terminated = {}, {}, None

    def ask(self, port, path, content):
        stream = self._quic.get_next_available_stream_id()
        self.answers[stream] = {"path": path, "sections": [], "content": b"", "reset": None}
        self.ended[stream] = asyncio.get_running_loop().create_future()
        self.http.send_headers(stream, [
            (b":method", b"POST" if content else b"GET"), (b":scheme", b"https"),
            (b":authority", f"localhost:{port}".encode()), (b":path", path.encode())],
            end_stream=not content)
        if content:
            self.http.send_data(stream, content, end_stream=True)
        self.transmit()

    def end(self, stream):
        if stream in self.ended and not self.ended[stream].done():
            self.ended[stream].set_result(None)

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            self.terminated = [event.error_code, event.reason_phrase]
            for stream in self.ended:
                self.end(stream)
        if isinstance(event, StreamReset):
            self.answers[event.stream_id]["reset"] = event.error_code
            self.end(event.stream_id)
        for each in self.http.handle_event(event):
            if isinstance(each, HeadersReceived):
                status = dict(each.headers).get(b":status", b"trailers").decode()
                self.answers[each.stream_id]["sections"].append(status)
            elif isinstance(each, DataReceived):
                self.answers[each.stream_id]["content"] += each.data
            if getattr(each, "stream_ended", False):
                self.end(each.stream_id)

    def report(self):
        answers = [{**answer, "content": len(answer["content"]),
                    "sha256": hashlib.sha256(answer["content"]).hexdigest()}
                   for _, answer in sorted(self.answers.items())]
        return {"answers": answers, "version": self._quic._version,
                "resumed": self._quic.tls.session_resumed,
                "early": self._quic.tls.early_data_accepted, "terminated": self.terminated}


async def session(port, paths, configuration, kept, content):
    comes_again = configuration.session_ticket is not None
    async with connect("127.0.0.1", port, configuration=configuration, create_protocol=Client,
                       session_ticket_handler=lambda ticket: kept.update(ticket=ticket),
                       token_handler=lambda token: kept.update(token=token),
                       wait_connected=not comes_again) as client:
        for path in paths:
            client.ask(port, path, content)
        await asyncio.wait_for(asyncio.gather(*client.ended.values()), SECONDS)
        if client.terminated is None and not comes_again:
            with contextlib.suppress(ConnectionError):
                await client.ping()  # tickets come behind the handshake
    print(json.dumps(client.report()))


async def main(port, how, paths):
    kept = {}
    for _ in range(2 if how == "again" else 1):
        configuration = QuicConfiguration(
            alpn_protocols=H3_ALPN, server_name="localhost", verify_mode=ssl.CERT_NONE,
            session_ticket=kept.get("ticket"), token=kept.get("token", b""))
        if how == "v2":
            configuration.original_version = QuicProtocolVersion.VERSION_1
            configuration.supported_versions = [QuicProtocolVersion.VERSION_2,
                                                QuicProtocolVersion.VERSION_1]
        await session(port, paths, configuration, kept, UPLOAD if how == "upload" else None)


asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))
