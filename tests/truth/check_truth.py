#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hold what the model sees in a capture against what the endpoints' own logs say.

usage: check_truth.py CAPTURE_REPORT CAPTURE    (CAPTURE without .pcap, .keys and .truth.json)
"""
import json
import os
import subprocess
import sys
from collections import Counter

import http3_logs
import quic_logs

# Captures that nobody can open, or not all of: they must show nothing that is not true, and say why.
CLOSED = {"x-nokeys", "x-midstart"}

# The moves of captures whose truth says them in words only.
CHANGES = {
    "ngtcp2-prefaddr": ["path.migrated"],
    "ngtcp2-v1-migrate": ["path.migrated"],
    "ngtcp2-v1-zerocid-migrate": ["path.migrated"],
    "ngtcp2-v2-rebind": ["path.rebound"],
}

# Reasons of other switches than the handshake's, where no log speaks of them.
REASONS = {
    # quic-go takes another ID of the peer's when the handshake is complete.
    "curl-caddy26-par20": ["voluntary rotation"],
    # OpenSSL's client takes the newest ID that the server issues.
    "curl-haproxy-mixed": ["voluntary rotation"],
    "curl-nginx-coded": ["voluntary rotation"],
}

problems = []


def hold(what, got, want):
    if got != want:
        problems.append(f"{what}: {got!r}, should be {want!r}")


def report(tool, name, base):
    capture = next(p for p in (base + ".pcap", base + ".pcapng") if os.path.exists(p))
    run = subprocess.run([tool, name, capture, base + ".keys"], stdout=subprocess.PIPE,
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


# Key of a log's entry -> key of the model's exchange. What a log does not say is not held.
SAID = {
    "status": "status", "informational": "informational", "trailers": "response_trailers",
    "request_trailers": "request_trailers", "request_headers": "request_headers",
    "response_headers": "response_headers", "uploaded": "request_body_size",
    "body_len": "response_body_size", "request_reset": "request_reset",
    "response_reset": "response_reset", "push_id": "push_id", "promised_on": "promised_on",
    "early_data": "early_data",
}


def check_exchange(exchange, wanted):
    name = f"{wanted['method']} {wanted['path']}"
    complete = wanted.get("complete", True)
    for key, seen in SAID.items():
        if key in wanted and wanted[key] is not None:
            hold(f"{key} of {name}", exchange[seen], wanted[key])
    for size, sha256, seen in (("body_len", "body_sha256", "response_body_sha256"),
                               ("uploaded", "uploaded_sha256", "request_body_sha256")):
        if wanted.get(size) and sha256 in wanted and complete:
            hold(f"{sha256} of {name}", exchange[seen], wanted[sha256])
    hold(f"whether {name} is complete", exchange["complete"], complete)


def check_pushed(rows, truth):
    pushed = [r for r in rows if r["type"] == "exchange" and r["pushed"]]
    promised = sorted(dict(promise)[":path"] for request in truth["requests"]
                      for promise in request.get("push_promise", []))
    promised += [wanted["path"] for wanted in truth.get("pushed", [])]
    hold("pushed paths", sorted(r["path"] for r in pushed), sorted(promised))
    for wanted in truth.get("pushed", []):
        exchange = take(pushed, wanted)
        if exchange is not None:
            check_exchange(exchange, wanted)


def check_exchanges(rows, truth):
    exchanges = [r for r in rows if r["type"] == "exchange" and not r["pushed"]]
    check_pushed(rows, truth)
    for wanted in truth["requests"]:
        exchange = take(exchanges, wanted)
        if exchange is not None:
            check_exchange(exchange, wanted)
    hold("exchanges that no log knows of", [e["path"] for e in exchanges],
         truth.get("unanswered", []))


def check_http3(rows, events, truth):
    """What HTTP/3 says beside requests; what is wrong with it."""
    if "facts" in truth:
        seen, wanted = http3_logs.told(events), http3_logs.logged(truth)
        hold("facts of the logs that are not told", wanted - seen, Counter())
        hold("facts that no log knows of", seen - wanted, Counter())
    if "findings" in truth:
        hold("findings", sorted(r["code"] for r in rows if r["type"] == "finding"),
             sorted(truth["findings"]))


def check_ids(rows, entry, connection):
    """Every ID that was issued, and the destinations of packets in the order of their first use."""
    ids = [r for r in rows if r["type"] == "cid" and r["connection"] == connection]
    seen = {(r["issuer"], f"{r['sequence']} {r['value']}") for r in ids
            if r["origin"] == "NEW_CONNECTION_ID"}
    wanted = {(side, detail) for side, _, event, detail in quic_logs.events(entry)
              if event == "cid.issued"}
    hold("IDs of NEW_CONNECTION_ID", seen, wanted)
    for sender, issuer in (("client", "server"), ("server", "client")):
        used = sorted((r for r in ids if r["issuer"] == issuer and r["packets"] > 0),
                      key=lambda row: row["first_used_frame"])
        wanted = quic_logs.destinations(entry, sender)
        if wanted:
            hold(f"IDs of the {issuer} in use", [row["value"] for row in used], wanted)


def check_frames(events, entry, lossy):
    """Every NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, PATH_CHALLENGE and PATH_RESPONSE."""
    numbers = quic_logs.has_numbers(entry)
    seen, elsewhere = Counter(), Counter()
    paths = [e["path"] for e in events if e["event"] in ("path.migrated", "path.rebound")]
    for e in events:
        if e["event"] in ("cid.issued", "cid.retired"):
            value = str(e["sequence"])
            detail = value + " " + e["value"] if e["event"] == "cid.issued" else value
        elif "data" in e:
            detail = e["data"]
        else:
            continue
        key = (e["sender"], e["number"] if numbers else None, e["event"], detail)
        seen[key] += 1
        if e["sender"] == "server" and e.get("path", -1) != (paths[-1] if paths else 0):
            elsewhere[key] += 1
    wanted = quic_logs.events(entry)
    hold("frames of the log that were not seen", wanted - seen, Counter())
    # What the server sends to an address that the client has left, or what a relay drops behind the
    # place of capture, does not arrive.
    late = Counter() if lossy else seen - wanted - elsewhere
    hold("frames that the log does not have", late, Counter())


def check_changes(rows, events, truth, connection, entry):
    """Moves between paths and switches of IDs: those that were made, and no other."""
    moves = [e["event"] for e in events if e["event"] in ("path.migrated", "path.rebound")]
    hold("moves", moves, truth.get("changes", CHANGES.get(truth["name"], [])))
    for sender in ("client", "server"):
        switches = [[e["previous"], e["value"]] for e in events
                    if e["event"] == "cid.switched" and e["sender"] == sender]
        used = quic_logs.destinations(entry, sender)
        wanted = truth.get("switches", {}).get(sender, [list(p) for p in zip(used, used[1:])])
        if used:
            hold(f"switches of the {sender}", switches, wanted)
    if "reasons" in truth:
        for sender, wanted in truth["reasons"].items():
            hold(f"reasons of the {sender}'s switches",
                 [e["reason"] for e in events if e["event"] == "cid.switched"
                  and e["sender"] == sender], wanted)
    elif not moves:
        hold("paths", sum(r["type"] == "path" and r["connection"] == connection for r in rows),
             max(1, len(quic_logs.paths(entry)), len(truth.get("paths", []))))
        hold("switches for another reason than the handshake",
             [e["reason"] for e in events if e["event"] == "cid.switched"
              and e["reason"] not in ("handshake", "Retry")], truth.get("reasons", REASONS.get(truth["name"], [])))


def check_paths(rows, entry, connection, truth):
    seen = [(r["client"], r["server"]) for r in rows
            if r["type"] == "path" and r["connection"] == connection]
    if quic_logs.paths(entry):
        hold("paths", seen, quic_logs.paths(entry))
    if "paths" in truth:
        told = [{key: r[key] for key in ("client", "server", "cause", "validated")}
                for r in rows if r["type"] == "path" and r["connection"] == connection]
        hold("what became of the paths", told, truth["paths"])


def is_true(exchange, truth):
    """Whether an exchange that was seen in part agrees with one of the log in all that was seen."""
    def agrees(wanted):
        return ((exchange["method"], exchange["path"]) == (wanted["method"], wanted["path"])
                and exchange["status"] in (None, wanted.get("status"))
                and exchange["response_trailers"] in ([], wanted.get("trailers", []))
                and exchange["response_body_size"] <= wanted.get("body_len", 0)
                and exchange["request_body_size"] <= (wanted.get("uploaded") or 0)
                and exchange["response_body_sha256"] in (None, wanted.get("body_sha256"))
                and exchange["request_body_sha256"] in (None, wanted.get("uploaded_sha256")))
    return any(agrees(wanted) for wanted in truth["requests"])


def check_in_part(rows, truth):
    """A capture that lacks something shows nothing that is not true, nothing twice, and says why."""
    exchanges = [r for r in rows if r["type"] == "exchange"]
    hold("exchanges that are not true", [e for e in exchanges if not is_true(e, truth)], [])
    seen = Counter((e["connection"], e["stream"]) for e in exchanges)
    hold("exchanges that are told twice", [key for key, times in seen.items() if times > 1], [])
    findings = [r for r in rows if r["type"] == "finding"]
    if not any(f["code"].split(".")[0] in ("secrets", "capture") or
               f["code"] == "qpack.blocked-to-the-end" for f in findings):
        problems.append("no finding says what is missing")
    hold("broken rules", [f["text"] for f in findings if f["severity"] == "error"], [])


def main():
    tool, base = sys.argv[1:]
    with open(base + ".truth.json", encoding="utf-8") as file:
        truth = json.load(file)
    rows, events = report(tool, "json", base), report(tool, "events", base)
    hold("connections", sum(r["type"] == "connection" for r in rows), truth["connections"])
    if truth["name"] in CLOSED or truth.get("gaps"):
        check_in_part(rows, truth)
    else:
        check_exchanges(rows, truth)
        check_http3(rows, events, truth)
        entries = truth.get("quic_truth") or [{}] * truth["connections"]
        for connection, entry in enumerate(entries):
            own = [e for e in events if e["connection"] == connection]
            check_changes(rows, own, truth, connection, entry)
            if entry:
                check_ids(rows, entry, connection)
                check_frames(own, entry, "loss" in truth["server"])
            check_paths(rows, entry, connection, truth)
            resets = [e["frame"] for e in own if e["event"] == "cid.stateless-reset"]
            hold("stateless resets", resets, [frame for frame in [truth.get("stateless_reset_frame")]
                                              if frame is not None])
    for problem in problems:
        print(f"{truth['name']}: {problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
