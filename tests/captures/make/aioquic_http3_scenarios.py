#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make the captures aioq-h3-*.pcap of what HTTP/3 puts on the wire, with secrets and truth.

usage: aioquic_http3_scenarios.py DIRECTORY [SCENARIO...]

Each scenario is a function; its docstring is what the capture shows. The truth comes from the two
endpoints' own logs of what arrived. Not run by any test.
"""
import os
import random
import sys

from aioquic.buffer import encode_uint_var
from aioquic.h3.connection import ErrorCode, FrameType
from aioquic.h3.events import HeadersReceived
import pylsqpack

from aioquic_http3 import UNSEEN, Http3Network, fields, path_of
from aioquic_network import ONE_WAY, content, text_of
from aioquic_tunnels import datagram, datagram_plain, websocket, webtransport

LINK = ("link", "</style.css>; rel=preload; as=style")


def informational(base):
    """Interim responses 103 and 102, and trailers of requests and of responses."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if isinstance(event, HeadersReceived) and (b":method", b"GET") in event.headers:
            server.hint(stream, 103, LINK)
            server.flush()
            network.at(0.02, lambda: later(stream, path_of(event)))
        elif event.stream_ended:
            server.hint(stream, 102)
            server.answer(stream, 201, ("location", "/made"), body=b"made\n",
                          trailers=[("x-checksum", "5")])

    def later(stream, path):
        if path == "/twice":
            server.hint(stream, 103, ("link", "</script.js>; rel=preload; as=script"))
        server.answer(stream, 200, ("content-type", "text/plain"), body=content(900),
                      trailers=[("x-checksum", "900"), ("server-timing", "db;dur=53")])
        server.flush()

    server.on_request = program
    client.ask("/once", ("accept", "*/*"))
    client.ask("/twice")
    network.flush(0.2)
    stream = client.ask("/upload", ("trailer", "x-digest"), method="POST", end=False)
    for part in range(3):
        client.http.send_data(stream, content(700 + part), end_stream=False)
        network.flush()
    client.http.send_headers(stream, fields([("x-digest", "none")]), end_stream=True)
    network.flush(0.3)
    network.conclude(informational.__doc__)


def priorities(base):
    """Priority fields, PRIORITY_UPDATE for requests and for a push, also ahead of their streams."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if path_of(event) == "/page":
            push_id = 0
            promised = [(":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
                        (":path", "/style.css"), ("priority", "u=2")]
            server.http.promise(stream, push_id, fields(promised))
            network.at(0.08, lambda: pushed(server.http.push_stream(push_id)))
        server.answer(stream, 200, ("priority", "u=4"), body=content(1500))

    def pushed(stream):
        server.answer(stream, 200, ("content-type", "text/css"), body=b"p { margin: 0 }\n")
        server.flush()

    server.on_request = program
    client.http.send_control(0xF0700, 4, rest=b"u=1, i")
    network.flush()
    client.ask("/page", ("priority", "u=0"))
    client.ask("/picture", ("priority", "u=5, i"))
    network.flush(0.03)
    client.http.send_control(0xF0701, 0, rest=b"u=7")
    client.http.send_control(0xF0700, 4, rest=b"u=3")
    network.flush(0.3)
    network.conclude(priorities.__doc__)


def push(base):
    """Pushes: fulfilled, ahead of the promise, promised twice, given up by either end."""
    network = Http3Network(base)
    client, server = network.connect()

    def promised(name):
        return fields([(":method", "GET"), (":scheme", "https"), (":authority", "localhost"),
                       (":path", name)])

    def program(stream, event):
        http = server.http
        if path_of(event) == "/first":
            http.promise(stream, 0, promised("/plain.css"))
            server.answer(http.push_stream(0), 200, body=content(600))
            early = http.push_stream(1)
            server.hint(early, 103, LINK)
            server.answer(early, 200, body=content(300), trailers=[("x-done", "yes")])
            server.flush()
            network.run(0.02)
            http.promise(stream, 1, promised("/ahead.js"))
            http.promise(stream, 2, promised("/unwanted.png"))
            http.promise(stream, 3, promised("/withdrawn.png"))
        else:
            http.promise(stream, 0, promised("/plain.css"))
            http.send_control(FrameType.CANCEL_PUSH, 3)
        server.answer(stream, 200, body=content(100))

    server.on_request = program
    client.ask("/first")
    network.flush(0.1)
    client.http.send_control(FrameType.CANCEL_PUSH, 2)
    client.http.send_control(FrameType.MAX_PUSH_ID, 12)
    client.ask("/second")
    network.flush(0.3)
    network.conclude(push.__doc__)


def early_data(base):
    """A session's ticket is used twice: 0-RTT is taken, then rejected and sent again."""
    network = Http3Network(base)
    tickets, issued = [], {}
    network.client.begin_settings = {"session_ticket_handler": tickets.append}
    network.server.begin_settings = {
        "session_ticket_handler": lambda ticket: issued.update({ticket.ticket: ticket})}
    network.client.begin()
    client, server = network.connect()

    def program(stream, event):
        if event.stream_ended:
            network.server.answer(stream, 200, body=content(250))

    server.on_request = program
    client.ask("/ticket")
    network.flush(0.2)

    def early(client):
        client.ask("/early?a=1", ("accept", "*/*"))
        client.ask("/early?a=2")

    network.reconnect(tickets[0], early, issued.get)
    network.reconnect(tickets[0], early, lambda name: None)
    network.client.ask("/later")
    network.flush(0.2)
    network.conclude(early_data.__doc__)


def goaway(base):
    """GOAWAY in two steps, a request that comes too late and is rejected, GOAWAY of the client."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if stream < 8:
            server.answer(stream, 200, body=content(400))
        else:
            server.quic.stop_stream(stream, ErrorCode.H3_REQUEST_REJECTED)
            server.quic.reset_stream(stream, ErrorCode.H3_REQUEST_REJECTED)

    server.on_request = program
    client.ask("/a")
    network.flush(0.1)
    server.http.send_control(FrameType.GOAWAY, (1 << 62) - 4)
    network.flush(0.1)
    client.ask("/b")
    network.flush(0.1)
    server.http.send_control(FrameType.GOAWAY, 8)
    client.ask("/late", ("x-note", "sent before the GOAWAY came"))
    network.flush(0.2)
    client.http.send_control(FrameType.GOAWAY, 0)
    network.flush(0.2)
    network.conclude(goaway.__doc__)


def resets(base):
    """RESET_STREAM and STOP_SENDING in the middle of bodies, from either end; an early response."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if not isinstance(event, HeadersReceived):
            return
        path = path_of(event)
        if path in ("/fails", "/unwanted"):
            server.http.send_headers(stream, fields([(":status", "200"),
                                                     ("content-length", "9000")]))
            server.http.send_data(stream, content(3000), end_stream=False)
        elif path == "/refused":
            network.at(0.03, lambda: refuse(stream))

    def refuse(stream):
        server.answer(stream, 413, ("content-type", "text/plain"), body=b"too long\n")
        server.quic.stop_stream(stream, ErrorCode.H3_NO_ERROR)
        server.flush()

    server.on_request = program
    fails, unwanted = client.ask("/fails"), client.ask("/unwanted")
    network.flush(0.1)
    server.quic.reset_stream(fails, ErrorCode.H3_INTERNAL_ERROR)
    client.quic.stop_stream(unwanted, ErrorCode.H3_REQUEST_CANCELLED)
    network.flush(0.1)
    length = ("content-length", "9000")
    given_up = client.ask("/given-up", length, method="POST", end=False)
    client.http.send_data(given_up, content(2000), end_stream=False)
    network.flush(0.1)
    client.quic.reset_stream(given_up, ErrorCode.H3_REQUEST_CANCELLED)
    client.quic.stop_stream(given_up, ErrorCode.H3_REQUEST_CANCELLED)
    network.flush(0.1)
    refused = client.ask("/refused", length, method="PUT", end=False)
    client.http.send_data(refused, content(4000), end_stream=False)
    network.flush(0.3)
    network.conclude(resets.__doc__)


def on_a_bad_road(base, road, kind=Http3Network):
    """Fifteen requests; the network to conclude."""
    network = kind(base)
    client, server = network.connect()

    def program(stream, event):
        if event.stream_ended:
            size = int(path_of_stream[stream].rsplit("/", 1)[1])
            server.answer(stream, 200, ("etag", f'"{size}"'), body=content(size),
                          trailers=[("x-size", str(size))])

    path_of_stream = {}
    server.on_request = program
    network.road = road
    for round_ in range(5):
        for size in (0, 700, 5000):
            path = f"/bytes/{round_}/{size + round_}"
            if size == 700:
                stream = client.ask(path, ("x-round", str(round_)), method="POST", end=False)
                client.http.send_data(stream, content(3000 + round_), end_stream=True)
            else:
                stream = client.ask(path, ("x-round", str(round_)))
            path_of_stream[stream] = path
        network.flush(0.02)
    network.run(12.0)
    network.road = None
    return network


def loss(base):
    """30 % of the datagrams are lost, half of them ahead of the capture; many overtake others."""
    dice = random.Random(3)

    def leg():
        return None if dice.random() < 0.163 else 0.004 + 0.012 * dice.random()

    on_a_bad_road(base, lambda: (leg(), leg())).conclude(loss.__doc__)


def gaps(base):
    """One datagram in eight arrives and is missing from the capture."""
    dice = random.Random(5)
    network = on_a_bad_road(base, lambda: (UNSEEN if dice.random() < 0.125 else ONE_WAY / 2,
                                           ONE_WAY / 2))
    network.conclude(gaps.__doc__, gaps=True)


class RelayNetwork(Http3Network):
    """A relay stands between the ends, and the capture is taken on both of its sides."""

    near, far = ("198.51.100.1", 4433), ("192.0.2.77", 60000)  # its addresses

    def record(self, source, destination, data):
        up = destination == self.server.address
        legs = ((source, self.near), (self.far, destination)) if up else \
            ((source, self.far), (self.near, destination))
        self.frame = self.capture.add(self.now, *legs[0], data)
        self.at(0.004, lambda: self.capture.add(self.now, *legs[1], data))


class TwiceNetwork(Http3Network):
    """The capture is taken on two interfaces that each datagram passes."""

    def record(self, source, destination, data):
        for delay in (0, 0.0005):
            self.at(delay, lambda: self.capture.add(self.now, source, destination, data))


def some_loss():
    dice = random.Random(4)
    return lambda: (0.001, None if dice.random() < 0.05 else 0.009)


def relay(base):
    """Both legs of a relay stand in one capture, with some loss behind it."""
    network = on_a_bad_road(base, some_loss(), RelayNetwork)
    legs = ((network.client.address, network.near), (network.far, network.server.address))
    network.conclude(relay.__doc__, paths=[
        {"client": text_of(client), "server": text_of(server), "cause": "initial",
         "validated": True} for client, server in legs])


def twice(base):
    """Each datagram was captured on two interfaces, with some loss behind them."""
    on_a_bad_road(base, some_loss(), TwiceNetwork).conclude(twice.__doc__)


def thousand(base):
    """1,000 requests on one connection, forty at a time."""
    network = Http3Network(base)
    client, server = network.connect()
    server.on_request = lambda stream, event: server.answer(
        stream, 200 if stream % 28 else 404, body=str(stream).encode())
    for _ in range(25):
        for _ in range(40):
            client.ask(f"/{len(client.asked)}")
        network.flush(0.1)
    network.conclude(thousand.__doc__)


def qpack(base):
    """Field sections that wait for the dynamic table, one that is cancelled, a long one; a table
    that is emptied and closed."""
    network = Http3Network(base)
    client, server = network.connect()
    names = [(f"x-name-{i}", f"a value that is worth an entry, {i}") for i in range(6)]
    cookie = ("cookie", "; ".join(f"part{i}={os.urandom(20).hex()}" for i in range(75)))

    def program(stream, event):
        if event.stream_ended:
            server.answer(stream, 200, *names, body=content(50))

    server.on_request = program
    for end in (client, server):
        end.http.held = b""
    for round_ in range(4):
        client.ask(f"/waits/{round_}", *names)
        network.flush(0.03)
        client.http.release()
        network.flush(0.03)
        server.http.release()
        network.flush(0.05)
    given_up = client.ask("/given-up", *names, ("x-new", "an entry that comes late"), end=False)
    client.ask("/given-up/2", ("x-new", "an entry that comes late"))
    network.flush(0.03)
    client.quic.reset_stream(given_up, ErrorCode.H3_REQUEST_CANCELLED)
    network.flush(0.03)
    server.http.cancel_section(given_up)
    network.flush(0.03)
    client.http.release()
    network.flush(0.05)
    server.http.release()
    network.flush(0.1)
    for end in (client, server):
        end.http.held = None
    client.ask("/long", cookie)
    network.flush(0.1)
    client.http.send_instructions(b"\x20")  # capacity 0 (RFC 9204, 4.3.1)
    client.http._encoder = pylsqpack.Encoder()
    client.ask("/without", *names)
    network.flush(0.3)
    network.conclude(qpack.__doc__)


def qpack_gap(base):
    """The capture lacks the instructions of QPACK that one request and one response refer to."""
    network = Http3Network(base)
    client, server = network.connect()
    names = [(f"x-name-{i}", f"a value that is worth an entry, {i}") for i in range(3)]
    server.on_request = lambda stream, event: server.answer(
        stream, 200, ("content-type", "text/plain"), *names, body=content(50))
    client.ask("/seen")
    network.flush(0.1)
    for end in (client, server):
        end.http.held = b""
    client.ask("/in-part", ("x-note", "seen"), *names)
    network.flush(0.1)
    for end in (client, server):
        network.road = lambda: (UNSEEN, ONE_WAY)
        end.http.release()
        end.flush()
        network.road = None
        network.flush(0.1)
    client.ask("/in-part/2", *names)
    network.flush(0.1)
    network.conclude(qpack_gap.__doc__, gaps=True)


def grease(base):
    """Reserved frames, streams and settings, frames of extensions, DATA in many small frames."""
    network = Http3Network(base)
    client, server = network.connect()

    def program(stream, event):
        if not event.stream_ended:
            return
        http = server.http
        http.send_frame(stream, 0x21, b"")
        http.send_headers(stream, fields([(":status", "200")]))
        for size in (0, 1, 2, 300):
            http.send_data(stream, content(size), end_stream=False)
            http.send_frame(stream, 0x1F * 7 + 0x21, os.urandom(size))
        server.quic.send_stream_data(stream, b"", end_stream=True)

    server.on_request = program
    for end in (client, server):
        stream = end.quic.get_next_available_stream_id(is_unidirectional=True)
        end.quic.send_stream_data(stream, encode_uint_var(0x1F * 5 + 0x21) + b"nothing",
                                  end_stream=True)
        end.http.send_control(0x1F * 3 + 0x21, 9)
    stream = client.ask("/grease", method="POST", end=False)
    client.http.send_frame(stream, 0x4242, content(40))
    client.http.send_data(stream, content(10), end_stream=False)
    client.http.send_data(stream, content(11), end_stream=True)
    network.flush(0.3)
    network.conclude(grease.__doc__)


SCENARIOS = {f.__name__.replace("_", "-"): f for f in (
    informational, websocket, datagram, datagram_plain, webtransport, priorities, push, early_data,
    goaway, resets, loss, gaps, relay, twice, thousand, qpack, qpack_gap, grease)}


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for name in sys.argv[2:] or SCENARIOS:
        SCENARIOS[name](os.path.join(sys.argv[1], "aioq-h3-" + name))


if __name__ == "__main__":
    main()
