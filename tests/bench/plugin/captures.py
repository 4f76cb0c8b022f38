# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures for the bench, made with the project's own client and server over the loopback.

Two families, each cut to the sizes asked for: "long" is few streams that go on through all of the
capture, on one connection; "short" is many small requests, about ten packets each, on connections of
5,000 requests. A secrets log lies beside each capture. What is there already is not made again.
"""
import math
import os
import pathlib
import re
import subprocess
import sys

LONG_STREAMS = 8
SHORT_BYTES = 14000  # of a response: with its acknowledgements about ten packets
SHORT_PACKETS = 10
REQUESTS_A_CONNECTION = 5000
PACKET_BYTES = 1600  # of content: more than there is of it to each packet
TIMEOUT = 900


class Origin:
    """quiclens serve, with files of the sizes that the families need."""

    def __init__(self, quiclens, folder, most_packets):
        site = folder / "site"
        site.mkdir(exist_ok=True)
        (site / "short").write_bytes(os.urandom(SHORT_BYTES))
        with open(site / "long", "wb") as file:
            for _ in range(math.ceil(most_packets * PACKET_BYTES / LONG_STREAMS / (1 << 20))):
                file.write(os.urandom(1 << 20))
        self.quiclens, self.site = quiclens, site
        self.process = subprocess.Popen(
            [quiclens, "serve", "-s", "--listen", "127.0.0.1:0", site],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        said = self.process.stdout.readline()
        found = re.search(r"https://[^/\s]+", said)
        if found is None:
            sys.exit(f"quiclens serve says {said!r} and no address")
        self.url = found[0]

    def get(self, name, count, capture, keys):
        urls = [f"{self.url}/{name}?{number}" for number in range(count)]
        subprocess.run([self.quiclens, "get", "-k", "-s", "-S", "--keys", keys, "--capture", capture,
                        *urls], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       timeout=TIMEOUT, check=True)

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=10)
        for file in self.site.iterdir():
            file.unlink()
        self.site.rmdir()


def run(*command):
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=TIMEOUT,
                   check=True)


def packets_of(capture):
    said = subprocess.run(["capinfos", "-M", "-c", capture], stdout=subprocess.PIPE, check=True,
                          text=True, timeout=TIMEOUT).stdout
    return int(re.search(r"packets:\s+(\d+)", said)[1])


def whole(origin, family, folder, packets):
    """One capture of the family with at least so many packets, and its secrets log."""
    capture, keys = folder / f"{family}-whole.pcapng", folder / f"{family}.keys"
    keys.unlink(missing_ok=True)
    if family == "long":
        origin.get("long", LONG_STREAMS, capture, keys)
        return capture
    parts, have = [], 0
    while have < packets:
        parts.append(folder / f"short-{len(parts)}.part")
        most = math.ceil((packets - have) / SHORT_PACKETS) + 100
        origin.get("short", min(REQUESTS_A_CONNECTION, most), parts[-1], keys)
        have += packets_of(parts[-1])
    # Not as pcapng: mergecap 4.0 cannot read what it makes of files with comments on their sections.
    run("mergecap", "-F", "nsecpcap", "-w", capture, *parts)
    for part in parts:
        part.unlink()
    return capture


def captures(folder, family, sizes):
    """(packets, capture, keys) for each size."""
    return [(size, folder / f"{family}-{size}.pcapng", folder / f"{family}.keys") for size in sizes]


def make(quiclens, folder, families, sizes):
    folder.mkdir(parents=True, exist_ok=True)
    missing = [family for family in families
               if not all(path.exists() for _, path, _ in captures(folder, family, sizes))]
    if not missing:
        return
    origin = Origin(pathlib.Path(quiclens).resolve(), folder, max(sizes))
    try:
        for family in missing:
            capture = whole(origin, family, folder, max(sizes))
            if packets_of(capture) < max(sizes):
                sys.exit(f"{capture} has {packets_of(capture)} packets, not {max(sizes)}")
            for size, path, keys in captures(folder, family, sizes):
                run("editcap", "-r", capture, path, f"1-{size}")
                path.chmod(0o644)
                keys.chmod(0o644)
            capture.unlink()
    finally:
        origin.close()
