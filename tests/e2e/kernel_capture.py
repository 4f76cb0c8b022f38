# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel sees of a session: tcpdump, on a loopback of the test's own."""
import ctypes
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import Counter

import origin_support as support
import peers

CLONE_NEWNET = 0x40000000
DROP_COUNT = 4  # of pcapng's Enhanced Packet Block


def enter_namespace():
    """A loopback of our own, with the MTU of Ethernet, on which no datagrams are joined."""
    if os.geteuid() != 0:
        print("not root: skipped")
        sys.exit(support.SKIPPED)
    for program in ("tcpdump", "ethtool", "ip", "tshark"):
        if shutil.which(program) is None:
            print(f"{program} is not installed: skipped")
            sys.exit(support.SKIPPED)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print(f"no network namespace: {os.strerror(ctypes.get_errno())}: skipped")
        sys.exit(support.SKIPPED)
    for command in ("ip link set lo up mtu 1500", "ethtool -K lo tx-udp-segmentation off"):
        subprocess.run(command.split(), check=True, timeout=peers.TIMEOUT,
                       stdout=subprocess.DEVNULL)


class Tcpdump:
    """tcpdump on the loopback, as a context."""

    def __init__(self, path, port):
        self.process = subprocess.Popen(
            ["tcpdump", "-i", "lo", "-w", str(path), "-U", "-B", "65536", "-Z", "root",
             "udp", "port", str(port)], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while b"listening on" not in self.process.stderr.readline():
            if self.process.poll() is not None:
                raise AssertionError("tcpdump ended")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        time.sleep(1.5)  # the kernel hands over what it gathered
        self.process.send_signal(signal.SIGINT)
        said = self.process.communicate(timeout=peers.TIMEOUT)[1].decode()
        if "\n0 packets dropped by kernel" not in said:
            raise AssertionError(said)


def datagrams(capture):
    """Each datagram of a capture: addresses, ports, ECN, TTL and payload, in its order. It is a pcap
    of tcpdump's, or a pcapng of our own; IPv4 has no options, IPv6 no extensions."""
    data = capture.read_bytes()
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return [datagram(packet) for packet, _ in pcapng_records(data)]
    return [datagram(packet) for packet in pcap_records(data)]


def lost_datagrams(own):
    """How many datagrams our capture says the kernel had no room for, by addresses and ports."""
    lost = Counter()
    for packet, options in pcapng_records(own.read_bytes()):
        lost[datagram(packet)[:4]] += int.from_bytes(options.get(DROP_COUNT, b""), "little")
    return lost


def compare_datagrams(ours, theirs):
    """Ours have to be among theirs, in their order. How many of theirs ours lacks before its last
    one, and how many behind that."""
    rest, before = iter(theirs), 0
    for row in ours:
        for other in rest:
            if other == row:
                break
            before += 1
        else:
            raise AssertionError(f"not seen there: {row[:6]} {row[6][:32].hex()}")
    return before, sum(1 for _ in rest)


def pcapng_records(data):
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:
            size = struct.unpack_from("<I", data, at + 20)[0]
            end = at + 28 + size
            yield data[at + 28:end], pcapng_options(data[end + -size % 4:at + length - 4])
        at += length


def pcapng_options(data):
    options, at = {}, 0
    while at < len(data):
        code, length = struct.unpack_from("<HH", data, at)
        options[code] = data[at + 4:at + 4 + length]
        at += 4 + length + -length % 4
    return options


def pcap_records(data):
    assert struct.unpack_from("<I", data, 20)[0] == 1, "not Ethernet"
    at = 24
    while at < len(data):
        size = struct.unpack_from("<I", data, at + 8)[0]
        yield data[at + 16 + 14:at + 16 + size]
        at += 16 + size


def datagram(packet):
    if packet[0] >> 4 == 4:
        family, source, ecn, ttl, udp = socket.AF_INET, 12, packet[1] & 3, packet[8], 20
    else:
        family, source, ecn, ttl, udp = socket.AF_INET6, 8, packet[1] >> 4 & 3, packet[7], 40
    size = 4 if family == socket.AF_INET else 16
    addresses = [socket.inet_ntop(family, packet[at:at + size])
                 for at in (source, source + size)]
    from_port, to_port, length = struct.unpack_from("!HHH", packet, udp)
    return (*addresses, str(from_port), str(to_port), ecn, ttl, packet[udp + 8:udp + length])
