#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Make quiclens-migrate, -rebind, -probe, -rotate: moves of quiclens get that gtlsserver's log tells.

usage: quiclens_moves.py --quiclens FILE --server FILE --key FILE --certificate FILE DIRECTORY

Client and server run in two network namespaces with a pair of veth between them; tcpdump stands on the
server's side. The truth is gtlsserver's log, what it received being what the client sent. Needs root,
iproute2, ethtool, tcpdump. Not run by any test.
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

from ngtcp2_preferred import quic_truth, run

NAMES = ("ql-moves-client", "ql-moves-server")
CLIENT, OTHER, SERVER = "198.51.100.2", "198.51.100.3", "198.51.100.9"
PORT = 14515
SIZES = {"o00.bin": 700, "o01.bin": 90000, "o02.bin": 12000}

# Options of get; moves; reasons of the client's and of the server's switches; cause of the second path.
SCENES = {
    "migrate": (["--migrate-after", "8k", "--migrate-to", OTHER], ["path.migrated"],
                {"client": ["handshake", "migration"], "server": ["migration"]}, "migration"),
    "rebind": (["--rebind-after", "8k"], ["path.rebound"],
               {"client": ["handshake"], "server": []}, "rebinding"),
    # With the old path's next packet ngtcp2 gives back both IDs, the probe's and the one of before.
    "probe": (["--probe-path", "8k"], [],
              {"client": ["handshake", "voluntary rotation"], "server": []}, "probe"),
    "rotate": (["--rotate-cid-after", "8k"], [],
               {"client": ["handshake", "voluntary rotation"], "server": []}, None),
}


def make_network():
    for name in NAMES:
        run("ip", "netns", "add", name)
    run("ip", "link", "add", "ql0", "netns", NAMES[0], "type", "veth", "peer", "name", "ql0",
        "netns", NAMES[1])
    for name, addresses in zip(NAMES, ((CLIENT, OTHER), (SERVER,))):
        for address in addresses:
            run("ip", "-n", name, "addr", "add", address + "/24", "dev", "ql0")
        run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", name, "link", "set", "ql0", "up")
        run("ip", "netns", "exec", name, "ethtool", "-K", "ql0", "tx-udp-segmentation", "off")


def drop_network():
    for name in NAMES:
        subprocess.run(["ip", "netns", "del", name], check=False, timeout=30)


def record(options, base, folder, words):
    """Runs the programs; gives the server's log."""
    inside = [["ip", "netns", "exec", name] for name in NAMES]
    keys = pathlib.Path(base + ".keys")
    keys.unlink(missing_ok=True)
    dump = subprocess.Popen([*inside[1], "tcpdump", "-Z", "root", "-i", "ql0", "-U", "-w",
                             base + ".pcap", "udp"], stderr=subprocess.DEVNULL)
    with open(os.path.join(folder, "log"), "wb") as log:
        server = subprocess.Popen(
            [*inside[1], options.server, "-d", folder, "--mime-types-file=/dev/null",
             "--no-http-dump", "--no-quic-dump", SERVER, str(PORT), options.key,
             options.certificate], stdout=log, stderr=subprocess.STDOUT)
    try:
        time.sleep(2)
        subprocess.run([*inside[0], options.quiclens, "get", "-k", "-s", "--keys", str(keys), *words,
                        *(f"https://{SERVER}:{PORT}/{name}" for name in SIZES)],
                       stdout=subprocess.DEVNULL, check=True, timeout=30)
        time.sleep(1)
    finally:
        for process in (dump, server):
            process.send_signal(signal.SIGINT)
        dump.wait(timeout=10)
        server.kill()
        server.wait(timeout=10)
    return pathlib.Path(folder, "log").read_text(encoding="utf-8", errors="replace").splitlines()


def swapped(entry):
    """The server's log as the client would have written it."""
    other = {" tx ": " rx ", " rx ": " tx "}
    return {"cids": [re.sub(" [tr]x ", lambda m: other[m[0]], line) for line in entry["cids"]],
            "path": [re.sub(" [tr]x ", lambda m: other[m[0]], line) for line in entry["path"]],
            "pkt_dcids_tx": entry["pkt_dcids_rx"], "pkt_dcids_rx": entry["pkt_dcids_tx"],
            "locals": []}


def truth_of(name, log, folder, options, scene):
    words, changes, reasons, cause = scene
    entry = swapped(quic_truth(log))
    remotes = list(dict.fromkeys(re.findall(r"Received packet: local=\S+ remote=(\S+)",
                                            "\n".join(log))))
    paths = [{"client": remote.replace("[", "").replace("]", ""), "server": f"{SERVER}:{PORT}",
              "cause": ("initial", cause)[i], "validated": True}
             for i, remote in enumerate(remotes)]
    requests = []
    for i, path in enumerate(SIZES):
        body = pathlib.Path(folder, path).read_bytes()
        requests.append({"conn": 0, "method": "GET", "path": "/" + path, "stream": 4 * i,
                         "status": 200, "body_len": len(body),
                         "body_sha256": hashlib.sha256(body).hexdigest()})
    truth = {"name": name, "server": "gtlsserver ngtcp2 1.11.0", "client": "quiclens",
             "requests": requests, "connections": 1, "migration": "get " + " ".join(words),
             "quic_truth": [entry], "changes": changes, "reasons": reasons, "paths": paths}
    if cause == "probe":  # the third ID is that of the probes, and never used for anything else
        first, chosen, _, later = (v.removeprefix("0x") for v in entry["pkt_dcids_tx"])
        truth["switches"] = {"client": [[first, chosen], [chosen, later]], "server": []}
    return truth


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quiclens", required=True)
    parser.add_argument("--server", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--certificate", required=True)
    parser.add_argument("directory")
    options = parser.parse_args()
    folder = "/var/tmp/ql-moves"
    os.makedirs(folder, exist_ok=True)
    for name, size in SIZES.items():
        content = bytes((i * 11 + size) & 0xFF for i in range(size))
        pathlib.Path(folder, name).write_bytes(content)
    for scene, facts in SCENES.items():
        name = "quiclens-" + scene
        base = os.path.join(options.directory, name)
        try:
            make_network()
            log = record(options, base, folder, facts[0])
        finally:
            drop_network()
        truth = truth_of(name, log, folder, options, facts)
        pathlib.Path(base + ".truth.json").write_text(json.dumps(truth, indent=1) + "\n",
                                                      encoding="utf-8")


if __name__ == "__main__":
    main()
