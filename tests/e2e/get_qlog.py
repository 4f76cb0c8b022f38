#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""quiclens get --qlog: what it says, held against its schema and against the capture."""
import json
import os
from collections import Counter

import origin_support as support
import peers

REQUIRED = {
    "connectivity:connection_started": {"src_ip", "dst_ip"},
    "connectivity:connection_id_updated": {"owner"},
    "connectivity:migration_state_updated": {"new"},
    "transport:parameters_set": set(),
    "transport:packet_sent": {"header"},
    "transport:packet_received": {"header"},
    "recovery:metrics_updated": set(),
    "recovery:packet_lost": set(),
    "http:parameters_set": set(),
    "http:stream_type_set": {"stream_id", "stream_type"},
    "http:frame_created": {"stream_id", "frame"},
    "http:frame_parsed": {"stream_id", "frame"},
}
"""Every event that may occur, with the fields of its data that the schema asks for."""

OPTIONAL = {
    "connectivity:connection_started": {"ip_version", "protocol", "src_port", "dst_port", "src_cid",
                                        "dst_cid"},
    "connectivity:connection_id_updated": {"old", "new"},
    "connectivity:migration_state_updated": {"old", "path_id", "path_remote", "path_local"},
    "transport:packet_sent": {"frames", "is_coalesced", "raw", "datagram_id", "trigger"},
    "transport:packet_received": {"frames", "is_coalesced", "raw", "datagram_id", "trigger"},
    "recovery:packet_lost": {"header", "frames", "trigger"},
    "recovery:metrics_updated": {"min_rtt", "smoothed_rtt", "latest_rtt", "rtt_variance",
                                 "pto_count", "congestion_window", "bytes_in_flight", "ssthresh",
                                 "packets_in_flight", "pacing_rate"},
    "http:stream_type_set": {"owner", "raw_stream_type", "associated_push_id"},
    "http:frame_created": {"length", "byte_length", "raw"},
    "http:frame_parsed": {"length", "byte_length", "raw"},
}
"""What else it knows, and byte_length, as qvis calls the length of a frame's payload; sets of
parameters may have any."""

VALUES = {
    "ip_version": {"v4", "v6"},
    "owner": {"local", "remote"},
    "stream_type": {"request", "control", "push", "reserved", "unknown", "qpack_encode",
                    "qpack_decode"},
    "new": {"probing_started", "probing_abandoned", "probing_successful", "migration_started",
            "migration_abandoned", "migration_complete"},
}

OF_FRAME = {"headers": {"headers"}, "data": set(), "settings": {"settings"}, "goaway": {"id"},
            "priority_update": {"stream_id", "priority_field_value"}, "reserved": set(),
            "unknown": {"raw_frame_type"}}

TYPES = {"0": "initial", "1": "0RTT", "2": "handshake", "3": "retry"}


def check_data(name, data):
    """The fields of an event's data, and those values of which there is a list."""
    assert REQUIRED[name] <= data.keys(), (name, data)
    if name in OPTIONAL:
        assert data.keys() <= REQUIRED[name] | OPTIONAL[name], (name, data)
    for field, values in VALUES.items():
        is_id = name == "connectivity:connection_id_updated" and field == "new"
        assert field not in data or is_id or data[field] in values, (name, data)


def records(path):
    """The head and the events, checked as far as RFC 7464 and the schema go."""
    content = path.read_bytes()
    assert content[:1] == b"\x1e" and content[-1:] == b"\n"
    texts = content.split(b"\x1e")[1:]
    assert all(text.endswith(b"}\n") and text.count(b"\n") == 1 for text in texts)
    head, *events = [json.loads(text) for text in texts]
    assert head["qlog_version"] == "0.3" and head["qlog_format"] == "JSON-SEQ"
    assert head["trace"]["vantage_point"]["type"] == "client"
    assert head["trace"]["common_fields"]["time_format"] == "relative"
    last = 0
    for event in events:
        assert last <= event["time"], event
        last = event["time"]
        check_data(event["name"], event["data"])
        if event["name"].startswith("http:frame"):
            frame = event["data"]["frame"]
            assert OF_FRAME[frame["frame_type"]] <= frame.keys(), event
    return head, events


def packets(events, name):
    return Counter(event["data"]["header"]["packet_type"] for event in events
                   if event["name"] == f"transport:{name}")


def captured(capture, port):
    """QUIC packets that were sent and received, by type."""
    sent, received = Counter(), Counter()
    for row in peers.tshark(capture, "-T", "fields", "-e", "udp.dstport", "-e",
                            "quic.long.packet_type", "-e", "quic.header_form"):
        destination, long_types, forms = row.split("\t")
        count = sent if destination == str(port) else received
        count.update(TYPES[kind] for kind in long_types.split(",") if kind)
        count["1RTT"] += forms.split(",").count("0")
    return +sent, +received


class Qlog(peers.Case):
    def session(self, kind, *arguments, urls):
        """Its events, and its capture; all of it was transferred."""
        folder = self.home.folder(self.id() + kind.__name__)
        capture, qlog = folder / "c.pcapng", folder / "q.sqlog"
        with self.start(kind) as server:
            done = self.get("--qlog", qlog, "--capture", capture, *arguments,
                            *(f"{server.url}/{url}" for url in urls))
            self.assert_done(done)
            self.assertEqual(done.stdout, b"".join(self.files[url] for url in urls))
            return records(qlog)[1], capture, server.port

    @support.proves("--qlog")
    def test_packets_are_those_of_the_capture(self):
        for kind in (peers.Caddy, peers.Gtlsserver):
            with self.subTest(kind.__name__):
                events, capture, port = self.session(kind, urls=["1m", "file-3"])
                sent, received = captured(capture, port)
                self.assertEqual(packets(events, "packet_sent"), sent)
                # What comes behind the connection's end is captured, but nobody reads it.
                late = received - packets(events, "packet_received")
                self.assertEqual(packets(events, "packet_received") - received, Counter())
                self.assertLessEqual(sum(late.values()), 40)

    def test_frames_are_those_of_the_session(self):
        urls = [f"file-{i}" for i in range(1, 6)]
        events, _, _ = self.session(peers.Gtlsserver, urls=urls)
        fields = {"http:frame_created": [], "http:frame_parsed": []}
        content = Counter()
        for event in events:
            data = event["data"]
            if event["name"] in fields and data["frame"]["frame_type"] == "headers":
                fields[event["name"]].append({f["name"]: f["value"]
                                              for f in data["frame"]["headers"]})
            elif event["name"] == "http:frame_parsed" and data["frame"]["frame_type"] == "data":
                content[data["stream_id"]] += data["length"]
        self.assertEqual([f[":path"] for f in fields["http:frame_created"]],
                         [f"/{url}" for url in urls])
        self.assertEqual([f[":status"] for f in fields["http:frame_parsed"]], ["200"] * 5)
        self.assertEqual(sorted(content.values()), [len(self.files[url]) for url in urls])
        kinds = Counter((event["data"]["owner"], event["data"]["stream_type"]) for event in events
                        if event["name"] == "http:stream_type_set")
        self.assertEqual(kinds, Counter({("local", "request"): 5, **{
            (owner, kind): 1 for owner in ("local", "remote")
            for kind in ("control", "qpack_encode", "qpack_decode")}}))
        self.assertEqual(sorted(event["data"]["owner"] for event in events
                                if event["name"] == "http:parameters_set"), ["local", "remote"])

    def test_frames_of_http_fill_the_streams_that_came(self):
        """As qvis puts the frames of HTTP/3 into the bytes of streams: those that have come."""
        for kind in (peers.Caddy, peers.Gtlsserver):
            with self.subTest(kind.__name__):
                events, _, _ = self.session(kind, urls=["1m", "file-3", "file-5"])
                came, filled = Counter(), Counter()
                for event in events:
                    data = event["data"]
                    if event["name"] == "transport:packet_received":
                        for frame in data.get("frames", []):
                            if frame["frame_type"] == "stream":
                                end = frame["offset"] + frame["length"]
                                came[frame["stream_id"]] = max(came[frame["stream_id"]], end)
                    elif event["name"] == "http:frame_parsed":
                        self.assertIn(data["stream_id"], came, event)
                        self.assertEqual(int(data["byte_length"]), data["raw"]["payload_length"])
                        filled[data["stream_id"]] += data["raw"]["length"]
                self.assertEqual({stream: size for stream, size in came.items() if stream % 4 == 0},
                                 {stream: size for stream, size in filled.items()
                                  if stream % 4 == 0})
                self.assertEqual(sum(stream % 4 == 0 for stream in came), 3)

    def test_another_priority_is_told(self):
        events, capture, _ = self.session(peers.Gtlsserver, "--reprioritize", "0:u=1,i",
                                          urls=["5m"])
        self.assertEqual([(event["name"], event["data"]["frame"]) for event in events
                          if "priority" in str(event["data"].get("frame"))],
                         [("http:frame_created", {"frame_type": "priority_update", "stream_id": 0,
                                                  "priority_field_value": "u=1,i",
                                                  "element_id": 0, "value": "u=1,i"})])
        self.assertEqual(peers.tshark(capture, "-Y", "http3.frame_type == 0xf0700", "-T", "fields",
                                      "-e", "http3.priority_update_field_value"), ["u=1,i"])

    def test_a_move_is_told(self):
        events, capture, port = self.session(peers.Gtlsserver, "--migrate-after", "200k",
                                             urls=["5m"])
        moves = [event["data"] for event in events
                 if event["name"] == "connectivity:migration_state_updated"]
        self.assertEqual([move["new"] for move in moves][:3],
                         ["probing_started", "probing_successful", "migration_started"])
        ports = set(peers.tshark(capture, "-T", "fields", "-e", "udp.srcport")) - {str(port)}
        first = next(event["data"]["src_port"] for event in events
                     if event["name"] == "connectivity:connection_started")
        self.assertEqual({str(moves[0]["path_local"]["port_v4"]), str(first)}, ports)
        ids = [event["data"] for event in events
               if event["name"] == "connectivity:connection_id_updated"]
        for owner in ("local", "remote"):
            mine = [each for each in ids if each["owner"] == owner]
            self.assertEqual([each["old"] for each in mine[1:]], [each["new"] for each in mine[:-1]])
        self.assertGreaterEqual(sum(each["owner"] == "remote" for each in ids), 2)

    def test_each_connection_has_a_file(self):
        folder = self.home.folder("many")
        with self.start(peers.Gtlsserver) as first, self.start(peers.Gtlsserver) as second:
            self.assert_done(self.get("--qlog", folder, f"{first.url}/file-1",
                                      f"{second.url}/file-1"))
        names = sorted(path.name for path in folder.iterdir())
        heads = [records(folder / name)[0] for name in names]
        self.assertEqual(names, [f"{head['trace']['common_fields']['group_id']}_client.sqlog"
                                 for head in heads])
        self.assertEqual(len(names), 2)

    def test_it_cannot_be_written(self):
        with self.start(peers.Gtlsserver) as server:
            url = f"{server.url}/file-9"
            self.assert_failed(self.get("--qlog", "/nowhere/q.sqlog", url), "the qlog",
                               "/nowhere/q.sqlog", "No such file or directory")
            done = self.get("--qlog", "/dev/full", url)
            self.assert_failed(done, "the qlog", "/dev/full", "No space left on device")
            self.assertEqual(done.stdout, self.files["file-9"])


if __name__ == "__main__":
    os.umask(0o022)
    peers.main()
