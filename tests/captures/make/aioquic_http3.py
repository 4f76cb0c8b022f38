# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP/3 between two aioquic endpoints, and what each of them logs of it.

What aioquic has no call for is put on its streams here: interim responses, frames of the control
stream, capsules, instructions of QPACK that come late. The log of an end is what arrived there:
field sections, content, ends and resets of streams, frames of the control stream, datagrams.
"""
import hashlib

from aioquic.buffer import Buffer, encode_uint_var
from aioquic.h3.connection import ErrorCode, FrameType, H3Connection, HeadersState, encode_frame
from aioquic.h3.events import (DatagramReceived, DataReceived, HeadersReceived,
                               PushPromiseReceived, WebTransportStreamDataReceived)
from aioquic.quic.events import (DatagramFrameReceived, HandshakeCompleted, ProtocolNegotiated,
                                 StopSendingReceived, StreamDataReceived, StreamReset)

from aioquic_network import Endpoint, Network

PRIORITY_UPDATE = {0xF0700: "stream", 0xF0701: "push"}
SETTING_H3_DATAGRAM = 0x33


UNSEEN = "unseen"  # of a road: past the place of capture


def path_of(event):
    return dict(event.headers)[b":path"].decode()


def fields(pairs):
    return [(name.encode(), value.encode()) for name, value in pairs]


def is_interim(headers):
    return dict(headers).get(b":status", b"").startswith(b"1")


class Http3(H3Connection):
    def __init__(self, end, datagrams=False, **settings):
        self.end, self.datagrams = end, datagrams
        self.held = None  # instructions of the QPACK encoder that are kept back
        self.cancelled = set()  # streams whose sections are not decoded any more
        super().__init__(end.quic, **settings)

    def _get_local_settings(self):
        settings = super()._get_local_settings()
        if self.datagrams:
            settings[SETTING_H3_DATAGRAM] = 1
        return settings

    def send_headers(self, stream_id, headers, end_stream=False):
        super().send_headers(stream_id, headers, end_stream)
        if is_interim(headers):
            self._stream[stream_id].headers_send_state = HeadersState.INITIAL

    def _handle_request_or_push_frame(self, frame_type, frame_data, stream, stream_ended):
        if stream.stream_id in self.cancelled:
            return []
        events = super()._handle_request_or_push_frame(frame_type, frame_data, stream, stream_ended)
        if any(isinstance(e, HeadersReceived) and is_interim(e.headers) for e in events):
            stream.headers_recv_state = HeadersState.INITIAL
        return events

    def _handle_control_frame(self, frame_type, frame_data):
        super()._handle_control_frame(frame_type, frame_data)
        self.end.on_control(frame_type, frame_data)

    def _encode_headers(self, stream_id, headers):
        if self.held is None:
            return super()._encode_headers(stream_id, headers)
        instructions, encoded = self._encoder.encode(stream_id, headers)
        self.held += instructions
        return encoded

    def release(self):
        self.send_instructions(self.held)
        self.held = b""

    def send_instructions(self, instructions):
        """Bytes of the QPACK encoder stream."""
        self._quic.send_stream_data(self._local_encoder_stream_id, instructions)

    def cancel_section(self, stream_id):
        """RFC 9204, 4.4.2."""
        self.cancelled.add(stream_id)
        self._quic.send_stream_data(self._local_decoder_stream_id, bytes([0x40 | stream_id]))

    def send_control(self, frame_type, *ids, rest=b""):
        payload = b"".join(map(encode_uint_var, ids)) + rest
        self._quic.send_stream_data(self._local_control_stream_id,
                                    encode_frame(frame_type, payload))

    def send_frame(self, stream_id, frame_type, payload):
        self._quic.send_stream_data(stream_id, encode_frame(frame_type, payload))

    def promise(self, stream_id, push_id, headers):
        """A PUSH_PROMISE without its push stream."""
        self._next_push_id = max(self._next_push_id, push_id + 1)
        self.send_frame(stream_id, FrameType.PUSH_PROMISE,
                        encode_uint_var(push_id) + self._encode_headers(stream_id, headers))

    def push_stream(self, push_id):
        stream_id = self._create_uni_stream(FrameType.HEADERS, push_id=push_id)  # type 1: push
        self._quic.send_stream_data(stream_id, encode_uint_var(push_id))
        return stream_id


class Heard:
    """What an end received on a stream."""

    def __init__(self):
        self.sections, self.body, self.reset = [], b"", None
        self.told_end = False  # by an event of HTTP/3
        self.ended = False  # by FIN

    def parted(self):
        """Interim sections, header section and trailers."""
        interim = [s for s in self.sections if is_interim(s)]
        rest = [s for s in self.sections if not is_interim(s)]
        return interim, rest[0] if rest else [], rest[1] if len(rest) > 1 else []


def pairs_of(headers):
    return [[name.decode(), value.decode()] for name, value in headers]


class Http3End(Endpoint):
    """`on_request` is the server's program: it is called with stream, event and this end."""

    http_settings = {}

    def __init__(self, *arguments, **settings):
        super().__init__(*arguments, **settings)
        self.on_request = lambda stream, event: None
        self.heard = {}  # by stream
        self.promises = []  # (push ID, stream, headers)
        self.pushes = {}  # push ID -> stream
        self.asked = {}  # request stream -> header section
        self.facts = []
        self.early = ()  # request streams that it began in 0-RTT
        self.early_data_accepted = None

    @property
    def peer(self):
        return "server" if self.name == "client" else "client"

    def begin_http(self):
        self.http = Http3(self, **self.http_settings)

    def on_quic(self, event):
        if isinstance(event, ProtocolNegotiated) and self.http is None:
            self.begin_http()
        elif isinstance(event, HandshakeCompleted):
            self.early_data_accepted = event.early_data_accepted
        elif isinstance(event, StreamDataReceived):
            self.hear(event.stream_id).ended |= event.end_stream
        elif isinstance(event, StreamReset):
            heard = self.hear(event.stream_id)
            heard.reset = None if heard.ended else event.error_code
        elif isinstance(event, StopSendingReceived):
            self.facts.append(["stop_sending", self.peer, event.stream_id, event.error_code])
        elif isinstance(event, DatagramFrameReceived) and self.http is None:
            self.facts.append(["plain_datagram", self.peer, len(event.data)])
        if self.http is not None:
            for http_event in self.http.handle_event(event):
                self.on_http(http_event)

    def hear(self, stream_id):
        return self.heard.setdefault(stream_id, Heard())

    def on_http(self, event):
        if isinstance(event, DatagramReceived):
            self.facts.append(["datagram", self.peer, len(event.data), event.stream_id])
        elif isinstance(event, WebTransportStreamDataReceived):
            fact = ["webtransport", self.peer, event.stream_id, event.session_id]
            if fact not in self.facts:
                self.facts.append(fact)
        elif isinstance(event, PushPromiseReceived):
            self.promises.append((event.push_id, event.stream_id, event.headers))
        else:
            self.on_message(event)

    def on_message(self, event):
        heard = self.hear(event.stream_id)
        if heard.told_end:
            return  # aioquic tells of the end again when it comes again
        if event.push_id is not None:
            self.pushes[event.push_id] = event.stream_id
        if isinstance(event, HeadersReceived):
            heard.sections.append(event.headers)
        elif isinstance(event, DataReceived):
            heard.body += event.data
        heard.told_end = event.stream_ended
        if self.name == "server":
            self.on_request(event.stream_id, event)

    def on_control(self, frame_type, payload):
        buffer = Buffer(data=payload)
        if frame_type == FrameType.SETTINGS:
            values = list(self.http.received_settings.values())
            self.facts.append(["settings", self.peer, values])
        elif frame_type in (FrameType.GOAWAY, FrameType.MAX_PUSH_ID, FrameType.CANCEL_PUSH):
            name = FrameType(frame_type).name.lower()
            self.facts.append([name, self.peer, buffer.pull_uint_var()])
        elif frame_type in PRIORITY_UPDATE:
            element = buffer.pull_uint_var()
            self.facts.append(["priority_update", self.peer, PRIORITY_UPDATE[frame_type], element,
                               payload[buffer.tell():].decode()])

    def ask(self, path, *more, method="GET", end=True, **pseudo):
        """The client begins a request."""
        stream = self.quic.get_next_available_stream_id()
        self.asked[stream] = fields([
            (":method", method), (":scheme", "https"), (":authority", "localhost"),
            (":path", path), *((":" + name, value) for name, value in pseudo.items()), *more])
        self.http.send_headers(stream, self.asked[stream], end_stream=end)
        return stream

    def hint(self, stream, status, *more):
        """An interim response."""
        self.http.send_headers(stream, fields([(":status", str(status)), *more]))

    def answer(self, stream, status, *more, body=None, trailers=None):
        """A whole response."""
        self.http.send_headers(stream, fields([(":status", str(status)), *more]),
                               end_stream=body is None and trailers is None)
        if body is not None:
            self.http.send_data(stream, body, end_stream=trailers is None)
        if trailers is not None:
            self.http.send_headers(stream, fields(trailers), end_stream=True)

    def send_capsule(self, stream, kind, payload=b"", end=False):
        self.http.send_data(stream, encode_frame(kind, payload), end_stream=end)
        self.facts.append(["capsule", self.name, kind, len(payload), stream])


def response_of(heard):
    interim, head, trailers = heard.parted()
    return {
        "status": int(dict(head)[b":status"]) if head else None,
        "informational": [int(dict(s)[b":status"]) for s in interim],
        "response_headers": [p for p in pairs_of(head) if p[0] != ":status"],
        "trailers": pairs_of(trailers),
        "body_len": len(heard.body), "body_sha256": hashlib.sha256(heard.body).hexdigest(),
        "response_reset": heard.reset,
    }


def said_only(exchange):
    """Without the keys that say that nothing came."""
    bodies = {"body_len": "body_sha256", "uploaded": "uploaded_sha256"}
    empty = [sha256 for size, sha256 in bodies.items() if exchange.get(size) == 0]
    return {key: value for key, value in exchange.items()
            if value not in ([], None) and key not in empty}


def exchange_of(number, stream, head, request, response):
    _, _, trailers = request.parted()
    plain = (b":method", b":scheme", b":authority", b":path")
    return said_only({
        "conn": number, "stream": stream, "method": dict(head)[b":method"].decode(),
        "path": dict(head)[b":path"].decode(),
        "request_headers": pairs_of(p for p in head if p[0] not in plain),
        "request_trailers": pairs_of(trailers),
        "uploaded": len(request.body),
        "uploaded_sha256": hashlib.sha256(request.body).hexdigest(),
        "request_reset": request.reset,
        "complete": request.ended and response.ended,
    } | response_of(response))


def pushed_of(number, client, push_id, promised_on, head):
    stream = client.pushes.get(push_id)
    heard = client.hear(stream)
    return said_only({
        "conn": number, "push_id": push_id, "promised_on": promised_on, "stream": stream,
        "method": head[b":method"].decode(), "path": head[b":path"].decode(),
        "complete": heard.ended} | response_of(heard))


def findings_of(exchanges):
    """Nothing is wrong but what was reset for another reason than that all is well."""
    resets = [exchange[end] for exchange in exchanges for end in ("request_reset", "response_reset")
              if exchange.get(end) not in (None, ErrorCode.H3_NO_ERROR)]
    return ["h3.request-cancelled"] * len(resets)


class Http3Network(Network):
    """Two ends of HTTP/3. `road` says of a datagram how long it takes to the place of capture and
    from there to its receiver: None for a part of the way that it does not come through, UNSEEN
    for the first part where it is not captured."""

    endpoint = Http3End

    def __init__(self, base, http_settings=None, **settings):
        super().__init__(base, **settings)
        self.road = None
        self.past = []  # [exchanges, pushed, facts] of each connection that is over
        self.http_settings = http_settings or {}
        for end in (self.client, self.server):
            end.http_settings = self.http_settings

    def send(self, sender, destination, data):
        if self.road is None:
            super().send(sender, destination, data)
            return
        source, (before, after) = sender.address, self.road()
        if before is None:
            return

        def pass_by():
            if before is not UNSEEN:
                self.record(source, destination, data)
            if after is not None:
                self.at(after, lambda: self.deliver(sender, source, destination, data))
        self.at(after if before is UNSEEN else before, pass_by)

    def flush(self, seconds=0.05):
        """Both ends send what they have, and time goes on."""
        self.client.flush()
        self.server.flush()
        self.run(seconds)

    def connect(self):
        self.open()
        return self.client, self.server

    def reconnect(self, ticket, early, known):
        """A further connection from another port, with the ticket of the one before. `early` is
        what the client sends in 0-RTT; `known` is how the server finds tickets. What is rejected
        is on the wire twice."""
        old_client, old_server = self.client, self.server
        old_client.quic.close(error_code=0x100)
        self.flush(1.0)
        self.past.append(self.logged())
        home = (old_client.address[0], old_client.address[1] + 1)
        self.client = self.endpoint(self, "client", home, 8, server_name="localhost", verify_mode=0,
                                    secrets_log_file=self.keys, session_ticket=ticket)
        self.server = self.endpoint(self, "server", old_server.address, 8,
                                    private_key=old_server.configuration.private_key,
                                    certificate=old_server.configuration.certificate)
        self.server.on_request = old_server.on_request
        self.server.begin_settings = {"session_ticket_fetcher": known}
        self.client.begin()
        self.client.quic.connect(self.server.address, self.now)
        self.client.begin_http()
        early(self.client)
        self.client.early = list(self.client.asked)
        self.flush(0.5)
        if not self.client.early_data_accepted:
            self.client.facts += [
                ["settings", "client", list(self.client.http.sent_settings.values())],
                ["max_push_id", "client", self.client.http._max_push_id],
                *(["sent_again", "client", stream] for stream in self.client.early)]

    def logged(self):
        number = len(self.past)
        client, server = self.client, self.server
        exchanges = [exchange_of(number, stream, head, server.hear(stream), client.hear(stream))
                     for stream, head in client.asked.items()]
        promised = {}
        for push_id, stream, headers in client.promises:
            promised.setdefault(push_id, (stream, dict(headers)))
        pushed = [pushed_of(number, client, push_id, stream, head)
                  for push_id, (stream, head) in promised.items()]
        for exchange in exchanges:
            exchange["early_data"] = bool(client.early_data_accepted
                                          and exchange["stream"] in client.early)
        facts = [[number, *fact] for fact in client.facts + server.facts]
        return exchanges, pushed, facts

    def truth(self):
        parts = [*self.past, self.logged()]
        exchanges, pushed, facts = ([one for part in parts for one in part[i]] for i in range(3))
        return super().truth() | {
            "connections": len(parts), "requests": exchanges, "pushed": pushed, "facts": facts,
            "findings": findings_of(exchanges + pushed), "switches": {}, "quic_truth": []}

    def conclude(self, what, **more):
        self.finish({"what": " ".join(what.split())} | more)
