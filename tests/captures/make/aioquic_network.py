# SPDX-License-Identifier: GPL-2.0-or-later
"""Two aioquic endpoints and the network between them, in one process and in virtual time.

aioquic's QuicConnection does no input or output of its own: it is handed datagrams and gives datagrams
back. So the network can be any: addresses change when a scenario says so, datagrams get lost, and each is
written to a capture where it leaves its sender. Needs python3-aioquic 1.2 (tried with 1.2.0).
"""
import datetime
import hashlib
import heapq
import ipaddress
import json
import os
import pathlib
import struct
import time

from aioquic.h3.connection import H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import HandshakeCompleted
from aioquic.quic.logger import QuicLogger
from aioquic.quic.packet import QuicFrameType
from aioquic.quic.packet_builder import QuicPacketBuilder
from aioquic.quic.packet import QuicPacketType
from aioquic.tls import Epoch
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ONE_WAY = 0.010  # seconds from one end to the other
SERVER = ("192.0.2.1", 4433)
HOME = ("198.51.100.7", 50000)


def certificate():
    """A key and a certificate for localhost that it signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    built = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
             .public_key(key.public_key()).serial_number(x509.random_serial_number())
             .not_valid_before(now - datetime.timedelta(days=1))
             .not_valid_after(now + datetime.timedelta(days=7))
             .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
             .sign(key, hashes.SHA256()))
    return key, built


class Capture:
    """A pcap file of raw IP packets."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        self.frames = 0

    def add(self, now, source, destination, payload):
        packet = ip_packet(source, destination, payload)
        seconds, micros = divmod(round(now * 1e6), 1000000)
        self.file.write(struct.pack("<IIII", seconds, micros, len(packet), len(packet)) + packet)
        self.frames += 1
        return self.frames

    def close(self):
        self.file.close()


def checksum(data):
    words = struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2))
    total = sum(words)
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ip_packet(source, destination, payload):
    a, b = (ipaddress.ip_address(end[0]).packed for end in (source, destination))
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", source[1], destination[1], length, 0)
    if len(a) == 4:
        pseudo = a + b + struct.pack("!HH", 17, length)
    else:
        pseudo = a + b + struct.pack("!II", length, 17)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload) or 0xFFFF) + payload
    if len(a) == 16:
        return struct.pack("!IHBB", 0x60000000, length, 17, 64) + a + b + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0x4000, 64, 17, 0) + a + b
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + udp


def content(size):
    return bytes((i * 7 + i // 251) & 0xFF for i in range(size))


class Endpoint:
    """One end: its connection, its HTTP/3, its log and where it is."""

    def __init__(self, network, name, address, id_length, **settings):
        self.network, self.name, self.address = network, name, address
        self.log = QuicLogger()
        self.configuration = QuicConfiguration(
            is_client=name == "client", alpn_protocols=["h3"], connection_id_length=id_length,
            quic_logger=self.log, **settings)
        self.quic, self.http, self.answers, self.streams = None, None, {}, {}
        self.also = set()  # further addresses that it listens on
        self.gone = False  # it has lost all state
        self.begin_settings = {}  # further arguments of the connection

    def begin(self, **settings):
        self.quic = QuicConnection(configuration=self.configuration,
                                   **(self.begin_settings | settings))
        if self.configuration.connection_id_length == 0:
            # aioquic would issue empty IDs in NEW_CONNECTION_ID, which RFC 9000, 19.15 forbids.
            self.quic._replenish_connection_ids = lambda: None

    def flush(self):
        if self.quic is not None and not self.gone:
            for data, destination in self.quic.datagrams_to_send(self.network.now):
                self.network.send(self, destination, data)

    def receive(self, data, source):
        self.quic.receive_datagram(data, source, self.network.now)
        self.handle_events()
        self.flush()

    def handle_events(self):
        while (event := self.quic.next_event()) is not None:
            self.on_quic(event)

    def on_quic(self, event):
        if isinstance(event, HandshakeCompleted):
            self.http = H3Connection(self.quic)
        if self.http is not None:
            for http_event in self.http.handle_event(event):
                self.on_http(http_event)

    def on_http(self, event):
        if self.name == "server":
            if isinstance(event, HeadersReceived):
                size = int(dict(event.headers)[b":path"].rsplit(b"/", 1)[1])
                self.http.send_headers(event.stream_id, [(b":status", b"200")])
                self.http.send_data(event.stream_id, content(size), end_stream=True)
            return
        answer = self.answers[event.stream_id]
        if isinstance(event, HeadersReceived):
            answer["status"] = int(dict(event.headers)[b":status"])
        elif isinstance(event, DataReceived):
            self.streams[event.stream_id] += event.data

    def get(self, size):
        """The client asks for so many bytes. The request is long: three times what came from an
        address is all that the server may send there before it is validated."""
        stream = self.quic.get_next_available_stream_id()
        path = f"/bytes/{size}"
        self.answers[stream] = {"conn": 0, "method": "GET", "path": path, "stream": stream}
        self.streams[stream] = b""
        self.http.send_headers(stream, [(b":method", b"GET"), (b":scheme", b"https"),
                                        (b":authority", b"localhost"), (b":path", path.encode()),
                                        (b"x-filler", os.urandom(450).hex().encode())],
                               end_stream=True)
        self.flush()

    def send_alone(self, frames, destination, peer_cid):
        """A 1-RTT packet of these frames and padding: what aioquic has no call for. A frame is its
        type, its content, and what a log says of it."""
        quic, now = self.quic, self.network.now
        builder = QuicPacketBuilder(
            host_cid=quic.host_cid, peer_cid=peer_cid, version=quic._version,
            is_client=self.name == "client", max_datagram_size=quic._max_datagram_size,
            packet_number=quic._packet_number)
        builder.start_packet(QuicPacketType.ONE_RTT, quic._cryptos[Epoch.ONE_RTT])
        for kind, body, _ in frames:
            builder.start_frame(kind, capacity=9 + len(body)).push_bytes(body)
        padding = builder.remaining_flight_space
        builder.start_frame(QuicFrameType.PADDING, capacity=padding).push_bytes(bytes(padding - 1))
        number = builder.packet_number
        datagrams, _ = builder.flush()
        quic._packet_number = builder.packet_number
        quic._quic_logger.log_event(category="transport", event="packet_sent", data={
            "frames": [said for _, _, said in frames],
            "header": {"packet_number": number, "packet_type": "1RTT", "dcid": peer_cid.hex()}})
        for data in datagrams:
            self.network.send(self, destination, data)

    def probe(self, source, destination, peer_cid):
        """A PATH_CHALLENGE from another address than everything else."""
        usual, self.address = self.address, source
        self.also.add(source)
        self.challenge(destination, peer_cid)
        self.address = usual

    def challenge(self, destination, peer_cid):
        data = os.urandom(8)
        self.quic._local_challenges[data] = self.quic._network_paths[0]
        self.send_alone([(QuicFrameType.PATH_CHALLENGE, data,
                          {"frame_type": "path_challenge", "data": data.hex()})],
                        destination, peer_cid)

    def respond_elsewhere(self):
        """aioquic answers challenges on its current path only."""
        cid = self.quic._peer_cid.cid
        for path in self.quic._network_paths[1:]:
            while path.remote_challenges:
                data = path.remote_challenges.popleft()
                self.send_alone([(QuicFrameType.PATH_RESPONSE, data,
                                  {"frame_type": "path_response", "data": data.hex()})],
                                path.addr, cid)


class Network:
    endpoint = Endpoint  # what stands at both ends

    def __init__(self, base, client_id=8, server_id=8, server=SERVER, home=HOME):
        self.now = self.start = time.time()
        self.base, self.queue, self.order = base, [], 0
        self.capture = Capture(base + ".pcap")
        self.keys = open(base + ".keys", "w", encoding="ascii")
        self.pairs = []  # (client, server) in the order of first use
        self.lose = lambda sender, source, destination: False
        key, built = certificate()
        self.client = self.endpoint(self, "client", home, client_id, server_name="localhost",
                                    verify_mode=0, secrets_log_file=self.keys)
        self.server = self.endpoint(self, "server", server, server_id, private_key=key,
                                    certificate=built)
        self.client.begin()

    def send(self, sender, destination, data):
        source = sender.address
        pair = (source, destination) if sender is self.client else (destination, source)
        if pair not in self.pairs:
            self.pairs.append(pair)
        self.record(source, destination, data)
        if not self.lose(sender, source, destination):
            self.at(ONE_WAY, lambda: self.deliver(sender, source, destination, data))

    def record(self, source, destination, data):
        self.frame = self.capture.add(self.now, source, destination, data)

    def deliver(self, sender, source, destination, data):
        receiver = self.server if sender is self.client else self.client
        if destination not in receiver.also | {receiver.address} or receiver.gone:
            return  # nobody is there any more
        if receiver.quic is None:
            receiver.begin(original_destination_connection_id=data[6:6 + data[5]])
        receiver.receive(data, source)

    def at(self, delay, action):
        self.order += 1
        heapq.heappush(self.queue, (self.now + delay, self.order, action))

    def timers(self):
        for end in (self.client, self.server):
            if end.quic is not None and not end.gone and end.quic.get_timer() is not None:
                # A sender held back by anti-amplification asks for a time that is past.
                yield max(end.quic.get_timer(), self.now + 0.001), end

    def step(self, limit):
        """What comes next, datagram or timer. False when nothing comes before the limit."""
        due, end = min(self.timers(), key=lambda pair: pair[0], default=(limit, None))
        if self.queue and self.queue[0][0] <= min(due, limit):
            self.now, _, action = heapq.heappop(self.queue)
            action()
            return True
        if end is None or due > limit:
            return False
        self.now = due
        end.quic.handle_timer(self.now)
        end.handle_events()
        end.flush()
        return True

    def run(self, seconds):
        limit = self.now + seconds
        while self.step(limit):
            pass
        self.now = limit

    def open(self):
        self.client.quic.connect(self.server.address, self.now)
        self.client.flush()
        self.run(0.3)

    def finish(self, truth):
        """The client closes; capture, secrets and truth are written."""
        self.client.quic.close(error_code=0x100)
        self.client.flush()
        self.run(1.0)
        self.capture.close()
        self.keys.close()
        truth = self.truth() | truth
        pathlib.Path(self.base + ".truth.json").write_text(written(truth), encoding="utf-8")

    def truth(self):
        """What both ends logged."""
        return truth_of(self)


def written(truth):
    """JSON with a line for each element of a list."""
    def value(one):
        if isinstance(one, list) and one:
            return "[\n  " + ",\n  ".join(map(json.dumps, one)) + "\n ]"
        return json.dumps(one)
    return "{\n " + ",\n ".join(f"{json.dumps(k)}: {value(v)}" for k, v in truth.items()) + "\n}\n"


PROBING = {"path_challenge", "path_response", "new_connection_id", "padding"}
TOLD = {"path_challenge", "path_response", "new_connection_id", "retire_connection_id"}


def sent_packets(end):
    for event in end.log.to_dict()["traces"][0]["events"]:
        if event["name"] == "transport:packet_sent":
            yield event["data"]


def frames_of(end):
    for packet in sent_packets(end):
        for frame in packet["frames"]:
            if frame["frame_type"] in TOLD:
                yield {"sender": end.name, "number": packet["header"]["packet_number"]} | frame


def switches_of(end):
    """Pairs of destination IDs, of packets that are more than probes."""
    pairs, last = [], None
    for packet in sent_packets(end):
        if packet["header"]["packet_type"].upper() == "1RTT" and \
                all(f["frame_type"] in PROBING for f in packet["frames"]):
            continue
        dcid = packet["header"]["dcid"]
        if last is not None and dcid != last:
            pairs.append([last, dcid])
        last = dcid
    return pairs


def requests_of(client):
    for stream, answer in client.answers.items():
        body = client.streams[stream]
        yield answer | {"body_len": len(body), "body_sha256": hashlib.sha256(body).hexdigest()}


def text_of(address):
    host = f"[{address[0]}]" if ":" in address[0] else address[0]
    return f"{host}:{address[1]}"


def truth_of(network):
    ends = (network.client, network.server)
    dcids = []
    for end, way in zip(ends, ("sent", "received")):
        for packet in sent_packets(end):
            one = [way, packet["header"]["dcid"], packet["header"]["packet_type"]]
            if one not in dcids:
                dcids.append(one)
    return {
        "name": os.path.basename(network.base),
        "server": "aioquic 1.2.0", "client": "aioquic 1.2.0", "connections": 1,
        "requests": list(requests_of(network.client)),
        "switches": {end.name: switches_of(end) for end in ends},
        "quic_truth": [{"cid_path_frames": [f for end in ends for f in frames_of(end)],
                        "dcids": dcids,
                        "locals": [f"{text_of(c)}->{text_of(s)}" for c, s in network.pairs]}],
    }
