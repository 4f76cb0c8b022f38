#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make ngtcp2-nat-port and ngtcp2-nat-address: a NAT that rebinds, in network namespaces.

usage: ngtcp2_rebinding.py --quiclens FILE [--root DIR] --key FILE --certificate FILE DIRECTORY

gtlsclient sits behind a router of two networks, on which quiclens relay stands for the NAT; gtlsserver
and tcpdump are on the other side of it. Half a second after the first datagram the NAT takes another
port, in the second capture another address as well; the client asks for its files a little later. The
truth is gtlsclient's log, and for the addresses that of the relay. Needs root, iproute2, ethtool,
tcpdump. Not run by any test.
"""
import argparse
import json
import os
import pathlib
import signal
import subprocess
import time

from ngtcp2_preferred import SIZES, quic_truth, requests_of, run

NAMES = ("ql-client", "ql-router", "ql-server")
CLIENT, INSIDE = "10.77.1.2", "10.77.1.1"
OUTSIDE, OTHER, SERVER = "203.0.113.1", "203.0.113.2", "203.0.113.9"
PORT = 14514


def make_network():
    for name in NAMES:
        run("ip", "netns", "add", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
    for link, left, right, addresses in (
            ("ql0", NAMES[0], NAMES[1], ((CLIENT,), (INSIDE,))),
            ("ql1", NAMES[1], NAMES[2], ((OUTSIDE, OTHER), (SERVER,)))):
        run("ip", "link", "add", link, "netns", left, "type", "veth", "peer", "name", link,
            "netns", right)
        for name, own in zip((left, right), addresses):
            for address in own:
                run("ip", "-n", name, "addr", "add", address + "/24", "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")
            run("ip", "netns", "exec", name, "ethtool", "-K", link, "tx-udp-segmentation", "off")


def drop_network():
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=False, timeout=30)


def start(namespace, root, *words, **settings):
    chroot = ["chroot", root] if root else []
    return subprocess.Popen(["ip", "netns", "exec", namespace, *chroot, *words], **settings)


def record(options, base, folder, rebinding):
    """Runs the programs; gives the logs of client and relay."""
    real = options.root + folder if options.root else folder
    for name, size in SIZES.items():
        content = bytes((i * 11 + size) & 0xFF for i in range(size))
        pathlib.Path(real, name).write_bytes(content)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    dump = start(NAMES[2], "", "tcpdump", "-Z", "root", "-i", "ql1", "-U", "-w", base + ".pcap",
                 "udp", **quiet)
    server = start(NAMES[2], options.root, "gtlsserver", "-d", folder,
                   "--mime-types-file=/dev/null", "-q", SERVER, str(PORT), options.key,
                   options.certificate, **quiet)
    relay = start(NAMES[1], "", options.quiclens, "relay", "--listen", f"{INSIDE}:{PORT}", "--to",
                  f"{SERVER}:{PORT}", "--all", "--log", base + ".relay", *rebinding, **quiet)
    try:
        time.sleep(2)
        client = subprocess.run(
            ["ip", "netns", "exec", NAMES[0], *(["chroot", options.root] if options.root else []),
             "env", f"SSLKEYLOGFILE={folder}/keys", "gtlsclient", "--delay-stream=800ms",
             "--exit-on-all-streams-close", "--no-quic-dump", "--no-http-dump",
             f"--download={folder}", INSIDE, str(PORT),
             *(f"https://localhost:{PORT}/{name}" for name in SIZES)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=30)
        time.sleep(2)
    finally:
        for process in (server, dump, relay):
            process.send_signal(signal.SIGINT)
        dump.wait(timeout=10)
        relay.wait(timeout=10)
        server.kill()
        server.wait(timeout=10)
    keys = pathlib.Path(real, "keys")
    pathlib.Path(base + ".keys").write_bytes(keys.read_bytes())
    keys.unlink()
    told = pathlib.Path(base + ".relay").read_text(encoding="utf-8")
    os.unlink(base + ".relay")
    return client.stdout.decode(errors="replace").splitlines(), told


def truth_of(name, log, told, folder, what):
    entry = quic_truth(log)
    entry["locals"] = []  # what the client sees of itself is not what the server sees of it
    events = [json.loads(line) for line in told.splitlines()]
    bindings = [e["binding"] for e in events if e["event"] in ("client", "rebind")]
    paths = [{"client": binding, "server": f"{SERVER}:{PORT}", "cause": cause, "validated": True}
             for binding, cause in zip(bindings, ("initial", "rebinding"))]
    return {"name": name, "server": "gtlsserver ngtcp2 1.11.0",
            "client": "gtlsclient ngtcp2 1.11.0", "requests": requests_of(log, folder),
            "connections": 1, "migration": what, "quic_truth": [entry],
            "changes": ["path.rebound"],
            "reasons": {"client": ["handshake"]}, "paths": paths}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiclens", required=True)
    parser.add_argument("--root", default="")
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("directory")
    options = parser.parse_args()
    folder = "/var/tmp/ql-rebinding"
    real = options.root + folder if options.root else folder
    os.makedirs(real, exist_ok=True)
    for name, what, rebinding in (
            ("ngtcp2-nat-port", "a NAT takes another port", []),
            ("ngtcp2-nat-address", "a NAT takes another address",
             ["--rebind-address", f"{OTHER}"])):
        base = os.path.join(options.directory, name)
        try:
            make_network()
            log, told = record(options, base, folder, ["--rebind", "500ms", *rebinding])
        finally:
            drop_network()
        truth = truth_of(name, log, told, real, what)
        pathlib.Path(base + ".truth.json").write_text(json.dumps(truth, indent=1) + "\n",
                                                      encoding="utf-8")


if __name__ == "__main__":
    main()
