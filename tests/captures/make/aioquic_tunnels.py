# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios of aioquic_http3_scenarios.py: what is carried by CONNECT, and DATAGRAM frames."""
import os
import struct

from aioquic.h3.events import HeadersReceived

from aioquic_http3 import Http3Network, fields, path_of
from aioquic_network import content


def masked(opcode, payload, mask=None):
    """A frame of WebSocket (RFC 6455, 5.2)."""
    head = bytes([0x80 | opcode, (0x80 if mask else 0) | len(payload)])
    if mask:
        payload = bytes(b ^ mask[i % 4] for i, b in enumerate(payload))
    return head + (mask or b"") + payload


def websocket(base):
    """WebSocket over extended CONNECT: messages both ways, a ping, a close; one is refused."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if isinstance(event, HeadersReceived):
            if path_of(event) == "/private":
                server.answer(stream, 403, body=b"no\n")
            else:
                server.http.send_headers(stream, fields([(":status", "200"),
                                                         ("sec-websocket-protocol", "chat")]))
                server.http.send_data(stream, masked(1, b"welcome"), end_stream=False)
        elif event.stream_ended and stream == chat:
            server.http.send_data(stream, masked(8, struct.pack("!H", 1000)), end_stream=True)
        elif not event.stream_ended:
            server.http.send_data(stream, masked(1, b"heard %d bytes" % len(event.data)),
                                  end_stream=False)

    server.on_request = program
    version = ("sec-websocket-version", "13")
    chat = client.ask("/chat", version, ("sec-websocket-protocol", "chat"), method="CONNECT",
                      end=False, protocol="websocket")
    refused = client.ask("/private", version, method="CONNECT", end=False, protocol="websocket")
    network.flush(0.1)
    client.quic.send_stream_data(refused, b"", end_stream=True)
    for opcode, text in ((1, b"hello"), (9, b"ping"), (2, bytes(range(60)))):
        client.http.send_data(chat, masked(opcode, text, os.urandom(4)), end_stream=False)
        network.flush(0.05)
    client.http.send_data(chat, masked(8, struct.pack("!H", 1000), os.urandom(4)), end_stream=True)
    network.flush(0.2)
    network.conclude(websocket.__doc__)


def datagram(base):
    """HTTP datagrams of a CONNECT-UDP tunnel, in QUIC's DATAGRAM frames and in capsules."""
    network = Http3Network(base, {"datagrams": True})
    for end in (network.client, network.server):
        end.configuration.max_datagram_frame_size = 65535
    network.client.begin()
    client, server = network.connect()

    def program(stream, event):
        if isinstance(event, HeadersReceived):
            server.http.send_headers(stream, fields([(":status", "200"),
                                                     ("capsule-protocol", "?1")]))

    server.on_request = program
    tunnel = client.ask("/.well-known/masque/udp/192.0.2.6/443/", ("capsule-protocol", "?1"),
                        method="CONNECT", end=False, protocol="connect-udp")
    network.flush(0.1)
    for size in (20, 300, 1000):
        client.http.send_datagram(tunnel, b"\0" + content(size))
        network.flush()
        server.http.send_datagram(tunnel, b"\0" + content(size // 2))
        network.flush()
    client.send_capsule(tunnel, 0x00, b"\0" + content(40))
    server.send_capsule(tunnel, 0x00, b"\0" + content(50))
    network.flush()
    client.send_capsule(tunnel, 0x17, b"not known to anybody", end=True)
    network.flush()
    server.quic.send_stream_data(tunnel, b"", end_stream=True)
    network.flush(0.2)
    network.conclude(datagram.__doc__)


def datagram_plain(base):
    """DATAGRAM frames of an application that is not HTTP/3, beside one of its streams."""
    network = Http3Network(base)
    for end in (network.client, network.server):
        end.configuration.max_datagram_frame_size = 65535
        end.configuration.alpn_protocols = ["telemetry/1"]
        end.begin_http = lambda: None
    network.client.begin()
    client, server = network.connect()
    for size in (1, 64, 1100):
        client.quic.send_datagram_frame(content(size))
        network.flush()
        server.quic.send_datagram_frame(content(size))
        network.flush()
    stream = client.quic.get_next_available_stream_id()
    client.quic.send_stream_data(stream, b"how many came?", end_stream=True)
    network.flush()
    server.quic.send_stream_data(stream, b"3", end_stream=True)
    network.flush(0.2)
    network.conclude(datagram_plain.__doc__)


def webtransport(base):
    """A WebTransport session: streams of both kinds from both ends, datagrams, and its close."""
    network = Http3Network(base, {"enable_webtransport": True})
    for end in (network.client, network.server):
        end.configuration.max_datagram_frame_size = 65535
    network.client.begin()
    client, server = network.connect()

    def program(stream, event):
        if isinstance(event, HeadersReceived):
            server.http.send_headers(stream, fields([(":status", "200"),
                                                     ("sec-webtransport-http3-draft", "draft02")]))

    server.on_request = program
    session = client.ask("/game", ("sec-webtransport-http3-draft02", "1"),
                         ("origin", "https://localhost"), method="CONNECT", end=False,
                         protocol="webtransport")
    network.flush(0.1)
    for end in (client, server):
        for one_way in (True, False):
            stream = end.http.create_webtransport_stream(session, is_unidirectional=one_way)
            end.quic.send_stream_data(stream, f"from the {end.name}".encode(), end_stream=one_way)
            network.flush()
            if not one_way:
                other = server if end is client else client
                other.quic.send_stream_data(stream, b"and back", end_stream=True)
                end.quic.send_stream_data(stream, b"", end_stream=True)
                network.flush()
        end.http.send_datagram(session, f"datagram of the {end.name}".encode())
        network.flush()
    client.ask("/score")
    server.on_request = lambda stream, event: server.answer(stream, 200, body=b"3:2\n")
    network.flush()
    server.on_request = lambda stream, event: None
    client.send_capsule(session, 0x2843, struct.pack("!I", 7) + b"game over", end=True)
    network.flush()
    server.quic.send_stream_data(session, b"", end_stream=True)
    network.flush(0.2)
    network.conclude(webtransport.__doc__)
