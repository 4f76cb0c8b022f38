# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a case passes: from the captures of both ends and the files, never from what the client
or the server says. A check returns nothing; it raises Failed with what it saw."""
import network

VERSION_1 = 1
VERSION_2 = 0x6b3343cf
ECT = {1, 2}
CE = 3
SILENCE = 10
"""Seconds for which a server that is still there does not leave a client unanswered."""


class Failed(Exception):
    """What was seen that the case does not allow."""


class ServerFailed(Failed):
    """The same, where the packets show that the server alone is wrong."""


def demand(holds, sentence, failure=Failed):
    if not holds:
        raise failure(sentence)


class Evidence:
    """left and right: Capture. downloads: the folder that the client filled; files: name -> bytes."""

    def __init__(self, left, right, downloads, files):
        self.left, self.right = left, right
        self.downloads, self.files = downloads, files

    @staticmethod
    def from_server(packet):
        return packet.source[1] in (network.PORT, network.PREFERRED_PORT)

    def long(self, capture, kind, server):
        return [packet for packet in capture.long_packets()
                if packet.kind == kind and self.from_server(packet) == server]


def blame(evidence):
    """Where a case has failed: raises ServerFailed if the packets show that the server is the cause.
    RFC 9000, 7.2: it talks to the ID that the client chose, and a packet that was damaged on its way
    does not open."""
    chosen = {packet.scid for packet in evidence.left.long_packets()
              if not evidence.from_server(packet)}
    for packet in evidence.long(evidence.right, "Initial", True):
        demand(packet.dcid in chosen, f"the server sends frame {packet.frame} to the ID {packet.dcid}, "
               "which stood only in a packet that was damaged on its way", ServerFailed)
    begun = {}
    for packet in evidence.long(evidence.right, "Initial", True):
        first = begun.setdefault(packet.target, packet)
        demand(first.scid == packet.scid, f"the server gave up and began again: it answers the same "
               f"client from two IDs (frames {first.frame} and {packet.frame})", ServerFailed)
    unanswered = {}
    for each in evidence.right.datagrams():
        if evidence.from_server(each):
            unanswered.pop(each.target, None)
        else:
            unanswered.setdefault(each.source, []).append(each)
    for left in unanswered.values():
        demand(left[-1].time - left[0].time < SILENCE, f"the server gave up: it answers none of the "
               f"{len(left)} datagrams from frame {left[0].frame} on", ServerFailed)


def files(evidence):
    found = {path.name: path.read_bytes() for path in evidence.downloads.iterdir()}
    missing = sorted(evidence.files.keys() - found.keys())
    demand(not missing, f"{len(missing)} files are missing, such as {missing[:1]}")
    more = sorted(found.keys() - evidence.files.keys())
    demand(not more, f"there are files that nobody asked for: {more[:3]}")
    for name, content in evidence.files.items():
        demand(found[name] == content, f"{name} has {len(found[name])} bytes that are not the "
               f"server's {len(content)}")


def handshakes(count):
    def check(evidence):
        seen = {packet.scid for packet in evidence.long(evidence.right, "Initial", True)}
        demand(len(seen) == count, f"{len(seen)} handshakes instead of {count}")
    return check


def version_1(evidence):
    seen = {packet.version for packet in evidence.long(evidence.right, "Initial", True)}
    demand(seen == {VERSION_1}, f"the server's Initials have the versions {sorted(seen)}")


def no_retry(evidence):
    seen = evidence.long(evidence.right, "Retry", True)
    demand(not seen, "there is a Retry")


def hello_again(evidence):
    starts = {packet.number() for packet in evidence.long(evidence.left, "Initial", False)
              if any(offset == 0 for offset, _ in packet.crypto())}
    demand(len(starts) >= 2, f"the client sent its ClientHello in {len(starts)} packets only")


def chacha20_only(evidence):
    offered = {int(value, 0) for packet in evidence.long(evidence.left, "Initial", False)
               for value in packet.fields.get("tls.handshake.ciphersuite", [])}
    demand(offered == {0x1303}, f"the client offers the suites {sorted(map(hex, offered))}")


def stream_limit(evidence):
    # Transport parameters of the server stand in its EncryptedExtensions.
    given = [int(value, 0) for packet in evidence.right.long_packets()
             if evidence.from_server(packet) for value in packet.fields.get(
                 "tls.quic.parameter.initial_max_streams_bidi", [])]
    demand(given, "the server's initial_max_streams_bidi was not seen")
    demand(max(given) <= 1000, f"the server allows {max(given)} streams at once")


def token_echoed(evidence):
    """RFC 9000, 8.1.2 and 17.2.5.3."""
    retries = evidence.long(evidence.left, "Retry", True)
    demand(retries, "there is no Retry")
    tokens = {packet.first("quic.retry_token") for packet in retries}
    before = -1
    for packet in evidence.long(evidence.left, "Initial", False):
        if packet.first("quic.token") in tokens:
            demand(packet.number() > before, f"packet {packet.number()} follows {before}")
            return
        before = max(before, packet.number())
    raise Failed("no Initial of the client carries the token of the Retry")


def one_certificate(evidence):
    """The second of two connections is resumed: the server shows its certificate once."""
    order, shown = [], set()
    for packet in evidence.right.long_packets():
        if evidence.from_server(packet) and packet.kind in ("Initial", "Handshake"):
            if packet.scid not in order:
                order.append(packet.scid)
            if "tls.handshake.certificates_length" in packet.fields:
                shown.add(order.index(packet.scid))
    demand(shown == {0}, f"the server shows its certificate in the connections {sorted(shown)}")


def asked_early(evidence):
    early = sum(int(packet.first("quic.packet_length", "0"))
                for packet in evidence.long(evidence.right, "0-RTT", False))
    demand(early > 0, "the client sends nothing in 0-RTT packets")
    starts = [packet.frame for packet in evidence.long(evidence.right, "0-RTT", False)]
    late = sum(int(lengths[-1]) for datagram, lengths in evidence.right.values(
        "quic.packet_length", "quic.header_form == 0")
        if not evidence.from_server(datagram) and datagram.frame >= starts[0])
    demand(late <= 5000, f"the client sends {late} bytes in 1-RTT packets")


def keys_updated(evidence):
    seen = {evidence.from_server(datagram)
            for datagram, values in evidence.right.values("quic.key_phase") if "1" in
            [{"True": "1"}.get(value, value) for value in values]}
    for server, who in (False, "client"), (True, "server"):
        demand(server in seen, f"the {who} sends no packet with the new keys")


def ecn_both_ways(evidence):
    for server, who, capture in (False, "client", evidence.left), (True, "server", evidence.right):
        marks = {each.ecn for each in capture.datagrams() if evidence.from_server(each) == server}
        demand(marks & ECT, f"the {who} marks no packet")
        demand(CE not in marks, f"the {who} sends congestion experienced")
    counted = {evidence.from_server(datagram)
               for datagram, _ in evidence.right.values("quic.ack.ect0_count")}
    for server, who in (False, "client"), (True, "server"):
        demand(server in counted, f"the {who} sends no ECN counts")


def amplification_limited(evidence):
    """RFC 9000, 8.1: as the server sees it."""
    ends = [offset + length for packet in evidence.long(evidence.right, "Handshake", True)
            for offset, length in packet.crypto()]
    demand(max(ends, default=0) >= 7500, f"the server's handshake has {max(ends, default=0)} bytes")
    validated = min((packet.frame for packet in evidence.long(evidence.right, "Handshake", False)),
                    default=None)
    demand(validated is not None, "the client sends no Handshake packet")
    sent = received = 0
    for each in evidence.right.datagrams():
        if each.frame >= validated:
            break
        if evidence.from_server(each):
            sent += each.size
            demand(sent < 4 * received, f"the server sent {sent} bytes for {received}")
        else:
            received += each.size


def only_ipv6(evidence):
    for capture in evidence.left, evidence.right:
        old = [each for each in capture.datagrams() if "." in each.source[0]]
        demand(not old, f"{len(old)} datagrams are IPv4")


def version_2(evidence):
    """RFC 9369, 4: from version 1 to 2 within the handshake."""
    for kind, server, wanted in (("Initial", False, VERSION_1), ("Initial", True, VERSION_2),
                                 ("Handshake", False, VERSION_2), ("Handshake", True, VERSION_2)):
        seen = {packet.version for packet in evidence.long(evidence.right, kind, server)}
        if kind == "Initial" and not server:
            demand(VERSION_1 in seen, "the client does not begin with version 1")
            continue
        who = "server" if server else "client"
        demand(seen == {wanted}, f"the {who}'s {kind} packets have the versions "
               f"{sorted(map(hex, seen))}")


PATH_RESPONSE, PADDING = 0x1b, 0


def server_paths(evidence):
    """The server's first datagram on each of its paths, in order. One that only answers a challenge
    of the client's is none: that the client begins, it must answer at once (RFC 9000, 8.2.2)."""
    answers = {datagram.frame for datagram, kinds in evidence.right.values("quic.frame_type")
               if {int(kind, 0) for kind in kinds} <= {PATH_RESPONSE, PADDING}}
    firsts = {}
    for each in evidence.right.datagrams():
        if evidence.from_server(each) and each.frame not in answers:
            firsts.setdefault((each.source, each.target), each)
    return list(firsts.values())


def paths_validated(evidence):
    paths = server_paths(evidence)
    demand(len(paths) >= 2, "the server sends on one path only")
    challenges = {datagram.frame: values for datagram, values in
                  evidence.right.values("quic.path_challenge.data")}
    answers = {value for datagram, values in evidence.right.values("quic.path_response.data")
               if not evidence.from_server(datagram) for value in values}
    for first in paths[1:]:
        where = f"{first.target[0]}:{first.target[1]}"
        demand(first.frame in challenges, f"the server's first packet to {where} (frame "
               f"{first.frame}) has no PATH_CHALLENGE (RFC 9000, 9.3)", ServerFailed)
        demand(answers & set(challenges[first.frame]),
               f"the challenge to {where} (frame {first.frame}) is not answered")


def client_addresses(evidence):
    seen = {first.target[0] for first in server_paths(evidence)}
    demand(len(seen) > 1, "the client's address does not change")


def new_ids_where_preferred(evidence):
    """RFC 9000, 9.5 and 9.6: what the client sends to the preferred address has IDs that it does not
    send elsewhere."""
    here, there = {}, set()
    for datagram, values in evidence.left.values("quic.dcid"):
        if evidence.from_server(datagram):
            continue
        if datagram.target[1] == network.PREFERRED_PORT:
            here.setdefault(values[-1], datagram.frame)
        else:
            there.update(values)
    demand(here, "the client sends nothing to the preferred address")
    both = sorted(here.keys() & there)
    demand(not both, "the client sends the ID {} to both addresses (frame {})".format(
        *((both[0], here[both[0]]) if both else ("", ""))))
