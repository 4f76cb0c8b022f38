# SPDX-License-Identifier: GPL-2.0-or-later
"""What the logs of QUIC endpoints say of connection IDs and paths.

A truth file's quic_truth has an entry a connection, in one of two forms: lines of ngtcp2's log, or
frames of aioquic's qlogs, with "dir" as the client saw them or with their "sender". Each function below
takes such an entry and reads either.
"""
import re
from collections import Counter

LINE = re.compile(r"\b(tx|rx) (\d+) 1RTT (\w+)\(0x[0-9a-f]+\)(.*)")
SIDES = {"tx": "client", "rx": "server"}


def _fields(text):
    return dict(pair.split("=") for pair in text.split())


def _detail(kind, sequence, value, data):
    if kind == "NEW_CONNECTION_ID":
        return "cid.issued", f"{sequence} {value}"
    if kind == "RETIRE_CONNECTION_ID":
        return "cid.retired", str(sequence)
    return ("path.challenge" if kind == "PATH_CHALLENGE" else "path.response"), data


def _of_ngtcp2(entry):
    for line in entry.get("cids", []) + entry.get("path", []):
        found = LINE.search(line)
        if found is None:
            raise ValueError(f"not a line of ngtcp2's log: {line!r}")
        fields = _fields(found[4])
        yield (SIDES[found[1]], int(found[2])) + _detail(
            found[3], fields.get("seq"), fields.get("cid", "").removeprefix("0x"),
            fields.get("data", "").removeprefix("0x"))


def _of_aioquic(entry):
    for frame in entry.get("cid_path_frames", []):
        side = frame.get("sender")
        if side is None:
            side = "client" if frame["dir"].endswith("sent") else "server"
        yield (side, frame.get("number")) + _detail(
            frame["frame_type"].upper(), frame.get("sequence_number"),
            frame.get("connection_id"), frame.get("data"))


def events(entry):
    """Counts of (sender, packet number or None, event, detail), as the events report names them:
    every frame of the four kinds, repeats included."""
    return Counter(_of_ngtcp2(entry)) + Counter(_of_aioquic(entry))


def has_numbers(entry):
    """Whether the log gives packet numbers."""
    return all("number" in frame for frame in entry.get("cid_path_frames", []))


def destinations(entry, sender):
    """Destination IDs of the packets of this sender, in the order of their first use."""
    direction, side = ("tx", "sent") if sender == "client" else ("rx", "received")
    lines = [value.removeprefix("0x") for value in entry.get("pkt_dcids_" + direction, [])]
    frames = [value for way, value, _ in entry.get("dcids", []) if way == side]
    return list(dict.fromkeys(lines + frames))


def paths(entry):
    """(client, server) of each path, in the order in which the client used them."""
    return [tuple(pair.replace("[127.0.0.1]", "127.0.0.1").split("->"))
            for pair in entry.get("locals", [])]
