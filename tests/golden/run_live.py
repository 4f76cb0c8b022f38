#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures that grow while tshark reads them, with secrets that come late.

usage: run_live.py --plugin FILE [--preload FILE] CASE

tshark reads a capture from a pipe, in pieces, while its secrets come in pieces too. In the end it has to
know exactly what it knows of the whole capture with the whole log.
"""
import argparse
import difflib
import os
import pathlib
import struct
import subprocess
import sys
import time

from run_golden import CAPTURES, NOBODY, TIMEOUT, Tshark

PAUSE = 0.2  # seconds: longer than the plugin leaves a log alone
REPORTS = ["-Q", "-z", "quiclens,json"]
NOTES = ["-T", "fields", "-e", "frame.number", "-e", "quiclens.note"]


def pcap_pieces(name):
    """The file's header, and then each of its frames."""
    data = (CAPTURES / name).read_bytes()
    pieces, at = [data[:24]], 24
    while at < len(data):
        length = 16 + struct.unpack_from("<I", data, at + 8)[0]
        pieces.append(data[at:at + length])
        at += length
    return pieces


def pcapng_blocks(name):
    data = (CAPTURES / name).read_bytes()
    blocks, at = [], 0
    while at < len(data):
        length = struct.unpack_from("<I", data, at + 4)[0]
        blocks.append(data[at:at + length])
        at += length
    return blocks


class Live:
    """tshark at the end of a pipe."""

    def __init__(self, tshark, arguments):
        identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
        self.run = subprocess.Popen(
            [tshark.path, "-n", "-r", "-", *arguments], cwd=tshark.home, env=tshark.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **identity)

    def feed(self, pieces):
        self.run.stdin.write(b"".join(pieces))
        self.run.stdin.flush()
        time.sleep(PAUSE)

    def finish(self):
        out, complaints = self.run.communicate(timeout=TIMEOUT)
        if self.run.returncode != 0 or complaints:
            sys.exit(f"run_live.py: tshark: {self.run.returncode} {complaints.decode()}")
        return out.decode()


def write(path, data, mode="ab"):
    with open(path, mode) as file:
        file.write(data)
    os.chmod(path, 0o644)


def log_grows(tshark):
    """The log is empty at first, and grows by half lines while packets come."""
    pieces, keys = pcap_pieces("curl-nginx-get1.pcap"), (CAPTURES / "curl-nginx-get1.keys").read_bytes()
    log = tshark.home / "live.keys"
    write(log, b"")
    live = Live(tshark, REPORTS + ["-o", f"quiclens.keylog_file:{log}"])
    third = len(keys) // 3
    live.feed(pieces[:6])
    write(log, keys[:third])
    live.feed(pieces[6:9])
    write(log, keys[third:2 * third])
    live.feed(pieces[9:12])
    write(log, keys[2 * third:])
    live.feed(pieces[12:])
    return live.finish(), "curl-nginx-get1.pcap", REPORTS


def log_comes_last(tshark):
    """All packets are there before the first secret."""
    log = tshark.home / "live.keys"
    write(log, b"# nothing yet\n")
    live = Live(tshark, REPORTS + ["-o", f"quiclens.keylog_file:{log}"])
    live.feed(pcap_pieces("ngtcp2-v1-migrate.pcap"))
    write(log, (CAPTURES / "ngtcp2-v1-migrate.keys").read_bytes().rstrip(b"\n"))
    time.sleep(PAUSE)
    return live.finish(), "ngtcp2-v1-migrate.pcap", REPORTS


def log_is_replaced(tshark):
    """The log of another session gives way to the right one."""
    pieces = pcap_pieces("curl-nginx-get1.pcap")
    log = tshark.home / "live.keys"
    write(log, (CAPTURES / "kdig-doq.keys").read_bytes())
    live = Live(tshark, REPORTS + ["-o", f"quiclens.keylog_file:{log}"])
    live.feed(pieces[:6])
    fresh = tshark.home / "fresh.keys"
    write(fresh, (CAPTURES / "curl-nginx-get1.keys").read_bytes())
    os.replace(fresh, log)
    live.feed(pieces[6:])
    return live.finish(), "curl-nginx-get1.pcap", REPORTS


def secrets_in_the_stream(tshark):
    """The block with the secrets comes after the first packets that need them."""
    blocks = pcapng_blocks("secrets-inside.pcapng")
    secrets = next(b for b in blocks if struct.unpack_from("<I", b)[0] == 10)
    rest = [b for b in blocks if b is not secrets]
    live = Live(tshark, REPORTS)
    live.feed(rest[:8])
    live.feed([secrets])
    live.feed(rest[8:])
    return live.finish(), "secrets-inside.pcapng", REPORTS


def secrets_just_in_time(tshark):
    """The block comes ahead of the first packet that needs it: no frame is annotated too late."""
    blocks = pcapng_blocks("secrets-inside.pcapng")
    secrets = next(b for b in blocks if struct.unpack_from("<I", b)[0] == 10)
    rest = [b for b in blocks if b is not secrets]
    live = Live(tshark, NOTES)
    live.feed(rest[:6])
    live.feed([secrets])
    live.feed(rest[6:])
    return live.finish(), "secrets-inside.pcapng", NOTES


CASES = {
    "log-grows": log_grows,
    "log-comes-last": log_comes_last,
    "log-is-replaced": log_is_replaced,
    "secrets-in-the-stream": secrets_in_the_stream,
    "secrets-just-in-time": secrets_just_in_time,
}


def whole(tshark, capture, arguments):
    arguments = list(arguments)
    keys = pathlib.Path(capture).with_suffix(".keys").name
    if (CAPTURES / keys).exists():
        arguments += ["-o", f"quiclens.keylog_file:{tshark.file(keys)}"]
    return tshark.run(["-r", tshark.file(capture), *arguments]).stdout.decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plugin", required=True)
    parser.add_argument("--preload")
    parser.add_argument("case", choices=sorted(CASES))
    options = parser.parse_args()
    tshark = Tshark(options.plugin, options.preload)
    try:
        got, capture, arguments = CASES[options.case](tshark)
        expected = whole(tshark, capture, arguments)
    finally:
        tshark.close()
    if got == expected and got:
        return 0
    print(f"{options.case}, Wireshark {tshark.version}:")
    sys.stdout.writelines(difflib.unified_diff(expected.splitlines(True), got.splitlines(True),
                                               "of the whole", "live"))
    return 1


if __name__ == "__main__":
    sys.exit(main())
