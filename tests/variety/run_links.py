#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold what the plugin finds in a capture against what it finds in the same packets in other clothes.

usage: run_links.py --plugin FILE [--preload FILE] [NAME...]

The packets of two captures, one of IPv4 and one of IPv6, are written in every link layer, tunnel and
file format of links.py. Each file goes through tshark with the plugin, and `-z quiclens,json` has to say
word for word what it says of the first; where packets were cut into fragments, with the numbers of the
frames that complete them.
"""
import argparse
import json
import pathlib
import sys

import links
import packets as pk

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
import run_golden  # noqa: E402

CAPTURES = HERE.parent / "captures"
SOURCES = ["ngtcp2-v1-migrate", "ngtcp2-prefaddr6"]


def said(tshark, name, content, arguments=()):
    """The lines of JSON on a capture of this content."""
    path = tshark.home / name
    path.write_bytes(content)
    path.chmod(0o644)
    report = tshark.home / "report"
    report.write_bytes(b"")
    report.chmod(0o666)
    run = tshark.run(["-Q", "-r", path, "-z", f"quiclens,json,{report}", *arguments])
    if run.returncode != 0:
        sys.exit(f"run_links.py: {name}: tshark ended with {run.returncode}\n" + run.stderr.decode())
    path.unlink()
    return [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]


def renumbered(lines, frames):
    """The lines with other numbers of frames; frames[n] takes the place of n."""
    def changed(key, value):
        if isinstance(value, dict):
            return {inner: changed(inner, part) for inner, part in value.items()}
        is_frame = key is not None and (key == "frame" or key.endswith("_frame"))
        return frames[value] if is_frame and value is not None else value
    return [changed(None, line) for line in lines]


def last_frames(packets):
    """By the number of a frame, that of the last one which holds a part of it."""
    return {packet.origin: number for number, packet in enumerate(packets, 1)}


def wrapped(packets, wrap):
    return [pk.replace(packet, data=wrap(packet.data)) for packet in packets]


def layers(packets):
    """(name, content of a capture, its packets) for all that may be around an IP packet, or in its header."""
    for name, (link, wrap) in links.LINKS.items():
        yield name, links.pcap(wrapped(packets, wrap), link), packets
    for name, wrap in links.TUNNELS.items():
        yield name, links.pcap(wrapped(packets, wrap), pk.ETHERNET), packets
    for name, wrap in (("ipv4-options", links.with_ipv4_options),
                       ("ipv6-extension-headers", links.with_extension_headers)):
        yield name, links.pcap(wrapped(packets, wrap), pk.RAW_IP), packets
    for name, backwards in (("fragments", False), ("fragments-backwards", True)):
        parts = links.fragment(packets, 512, backwards)
        yield name, links.pcap(parts, pk.RAW_IP), parts


def formats(packets, keys):
    """(name, content of a capture, its packets, options of tshark) for all kinds of files."""
    plain = wrapped(packets, links.ether)
    for name, order, nano in (("big-endian", ">", False), ("nanoseconds", "<", True),
                              ("nanoseconds-big-endian", ">", True)):
        yield name, links.pcap(plain, pk.ETHERNET, order, nano), packets, ()
    lines = keys.splitlines(keepends=True)
    half, count = len(lines) // 2, len(packets)
    for name, order, secrets in (
            ("pcapng", "<", ((0, keys),)), ("pcapng-big-endian", ">", ((0, keys),)),
            ("pcapng-secrets-behind", "<", ((count, keys),)),
            ("pcapng-secrets-in-the-middle", "<", ((count // 2, keys),)),
            ("pcapng-secrets-in-parts", "<", ((2, b"".join(lines[:half])), (count // 2, b"".join(lines[half:])))),
            ("pcapng-secrets-line-by-line", "<", tuple((3 * i, line) for i, line in enumerate(lines)))):
        yield name, links.pcapng(plain, pk.ETHERNET, order, secrets), packets, ("-o", "tls.keylog_file:")


def check(tshark, source, names):
    packets = pk.read(CAPTURES / f"{source}.pcap")
    keylog = tshark.file(f"{source}.keys")
    option = ("-o", f"tls.keylog_file:{keylog}")
    expected, good = None, True
    written = [(*layer, ()) for layer in layers(packets)]
    if source == SOURCES[0]:  # what is in a file is all one to its format
        written += formats(packets, keylog.read_bytes())
    for name, content, parts, arguments in written:
        if expected is not None and names and name not in names:
            continue
        found = said(tshark, f"{name}.pcap", content, arguments or option)
        if expected is None:
            expected = found
        if found != renumbered(expected, last_frames(parts)):
            good = False
            print(f"{source} as {name}: tshark {tshark.version} says something else")
            for line in found if len(found) != len(expected) else []:
                print("   ", json.dumps(line)[:200])
            for was, line in zip(renumbered(expected, last_frames(parts)), found):
                if was != line:
                    print("   ", {k: (was.get(k), v) for k, v in line.items() if was.get(k) != v})
    assert any(line["type"] == "exchange" for line in expected)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True, help="the built quiclens.so")
    parser.add_argument("--preload", help="the sanitizer's library, for a plugin that was built with it")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    tshark = run_golden.Tshark(options.plugin, options.preload)
    try:
        return 0 if all([check(tshark, source, options.names) for source in SOURCES]) else 1
    finally:
        tshark.close()


if __name__ == "__main__":
    sys.exit(main())
