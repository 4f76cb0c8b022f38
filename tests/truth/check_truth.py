#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold what the model sees in a capture against what the endpoints' own logs say.

usage: check_truth.py CAPTURE_REPORT CAPTURE    (CAPTURE without .pcap, .keys and .truth.json)
"""
import json
import os
import re
import subprocess
import sys

# Captures that nobody can open: they must show nothing, and say why.
CLOSED = {"x-nokeys", "x-midstart"}

problems = []


def hold(what, got, want):
    if got != want:
        problems.append(f"{what}: {got!r}, should be {want!r}")


def report(tool, base):
    capture = next(p for p in (base + ".pcap", base + ".pcapng") if os.path.exists(p))
    run = subprocess.run([tool, "json", capture, base + ".keys"], stdout=subprocess.PIPE,
                         check=True, timeout=100)
    return [json.loads(line) for line in run.stdout.decode().splitlines()]


def take(exchanges, wanted):
    """The exchange that a log entry speaks of; it is taken out of the list."""
    for exchange in exchanges:
        if ((exchange["method"], exchange["path"]) == (wanted["method"], wanted["path"])
                and exchange["connection"] == wanted.get("conn", 0)
                and wanted.get("stream") in (None, exchange["stream"])):
            exchanges.remove(exchange)
            return exchange
    problems.append(f"{wanted['method']} {wanted['path']} was not seen")
    return None


def check_exchange(exchange, wanted):
    name = f"{wanted['method']} {wanted['path']}"
    hold(f"status of {name}", exchange["status"], wanted["status"])
    if "trailers" in wanted:
        hold(f"trailers of {name}", exchange["response_trailers"], wanted["trailers"])
    if wanted.get("uploaded"):
        hold(f"content sent with {name}", exchange["request_body_size"], wanted["uploaded"])
    if wanted.get("body_len") is not None:
        hold(f"size of {name}", exchange["response_body_size"], wanted["body_len"])
    if wanted.get("body_len"):
        hold(f"content of {name}", exchange["response_body_sha256"], wanted["body_sha256"])
    hold(f"whether {name} is complete", exchange["complete"], True)


def check_exchanges(rows, truth):
    exchanges = [r for r in rows if r["type"] == "exchange" and not r["pushed"]]
    pushed = sorted(r["path"] for r in rows if r["type"] == "exchange" and r["pushed"])
    promised = sorted(dict(promise)[":path"] for request in truth["requests"]
                      for promise in request.get("push_promise", []))
    hold("pushed paths", pushed, promised)
    for wanted in truth["requests"]:
        exchange = take(exchanges, wanted)
        if exchange is not None:
            check_exchange(exchange, wanted)
    hold("exchanges that no log knows of", [e["path"] for e in exchanges], [])


def issued_ids(entry):
    """(issuer, sequence, value) of each NEW_CONNECTION_ID in the client's log."""
    for line in entry.get("cids", []):
        frame = re.search(r"\b(tx|rx)\b.* NEW_CONNECTION_ID.* seq=(\d+) cid=0x([0-9a-f]+)", line)
        if frame:
            yield "client" if frame[1] == "tx" else "server", int(frame[2]), frame[3]
    for frame in entry.get("cid_path_frames", []):
        if frame["frame_type"] == "new_connection_id":
            issuer = "client" if frame["dir"].endswith("sent") else "server"
            yield issuer, frame["sequence_number"], frame["connection_id"]


def used_ids(entry, direction):
    """Destination IDs of the packets that the client sent (tx) or received (rx)."""
    lines = [value.removeprefix("0x") for value in entry.get("pkt_dcids_" + direction, [])]
    side = "sent" if direction == "tx" else "received"
    return set(lines) | {value for way, value, _ in entry.get("dcids", []) if way == side}


def check_ids(rows, entry, connection):
    ids = [r for r in rows if r["type"] == "cid" and r["connection"] == connection]
    seen = {(r["issuer"], r["sequence"], r["value"]) for r in ids}
    hold("IDs of NEW_CONNECTION_ID that were not seen", set(issued_ids(entry)) - seen, set())
    for direction, issuer in (("tx", "server"), ("rx", "client")):
        used = {r["value"] for r in ids if r["issuer"] == issuer and r["packets"] > 0}
        wanted = used_ids(entry, direction)
        if wanted:
            hold(f"IDs of the {issuer} in use", used, wanted)


def check_paths(rows, entry, connection):
    wanted = {pair.split("->")[0].replace("[", "").replace("]", "")
              for pair in entry.get("locals", [])}
    clients = {r["client"] for r in rows if r["type"] == "path" and r["connection"] == connection}
    if wanted:
        hold("addresses of the client", clients, wanted)


def check_closed(rows):
    hold("exchanges", [r for r in rows if r["type"] == "exchange"], [])
    causes = [r["code"] for r in rows if r["type"] == "finding"
              and r["code"].split(".")[0] in ("secrets", "capture")]
    if not causes:
        problems.append("no finding says why the capture stays closed")


def main():
    tool, base = sys.argv[1:]
    with open(base + ".truth.json", encoding="utf-8") as file:
        truth = json.load(file)
    rows = report(tool, base)
    hold("connections", sum(r["type"] == "connection" for r in rows), truth["connections"])
    if truth["name"] in CLOSED:
        check_closed(rows)
    else:
        check_exchanges(rows, truth)
        for connection, entry in enumerate(truth.get("quic_truth") or []):
            check_ids(rows, entry, connection)
            check_paths(rows, entry, connection)
    for problem in problems:
        print(f"{truth['name']}: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
