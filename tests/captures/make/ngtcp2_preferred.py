#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make ngtcp2-prefaddr6 and ngtcp2-prefaddr-unreachable: a server's preferred IPv6 address.

usage: ngtcp2_preferred.py [--root DIR] --key FILE --certificate FILE DIRECTORY

gtlsclient and gtlsserver run in two network namespaces with a pair of veth between them; with --root they
are those of a Debian root, in which key and certificate lie as well. In the second capture the server's
machine throws away what comes to the preferred address, so that its validation fails and the client
stays. The truth is gtlsclient's log. Needs root, iproute2, ethtool, tcpdump. Not run by any test.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import time

CLIENT, SERVER, PREFERRED = "2001:db8:5::2", "2001:db8:5::1", "2001:db8:5::9"
PORT, PREFERRED_PORT = 14512, 14513
NAMES = ("ql-client", "ql-server")
SIZES = {"o00.bin": 700, "o01.bin": 3200, "o02.bin": 5700}


def run(*words):
    subprocess.run(words, check=True, timeout=30)


def make_network(unreachable):
    for name in NAMES:
        run("ip", "netns", "add", name)
    run("ip", "link", "add", "ql0", "netns", NAMES[0], "type", "veth", "peer", "name", "ql0",
        "netns", NAMES[1])
    for name, address in zip(NAMES, (CLIENT, SERVER)):
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "addr", "add", address + "/64", "dev", "ql0", "nodad")
        run("ip", "-n", name, "link", "set", "ql0", "up")
        run("ip", "netns", "exec", name, "ethtool", "-K", "ql0", "tx-udp-segmentation", "off")
    run("ip", "-n", NAMES[1], "addr", "add", PREFERRED + "/64", "dev", "ql0", "nodad")
    if unreachable:
        rule = ("ip", "-6", "-n", NAMES[1], "rule")
        run(*rule, "add", "pref", "100", "lookup", "local")
        run(*rule, "del", "pref", "0")
        run(*rule, "add", "pref", "10", "iif", "ql0", "to", PREFERRED, "blackhole")


def drop_network():
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=False, timeout=30)


def inside(options, namespace, *words):
    root = ["chroot", options.root] if options.root else []
    return ["ip", "netns", "exec", namespace, *root, *words]


def record(options, base, folder):
    """Runs the two programs; gives the client's log."""
    real = options.root + folder if options.root else folder
    for name, size in SIZES.items():
        content = bytes((i * 11 + size) & 0xFF for i in range(size))
        pathlib.Path(real, name).write_bytes(content)
    dump = subprocess.Popen(["ip", "netns", "exec", NAMES[1], "tcpdump", "-Z", "root", "-i", "ql0",
                             "-U", "-w", base + ".pcap", "udp"], stderr=subprocess.DEVNULL)
    server = subprocess.Popen(
        inside(options, NAMES[1], "gtlsserver", "-d", folder, "--mime-types-file=/dev/null", "-q",
               f"--preferred-ipv6-addr=[{PREFERRED}]:{PREFERRED_PORT}", SERVER, str(PORT),
               options.key, options.certificate), stdout=subprocess.DEVNULL)
    try:
        time.sleep(2)
        client = subprocess.run(
            inside(options, NAMES[0], "env", f"SSLKEYLOGFILE={folder}/keys", "gtlsclient",
                   "--delay-stream=300ms", "--exit-on-all-streams-close", "--no-quic-dump",
                   "--no-http-dump", f"--download={folder}", SERVER, str(PORT),
                   *(f"https://localhost:{PORT}/{name}" for name in SIZES)),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=True, timeout=30)
        time.sleep(2)
    finally:
        for process in (server, dump):
            process.send_signal(signal.SIGINT)
        dump.wait(timeout=10)
        server.kill()
        server.wait(timeout=10)
    pathlib.Path(base + ".keys").write_bytes(pathlib.Path(real, "keys").read_bytes())
    pathlib.Path(real, "keys").unlink()
    return client.stdout.decode(errors="replace").splitlines()


FRAME = re.compile(r"I(\d{8}) 0x[0-9a-f]* frm (tx|rx) (\d+) (\w+) "
                   r"((?:NEW|RETIRE)_CONNECTION_ID|PATH_CHALLENGE|PATH_RESPONSE)(.*)")
DCID = re.compile(r"pkt (tx|rx) pkn=\d+ dcid=(0x[0-9a-f]*)")
PAIR = re.compile(r"Sent packet: local=(\S+) remote=(\S+)")


def quic_truth(log):
    entry = {"cids": [], "locals": [], "pkt_dcids_tx": [], "pkt_dcids_rx": [], "path": []}

    def add(key, value):
        if value not in entry[key]:
            entry[key].append(value)

    for line in log:
        if found := FRAME.search(line):
            kind = "path" if found[5].startswith("PATH") else "cids"
            entry[kind].append(f"t={found[1]}ms {found[2]} {found[3]} {found[4]} "
                               f"{found[5]}{found[6]}")
        if found := DCID.search(line):
            add("pkt_dcids_" + found[1], found[2])
        if found := PAIR.search(line):
            add("locals", f"{found[1]}->{found[2]}")
    return entry


def requests_of(log, folder):
    streams = [line for line in log if line.startswith("[:path: ")]
    statuses = dict(re.findall(r"http: stream (0x[0-9a-f]+) \[:status: (\d+)\]", "\n".join(log)))
    requests = []
    for i, line in enumerate(streams):
        path = line[len("[:path: "):-1]
        body = pathlib.Path(folder + path).read_bytes()
        requests.append({"conn": 0, "method": "GET", "path": path, "stream": 4 * i,
                         "status": int(statuses[hex(4 * i)]), "body_len": len(body),
                         "body_sha256": hashlib.sha256(body).hexdigest()})
    return requests


def truth_of(name, log, folder, what, unreachable):
    entry = quic_truth(log)
    ends = [pair.split("->") for pair in entry["locals"]]
    told = {"name": name, "server": "gtlsserver ngtcp2 1.11.0", "client": "gtlsclient ngtcp2 1.11.0",
            "requests": requests_of(log, folder), "connections": 1, "migration": what, "quic_truth": [entry],
            "changes": [] if unreachable else ["path.migrated"],
            "reasons": {"client": ["handshake"] + ["preferred address"] * (not unreachable)},
            "paths": [{"client": ends[0][0], "server": ends[0][1], "cause": "initial",
                       "validated": True},
                      {"client": ends[1][0], "server": ends[1][1], "validated": not unreachable,
                       "cause": "probe" if unreachable else "preferred-address"}]}
    if unreachable:  # the ID of the probes is never used for anything else
        used = [value.removeprefix("0x") for value in entry["pkt_dcids_tx"][:2]]
        told["switches"] = {"client": [used]}
    return told


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", default="")
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("directory")
    options = parser.parse_args()
    folder = "/var/tmp/ql-preferred"
    real = options.root + folder if options.root else folder
    os.makedirs(real, exist_ok=True)
    for name, unreachable, what in (
            ("ngtcp2-prefaddr6", False, "client moves to the server's preferred IPv6 address"),
            ("ngtcp2-prefaddr-unreachable", True,
             "nothing reaches the server's preferred address; client stays")):
        base = os.path.join(options.directory, name)
        try:
            make_network(unreachable)
            log = record(options, base, folder)
        finally:
            drop_network()
        truth = truth_of(name, log, real, what, unreachable)
        pathlib.Path(base + ".truth.json").write_text(json.dumps(truth, indent=1) + "\n",
                                                      encoding="utf-8")


if __name__ == "__main__":
    main()
