# SPDX-License-Identifier: GPL-2.0-or-later
"""What the logs of HTTP/3 endpoints say beyond requests and responses.

A truth file's `facts` are lists: the connection, the kind, who sent it, and its values. The model tells
such facts in sentences; each pattern below finds the same values in a sentence.
"""
import re
from collections import Counter

PATTERNS = {
    "settings": r"SETTINGS of the \w+: (.*)",
    "goaway": r"GOAWAY of the \w+: .* from (\d+) on",
    "max_push_id": r"MAX_PUSH_ID: .* up to (\d+)",
    "cancel_push": r"CANCEL_PUSH: the \w+ gives up push (\d+)",
    "priority_update": r'PRIORITY_UPDATE for (\w+) (\d+): "(.*)"',
    "datagram": r"HTTP datagram of (\d+) bytes? for stream (\d+)",
    "plain_datagram": r"DATAGRAM of (\d+) bytes? from the \w+",
    "webtransport": r"stream (\d+) belongs to the WebTransport session of stream (\d+)",
    "capsule": r"capsule .*\(type (0x[0-9a-f]+)\) of (\d+) bytes? on stream (\d+)",
    "sent_again": r"stream (\d+) is sent again: its early data",
    "stop_sending": r"the \w+ asks to stop sending on stream (\d+): .*?(0x[0-9a-f]+)",
}


def _value(kind, text):
    if kind == "settings":
        return tuple(int(pair.rsplit(" = ", 1)[1]) for pair in text.split(", "))
    if re.fullmatch(r"\d+|0x[0-9a-f]+", text):
        return int(text, 0)
    return text


def told(events):
    """Counts of (connection, kind, sender, value...) of the sentences that are such facts."""
    found = Counter()
    for event in events:
        for kind, pattern in PATTERNS.items():
            match = re.match(pattern, event.get("text", ""))
            if match:
                found[(event["connection"], kind, event["sender"],
                       *(_value(kind, text) for text in match.groups()))] += 1
    return found


def logged(truth):
    return Counter(tuple(tuple(value) if isinstance(value, list) else value for value in fact)
                   for fact in truth["facts"])
