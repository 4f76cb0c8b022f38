# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark reads in a capture of one end, as plain data."""
import collections
import os
import subprocess
import xml.etree.ElementTree

import servers

Datagram = collections.namedtuple("Datagram", "frame time source target size ecn")
"""time: seconds since the first; source and target: (address, port); size: bytes of payload."""

TYPES = {"v1": {"0": "Initial", "1": "0-RTT", "2": "Handshake", "3": "Retry"},
         "v2": {"1": "Initial", "2": "0-RTT", "3": "Handshake", "0": "Retry"}}


class Packet:
    """A QUIC packet with a long header."""

    def __init__(self, frame, datagram, fields):
        self.frame = frame
        self.source, self.target = datagram.source, datagram.target
        self.fields = fields
        self.version = int(self.first("quic.version", "0"), 0)
        v2 = self.first("quic.long.packet_type_v2")
        kind = TYPES["v2"].get(v2) if v2 is not None else \
            TYPES["v1"].get(self.first("quic.long.packet_type"))
        self.kind = "Version Negotiation" if self.version == 0 else kind
        self.scid = self.first("quic.scid", "")
        self.dcid = self.first("quic.dcid", "")

    def first(self, name, default=None):
        return self.fields.get(name, [default])[0]

    def number(self):
        return int(self.first("quic.packet_number", "-1"))

    def crypto(self):
        """(offset, length) of its CRYPTO frames."""
        return [(int(offset), int(length)) for offset, length in
                zip(self.fields.get("quic.crypto.offset", []),
                    self.fields.get("quic.crypto.length", []))]


class Capture:
    def __init__(self, path, keys, work, root):
        self.path = path
        self.keys = keys
        self.work = work
        self.root = root
        self.cache = {}

    def tshark(self, *arguments):
        see = (lambda path: f"/mnt/{path.relative_to(self.work)}") if self.root else str
        command = ["tshark", "-n", "-r", see(self.path), "-o", f"tls.keylog_file:{see(self.keys)}",
                   "-d", "udp.port==443,quic", "-d", "udp.port==4443,quic", *arguments]
        if self.root:
            command = ["unshare", "--mount", "--propagation", "private", "sh", "-euc",
                       servers.ENTER, "enter", self.root, str(self.work), *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, check=False,
                              env={**os.environ, "LC_ALL": "C.UTF-8",
                                   "WIRESHARK_PLUGIN_DIR": "/nonexistent"})
        if done.returncode != 0:
            raise RuntimeError(f"tshark: {done.stderr.decode(errors='replace')[-500:]}")
        return done.stdout.decode(errors="replace")

    def rows(self, wanted, *names):
        """A list of values a name, for each frame that the display filter wants."""
        options = [word for name in names for word in ("-e", name)]
        text = self.tshark("-Y", wanted, "-T", "fields", "-E", "separator=|", *options)
        return [[value.split(",") if value else [] for value in line.split("|")]
                for line in text.splitlines()]

    def datagrams(self):
        if "datagrams" not in self.cache:
            found = []
            for row in self.rows("udp && !icmp && !icmpv6", "frame.number", "frame.time_relative",
                                 "ip.src", "ipv6.src",
                                 "ip.dst", "ipv6.dst", "udp.srcport", "udp.dstport", "udp.length",
                                 "ip.dsfield.ecn", "ipv6.tclass.ecn"):
                frame, when, *addresses = row[:6]
                ports, size, ecn = row[6:8], row[8], row[9] + row[10]
                source, target = addresses[0] + addresses[1], addresses[2] + addresses[3]
                found.append(Datagram(int(frame[0]), float(when[0]), (source[0], int(ports[0][0])),
                                      (target[0], int(ports[1][0])), int(size[0]) - 8,
                                      int(ecn[0], 0)))
            self.cache["datagrams"] = found
        return self.cache["datagrams"]

    def by_frame(self):
        return {each.frame: each for each in self.datagrams()}

    def long_packets(self):
        """Those with long headers, in order, also where several share a datagram."""
        if "long" not in self.cache:
            datagrams, found = self.by_frame(), []
            text = self.tshark("-Y", "quic.header_form == 1", "-T", "pdml")
            for packet in xml.etree.ElementTree.fromstring(text).iter("packet"):
                frame = None
                for proto in packet.iter("proto"):
                    fields = collections.defaultdict(list)
                    for field in proto.iter("field"):
                        fields[field.get("name")].append(field.get("show"))
                    if proto.get("name") == "frame":
                        frame = int(fields["frame.number"][0])
                    elif proto.get("name") == "quic" and fields["quic.header_form"] == ["1"] \
                            and frame in datagrams:
                        found.append(Packet(frame, datagrams[frame], dict(fields)))
            self.cache["long"] = found
        return self.cache["long"]

    def values(self, name, wanted="quic"):
        """(datagram, values) of each frame that has that field."""
        datagrams = self.by_frame()
        return [(datagrams[int(frame[0])], values)
                for frame, values in self.rows(f"{name} && {wanted}", "frame.number", name)
                if int(frame[0]) in datagrams]
