# SPDX-License-Identifier: GPL-2.0-or-later
"""Link layers, tunnels and file formats in which the same IP packets may come."""
import struct
from dataclasses import replace
from packets import ETHERNET, IPV4, RAW_IP, UDP, addresses, ethertype, header_length, ipv4, ipv6, udp

A4, B4 = bytes((203, 0, 113, 1)), bytes((203, 0, 113, 2))
A6, B6 = b"\x20\x01\x0d\xb8" + bytes(11) + b"\x01", b"\x20\x01\x0d\xb8" + bytes(11) + b"\x02"
MACS = bytes.fromhex("02000000000b02000000000a")


def ether(data, kind=None):
    return MACS + struct.pack(">H", kind or ethertype(data)) + data


def family(data, order):
    return struct.pack(order + "I", 2 if data[0] >> 4 == 4 else 30) + data


def vlan(data):
    return ether(struct.pack(">HH", 42, ethertype(data)) + data, 0x8100)


def double_vlan(data):
    return ether(struct.pack(">HHHH", 7, 0x8100, 42, ethertype(data)) + data, 0x88a8)


def mpls(data):
    return ether(struct.pack(">II", 16 << 12 | 64, 17 << 12 | 0x100 | 64) + data, 0x8847)


def ppp_protocol(data):
    return struct.pack(">H", 0x0021 if data[0] >> 4 == 4 else 0x0057)


def pppoe(data):
    inside = ppp_protocol(data) + data
    return ether(struct.pack(">BBHH", 0x11, 0, 1, len(inside)) + inside, 0x8864)


def snap(data):
    return bytes.fromhex("aaaa03000000") + struct.pack(">H", ethertype(data)) + data


def llc(data):
    return MACS + struct.pack(">H", len(snap(data))) + snap(data)


def wireless(data):
    """IEEE 802.11 data towards the distribution system, behind a radiotap header."""
    head = bytes.fromhex("08010000") + MACS[:6] + MACS[6:] + MACS[:6] + b"\x10\x00"
    return bytes.fromhex("0000080000000000") + head + snap(data)


def cooked(data):
    return struct.pack(">HHH8sH", 0, 1, 6, bytes(8), ethertype(data)) + data


def cooked2(data):
    return struct.pack(">HHIHBB8s", ethertype(data), 0, 3, 1, 0, 6, bytes(8)) + data


# name -> (link type, how an IP packet is wrapped)
LINKS = {
    "ethernet": (ETHERNET, ether),
    "raw-ip": (RAW_IP, bytes),
    "null-little": (0, lambda data: family(data, "<")),
    "null-big": (0, lambda data: family(data, ">")),
    "loop": (108, lambda data: family(data, ">")),
    "linux-cooked": (113, cooked),
    "linux-cooked-2": (276, cooked2),
    "ppp": (9, lambda data: b"\xff\x03" + ppp_protocol(data) + data),
    "ppp-hdlc": (50, lambda data: b"\xff\x03" + ppp_protocol(data) + data),
    "pppoe": (ETHERNET, pppoe),
    "vlan": (ETHERNET, vlan),
    "double-vlan": (ETHERNET, double_vlan),
    "mpls": (ETHERNET, mpls),
    "llc": (ETHERNET, llc),
    "wireless": (127, wireless),
}


def gre(data):
    return ether(ipv4(A4, B4, 47, struct.pack(">HH", 0, ethertype(data)) + data))


def gre_keyed(data):
    return ether(ipv6(A6, B6, 47, struct.pack(">HHI", 0x2000, ethertype(data), 7) + data))


def ip_in_ipv4(data):
    return ether(ipv4(A4, B4, 4 if data[0] >> 4 == 4 else 41, data))


def ip_in_ipv6(data):
    return ether(ipv6(A6, B6, 4 if data[0] >> 4 == 4 else 41, data))


def in_udp(port, head, data):
    return ether(ipv4(A4, B4, UDP, udp(40000, port, head + data)))


TUNNELS = {
    "gre": gre,
    "gre-keyed-over-ipv6": gre_keyed,
    "ip-in-ipv4": ip_in_ipv4,
    "ip-in-ipv6": ip_in_ipv6,
    "vxlan": lambda data: in_udp(4789, struct.pack(">II", 0x08000000, 42 << 8), ether(data)),
    "geneve": lambda data: in_udp(6081, struct.pack(">BBHI", 0, 0, 0x6558, 42 << 8), ether(data)),
    "gtp": lambda data: in_udp(2152, struct.pack(">BBHI", 0x30, 255, len(data), 7), data),
    "erspan": lambda data: ether(ipv4(A4, B4, 47, struct.pack(">HHIII", 0x1000, 0x88be, 1, 0x10000000, 0)
                                      + ether(data))),
}


def fragments_of(data, size, ident):
    """What an IP packet is cut into, so that each has at most `size` bytes behind its header."""
    head = header_length(data)
    body = data[head:]
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    for i, part in enumerate(parts):
        more = i + 1 < len(parts)
        if data[0] >> 4 == 4:
            yield ipv4(*addresses(data), data[9], part, ident, i * size // 8 | more << 13, tos=data[1])
        else:
            extension = struct.pack(">BBHI", data[6], 0, i * size | more, ident)
            yield data[:4] + struct.pack(">HB", 8 + len(part), 44) + data[7:40] + extension + part


def fragment(packets, size, backwards=False):
    out = []
    for number, packet in enumerate(packets, 1):
        parts = list(fragments_of(packet.data, size, number))
        out += [replace(packet, data=part) for part in (reversed(parts) if backwards else parts)]
    return out


def with_ipv4_options(data):
    if data[0] >> 4 != 4:
        return data
    return ipv4(*addresses(data), data[9], data[20:], tos=data[1],
                options=bytes.fromhex("0101010194040000"))


def with_extension_headers(data):
    if data[0] >> 4 != 6:
        return data
    headers = bytes((60, 0, 1, 4, 0, 0, 0, 0)) + bytes((data[6], 1, 1, 12)) + bytes(12)
    return data[:4] + struct.pack(">HB", len(data) - 40 + len(headers), 0) + data[7:40] + headers + data[40:]


def pcap(packets, link, order="<", nanoseconds=False):
    unit, magic = (1, 0xa1b23c4d) if nanoseconds else (1000, 0xa1b2c3d4)
    parts = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for packet in packets:
        seconds, rest = divmod(packet.time_ns, 10**9)
        parts.append(struct.pack(order + "IIII", seconds, rest // unit, len(packet.data),
                                 packet.length or len(packet.data)) + packet.data)
    return b"".join(parts)


def block(kind, body, order):
    body += bytes(-len(body) % 4)
    total = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + total + body + total


def pcapng(packets, link, order="<", secrets=()):
    """`secrets` are (number of packets ahead of them, text)."""
    parts = [block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1), order)]
    resolution = struct.pack(order + "HHB3xHH", 9, 1, 9, 0, 0)
    parts.append(block(1, struct.pack(order + "HHI", link, 0, 0) + resolution, order))
    for number, packet in enumerate([*packets, None]):
        parts += [block(10, struct.pack(order + "II", 0x544c534b, len(text)) + text, order)
                  for at, text in secrets if at == number]
        if packet is not None:
            parts.append(block(6, struct.pack(order + "IIIII", 0, packet.time_ns >> 32,
                                              packet.time_ns & 0xffffffff, len(packet.data),
                                              packet.length or len(packet.data))
                               + packet.data, order))
    return b"".join(parts)
