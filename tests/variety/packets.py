# SPDX-License-Identifier: GPL-2.0-or-later
"""Captured IP packets as plain data: read from a pcap file, taken apart, wrapped anew, written again."""
import struct
from dataclasses import dataclass, replace

ETHERNET, RAW_IP = 1, 101
IPV4, IPV6 = 0x0800, 0x86dd
UDP = 17


@dataclass(frozen=True)
class Packet:
    time_ns: int
    data: bytes        # begins with the IP header; in what is written, with the link's header
    length: int = 0    # as sent, where the capture cut it; 0: as long as `data`
    origin: int = 0    # number of the frame that it was in what was read


def read(path):
    """The IP packets of a pcap file with Ethernet or raw IP, as our captures are."""
    blob = path.read_bytes()
    magic, link = struct.unpack_from("<I", blob)[0], struct.unpack_from("<I", blob, 20)[0]
    assert magic == 0xa1b2c3d4 and link in (ETHERNET, RAW_IP), path
    packets, at, skip = [], 24, 14 if link == ETHERNET else 0
    while at < len(blob):
        seconds, micros, captured, length = struct.unpack_from("<IIII", blob, at)
        data = blob[at + 16 + skip:at + 16 + captured]
        at += 16 + captured
        packets.append(Packet(seconds * 10**9 + micros * 1000, data,
                              length - skip if length != captured else 0, len(packets) + 1))
    return packets


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data[:len(data) // 2 * 2]))
    total += data[-1] << 8 if len(data) % 2 else 0
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ethertype(data):
    return IPV4 if data[0] >> 4 == 4 else IPV6


def header_length(data):
    """Of the IP header; our captures have no extension headers."""
    return (data[0] & 15) * 4 if data[0] >> 4 == 4 else 40


def addresses(data):
    """The bytes of source and destination."""
    return (data[12:16], data[16:20]) if data[0] >> 4 == 4 else (data[8:24], data[24:40])


def ports(data):
    return struct.unpack_from(">HH", data, header_length(data))


def payload(data):
    """Of UDP."""
    return data[header_length(data) + 8:]


def ipv4(source, destination, protocol, body, ident=1, flags=0, options=b"", tos=0):
    head = bytearray(struct.pack(">BBHHHBBH4s4s", 0x40 | 5 + len(options) // 4, tos,
                                 20 + len(options) + len(body), ident, flags, 64, protocol, 0,
                                 source, destination) + options)
    struct.pack_into(">H", head, 10, checksum(bytes(head)))
    return bytes(head) + body


def ipv6(source, destination, following, body, traffic_class=0):
    return struct.pack(">IHBB16s16s", 6 << 28 | traffic_class << 20, len(body), following, 64,
                       source, destination) + body


def udp(source, destination, body):
    return struct.pack(">HHHH", source, destination, 8 + len(body), 0) + body


def with_payload(packet, body):
    """The same packet with another UDP payload."""
    data = packet.data
    if data[0] >> 4 == 4:
        datagram = udp(*ports(data), body)
        return replace(packet, data=ipv4(*addresses(data), UDP, datagram, tos=data[1]))
    return replace(packet, data=data[:4] + struct.pack(">H", 8 + len(body)) + data[6:40] + udp(*ports(data), body))


def with_addresses(packet, source, destination):
    """The same packet between others of the same family; ports stay."""
    data = packet.data
    if data[0] >> 4 == 4:
        return replace(packet, data=data[:12] + source + destination + data[20:])
    return replace(packet, data=data[:8] + source + destination + data[40:])
