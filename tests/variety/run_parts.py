#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold what the plugin finds in part of a capture against what it finds in the whole.

usage: run_parts.py --plugin FILE [--preload FILE] [--captures DIRECTORY] [NAME...]

From each capture secrets or packets are taken away: those of one side, those of one level, the packets of
one direction, the first third, one in seven, all bytes behind the 300th. What is left may tell less,
but nothing else: each exchange, with what is said of it, stands in the whole; no finding blames an
endpoint for what was taken away; and where exchanges are missing, a finding says why.
"""
import argparse
import pathlib
import sys

import links
import packets as pk
from run_links import said

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "golden"))
import run_golden  # noqa: E402

CAPTURES = HERE.parent / "captures"
# A client and a server of each kind, and moves.
SOURCES = ["aioq-aioq-push", "aioq-migrate-twice", "aioq-retire-prior-to", "chromium-nginx-app",
           "curl-caddy26-par20", "firefox-haproxy-app", "ngtcp2-nat-port", "ngtcp2-prefaddr"]
SAID_OF_AN_EXCHANGE = ("method", "scheme", "authority", "path", "status", "request_body_sha256",
                       "response_body_sha256")
# What is missing may hide what a field section needs: not the fault of an endpoint.
OF_WHAT_IS_MISSING = ("capture.", "secrets.", "qpack.blocked-to-the-end")


def keys_with(keys, label):
    return b"".join(line for line in keys.splitlines(keepends=True) if label in line.split(b" ")[0])


def cut(packet, size):
    return pk.replace(packet, data=packet.data[:size], length=packet.length or len(packet.data))


def by_sender(packets):
    """(the packets of the client, which sent the first, those of the server)"""
    clients, servers, sent = set(), set(), ([], [])
    for packet in packets:
        source, destination = zip(pk.addresses(packet.data), pk.ports(packet.data))
        if not clients or destination in servers:
            clients.add(source)
        if source in clients:
            servers.add(destination)
        sent[source in servers].append(packet)
    return sent


def parts(packets, keys):
    """(name, packets, secrets)"""
    for label in ("CLIENT", "SERVER", "HANDSHAKE", "SECRET_0"):
        yield f"{label} secrets", packets, keys_with(keys, label.encode())
    client, server = by_sender(packets)
    yield "the client's packets", client, keys
    yield "the server's packets", server, keys
    yield "without the first third", packets[len(packets) // 3:], keys
    for i in range(3):
        yield f"without one in seven, from {i}", [p for n, p in enumerate(packets) if n % 7 != i], keys
    yield "300 bytes of each", [cut(p, 300) for p in packets], keys


def exchanges(lines):
    randoms = {line["connection"]: line["client_random"] for line in lines if line["type"] == "connection"}
    return {(randoms[line["connection"]], line["stream"]): line for line in lines if line["type"] == "exchange"}


def codes(lines):
    return {line["code"] for line in lines if line["type"] == "finding"}


def complaints(whole, part):
    """What the part says that the whole does not."""
    before, now = exchanges(whole), exchanges(part)
    for key, line in now.items():
        if key not in before:
            yield f"stream {key[1]}: an exchange that is not there: {line}"
            continue
        for name in SAID_OF_AN_EXCHANGE:
            if line.get(name) is not None and line.get(name) != before[key].get(name):
                yield f"stream {key[1]}: {name} {line.get(name)}, was {before[key].get(name)}"
    for code in sorted(codes(part) - codes(whole)):
        if not code.startswith(OF_WHAT_IS_MISSING):
            yield next(f"{code}: {line['text']}" for line in part
                       if line["type"] == "finding" and line["code"] == code)
    if len(now) < len(before) and not any(code.startswith(OF_WHAT_IS_MISSING) for code in codes(part)):
        yield f"{len(now)} of {len(before)} exchanges, and no word why"


def check(tshark, path):
    packets = pk.read(path)
    keys = path.with_suffix(".keys").read_bytes()

    def run(content, secrets):
        log = tshark.home / "part.keys"
        log.write_bytes(secrets)
        log.chmod(0o644)
        return said(tshark, "part.pcap", links.pcap(content, pk.RAW_IP), ("-o", f"tls.keylog_file:{log}"))
    whole = run(packets, keys)
    good = True
    for name, content, secrets in parts(packets, keys):
        for complaint in complaints(whole, run(content, secrets)):
            print(f"{path.stem}, {name}: {complaint}")
            good = False
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True, help="the built quiclens.so")
    parser.add_argument("--preload", help="the sanitizer's library, for a plugin that was built with it")
    parser.add_argument("--captures", type=pathlib.Path, default=CAPTURES)
    parser.add_argument("names", nargs="*", default=SOURCES)
    options = parser.parse_args()
    tshark = run_golden.Tshark(options.plugin, options.preload)
    try:
        return 0 if all([check(tshark, options.captures / f"{name}.pcap") for name in options.names]) else 1
    finally:
        tshark.close()


if __name__ == "__main__":
    sys.exit(main())
