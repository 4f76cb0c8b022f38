# SPDX-License-Identifier: GPL-2.0-or-later
"""What the kernel sees of a session: tcpdump, on a loopback of the test's own."""
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

import peers

CLONE_NEWNET = 0x40000000


def enter_namespace():
    """A loopback of our own, with the MTU of Ethernet, on which no datagrams are joined."""
    if os.geteuid() != 0:
        print("not root: skipped")
        sys.exit(peers.SKIPPED)
    for program in ("tcpdump", "ethtool", "ip", "tshark"):
        if shutil.which(program) is None:
            print(f"{program} is not installed: skipped")
            sys.exit(peers.SKIPPED)
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print(f"no network namespace: {os.strerror(ctypes.get_errno())}: skipped")
        sys.exit(peers.SKIPPED)
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


FIELDS = ("ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport", "udp.dstport",
          "ip.dsfield.ecn", "ipv6.tclass.ecn", "ip.ttl", "ipv6.hlim", "udp.payload")


def datagrams(capture):
    """Each datagram of a capture: addresses, ports, ECN, TTL and payload, in its order."""
    rows = peers.tshark(capture, "-T", "fields", *(w for f in FIELDS for w in ("-e", f)))
    return [tuple(row.split("\t")) for row in rows]
